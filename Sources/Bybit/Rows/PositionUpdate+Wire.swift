import Market

/// A row of the `position` topic and of `position/list`. - Source: bybit-v5 §4.4, §6.6.
extension PositionUpdate: WireRow {
    static func blank(category: Category) -> PositionUpdate {
        PositionUpdate(
            instrument: InstrumentID(category, .none),
            side: nil,
            size: .zero,
            entryPrice: nil,
            updatedMilliseconds: 0,
            crossSequence: -1
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        if coder.form == .push { coder.category("category", &instrument.category) }
        coder.symbol("symbol", &instrument.symbol)
        var index = Int64(positionIndex)
        coder.integer("positionIdx", &index, .optional)
        positionIndex = Int(truncatingIfNeeded: index)
        coder.constant("tradeMode", "0")
        coder.constant("riskId", "1")
        coder.constant("riskLimitValue", #""2000000""#)
        coder.side("side", &side)
        coder.numeral("size", &size, .required)
        // The same number under two names.
        if coder.form == .push {
            coder.numeral("entryPrice", &entryPrice, .zero)
        } else {
            coder.numeral("avgPrice", &entryPrice, .zero)
        }
        coder.constant("sessionAvgPrice", #""""#)
        coder.numeral("leverage", &leverage, .empty)
        coder.constant("breakEvenPrice", #""""#)
        coder.amount("positionValue", &positionValue, .empty)
        coder.constant("positionBalance", #""0""#)
        coder.numeral("markPrice", &markPrice, .empty)
        coder.constant("positionIM", #""""#)
        coder.constant("positionIMByMp", #""""#)
        coder.constant("positionMM", #""""#)
        coder.constant("positionMMByMp", #""""#)
        coder.constant("liqPrice", #""""#)
        coder.constant("bustPrice", #""""#)
        coder.constant("takeProfit", #""""#)
        coder.constant("stopLoss", #""""#)
        coder.constant("trailingStop", #""0""#)
        coder.amount("unrealisedPnl", &unrealisedPnL, .empty)
        coder.amount("curRealisedPnl", &currentRealisedPnL, .empty)
        coder.amount("cumRealisedPnl", &cumulativeRealisedPnL, .empty)
        coder.constant("tpslMode", #""Full""#)
        coder.constant("positionStatus", #""Normal""#)
        coder.derived { $0.constant("adlRankIndicator", side == nil ? "0" : "2") }
        coder.constant("autoAddMargin", "0")
        coder.constant("isReduceOnly", "false")
        coder.constant("mmrSysUpdatedTime", #""""#)
        coder.constant("leverageSysUpdatedTime", #""""#)
        coder.time("createdTime", &createdMilliseconds, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .required)
        coder.derived { $0.integer("openTime", side == nil ? 0 : createdMilliseconds) }
        coder.integer("seq", &crossSequence, .optional)
    }
}
