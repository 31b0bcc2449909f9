import Market

/// What the exchange is asked about an order, and what it is called.
extension Order {
    /// By our id where it has one, else by theirs: an order of others need not have an id of the client's.
    var name: String { orderLinkID.isEmpty ? orderID : orderLinkID }

    /// Whether it is among the open orders.
    ///
    /// - Source: bybit-v5 §11.1.
    var question: LookUp {
        orderLinkID.isEmpty
            ? .orderByID(instrument, orderID: orderID)
            : .order(instrument, orderLinkID: orderLinkID)
    }

    /// Whether it is among those that ended.
    var historyQuestion: LookUp {
        orderLinkID.isEmpty
            ? .orderHistoryByID(instrument, orderID: orderID)
            : .orderHistory(instrument, orderLinkID: orderLinkID)
    }
}
