import Market

/// A row of the `execution` topic and of `execution/list`. - Source: bybit-v5 §4.2, §10.3.
extension ExecutionReport: WireRow {
    static func blank(category: Category) -> ExecutionReport {
        ExecutionReport(
            instrument: InstrumentID(category, .none),
            executionID: "",
            type: .trade,
            orderID: "",
            orderLinkID: "",
            side: .buy,
            price: .zero,
            quantity: .zero,
            value: .zero,
            fee: .zero,
            orderType: .other(""),
            timeMilliseconds: 0
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        if coder.form == .push { coder.category("category", &instrument.category) }
        let isContract = instrument.category != .spot && instrument.category != .option
        coder.symbol("symbol", &instrument.symbol)
        coder.text("orderId", &orderID, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.side("side", &side)
        coder.numeral("orderPrice", &orderPrice, .empty)
        coder.numeral("orderQty", &orderQuantity, .empty)
        coder.numeral("leavesQty", &leavesQuantity, .empty)
        // Clients tell a contract's execution from a spot one by this key; funding has no order that was created.
        if isContract, type != .funding {
            coder.derived { $0.text("createType", details?.createType ?? "CreateByUser") }
        }
        coder.word("orderType", &orderType, .optional)
        coder.derived {
            let kind = details?.stopOrderType ?? ""
            $0.text("stopOrderType", kind.isEmpty ? "UNKNOWN" : kind)
        }
        coder.text("execId", &executionID, .required)
        coder.word("execType", &type, .required)
        coder.numeral("execPrice", &price, .required)
        coder.numeral("execQty", &quantity, .required)
        coder.amount("execValue", &value, .required)
        coder.amount("execFee", &fee, .required)
        coder.numeral("feeRate", &feeRate, .empty)
        coder.text("feeCurrency", &feeCoin, .optional)
        // List rows do not say the realised P&L of a fill.
        if coder.form == .push { coder.amount("execPnl", &realisedPnL, .empty) }
        coder.numeral("closedSize", &closedQuantity, .empty)
        coder.flag("isMaker", &isMaker)
        coder.constant("isLeverage", #""0""#)
        coder.numeral("markPrice", &markPrice, .empty)
        coder.derived { $0.numeral("indexPrice", details?.indexPrice) }
        coder.derived { $0.numeral("underlyingPrice", details?.underlyingPrice) }
        coder.derived { $0.numeral("tradeIv", details?.volatility) }
        coder.derived { $0.numeral("markIv", details?.markVolatility) }
        coder.constant("blockTradeId", #""""#)
        coder.fees("extraFees", &extraFees)
        if coder.form == .push, instrument.category != .option {
            coder.constant("marketUnit", #""""#)
        }
        coder.time("execTime", &timeMilliseconds, .required)
        coder.integer("seq", &crossSequence, .optional)
    }
}
