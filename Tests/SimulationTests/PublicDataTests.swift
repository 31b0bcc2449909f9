import Market
import Simulation
import Testing

@Suite struct PublicDataTests {
    static let streams: [(depth: Int, interval: Int64)] = [
        (1, 10 * millisecond), (50, 20 * millisecond), (200, 100 * millisecond),
    ]

    /// What a client that follows the documentation holds.
    private struct Client {
        var book: Book
        var updateID: Int64 = 0
        var messages = 0
        var levels = 0

        init(scale: Scale) { book = Book(scale: scale) }

        mutating func apply(_ update: BookUpdate, depth: Int) throws {
            if update.isSnapshot {
                book.removeAll()
                // An unchanged best level comes again with the same number.
                #expect(messages == 0 || [0, 1].contains(update.updateID - updateID))
            } else {
                #expect(update.updateID == updateID + 1)
                #expect(depth > 1)
            }
            updateID = update.updateID
            messages += 1
            for (side, levels) in [(Side.buy, update.bids), (Side.sell, update.asks)] {
                for level in levels {
                    let price = try book.scale.price(level.price)
                    let size = try book.scale.quantity(level.size)
                    #expect(size >= .zero)
                    if size == .zero { #expect(holds(side, price), "delete of an absent level") }
                    book.set(side, price: price, size: size)
                    self.levels += 1
                }
            }
        }

        private func holds(_ side: Side, _ price: Price) -> Bool {
            (side == .buy ? book.bids : book.asks).contains { $0.price == price }
        }
    }

    private func levels(_ numerals: [LevelNumerals], _ scale: Scale) throws -> [Level] {
        try numerals.map {
            Level(price: try scale.price($0.price), size: try scale.quantity($0.size))
        }
    }

