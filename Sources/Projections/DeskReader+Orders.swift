import GRDB
public import Market

/// Which rows a list shows; what is `nil` shows all.
public struct DeskFilter: Hashable, Sendable {
    public var account: String?
    /// Empty: what is not ours.
    public var strategy: String?
    /// Symbols to show.
    public var symbols: [Symbol]?
    /// Records from this one on.
    public var from: SequenceNumber?
    /// Records up to this one.
    public var through: SequenceNumber?

    public init(
        account: String? = nil,
        strategy: String? = nil,
        symbols: [Symbol]? = nil,
        from: SequenceNumber? = nil,
        through: SequenceNumber? = nil
    ) {
        self.account = account
        self.strategy = strategy
        self.symbols = symbols
        self.from = from
        self.through = through
    }

    /// A condition for the columns that the table has, with its arguments; always true for an empty filter.
    func condition(
        hasAccount: Bool = true,
        hasStrategy: Bool = true,
        hasSymbol: Bool = true
    ) -> (sql: String, arguments: StatementArguments) {
        var terms: [String] = ["1"]
        var arguments = StatementArguments()
        if hasAccount, let account {
            terms.append("account = ?")
            arguments += [account]
        }
        if hasStrategy, let strategy {
            terms.append("strategy = ?")
            arguments += [strategy]
        }
        if hasSymbol, let symbols {
            let marks = symbols.map { _ in "?" }.joined(separator: ", ")
            terms.append("symbol IN (\(marks))")
            arguments += StatementArguments(symbols.map(\.description))
        }
        if let from {
            terms.append("sequence >= ?")
            arguments += [Int64(clamping: from.value)]
        }
        if let through {
            terms.append("sequence <= ?")
            arguments += [Int64(clamping: through.value)]
        }
        return (terms.joined(separator: " AND "), arguments)
    }
}

/// An order as the exchange last told it, and how often it told.
public struct OrderLine: Equatable, Sendable {
    public var order: Stored<OrderUpdate>
    /// The record that told of the order first.
    public var firstSequence: SequenceNumber
    public var updates: Int64
}

extension DeskReader {
    private static let orderColumns = """
        sequence, time, account, strategy, order_id, order_link_id, category, symbol, side, type,
        time_in_force, status, price, quantity, average_price, leaves_quantity, filled_quantity,
        filled_value, filled_fee, reject_reason, cancel_type, reduce_only, position_index, created_ms,
        updated_ms
        """

    /// Each order once, in the order in which the journal first tells of them.
    public func orders(_ filter: DeskFilter = DeskFilter()) throws(ProjectionError) -> [OrderLine] {
        let (condition, arguments) = filter.condition()
        return try rows(
            "orders",
            """
            SELECT \(DeskReader.orderColumns), first_sequence, updates FROM orders
            WHERE \(condition) ORDER BY first_sequence, account, order_id
            """,
            arguments
        ) { columns in
            OrderLine(
                order: try DeskReader.order(columns),
                firstSequence: columns.sequence(25),
                updates: columns.integer(26)
            )
        }
    }

    /// Every word of the exchange on one order, by its id or by ours.
    public func history(ofOrder id: String) throws(ProjectionError) -> [Stored<OrderUpdate>] {
        try rows(
            "order_history",
            """
            SELECT \(DeskReader.orderColumns) FROM order_history
            WHERE order_id = :id OR (order_link_id = :id AND :id <> '') ORDER BY sequence, ordinal
            """,
            ["id": id],
            DeskReader.order
        )
    }

    private static func order(_ columns: Columns) throws(ProjectionError) -> Stored<OrderUpdate> {
        Stored(
            value: OrderUpdate(
                instrument: try columns.instrument(6, 7),
                orderID: columns.text(4),
                orderLinkID: columns.text(5),
                side: columns.side(8),
                type: OrderType(name: columns.text(9)),
                timeInForce: TimeInForce(name: columns.text(10)),
                status: OrderStatus(name: columns.text(11)),
                price: try columns.optionalNumeral(12),
                quantity: try columns.numeral(13),
                averagePrice: try columns.optionalNumeral(14),
                leavesQuantity: try columns.optionalNumeral(15),
                filledQuantity: try columns.numeral(16),
                filledValue: try columns.amount(17),
                filledFee: try columns.amount(18),
                rejectReason: columns.text(19),
                cancelType: columns.text(20),
                reduceOnly: columns.flag(21),
                positionIndex: Int(columns.integer(22)),
                createdMilliseconds: columns.integer(23),
                updatedMilliseconds: columns.integer(24)
            ),
            provenance: columns.provenance(0, 1, account: 2),
            strategy: columns.text(3)
        )
    }

    /// An execution with what the ledger made of it.
    public struct ExecutionLine: Equatable, Sendable {
        public var execution: Stored<ExecutionReport>
        public var effect: ExecutionEffect
    }

    /// Fills, funding and the like, each once, in the order of the journal.
    public func executions(
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [ExecutionLine] {
        let (condition, arguments) = filter.condition()
        return try rows(
            "executions",
            """
            SELECT sequence, time, account, strategy, category, symbol, execution_id, type, order_id,
              order_link_id, side, price, quantity, value, exchange_fee, exchange_fee_rate,
              exchange_fee_coin, exchange_realised, closed_quantity, is_maker, leaves_quantity,
              order_price, order_quantity, order_type, mark_price, execution_ms, cross_sequence,
              position_index, coin, realised, own_realised, fee, funding
            FROM executions WHERE \(condition) ORDER BY sequence, ordinal
            """,
            arguments
        ) { columns in
            ExecutionLine(
                execution: try DeskReader.execution(columns),
                effect: ExecutionEffect(
                    coin: columns.text(28),
                    positionIndex: Int(columns.integer(27)),
                    realised: try columns.amount(29),
                    ownRealised: try columns.amount(30),
                    fee: try columns.amount(31),
                    funding: try columns.amount(32)
                )
            )
        }
    }

    private static func execution(
        _ columns: Columns
    ) throws(ProjectionError) -> Stored<ExecutionReport> {
        Stored(
            value: ExecutionReport(
                instrument: try columns.instrument(4, 5),
                executionID: columns.text(6),
                type: ExecutionType(name: columns.text(7)),
                orderID: columns.text(8),
                orderLinkID: columns.text(9),
                side: columns.side(10),
                price: try columns.numeral(11),
                quantity: try columns.numeral(12),
                value: try columns.amount(13),
                fee: try columns.amount(14),
                feeRate: try columns.optionalNumeral(15),
                feeCoin: columns.text(16),
                realisedPnL: try columns.optionalAmount(17),
                closedQuantity: try columns.optionalNumeral(18),
                isMaker: columns.flag(19),
                leavesQuantity: try columns.optionalNumeral(20),
                orderPrice: try columns.optionalNumeral(21),
                orderQuantity: try columns.optionalNumeral(22),
                orderType: OrderType(name: columns.text(23)),
                markPrice: try columns.optionalNumeral(24),
                timeMilliseconds: columns.integer(25),
                crossSequence: columns.integer(26)
            ),
            provenance: columns.provenance(0, 1, account: 2),
            strategy: columns.text(3)
        )
    }
}
