import Market

/// One trade of `publicTrade.{symbol}`. - Source: bybit-v5 §3.2.
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
        coder.integer("T", &timeMilliseconds, .required)
        coder.symbol("s", &symbol)
        coder.side("S", &side)
        coder.numeral("v", &size, .required)
        coder.numeral("p", &price, .required)
        coder.tag("L", &tickDirection)
        coder.text("i", &id, .required)
        coder.flag("BT", &isBlockTrade)
        coder.constant("RPI", "false")
        coder.integer("seq", &crossSequence, .optional)
    }
}
