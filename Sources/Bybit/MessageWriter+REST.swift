public import Market

/// Bodies of REST replies. HTTP status is 200 for business errors too: the code says. - Source: bybit-v5 §6.
extension MessageWriter {
    /// A refusal: `retCode` and `retMsg`, an empty result.
    ///
    /// - Source: codes of §8.
    public mutating func failure(code: Int64, message: String, time: Int64) {
        envelope(code: code, message: message, time: time) { _ in }
    }

    /// The reply to create, amend or cancel: accepted; what came of it arrives on the `order` topic.
    public mutating func accepted(orderID: String, orderLinkID: String, time: Int64) {
        envelope(time: time) { out in
            out.text("orderId", orderID)
            out.text("orderLinkId", orderLinkID)
        }
    }

    /// The reply to cancel-all.
    public mutating func acceptedAll(
        _ orders: [(orderID: String, orderLinkID: String)],
        time: Int64
    ) {
        envelope(time: time) { out in
            out.beginArray("list")
            for order in orders {
                out.beginObject()
                out.text("orderId", order.orderID)
                out.text("orderLinkId", order.orderLinkID)
                out.endObject()
            }
            out.endArray()
            out.constant("success", #""1""#)
        }
    }

    /// `market/time`.
    public mutating func serverTime(nanoseconds: Int64) {
        envelope(time: nanoseconds / 1_000_000) { out in
            out.integerText("timeSecond", nanoseconds / 1_000_000_000)
            out.integerText("timeNano", nanoseconds)
        }
    }

    /// `market/instruments-info`.
    public mutating func instruments(
        _ instruments: [Instrument],
        category: Category,
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(instruments.map { InstrumentRow($0) }, category, nextPageCursor, time)
    }

    /// `market/orderbook`; `u` should be the 1000-level stream's.
    public mutating func orderBook(_ update: BookUpdate, symbol: Symbol, ts: Int64, time: Int64) {
        envelope(time: time) { out in
            BookMessage.write(update, symbol, to: &out)
            out.integer("ts", ts)
            out.integer("cts", update.matchTimeMilliseconds)
        }
    }

    /// `order/realtime`.
    public mutating func orders(
        _ orders: [OrderUpdate],
        category: Category,
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(orders, category, nextPageCursor, time)
    }

    /// `order/history`.
    public mutating func orderHistory(
        _ orders: [OrderUpdate],
        category: Category,
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(orders, category, nextPageCursor, time, form: .history)
    }

    /// `execution/list`.
    public mutating func executions(
        _ executions: [ExecutionReport],
        category: Category,
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(executions, category, nextPageCursor, time)
    }

    /// `position/list`.
    public mutating func positions(
        _ positions: [PositionUpdate],
        category: Category,
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(positions, category, nextPageCursor, time)
    }

    /// `account/wallet-balance`: one unified account with these coins.
    ///
    /// - Parameter totals: `nil` sums up the coins that count as a dollar.
    public mutating func wallet(
        _ coins: [WalletUpdate],
        totals: AccountTotals? = nil,
        time: Int64
    ) {
        envelope(time: time) { out in
            out.beginArray("list")
            WalletUpdate.writeAccount(coins, totals, to: &out)
            out.endArray()
        }
    }

    /// `account/transaction-log`.
    public mutating func transactionLog(
        _ rows: [TransactionRow],
        nextPageCursor: String = "",
        time: Int64
    ) {
        list(rows, nil, nextPageCursor, time)
    }

    /// An empty page of any list endpoint.
    public mutating func emptyList(category: Category?, time: Int64) {
        list([TransactionRow](), category, "", time)
    }

    private mutating func list(
        _ rows: [some WireRow],
        _ category: Category?,
        _ nextPageCursor: String,
        _ time: Int64,
        form: RowForm = .list
    ) {
        envelope(time: time) { out in
            out.form = form
            if let category { out.text("category", category.name) }
            out.beginArray("list")
            for row in rows {
                out.beginObject()
                row.write(to: &out)
                out.endObject()
            }
            out.endArray()
            out.text("nextPageCursor", nextPageCursor)
        }
    }

    private mutating func envelope(
        code: Int64 = 0,
        message: String = "OK",
        time: Int64,
        _ result: (inout WireWriter) -> Void
    ) {
        out.form = .list
        out.beginObject()
        out.integer("retCode", code)
        out.text("retMsg", message)
        out.beginObject("result")
        result(&out)
        out.endObject()
        out.constant("retExtInfo", "{}")
        out.integer("time", time)
        out.endObject()
    }
}
