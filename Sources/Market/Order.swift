/// Words of an order that the exchange adds to without notice: an unknown one is kept as text.
public enum OrderType: Hashable, Sendable {
    case limit
    case market
    case other(String)

    public init(name: String) {
        switch name {
        case "Limit": self = .limit
        case "Market": self = .market
        default: self = .other(name)
        }
    }

    public var name: String {
        switch self {
        case .limit: "Limit"
        case .market: "Market"
        case .other(let name): name
        }
    }
}

/// How long an order stands.
public enum TimeInForce: Hashable, Sendable {
    case goodTillCancelled
    case immediateOrCancel
    case fillOrKill
    case postOnly
    case other(String)

    public init(name: String) {
        switch name {
        case "GTC": self = .goodTillCancelled
        case "IOC": self = .immediateOrCancel
        case "FOK": self = .fillOrKill
        case "PostOnly": self = .postOnly
        default: self = .other(name)
        }
    }

    public var name: String {
        switch self {
        case .goodTillCancelled: "GTC"
        case .immediateOrCancel: "IOC"
        case .fillOrKill: "FOK"
        case .postOnly: "PostOnly"
        case .other(let name): name
        }
    }
}

/// `orderStatus` of the exchange.
public enum OrderStatus: Hashable, Sendable {
    case new
    case partiallyFilled
    case untriggered
    case rejected
    case partiallyFilledCanceled
    case filled
    case cancelled
    case triggered
    case deactivated
    case other(String)

    public init(name: String) {
        switch name {
        case "New": self = .new
        case "PartiallyFilled": self = .partiallyFilled
        case "Untriggered": self = .untriggered
        case "Rejected": self = .rejected
        case "PartiallyFilledCanceled": self = .partiallyFilledCanceled
        case "Filled": self = .filled
        case "Cancelled": self = .cancelled
        case "Triggered": self = .triggered
        case "Deactivated": self = .deactivated
        default: self = .other(name)
        }
    }

    public var name: String {
        switch self {
        case .new: "New"
        case .partiallyFilled: "PartiallyFilled"
        case .untriggered: "Untriggered"
        case .rejected: "Rejected"
        case .partiallyFilledCanceled: "PartiallyFilledCanceled"
        case .filled: "Filled"
        case .cancelled: "Cancelled"
        case .triggered: "Triggered"
        case .deactivated: "Deactivated"
        case .other(let name): name
        }
    }

    /// Closed orders never open again.
    @inlinable
    public var isClosed: Bool {
        switch self {
        case .rejected, .partiallyFilledCanceled, .filled, .cancelled, .deactivated: true
        case .new, .partiallyFilled, .untriggered, .triggered, .other: false
        }
    }
}

/// `execType` of the exchange.
///
/// Not every execution is a fill: funding is a row here too.
public enum ExecutionType: Hashable, Sendable {
    case trade
    case funding
    case adlTrade
    case bustTrade
    case delivery
    case settle
    case blockTrade
    case movePosition
    /// The leg of a spread combination.
    case futureSpread
    case other(String)

    public init(name: String) {
        switch name {
        case "Trade": self = .trade
        case "Funding": self = .funding
        case "AdlTrade": self = .adlTrade
        case "BustTrade": self = .bustTrade
        case "Delivery": self = .delivery
        case "Settle": self = .settle
        case "BlockTrade": self = .blockTrade
        case "MovePosition": self = .movePosition
        case "FutureSpread": self = .futureSpread
        default: self = .other(name)
        }
    }

    public var name: String {
        switch self {
        case .trade: "Trade"
        case .funding: "Funding"
        case .adlTrade: "AdlTrade"
        case .bustTrade: "BustTrade"
        case .delivery: "Delivery"
        case .settle: "Settle"
        case .blockTrade: "BlockTrade"
        case .movePosition: "MovePosition"
        case .futureSpread: "FutureSpread"
        case .other(let name): name
        }
    }

    /// An execution that traded against an order and moved the position.
    @inlinable
    public var isFill: Bool {
        switch self {
        case .trade, .adlTrade, .bustTrade, .blockTrade, .movePosition, .futureSpread: true
        case .funding, .delivery, .settle, .other: false
        }
    }
}
