import Market

/// A row of `spread/instrument`. - Source: bybit-v5 §7.2.
extension SpreadInstrument: WireRow {
    static func blank(category: Category) -> SpreadInstrument { SpreadInstrument() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.text("contractType", &contractType, .optional)
        coder.text("status", &status, .optional)
        coder.text("baseCoin", &baseCoin, .optional)
        coder.text("quoteCoin", &quoteCoin, .optional)
        coder.text("settleCoin", &settleCoin, .optional)
        coder.number("tickSize", &tickSize, .empty)
        coder.number("minPrice", &priceMin, .empty)
        coder.number("maxPrice", &priceMax, .empty)
        coder.number("lotSize", &lotSize, .empty)
        coder.number("minSize", &sizeMin, .empty)
        coder.number("maxSize", &sizeMax, .empty)
        coder.time("launchTime", &launchMilliseconds, .optional)
        coder.time("deliveryTime", &deliveryMilliseconds, .optional)
        coder.rows("legs", &legs)
    }
}

/// An item of `legs`. - Source: bybit-v5 §7.2.
extension SpreadLeg: WireRow {
    static func blank(category: Category) -> SpreadLeg { SpreadLeg() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.text("contractType", &contractType, .optional)
    }
}

/// `spread/max-qty`. - Source: bybit-v5 §7.2.
extension SpreadQuantityMax: WireRow {
    static func blank(category: Category) -> SpreadQuantityMax { SpreadQuantityMax() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.number("ab", &quantity, .empty)
    }
}
