public import Market

/// What a change of an open order may say beyond ``Market/AmendRequest``: what is not set stays as it is.
///
/// - Source: bybit-v5 §6.5.
public struct AmendTerms: Hashable, Sendable {
    /// What becomes of one exit; what is not set stays.
    public struct Exit: Hashable, Sendable {
        /// Zero takes the exit away.
        public var price: Numeral?
        /// `LastPrice`, `IndexPrice` or `MarkPrice`; empty: as it is.
        public var triggerBy: String
        /// The limit that is placed when it is triggered; of `Partial` exits.
        public var limitPrice: Numeral?

        /// The exit is taken away.
        public static let removed = Exit(at: .zero)

        public init(at price: Numeral? = nil, by triggerBy: String = "", limit: Numeral? = nil) {
            self.price = price
            self.triggerBy = triggerBy
            limitPrice = limit
        }
    }

    /// Of a conditional order that waits.
    public var triggerPrice: Numeral?
    /// `LastPrice`, `IndexPrice` or `MarkPrice`.
    public var triggerBy = ""
    /// An option's price as a volatility, as a fraction.
    public var volatility: Numeral?
    public var takeProfit: Exit?
    public var stopLoss: Exit?
    /// `Full` or `Partial`.
    public var exitMode = ""

    public init() {}

    fileprivate func write(to out: inout WireWriter) {
        func text(_ key: StaticString, _ value: String?) {
            if let value, !value.isEmpty { out.text(key, value) }
        }
        func numeral(_ key: StaticString, _ value: Numeral?) {
            if let value { out.numeral(key, value) }
        }
        numeral("triggerPrice", triggerPrice)
        text("triggerBy", triggerBy)
        numeral("orderIv", volatility)
        numeral("takeProfit", takeProfit?.price)
        text("tpTriggerBy", takeProfit?.triggerBy)
        numeral("tpLimitPrice", takeProfit?.limitPrice)
        numeral("stopLoss", stopLoss?.price)
        text("slTriggerBy", stopLoss?.triggerBy)
        numeral("slLimitPrice", stopLoss?.limitPrice)
        text("tpslMode", exitMode)
    }
}

/// What a cancel may say beyond ``Market/CancelRequest``.
///
/// - Source: bybit-v5 §6.5.
public struct CancelTerms: Hashable, Sendable {
    /// Spot: the kind of the order, `Order`, `StopOrder` or `tpslOrder`, as in ``OrderTerms/filter``; empty: `Order`.
    public var filter: String

    public init(filter: String = "") { self.filter = filter }
}

extension RESTRequest {
    /// `order/amend` with all that a change may say.
    ///
    /// Of combinations, which know no such terms, ``init(combination:)`` of the action is the request.
    public init(amending change: AmendRequest, _ terms: AmendTerms) {
        let body = WireWriter.object { out in
            change.write(to: &out)
            terms.write(to: &out)
        }
        self.init(endpoint: .amendOrder, body: body)
    }

    /// `order/cancel` with all that a cancel may say: what a conditional or TP/SL order of spot is cancelled by.
    public init(cancelling cancel: CancelRequest, _ terms: CancelTerms) {
        let body = WireWriter.object { out in
            cancel.write(to: &out)
            if !terms.filter.isEmpty { out.text("orderFilter", terms.filter) }
        }
        self.init(endpoint: .cancelOrder, body: body)
    }
}
