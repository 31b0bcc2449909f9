import Market

/// A row of `market/funding/history`. - Source: bybit-v5 §6.2.
extension FundingRate: WireRow {
    static func blank(category: Category) -> FundingRate { FundingRate() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.number("fundingRate", &rate, .empty)
        coder.time("fundingRateTimestamp", &timeMilliseconds, .required)
    }
}

/// A row of `market/open-interest`. - Source: bybit-v5 §6.2.
extension OpenInterest: WireRow {
    static func blank(category: Category) -> OpenInterest { OpenInterest() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.number("openInterest", &openInterest, .empty)
        coder.number("singleOpenInterest", &singleOpenInterest, .omitted)
        coder.time("timestamp", &timeMilliseconds, .required)
    }
}

/// A row of `market/risk-limit`. - Source: bybit-v5 §6.2.
extension RiskLimit: WireRow {
    static func blank(category: Category) -> RiskLimit { RiskLimit() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.integer("id", &id, .optional)
        coder.symbol("symbol", &symbol)
        coder.number("riskLimitValue", &value, .empty)
        coder.number("maintenanceMargin", &maintenanceMargin, .empty)
        coder.number("initialMargin", &initialMargin, .empty)
        coder.integer("isLowestRisk", &isLowest, .optional)
        coder.number("maxLeverage", &leverageMax, .empty)
        coder.number("mmDeduction", &maintenanceDeduction, .empty)
    }
}

/// A row of `market/delivery-price`. - Source: bybit-v5 §6.2.
extension DeliveryPrice: WireRow {
    static func blank(category: Category) -> DeliveryPrice { DeliveryPrice() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.number("deliveryPrice", &price, .empty)
        coder.time("deliveryTime", &timeMilliseconds, .required)
    }
}

/// A row of `market/account-ratio`. - Source: bybit-v5 §6.2.
extension AccountRatio: WireRow {
    static func blank(category: Category) -> AccountRatio { AccountRatio() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("symbol", &symbol, .optional)
        coder.number("buyRatio", &buyRatio, .empty)
        coder.number("sellRatio", &sellRatio, .empty)
        coder.time("timestamp", &timeMilliseconds, .required)
    }
}

/// An item of `market/historical-volatility`. - Source: bybit-v5 §6.2.
extension HistoricalVolatility: WireRow {
    static func blank(category: Category) -> HistoricalVolatility { HistoricalVolatility() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.integer("period", &period, .optional)
        coder.number("value", &value, .empty)
        coder.time("time", &timeMilliseconds, .required)
    }
}
