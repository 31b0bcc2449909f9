import Bybit
import Market
import Testing

/// Changes and cancels with more terms, and cancels of all orders of a kind.
///
/// - Source: bybit-v5 §6.5.
@Suite struct ChangeTermTests {
    private static let btc = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)

    private static func number(_ text: String) -> Numeral {
        (try? Numeral(text: text)) ?? .zero
    }

    private static func text(_ request: RESTRequest) -> String {
        String(decoding: request.body, as: UTF8.self)
    }

    @Test func `a change says what changes and nothing else`() {
        let change = AmendRequest(instrument: Self.btc, orderLinkID: "a", price: Self.number("9"))
        let plain = #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"a","price":"9""#
        let bare = RESTRequest(amending: change, AmendTerms())
        #expect(Self.text(bare) == plain + "}")
        #expect(bare == RESTRequest(.amend(change)))
        var terms = AmendTerms()
        terms.triggerPrice = Self.number("90100.5")
        terms.triggerBy = "MarkPrice"
        terms.volatility = Self.number("0.55")
        terms.takeProfit = AmendTerms.Exit(
            at: Self.number("91000"),
            by: "LastPrice",
            limit: Self.number("91010")
        )
        terms.stopLoss = .removed
        terms.exitMode = "Partial"
        #expect(
            Self.text(RESTRequest(amending: change, terms)) == plain
                + #","triggerPrice":"90100.5","triggerBy":"MarkPrice","orderIv":"0.55","#
                + #""takeProfit":"91000","tpTriggerBy":"LastPrice","tpLimitPrice":"91010","#
                + #""stopLoss":"0","tpslMode":"Partial"}"#
        )
        var others = AmendTerms()
        others.stopLoss = AmendTerms.Exit(by: "IndexPrice", limit: Self.number("7"))
        #expect(
            Self.text(RESTRequest(amending: change, others)) == plain
                + #","slTriggerBy":"IndexPrice","slLimitPrice":"7"}"#
        )
    }

    @Test func `a cancel of spot names the kind of its order`() {
        let id = InstrumentID(.spot, Self.btc.symbol)
        let cancel = CancelRequest(instrument: id, orderLinkID: "a")
        let request = RESTRequest(cancelling: cancel, CancelTerms(filter: "tpslOrder"))
        #expect(request.path == "/v5/order/cancel" && request.entersOrders)
        #expect(
            Self.text(request)
                == #"{"category":"spot","symbol":"BTCUSDT","orderLinkId":"a","orderFilter":"tpslOrder"}"#
        )
        #expect(RESTRequest(cancelling: cancel, CancelTerms()) == RESTRequest(.cancel(cancel)))
    }

    /// `orderFilter` and `stopOrderType` as they follow the scope, one text a request; none where it is not offered.
    static let kinds: [(CancelKind, Market.Category, [String])] = [
        (.orders, .linear, [#","orderFilter":"Order""#]),
        (.conditional, .inverse, [#","orderFilter":"StopOrder""#]),
        (
            .conditionalSparingExits, .linear,
            [#","orderFilter":"StopOrder","stopOrderType":"Stop""#]
        ),
        (.everything, .linear, [""]),
        (.orders, .spot, [#","orderFilter":"Order""#]),
        (.conditional, .spot, [#","orderFilter":"StopOrder""#, #","orderFilter":"tpslOrder""#]),
        (.conditionalSparingExits, .spot, [#","orderFilter":"StopOrder""#]),
        (
            .everything, .spot,
            [
                #","orderFilter":"Order""#, #","orderFilter":"StopOrder""#,
                #","orderFilter":"tpslOrder""#, #","orderFilter":"OcoOrder""#,
                #","orderFilter":"BidirectionalTpslOrder""#,
            ]
        ),
        (.orders, .option, [#","orderFilter":"Order""#]),
        (.conditional, .option, [#","orderFilter":"StopOrder""#]),
        (.conditionalSparingExits, .option, []),
        (.everything, .option, [""]),
    ]

    @Test(arguments: kinds)
    func `a cancel of all orders names their kind as the category does`(
        kind: CancelKind,
        category: Market.Category,
        ends: [String]
    ) {
        let scope = CancelScope.instrument(InstrumentID(category, Self.btc.symbol))
        let requests = RESTRequest.cancellingAll(kind, of: scope)
        #expect(requests.allSatisfy { $0.path == "/v5/order/cancel-all" && $0.entersOrders })
        #expect(
            requests.map(Self.text)
                == ends.map { #"{"category":"\#(category.name)","symbol":"BTCUSDT"\#($0)}"# }
        )
    }

    @Test func `a cancel of all orders is of an instrument, a coin or a category`() {
        func texts(_ scope: CancelScope) -> [String] {
            RESTRequest.cancellingAll(.orders, of: scope).map(Self.text)
        }
        let end = #","orderFilter":"Order"}"#
        #expect(
            texts(.baseCoin("BTC", in: .inverse))
                == [#"{"category":"inverse","baseCoin":"BTC""# + end]
        )
        #expect(
            texts(.settleCoin("USDC", in: .option))
                == [#"{"category":"option","settleCoin":"USDC""# + end]
        )
        #expect(texts(.all(in: .spot)) == [#"{"category":"spot""# + end])
        #expect(texts(.all(in: .linear)).isEmpty && texts(.all(in: .inverse)).isEmpty)
        #expect(texts(.settleCoin("USDT", in: .spot)).isEmpty)
        #expect(texts(.baseCoin("SOL", in: .spread)).isEmpty)
    }

    @Test func `orders on combinations have one kind, and an endpoint of their own`() throws {
        let symbol = try #require(Symbol("SOLUSDT_SOL/USDT"))
        let scope = CancelScope.instrument(InstrumentID(.spread, symbol))
        for kind in [CancelKind.orders, .everything] {
            #expect(
                RESTRequest.cancellingAll(kind, of: scope)
                    == [RESTRequest(cancellingCombinations: symbol)]
            )
            #expect(
                RESTRequest.cancellingAll(kind, of: .all(in: .spread))
                    == [RESTRequest(cancellingCombinations: nil)]
            )
        }
        for kind in [CancelKind.conditional, .conditionalSparingExits] {
            #expect(RESTRequest.cancellingAll(kind, of: scope).isEmpty)
        }
    }
}
