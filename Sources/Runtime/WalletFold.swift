import Market
import Projections
import Trading

/// Tells each change of a wallet with its cause, so that the flows of a coin add up to its balance.
///
/// Executions bring their flows with them. What the transaction log tells beside them is found by what the ledger
/// counted of its rows; anything else that the ledger's sums moved by is told too, without a reference.
struct WalletFold {
    private struct Coin {
        /// The opening balance that ``balance`` has in it.
        var opening = Amount.zero
        var isOpen = false
        var balance = Amount.zero
        /// By kind, in the order of `FlowKind.allCases`.
        var sums = [Amount](repeating: .zero, count: FlowKind.allCases.count)
        var total = Amount.zero
        var flows: Int64 = 0
    }

    /// For look-up only.
    private var coins: [String: Coin] = [:]

    /// Balances with which a recording begins that begins later than its session did.
    mutating func begin(_ ledger: Ledger) -> [WalletFlow] {
        var flows: [WalletFlow] = []
        for (name, wallet) in zip(ledger.wallets.keys, ledger.wallets.values) {
            var coin = Coin()
            coin.sums = FlowKind.allCases.map { wallet.sums[$0] }
            coin.total = wallet.sums.total
            coin.flows = wallet.flows
            if let balance = wallet.balance {
                coin.isOpen = true
                coin.opening = wallet.opening ?? .zero
                coin.balance = balance
                flows.append(
                    WalletFlow(coin: name, kind: "opening", amount: balance, balance: balance)
                )
            }
            coins[name] = coin
        }
        return flows
    }

    mutating func take(
        _ engine: Engine
    ) throws(NumberError) -> [(flow: WalletFlow, strategy: String)] {
        let ledger = engine.ledger
        var flows: [(flow: WalletFlow, strategy: String)] = []
        for (name, wallet) in zip(ledger.wallets.keys, ledger.wallets.values) {
            // It moves once more where a flow was found to be in it.
            guard let opening = wallet.opening else { continue }
            let known = coins[name]
            if let known, known.isOpen, known.opening == opening { continue }
            var coin = known ?? Coin()
            let moved = try opening.subtracting(coin.opening)
            coin.isOpen = true
            coin.opening = opening
            coin.balance = try coin.balance.adding(moved)
            coins[name] = coin
            guard !moved.isZero else { continue }
            let flow = WalletFlow(
                coin: name,
                kind: "opening",
                amount: moved,
                balance: coin.balance
            )
            flows.append((flow, ""))
        }
        for booking in engine.bookings {
            for change in booking.changes {
                let flow = try count(
                    change.coin,
                    change.kind,
                    change.amount,
                    booking.report.instrument,
                    booking.report.executionID
                )
                if let flow { flows.append((flow, booking.strategy)) }
            }
        }
        for booking in engine.flowBookings {
            let row = booking.row
            let instrument = row.category.flatMap { category in
                Symbol(row.symbol).map { InstrumentID(category, $0) }
            }
            let amount = booking.kind == .sessionSettlement ? row.cashFlow : row.change
            let flow = try count(row.coin, booking.kind, amount, instrument, row.id)
            if let flow { flows.append((flow, "")) }
        }
        for (name, wallet) in zip(ledger.wallets.keys, ledger.wallets.values) {
            let coin = coins[name] ?? Coin()
            guard wallet.sums.total != coin.total || wallet.flows != coin.flows else { continue }
            for (place, kind) in FlowKind.allCases.enumerated() {
                let rest = try wallet.sums[kind].subtracting(coin.sums[place])
                if let flow = try count(name, kind, rest, nil, "") { flows.append((flow, "")) }
            }
            coins[name, default: Coin()].flows = wallet.flows
        }
        return flows
    }

    private mutating func count(
        _ name: String,
        _ kind: FlowKind,
        _ amount: Amount,
        _ instrument: InstrumentID?,
        _ reference: String
    ) throws(NumberError) -> WalletFlow? {
        var coin = coins[name] ?? Coin()
        coin.flows += 1
        defer { coins[name] = coin }
        guard !amount.isZero, let place = FlowKind.allCases.firstIndex(of: kind) else { return nil }
        coin.sums[place] = try coin.sums[place].adding(amount)
        coin.total = try coin.total.adding(amount)
        coin.balance = try coin.balance.adding(amount)
        return WalletFlow(
            coin: name,
            kind: kind.rawValue,
            amount: amount,
            balance: coin.balance,
            instrument: instrument,
            reference: reference
        )
    }
}
