import Bybit
import Market
import Simulation

/// Reference candles, funding, open interest, risk, insurance, delivery: what anybody may ask beside the trading.
///
/// - Source: bybit-v5 §6.2.
enum MarketHistoryEndpoints {
    static let all: [(path: String, handler: Route.Handler)] = [
        ("/v5/market/mark-price-kline", markCandles),
        ("/v5/market/index-price-kline", indexCandles),
        ("/v5/market/premium-index-price-kline", premiumCandles),
        ("/v5/market/funding/history", funding),
        ("/v5/market/open-interest", openInterest),
        ("/v5/market/risk-limit", riskLimits),
        ("/v5/market/insurance", insurance),
        ("/v5/market/price-limit", priceLimit),
        ("/v5/market/delivery-price", deliveryPrices),
        ("/v5/market/account-ratio", accountRatios),
        ("/v5/market/historical-volatility", volatility),
        ("/v5/market/adlAlert", deleveraging),
    ]

    // MARK: reference candles

    static func markCandles(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        try candles(.mark, venue, call)
    }

    static func indexCandles(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        try candles(.index, venue, call)
    }

    static func premiumCandles(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        try candles(.premium, venue, call)
    }

    private static func candles(
        _ kind: ReferenceHistory.Kind,
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category(
            kind == .premium ? [.linear] : [.linear, .inverse],
            default: .linear
        )
        let id = try call.required(category)
        let interval = try MarketEndpoints.interval(call)
        venue.driver.catchUp()
        guard let instrument = venue.driver.exchange.listing(id)?.instrument else {
            throw RESTCall.unknownSymbol
        }
        let rows = try MarketEndpoints.window(
            venue.history.candles(kind, instrument, interval),
            call
        ) { $0.startMilliseconds }
        return Envelope.list(
            category,
            symbol: id.symbol,
            cursor: nil,
            time: call.time,
            rows: rows.map { .candle($0) }
        )
    }

    // MARK: funding and open interest

