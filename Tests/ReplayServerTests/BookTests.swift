import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Books that clients rebuild from pushes, held against the exchange's own in the same process.
    @Suite(.timeLimit(.minutes(10))) struct BookTests {
        @Test(arguments: [true, false])
        func `books rebuilt from thousands of pushes equal the exchange's own`(
            isPlain: Bool
        ) async throws {
            try await TestExchange.run(isPlain: isPlain, pace: .times(8)) { exchange in
                let client = try await BookClient(exchange, "/v5/public/linear", depths: [50, 200])
                for round in 1...3 {
                    try await client.read(atLeast: round * 700)
                    try await client.expectEqual(exchange)
                }
                // One that comes late starts from a snapshot with the stream's own `u`.
                let late = try await BookClient(exchange, "/v5/public/linear", depths: [50])
                try await late.read(atLeast: 50)
                try await late.expectEqual(exchange)
                await late.close()
                await client.close()
            }
        }

        @Test func `a forced disconnect cuts one kind of socket, and its clients start afresh`()
            async throws
        {
            try await TestExchange.run(pace: .times(5)) { exchange in
                let linear = try await BookClient(exchange, "/v5/public/linear", depths: [50])
                let spot = try await exchange.open("/v5/public/spot")
                let personal = try await exchange.openPrivate()
                try await linear.read(atLeast: 20)
                #expect(await exchange.server.disconnectAll(.publicData(.linear)) == 1)
                #expect(await linear.socket.isCutOff())
                #expect(try await spot.ask(#"{"op":"ping"}"#).contains("pong"))
                #expect(await exchange.server.disconnectAll(.privateData) == 1)
                #expect(await personal.isCutOff())
                let again = try await BookClient(exchange, "/v5/public/linear", depths: [50])
                try await again.read(atLeast: 100)
                try await again.expectEqual(exchange)
                let counters = await exchange.server.counters()
                #expect(counters.dropped == 2 && counters.clients == 2)
                #expect(counters.subscriptions == 2)
                await again.close()
                await spot.close()
            }
        }

        @Test func `pushes that were kept back are made up for by a snapshot`() async throws {
            try await TestExchange.run(pace: .times(5)) { exchange in
                let client = try await BookClient(exchange, "/v5/public/linear", depths: [50])
                try await client.read(atLeast: 20)
                await exchange.server.setPushing(false)
                // Whatever is still on its way comes before the answer to this.
                let quiet = await exchange.server.counters().pushes
                try await Task.sleep(for: .milliseconds(100))
                #expect(await exchange.server.counters().pushes == quiet)
                await exchange.server.setPushing(true)
                try await client.read(atLeast: 100)
                try await client.expectEqual(exchange)
                await client.close()
            }
        }

        @Test func `a client that never reads is dropped, and nobody else`() async throws {
            var limits = ServerLimits()
            limits.unsentBytesMax = 1 << 20
            try await TestExchange.run(limits: limits) { exchange in
                let reader = try await exchange.open("/v5/public/spot")
                let sleeper = try await exchange.open("/v5/public/linear")
                _ = try await sleeper.ask(
                    #"{"op":"subscribe","args":["orderbook.1000.BTCUSDT","orderbook.1000.ETHUSDT"]}"#
                )
                try await sleeper.setReading(false)
                // Snapshots out of the blue until its buffers and the limit are full.
                for _ in 0..<2_000 {
                    if await exchange.server.counters().dropped > 0 { break }
                    await exchange.server.setPushing(false)
                    await exchange.server.setPushing(true)
                }
                #expect(await exchange.server.counters().dropped == 1)
                #expect(await exchange.server.counters().clients == 1)
                #expect(try await reader.ask(#"{"op":"ping"}"#).contains("pong"))
                await sleeper.close()
                await reader.close()
            }
        }

        @Test func `depth one is always a snapshot, tickers and trades decode`() async throws {
            try await TestExchange.run(pace: .times(5)) { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                _ = try await socket.ask(
                    #"{"op":"subscribe","args":["orderbook.1.BTCUSDT","tickers.BTCUSDT","#
                        + #""publicTrade.BTCUSDT","kline.1.BTCUSDT","allLiquidation.BTCUSDT"]}"#
                )
                let pushes = TestDecoder()
                var seen: [Event.Kind: Int] = [:]
                while seen.count < 4 || seen.values.contains(where: { $0 < 2 }) {
                    let text = try await socket.text()
                    let event = pushes.decode(text, public: "linear")
                    #expect(event.findings.isEmpty && event.symbol == TestExchange.bitcoin.symbol)
                    if event.kind == .book { #expect(event.book.isSnapshot) }
                    if event.kind == .ticker, seen[.ticker] == nil {
                        #expect(event.ticker.isSnapshot && event.ticker.markPrice != nil)
                    }
                    seen[event.kind, default: 0] += 1
                }
                #expect(seen[.malformed] == nil && seen[.unknown] == nil)
                await socket.close()
            }
        }

        @Test func `fifty clients hold the same books`() async throws {
            try await TestExchange.run(pace: .times(4)) { exchange in
                let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            let client = try await BookClient(
                                exchange,
                                "/v5/public/linear",
                                depths: [50]
                            )
                            try await client.read(atLeast: 60)
                            let count = client.messages
                            await client.close()
                            return count
                        }
                    }
                    return try await group.reduce(into: [Int]()) { $0.append($1) }
                }
                #expect(counts.count == 50)
                #expect(await exchange.server.counters().connections == 50)
            }
        }
    }
}

