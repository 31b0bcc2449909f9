public import Market

/// What an order may say beyond ``Market/OrderRequest``: none of it unless it is set.
///
/// The words are the exchange's own: one that it does not know is its to refuse.
///
/// - Source: bybit-v5 §6.5.
public struct OrderTerms: Hashable, Sendable {
    /// What one exit of the position that an order opens is: take profit or stop loss.
    public struct Exit: Hashable, Sendable {
        public var price: Numeral
        /// `LastPrice`, `IndexPrice` or `MarkPrice`; empty: the exchange's default.
        public var triggerBy: String
        /// The limit that is placed when it is triggered; `nil`: a market order.
        public var limitPrice: Numeral?

        public init(at price: Numeral, by triggerBy: String = "", limit: Numeral? = nil) {
            self.price = price
            self.triggerBy = triggerBy
            limitPrice = limit
        }
    }

    /// 0 one-way, 1 long, 2 short; has to be said in hedge mode.
    public var positionIndex: Int?
    public var closeOnTrigger = false
    /// Makes the order conditional: it rests as `Untriggered` until this price.
    public var triggerPrice: Numeral?
    /// 1: when the price rises to it, 2: when it falls to it.
    public var triggerDirection: Int?
    public var triggerBy = ""
    public var takeProfit: Exit?
    public var stopLoss: Exit?
    /// `Full` or `Partial`; an exit with a limit needs `Partial`.
    public var exitMode = ""
    /// Spot margin.
    public var isLeveraged: Bool?
    /// A spot market order's quantity is of the quote coin: what is spent, or to be received.
    public var countsQuote = false
    /// Spot: `Order`, `tpslOrder` or `StopOrder`.
    public var filter = ""
    /// `TickSize` or `Percent`, of a market order.
    public var slippageType = ""
    public var slippage: Numeral?
    /// `CancelMaker`, `CancelTaker` or `CancelBoth`.
    public var selfMatchPrevention = ""
    /// An option's price as a volatility, as a fraction.
    public var volatility: Numeral?
    /// Market maker protection, of options.
    public var isProtected: Bool?
    /// `Queue` or `Counterparty`, with the level of the book, 1 to 5: the price is taken from there.
    public var bookSide = ""
    public var bookLevel: Int?
    /// May trade with quotes of retail price improvement.
    public var takesImprovements: Bool?

    public init() {}

    func write(to out: inout WireWriter) {
        func text(_ key: StaticString, _ value: String) {
            if !value.isEmpty { out.text(key, value) }
        }
        func numeral(_ key: StaticString, _ value: Numeral?) {
            if let value { out.numeral(key, value) }
        }
        if let positionIndex { out.integer("positionIdx", positionIndex) }
        if closeOnTrigger { out.flag("closeOnTrigger", true) }
        numeral("triggerPrice", triggerPrice)
        if let triggerDirection { out.integer("triggerDirection", triggerDirection) }
        text("triggerBy", triggerBy)
        numeral("takeProfit", takeProfit?.price)
        text("tpTriggerBy", takeProfit?.triggerBy ?? "")
        if takeProfit?.limitPrice != nil { out.text("tpOrderType", "Limit") }
        numeral("tpLimitPrice", takeProfit?.limitPrice)
        numeral("stopLoss", stopLoss?.price)
        text("slTriggerBy", stopLoss?.triggerBy ?? "")
        if stopLoss?.limitPrice != nil { out.text("slOrderType", "Limit") }
        numeral("slLimitPrice", stopLoss?.limitPrice)
        text("tpslMode", exitMode)
        if let isLeveraged { out.integer("isLeverage", isLeveraged ? 1 : 0) }
        text("orderFilter", filter)
        text("slippageToleranceType", slippageType)
        numeral("slippageTolerance", slippage)
        text("smpType", selfMatchPrevention)
        numeral("orderIv", volatility)
        if let isProtected { out.flag("mmp", isProtected) }
        text("bboSideType", bookSide)
        if let bookLevel { out.text("bboLevel", String(bookLevel)) }
        if let takesImprovements { out.flag("rpiTakerAccess", takesImprovements) }
    }
}

extension RESTRequest {
    /// `order/create` with all that an order may say.
    ///
    /// Of combinations, which know no such terms, ``init(_:)`` of the action is the request.
    public init(placing order: OrderRequest, _ terms: OrderTerms) {
        self.init(endpoint: .createOrder, body: RESTRequest.body(order, terms))
    }

    /// `order/pre-check`: what the order would do to the margin; nothing is placed.
    public init(checking order: OrderRequest, _ terms: OrderTerms = OrderTerms()) {
        self.init(endpoint: .other("/v5/order/pre-check"), body: RESTRequest.body(order, terms))
    }

    private static func body(_ order: OrderRequest, _ terms: OrderTerms) -> [UInt8] {
        WireWriter.object { out in
            var order = order
            out.category("category", &order.instrument.category)
            order.codeTerms(&out, countsQuote: terms.countsQuote)
            terms.write(to: &out)
        }
    }
}
