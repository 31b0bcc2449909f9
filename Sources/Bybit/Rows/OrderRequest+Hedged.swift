public import Market

/// Orders that reduce on a contract in hedge mode, of which there are two positions: the exchange refuses with 10001 what
/// does not say of which it is.
///
/// So it does with what opens, which says none here: the desk's risk lets none of it leave, since its limits are of net
/// positions, and were one to leave all the same, it is to be refused.
///
/// - Source: bybit-v5 §6.5 `positionIdx`, trap 32.
extension RESTRequest {
    /// ``init(_:)``, and of a new order that reduces in hedge mode the position that it is of.
    ///
    /// The command does not say it, since recorded commands are what they were: it follows from the side.
    ///
    /// - Parameter isHedged: the order's contract is in hedge mode; in one-way mode the bytes are those of ``init(_:)``.
    public init?(_ action: Command.Action, isHedged: Bool) {
        guard isHedged, case .place(let order) = action, order.reduceOnly else {
            self.init(action)
            return
        }
        var terms = OrderTerms()
        terms.positionIndex = order.hedgedPosition
        self.init(placing: order, terms)
    }
}

extension OrderRequest {
    /// 1 the long and 2 the short position of hedge mode: what reduces is of the other side's.
    fileprivate var hedgedPosition: Int { side == .buy ? 2 : 1 }
}
