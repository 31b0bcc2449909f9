/// Orders in one line.
extension OrderRequest {
    /// A limit order.
    ///
    /// - Parameter orderLinkID: the client's own id; one without is given one when it is placed.
    public static func limit(
        _ side: Side,
        _ instrument: InstrumentID,
        _ quantity: Numeral,
        at price: Numeral,
        timeInForce: TimeInForce = .goodTillCancelled,
        reduceOnly: Bool = false,
        orderLinkID: String = ""
    ) -> OrderRequest {
        OrderRequest(
            instrument: instrument,
            orderLinkID: orderLinkID,
            side: side,
            timeInForce: timeInForce,
            quantity: quantity,
            price: price,
            reduceOnly: reduceOnly
        )
    }

    /// A market order, which takes what there is and leaves nothing.
    public static func market(
        _ side: Side,
        _ instrument: InstrumentID,
        _ quantity: Numeral,
        reduceOnly: Bool = false,
        orderLinkID: String = ""
    ) -> OrderRequest {
        OrderRequest(
            instrument: instrument,
            orderLinkID: orderLinkID,
            side: side,
            type: .market,
            timeInForce: .immediateOrCancel,
            quantity: quantity,
            price: nil,
            reduceOnly: reduceOnly
        )
    }
}
