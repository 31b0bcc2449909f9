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
        coder.numeral("sessionAvgPrice", &sessionPrice, .empty)
        coder.numeral("leverage", &leverage, .empty)
        coder.derived { $0.numeral("breakEvenPrice", details?.breakEvenPrice) }
        coder.amount("positionValue", &positionValue, .empty)
        coder.constant("positionBalance", #""0""#)
        coder.numeral("markPrice", &markPrice, .empty)
        coder.derived { $0.amount("positionIM", details?.initialMargin) }
        coder.derived { $0.amount("positionIMByMp", details?.initialMargin) }
        coder.derived { $0.amount("positionMM", details?.maintenanceMargin) }
        coder.derived { $0.amount("positionMMByMp", details?.maintenanceMargin) }
        coder.derived { $0.numeral("liqPrice", details?.liquidationPrice) }
        coder.constant("bustPrice", #""""#)
        coder.derived { $0.numeral("takeProfit", details?.takeProfit) }
        coder.derived { $0.numeral("stopLoss", details?.stopLoss) }
        coder.derived { $0.numeral("trailingStop", details?.trailingStop ?? .zero) }
        coder.amount("unrealisedPnl", &unrealisedPnL, .empty)
        coder.amount("curRealisedPnl", &currentRealisedPnL, .empty)
        coder.amount("cumRealisedPnl", &cumulativeRealisedPnL, .empty)
        coder.constant("tpslMode", #""Full""#)
        coder.constant("positionStatus", #""Normal""#)
        coder.derived {
            $0.integer("adlRankIndicator", details?.deleveragingRank ?? (side == nil ? 0 : 2))
        }
        coder.constant("autoAddMargin", "0")
        coder.constant("isReduceOnly", "false")
        // Spelled otherwise in lists.
        if coder.form == .push {
            coder.constant("mmrSysUpdatedTime", #""""#)
        } else {
            coder.constant("mmrSysUpdateTime", #""""#)
        }
        coder.constant("leverageSysUpdatedTime", #""""#)
        coder.time("createdTime", &createdMilliseconds, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .required)
        coder.derived {
            let opened = details?.openMilliseconds ?? createdMilliseconds
            $0.integer("openTime", side == nil ? 0 : opened)
        }
        if instrument.category == .option {
            coder.derived { $0.numeral("delta", details?.greeks?.delta) }
            coder.derived { $0.numeral("gamma", details?.greeks?.gamma) }
            coder.derived { $0.numeral("vega", details?.greeks?.vega) }
            coder.derived { $0.numeral("theta", details?.greeks?.theta) }
        }
        coder.integer("seq", &crossSequence, .optional)
    }
}
