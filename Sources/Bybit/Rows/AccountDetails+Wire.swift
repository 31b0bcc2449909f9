import Market

/// A row of `execution.fast`. - Source: bybit-v5 §4.3.
extension FastExecution: WireRow {
    static func blank(category: Category) -> FastExecution { FastExecution() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.category("category", &category)
        coder.symbol("symbol", &symbol)
        coder.text("orderId", &orderID, .required)
        coder.flag("isMaker", &isMaker)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.text("execId", &executionID, .required)
        coder.number("execPrice", &price, .empty)
        coder.number("execQty", &quantity, .empty)
        coder.side("side", &side)
        coder.time("execTime", &timeMilliseconds, .required)
        coder.integer("seq", &crossSequence, .optional)
    }
}

/// A row of `greeks`. - Source: bybit-v5 §4.6.
extension Greeks: WireRow {
    static func blank(category: Category) -> Greeks { Greeks() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("baseCoin", &baseCoin, .required)
        coder.number("totalDelta", &delta, .empty)
        coder.number("totalGamma", &gamma, .empty)
        coder.number("totalVega", &vega, .empty)
        coder.number("totalTheta", &theta, .empty)
    }
}

/// A row of `strategy`. - Source: bybit-v5 §4.
extension StrategyOrder: WireRow {
    static func blank(category: Category) -> StrategyOrder { StrategyOrder() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("strategyId", &strategyID, .required)
        coder.text("strategyType", &type, .optional)
        coder.text("category", &category, .optional)
        coder.text("symbol", &symbol, .optional)
        coder.number("size", &size, .empty)
        coder.text("side", &side, .optional)
        coder.integer("status", &status, .optional)
        coder.integer("terminateType", &terminateType, .optional)
        coder.number("executedSize", &executedSize, .empty)
        coder.number("executedAvgPrice", &executedAveragePrice, .empty)
        coder.integer("createdTimeE3", &createdMilliseconds, .optional)
        coder.integer("updatedTimeE3", &updatedMilliseconds, .optional)
    }
}

