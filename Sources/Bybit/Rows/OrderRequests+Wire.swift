import Market

/// Bodies of `order/create`, `order/amend` and `order/cancel`; numbers are JSON strings. - Source: bybit-v5 §6.5.
extension OrderRequest: WireRow {
    static func blank(category: Category) -> OrderRequest {
        OrderRequest(
            instrument: InstrumentID(category, .none),
            orderLinkID: "",
            side: .buy,
            quantity: .zero,
            price: nil
        )
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.category("category", &instrument.category)
        codeTerms(&coder)
    }

    /// All but the category, which a batch says once for all.
    ///
    /// - Parameter countsQuote: a spot market order's quantity is of the quote coin.
    mutating func codeTerms<Coder: WireCoder>(_ coder: inout Coder, countsQuote: Bool = false) {
        coder.symbol("symbol", &instrument.symbol)
        coder.side("side", &side)
        coder.word("orderType", &type, .required)
        coder.numeral("qty", &quantity, .required)
        // Without it the exchange takes a spot market buy's quantity for its value; a desk's is of the base coin, always.
        if type == .market, instrument.category == .spot {
            coder.constant("marketUnit", countsQuote ? #""quoteCoin""# : #""baseCoin""#)
        }
        coder.numeral("price", &price, .omitted)
        coder.word("timeInForce", &timeInForce, .optional)
        coder.text("orderLinkId", &orderLinkID, .optional)
        coder.option("reduceOnly", &reduceOnly)
    }
}

extension AmendRequest: WireRow {
    static func blank(category: Category) -> AmendRequest {
        AmendRequest(instrument: InstrumentID(category, .none), orderLinkID: "")
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.category("category", &instrument.category)
        codeTerms(&coder)
    }

    /// All but the category, which a batch says once for all.
    mutating func codeTerms<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &instrument.symbol)
        coder.tag("orderId", &orderID)
        coder.tag("orderLinkId", &orderLinkID)
        coder.numeral("qty", &quantity, .omitted)
        coder.numeral("price", &price, .omitted)
    }
}

extension CancelRequest: WireRow {
    static func blank(category: Category) -> CancelRequest {
        CancelRequest(instrument: InstrumentID(category, .none), orderLinkID: "")
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.category("category", &instrument.category)
        codeTerms(&coder)
    }

    /// All but the category, which a batch says once for all.
    mutating func codeTerms<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &instrument.symbol)
        coder.tag("orderId", &orderID)
        coder.tag("orderLinkId", &orderLinkID)
    }
}
