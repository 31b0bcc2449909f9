/// What became of an order, an amendment or a cancel that was asked for.
public enum OrderOutcome: Hashable, Sendable {
    /// The exchange has taken the request; what it led to comes with the topics `order` and `execution`.
    case accepted(orderID: String, orderLinkID: String)
    /// The exchange has refused it, with its `retCode` and `retMsg`: nothing was changed.
    case refused(orderLinkID: String, code: Int64, message: String)
    /// It has certainly not left.
    case notSent(orderLinkID: String, reason: String)
    /// It may have been carried out, or not: no answer came, or one that leaves it open.
    ///
    /// It is not sent again. Look the order up with ``BybitClient/order(_:of:)`` before anything else is done.
    case unknown(orderLinkID: String, reason: String)

    public var orderLinkID: String {
        switch self {
        case .accepted(_, let id), .refused(let id, _, _), .notSent(let id, _),
            .unknown(let id, _):
            id
        }
    }

    public var isAccepted: Bool {
        if case .accepted = self { return true }
        return false
    }

    init(_ reply: Reply, orderLinkID: String) {
        if reply.isSuccess {
            self = .accepted(
                orderID: reply.orderID,
                orderLinkID: reply.orderLinkID.isEmpty ? orderLinkID : reply.orderLinkID
            )
        } else if reply.outcome == .notSent {
            self = .notSent(orderLinkID: orderLinkID, reason: reply.message)
        } else if reply.isUncertain {
            self = .unknown(orderLinkID: orderLinkID, reason: BybitClient.words(reply))
        } else {
            self = .refused(orderLinkID: orderLinkID, code: reply.code, message: reply.message)
        }
    }

    /// One of a batch that was answered with success as a whole.
    init(_ row: AcceptedOrder, orderLinkID: String) {
        let id = row.orderLinkID.isEmpty ? orderLinkID : row.orderLinkID
        var reply = Reply()
        reply.httpStatus = 200
        reply.code = row.code
        reply.message = row.message
        reply.orderID = row.orderID
        self.init(reply, orderLinkID: id)
    }
}
