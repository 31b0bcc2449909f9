import Market

/// What the exchange's REST endpoints said, gathered over all pages.
struct ExchangeRows {
    private(set) var openOrders: [OrderUpdate] = []
    private(set) var orders: [OrderUpdate] = []
    private(set) var executions: [ExecutionReport] = []
    private(set) var positions: [PositionUpdate] = []
    private(set) var wallets: [WalletUpdate] = []
    private(set) var transactions: [TransactionRow] = []
    /// Look-ups that were refused or not answered.
    private(set) var failures: [String] = []

    mutating func take(_ event: Event) {
        guard event.kind == .reply else { return }
        let reply = event.reply
        guard reply.isSuccess else {
            failures.append(
                "\(reply.endpoint.path): \(reply.outcome.rawValue) \(reply.code) \(reply.message)"
            )
            return
        }
        switch reply.endpoint {
        case .openOrders: openOrders += event.orders
        case .orderHistory: orders += event.orders
        case .executions: executions += event.executions
        case .positions: positions += event.positions
        case .wallet: wallets = event.wallets
        case .transactionLog:
            for row in event.transactions where !transactions.contains(where: { $0.id == row.id }) {
                transactions.append(row)
            }
        default: break
        }
    }

    /// Sums of an instrument's flows, signed as the ledger signs them: fees and funding positive when paid; nil where
    /// a sum does not fit.
    func flows(of instrument: InstrumentID) -> (cash: Amount?, fees: Amount?, funding: Amount?) {
        let symbol = instrument.symbol.description
        let rows = transactions.filter { $0.symbol == symbol && $0.category == instrument.category }
        return (
            ExchangeRows.sum(rows.map(\.cashFlow)), ExchangeRows.sum(rows.map(\.fee)),
            ExchangeRows.sum(rows.map(\.funding.negated))
        )
    }

    private static func sum(_ amounts: [Amount]) -> Amount? {
        var total = Amount.zero
        for amount in amounts {
            guard let next = try? total.adding(amount) else { return nil }
            total = next
        }
        return total
    }
}
