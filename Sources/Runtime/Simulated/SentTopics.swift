import Bybit
import Market
import Trading

/// What subscribers of public topics have been told so far, for those who come later.
struct SentTopics {
    private struct SentBook {
        var feed: BookFeed
        var symbol: Symbol
        /// Unix milliseconds.
        var time: Int64
    }

    private struct SentTicker {
        var ticker: TickerUpdate
        var symbol: Symbol
        var time: Int64
    }

    // By category and topic; look-ups only.
    private var books: [String: SentBook] = [:]
    private var tickers: [String: SentTicker] = [:]

    /// A book that stood before the recording's first record.
    mutating func begin(_ key: String, _ feed: BookFeed, _ symbol: Symbol, time: Int64) {
        books[key] = SentBook(feed: feed, symbol: symbol, time: time)
    }

    /// - Parameter scale: of the instrument; without it a book is not kept.
    mutating func note(_ item: MarketItem, _ key: String, scale: Scale?) {
        switch item.event.kind {
        case .book:
            let update = item.event.book
            // Neither the full book nor the one with price improvements has a first message of this kind.
            guard let scale, update.depth != BookUpdate.fullDepth, !update.isImprovement else {
                return
            }
            var errors: [(field: String, error: NumberError)] = []
            let new = SentBook(
                feed: BookFeed(depth: update.depth, topic: "", scale: scale),
                symbol: item.event.symbol,
                time: 0
            )
            _ = books[key, default: new].feed.apply(update, slot: 1, errors: &errors)
            books[key]?.time = item.event.exchangeMilliseconds
        case .ticker:
            let new = SentTicker(ticker: TickerUpdate(), symbol: item.event.symbol, time: 0)
            tickers[key, default: new].ticker.merge(item.event.ticker)
            tickers[key]?.time = item.event.exchangeMilliseconds
        default: return
        }
    }

    /// Writes a topic's state as one whole message; false where there is none.
    func write(_ key: String, _ category: Category, _ writer: inout MessageWriter) -> Bool {
        if let book = books[key], book.feed.freshness == .live {
            var update = BookUpdate()
            update.isSnapshot = true
            update.depth = book.feed.depth
            update.updateID = book.feed.updateID
            update.crossSequence = book.feed.crossSequence
            update.matchTimeMilliseconds = book.feed.matchTimeMilliseconds
            let scale = book.feed.book.scale
            func row(_ level: Level) -> LevelNumerals {
                LevelNumerals(price: scale.numeral(level.price), size: scale.numeral(level.size))
            }
            update.bids = book.feed.book.bids.map(row)
            update.asks = book.feed.book.asks.map(row)
            writer.book(update, symbol: book.symbol, ts: book.time)
            return true
        }
        guard let sent = tickers[key], sent.ticker.isSnapshot else { return false }
        writer.ticker(sent.ticker, category: category, symbol: sent.symbol, ts: sent.time)
        return true
    }
}
