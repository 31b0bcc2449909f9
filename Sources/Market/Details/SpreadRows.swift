/// An order on a combination, or on one of its legs.
///
/// - Source: a row of `spread.order`, of `GET /v5/spread/order/realtime` and `/v5/spread/order/history`.
public struct SpreadOrder: Hashable, Sendable {
    /// `combination`, `future_leg`, `spot_leg`; empty in lists, which have combinations alone.
    public var category = ""
    public var symbol = Symbol.none
    /// A leg's combination; empty on the combination.
    public var parentOrderID = ""
    public var orderID = ""
    public var orderLinkID = ""
    public var side = Side.buy
    public var status = ""
    public var cancelType = ""
    public var rejectReason = ""
    public var timeInForce = ""
    public var type = ""
    public var createType = ""
    public var price: Numeral?
    public var quantity: Numeral?
    public var averagePrice: Numeral?
    public var leavesQuantity: Numeral?
    public var leavesValue: Numeral?
    public var filledQuantity: Numeral?
    public var filledValue: Numeral?
    public var filledFee: Numeral?
    public var closedPnL: Numeral?
    public var isLeverage = ""
    public var feeCurrency = ""
    public var fees: [CoinAmount] = []
    public var baseCoin = ""
    public var settleCoin = ""
    public var contractType = ""
    /// Of the history alone.
    public var legs: [SpreadOrderLeg] = []
    public var createdMilliseconds: Int64 = 0
    public var updatedMilliseconds: Int64 = 0

    public init() {}
}

/// A leg's order.
///
/// - Source: `leg1…` and `leg2…` of the order history.
public struct SpreadOrderLeg: Hashable, Sendable {
    public var symbol = ""
    /// `Futures`, `Spot`.
    public var product = ""
    public var orderID = ""
    public var side = ""

    public init() {}
}

/// A fill of a combination, or of one of its legs.
///
/// - Source: a row of `spread.execution` and of `GET /v5/spread/execution/list`.
public struct SpreadExecution: Hashable, Sendable {
    public var category = ""
    public var symbol = Symbol.none
    public var executionID = ""
    public var parentExecutionID = ""
    /// Empty on legs.
    public var orderID = ""
    public var orderLinkID = ""
    public var side = Side.buy
    /// `Trade` on the combination, `FutureSpread` on legs.
    public var type = ""
    public var orderType = ""
    public var createType = ""
    /// Leg 1 less leg 2 on the combination.
    public var price: Numeral?
    public var quantity: Numeral?
    public var orderPrice: Numeral?
    public var orderQuantity: Numeral?
    public var leavesQuantity: Numeral?
    public var value: Numeral?
    public var fee: Numeral?
    /// `execFeeV2` of a spot leg.
    public var spotFee: Numeral?
    public var feeCoin = ""
    public var feeRate: Numeral?
    public var markPrice: Numeral?
    public var closedSize: Numeral?
    public var realisedPnL: Numeral?
    public var timeMilliseconds: Int64 = 0
    public var isMaker = false
    public var isLeverage = ""
    public var crossSequence: Int64 = 0
    /// Of the list alone, in which legs stand in their combination.
    public var legs: [SpreadExecution] = []

    public init() {}
}

/// An amount of one coin.
///
/// - Source: a member of `cumFeeDetail`.
public struct CoinAmount: Hashable, Sendable {
    public var coin = ""
    public var amount: Numeral?

    public init() {}
}

/// A combination that can be traded.
///
/// - Source: a row of `GET /v5/spread/instrument`.
public struct SpreadInstrument: Hashable, Sendable {
    public var symbol = Symbol.none
    /// `FundingRateArb`, `CarryTrade`, `FutureSpread`, `PerpBasis`.
    public var contractType = ""
    /// `Trading`, `Settling`.
    public var status = ""
    public var baseCoin = ""
    public var quoteCoin = ""
    public var settleCoin = ""
    public var tickSize: Numeral?
    /// Negative.
    public var priceMin: Numeral?
    public var priceMax: Numeral?
    public var lotSize: Numeral?
    public var sizeMin: Numeral?
    public var sizeMax: Numeral?
    public var launchMilliseconds: Int64 = 0
    public var deliveryMilliseconds: Int64 = 0
    /// Leg 1, then leg 2.
    public var legs: [SpreadLeg] = []

    public init() {}
}

/// A leg of a combination: both may have the same symbol.
///
/// - Source: an item of `legs`.
public struct SpreadLeg: Hashable, Sendable {
    public var symbol = Symbol.none
    /// `LinearPerpetual`, `LinearFutures`, `Spot`.
    public var contractType = ""

    public init() {}
}

/// The most that could be ordered.
///
/// - Source: `GET /v5/spread/max-qty`.
public struct SpreadQuantityMax: Hashable, Sendable {
    public var quantity: Numeral?

    public init() {}
}
