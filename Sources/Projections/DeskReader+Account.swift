import GRDB
public import Market

extension DeskReader {
    /// The ledger's positions after a record; of each the last row up to there, flat ones included.
    ///
    /// - Parameter sequence: `nil` for the last record.
    public func positions(
        at sequence: SequenceNumber? = nil
    ) throws(ProjectionError) -> [Stored<LedgerPosition>] {
        try rows(
            "positions",
            """
            SELECT \(DeskReader.positionColumns) FROM (
              SELECT *, row_number() OVER (
                PARTITION BY account, strategy, category, symbol, position_index
                ORDER BY sequence DESC, ordinal DESC
              ) AS place FROM positions WHERE sequence <= ?
            ) WHERE place = 1 ORDER BY account, strategy, category, symbol, position_index
            """,
            [Int64(clamping: sequence?.value ?? UInt64(Int64.max))],
            DeskReader.position
        )
    }

    /// The ledger's positions over time, in the order of the journal.
    public func positionHistory(
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<LedgerPosition>] {
        let (condition, arguments) = filter.condition()
        return try rows(
            "positions",
            """
            SELECT \(DeskReader.positionColumns) FROM positions
            WHERE \(condition) ORDER BY sequence, ordinal
            """,
            arguments,
            DeskReader.position
        )
    }

    /// The positions at the recording's end, by the last mark price; empty while the projection is not complete.
    public func valuations() throws(ProjectionError) -> [Stored<LedgerPosition>] {
        try rows(
            "valuations",
            """
            SELECT \(DeskReader.positionColumns) FROM valuations
            ORDER BY account, strategy, category, symbol, position_index
            """,
            [],
            DeskReader.position
        )
    }

    private static let positionColumns = """
        sequence, time, account, strategy, category, symbol, position_index, size, entry_value,
        entry_price, mark_price, coin, unrealised, realised, fees, funding
        """

    private static func position(
        _ columns: Columns
    ) throws(ProjectionError) -> Stored<LedgerPosition> {
        Stored(
            value: LedgerPosition(
                instrument: try columns.instrument(4, 5),
                positionIndex: Int(columns.integer(6)),
                size: try columns.numeral(7),
                entryValue: try columns.amount(8),
                entryPrice: try columns.optionalNumeral(9),
                markPrice: try columns.optionalNumeral(10),
                coin: columns.text(11),
                unrealised: try columns.optionalAmount(12),
                realised: try columns.amount(13),
                fees: try columns.amount(14),
                funding: try columns.amount(15)
            ),
            provenance: columns.provenance(0, 1, account: 2),
            strategy: columns.text(3)
        )
    }

    /// The exchange's last word on each position up to a record; `nil` for the last one.
    public func exchangePositions(
        at sequence: SequenceNumber? = nil
    ) throws(ProjectionError) -> [Stored<PositionUpdate>] {
        try rows(
            "exchange_positions",
            """
            SELECT sequence, time, account, category, symbol, position_index, side, size,
              entry_price, position_value, mark_price, unrealised, current_realised,
              cumulative_realised, leverage, created_ms, updated_ms, cross_sequence
            FROM (
              SELECT *, row_number() OVER (
                PARTITION BY account, category, symbol, position_index
                ORDER BY sequence DESC, ordinal DESC
              ) AS place FROM exchange_positions WHERE sequence <= ?
            ) WHERE place = 1 ORDER BY account, category, symbol, position_index
            """,
            [Int64(clamping: sequence?.value ?? UInt64(Int64.max))]
        ) { columns in
            Stored(
                value: PositionUpdate(
                    instrument: try columns.instrument(3, 4),
                    positionIndex: Int(columns.integer(5)),
                    side: Side(name: columns.text(6)),
                    size: try columns.numeral(7),
                    entryPrice: try columns.optionalNumeral(8),
                    positionValue: try columns.optionalAmount(9),
                    markPrice: try columns.optionalNumeral(10),
                    unrealisedPnL: try columns.optionalAmount(11),
                    currentRealisedPnL: try columns.optionalAmount(12),
                    cumulativeRealisedPnL: try columns.optionalAmount(13),
                    leverage: try columns.optionalNumeral(14),
                    createdMilliseconds: columns.integer(15),
                    updatedMilliseconds: columns.integer(16),
                    crossSequence: columns.integer(17)
                ),
                provenance: columns.provenance(0, 1, account: 2)
            )
        }
    }

