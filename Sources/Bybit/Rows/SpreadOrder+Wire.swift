import Market

/// A row of `spread.order`, `spread/order/realtime` and `spread/order/history`. - Source: bybit-v5 §4.7, §7.2.
///
/// The history names some fields otherwise than the open orders; both names are read, the open orders' are written.
extension SpreadOrder: WireRow {
    static func blank(category: Category) -> SpreadOrder { SpreadOrder() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        if coder.form == .push {
            coder.text("category", &category, .optional)
            coder.symbol("symbol", &symbol)
            coder.text("parentOrderId", &parentOrderID, .optional)
        } else {
            coder.symbol("symbol", &symbol)
            coder.tag("baseCoin", &baseCoin)
            coder.tag("settleCoin", &settleCoin)
            coder.tag("contractType", &contractType)
        }
        coder.text("orderId", &orderID, .required)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.side("side", &side)
        coder.text("orderStatus", &status, .required)
        coder.tag("cancelType", &cancelType)
        coder.tag("rejectReason", &rejectReason)
        coder.text("timeInForce", &timeInForce, .optional)
        coder.number("price", &price, .empty)
        coder.number("qty", &quantity, .empty)
        coder.number("leavesQty", &leavesQuantity, .empty)
        coder.number("cumExecQty", &filledQuantity, .empty)
        coder.text("orderType", &type, .optional)
        if coder.form == .push {
            coder.number("avgPrice", &averagePrice, .empty)
            coder.number("leavesValue", &leavesValue, .empty)
            coder.number("cumExecValue", &filledValue, .empty)
            coder.number("cumExecFee", &filledFee, .empty)
            coder.text("isLeverage", &isLeverage, .optional)
            coder.text("feeCurrency", &feeCurrency, .optional)
            coder.text("createType", &createType, .optional)
            coder.number("closedPnl", &closedPnL, .empty)
            coder.amounts("cumFeeDetail", &fees)
        }
        coder.time("createdTime", &createdMilliseconds, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .optional)
        if coder.form == .list { codeHistory(&coder) }
    }

    /// What the history alone has; `createdAt` for `createdTime`, `cxlRejReason` for `rejectReason`.
    private mutating func codeHistory<Coder: WireCoder>(_ coder: inout Coder) {
        var created: Int64?
        var updated: Int64?
        var reason = ""
        coder.time("createdAt", &created)
        coder.time("updatedAt", &updated)
        coder.tag("cxlRejReason", &reason)
        if let created { createdMilliseconds = created }
        if let updated { updatedMilliseconds = updated }
        if !reason.isEmpty { rejectReason = reason }
        var first = legs.first ?? SpreadOrderLeg()
        var second = legs.count > 1 ? legs[1] : SpreadOrderLeg()
        coder.tag("leg1Symbol", &first.symbol)
        coder.tag("leg1ProdType", &first.product)
        coder.tag("leg1OrderId", &first.orderID)
        coder.tag("leg1Side", &first.side)
        coder.tag("leg2Symbol", &second.symbol)
        coder.tag("leg2ProdType", &second.product)
        coder.tag("leg2OrderId", &second.orderID)
        coder.tag("leg2Side", &second.side)
        let isNamed = !first.symbol.isEmpty || !second.symbol.isEmpty
        legs = isNamed ? [first, second] : []
    }
}

/// A row of `spread.execution` and `spread/execution/list`. - Source: bybit-v5 §4.7, §7.2.
extension SpreadExecution: WireRow {
    static func blank(category: Category) -> SpreadExecution { SpreadExecution() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.tag("category", &category)
        coder.symbol("symbol", &symbol)
        coder.number("closedSize", &closedSize, absence(coder))
        coder.number("execFee", &fee, absence(coder))
        coder.number("execFeeV2", &spotFee, .omitted)
        if coder.form == .push {
            coder.tag("feeCoin", &feeCoin)
        } else {
            coder.tag("feeCurrency", &feeCoin)
        }
        coder.text("execId", &executionID, .required)
        // Pushes have both keys, empty where there is nothing to say.
        if coder.form == .push {
            coder.text("parentExecId", &parentExecutionID, .optional)
        } else {
            coder.tag("parentExecId", &parentExecutionID)
        }
        coder.number("execPrice", &price, .empty)
        coder.number("execQty", &quantity, .empty)
        coder.text("execType", &type, .optional)
        coder.number("execValue", &value, absence(coder))
        coder.number("feeRate", &feeRate, absence(coder))
        coder.number("markPrice", &markPrice, absence(coder))
        coder.number("leavesQty", &leavesQuantity, absence(coder))
        coder.text("orderId", &orderID, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.number("orderPrice", &orderPrice, absence(coder))
        coder.number("orderQty", &orderQuantity, absence(coder))
        coder.tag("orderType", &orderType)
        coder.side("side", &side)
        coder.time("execTime", &timeMilliseconds, .required)
        if coder.form == .push {
            coder.text("isLeverage", &isLeverage, .optional)
        } else {
            coder.tag("isLeverage", &isLeverage)
        }
        coder.flag("isMaker", &isMaker)
        coder.integer("seq", &crossSequence, .optional)
        coder.tag("createType", &createType)
        coder.number("execPnl", &realisedPnL, absence(coder))
        if coder.form == .list { coder.rows("legs", &legs) }
    }

    private func absence(_ coder: some WireCoder) -> Absence {
        coder.form == .push ? .empty : .omitted
    }
}
