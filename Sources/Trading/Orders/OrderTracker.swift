public import Market

/// The life of an account's orders, folded from the exchange's rows alone: what a program that keeps no ledger needs.
///
/// Rows may come in any order and any number of times: an order ends in the same state, and stays closed once it is.
/// All that may still trade are kept, and the last few hundred that are closed.
public struct OrderTracker: Sendable {
    private var store = OrderStore()

    public init() {}

    /// In the order in which they became known.
    public var orders: [Order] { store.orders }
    /// Orders that are not closed.
    public var openCount: Int { store.openCount }

    /// Takes in a row; true when it changed something.
    @discardableResult
    public mutating func take(_ row: OrderUpdate) -> Bool {
        guard let place = store.place(linkID: row.orderLinkID, orderID: row.orderID) else {
            add(row)
            return true
        }
        return store.update(place) { OrderTracker.merge(row, into: &$0) }
    }

    /// Takes in the first row of an order.
    ///
    /// A call, although it is made at one place only: in line, the ids of each row would be held for the order that it
    /// mostly does not make.
    @inline(never)
    private mutating func add(_ row: OrderUpdate) {
        store.add(Order(row: row, strategy: Order.external, cause: .none, time: .zero)) {
            _ = OrderTracker.merge(row, into: &$0)
        }
    }

    private static func merge(_ row: OrderUpdate, into order: inout Order) -> Bool {
        let changed = order.merge(row)
        // There is no other word on what has traded than the rows'.
        order.executed = order.filled
        return changed
    }

    /// What one side's open orders of an instrument may still trade; the error where it passes all bounds.
    public func exposure(_ instrument: InstrumentID, _ side: Side) throws(NumberError) -> Amount {
        try store.exposure(instrument, side)
    }

    /// By our own id or, where that is empty or not known, the exchange's.
    public func order(linkID: String, orderID: String) -> Order? {
        store.place(linkID: linkID, orderID: orderID).map { store[$0] }
    }
}
