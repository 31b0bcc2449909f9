import Market

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
    case parameter(String)
    case priceOutOfRange
    case priceDecimals(String)
    case quantityDecimals(String)
    case quantityTooSmall(String)
    case quantityTooLarge(String)
    case balance
    case reduceOnlyWithoutPosition
    case tooManyOrders
    case tooManyConditionals
    case amendedBelowFilled
    case unchanged
    case duplicateLink
    case valueTooSmall(String)
    case notFound(verb: String)
    case legOfCombination(isCancel: Bool)
    case positionIndex
    case notLive
    case halted
    case triggerNotAbove(String)
    case triggerNotBelow(String)
    case exitInvalid(String)
    case priceAboveLimit
    case priceBelowLimit
    case legBeyondLimit
    case noMarketPrice
    case combinationInHedgeMode
    case modeBlockedByPosition
    case modeBlockedByOrders
    case modeUnchanged
    case modeUnsupported
    case leverageUnchanged
    case leverageTooHigh
    case exitUnchanged
    case noPosition
    case portfolioMargin

    /// `retCode`: derivatives have codes of 110xxx, spot of 170xxx.
    func code(_ category: Category) -> Int {
        category == .spot ? spotCode ?? derivativesCode : derivativesCode
    }

    private var spotCode: Int? {
        switch self {
        case .unknownSymbol: 170121
        case .parameter: 170130
        case .priceOutOfRange, .priceAboveLimit: 170132
        case .priceBelowLimit: 170133
        case .priceDecimals: 170134
        case .quantityDecimals: 170137
        case .quantityTooSmall: 170136
        case .quantityTooLarge: 170124
        case .balance: 170131
        case .tooManyOrders: 170810
        case .tooManyConditionals: 170005
        case .amendedBelowFilled: 170313
        case .duplicateLink: 170141
        case .valueTooSmall: 170140
        case .notFound: 170213
        case .notLive, .halted: 170151
        case .exitInvalid, .triggerNotAbove, .triggerNotBelow: 170202
        default: nil
        }
    }

    private var derivativesCode: Int {
        switch self {
        case .unknownSymbol, .parameter, .unchanged, .priceDecimals, .quantityDecimals,
            .quantityTooSmall, .quantityTooLarge, .positionIndex, .exitInvalid:
            10001
        case .priceOutOfRange, .priceAboveLimit, .priceBelowLimit: 110003
        case .balance: 110007
        case .tooManyConditionals: 110009
        case .leverageTooHigh: 110013
        case .reduceOnlyWithoutPosition: 110017
        case .tooManyOrders: 110020
        case .modeBlockedByPosition: 110024
        case .modeUnchanged: 110025
        case .modeBlockedByOrders: 110028
        case .modeUnsupported: 110029
        case .noPosition: 110033
        case .leverageUnchanged: 110043
        case .amendedBelowFilled: 110064
        case .duplicateLink: 110072
        case .notLive, .halted: 110074
        case .triggerNotAbove: 110092
        case .triggerNotBelow: 110093
        case .valueTooSmall: 110094
        case .combinationInHedgeMode: 110113
        case .legBeyondLimit: 110116
        case .noMarketPrice: 110118
        case .legOfCombination(let isCancel): isCancel ? 110115 : 110117
        case .exitUnchanged: 34040
        case .portfolioMargin: 3400045
        case .notFound: 110001
        }
    }

    func message(_ category: Category) -> String {
        switch self {
        case .unknownSymbol: "Not supported symbols"
        case .parameter(let what): "params error: \(what)"
        case .priceDecimals(let price):
            "params error: price \(price) is not a multiple of the tick size"
        case .quantityDecimals(let quantity): "params error: qty \(quantity) invalid"
        case .quantityTooSmall(let quantity):
            "params error: qty \(quantity) is less than the minimum"
        case .quantityTooLarge(let quantity): "params error: qty \(quantity) exceeds the maximum"
        case .priceOutOfRange: "Order price is out of permissible range"
        case .priceAboveLimit: "Order price is higher than the highest buying price"
        case .priceBelowLimit: "Order price is lower than the lowest selling price"
        case .balance: category == .spot ? "Insufficient balance." : "ab not enough for new order"
        case .reduceOnlyWithoutPosition:
            "current position is zero, cannot fix reduce-only order qty"
        case .tooManyOrders: "The number of active orders is over the limit of 500"
        case .tooManyConditionals: "The number of conditional orders is over the limit"
        case .amendedBelowFilled: "The amended qty must exceed the filled qty"
        case .unchanged:
            "The order remains unchanged as the parameters entered match the existing ones."
        case .duplicateLink: "OrderLinkedID is duplicate"
        case .valueTooSmall(let least): "Order does not meet minimum order value \(least)"
        case .notFound(let verb):
            category == .spot ? "Order does not exist." : "order not exists or too late to \(verb)"
        case .legOfCombination(let isCancel):
            "The order of a leg can be \(isCancel ? "cancelled" : "amended") with its combination only"
        case .positionIndex: "position idx not match position mode"
        case .notLive: "This contract is not live"
        case .halted: "Trading is halted for the moment; orders can be cancelled"
        case .triggerNotAbove(let prices): "expect Rising, but \(prices)"
        case .triggerNotBelow(let prices): "expect Falling, but \(prices)"
        case .exitInvalid(let what): "params error: \(what)"
        case .legBeyondLimit: "The price of a leg is beyond its limit"
        case .noMarketPrice: "A leg has no market price"
        case .combinationInHedgeMode: "Spread trading is not available in hedge mode"
        case .modeBlockedByPosition:
            "You have an existing position, so the position mode cannot be switched"
        case .modeBlockedByOrders:
            "You have existing orders, so the position mode cannot be switched"
        case .modeUnchanged: "Position mode is not modified"
        case .modeUnsupported: "Hedge mode is not supported by this contract"
        case .leverageUnchanged: "leverage not modified"
        case .leverageTooHigh: "Leverage exceeds the maximum"
        case .exitUnchanged: "not modified"
        case .noPosition: "can not set tp/sl/ts for zero position"
        case .portfolioMargin:
            "Set margin mode failed: this exchange has no portfolio or isolated margin"
        }
    }

    func reply(_ category: Category, orderLinkID: String = "") -> OrderReply {
        OrderReply(
            code: code(category),
            message: message(category),
            orderID: "",
            orderLinkID: orderLinkID
        )
    }
}
