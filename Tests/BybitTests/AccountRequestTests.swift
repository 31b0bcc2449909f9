import Bybit
import Market
import Testing

/// Requests that change an account, and what an order may say beyond price and quantity.
///
/// - Source: bybit-v5 §6.5, §6.6, §7.2.
@Suite struct AccountRequestTests {
    private static let btc = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)

    private static func number(_ text: String) -> Numeral {
        (try? Numeral(text: text)) ?? .zero
    }

    static let changes: [(RESTRequest, String, String)] = [
        (
            RESTRequest(leverage: number("10"), number("10"), of: btc),
            "/v5/position/set-leverage",
            #"{"category":"linear","symbol":"BTCUSDT","buyLeverage":"10","sellLeverage":"10"}"#
        ),
        (
            RESTRequest(isHedged: true, in: .coin("USDT")),
            "/v5/position/switch-mode",
            #"{"category":"linear","coin":"USDT","mode":3}"#
        ),
        (
            RESTRequest(isHedged: false, in: .symbol(btc.symbol)),
            "/v5/position/switch-mode",
            #"{"category":"linear","symbol":"BTCUSDT","mode":0}"#
        ),
        (
            RESTRequest(addingMargin: number("-5.5"), to: btc, positionIndex: 1),
            "/v5/position/add-margin",
            #"{"category":"linear","symbol":"BTCUSDT","margin":"-5.5","positionIdx":1}"#
        ),
        (
            RESTRequest(addsMargin: true, to: btc),
            "/v5/position/set-auto-add-margin",
            #"{"category":"linear","symbol":"BTCUSDT","autoAddMargin":1,"positionIdx":0}"#
        ),
        (
            RESTRequest(marginMode: .portfolio),
            "/v5/account/set-margin-mode",
            #"{"setMarginMode":"PORTFOLIO_MARGIN"}"#
        ),
        (
            RESTRequest(clampsPrices: false, of: .spot),
            "/v5/account/set-limit-px-action",
            #"{"category":"spot","modifyEnable":false}"#
        ),
        (
            RESTRequest(disconnectWindow: 10, of: .derivatives),
            "/v5/order/disconnected-cancel-all",
            #"{"product":"DERIVATIVES","timeWindow":10}"#
        ),
        (
            RESTRequest(
                exitsOf: btc,
                takeProfit: OrderTerms.Exit(at: number("95000"), by: "MarkPrice"),
                stopLoss: OrderTerms.Exit(at: number("0")),
                mode: "Partial",
                quantity: number("0.01"),
                trailingStop: number("500")
            ),
            "/v5/position/trading-stop",
            #"{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"takeProfit":"95000","#
                + #""tpTriggerBy":"MarkPrice","stopLoss":"0","tpslMode":"Partial","#
                + #""tpSize":"0.01","slSize":"0.01","trailingStop":"500"}"#
        ),
        (
            RESTRequest(cancellingCombinations: nil),
            "/v5/spread/order/cancel-all",
            #"{"cancelAll":true}"#
        ),
    ]

    @Test(arguments: changes)
    func `each is posted with its own words, signed, and spoken`(
        request: RESTRequest,
        path: String,
        body: String
    ) {
        #expect(request.path == path)
        #expect(request.method == "POST" && request.isSigned)
        #expect(String(decoding: request.body, as: UTF8.self) == body)
        #expect(Endpoints.isSpoken(path))
    }

    @Test func `an order says what it is told to say and nothing else`() throws {
        let order = OrderRequest(
            instrument: Self.btc,
            orderLinkID: "a",
            side: .buy,
            quantity: Self.number("0.01"),
            price: Self.number("90000")
        )
        let plain =
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","#
            + #""qty":"0.01","price":"90000","timeInForce":"GTC","orderLinkId":"a""#
        func text(_ terms: OrderTerms) -> String {
            String(decoding: RESTRequest(placing: order, terms).body, as: UTF8.self)
        }
        #expect(text(OrderTerms()) == plain + "}")
        var terms = OrderTerms()
        terms.positionIndex = 1
        terms.triggerPrice = Self.number("90100")
        terms.triggerDirection = 1
        terms.triggerBy = "LastPrice"
        terms.takeProfit = OrderTerms.Exit(
            at: Self.number("91000"),
            limit: Self.number("91010")
        )
        terms.exitMode = "Partial"
        terms.selfMatchPrevention = "CancelMaker"
        terms.bookSide = "Queue"
        terms.bookLevel = 1
        terms.takesImprovements = false
        #expect(
            text(terms) == plain
                + #","positionIdx":1,"triggerPrice":"90100","triggerDirection":1,"#
                + #""triggerBy":"LastPrice","takeProfit":"91000","tpOrderType":"Limit","#
                + #""tpLimitPrice":"91010","tpslMode":"Partial","smpType":"CancelMaker","#
                + #""bboSideType":"Queue","bboLevel":"1","rpiTakerAccess":false}"#
        )
        #expect(RESTRequest(checking: order).path == "/v5/order/pre-check")
    }

    @Test func `a spot market order by value says so`() throws {
        let order = OrderRequest(
            instrument: InstrumentID(.spot, Self.btc.symbol),
            orderLinkID: "a",
            side: .buy,
            type: .market,
            quantity: Self.number("100"),
            price: nil
        )
        var terms = OrderTerms()
        terms.countsQuote = true
        let text = String(decoding: RESTRequest(placing: order, terms).body, as: UTF8.self)
        #expect(text.contains(#""marketUnit":"quoteCoin""#) && !text.contains("baseCoin"))
    }

    @Test func `orders on combinations have endpoints of their own, which name no category`()
        throws
    {
        let id = InstrumentID(.spread, try #require(Symbol("SOLUSDT_SOL/USDT")))
        let order = OrderRequest(
            instrument: id,
            orderLinkID: "a",
            side: .sell,
            quantity: Self.number("1"),
            price: Self.number("-0.5")
        )
        let requests: [(Command.Action, String, String)] = [
            (
                .place(order), "create",
                #"{"symbol":"SOLUSDT_SOL/USDT","side":"Sell","orderType":"Limit","qty":"1","#
                    + #""price":"-0.5","timeInForce":"GTC","orderLinkId":"a"}"#
            ),
            (
                .amend(AmendRequest(instrument: id, orderLinkID: "a", price: Self.number("1"))),
                "amend", #"{"symbol":"SOLUSDT_SOL/USDT","orderLinkId":"a","price":"1"}"#
            ),
            (
                .cancel(CancelRequest(instrument: id, orderLinkID: "a")), "cancel",
                #"{"symbol":"SOLUSDT_SOL/USDT","orderLinkId":"a"}"#
            ),
        ]
        for (action, name, body) in requests {
            let request = try #require(RESTRequest(combination: action))
            #expect(request.path == "/v5/spread/order/" + name)
            #expect(String(decoding: request.body, as: UTF8.self) == body)
            #expect(request.entersOrders)
        }
        #expect(RESTRequest(combination: .lookUp(.wallet)) == nil)
    }
}
