public import Market

/// What an order may ask for beyond ``Market/OrderRequest``: all off by default.
public struct OrderOptions: Hashable, Sendable {
    /// 0 one-way; in hedge mode 1 for the long, 2 for the short position.
    public var positionIndex = 0
    public var closeOnTrigger = false
    /// Makes the order conditional: it waits, `Untriggered`, until a price gets there.
    public var triggerPrice: Numeral?
    /// 1 rising, 2 falling; 0 where the price itself says (spot).
    public var triggerDirection = 0
    public var triggerBy = TriggerSource.last
    public var takeProfit: ExitTerms?
    public var stopLoss: ExitTerms?
    public var exitMode = ExitMode.full
    /// The quantity of a spot market order is an amount of the quote coin; `nil`: of a buy, yes, of a sell, no.
    public var isQuoteQuantity: Bool?
    public var selfMatch = SelfMatchPrevention.none
    /// Spot: `StopOrder` locks nothing while it waits, `tpslOrder` what it will need.
    public var filter = OrderFilter.order

    public init() {}
}

/// Where a position is to be left, above or below.
public struct ExitTerms: Hashable, Sendable {
    public var price: Numeral
    public var by: TriggerSource
    /// A limit order once triggered; `nil`: a market order.
    public var limit: Numeral?

    public init(price: Numeral, by: TriggerSource = .last, limit: Numeral? = nil) {
        self.price = price
        self.by = by
        self.limit = limit
    }
}

/// The price that a trigger watches.
public enum TriggerSource: String, Hashable, Sendable, CaseIterable {
    case last = "LastPrice"
    case index = "IndexPrice"
    case mark = "MarkPrice"
}

/// Whether exits belong to the whole position or to the part that an order opened.
public enum ExitMode: String, Hashable, Sendable, CaseIterable {
    case full = "Full"
    case partial = "Partial"
}

/// What happens when an incoming order meets one of its own account; the incoming order's word counts.
public enum SelfMatchPrevention: String, Hashable, Sendable, CaseIterable {
    case none = "None"
    case cancelMaker = "CancelMaker"
    case cancelTaker = "CancelTaker"
    case cancelBoth = "CancelBoth"
}

/// Kinds of orders that a spot order is one of, and that cancel-all can be restricted to.
public enum OrderFilter: String, Hashable, Sendable, CaseIterable {
    case order = "Order"
    case stopOrder = "StopOrder"
    case exits = "tpslOrder"
    /// Active orders of derivatives.
    case openOrder = "OpenOrder"
}

/// Changes of an open order beyond ``Market/AmendRequest``; `nil` keeps.
public struct AmendOptions: Hashable, Sendable {
    public var triggerPrice: Numeral?
    public var triggerBy: TriggerSource?
    /// A price of zero removes it.
    public var takeProfit: ExitTerms?
    public var stopLoss: ExitTerms?

    public init() {}
}

/// Which open orders cancel-all means; empty does not restrict.
public struct CancelAllFilter: Hashable, Sendable {
    public var baseCoin = ""
    public var settleCoin = ""
    /// `nil`: every kind on derivatives, active orders only on spot.
    public var filter: OrderFilter?
    /// `Stop`: conditional orders, but no exits.
    public var stopOrderType = ""

    public init() {}
}
