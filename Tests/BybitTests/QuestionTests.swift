import Market
import Testing

@testable import Bybit

/// Typed questions beside those of the core: their exact paths and queries.
///
/// - Source: bybit-v5 §6.2, §6.6, §6.7, §7.2.
@Suite struct QuestionTests {
    private static let symbol: Symbol = Symbol("BTCUSDT") ?? .none
    private static let btc = InstrumentID(.linear, symbol)

    static let market: [(RESTRequest, String, String)] = [
        (
            .candles(.mark, of: btc, interval: "60", start: 1, end: 2, limit: 3),
            "/v5/market/mark-price-kline",
            "category=linear&symbol=BTCUSDT&interval=60&start=1&end=2&limit=3"
        ),
        (
            .candles(.index, of: btc, interval: "D"), "/v5/market/index-price-kline",
            "category=linear&symbol=BTCUSDT&interval=D"
        ),
        (
            .candles(.premium, of: btc, interval: "1"), "/v5/market/premium-index-price-kline",
            "category=linear&symbol=BTCUSDT&interval=1"
        ),
        (
            .fundingRates(of: btc, since: 1, until: 2, limit: 200), "/v5/market/funding/history",
            "category=linear&symbol=BTCUSDT&startTime=1&endTime=2&limit=200"
        ),
        (
            .openInterest(of: btc, every: .fourHours, until: 9), "/v5/market/open-interest",
            "category=linear&symbol=BTCUSDT&intervalTime=4h&endTime=9"
        ),
        (.riskLimits(in: .inverse), "/v5/market/risk-limit", "category=inverse"),
        (
            .riskLimits(in: .linear, symbol: symbol), "/v5/market/risk-limit",
            "category=linear&symbol=BTCUSDT"
        ),
        (.insurance(), "/v5/market/insurance", ""),
        (.insurance(coin: "BTC"), "/v5/market/insurance", "coin=BTC"),
        (.priceLimit(of: btc), "/v5/market/price-limit", "category=linear&symbol=BTCUSDT"),
        (
            .deliveryPrices(in: .option, baseCoin: "BTC", settleCoin: "USDC", limit: 50),
            "/v5/market/delivery-price", "category=option&baseCoin=BTC&settleCoin=USDC&limit=50"
        ),
        (
            .accountRatios(of: btc, period: "1h", since: 1, until: 2, limit: 500),
            "/v5/market/account-ratio",
            "category=linear&symbol=BTCUSDT&period=1h&startTime=1&endTime=2&limit=500"
        ),
        (
            .volatility(baseCoin: "ETH", quoteCoin: "USDT", period: 30),
            "/v5/market/historical-volatility",
            "category=option&baseCoin=ETH&quoteCoin=USDT&period=30"
        ),
        (.deleveraging(), "/v5/market/adlAlert", ""),
        (.deleveraging(symbol: symbol), "/v5/market/adlAlert", "symbol=BTCUSDT"),
        (
            .fullBook(of: InstrumentID(.spot, symbol)), "/v5/market/full_orderbook",
            "category=spot&symbol=BTCUSDT"
        ),
        (
            .improvementBook(of: btc, limit: 50), "/v5/market/rpi_orderbook",
            "category=linear&symbol=BTCUSDT&limit=50"
        ),
    ]

    static let account: [(RESTRequest, String, String)] = [
        (
            .closedPnL(in: .linear, symbol: symbol, since: 1, until: 2, limit: 100),
            "/v5/position/closed-pnl",
            "category=linear&symbol=BTCUSDT&startTime=1&endTime=2&limit=100"
        ),
        (
            .closedOptions(since: 1, limit: 100), "/v5/position/get-closed-positions",
            "category=option&startTime=1&limit=100"
        ),
        (
            .deliveries(in: .option, since: 1, until: 2, expiryDate: "25DEC26", limit: 50),
            "/v5/asset/delivery-record",
            "category=option&startTime=1&endTime=2&expDate=25DEC26&limit=50"
        ),
        (
            .settlements(symbol: symbol, limit: 50), "/v5/asset/settlement-record",
            "category=linear&symbol=BTCUSDT&limit=50"
        ),
        (
            .symbolLeverages(in: .linear, symbol: symbol), "/v5/position/symbol-info",
            "category=linear&symbol=BTCUSDT"
        ),
        (
            .feeRates(in: .option, baseCoin: "BTC"), "/v5/account/fee-rate",
            "category=option&baseCoin=BTC"
        ),
        (.accountInfo, "/v5/account/info", ""),
        (.disconnectProtection, "/v5/account/query-dcp-info", ""),
        (.personalInstruments(in: .spot), "/v5/account/instruments-info", "category=spot"),
        (.keyDescription, "/v5/user/query-api", ""),
        (.coins(), "/v5/asset/coin/query-info", ""),
        (.coins("USDT"), "/v5/asset/coin/query-info", "coin=USDT"),
        (
            .spreadQuantityMax(
                of: Symbol("SOLUSDT_SOL/USDT") ?? .none,
                side: .sell,
                price: Numeral(mantissa: -5, decimals: 1)
            ),
            "/v5/spread/max-qty", "symbol=SOLUSDT_SOL%2FUSDT&side=2&orderPrice=-0.5"
        ),
    ]

    @Test(arguments: market)
    func `a question about the market needs no key, and its answer is decoded`(
        request: RESTRequest,
        path: String,
        query: String
    ) {
        expect(request, path, query)
        #expect(!request.isSigned)
    }

    @Test(arguments: account)
    func `a question about the account is signed, and its answer is decoded`(
        request: RESTRequest,
        path: String,
        query: String
    ) {
        expect(request, path, query)
        #expect(request.isSigned)
    }

    private func expect(_ request: RESTRequest, _ path: String, _ query: String) {
        #expect(request.path == path && request.query == query)
        #expect(request.method == "GET" && request.body.isEmpty)
        if case .other = request.endpoint {
            #expect(ReplyForm(path: path) != .none, "\(path) is not decoded")
        } else {
            #expect(Endpoints.isSpoken(path))
        }
    }

    @Test func `every endpoint that is asked by GET has a typed question`() {
        // Asked by the core's own questions, or by calls of the client.
        let elsewhere: Set<String> = [
            "/v5/market/kline", "/v5/market/tickers", "/v5/market/recent-trade",
            "/v5/spread/instrument", "/v5/spread/orderbook", "/v5/spread/tickers",
            "/v5/spread/recent-trade", "/v5/spread/order/realtime", "/v5/spread/order/history",
            "/v5/spread/execution/list",
        ]
        let typed = Set((Self.market + Self.account).map { $0.1 })
        for row in ReplyForm.table where row.method == "GET" && !elsewhere.contains(row.path) {
            #expect(typed.contains(row.path), "\(row.path)")
        }
    }
}
