import Bybit
import Market
import Simulation

/// Instruments, tickers, candles, trades, and what an account is: endpoints whose rows only a server writes.
extension ExchangeVenue {
    func instruments(_ query: ListQuery, _ time: Int64) -> [UInt8] {
        let rows = driver.exchange.listings.map(\.instrument).filter {
            $0.id.category == query.category
                && (query.symbol == nil || query.symbol == $0.id.symbol)
                && (query.status.isEmpty || query.status == $0.status)
                && (query.baseCoin.isEmpty || query.baseCoin == $0.baseCoin)
        }
        // A cursor is the number of rows given before it; spot has no pages.
        let first = min(rows.count, max(0, Int(query.cursor) ?? 0))
        let limit = query.category == .spot ? rows.count : min(max(1, query.limit ?? 500), 1_000)
        let last = min(rows.count, first + limit)
        return written {
            $0.instruments(
                Array(rows[first..<last]),
                category: query.category,
                nextPageCursor: last < rows.count ? String(last) : "",
                time: time
            )
        }
    }

    func marketList(_ kind: Route.Kind, _ query: QueryItems, _ time: Int64) -> [UInt8] {
        let given = query["category"]
        guard let category = given.isEmpty ? .linear : Category(name: given) else {
            return written {
                $0.failure(code: 10_001, message: "Illegal category", time: time)
            }
        }
        let symbol = Symbol(query["symbol"])
        let id = symbol.map { InstrumentID(category, $0) }
        let exchange = driver.exchange
        if let id, exchange.listing(id) == nil { return unknownSymbol(time) }
        if kind == .tickers {
            let rows = exchange.listings.map(\.instrument.id)
                .filter { $0.category == category && (id == nil || $0 == id) }
                .compactMap { id in exchange.tickerSnapshot(id).map { (id, $0) } }
            return ListBody.tickers(rows, category, time: time)
        }
        guard let id else { return missing("symbol", time) }
        if kind == .candles {
            guard query["interval"] == "1" else {
                let message = "params error: interval: only 1 is kept here"
                return written { $0.failure(code: 10_001, message: message, time: time) }
            }
            let start = Int64(query["start"]) ?? .min
            let end = Int64(query["end"]) ?? .max
            let candles = exchange.candles(id, limit: query.limit(default: 200, most: 1_000))
                .filter { (start...max(start, end)).contains($0.startMilliseconds) }
            return ListBody.candles(candles, id, time: time)
        }
        let limit = query.limit(
            default: category == .spot ? 60 : 500,
            most: category == .spot ? 60 : 1_000
        )
        return ListBody.trades(exchange.recentTrades(id, limit: limit), category, time: time)
    }

    func profile(
        _ kind: Route.Kind,
        _ query: QueryItems,
        _ place: Int,
        _ time: Int64
    ) -> [UInt8] {
        switch kind {
        case .feeRate:
            guard let category = Category(name: query["category"]) else {
                return missing("category", time)
            }
            var rows = driver.exchange.feeRates(accounts[place], category)
            if let symbol = Symbol(query["symbol"]) {
                rows.removeAll { $0.instrument.symbol != symbol }
            }
            return ListBody.feeRates(rows, category, time: time)
        case .accountInfo:
            return ListBody.accountInfo(time: time)
        case .apiKey:
            return ListBody.apiKey(directory.entries[place].key, account: place, time: time)
        default:
            return ListBody.coins(time: time)
        }
    }
}
