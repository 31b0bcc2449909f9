/// `cancelType` of an order.
enum CancelType: String, Sendable {
    case unknown = "UNKNOWN"
    case user = "CancelByUser"
    case reduceOnly = "CancelByReduceOnly"
    case selfMatch = "CancelBySmp"
    case exitsCleared = "CancelByTpSlTsClear"
    case liquidation = "CancelAllBeforeLiq"
    case deleveraging = "CancelAllBeforeAdl"
    case settlement = "CancelBySettle"
    case delivery = "CancelByDelivery"
    case rebalance = "CancelByRebalance"
    case cannotAfford = "CancelByCannotAffordOrderCost"
    case disconnection = "CancelByDCP"
}

/// `rejectReason` of an order.
enum RejectReason: String, Sendable {
    case none = "EC_NoError"
    case postOnly = "EC_PostOnlyWillTakeLiquidity"
    case noFullFill = "EC_CancelForNoFullFill"
    case noImmediateQuantity = "EC_NoImmediateQtyToFill"
    case request = "EC_PerCancelRequest"
    case selfMatch = "EC_BySelfMatch"
    case others = "EC_Others"
}

/// `createType` of an order.
enum CreateType: String, Sendable {
    case user = "CreateByUser"
    case stopOrder = "CreateByStopOrder"
    case takeProfit = "CreateByTakeProfit"
    case stopLoss = "CreateByStopLoss"
    case partialTakeProfit = "CreateByPartialTakeProfit"
    case partialStopLoss = "CreateByPartialStopLoss"
    case trailingStop = "CreateByTrailingStop"
    case closing = "CreateByClosing"
    case spread = "CreateByFutureSpread"
}

/// `stopOrderType` of a conditional order.
enum StopKind: String, Sendable {
    case stop = "Stop"
    case takeProfit = "TakeProfit"
    case stopLoss = "StopLoss"
    case partialTakeProfit = "PartialTakeProfit"
    case partialStopLoss = "PartialStopLoss"
    case trailing = "TrailingStop"
    /// Spot.
    case exits = "tpslOrder"

    var createType: CreateType {
        switch self {
        case .stop, .exits: .stopOrder
        case .takeProfit: .takeProfit
        case .stopLoss: .stopLoss
        case .partialTakeProfit: .partialTakeProfit
        case .partialStopLoss: .partialStopLoss
        case .trailing: .trailingStop
        }
    }

    /// One that belongs to a position and goes with it.
    var isExit: Bool {
        switch self {
        case .stop, .exits: false
        case .takeProfit, .stopLoss, .partialTakeProfit, .partialStopLoss, .trailing: true
        }
    }
}
