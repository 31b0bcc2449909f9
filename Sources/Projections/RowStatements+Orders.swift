import CSQLite
import GRDB
import Market

extension RowStatements {
    static let addOrderHistory: StaticString = """
        INSERT INTO order_history (
          sequence, ordinal, time, account, order_id, order_link_id, strategy, category, symbol,
          side, type, time_in_force, status, closed, price, quantity, average_price,
          leaves_quantity, filled_quantity, filled_value, filled_fee, reject_reason, cancel_type,
          reduce_only, position_index, created_ms, updated_ms, late
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    func write(
        _ order: OrderUpdate,
        _ strategy: String,
        isNews: Bool,
        _ row: WaitingRow
    ) throws {
        var binder = self.binder(.addOrderHistory)
        binder.place(row)
        binder.text(row.place.account)
        binder.text(order.orderID)
        binder.text(order.orderLinkID)
        binder.text(strategy)
        binder.order(order)
        binder.flag(!isNews)
        try binder.run()
    }

    static let findOrder: StaticString = """
        SELECT updated_ms, closed FROM orders WHERE account = ? AND order_id = ?
        """

    /// What decides whether a word on an order is news; `nil` where none is stored.
    func standing(
        _ orderID: String,
        account: String
    ) throws -> WaitingOrders.Standing? {
        var binder = self.binder(.findOrder)
        binder.text(account)
        binder.text(orderID)
        return try binder.first {
            WaitingOrders.Standing(
                updatedMilliseconds: sqlite3_column_int64($0, 0),
                isClosed: sqlite3_column_int64($0, 1) != 0
            )
        }
    }

    /// Of an order that is there already only what may change.
    static let setOrder: StaticString = """
        INSERT INTO orders (
          account, order_id, order_link_id, strategy, category, symbol, side, type, time_in_force,
          status, closed, price, quantity, average_price, leaves_quantity, filled_quantity,
          filled_value, filled_fee, reject_reason, cancel_type, reduce_only, position_index,
          created_ms, updated_ms, updates, first_sequence, sequence, time
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT (order_id, account) DO UPDATE SET
          strategy = excluded.strategy,
          status = excluded.status, closed = excluded.closed, price = excluded.price,
          quantity = excluded.quantity, average_price = excluded.average_price,
          leaves_quantity = excluded.leaves_quantity, filled_quantity = excluded.filled_quantity,
          filled_value = excluded.filled_value, filled_fee = excluded.filled_fee,
          reject_reason = excluded.reject_reason, cancel_type = excluded.cancel_type,
          reduce_only = excluded.reduce_only, updated_ms = excluded.updated_ms,
          updates = orders.updates + excluded.updates, sequence = excluded.sequence,
          time = excluded.time
        """

    func write(_ news: WaitingOrders.News, account: String) throws {
        var binder = self.binder(.setOrder)
        binder.text(account)
        binder.text(news.order.orderID)
        binder.text(news.order.orderLinkID)
        binder.text(news.strategy)
        binder.order(news.order)
        binder.integer(news.updates)
        binder.integer(Int64(news.first.value))
        binder.integer(Int64(news.sequence.value))
        binder.integer(news.time.nanoseconds)
        try binder.run()
    }
}

extension Binder {
    /// The columns that orders and order_history have in common, `category` to `updated_ms`.
    fileprivate mutating func order(_ order: OrderUpdate) {
        instrument(order.instrument)
        text(order.side.name)
        text(order.type.name)
        text(order.timeInForce.name)
        text(order.status.name)
        flag(order.status.isClosed)
        text(order.price)
        text(order.quantity)
        text(order.averagePrice)
        text(order.leavesQuantity)
        text(order.filledQuantity)
        text(order.filledValue)
        text(order.filledFee)
        text(order.rejectReason)
        text(order.cancelType)
        flag(order.reduceOnly)
        integer(order.positionIndex)
        integer(order.createdMilliseconds)
        integer(order.updatedMilliseconds)
    }
}
