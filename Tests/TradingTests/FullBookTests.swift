import Market
import Testing
import Trading

/// `orderbook.full`: a stream of changes alone, and a reply that is their beginning.
@Suite struct FullBookTests {
    private static let id = InstrumentID(.spot, Symbol("BTCUSDT") ?? .none)
    private static let question = [Command.Action.lookUp(.fullBook(id))]

    /// A session whose socket is ready, and nothing of a book yet.
    private struct Full {
        var bench: Bench

        init() throws {
            bench = try Bench()
            bench.begin()
            bench.link(.ready, "public/spot")
        }

        /// Best bid 100.0 and best ask 100.1 in all of them; the size tells which.
        static func fill(_ event: inout Event, u: Int64, seq: Int64, bid size: String) throws {
            event.category = .spot
            event.symbol = FullBookTests.id.symbol
            event.book.depth = BookUpdate.fullDepth
            event.book.updateID = u
            event.book.crossSequence = seq
            let price = try Numeral(text: "100.0")
            event.book.bids = [LevelNumerals(price: price, size: try Numeral(text: size))]
        }

        @discardableResult
        mutating func change(
            u: Int64,
            seq: Int64? = nil,
            bid: String = "1",
            slot: String = "",
            after milliseconds: Int64 = 1
        ) throws -> [Output] {
            let stream = "public/spot/orderbook.full.BTCUSDT\(slot)"
            return try bench.feed(stream, after: milliseconds) { event in
                event.kind = .book
                try Full.fill(&event, u: u, seq: seq ?? u * 10, bid: bid)
            }
        }

        @discardableResult
        mutating func reply(
            u: Int64,
            seq: Int64? = nil,
            bid: String = "5",
            code: Int64 = 0
        ) throws -> [Output] {
            try bench.reply(
                .fullOrderBook,
                code: code,
                query: "category=spot&symbol=BTCUSDT",
                after: 1
            ) { event in
                guard code == 0 else { return }
                event.book.isSnapshot = true
                try Full.fill(&event, u: u, seq: seq ?? u * 10, bid: bid)
                event.book.bids.append(
                    LevelNumerals(price: try Numeral(text: "99.9"), size: try Numeral(text: "7"))
                )
                event.book.asks = [
                    LevelNumerals(price: try Numeral(text: "100.1"), size: try Numeral(text: "3"))
                ]
            }
        }

        var feed: BookFeed {
            get throws {
                let all = bench.engine.markets
                let state = try #require(all.first { $0.instrument == FullBookTests.id }?.state)
                return try #require(state.feeds.last)
            }
        }
    }

    private func actions(_ outputs: [Output]) -> [Command.Action] { outputs.commands.map(\.action) }

    @Test func `changes wait for the reply, and those that it holds are not applied twice`() throws
    {
        var full = try Full()
        #expect(actions(try full.change(u: 40, bid: "1")) == Self.question)
        #expect(try full.change(u: 41, bid: "2").isEmpty)
        #expect(try full.change(u: 42, bid: "4").isEmpty)
        #expect(try full.feed.freshness == .empty)
        #expect(try full.reply(u: 41, bid: "2").isEmpty)
        #expect(try full.feed.freshness == .live)
        #expect(try full.feed.updateID == 42)
        #expect(try full.feed.book.bids.map(\.size.units) == [4, 7])
        #expect(try full.change(u: 43, bid: "6").isEmpty)
        #expect(try full.feed.book.bids.map(\.size.units) == [6, 7])
    }

    @Test func `a reply that is newer than all changes waits for its own`() throws {
        var full = try Full()
        try full.change(u: 40)
        #expect(try full.reply(u: 42, bid: "9").isEmpty)
        #expect(try full.feed.freshness == .empty)
        #expect(try full.change(u: 41).isEmpty)
        #expect(try full.feed.freshness == .empty)
        #expect(try full.change(u: 42, bid: "9").isEmpty)
        #expect(try full.feed.freshness == .live)
        #expect(try full.feed.updateID == 42)
    }

    @Test func `a reply of before the first change is asked for again, later each time`() throws {
        var full = try Full()
        try full.change(u: 40)
        #expect(try full.reply(u: 39).isEmpty)
        #expect(try full.change(u: 41, after: 200).isEmpty)
        #expect(actions(try full.change(u: 42, after: 60)) == Self.question)
        #expect(try full.reply(u: 39).isEmpty)
        #expect(try full.change(u: 43, after: 400).isEmpty)
        #expect(actions(try full.change(u: 44, after: 110)) == Self.question)
        try full.reply(u: 43)
        #expect(try full.feed.freshness == .live)
        #expect(try full.feed.updateID == 44)
    }

    @Test func `the same seq with another u is no beginning`() throws {
        var full = try Full()
        try full.change(u: 40, seq: 400)
        try full.change(u: 41, seq: 410)
        try full.reply(u: 42, seq: 410)
        #expect(try full.feed.freshness == .empty)
        #expect(actions(try full.change(u: 42, seq: 420, after: 300)) == Self.question)
    }

    @Test func `a refused question is told and asked again`() throws {
        var full = try Full()
        try full.change(u: 40)
        #expect(try full.reply(u: 0, code: 10_001).findings(.refused).count == 1)
        #expect(actions(try full.change(u: 41, after: 300)) == Self.question)
        try full.reply(u: 41)
        #expect(try full.feed.freshness == .live)
    }

