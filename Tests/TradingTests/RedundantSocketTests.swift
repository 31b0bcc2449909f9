import Market
import Testing
import Trading

/// Several connections that carry the same books: the first word counts, and the loss of one is no gap.
@Suite struct RedundantSocketTests {
    private func feed(_ bench: Bench) throws -> BookFeed {
        let state = try #require(bench.engine.markets.first { $0.instrument == Bench.btc }?.state)
        return try #require(state.feeds.first { $0.depth == 50 })
    }

    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.link(.connected, "public/linear@2")
        bench.link(.ready, "public/linear@2")
        // The second connection's snapshot is the book that is there already.
        let snapshot = try bench.book(
            "BTCUSDT",
            u: 100,
            snapshot: true,
            slot: "@2",
            bids: [("90000.0", "1")],
            asks: [("90000.1", "1")]
        )
        #expect(snapshot.isEmpty)
        return bench
    }

    @Test func `what one connection repeats is applied once`() throws {
        var bench = try bench()
        for update in Int64(101)...110 {
            let first = update % 2 == 0 ? "" : "@2"
            let second = update % 2 == 0 ? "@2" : ""
            let bids = [("89999.8", "\(update)")]
            #expect(try bench.book("BTCUSDT", u: update, slot: first, bids: bids).isEmpty)
            #expect(try bench.book("BTCUSDT", u: update, slot: second, bids: bids).isEmpty)
        }
        #expect(try feed(bench).updateID == 110)
        #expect(try feed(bench).freshness == .live)
    }

    @Test(arguments: ["public/linear", "public/linear@2"])
    func `the loss of one connection leaves the book live`(socket: String) throws {
        var bench = try bench()
        for slot in ["", "@2"] { try bench.book("BTCUSDT", u: 101, slot: slot) }
        let answer = bench.link(.disconnected, socket)
        #expect(answer.findings(.gap).isEmpty)
        #expect(try feed(bench).freshness == .live)
        let other = socket.hasSuffix("@2") ? "" : "@2"
        #expect(
            try bench.book("BTCUSDT", u: 102, slot: other, bids: [("89999.8", "4")]).isEmpty
        )
        #expect(try feed(bench).updateID == 102)
        // With the last one goes the book.
        bench.link(.disconnected, other.isEmpty ? "public/linear" : "public/linear@2")
        #expect(try feed(bench).freshness == .stale)
    }

    @Test func `a connection that takes over may be behind, and what it says again is no finding`()
        throws
    {
        var bench = try bench()
        try bench.book("BTCUSDT", u: 101, slot: "@2")
        for update in Int64(101)...105 { try bench.book("BTCUSDT", u: update) }
        #expect(bench.link(.disconnected, "public/linear").findings(.gap).isEmpty)
        for update in Int64(102)...105 {
            #expect(try bench.book("BTCUSDT", u: update, slot: "@2").isEmpty)
        }
        // From here on it is at the head, and what is old is so.
        #expect(try bench.book("BTCUSDT", u: 104, slot: "@2").findings(.ignored).count == 1)
        #expect(
            try bench.book("BTCUSDT", u: 106, slot: "@2", bids: [("89999.8", "4")]).isEmpty
        )
        #expect(try feed(bench).updateID == 106)
        #expect(try feed(bench).freshness == .live)
    }

    @Test func `a connection that skips a push is no gap while another gives it`() throws {
        var bench = try bench()
        for slot in ["", "@2"] { try bench.book("BTCUSDT", u: 101, slot: slot) }
        // The first connection lost 102; the second has it.
        #expect(try bench.book("BTCUSDT", u: 103).isEmpty)
        #expect(try bench.book("BTCUSDT", u: 102, slot: "@2").isEmpty)
        #expect(try bench.book("BTCUSDT", u: 103, slot: "@2").isEmpty)
        #expect(try feed(bench).updateID == 103)
        #expect(try feed(bench).freshness == .live)
    }

    @Test func `a connection of other topics takes no book with it`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.link(.ready, "public/linear@2")
        bench.link(.disconnected, "public/linear@2")
        #expect(try feed(bench).freshness == .live)
        bench.link(.disconnected, "public/linear")
        #expect(try feed(bench).freshness == .stale)
    }
}
