import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Subscribers that come at any moment, at every depth of every category.
    @Suite(.timeLimit(.minutes(10))) struct JoiningTests {
        /// One client's book of one topic, kept by the protocol's rules and by nothing else.
        struct Kept {
            var bids: [Int64: Int64] = [:]
            var asks: [Int64: Int64] = [:]
            var updateID: Int64?
            var messages = 0

            mutating func take(_ event: Event, depth: Int, topic: String) {
                let book = event.book
                messages += 1
                if book.isSnapshot {
                    bids = [:]
                    asks = [:]
                } else if updateID == nil {
                    Issue.record("a delta before the snapshot on \(topic)")
                } else {
                    #expect(book.updateID == (updateID ?? 0) + 1, "a gap on \(topic)")
                }
                updateID = book.updateID
                take(book.bids, book.bidImprovements, into: &bids, topic)
                take(book.asks, book.askImprovements, into: &asks, topic)
                #expect(bids.count <= depth && asks.count <= depth, "too deep on \(topic)")
                if let bid = bids.keys.max(), let ask = asks.keys.min() {
                    #expect(bid < ask, "crossed on \(topic)")
                }
            }

            private func take(
                _ levels: [LevelNumerals],
                _ improvements: [Numeral],
                into side: inout [Int64: Int64],
                _ topic: String
            ) {
                for level in levels {
                    let price = (try? level.price.units(decimals: 8)) ?? 0
                    let size = (try? level.size.units(decimals: 8)) ?? -1
                    if size == 0 {
                        let held = side.removeValue(forKey: price)
                        #expect(held != nil, "not held on \(topic)")
                    } else {
                        side[price] = size
                    }
                }
            }
        }

        private static let topics: [(category: Market.Category, topics: [String])] = [
            (
                .linear,
                [
                    "orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "orderbook.200.BTCUSDT",
                    "orderbook.1000.BTCUSDT", "orderbook.rpi.BTCUSDT",
                ]
            ),
            (.inverse, ["orderbook.50.BTCUSD", "orderbook.200.BTCUSD", "orderbook.rpi.BTCUSD"]),
            (.spot, ["orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "orderbook.1000.BTCUSDT"]),
            (
                .option,
                [
                    "orderbook.25.BTC-25DEC26-90000-C-USDT",
                    "orderbook.100.BTC-25DEC26-90000-C-USDT",
                ]
            ),
            (.spread, ["orderbook.25.BTCUSDT_BTC/USDT"]),
        ]

        @Test func `a market as fast as it goes lets others in while its reader keeps up`()
            async throws
        {
            // Little is told of much market, so that the first client never makes it wait.
            try await TestExchange.run(pace: .fast, eventsPerSecond: 20_000) { exchange in
                let first = try await exchange.open("/v5/public/linear")
                _ = try await first.ask(#"{"op":"subscribe","args":["tickers.BTCUSDT"]}"#)
                let second = try await exchange.open("/v5/public/linear")
                #expect(try await second.ask(#"{"op":"ping"}"#).contains("pong"))
                await second.close()
                await first.close()
            }
        }

        @Test func `nobody is told to delete a level that they do not hold, whenever they come`()
            async throws
        {
            try await TestExchange.runAll(pace: 4, eventsPerSecond: 400) { exchange in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for client in 0..<40 {
                        group.addTask {
                            // A fixed spread of moments over two seconds, never the same twice.
                            try await Task.sleep(for: .milliseconds(client * 53 % 2_000))
                            return try await Self.listen(exchange, client)
                        }
                    }
                    let counts = try await group.reduce(into: [Int]()) { $0.append($1) }
                    #expect(counts.count == 40 && counts.allSatisfy { $0 >= 60 })
                }
            }
        }

        /// Follows all topics of one category for a while, leaving and coming back to one of them.
        private static func listen(_ exchange: TestExchange, _ client: Int) async throws -> Int {
            let (category, topics) = Self.topics[client % Self.topics.count]
            let socket = try await exchange.open("/v5/public/" + category.name)
            let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
            try await socket.send(#"{"op":"subscribe","args":[\#(list)]}"#)
            var kept: [String: Kept] = [:]
            let decoder = TestDecoder()
            var count = 0
            var hasLeft = false
            while count < 60 {
                let text = try await socket.text()
                guard
                    let topic = text.firstMatch(of: #/"topic":"([^"]+)"/#).map({
                        String($0.output.1)
                    })
                else { continue }
                let event = decoder.decode(text, public: category.name)
                #expect(event.findings.isEmpty)
                let depth = topic.hasPrefix("orderbook.rpi") ? 50 : event.book.depth
                kept[topic, default: Kept()].take(event, depth: depth, topic: topic)
                count += 1
                if count == 30, !hasLeft {
                    hasLeft = true
                    let one = topics[client % topics.count]
                    try await socket.send(#"{"op":"unsubscribe","args":["\#(one)"]}"#)
                    try await socket.send(#"{"op":"subscribe","args":["\#(one)"]}"#)
                }
            }
            await socket.close()
            return count
        }

        @Test func `the full book is put together from REST and deltas as the reference says`()
            async throws
        {
            try await TestExchange.runAll([.spot], pace: 2, eventsPerSecond: 300) { exchange in
                let socket = try await exchange.open("/v5/public/spot")
                _ = try await socket.ask(#"{"op":"subscribe","args":["orderbook.full.BTCUSDT"]}"#)
                let decoder = TestDecoder()
                var buffered: [BookUpdate] = []
                while buffered.count < 2 {
                    buffered.append(decoder.decode(try await socket.text(), public: "spot").book)
                }
                let rest = try await exchange.get(
                    "/v5/market/full_orderbook?category=spot&symbol=BTCUSDT"
                )
                let start = try #require(rest.body.firstMatch(of: #/"u":(\d+),"seq":(\d+)/#))
                let first = try #require(Int64(start.output.1))
                while buffered.last?.updateID ?? 0 <= first {
                    buffered.append(decoder.decode(try await socket.text(), public: "spot").book)
                }
                // One of the buffered deltas is the snapshot's, with the same `seq`.
                let same = buffered.first { $0.updateID == first }
                #expect(same?.crossSequence == Int64(start.output.2))
                await socket.close()
            }
        }
    }
}
