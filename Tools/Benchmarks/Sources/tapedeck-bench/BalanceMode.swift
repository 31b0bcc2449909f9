import Market
import Simulation

/// Random orders over every product of a market that leaps, liquidations, delivery, exercise and sessions included; the
/// exchange's books are checked on the way, and every row of every account.
///
/// Fails at the first rule that does not hold.
enum BalanceMode {
    private static let second: Int64 = 1_000_000_000
    /// Orders between two checks.
    private static let stride = 20_000
    private static let coins = ["USDT", "USDC", "BTC", "ETH", "SOL"]

    static func run(orders: Int, seed: UInt64) throws -> String {
        // 07:30 UTC on a Friday: delivery, a session and funding come within the first half hour.
        let start = Timestamp(nanoseconds: (1_800_000_000 + 7 * 86_400 - 1_800) * second)
        var configuration = try SimulationConfiguration.universe(
            seed: seed,
            start: start,
            UniverseConfiguration(
                symbols: 3,
                levels: 25,
                regimes: .always(.jump),
                strikesPerSide: 1,
                ratePercent: 2,
                // Leaps of some percent: past bankruptcy before anybody can act, so that insurance runs dry.
                volatilityPercent: 2_000
            ),
            accounts: ["rich", "poor-0", "poor-1"].map { try account($0) },
            fundingInterval: 600 * second,
            speculators: 6
        )
        configuration.historyMax = 50_000
        // Too little for every takeover: the rest is deleveraged.
        configuration.insurance = try [deposit("USDT", "2000"), deposit("BTC", "0.01")]
        var exchange = try SimulatedExchange(configuration)
        var crowd = RandomCrowd(seed: seed)
        var ledger = RowLedger()
        var output = ExchangeOutput()
        let measurement = Measurement()
        // An hour and a half of market, however many orders there are.
        let pause = 5_400 * second / Int64(max(1, orders / 10))
        for step in 0..<orders {
            if step % 10 == 0 {
                exchange.advance(to: exchange.now.advanced(nanoseconds: pause), into: &output)
            }
            crowd.request(&exchange, into: &output)
            try crowd.read(&output)
            if step % stride == stride - 1 { try check(&exchange, &ledger, after: step) }
            if step % 500_000 == 499_999 {
                // Those who have lost everything are followed by others.
                let names = ["poor-\(step)-a", "poor-\(step)-b"]
                for name in names { crowd.add(try exchange.openAccount(account(name))) }
            }
        }
        try check(&exchange, &ledger, after: orders)
        let wanted: Set<String> = [
            "Trade", "Funding", "BustTrade", "FutureSpread", "Delivery", "AdlTrade",
        ]
        let missing = wanted.subtracting(crowd.types)
        return measurement.line(
            mode: "balance",
            count: orders,
            extra: [
                ("accepted", String(crowd.accepted)), ("executions", String(crowd.executions)),
                ("liquidations", String(crowd.liquidations)),
                ("adl_trades", String(crowd.deleveragings)), ("rows", String(ledger.rows)),
                (
                    "rounding",
                    coins.map { "\(exchange.balance(.rounding, coin: $0)) \($0)" }
                        .joined(separator: " ")
                ),
                ("market_events", String(exchange.marketEvents)),
                ("delivered", String(exchange.deliveredListings.count)),
                ("log_types", ledger.types.sorted().joined(separator: " ")),
                ("never_seen", missing.sorted().joined(separator: " ")),
            ]
        )
    }

    private static func deposit(
        _ coin: String,
        _ amount: String
    ) throws -> AccountConfiguration.Deposit {
        AccountConfiguration.Deposit(coin: coin, amount: try Amount(text: amount))
    }

    private static func account(_ alias: String) throws -> AccountConfiguration {
        let isRich = alias == "rich"
        let amounts = [
            ("USDT", isRich ? "50000000" : "5000"), ("USDC", isRich ? "50000000" : "5000"),
            ("BTC", isRich ? "1000" : "0.05"), ("ETH", isRich ? "10000" : "2"),
            ("SOL", isRich ? "100000" : "50"),
        ]
        return AccountConfiguration(
            alias: alias,
            deposits: try amounts.map { try deposit($0.0, $0.1) },
            leverage: 50
        )
    }

