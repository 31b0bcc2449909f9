/// What an order row of the exchange says beyond ``OrderUpdate``: written by an exchange, not kept by a desk.
///
/// A reference, so that the many rows without one cost a word.
///
/// - Source: bybit-v5 §4.1.
public final class OrderDetails: Sendable, Hashable {
    public let stopOrderType: String
    public let createType: String
    public let triggerPrice: Numeral?
    public let triggerBy: String
    /// 1 rising, 2 falling, 0 none.
    public let triggerDirection: Int
    public let takeProfit: Numeral?
    public let stopLoss: Numeral?
    public let takeProfitLimit: Numeral?
    public let stopLossLimit: Numeral?
    public let takeProfitBy: String
    public let stopLossBy: String
    /// `tpslMode`.
    public let exitMode: String
    public let closeOnTrigger: Bool
    public let selfMatchPrevention: String
    public let marketUnit: String
    /// The coin of the order's fees.
    public let feeCoin: String
    /// Of an exit: the client's id of the order that brought it.
    public let parentOrderLinkID: String
    /// The order of its own account that it met, where that ended it.
    public let selfMatchOrderID: String

    public init(
        stopOrderType: String = "",
        createType: String = "CreateByUser",
        triggerPrice: Numeral? = nil,
        triggerBy: String = "",
        triggerDirection: Int = 0,
        takeProfit: Numeral? = nil,
        stopLoss: Numeral? = nil,
        takeProfitLimit: Numeral? = nil,
        stopLossLimit: Numeral? = nil,
        takeProfitBy: String = "",
        stopLossBy: String = "",
        exitMode: String = "",
        closeOnTrigger: Bool = false,
        selfMatchPrevention: String = "None",
        marketUnit: String = "",
        feeCoin: String = "",
        parentOrderLinkID: String = "",
        selfMatchOrderID: String = ""
    ) {
        self.stopOrderType = stopOrderType
        self.createType = createType
        self.triggerPrice = triggerPrice
        self.triggerBy = triggerBy
        self.triggerDirection = triggerDirection
        self.takeProfit = takeProfit
        self.stopLoss = stopLoss
        self.takeProfitLimit = takeProfitLimit
        self.stopLossLimit = stopLossLimit
        self.takeProfitBy = takeProfitBy
        self.stopLossBy = stopLossBy
        self.exitMode = exitMode
        self.closeOnTrigger = closeOnTrigger
        self.selfMatchPrevention = selfMatchPrevention
        self.marketUnit = marketUnit
        self.feeCoin = feeCoin
        self.parentOrderLinkID = parentOrderLinkID
        self.selfMatchOrderID = selfMatchOrderID
    }

    public static func == (left: OrderDetails, right: OrderDetails) -> Bool {
        left.stopOrderType == right.stopOrderType && left.createType == right.createType
            && left.triggerPrice == right.triggerPrice && left.triggerBy == right.triggerBy
            && left.triggerDirection == right.triggerDirection
            && left.takeProfit == right.takeProfit && left.stopLoss == right.stopLoss
            && left.takeProfitLimit == right.takeProfitLimit
            && left.stopLossLimit == right.stopLossLimit
            && left.takeProfitBy == right.takeProfitBy && left.stopLossBy == right.stopLossBy
            && left.exitMode == right.exitMode && left.closeOnTrigger == right.closeOnTrigger
            && left.selfMatchPrevention == right.selfMatchPrevention
            && left.marketUnit == right.marketUnit && left.feeCoin == right.feeCoin
            && left.parentOrderLinkID == right.parentOrderLinkID
            && left.selfMatchOrderID == right.selfMatchOrderID
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(stopOrderType)
        hasher.combine(createType)
        hasher.combine(triggerPrice)
    }
}
