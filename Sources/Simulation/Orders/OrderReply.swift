/// The synchronous answer to a request: accepted, or refused with Bybit's code and text.
///
/// As on the real exchange an accepted order may still end at once: what became of it is in its order rows.
public struct OrderReply: Hashable, Sendable {
    /// `retCode`; 0 is accepted.
    public var code: Int
    /// `retMsg`.
    public var message: String
    public var orderID: String
    public var orderLinkID: String

    public init(code: Int, message: String, orderID: String = "", orderLinkID: String = "") {
        self.code = code
        self.message = message
        self.orderID = orderID
        self.orderLinkID = orderLinkID
    }

    public var isAccepted: Bool { code == 0 }
}

/// The answer to cancel-all: the orders that were cancelled, oldest first.
public struct CancelAllReply: Hashable, Sendable {
    public var code: Int
    public var message: String
    public var cancelled: [OrderReply]

    public init(code: Int, message: String, cancelled: [OrderReply]) {
        self.code = code
        self.message = message
        self.cancelled = cancelled
    }
}

/// Why a request is refused, with the exchange's words where the reference has them.
enum Refusal: Hashable, Sendable {
    case unknownSymbol
    case notTradable
    case parameter(String)
    case priceOutOfRange
    case balance
    case reduceOnlyWithoutPosition
    case tooManyOrders
    case amendedBelowFilled
    case unchanged
    case duplicateLink
    case valueTooSmall(String)
    case notFound(verb: String)

    var code: Int {
        switch self {
        case .unknownSymbol, .parameter, .unchanged: 10001
        case .notTradable: 170157
        case .priceOutOfRange: 110003
        case .balance: 110007
        case .reduceOnlyWithoutPosition: 110017
        case .tooManyOrders: 110020
        case .amendedBelowFilled: 110064
        case .duplicateLink: 110072
        case .valueTooSmall: 110094
        case .notFound: 110001
        }
    }

    var message: String {
        switch self {
        case .unknownSymbol: "Not supported symbols"
        case .notTradable: "This trading pair is not supported for API trading"
        case .parameter(let what): "params error: \(what)"
        case .priceOutOfRange: "Order price is out of permissible range"
        case .balance: "ab not enough for new order"
        case .reduceOnlyWithoutPosition:
            "current position is zero, cannot fix reduce-only order qty"
        case .tooManyOrders: "The number of active orders is over the limit of 500"
        case .amendedBelowFilled: "The amended qty must exceed the filled qty"
        case .unchanged:
            "The order remains unchanged as the parameters entered match the existing ones."
        case .duplicateLink: "OrderLinkedID is duplicate"
        case .valueTooSmall(let least): "Order does not meet minimum order value \(least)"
        case .notFound(let verb): "order not exists or too late to \(verb)"
        }
    }

    func reply(orderLinkID: String = "") -> OrderReply {
        OrderReply(code: code, message: message, orderID: "", orderLinkID: orderLinkID)
    }
}
