import GRDB
import Market

/// The statements that put rows into the tables, prepared once a connection.
final class RowStatements {
    /// Every statement that runs for a row; the order of ``texts``.
    enum Name: Int, CaseIterable {
        case findOrder, setOrder, addOrderHistory, addExecution, addPosition, setValuation
        case addExchangePosition, addWallet, addWalletFlow, addTransaction, addCommand, addVerdict
        case addVerdictCheck, addFinding, addGap, endGaps, setTrip, cutTrips, setProfitAndLoss

        var text: StaticString {
            switch self {
            case .findOrder: RowStatements.findOrder
            case .setOrder: RowStatements.setOrder
            case .addOrderHistory: RowStatements.addOrderHistory
            case .addExecution: RowStatements.addExecution
            case .addPosition: RowStatements.addPosition
            case .setValuation: RowStatements.setValuation
            case .addExchangePosition: RowStatements.addExchangePosition
            case .addWallet: RowStatements.addWallet
            case .addWalletFlow: RowStatements.addWalletFlow
            case .addTransaction: RowStatements.addTransaction
            case .addCommand: RowStatements.addCommand
            case .addVerdict: RowStatements.addVerdict
            case .addVerdictCheck: RowStatements.addVerdictCheck
            case .addFinding: RowStatements.addFinding
            case .addGap: RowStatements.addGap
            case .endGaps: RowStatements.endGaps
            case .setTrip: RowStatements.setTrip
            case .cutTrips: RowStatements.cutTrips
            case .setProfitAndLoss: RowStatements.setProfitAndLoss
            }
        }
    }

    let database: Database
    private let statements: [Statement]
    private let memory = BindingMemory()
    private var days = Days()

    init(_ database: Database) throws {
        self.database = database
        statements = try Name.allCases.map { try database.makeStatement(sql: "\($0.text)") }
    }

    /// Puts a row into its table.
    ///
    /// - Parameter orders: gets what is news of an order.
    /// - Returns: false when the row was there already.
    func write(_ row: WaitingRow, _ orders: inout WaitingOrders) throws -> Bool {
        switch row.content {
        case .order(let order, let strategy, let isLate):
            let isNews = try !isLate && orders.take(order, strategy, row.place, self)
            try write(order, strategy, isNews: isNews, row)
        case .execution(let execution, let effect, let strategy):
            return try write(execution, effect, strategy, row)
        case .position(let position, let strategy):
            try write(position, strategy, row)
        case .exchangePosition(let position):
            try write(position, row)
        case .wallet(let wallet):
            try write(wallet, row)
        case .flow(let flow, let strategy):
            try write(flow, strategy, row)
        case .transaction(let transaction):
            return try write(transaction, row)
        case .command(let command):
            try write(command, row)
        case .verdict(let verdict):
            try write(verdict, row)
        case .finding(let finding):
            try write(finding, row)
        case .link(let link, let isConnected):
            try write(link, isConnected: isConnected, row)
        case .sums, .trip, .runBegins:
            // Summed up, and written at the end of the transaction.
            break
        }
        return true
    }

    func binder(_ name: Name) -> Binder {
        Binder(statements[name.rawValue], in: database, memory: memory)
    }
}

extension Binder {
    /// Sequence, ordinal and time: the first columns of most tables.
    mutating func place(_ row: WaitingRow) {
        integer(Int64(row.place.sequence.value))
        integer(row.ordinal)
        integer(row.place.time.nanoseconds)
    }

    mutating func instrument(_ instrument: InstrumentID) {
        text(instrument.category.name)
        text(instrument.symbol)
    }
}

// MARK: - Executions

extension RowStatements {
    /// Each execution once, whether a push or a look-up told of it first.
    static let addExecution: StaticString = """
        INSERT INTO executions (
          sequence, ordinal, time, account, execution_id, strategy, category, symbol, type, order_id,
          order_link_id, side, price, quantity, value, exchange_fee, exchange_fee_rate,
          exchange_fee_coin, exchange_realised, closed_quantity, is_maker, leaves_quantity,
          order_price, order_quantity, order_type, mark_price, execution_ms, cross_sequence, day,
          position_index, coin, realised, own_realised, fee, funding
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT (execution_id, symbol, category, account) DO NOTHING
        """

    private func write(
        _ execution: ExecutionReport,
        _ effect: ExecutionEffect,
        _ strategy: String,
        _ row: WaitingRow
    ) throws -> Bool {
        var binder = self.binder(.addExecution)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(execution.executionID)
        binder.text(strategy)
        binder.instrument(execution.instrument)
        binder.text(execution.type.name)
        binder.text(execution.orderID)
        binder.text(execution.orderLinkID)
        binder.text(execution.side.name)
        binder.text(execution.price)
        binder.text(execution.quantity)
        binder.text(execution.value)
        binder.text(execution.fee)
        binder.text(execution.feeRate)
        binder.text(execution.feeCoin)
        binder.text(execution.realisedPnL)
        binder.text(execution.closedQuantity)
        binder.flag(execution.isMaker)
        binder.text(execution.leavesQuantity)
        binder.text(execution.orderPrice)
        binder.text(execution.orderQuantity)
        binder.text(execution.orderType.name)
        binder.text(execution.markPrice)
        binder.integer(execution.timeMilliseconds)
        binder.integer(execution.crossSequence)
        binder.text(days.text(of: execution, at: row.place))
        binder.integer(effect.positionIndex)
        binder.text(effect.coin)
        binder.text(effect.realised)
        binder.text(effect.ownRealised)
        binder.text(effect.fee)
        binder.text(effect.funding)
        return try binder.run() > 0
    }

    static let setProfitAndLoss: StaticString = """
        INSERT OR REPLACE INTO pnl (
          account, strategy, category, symbol, day, coin, realised, own_realised, fees, funding,
          turnover, fills, sequence
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
        """
}
