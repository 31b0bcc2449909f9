import Market
import Simulation

/// Rows of `spread.order` and `spread.execution`, made of the exchange's own rows of combinations and their legs.
///
/// - Source: bybit-v5 §4.7: what is the legs' alone is empty on the combination.
struct CombinationRows {
    /// The execution of a combination whose legs follow.
    private var lastExecution: [AccountID: String] = [:]
    static func combination(_ row: OrderUpdate) -> SpreadOrder {
        var order = SpreadOrder()
        order.category = "combination"
        order.symbol = row.instrument.symbol
        order.orderID = row.orderID
        order.orderLinkID = row.orderLinkID
        order.side = row.side
        order.status = row.status.name
        order.cancelType = row.cancelType
        order.rejectReason = row.rejectReason
        order.timeInForce = row.timeInForce.name
        order.type = row.type.name
        order.createType = row.details?.createType ?? "CreateByUser"
        order.price = row.price
        order.quantity = row.quantity
        order.leavesQuantity = row.leavesQuantity
        order.filledQuantity = row.filledQuantity
        order.createdMilliseconds = row.createdMilliseconds
        order.updatedMilliseconds = row.updatedMilliseconds
        return order
    }

    mutating func execution(_ row: ExecutionReport, of account: AccountID) -> SpreadExecution {
        lastExecution[account] = row.executionID
        return CombinationRows.combination(row)
    }

    static func combination(_ row: ExecutionReport) -> SpreadExecution {
        var execution = SpreadExecution()
        execution.category = "combination"
        execution.symbol = row.instrument.symbol
        execution.executionID = row.executionID
        execution.orderID = row.orderID
        execution.orderLinkID = row.orderLinkID
        execution.side = row.side
        execution.type = row.type.name
        execution.orderType = row.orderType.name
        execution.createType = row.details?.createType ?? "CreateByUser"
        execution.price = row.price
        execution.quantity = row.quantity
        execution.orderPrice = row.orderPrice
        execution.orderQuantity = row.orderQuantity
        execution.leavesQuantity = row.leavesQuantity
        execution.timeMilliseconds = row.timeMilliseconds
        execution.isMaker = row.isMaker
        execution.crossSequence = row.crossSequence
        return execution
    }

    /// A leg's execution, which follows that of its combination.
    func leg(_ row: ExecutionReport, of account: AccountID) -> SpreadExecution {
        var execution = CombinationRows.leg(row)
        execution.parentExecutionID = lastExecution[account] ?? ""
        return execution
    }

    static func leg(_ row: ExecutionReport) -> SpreadExecution {
        let isSpot = row.instrument.category == .spot
        var execution = combination(row)
        execution.category = isSpot ? "spot_leg" : "future_leg"
        execution.orderID = ""
        execution.orderLinkID = ""
        execution.createType = "CreateByFutureSpread"
        execution.value = Numeral(rounding: row.value)
        if isSpot {
            execution.spotFee = Numeral(rounding: row.fee)
            execution.feeCoin = row.feeCoin
        } else {
            execution.fee = Numeral(rounding: row.fee)
        }
        execution.feeRate = row.feeRate
        execution.markPrice = row.markPrice
        execution.closedSize = row.closedQuantity
        execution.realisedPnL = row.realisedPnL.map { Numeral(rounding: $0) }
        execution.isLeverage = "0"
        return execution
    }

    /// Combinations name their legs' orders by the combination's id and the leg's number.
    static func leg(_ row: OrderUpdate) -> SpreadOrder {
        var order = combination(row)
        order.category = row.instrument.category == .spot ? "spot_leg" : "future_leg"
        order.parentOrderID =
            row.orderID.lastIndex(of: "-").map { String(row.orderID[..<$0]) } ?? ""
        order.averagePrice = row.averagePrice
        order.leavesValue = Numeral(rounding: open(row))
        order.filledValue = Numeral(rounding: row.filledValue)
        order.filledFee = Numeral(rounding: row.filledFee)
        order.closedPnL = Numeral(rounding: row.closedPnL)
        order.isLeverage = "0"
        var fee = CoinAmount()
        fee.coin = row.details?.feeCoin ?? ""
        fee.amount = order.filledFee
        order.feeCurrency = fee.coin
        order.fees = [fee]
        return order
    }
}

extension CombinationRows {
    /// What is open of an order, at its price.
    private static func open(_ row: OrderUpdate) -> Amount {
        guard let left = row.leavesQuantity, let price = row.price.flatMap({ try? Amount($0) }),
            let value = try? price.scaled(
                by: Int128(left.mantissa),
                over: PowerOfTen.int128(Int(left.decimals)),
                rounding: .halfEven
            )
        else { return .zero }
        return value
    }
}

extension ExecutionReport {
    /// The short form: no fee, no type, no value; the link id of a taker alone.
    var fast: FastExecution {
        var fast = FastExecution()
        fast.category = instrument.category
        fast.symbol = instrument.symbol
        fast.orderID = orderID
        fast.orderLinkID = isMaker ? "" : orderLinkID
        fast.executionID = executionID
        fast.side = side
        fast.price = price
        fast.quantity = quantity
        fast.isMaker = isMaker
        fast.timeMilliseconds = timeMilliseconds
        fast.crossSequence = crossSequence
        return fast
    }
}

extension Simulation.Liquidation {
    var wire: Market.Liquidation {
        var row = Market.Liquidation()
        row.symbol = symbol
        row.side = side
        row.size = quantity
        row.price = price
        row.timeMilliseconds = timeMilliseconds
        return row
    }
}

extension WalletReport {
    var totals: AccountTotals {
        AccountTotals(
            equity: totalEquity,
            walletBalance: totalWalletBalance,
            marginBalance: totalMarginBalance,
            available: totalAvailableBalance,
            unrealisedPnL: totalUnrealisedPnL,
            initialMargin: totalInitialMargin,
            maintenanceMargin: totalMaintenanceMargin
        )
    }
}