    static func funding(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear, .inverse])
        let id = try call.required(category)
        let since = try call.query.milliseconds("startTime")
        let until = try call.query.milliseconds("endTime")
        if since != nil, until == nil {
            throw RequestError(code: 10_001, message: "params error: endTime missing")
        }
        let limit = try call.query.limit(default: 200, most: 200)
        venue.driver.catchUp()
        guard venue.driver.exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
        let stamps = venue.driver.exchange.fundingRates(
            id,
            since: since ?? 0,
            until: until ?? .max,
            limit: limit
        )
        let rows = stamps.map { stamp -> Detail in
            var row = FundingRate()
            row.symbol = id.symbol
            row.rate = stamp.rate
            row.timeMilliseconds = stamp.milliseconds
            return .fundingRate(row)
        }
        return Envelope.list(category, cursor: nil, time: call.time, rows: rows)
    }

    static func openInterest(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear, .inverse])
        let id = try call.required(category)
        let minutes: [String: Int64] = [
            "5min": 5, "15min": 15, "30min": 30, "1h": 60, "4h": 240, "1d": 1_440,
        ]
        guard let step = minutes[call.query["intervalTime"]] else {
            throw RESTCall.invalid("intervalTime")
        }
        let since = try call.query.milliseconds("startTime") ?? 0
        let until = try call.query.milliseconds("endTime") ?? .max
        venue.driver.catchUp()
        guard venue.driver.exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
        let rows = venue.history.openInterest(id, every: step * 60_000)
            .filter { (since...max(since, until)).contains($0.timeMilliseconds) }
        let page = ListPage(
            rows,
            limit: try call.query.limit(default: 50, most: 200),
            cursor: call.query["cursor"]
        )
        return Envelope.list(
            category,
            symbol: id.symbol,
            cursor: page.cursor,
            time: call.time,
            rows: page.rows.map { .openInterest($0) }
        )
    }

    // MARK: risk

    /// One tier each: the exchange has no others.
    static func riskLimits(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.linear, .inverse])
        let id = try call.instrument(category)
        let listings = venue.driver.exchange.listings.filter {
            $0.instrument.id.category == category && (id == nil || id == $0.instrument.id)
        }
        if id != nil, listings.isEmpty { throw RESTCall.unknownSymbol }
        let page = ListPage(listings, limit: 15, cursor: call.query["cursor"])
        let rows = page.rows.map { listing -> Detail in
            var row = RiskLimit()
            row.id = 1
            row.symbol = listing.instrument.id.symbol
            row.value = Numeral(mantissa: 2_000_000, decimals: 0)
            row.maintenanceMargin = listing.terms.maintenanceMarginRate
            row.initialMargin = inverse(of: listing.terms.leverageMax)
            row.isLowest = 1
            row.leverageMax = listing.terms.leverageMax
            return .riskLimit(row)
        }
        return Envelope.list(category, cursor: page.cursor, time: call.time, rows: rows)
    }

    /// 1 ÷ leverage, cut to eight decimals.
    private static func inverse(of leverage: Numeral) -> Numeral? {
        guard leverage.mantissa > 0 else { return nil }
        let units =
            100_000_000 * PowerOfTen.int128(Int(leverage.decimals))
            / Int128(leverage.mantissa)
        return Numeral(mantissa: Int64(clamping: units), decimals: 8).trimmed
    }

    static func insurance(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let coin = call.query["coin"]
        venue.driver.catchUp()
        let now = venue.driver.exchange.now.milliseconds
        let rows = RiskPool.allCases.flatMap { venue.insurance($0, at: now) }
            .filter { coin.isEmpty || coin == $0.coin }
        return Envelope.object(time: call.time) { json in
            json.field("updatedTime", String(now))
            json.field("list", array: { json in for row in rows { json.row(.insurance(row)) } })
        }
    }

    static func deleveraging(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let symbol = Symbol(call.query["symbol"])
        venue.driver.catchUp()
        let now = venue.driver.exchange.now.milliseconds
        let rows = RiskPool.allCases.flatMap { venue.deleveraging($0, symbol: symbol) }
        return Envelope.object(time: call.time) { json in
            json.field("updatedTime", String(now))
            json.field("list", array: { json in for row in rows { json.row(.deleveraging(row)) } })
        }
    }

    static func priceLimit(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.spot, .linear, .inverse], default: .linear)
        let id = try call.required(category)
        venue.driver.catchUp()
        guard let row = venue.priceLimit(id) else { throw RESTCall.unknownSymbol }
        return Envelope.row(.priceLimit(row), time: call.time)
    }

    static func deliveryPrices(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear, .inverse, .option])
        let id = try call.instrument(category)
        let base = call.query["baseCoin"]
        let settle = call.query["settleCoin"]
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let rows = exchange.deliveredListings.map(\.instrument).filter {
            $0.id.category == category && (id == nil || id == $0.id)
                && (base.isEmpty || base == $0.baseCoin)
                && (settle.isEmpty || settle == $0.settleCoin)
        }.compactMap { instrument -> DeliveryPrice? in
            guard let price = exchange.deliveryPrice(instrument.id) else { return nil }
            var row = DeliveryPrice()
            row.symbol = instrument.id.symbol
            row.price = price
            row.timeMilliseconds = instrument.deliveryTime.milliseconds
            return row
        }
        let page = ListPage(
            rows,
            limit: try call.query.limit(default: 50, most: 200),
            cursor: call.query["cursor"]
        )
        return Envelope.list(
            category,
            cursor: page.cursor,
            time: call.time,
            rows: page.rows.map { .deliveryPrice($0) }
        )
    }

    // MARK: statistics that the exchange does not keep

    static func accountRatios(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear, .inverse])
        let id = try call.required(category)
        if call.query["period"].isEmpty { throw RESTCall.missing("period") }
        guard venue.driver.exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
        return Envelope.list(nil, time: call.time, rows: [])
    }

    /// `category` stands beside the result, which is an array.
    static func volatility(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        _ = try call.category([.option])
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", 0)
            json.field("retMsg", "SUCCESS")
            json.field("category", "option")
            json.field("result", array: { _ in })
        }
        return json.bytes
    }
}