    @Test(arguments: streams, [btc, InstrumentID(.spot, Symbol("ETHUSDT") ?? .none)])
    func `a client's book is the exchange's own after each of thousands of messages`(
        stream: (depth: Int, interval: Int64),
        instrument: InstrumentID
    ) throws {
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 5,
                start: start,
                listings: Listing.standard(eventsPerSecond: 300)
                    .filter { $0.instrument.id == instrument }
            )
        )
        var output = ExchangeOutput()
        let scale = try #require(exchange.listing(instrument)).instrument.scale
        exchange.advance(to: start.advanced(nanoseconds: 7 * millisecond), into: &output)
        #expect(exchange.bookSnapshot(instrument, depth: stream.depth) == nil)
        let isActive = exchange.activate(.book(instrument, depth: stream.depth))
        #expect(isActive)
        var client = Client(scale: scale)
        let snapshot = try #require(exchange.bookSnapshot(instrument, depth: stream.depth))
        try client.apply(snapshot, depth: stream.depth)
        var sequence: Int64 = 0
        var time = start
        while client.messages < 2_500 {
            time = time.advanced(nanoseconds: stream.interval)
            exchange.advance(to: time, into: &output)
            for case .book(let id, let update) in output.events.map(\.event) {
                #expect(id == instrument)
                #expect(update.crossSequence >= sequence)
                sequence = update.crossSequence
                try client.apply(update, depth: stream.depth)
            }
            output.removeAll()
            let truth = try #require(exchange.orderBook(instrument, limit: stream.depth))
            let bids = try levels(truth.bids, scale)
            let asks = try levels(truth.asks, scale)
            try #require(client.book.bids == bids)
            try #require(client.book.asks == asks)
            try #require(!client.book.isCrossed)
            try #require(client.book.bids.count == stream.depth)
        }
        #expect(client.levels > client.messages)
        #expect(exchange.brokenInvariant() == nil)
    }

    @Test func `a second subscriber's snapshot continues with the deltas of the first`() throws {
        var exchange = try SimulatedExchange(
            SimulationConfiguration(seed: 6, start: start, listings: Listing.standard())
        )
        var output = ExchangeOutput()
        let scale = try #require(exchange.listing(btc)).instrument.scale
        exchange.activate(.book(btc, depth: 50))
        // In the middle of a push interval: the book has moved on, the stream has not.
        exchange.advance(to: start.advanced(nanoseconds: 1_013 * millisecond), into: &output)
        output.removeAll()
        var client = Client(scale: scale)
        try client.apply(#require(exchange.bookSnapshot(btc, depth: 50)), depth: 50)
        exchange.advance(to: start.advanced(nanoseconds: 2_000 * millisecond), into: &output)
        for case .book(_, let update) in output.events.map(\.event) {
            try client.apply(update, depth: 50)
        }
        let truth = try #require(exchange.orderBook(btc, limit: 50))
        #expect(client.book.bids == (try levels(truth.bids, scale)))
        #expect(client.messages > 10)
    }

    @Test func `only streams that are active are told`() throws {
        var floor = try Floor(Listing.standard())
        floor.advance(second)
        #expect(floor.output.events.isEmpty)
        let hasSeven = floor.exchange.activate(.book(btc, depth: 7))
        let hasInverse = floor.exchange.activate(.trades(InstrumentID(.inverse, btc.symbol)))
        #expect(!hasSeven && !hasInverse)
        for stream: PublicStream in [
            .book(btc, depth: 50), .ticker(btc), .trades(btc), .candle(btc),
        ] {
            floor.exchange.activate(stream)
        }
        floor.advance(3 * second)
        let busy = floor.output.events.count
        #expect(busy > 100)
        for stream: PublicStream in [
            .book(btc, depth: 50), .ticker(btc), .trades(btc), .candle(btc),
        ] {
            floor.exchange.deactivate(stream)
        }
        floor.advance(3 * second)
        #expect(floor.output.events.count == busy)
    }

    @Test func `an unchanged best level comes again after three seconds with the same number`()
        throws
    {
        var floor = try Floor([scripted(opening: [resting(1, .buy, "1", at: "90000")])])
        floor.exchange.activate(.book(btc, depth: 1))
        let first = try #require(floor.exchange.bookSnapshot(btc, depth: 1))
        floor.advance(7 * second)
        let again = floor.output.events.compactMap {
            if case .book(_, let update) = $0.event { update } else { nil }
        }
        #expect(again.map(\.updateID) == [first.updateID, first.updateID])
        #expect(again.allSatisfy { $0.isSnapshot && $0.bids == first.bids && $0.asks.isEmpty })
    }

    @Test func `merging ticker deltas gives the whole ticker`() throws {
        var floor = try Floor(Listing.standard())
        floor.exchange.activate(.ticker(btc))
        var merged = try #require(floor.exchange.tickerSnapshot(btc))
        var deltas = 0
        for _ in 0..<100 {
            floor.output.removeAll()
            floor.advance(100 * millisecond)
            for case .ticker(_, let delta) in floor.output.events.map(\.event) {
                #expect(!delta.isSnapshot)
                deltas += 1
                merged.lastPrice = delta.lastPrice ?? merged.lastPrice
                merged.markPrice = delta.markPrice ?? merged.markPrice
                merged.bidPrice = delta.bidPrice ?? merged.bidPrice
                merged.askSize = delta.askSize ?? merged.askSize
                merged.volume24h = delta.volume24h ?? merged.volume24h
                merged.highPrice24h = delta.highPrice24h ?? merged.highPrice24h
            }
            let whole = try #require(floor.exchange.tickerSnapshot(btc))
            #expect(merged.lastPrice == whole.lastPrice)
            #expect(merged.markPrice == whole.markPrice)
            #expect(merged.bidPrice == whole.bidPrice)
            #expect(merged.askSize == whole.askSize)
            #expect(merged.volume24h == whole.volume24h)
            #expect(merged.highPrice24h == whole.highPrice24h)
        }
        #expect(deltas > 50)
    }

    @Test func `candles and 24-hour figures are the sum of the trades`() throws {
        var floor = try Floor(Listing.standard())
        floor.exchange.activate(.trades(btc))
        floor.exchange.activate(.candle(btc))
        floor.advance(130 * second)
        var closed: [Candle] = []
        var trades: [PublicTrade] = []
        for event in floor.output.events {
            if case .candles(_, let rows) = event.event {
                closed += rows.filter(\.isConfirmed)
            }
            if case .trades(_, let rows) = event.event { trades += rows }
        }
        #expect(Set(trades.map(\.id)).count == trades.count)
        let candle = try #require(closed.first { $0.startMilliseconds > start.milliseconds })
        let own = trades.filter {
            (candle.startMilliseconds...candle.endMilliseconds).contains($0.timeMilliseconds)
        }
        #expect(own.count > 100)
        let prices = try own.map { try $0.price.units(decimals: 1) }
        #expect(try candle.high.units(decimals: 1) == prices.max())
        #expect(try candle.low.units(decimals: 1) == prices.min())
        #expect(try candle.close.units(decimals: 1) == prices.last)
        #expect(candle.volume == (try own.reduce(.zero) { try $0.adding(Amount($1.size)) }))
        let ticker = try #require(floor.exchange.tickerSnapshot(btc))
        #expect(ticker.volume24h == (try trades.reduce(.zero) { try $0.adding(Amount($1.size)) }))
        #expect(ticker.lastPrice == trades.last?.price)
        let recent = floor.exchange.recentTrades(btc, limit: 60)
        #expect(recent.map(\.id) == trades.suffix(60).reversed().map(\.id))
        var whole = try #require(floor.exchange.candles(btc, limit: 10).dropFirst().first)
        whole.timeMilliseconds = try #require(closed.last).timeMilliseconds
        #expect(whole == closed.last)
    }
}
