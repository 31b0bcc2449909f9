import Market

/// One trade of `publicTrade.{symbol}` and of `market/recent-trade`. - Source: bybit-v5 §3.2, §6.2.
extension PublicTrade: WireRow {
    static func blank(category: Category) -> PublicTrade {
        PublicTrade(
            symbol: .none,
            price: .zero,
            size: .zero,
            side: .buy,
            timeMilliseconds: 0,
            id: "",
            crossSequence: 0
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        guard coder.form == .push else { return codeList(&coder) }
        coder.integer("T", &timeMilliseconds, .required)
        coder.symbol("s", &symbol)
        coder.side("S", &side)
        coder.numeral("v", &size, .required)
        coder.numeral("p", &price, .required)
        coder.tag("L", &tickDirection)
        coder.text("i", &id, .required)
        if coder.category != .spread {
            coder.flag("BT", &isBlockTrade)
            coder.flag("RPI", &isRPI)
        }
        coder.integer("seq", &crossSequence, .optional)
        codeTerms(&coder)
    }

    private mutating func codeList<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("execId", &id, .required)
        coder.symbol("symbol", &symbol)
        coder.numeral("price", &price, .required)
        coder.numeral("size", &size, .required)
        coder.side("side", &side)
        coder.time("time", &timeMilliseconds, .required)
        coder.flag("isBlockTrade", &isBlockTrade)
        coder.flag("isRPITrade", &isRPI)
        codeTerms(&coder)
        // A string here, a number in pushes.
        coder.time("seq", &crossSequence, .optional)
    }

    /// Options alone have these.
    private mutating func codeTerms<Coder: WireCoder>(_ coder: inout Coder) {
        var found = terms ?? OptionTradeTerms()
        coder.number("mP", &found.markPrice, .omitted)
        coder.number("iP", &found.indexPrice, .omitted)
        coder.number("mIv", &found.markVolatility, .omitted)
        coder.number("iv", &found.volatility, .omitted)
        if found != OptionTradeTerms() { terms = found }
    }
}
