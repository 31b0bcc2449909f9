import Market
import ReplayServer
import TapedeckClient
import Testing

extension ClientTests {
    /// Subscriptions against the real exchange: what is told, in which order, and what is never kept silent.
    @Suite(.timeLimit(.minutes(10))) struct SubscriptionTests {
        private static let topic = ServedExchange.book

        @Test func `a book over TLS comes push by push and ends equal to the exchange's`()
            async throws
        {
            try await ServedExchange.run(isPlain: false) { exchange in
                let client = try exchange.client(secret: nil)
                var events = try client.events(of: Self.topic, in: .linear).makeAsyncIterator()
                try await events.subscribed(Self.topic)
                var last = try await events.book()
                for _ in 0..<100 {
                    let next = try await events.book()
                    #expect(next.updateID == last.updateID + 1)
                    #expect(next.freshness == .live)
                    last = next
                }
                await exchange.server.setMarketRunning(false)
                let own = try await exchange.book(depth: 50)
                while last.updateID < own.u { last = try await events.book() }
                #expect(last.updateID == own.u)
                #expect(last.bids == own.bids && last.asks == own.asks)
                #expect(last.bids.count > 10)
                // What is asked for is what was told.
                let asked = try #require(await client.book(of: "BTCUSDT", in: .linear, depth: 50))
                #expect(asked.bids == own.bids && asked.freshness == .live)
                let status = try #require(await client.connections.first)
                #expect(status.phase == .ready && status.topics == [Self.topic])
                await client.close()
            }
        }

        @Test func `topics of one sequence come typed, and a second reader is told what is known`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                let topics = [
                    "orderbook.1.BTCUSDT", "publicTrade.BTCUSDT", "tickers.BTCUSDT",
                    "kline.1.BTCUSDT",
                ]
                var events = try client.events(of: topics, in: .linear).makeAsyncIterator()
                var seen: Set<String> = []
                while seen.count < 4 {
                    let found = try await events.first { event -> String? in
                        switch event.content {
                        case .book(let book):
                            #expect(book.depth == 1 && book.bestBid != nil)
                            return event.topic
                        case .trades(let trades):
                            #expect(trades.allSatisfy { $0.symbol.description == "BTCUSDT" })
                            return event.topic
                        case .ticker(let ticker):
                            #expect(ticker.lastPrice != nil && ticker.volume24h != nil)
                            return event.topic
                        case .candles(let candles):
                            #expect(candles.first?.interval == "1")
                            return event.topic
                        default: return nil
                        }
                    }
                    seen.insert(found)
                }
                #expect(seen == Set(topics))
                let ticker = try #require(await client.ticker(of: "BTCUSDT", in: .linear))
                #expect(ticker.isLive && ticker.ticker.markPrice != nil)
                // No new snapshot comes from the exchange for the second reader: the client has it.
                await exchange.server.setPushing(false)
                var second = try client.events(of: "tickers.BTCUSDT", in: .linear)
                    .makeAsyncIterator()
                try await second.subscribed("tickers.BTCUSDT")
                try await second.until { if case .ticker = $0.content { true } else { false } }
                await client.close()
            }
        }

        @Test func `a push that is missing is told, and the book is subscribed anew by itself`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                var events = try client.events(of: Self.topic, in: .linear).makeAsyncIterator()
                let before = try await events.book()
                try await exchange.order(#"{"manner":"gap","topic":"orderbook.50.*","pushes":2}"#)
                var last = before
                let reason = try await events.first { event -> String? in
                    switch event.content {
                    case .book(let book):
                        #expect(book.updateID == last.updateID + 1)
                        last = book
                        return nil
                    case .stale(let reason): return reason
                    default: return nil
                    }
                }
                #expect(reason.contains("expected u = \(last.updateID + 1)"), "\(reason)")
                let mended = try await events.book()
                #expect(mended.updateID > last.updateID + 1 && mended.freshness == .live)
                await exchange.server.setMarketRunning(false)
                let own = try await exchange.book(depth: 50)
                last = mended
                while last.updateID < own.u { last = try await events.book() }
                #expect(last.bids == own.bids && last.asks == own.asks)
                await client.close()
            }
        }

        @Test func `a cut is told, what it touched is stale, and the client comes back`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                var links = client.connectionEvents().makeAsyncIterator()
                var events = try client.events(
                    of: [Self.topic, "publicTrade.BTCUSDT"],
                    in: .linear
                ).makeAsyncIterator()
                _ = try await events.book()
                #expect(await exchange.server.disconnectAll(.publicData(.linear)) == 1)
                let lost = try await events.first { event -> LinkEvent? in
                    guard case .connection(let link) = event.content else { return nil }
                    return link.change == .disconnected ? link : nil
                }
                #expect(lost.socket == "public/linear" && !lost.reason.isEmpty)
                let stale = try await events.first { event -> String? in
                    if case .stale = event.content { event.topic } else { nil }
                }
                #expect(stale == Self.topic)
                let state = try #require(await client.book(of: "BTCUSDT", in: .linear, depth: 50))
                #expect(state.freshness != .empty)
                try await events.subscribed(Self.topic)
                #expect(try await events.book().freshness == .live)
                for change in [LinkEvent.Change.connected, .ready, .disconnected, .connected] {
                    try await links.until { event in
                        guard case .connection(let link) = event.content else { return false }
                        return link.change == change
                    }
                }
                let status = try #require(await client.connections.first)
                #expect(status.connections == 2 && status.lastFailure == lost.reason)
                await client.close()
            }
        }

        @Test func `a slow reader is told how many events it missed, and has the newest`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                var slow = try client.events(of: Self.topic, in: .linear, buffer: 5)
                    .makeAsyncIterator()
                let first = try await slow.book()
                let start = await client.connections[0].messages
                try await wait("two hundred pushes") {
                    await client.connections[0].messages > start + 200
                }
                await exchange.server.setMarketRunning(false)
                let own = try await exchange.book(depth: 50)
                try await wait("the last push") {
                    await client.book(of: "BTCUSDT", in: .linear, depth: 50)?.updateID == own.u
                }
                var told: [Int64] = []
                var missed: [Int] = []
                while told.last != own.u {
                    switch try #require(try await slow.next()).content {
                    case .book(let book): told.append(book.updateID)
                    case .missed(let count):
                        missed.append(count)
                        // They are missing here and nowhere else.
                        #expect(told == (0..<told.count).map { first.updateID + 1 + Int64($0) })
                    default: break
                    }
                }
                #expect(missed.count == 1 && told.count + missed[0] == own.u - first.updateID)
                #expect(told.suffix(5) == [4, 3, 2, 1, 0].map { own.u - $0 })
                await client.close()
            }
        }

        @Test func `a topic is unsubscribed when its last reader is cancelled or leaves its loop`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                func subscriptions() async -> Int {
                    await exchange.server.counters().subscriptions
                }
                let first = try client.events(of: Self.topic, in: .linear)
                let reader = Task {
                    var events = 0
                    for try await _ in first { events += 1 }
                    return events
                }
                for try await event in try client.events(of: Self.topic, in: .linear) {
                    if case .book = event.content { break }
                }
                // The second has left; the first still reads.
                var third = try client.events(of: "publicTrade.BTCUSDT", in: .linear)
                    .makeAsyncIterator()
                try await third.subscribed("publicTrade.BTCUSDT")
                #expect(await subscriptions() == 2)
                reader.cancel()
                #expect(try await reader.value > 0)
                try await wait("one topic left") { await subscriptions() == 1 }
                #expect(await client.book(of: "BTCUSDT", in: .linear, depth: 50) == nil)
                // It can be had again, from its snapshot on.
                var again = try client.events(of: Self.topic, in: .linear).makeAsyncIterator()
                #expect(try await again.book().freshness == .live)
                #expect(await subscriptions() == 2)
                await client.close()
            }
        }

        @Test func `readers that come and go in a crowd leave nothing behind`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil) { $0.idle = 50_000_000 }
                let topics = [1, 50, 200, 1_000].map { "orderbook.\($0).BTCUSDT" }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<120 {
                        group.addTask {
                            // Some begin while the last of others leave.
                            try await Task.sleep(for: .milliseconds(number * 7 % 400))
                            let topic = topics[number % topics.count]
                            var events = try client.events(of: topic, in: .linear)
                                .makeAsyncIterator()
                            let book = try await events.book()
                            #expect(book.freshness == .live && book.bestBid != nil)
                        }
                    }
                    try await group.waitForAll()
                }
                try await wait("no topic left, and no connection") {
                    let counters = await exchange.server.counters()
                    return counters.subscriptions == 0 && counters.clients == 0
                }
                // The exchange may know of the end before the client does.
                try await wait("its own word of it") {
                    let status = await client.connections.first
                    return status?.phase == .idle && status?.topics.isEmpty == true
                }
                // It connects again for the next reader.
                var events = try client.events(of: topics[1], in: .linear).makeAsyncIterator()
                let own = try await events.book()
                #expect(own.updateID > 0)
                await client.close()
            }
        }

        @Test func `a topic that the exchange refuses ends its sequence with the reason`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                var good = try client.events(of: Self.topic, in: .linear).makeAsyncIterator()
                let wrong = "orderbook.50.NOSUCHUSDT"
                let error = await #expect(throws: ClientError.self) {
                    for try await _ in try client.events(of: wrong, in: .linear) {}
                }
                guard case .topicRefused(let topic, let reason) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(topic == wrong && reason.contains(wrong))
                _ = try await good.book()
                for text in ["BTCUSDT", "orderbook.50.*USDT", "tickers.top:3", "a b.c", ""] {
                    #expect(throws: ClientError.self) {
                        try client.events(of: text, in: .linear)
                    }
                }
                await client.close()
            }
        }

        @Test func `the sequences of a client that is closed end`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                let events = try client.events(of: Self.topic, in: .linear)
                let reader = Task { for try await _ in events {} }
                try await wait("a book") {
                    await client.book(of: "BTCUSDT", in: .linear, depth: 50)?.freshness == .live
                }
                await client.close()
                try await reader.value
                for try await _ in try client.events(of: Self.topic, in: .linear) {
                    Issue.record("a client that is closed tells nothing")
                }
                try await wait("the socket's end") {
                    await exchange.server.counters().clients == 0
                }
            }
        }

        @Test func `sockets go with the last sequence of a client that was let go`() async throws {
            try await ServedExchange.run { exchange in
                var events: ClientEvents.Iterator? = try exchange.client(secret: nil)
                    .events(of: Self.topic, in: .linear).makeAsyncIterator()
                _ = try await events?.book()
                #expect(await exchange.server.counters().clients == 1)
                events = nil
                try await wait("the socket's end") {
                    await exchange.server.counters().clients == 0
                }
            }
        }
    }
}