/// An item of a batch's or a cancel-all's `list`. - Source: bybit-v5 §6.5.
extension AcceptedOrder: WireRow {
    static func blank(category: Category) -> AcceptedOrder { AcceptedOrder() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.tag("category", &category)
        coder.tag("symbol", &symbol)
        coder.text("orderId", &orderID, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.time("createAt", &createdMilliseconds)
    }
}

/// `order/pre-check`. - Source: bybit-v5 §6.5.
extension PreCheck: WireRow {
    static func blank(category: Category) -> PreCheck { PreCheck() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("orderId", &orderID, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.integer("preImrE4", &initialBefore, .optional)
        coder.integer("preMmrE4", &maintenanceBefore, .optional)
        coder.integer("postImrE4", &initialAfter, .optional)
        coder.integer("postMmrE4", &maintenanceAfter, .optional)
    }
}

/// A row of `position/closed-pnl`. - Source: bybit-v5 §6.6.
extension ClosedPnL: WireRow {
    static func blank(category: Category) -> ClosedPnL { ClosedPnL() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.text("orderId", &orderID, .required)
        coder.side("side", &side)
        coder.number("qty", &quantity, .empty)
        coder.number("orderPrice", &orderPrice, .empty)
        coder.text("orderType", &orderType, .optional)
        coder.text("execType", &executionType, .optional)
        coder.number("closedSize", &closedSize, .empty)
        coder.number("cumEntryValue", &entryValue, .empty)
        coder.number("avgEntryPrice", &averageEntryPrice, .empty)
        coder.number("cumExitValue", &exitValue, .empty)
        coder.number("avgExitPrice", &averageExitPrice, .empty)
        coder.number("closedPnl", &closedPnL, .empty)
        coder.time("fillCount", &fillCount, .optional)
        coder.number("leverage", &leverage, .empty)
        coder.number("openFee", &openFee, .omitted)
        coder.number("closeFee", &closeFee, .omitted)
        coder.time("createdTime", &createdMilliseconds, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .optional)
    }
}

/// A row of `position/get-closed-positions`. - Source: bybit-v5 §6.6.
extension ClosedOption: WireRow {
    static func blank(category: Category) -> ClosedOption { ClosedOption() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.text("side", &side, .optional)
        coder.number("totalOpenFee", &totalOpenFee, .empty)
        coder.number("deliveryFee", &deliveryFee, .empty)
        coder.number("totalCloseFee", &totalCloseFee, .empty)
        coder.number("qty", &quantity, .empty)
        coder.integer("closeTime", &closeMilliseconds, .optional)
        coder.number("avgExitPrice", &averageExitPrice, .empty)
        coder.number("deliveryPrice", &deliveryPrice, .empty)
        coder.integer("openTime", &openMilliseconds, .optional)
        coder.number("avgEntryPrice", &averageEntryPrice, .empty)
        coder.number("totalPnl", &totalPnL, .empty)
    }
}

/// A row of `position/symbol-info`. - Source: bybit-v5 §6.6.
extension SymbolLeverage: WireRow {
    static func blank(category: Category) -> SymbolLeverage { SymbolLeverage() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.text("marginMode", &marginMode, .optional)
        coder.number("buyLeverage", &buyLeverage, .empty)
        coder.number("sellLeverage", &sellLeverage, .empty)
    }
}

/// A row of `account/fee-rate`. - Source: bybit-v5 §6.7.
extension FeeRate: WireRow {
    static func blank(category: Category) -> FeeRate { FeeRate() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("symbol", &symbol, .optional)
        coder.text("baseCoin", &baseCoin, .optional)
        coder.number("takerFeeRate", &takerRate, .empty)
        coder.number("makerFeeRate", &makerRate, .empty)
    }
}

/// `account/info`. - Source: bybit-v5 §6.7.
extension AccountDescription: WireRow {
    static func blank(category: Category) -> AccountDescription { AccountDescription() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("marginMode", &marginMode, .optional)
        coder.time("updatedTime", &updatedMilliseconds, .optional)
        coder.integer("unifiedMarginStatus", &unifiedMarginStatus, .optional)
        coder.flag("isMasterTrader", &isMasterTrader)
        coder.text("spotHedgingStatus", &spotHedgingStatus, .optional)
    }
}

/// An item of `account/query-dcp-info`. - Source: bybit-v5 §6.7.
extension DisconnectProtection: WireRow {
    static func blank(category: Category) -> DisconnectProtection { DisconnectProtection() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("product", &product, .optional)
        coder.text("dcpStatus", &status, .optional)
        coder.text("timeWindow", &timeWindow, .optional)
    }
}

/// A row of `asset/coin/query-info`. - Source: bybit-v5 §6.7.
extension CoinDescription: WireRow {
    static func blank(category: Category) -> CoinDescription { CoinDescription() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("name", &name, .optional)
        coder.text("coin", &coin, .required)
        coder.number("remainAmount", &remainAmount, .empty)
        coder.rows("chains", &chains)
    }
}

/// An item of `chains`. - Source: bybit-v5 §6.7.
extension CoinChain: WireRow {
    static func blank(category: Category) -> CoinChain { CoinChain() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("chainType", &chainType, .optional)
        coder.text("confirmation", &confirmation, .optional)
        coder.number("withdrawFee", &withdrawFee, .empty)
        coder.number("depositMin", &depositMin, .empty)
        coder.number("withdrawMin", &withdrawMin, .empty)
        coder.text("chain", &chain, .optional)
        coder.text("chainDeposit", &deposit, .optional)
        coder.text("chainWithdraw", &withdraw, .optional)
        coder.text("minAccuracy", &accuracyMin, .optional)
        coder.number("withdrawPercentageFee", &withdrawFeeRate, .empty)
        coder.text("contractAddress", &contractAddress, .optional)
    }
}

/// A row of `asset/delivery-record`. - Source: bybit-v5 §6.7.
extension DeliveryRecord: WireRow {
    static func blank(category: Category) -> DeliveryRecord { DeliveryRecord() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.integer("deliveryTime", &timeMilliseconds, .optional)
        coder.symbol("symbol", &symbol)
        coder.text("side", &side, .optional)
        coder.number("position", &position, .empty)
        coder.number("entryPrice", &entryPrice, .empty)
        coder.number("deliveryPrice", &deliveryPrice, .empty)
        coder.number("strike", &strike, .empty)
        coder.number("fee", &fee, .empty)
        coder.number("deliveryRpl", &realisedPnL, .empty)
    }
}

/// A row of `asset/settlement-record`. - Source: bybit-v5 §6.7.
extension SettlementRecord: WireRow {
    static func blank(category: Category) -> SettlementRecord { SettlementRecord() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.number("realisedPnl", &realisedPnL, .empty)
        coder.symbol("symbol", &symbol)
        coder.text("side", &side, .optional)
        coder.number("markPrice", &markPrice, .empty)
        coder.number("size", &size, .empty)
        coder.time("createdTime", &timeMilliseconds, .optional)
        coder.number("sessionAvgPrice", &sessionAveragePrice, .empty)
    }
}

/// An item of `reasons` of `account/set-margin-mode`. - Source: bybit-v5 §8.3.
extension MarginModeChange: WireRow {
    static func blank(category: Category) -> MarginModeChange { MarginModeChange() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("reasonCode", &code, .optional)
        coder.text("reasonMsg", &message, .optional)
    }
}
