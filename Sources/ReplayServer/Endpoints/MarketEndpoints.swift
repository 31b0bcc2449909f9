import Bybit
import Market
import Simulation

/// Books, trades, tickers, candles and instruments: what anybody may ask.
///
/// - Source: bybit-v5 §6.2.
enum MarketEndpoints {
    static let all: [(path: String, handler: Route.Handler)] =
        [
            ("/v5/market/time", time),
            ("/v5/market/instruments-info", instruments),
            ("/v5/market/orderbook", orderBook),
            ("/v5/market/full_orderbook", fullBook),
            ("/v5/market/rpi_orderbook", improvementBook),
            ("/v5/market/tickers", tickers),
            ("/v5/market/recent-trade", recentTrades),
            ("/v5/market/kline", candles),
        ] + MarketHistoryEndpoints.all + SpreadEndpoints.open

    static func time(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        venue.written { $0.serverTime(nanoseconds: call.now.nanoseconds) }
    }

    // MARK: instruments

    static func instruments(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        try instruments(venue, call, isPersonal: false)
    }

    static func instruments(
        _ venue: ExchangeVenue,
        _ call: RESTCall,
        isPersonal: Bool
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let id = try call.instrument(category)
        let status = call.query["status"]
        var coin = call.query["baseCoin"]
        // Of options the exchange lists one coin at a time.
        if category == .option, id == nil, coin.isEmpty { coin = "BTC" }
        venue.driver.catchUp()
        // What is over is told only to who asks for it, by its status or its symbol.
        let exchange = venue.driver.exchange
        let rows = (exchange.listings + exchange.deliveredListings).filter { listing in
            let instrument = listing.instrument
            return instrument.id.category == category && (id == nil || id == instrument.id)
                && (coin.isEmpty || coin == instrument.baseCoin)
                && (status.isEmpty
                    ? id != nil || exchange.isLive(instrument.id) : status == instrument.status)
        }
        // Spot has no pages.
        let limit =
            category == .spot ? max(1, rows.count) : try call.query.limit(default: 500, most: 1_000)
        let page = ListPage(rows, limit: limit, cursor: call.query["cursor"])
        return Envelope.list(category, cursor: page.cursor, time: call.time) { json in
            for listing in page.rows {
                InstrumentBody.write(listing, isPersonal: isPersonal, &json)
            }
        }
    }

    // MARK: books

    static func orderBook(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let id = try call.required(category)
        let limit =
            switch category {
            case .spot: try call.query.limit(default: 1, most: 1_000)
            case .option: try call.query.limit(default: 1, most: 25)
            default: try call.query.limit(default: 25, most: 1_000)
            }
        venue.driver.catchUp()
        return try book(venue.driver.exchange.orderBook(id, limit: limit), id, venue, call)
    }

    static func fullBook(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let id = try call.required(try call.category([.spot]))
        venue.driver.catchUp()
        let held = venue.driver.exchange.heldBook(id, depth: BookUpdate.fullDepth)
        return try book(held, id, venue, call)
    }

    static func improvementBook(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let id = try call.required(
            try call.category([.spot, .linear, .inverse], default: .linear)
        )
        guard !call.query["limit"].isEmpty else { throw RESTCall.missing("limit") }
        let limit = try call.query.limit(default: 50, most: 50)
        venue.driver.catchUp()
        var held = venue.driver.exchange.heldBook(id, depth: 50, isImprovement: true)
        held?.cut(to: limit)
        return try book(held, id, venue, call)
    }

    static func book(
        _ book: BookUpdate?,
        _ id: InstrumentID,
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        guard let book else { throw RESTCall.unknownSymbol }
        let ts = venue.driver.exchange.now.milliseconds
        return venue.written { $0.orderBook(book, symbol: id.symbol, ts: ts, time: call.time) }
    }

    // MARK: tickers, trades, candles