/// A client that keeps books by the protocol's rules and checks each message against them.
final class BookClient {
    let socket: TestSocket
    private(set) var messages = 0
    private var books: [String: (book: Book, updateID: Int64)] = [:]
    private let decoder = TestDecoder()
    private let symbols: [(id: InstrumentID, scale: Scale)]
    private let depths: [Int]

    init(_ exchange: TestExchange, _ path: String, depths: [Int]) async throws {
        let listed = await exchange.server.inspect { exchange in
            exchange.listings.filter { $0.instrument.id.category == .linear }
                .map { ($0.instrument.id, $0.instrument.scale) }
        }
        symbols = (listed ?? []).map { (id: $0.0, scale: $0.1) }
        self.depths = depths
        socket = try await exchange.open(path)
        let topics = symbols.flatMap { symbol in
            depths.map { "\"orderbook.\($0).\(symbol.id.symbol)\"" }
        }
        let ack = try await socket.ask(
            #"{"op":"subscribe","args":[\#(topics.joined(separator: ","))]}"#
        )
        #expect(ack.contains(#""success":true"#))
    }

    func close() async { await socket.close() }

    func read(atLeast count: Int) async throws {
        while messages < count { take(try await socket.text()) }
    }

    /// Stops the market, reads up to what the exchange has sent, compares, and sets it going again.
    func expectEqual(_ exchange: TestExchange) async throws {
        await exchange.server.setMarketRunning(false)
        for (id, scale) in symbols {
            for depth in depths {
                let own = await exchange.server.inspect { $0.bookSnapshot(id, depth: depth) }
                let truth = try #require(own ?? nil)
                let key = "orderbook.\(depth).\(id.symbol)"
                while books[key]?.updateID != truth.updateID { take(try await socket.text()) }
                let mine = try #require(books[key]?.book)
                #expect(mine.bids == (try levels(truth.bids, scale)))
                #expect(mine.asks == (try levels(truth.asks, scale)))
                #expect(mine.bids.count == depth && !mine.isCrossed)
            }
        }
        await exchange.server.setMarketRunning(true)
    }

    private func levels(_ levels: [LevelNumerals], _ scale: Scale) throws -> [Level] {
        try levels.map {
            Level(price: try scale.price($0.price), size: try scale.quantity($0.size))
        }
    }

    private func take(_ text: String) {
        let event = decoder.decode(text, public: "linear")
        guard event.kind == .book, event.findings.isEmpty,
            let scale = symbols.first(where: { $0.id.symbol == event.symbol })?.scale
        else {
            Issue.record("not a book: \(text.prefix(200))")
            return
        }
        messages += 1
        let update = event.book
        let key = "orderbook.\(update.depth).\(event.symbol)"
        var state = books[key] ?? (Book(scale: scale), 0)
        if update.isSnapshot {
            state.book.removeAll()
        } else {
            #expect(update.updateID == state.updateID + 1, "gap in \(key)")
        }
        for (side, levels) in [(Side.buy, update.bids), (Side.sell, update.asks)] {
            for level in levels {
                guard let price = try? scale.price(level.price),
                    let size = try? scale.quantity(level.size)
                else {
                    Issue.record("a level beyond the scale in \(key)")
                    return
                }
                if size.units == 0 {
                    let held = side == .buy ? state.book.bids : state.book.asks
                    #expect(held.contains { $0.price == price }, "delete of a level not held")
                }
                state.book.set(side, price: price, size: size)
            }
        }
        state.updateID = update.updateID
        books[key] = state
    }
}
