import JSON
import Market

/// A row of the `order` topic, of `order/realtime` and of `order/history`. - Source: bybit-v5 §4.1, §6.5, §10.3.
extension OrderUpdate: WireRow {
    static func blank(category: Category) -> OrderUpdate {
        OrderUpdate(
            instrument: InstrumentID(category, .none),
            orderID: "",
            orderLinkID: "",
            side: .buy,
            type: .limit,
            timeInForce: .goodTillCancelled,
            status: .new,
            price: nil,
            quantity: .zero,
            rejectReason: "",
            cancelType: "",
            createdMilliseconds: 0,
            updatedMilliseconds: 0
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        if coder.form == .push { coder.category("category", &instrument.category) }
        let category = instrument.category
        let isContract = category != .spot && category != .option
        coder.symbol("symbol", &instrument.symbol)
        coder.text("orderId", &orderID, .required)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.constant("blockTradeId", #""""#)
        coder.side("side", &side)
        var index = Int64(positionIndex)
        coder.integer("positionIdx", &index, .optional)
        positionIndex = Int(truncatingIfNeeded: index)
        coder.word("orderStatus", &status, .required)
        coder.text("cancelType", &cancelType, .optional)
        coder.text("rejectReason", &rejectReason, .optional)
        coder.word("timeInForce", &timeInForce, .optional)
        if category != .option { coder.constant("isLeverage", #""""#) }
        coder.numeral("price", &price, .empty)
        coder.numeral("qty", &quantity, .required)
        coder.numeral("avgPrice", &averagePrice, .zero)
        coder.numeral("leavesQty", &leavesQuantity, .empty)
        coder.derived { $0.amount("leavesValue", OrderUpdate.value(leavesQuantity, price)) }
        coder.numeral("cumExecQty", &filledQuantity, .optional)
        coder.amount("cumExecValue", &filledValue, .optional)
        coder.amount("cumExecFee", &filledFee, .optional)
        coder.word("orderType", &type, .optional)
        coder.derived { $0.text("stopOrderType", details?.stopOrderType ?? "") }
        coder.constant("orderIv", #""""#)
        coder.derived { $0.numeral("triggerPrice", details?.triggerPrice) }
        coder.derived { $0.numeral("takeProfit", details?.takeProfit) }
        coder.derived { $0.numeral("stopLoss", details?.stopLoss) }
        coder.derived { $0.text("triggerBy", details?.triggerBy ?? "") }
        coder.derived { $0.text("tpTriggerBy", details?.takeProfitBy ?? "") }
        coder.derived { $0.text("slTriggerBy", details?.stopLossBy ?? "") }
        coder.derived { $0.numeral("tpLimitPrice", details?.takeProfitLimit) }
        coder.derived { $0.numeral("slLimitPrice", details?.stopLossLimit) }
        coder.derived { $0.integer("triggerDirection", details?.triggerDirection ?? 0) }
        if category == .option {
            coder.constant("placeType", #""price""#)
        } else {
            coder.constant("placeType", #""""#)
        }
        // Only the history says a spot order's, and under a name of its own.
        if category == .spot, coder.form == .history {
            coder.derived { $0.numeral("basePrice", lastPriceOnCreated) }
        } else {
            coder.derived {
                $0.numeral("lastPriceOnCreated", isContract ? lastPriceOnCreated : nil)
            }
        }
        coder.derived { $0.flag("closeOnTrigger", details?.closeOnTrigger ?? false) }
        coder.flag("reduceOnly", &reduceOnly)
        coder.constant("smpGroup", "0")
        coder.derived { $0.text("smpType", details?.selfMatchPrevention ?? "None") }
        coder.derived { $0.text("smpOrderId", details?.selfMatchOrderID ?? "") }
        // Clients tell a contract's order from a spot one by these two keys.
        if category != .spot { coder.derived { $0.text("tpslMode", details?.exitMode ?? "") } }
        if isContract {
            coder.derived { $0.text("createType", details?.createType ?? "CreateByUser") }
        }
        if category != .spot {
            coder.derived { $0.text("parentOrderLinkId", details?.parentOrderLinkID ?? "") }
        }
        if category == .spot { coder.constant("ocoTriggerBy", #""OcoTriggerByUnknown""#) }
        if category != .option {
            var unit = details?.marketUnit ?? (countsQuote ? "quoteCoin" : "")
            coder.text("marketUnit", &unit, .optional)
            if category == .spot, unit == "quoteCoin", type == .market { countsQuote = true }
            coder.constant("slippageToleranceType", #""UNKNOWN""#)
            coder.constant("slippageTolerance", #""""#)
        }
        coder.constant("rpiTakerAccess", "false")
        coder.constant("rpiMatchedQty", #""""#)
        // No list among the samples has these two.
        if coder.form == .push {
            coder.derived { $0.numeral("closedPnl", Numeral(rounding: closedPnL)) }
            coder.constant("feeCurrency", #""""#)
        }
        coder.derived { writeFees(to: &$0) }
        coder.time("createdTime", &createdMilliseconds, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .required)
    }

    private func writeFees(to writer: inout WireWriter) {
        writer.beginObject("cumFeeDetail")
        let coin = details?.feeCoin ?? instrument.symbol.settleCoin(instrument.category)
        if !filledQuantity.isZero, !coin.isEmpty { writer.amount(coin, filledFee) }
        writer.endObject()
    }

    /// The open value; zero where there is no price or the product does not fit, since it is an estimate.
    private static func value(_ quantity: Numeral?, _ price: Numeral?) -> Amount {
        guard let quantity = quantity?.trimmed, let price = price?.trimmed else { return .zero }
        let scale = Scale(
            priceDecimals: Int(price.decimals),
            quantityDecimals: Int(quantity.decimals)
        )
        let value = try? scale.value(
            Price(units: price.mantissa),
            Quantity(units: quantity.mantissa)
        )
        return value ?? .zero
    }
}