    /// The exchange's last word on each coin of each wallet up to a record; `nil` for the last one.
    public func wallets(
        at sequence: SequenceNumber? = nil
    ) throws(ProjectionError) -> [Stored<WalletUpdate>] {
        try rows(
            "wallets",
            """
            SELECT sequence, time, account, coin, wallet_balance, equity, unrealised,
              cumulative_realised, locked
            FROM (
              SELECT *, row_number() OVER (
                PARTITION BY account, coin ORDER BY sequence DESC, ordinal DESC
              ) AS place FROM wallets WHERE sequence <= ?
            ) WHERE place = 1 ORDER BY account, coin
            """,
            [Int64(clamping: sequence?.value ?? UInt64(Int64.max))]
        ) { columns in
            Stored(
                value: WalletUpdate(
                    coin: columns.text(3),
                    walletBalance: try columns.amount(4),
                    equity: try columns.optionalAmount(5),
                    unrealisedPnL: try columns.optionalAmount(6),
                    cumulativeRealisedPnL: try columns.optionalAmount(7),
                    locked: try columns.optionalAmount(8)
                ),
                provenance: columns.provenance(0, 1, account: 2)
            )
        }
    }

    /// The ledger's wallet flows, in the order of the journal.
    public func walletFlows(
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<WalletFlow>] {
        let (condition, arguments) = filter.condition()
        return try rows(
            "wallet_flows",
            """
            SELECT sequence, time, account, strategy, coin, kind, amount, balance, category, symbol,
              reference
            FROM wallet_flows WHERE \(condition) ORDER BY sequence, ordinal
            """,
            arguments
        ) { columns in
            Stored(
                value: WalletFlow(
                    coin: columns.text(4),
                    kind: columns.text(5),
                    amount: try columns.amount(6),
                    balance: try columns.amount(7),
                    instrument: columns.text(8).isEmpty ? nil : try columns.instrument(8, 9),
                    reference: columns.text(10)
                ),
                provenance: columns.provenance(0, 1, account: 2),
                strategy: columns.text(3)
            )
        }
    }

    /// The exchange's transaction log, each row once, in the order of the journal.
    public func transactions(
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<TransactionRow>] {
        let (condition, arguments) = filter.condition(hasStrategy: false)
        return try rows(
            "transactions",
            """
            SELECT sequence, time, account, transaction_id, type, category, symbol, coin, order_id,
              order_link_id, execution_id, quantity, price, cash_flow, funding, fee, change, balance,
              transaction_ms
            FROM transactions WHERE \(condition) ORDER BY sequence, ordinal
            """,
            arguments
        ) { columns in
            Stored(
                value: TransactionRow(
                    id: columns.text(3),
                    type: columns.text(4),
                    category: Category(name: columns.text(5)),
                    symbol: columns.text(6),
                    coin: columns.text(7),
                    orderID: columns.text(8),
                    orderLinkID: columns.text(9),
                    tradeID: columns.text(10),
                    quantity: try columns.optionalNumeral(11),
                    tradePrice: try columns.optionalNumeral(12),
                    cashFlow: try columns.amount(13),
                    funding: try columns.amount(14),
                    fee: try columns.amount(15),
                    change: try columns.amount(16),
                    balance: try columns.amount(17),
                    timeMilliseconds: columns.integer(18)
                ),
                provenance: columns.provenance(0, 1, account: 2)
            )
        }
    }
}
