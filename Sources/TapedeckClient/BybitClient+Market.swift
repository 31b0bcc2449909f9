/// Market data by REST; needs no key.
extension BybitClient {
    /// The exchange's clock.
    public func serverTime() async throws(ClientError) -> Timestamp {
        try await ask(RESTRequest(.serverTime)).reply.serverTime
    }

    /// Contracts as the exchange lists them, all pages; of options those of one base coin, BTC where none is named.
    ///
    /// A field of a contract that cannot be read is among the findings of the rows, and `nil`.
    ///
    /// - Throws: ``ClientError/notOffered(_:)`` for combinations, which ``spreadInstruments()`` lists.
    public func instruments(
        in category: Category,
        symbol: String? = nil,
        baseCoin: String? = nil
    ) async throws(ClientError) -> Rows<ListedInstrument> {
        guard category != .spread else {
            throw .notOffered("combinations are listed by spreadInstruments()")
        }
        var query = Query(category)
        if let symbol { query = query.with("symbol", symbol) }
        if let baseCoin { query = query.with("baseCoin", baseCoin) }
        // Pairs of spot come in one page, which takes no limit.
        if category != .spot { query = query.with("limit", BybitLimits.instrumentsPerPage) }
        return try await list(RESTRequest(endpoint: .instruments, query: query.text), pages: 20) {
            ListedInstrument.all(of: $0)
        }
    }

    /// Combinations as the exchange lists them, all pages.
    public func spreadInstruments() async throws(ClientError) -> Rows<SpreadInstrument> {
        let request = RESTRequest(endpoint: .other("/v5/spread/instrument"), query: "limit=500")
        return try await list(request, pages: 20) { event in
            event.details.compactMap {
                if case .spreadInstrument(let row) = $0 { row } else { nil }
            }
        }
    }

    /// A book as it is now, apart from any subscription.
    ///
    /// - Parameter limit: levels on a side; the exchange has a greatest for each category.
    public func orderBook(
        of instrument: InstrumentID,
        limit: Int = 50
    ) async throws(ClientError) -> BookUpdate {
        let isSpread = instrument.category == .spread
        let query =
            isSpread ? Query("symbol", instrument.symbol.description) : Query(instrument)
        let request = RESTRequest(
            endpoint: isSpread ? .other("/v5/spread/orderbook") : .orderBook,
            query: query.with("limit", limit).text
        )
        let event = try await ask(request)
        // A level that cannot be read would be missing in silence.
        guard event.findings.isEmpty else {
            throw .unreadable(path: request.path, findings: event.findings)
        }
        return event.book
    }

    /// Tickers of a category, or of one symbol; of options those of one base coin.
    public func tickers(
        in category: Category,
        symbol: String? = nil,
        baseCoin: String? = nil
    ) async throws(ClientError) -> Rows<TickerRow> {
        let path = category == .spread ? "/v5/spread/tickers" : "/v5/market/tickers"
        var query = Query(category)
        if let symbol { query = query.with("symbol", symbol) }
        if let baseCoin { query = query.with("baseCoin", baseCoin) }
        return try await list(RESTRequest(endpoint: .other(path), query: query.text), pages: 1) {
            event in
            event.details.compactMap { if case .ticker(let row) = $0 { row } else { nil } }
        }
    }

    /// Candles, newest first.
    ///
    /// - Parameters:
    ///   - interval: minutes, `1` to `720`; `D`, `W`, `M`.
    ///   - start: only candles that begin at or after it, Unix milliseconds.
    ///   - end: only candles that begin at or before it, Unix milliseconds.
    ///   - limit: 1 to 1,000.
    public func candles(
        of instrument: InstrumentID,
        interval: String,
        start: Int64? = nil,
        end: Int64? = nil,
        limit: Int = 200
    ) async throws(ClientError) -> Rows<HistoricalCandle> {
        var query = Query(instrument).with("interval", interval)
        if let start { query = query.with("start", start) }
        if let end { query = query.with("end", end) }
        let request = RESTRequest(
            endpoint: .other("/v5/market/kline"),
            query: query.with("limit", limit).text
        )
        return try await list(request, pages: 1) { event in
            event.details.compactMap { if case .candle(let row) = $0 { row } else { nil } }
        }
    }

    /// The last public trades, newest first.
    ///
    /// - Parameter limit: 1 to 1,000; of spot at most 60.
    public func recentTrades(
        of instrument: InstrumentID,
        limit: Int = 60
    ) async throws(ClientError) -> Rows<PublicTrade> {
        let isSpread = instrument.category == .spread
        let query =
            isSpread ? Query("symbol", instrument.symbol.description) : Query(instrument)
        let request = RESTRequest(
            endpoint: .other(isSpread ? "/v5/spread/recent-trade" : "/v5/market/recent-trade"),
            query: query.with("limit", limit).text
        )
        return try await list(request, pages: 1) { $0.trades }
    }
}
