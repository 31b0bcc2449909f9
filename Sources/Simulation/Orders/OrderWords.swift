import Market

/// `orderType` of what the exchange takes: without a text, since orders are copied often.
enum OrderKind: UInt8, Sendable {
    case limit
    case market
    /// Of an execution that has no order.
    case none

    var word: OrderType {
        switch self {
        case .limit: .limit
        case .market: .market
        case .none: .other("UNKNOWN")
        }
    }
}

/// `timeInForce` of what the exchange takes.
enum Lifetime: UInt8, Sendable {
    case goodTillCancelled
    case immediateOrCancel
    case fillOrKill
    case postOnly

    var word: TimeInForce {
        switch self {
        case .goodTillCancelled: .goodTillCancelled
        case .immediateOrCancel: .immediateOrCancel
        case .fillOrKill: .fillOrKill
        case .postOnly: .postOnly
        }
    }
}

/// `orderStatus` of what the exchange has taken.
enum OrderState: UInt8, Sendable {
    case new
    case partiallyFilled
    case untriggered
    case rejected
    case partiallyFilledCanceled
    case filled
    case cancelled
    case triggered
    case deactivated

    var word: OrderStatus {
        switch self {
        case .new: .new
        case .partiallyFilled: .partiallyFilled
        case .untriggered: .untriggered
        case .rejected: .rejected
        case .partiallyFilledCanceled: .partiallyFilledCanceled
        case .filled: .filled
        case .cancelled: .cancelled
        case .triggered: .triggered
        case .deactivated: .deactivated
        }
    }

    var isClosed: Bool {
        switch self {
        case .rejected, .partiallyFilledCanceled, .filled, .cancelled, .deactivated: true
        case .new, .partiallyFilled, .untriggered, .triggered: false
        }
    }
}

/// `execType` of what happens here.
enum ExecutionKind: UInt8, Sendable {
    case trade
    case funding
    case adlTrade
    case bustTrade
    case delivery
    case settle
    /// The leg of a combination.
    case futureSpread
    /// Of closed P&L alone: no execution is told of a session.
    case sessionSettlement

    var word: ExecutionType {
        switch self {
        case .trade: .trade
        case .funding: .funding
        case .adlTrade: .adlTrade
        case .bustTrade: .bustTrade
        case .delivery: .delivery
        case .settle: .settle
        case .futureSpread: .futureSpread
        case .sessionSettlement: .other("SessionSettlePnL")
        }
    }
}

/// `type` of a row of the transaction log.
enum FlowType: String, Sendable {
    case trade = "TRADE"
    case settlement = "SETTLEMENT"
    case delivery = "DELIVERY"
    case liquidation = "LIQUIDATION"
    case deleveraging = "ADL"
    case transferIn = "TRANSFER_IN"
    case transferOut = "TRANSFER_OUT"
    case borrow = "BORROW"
    case repay = "REPAY"
    case interest = "INTEREST"
}

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