    private static func check(
        _ exchange: inout SimulatedExchange,
        _ ledger: inout RowLedger,
        after step: Int
    ) throws {
        for coin in coins {
            guard exchange.sumOfBooks(coin: coin) == .zero else {
                throw BenchError("after \(step): the books of \(coin) do not add up")
            }
            guard exchange.balance(.funding, coin: coin) == .zero else {
                throw BenchError("after \(step): funding of \(coin) is not cleared")
            }
        }
        if let broken = exchange.brokenBooks() { throw BenchError("after \(step): \(broken)") }
        for account in exchange.accounts {
            try ledger.read(exchange, account, after: step)
            try Equity.check(exchange, account, after: step)
        }
        for coin in coins {
            // Each payment of funding, and the background's at each stamp, is off by at most one unit of 10⁻¹⁸.
            let rounded = exchange.balance(.rounding, coin: coin)
            guard rounded.units.magnitude <= 2 * ledger.settlements else {
                throw BenchError("after \(step): \(rounded) \(coin) is more than roundings can be")
            }
        }
    }
}

/// Every row of every account's log, once each, against the wallet's balance.
struct RowLedger {
    private(set) var rows = 0
    /// Of funding and of sessions.
    private(set) var settlements = 0
    private(set) var types: Set<String> = []
    private var last: [Int: String] = [:]
    private var balances: [Int: [String: Amount]] = [:]

    mutating func read(
        _ exchange: SimulatedExchange,
        _ account: AccountID,
        after step: Int
    ) throws {
        for row in try fresh(exchange, account, after: step).reversed() {
            rows += 1
            if row.type == "SETTLEMENT" { settlements += 1 }
            types.insert(row.type)
            let change = try row.cashFlow.adding(row.funding).subtracting(row.fee)
            guard row.change == change else {
                throw BenchError(
                    "after \(step): row \(row.id) changes \(row.change), not \(change)"
                )
            }
            let before = balances[account.index]?[row.coin] ?? .zero
            let now = try before.adding(row.change)
            guard row.balance == now else {
                throw BenchError("after \(step): row \(row.id) leaves \(row.balance), not \(now)")
            }
            balances[account.index, default: [:]][row.coin] = now
            last[account.index] = row.id
        }
        for (coin, sum) in balances[account.index] ?? [:] {
            let balance = exchange.balance(.wallet(account), coin: coin)
            guard sum == balance else {
                throw BenchError(
                    "after \(step): \(account) has \(balance) \(coin), its rows \(sum)"
                )
            }
        }
    }

    /// Rows since the last call, newest first.
    private func fresh(
        _ exchange: SimulatedExchange,
        _ account: AccountID,
        after step: Int
    ) throws -> [TransactionRow] {
        var found: [TransactionRow] = []
        var cursor = ""
        while true {
            let page = exchange.transactionLog(
                account,
                RowQuery(limit: 1_000, cursor: cursor)
            )
            for row in page.rows {
                if row.id == last[account.index] { return found }
                found.append(row)
            }
            cursor = page.nextCursor
            if cursor.isEmpty { break }
        }
        if last[account.index] != nil {
            throw BenchError("after \(step): \(account) has rows that were never seen")
        }
        return found
    }
}

/// equity = wallet balance − borrowed (nothing) + unrealised P&L + value of options, from the positions themselves.
enum Equity {
    static func check(
        _ exchange: SimulatedExchange,
        _ account: AccountID,
        after step: Int
    ) throws {
        for row in exchange.wallet(account).coins {
            var sum = row.walletBalance
            for category in [Market.Category.linear, .inverse] {
                for position in exchange.positions(account, category, settleCoin: row.coin) {
                    sum = try sum.adding(position.unrealisedPnL ?? .zero)
                }
            }
            for position in exchange.positions(account, .option, settleCoin: row.coin) {
                guard let mark = position.markPrice else { continue }
                let value = try Amount(mark).scaled(
                    by: Int128(position.size.mantissa),
                    over: PowerOfTen.int128(Int(position.size.decimals)),
                    rounding: .halfEven
                )
                sum = position.side == .sell ? try sum.subtracting(value) : try sum.adding(value)
            }
            guard row.equity == sum else {
                throw BenchError(
                    "after \(step): \(account) has an equity of \(row.equity.map { "\($0)" } ?? "nothing")"
                        + " \(row.coin), its parts \(sum)"
                )
            }
        }
    }
}