    @Test func `changes that do not follow begin again and are told, and an older reply is no use`()
        throws
    {
        var full = try Full()
        try full.change(u: 40)
        let gap = try #require(try full.change(u: 43).findings(.gap).first)
        #expect(gap.expected == "u = 41")
        #expect(gap.seen == "u = 43")
        // Of the question of before: its book is older than what waits now.
        #expect(try full.reply(u: 40).isEmpty)
        #expect(try full.feed.freshness == .empty)
        #expect(actions(try full.change(u: 44, after: 300)) == Self.question)
        try full.reply(u: 44)
        #expect(try full.feed.freshness == .live)
    }

    @Test(arguments: [(45, 450), (1, 10), (42, 400)])
    func `a gap, a restart and a seq that falls make a live book stale, and it comes back`(
        _ u: Int,
        _ seq: Int
    ) throws {
        var full = try Full()
        try full.change(u: 40)
        try full.change(u: 41)
        try full.reply(u: 41)
        #expect(try full.feed.freshness == .live)
        let answer = try full.change(u: Int64(u), seq: Int64(seq))
        #expect(answer.findings(.gap).count == 1)
        #expect(actions(answer) == Self.question)
        #expect(try full.feed.freshness == .stale)
        // Another change, and the reply that holds both.
        try full.change(u: Int64(u) + 1, seq: Int64(seq) + 1)
        try full.reply(u: Int64(u) + 1, seq: Int64(seq) + 1, bid: "8")
        #expect(try full.feed.freshness == .live)
        #expect(try full.feed.book.bestBid?.size.units == 8)
    }

    @Test
    func
        `a full book that is crossed is told and asked for again, later`()
        throws
    {
        var full = try Full()
        try full.change(u: 40, bid: "1")
        let crossed = try full.bench.reply(
            .fullOrderBook,
            query: "category=spot&symbol=BTCUSDT",
            after: 1
        ) { event in
            event.book.isSnapshot = true
            try Full.fill(&event, u: 40, seq: 400, bid: "5")
            event.book.asks = event.book.bids
        }
        #expect(crossed.findings(.gap).count == 1)
        #expect(try full.change(u: 41).isEmpty)
        #expect(actions(try full.change(u: 42, after: 300)) == Self.question)
    }

    @Test func `the largest number is no trap`() throws {
        var full = try Full()
        try full.change(u: .max, seq: .max)
        try full.reply(u: .max, seq: .max)
        #expect(try full.feed.freshness == .live)
        #expect(try full.change(u: 1, seq: 1).findings(.gap).count == 1)
    }

    @Test func `what was seen before already is ignored`() throws {
        var full = try Full()
        try full.change(u: 40)
        try full.reply(u: 40)
        #expect(try full.change(u: 40).findings(.ignored).count == 1)
        #expect(try full.feed.freshness == .live)
    }

    @Test func `a lost connection forgets what waits, and the next change asks anew`() throws {
        var full = try Full()
        try full.change(u: 40)
        full.bench.link(.disconnected, "public/spot")
        // The answer of before joins nothing.
        #expect(try full.reply(u: 40).isEmpty)
        #expect(try full.feed.freshness == .empty)
        full.bench.link(.ready, "public/spot")
        // No snapshot is due: waiting for one would ask for it without end.
        for _ in 0..<10 { #expect(full.bench.tick().isEmpty) }
        #expect(actions(try full.change(u: 50)) == Self.question)
        try full.reply(u: 50)
        #expect(try full.feed.freshness == .live)
    }

    @Test func `of two connections one gives the beginning, and both the changes`() throws {
        var full = try Full()
        try full.change(u: 40)
        #expect(try full.change(u: 40, slot: "@2").isEmpty)
        #expect(try full.change(u: 41, slot: "@2").isEmpty)
        try full.change(u: 41)
        try full.reply(u: 41)
        #expect(try full.change(u: 42, slot: "@2").isEmpty)
        #expect(try full.change(u: 42).isEmpty)
        #expect(try full.feed.updateID == 42)
        full.bench.link(.disconnected, "public/spot")
        #expect(try full.feed.freshness == .live)
        #expect(try full.change(u: 43, slot: "@2").isEmpty)
        #expect(try full.feed.updateID == 43)
    }

    @Test func `more changes than a minute and a half has begin again`() throws {
        var full = try Full()
        for u in 40..<Int64(40 + 512) { #expect(try full.change(u: u).findings(.gap).isEmpty) }
        #expect(try full.change(u: 40 + 512).findings(.gap).count == 1)
    }

    @Test func `what waits is part of the state, and goes on from a checkpoint`() throws {
        var full = try Full()
        try full.change(u: 40)
        let before = full.bench.engine.stateReport().components
        try full.change(u: 41, bid: "2")
        #expect(full.bench.engine.stateReport().components != before)
        let checkpoint = try full.bench.engine.checkpoint()
        full.bench.engine = try Engine(checkpoint: checkpoint, registry: Bench.registry)
        try full.reply(u: 40)
        #expect(try full.feed.freshness == .live)
        #expect(try full.feed.updateID == 41)
        #expect(try full.feed.book.bestBid?.size.units == 2)
    }
}
