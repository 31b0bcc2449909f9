import Market

/// A row of the transaction log as it is kept: its texts are made when somebody asks.
struct LogRecord: Sendable {
    /// Of the account's flows, from 1.
    var number: Int64
    var type: FlowType
    /// −1 for flows that belong to no instrument.
    var listing = -1
    /// Place in ``Books``.
    var coin: Int
    /// The execution that moved the money; `nil` for deposits and transfers.
    var execution: ExecutionRecord?
    /// Of the position after it, in the instrument's quantity units, short below zero; 0 on spot.
    var size: Int64 = 0
    var cashFlow: Amount
    var funding = Amount.zero
    var fee = Amount.zero
    var change: Amount
    var balance: Amount
    var timeMilliseconds: Int64
}

extension SimulatedExchange {
    func row(_ record: LogRecord, of account: Int) -> TransactionRow {
        let listing = record.listing < 0 ? nil : facts[record.listing]
        let execution = record.execution
        var row = TransactionRow(
            id: identifiers.text(.flow, place: account, number: record.number),
            type: record.type.rawValue,
            category: listing?.category,
            symbol: listing?.symbol ?? "",
            coin: books.coins[record.coin],
            orderID: execution?.orderID ?? "",
            orderLinkID: execution?.orderLinkID ?? "",
            tradeID: execution?.executionID ?? "",
            quantity: execution?.quantity,
            tradePrice: execution?.price,
            cashFlow: record.cashFlow,
            funding: record.funding,
            fee: record.fee,
            change: record.change,
            balance: record.balance,
            timeMilliseconds: record.timeMilliseconds
        )
        // A spot fill has two rows: each says by how much its coin changes.
        if listing?.category == .spot { row.quantity = Numeral(rounding: record.cashFlow) }
        row.details = transactionDetails(record, execution?.execution)
        return row
    }
}
