import GRDB
import Market

extension RowStatements {
    static let addPosition: StaticString = """
        INSERT INTO positions (
          sequence, ordinal, time, account, strategy, category, symbol, position_index, size,
          entry_value, entry_price, mark_price, coin, unrealised, realised, fees, funding
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    func write(_ position: LedgerPosition, _ strategy: String, _ row: WaitingRow) throws {
        var binder = self.binder(.addPosition)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(strategy)
        binder.instrument(position.instrument)
        binder.position(position)
        try binder.run()
    }

    static let setValuation: StaticString = """
        INSERT INTO valuations (
          sequence, time, account, strategy, category, symbol, position_index, size, entry_value,
          entry_price, mark_price, coin, unrealised, realised, fees, funding
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    /// Replaces the valuations of an earlier end.
    func set(_ valuations: [Stored<LedgerPosition>]) throws {
        try database.execute(sql: "DELETE FROM valuations")
        var binder = self.binder(.setValuation)
        for row in valuations {
            binder.integer(Int64(clamping: row.provenance.sequence.value))
            binder.integer(row.provenance.time.nanoseconds)
            binder.text(row.provenance.account)
            binder.text(row.strategy)
            binder.instrument(row.value.instrument)
            binder.position(row.value)
            try binder.run()
        }
    }

    static let addExchangePosition: StaticString = """
        INSERT INTO exchange_positions (
          sequence, ordinal, time, account, category, symbol, position_index, side, size,
          entry_price, position_value, mark_price, unrealised, current_realised,
          cumulative_realised, leverage, created_ms, updated_ms, cross_sequence
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    func write(_ position: PositionUpdate, _ row: WaitingRow) throws {
        var binder = self.binder(.addExchangePosition)
        binder.place(row)
        binder.text(row.place.account)
        binder.instrument(position.instrument)
        binder.integer(position.positionIndex)
        binder.text(position.side?.name ?? "")
        binder.text(position.size)
        binder.text(position.entryPrice)
        binder.text(position.positionValue)
        binder.text(position.markPrice)
        binder.text(position.unrealisedPnL)
        binder.text(position.currentRealisedPnL)
        binder.text(position.cumulativeRealisedPnL)
        binder.text(position.leverage)
        binder.integer(position.createdMilliseconds)
        binder.integer(position.updatedMilliseconds)
        binder.integer(position.crossSequence)
        try binder.run()
    }

    static let addWallet: StaticString = """
        INSERT INTO wallets (
          sequence, ordinal, time, account, coin, wallet_balance, equity, unrealised,
          cumulative_realised, locked
        ) VALUES (?,?,?,?,?,?,?,?,?,?)
        """

    func write(_ wallet: WalletUpdate, _ row: WaitingRow) throws {
        var binder = self.binder(.addWallet)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(wallet.coin)
        binder.text(wallet.walletBalance)
        binder.text(wallet.equity)
        binder.text(wallet.unrealisedPnL)
        binder.text(wallet.cumulativeRealisedPnL)
        binder.text(wallet.locked)
        try binder.run()
    }

    static let addWalletFlow: StaticString = """
        INSERT INTO wallet_flows (
          sequence, ordinal, time, account, coin, kind, amount, balance, category, symbol, strategy,
          reference
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
        """

    func write(_ flow: WalletFlow, _ strategy: String, _ row: WaitingRow) throws {
        var binder = self.binder(.addWalletFlow)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(flow.coin)
        binder.text(flow.kind)
        binder.text(flow.amount)
        binder.text(flow.balance)
        binder.text(flow.instrument?.category.name ?? "")
        binder.text(flow.instrument?.symbol.description ?? "")
        binder.text(strategy)
        binder.text(flow.reference)
        try binder.run()
    }

    /// Each row of the log once, however often it was asked for.
    static let addTransaction: StaticString = """
        INSERT INTO transactions (
          sequence, ordinal, time, account, transaction_id, type, category, symbol, coin, order_id,
          order_link_id, execution_id, quantity, price, cash_flow, funding, fee, change, balance,
          transaction_ms
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT (transaction_id, execution_id, type, coin, account) DO NOTHING
        """

    func write(_ transaction: TransactionRow, _ row: WaitingRow) throws -> Bool {
        var binder = self.binder(.addTransaction)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(transaction.id)
        binder.text(transaction.type)
        binder.text(transaction.category?.name ?? "")
        binder.text(transaction.symbol)
        binder.text(transaction.coin)
        binder.text(transaction.orderID)
        binder.text(transaction.orderLinkID)
        binder.text(transaction.tradeID)
        binder.text(transaction.quantity)
        binder.text(transaction.tradePrice)
        binder.text(transaction.cashFlow)
        binder.text(transaction.funding)
        binder.text(transaction.fee)
        binder.text(transaction.change)
        binder.text(transaction.balance)
        binder.integer(transaction.timeMilliseconds)
        return try binder.run() > 0
    }
}

extension Binder {
    /// The columns that positions and valuations have in common, `position_index` to `funding`.
    fileprivate mutating func position(_ position: LedgerPosition) {
        integer(position.positionIndex)
        text(position.size)
        text(position.entryValue)
        text(position.entryPrice)
        text(position.markPrice)
        text(position.coin)
        text(position.unrealised)
        text(position.realised)
        text(position.fees)
        text(position.funding)
    }
}
