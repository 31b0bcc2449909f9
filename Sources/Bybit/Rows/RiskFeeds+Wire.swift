import Market

/// An item of `allLiquidation.{symbol}`. - Source: bybit-v5 §3.5.
extension Liquidation: WireRow {
    static func blank(category: Category) -> Liquidation { Liquidation() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.integer("T", &timeMilliseconds, .required)
        coder.symbol("s", &symbol)
        coder.side("S", &side)
        coder.number("v", &size, .empty)
        coder.number("p", &price, .empty)
    }
}

/// `priceLimit.{symbol}`, `market/price-limit`. - Source: bybit-v5 §3.5, §6.2.
extension PriceLimit: WireRow {
    static func blank(category: Category) -> PriceLimit { PriceLimit() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.number("buyLmt", &highestBid, .empty)
        coder.number("sellLmt", &lowestAsk, .empty)
        if coder.form == .list {
            coder.time("ts", &timeMilliseconds, .optional)
        }
    }
}

/// `insurance.{coin}`, `market/insurance`. - Source: bybit-v5 §3.5, §6.2.
extension InsuranceBalance: WireRow {
    static func blank(category: Category) -> InsuranceBalance { InsuranceBalance() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("coin", &coin, .required)
        coder.text("symbols", &symbols, .optional)
        coder.number("balance", &balance, .empty)
        if coder.form == .push {
            coder.time("updateTime", &timeMilliseconds, .optional)
        } else {
            coder.number("value", &value, .empty)
        }
    }
}

/// `adlAlert.{coin}`, `market/adlAlert`. - Source: bybit-v5 §3.5, §6.2.
extension DeleveragingAlert: WireRow {
    static func blank(category: Category) -> DeleveragingAlert { DeleveragingAlert() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        if coder.form == .push {
            coder.text("c", &coin, .required)
            coder.text("s", &symbol, .optional)
            coder.number("b", &balance, .empty)
            coder.number("mb", &balanceMax, .omitted)
            coder.number("i_pr", &insuranceRatio, .empty)
            coder.number("pr", &ratio, .empty)
            coder.number("adl_tt", &triggerThreshold, .empty)
            coder.number("adl_sr", &stopRatio, .empty)
        } else {
            coder.text("coin", &coin, .required)
            coder.text("symbol", &symbol, .optional)
            coder.number("balance", &balance, .empty)
            coder.number("maxBalance", &balanceMax, .omitted)
            coder.number("insurancePnlRatio", &insuranceRatio, .empty)
            coder.number("pnlRatio", &ratio, .empty)
            coder.number("adlTriggerThreshold", &triggerThreshold, .empty)
            coder.number("adlStopRatio", &stopRatio, .empty)
        }
    }
}

/// An item of `system.status`. - Source: bybit-v5 §3.5.
extension SystemStatus: WireRow {
    static func blank(category: Category) -> SystemStatus { SystemStatus() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("id", &id, .required)
        coder.text("title", &title, .optional)
        coder.text("state", &state, .optional)
        coder.time("begin", &beginMilliseconds, .optional)
        coder.time("end", &endMilliseconds, .optional)
        coder.text("href", &link, .optional)
        coder.integers("serviceTypes", &services)
        coder.integers("product", &products)
        coder.integers("uidSuffix", &uidSuffixes)
        coder.integer("maintainType", &maintenanceType, .optional)
        coder.integer("env", &environment, .optional)
    }
}
