public import Market

/// Which open orders a cancel-all takes.
///
/// It has to be named: left out, the exchange takes every kind of contracts and of options, and of spot the active orders
/// alone.
///
/// | | linear, inverse | spot | option | combinations |
/// | --- | --- | --- | --- | --- |
/// | ``orders`` | active orders | active orders | active orders | all there are |
/// | ``conditional`` | conditional orders, take profit, stop loss, trailing stops | conditional and TP/SL orders | conditional orders | – |
/// | ``conditionalSparingExits`` | conditional orders | conditional orders | – | – |
/// | ``everything`` | all of these | these, OCO and paired TP/SL orders | all of these | all there are |
///
/// - Source: bybit-v5 §6.5.
public enum CancelKind: Hashable, Sendable, CaseIterable {
    /// Active orders; what waits for a price stays, stop losses of positions among it.
    case orders
    /// What waits for a price, **the exits of positions included**; active orders stay.
    case conditional
    /// Conditional orders; active orders stay, and so do take profits, stop losses and trailing stops.
    case conditionalSparingExits
    /// Whatever is open: a position is left without its stop loss.
    case everything

    /// `orderFilter` and `stopOrderType` of each request that it takes; empty ones are left out.
    fileprivate func filters(_ category: Category) -> [(filter: String, stopType: String)] {
        switch (self, category) {
        case (.orders, .spread), (.everything, .spread): [("", "")]
        case (_, .spread), (.conditionalSparingExits, .option): []
        case (.orders, _): [("Order", "")]
        case (.conditionalSparingExits, .spot): [("StopOrder", "")]
        case (.conditionalSparingExits, _): [("StopOrder", "Stop")]
        case (.conditional, .spot): [("StopOrder", ""), ("tpslOrder", "")]
        case (.conditional, _): [("StopOrder", "")]
        // Of spot one request takes one kind, and without a filter it takes active orders alone.
        case (.everything, .spot):
            ["Order", "StopOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"].map {
                ($0, "")
            }
        case (.everything, _): [("", "")]
        }
    }
}

/// Whose open orders a cancel-all takes.
public enum CancelScope: Hashable, Sendable {
    case instrument(InstrumentID)
    /// Instruments of a base coin, such as `BTC`; not of combinations.
    case baseCoin(String, in: Category)
    /// Contracts that are settled in a coin, options too: `USDT` or `USDC`; neither spot nor combinations.
    case settleCoin(String, in: Category)
    /// A whole category; not of linear and inverse contracts, of which the exchange wants a symbol or a coin.
    case all(in: Category)

    public var category: Category {
        switch self {
        case .instrument(let instrument): instrument.category
        case .baseCoin(_, let category), .settleCoin(_, let category), .all(let category): category
        }
    }

    /// True where the exchange takes orders by it.
    fileprivate var isOffered: Bool {
        switch self {
        case .instrument: true
        case .baseCoin: category != .spread
        case .settleCoin: category != .spread && category != .spot
        case .all: category != .linear && category != .inverse
        }
    }
}

extension RESTRequest {
    /// `order/cancel-all`, of combinations `spread/order/cancel-all`: one request, of spot one for each kind of orders.
    ///
    /// Of linear and inverse contracts one request takes 500 orders at most, which ones is chance: it is to be repeated
    /// while 500 come back.
    ///
    /// - Returns: none where the exchange has no such kind or scope in the category.
    public static func cancellingAll(_ kind: CancelKind, of scope: CancelScope) -> [RESTRequest] {
        guard scope.isOffered else { return [] }
        return kind.filters(scope.category).map { words in
            guard scope.category != .spread else {
                guard case .instrument(let instrument) = scope else {
                    return RESTRequest(cancellingCombinations: nil)
                }
                return RESTRequest(cancellingCombinations: instrument.symbol)
            }
            let body = WireWriter.object { out in
                out.text("category", scope.category.name)
                switch scope {
                case .instrument(let instrument): out.text("symbol", instrument.symbol)
                case .baseCoin(let coin, _): out.text("baseCoin", coin)
                case .settleCoin(let coin, _): out.text("settleCoin", coin)
                case .all: break
                }
                if !words.filter.isEmpty { out.text("orderFilter", words.filter) }
                if !words.stopType.isEmpty { out.text("stopOrderType", words.stopType) }
            }
            return RESTRequest(endpoint: .cancelAllOrders, body: body)
        }
    }
}
