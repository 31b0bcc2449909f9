import Market
import Simulation

/// Rows of `spread.order` and `spread.execution`, made of the exchange's own rows of combinations and their legs.
///
/// - Source: bybit-v5 §4.7: what is the legs' alone is empty on the combination.
struct CombinationRows {
    /// The execution of a combination whose legs follow.
    private var lastExecution: [AccountID: String] = [:]
    /// What leg orders have filled so far, by id; look-ups only.
    private var filled: [String: (quantity: Amount, value: Amount, fee: Amount)] = [:]

    mutating func order(_ row: OrderUpdate) -> SpreadOrder {
        if row.status.isClosed {
            for leg in ["-1", "-2"] { filled[row.orderID + leg] = nil }
        }
        return CombinationRows.combination(row)
    }

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

    /// A leg's execution and its order, as it stands after it.
    mutating func leg(
        _ row: ExecutionReport,
        of account: AccountID
    ) -> (execution: SpreadExecution, order: SpreadOrder) {
        var execution = CombinationRows.leg(row)
        execution.parentExecutionID = lastExecution[account] ?? ""
        return (execution, order(ofLeg: row))
    }

    static func leg(_ row: ExecutionReport) -> SpreadExecution {
        let isSpot = row.instrument.category == .spot
        var execution = combination(row)
        execution.category = isSpot ? "spot_leg" : "future_leg"
        execution.orderID = ""
        execution.orderLinkID = ""
        execution.createType = "CreateByFutureSpread"
        execution.value = Numeral(rounded: row.value)
        if isSpot {
            execution.spotFee = Numeral(rounded: row.fee)
            execution.feeCoin = row.feeCoin
        } else {
            execution.fee = Numeral(rounded: row.fee)
        }
        execution.feeRate = row.feeRate
        execution.markPrice = row.markPrice
        execution.closedSize = row.closedQuantity
        execution.realisedPnL = row.realisedPnL.map { Numeral(rounded: $0) }
        execution.isLeverage = "0"
        return execution
    }

    /// Combinations name their legs' orders by the combination's id and the leg's number.
    private mutating func order(ofLeg row: ExecutionReport) -> SpreadOrder {
        var sum = filled[row.orderID] ?? (.zero, .zero, .zero)
        sum.quantity = CombinationRows.sum(sum.quantity, try? Amount(row.quantity))
        sum.value = CombinationRows.sum(sum.value, row.value)
        sum.fee = CombinationRows.sum(sum.fee, row.fee)
        let isDone = row.leavesQuantity?.isZero != false
        filled[row.orderID] = isDone ? nil : sum
        let isSpot = row.instrument.category == .spot
        var order = SpreadOrder()
        order.category = isSpot ? "spot_leg" : "future_leg"
        order.symbol = row.instrument.symbol
        order.parentOrderID =
            row.orderID.lastIndex(of: "-").map { String(row.orderID[..<$0]) } ?? ""
        order.orderID = row.orderID
        order.side = row.side
        order.status = isDone ? "Filled" : "PartiallyFilled"
        order.cancelType = "UNKNOWN"
        order.rejectReason = "EC_NoError"
        order.timeInForce = "GTC"
        order.type = row.orderType.name
        order.createType = "CreateByFutureSpread"
        order.price = row.orderPrice
        order.quantity = row.orderQuantity
        order.averagePrice = row.price
        order.leavesQuantity = row.leavesQuantity
        order.leavesValue = .zero
        order.filledQuantity = Numeral(rounded: sum.quantity)
        order.filledValue = Numeral(rounded: sum.value)
        order.filledFee = Numeral(rounded: sum.fee)
        order.closedPnL = row.realisedPnL.map { Numeral(rounded: $0) } ?? .zero
        order.isLeverage = "0"
        order.feeCurrency = row.feeCoin
        var fee = CoinAmount()
        fee.coin = row.feeCoin
        fee.amount = Numeral(rounded: sum.fee)
        order.fees = [fee]
        order.createdMilliseconds = row.timeMilliseconds
        order.updatedMilliseconds = row.timeMilliseconds
        return order
    }

    private static func sum(_ left: Amount, _ right: Amount?) -> Amount {
        (try? left.adding(right ?? .zero)) ?? left
    }
}

extension Numeral {
    /// An amount with at most eight decimals, half to even; the end of the range where it does not fit.
    init(rounded amount: Amount) {
        let units = try? FullWidth.multiplyDivide(
            amount.units,
            1,
            by: PowerOfTen.int128(Amount.decimals - 8),
            rounding: .halfEven
        )
        self = Numeral(mantissa: Int64(clamping: units ?? 0), decimals: 8).trimmed
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