    static func tickers(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse, .option], default: .linear)
        let id = try call.instrument(category)
        let coin = call.query["baseCoin"]
        let date = call.query["expDate"]
        if category == .option, id == nil, coin.isEmpty {
            throw RESTCall.missing("symbol or baseCoin")
        }
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        if let id, exchange.listing(id) == nil { throw RESTCall.unknownSymbol }
        return Envelope.list(category, cursor: nil, time: call.time) { json in
            for listing in exchange.listings {
                let instrument = listing.instrument
                guard instrument.id.category == category, id == nil || id == instrument.id,
                    coin.isEmpty || coin == instrument.baseCoin,
                    date.isEmpty || instrument.id.symbol.description.contains("-\(date)"),
                    id != nil || exchange.isLive(instrument.id),
                    var ticker = exchange.tickerSnapshot(instrument.id)
                else { continue }
                // The spot stream has no quotes, and the REST row has.
                if category == .spot, let book = exchange.orderBook(instrument.id, limit: 1) {
                    (ticker.bidPrice, ticker.bidSize) = (
                        book.bids.first?.price, book.bids.first?.size
                    )
                    (ticker.askPrice, ticker.askSize) = (
                        book.asks.first?.price, book.asks.first?.size
                    )
                }
                TickerBody.write(instrument.id, ticker, instrument, &json)
            }
        }
    }

    static func recentTrades(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse, .option], default: .linear)
        let most = category == .spot ? 60 : 1_000
        let limit = try call.query.limit(default: category == .spot ? 60 : 500, most: most)
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        if let id = try call.instrument(category) {
            guard exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
            return trades(exchange.recentTrades(id, limit: limit), category, call)
        }
        guard category == .option else { throw RESTCall.missing("symbol") }
        let coin = call.query["baseCoin"].isEmpty ? "BTC" : call.query["baseCoin"]
        let type = call.query["optionType"]
        let rows = exchange.listings.filter { listing in
            listing.instrument.id.category == .option && listing.instrument.baseCoin == coin
                && (type.isEmpty || (type == "Call") == (listing.terms.option?.isCall == true))
        }.flatMap { exchange.recentTrades($0.instrument.id, limit: limit) }
        // Of one moment in the order of listing.
        let newest = rows.enumerated().sorted {
            ($1.element.timeMilliseconds, $0.offset) < ($0.element.timeMilliseconds, $1.offset)
        }
        return trades(newest.prefix(limit).map(\.element), category, call)
    }

    static func trades(_ rows: [PublicTrade], _ category: Category?, _ call: RESTCall) -> [UInt8] {
        Envelope.list(category, cursor: nil, time: call.time) { json in
            for row in rows {
                json.object { json in
                    json.field("execId", row.id)
                    json.field("symbol", row.symbol.description)
                    json.field("price", row.price)
                    json.field("size", row.size)
                    json.field("side", row.side.name)
                    json.field("time", String(row.timeMilliseconds))
                    if category != nil {
                        json.field("isBlockTrade", row.isBlockTrade)
                        json.field("isRPITrade", row.isRPI)
                    }
                    if let terms = row.terms {
                        json.field("mP", terms.markPrice)
                        json.field("iP", terms.indexPrice)
                        json.field("mIv", terms.markVolatility)
                        json.field("iv", terms.volatility)
                    }
                    json.field("seq", String(row.crossSequence))
                }
            }
        }
    }

    static func candles(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse], default: .linear)
        let id = try call.required(category)
        let interval = try interval(call)
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        guard exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
        let rows = CandleFold.fold(exchange.candles(id, limit: 1_441), to: interval)
        let chosen = try window(rows, call) { $0.startMilliseconds }
        return Envelope.list(category, symbol: id.symbol, cursor: nil, time: call.time) { json in
            for row in chosen {
                json.array { json in
                    json.value(String(row.startMilliseconds))
                    for price in [row.open, row.high, row.low, row.close] {
                        json.value(price.description)
                    }
                    json.value(row.volume.description)
                    json.value(row.turnover.description)
                }
            }
        }
    }

    static func interval(_ call: RESTCall) throws(RequestError) -> CandleInterval {
        guard let interval = CandleInterval(rawValue: call.query["interval"]) else {
            throw RESTCall.invalid("interval")
        }
        return interval
    }

    /// The newest rows between `start` and `end`, at most `limit`.
    static func window<Row>(
        _ rows: [Row],
        _ call: RESTCall,
        _ time: (Row) -> Int64
    ) throws(RequestError) -> [Row] {
        let start = try call.query.milliseconds("start") ?? 0
        let end = try call.query.milliseconds("end") ?? .max
        let limit = try call.query.limit(default: 200, most: 1_000)
        return Array(rows.filter { (start...max(start, end)).contains(time($0)) }.prefix(limit))
    }
}

extension BookUpdate {
    /// Keeps the best levels of each side.
    mutating func cut(to levels: Int) {
        bids = Array(bids.prefix(levels))
        asks = Array(asks.prefix(levels))
    }
}
