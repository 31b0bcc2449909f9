import Market
import Testing

@testable import Trading

/// The book with price improvements: what is missing of it is told and asked for, and nothing else is made of it.
@Suite struct ImprovementBookTests {
    @Test func `changes in sequence are applied, and the book of that depth is another one`() throws
    {
        var bench = try Bench.improved()
        let before = try #require(try bench.improvementState().feed)
        // A level of improvements alone has no size here.
        let answer = try bench.improvement(
            u: 101,
            bids: [("90000.0", "0"), ("89999.8", "0.0"), ("89999.7", "4")]
        )
        #expect(answer.isEmpty)
        let own = try bench.improvementFeed()
        #expect(
            own.freshness == .live && own.updateID == 101 && own.topic == Bench.improvementTopic
        )
        #expect(own.book.bids.map(\.price.units) == [899_999, 899_997])
        let other = try bench.improvementState()
        #expect(other.feeds.map(\.depth) == [50])
        #expect(other.feed?.book.contentHash == before.book.contentHash)
        #expect(other.feed?.updateID == before.updateID)
    }

    @Test func `alone it is no book that anybody trades on`() throws {
        var bench = try Bench()
        bench.begin()
        try bench.improvementSnapshot(u: 100)
        let isShown = bench.engine.desk.book(Bench.btc) != nil
        #expect(!isShown)
        let health = bench.engine.bookHealth
        #expect(health.valid == 0 && health.invalid.isEmpty)
        #expect(bench.engine.desk.markets.isSubscribed(Bench.btc))
    }

    @Test func `a skipped u is told with expected and seen, and a snapshot asked for`() throws {
        var bench = try Bench.improved()
        let answer = try bench.improvement(u: 103, bids: [("89999.9", "0")])
        let finding = try #require(answer.findings(.gap).first)
        #expect(finding.subject == Bench.improvementStream)
        #expect(finding.expected == "u = 101" && finding.seen == "u = 103")
        #expect(answer.commands.map(\.action) == [Bench.improvementQuestion])
        #expect(answer.commands.first?.strategy == Desk.own)
        #expect(try bench.improvementFeed().freshness == .stale)
        // What it does not have stops nobody.
        #expect(bench.engine.bookHealth.invalid.isEmpty)
        #expect(try bench.act("buy 0.010 89990.0").placed.count == 1)
        let meanwhile = try bench.improvement(u: 104)
        #expect(meanwhile.findings(.ignored).count == 1 && meanwhile.commands.isEmpty)
        #expect(try bench.improvement(u: 105).isEmpty)
        #expect(try bench.improvementSnapshot(u: 106).isEmpty)
        #expect(try bench.improvementFeed().freshness == .live)
        #expect(try bench.improvement(u: 107).isEmpty)
    }

    @Test func `a change before any snapshot is told once, and the snapshot asked for in time`()
        throws
    {
        var bench = try Bench()
        bench.begin()
        let early = try bench.improvement(u: 5, bids: [("1", "1")])
        #expect(early.findings(.ignored).count == 1 && early.commands.isEmpty)
        #expect(try bench.improvement(u: 6, bids: [("1", "1")]).isEmpty)
        #expect(try bench.improvementFeed().book.isEmpty)
        #expect(bench.improvementAsked(seconds: 6) == [5])
    }

    @Test func `u of 1 is a snapshot whatever its type, and an old u is told once`() throws {
        var bench = try Bench.improved()
        #expect(try bench.improvement(u: 1, bids: [("80000.0", "1")]).isEmpty)
        #expect(try bench.improvementFeed().book.bids.map(\.price.units) == [800_000])
        #expect(try bench.improvement(u: 2, bids: [("80000.1", "1")]).isEmpty)
        let old = try bench.improvement(u: 2)
        #expect(old.findings(.ignored).first?.expected == "u > 2" && old.commands.isEmpty)
        #expect(try bench.improvement(u: 2).isEmpty)
        #expect(try bench.improvementFeed().freshness == .live)
    }

    @Test func `a sequence that falls is a gap`() throws {
        var bench = try Bench.improved()
        let answer = try bench.improvement(u: 101, seq: 999)
        #expect(answer.findings(.gap).first?.expected == "seq >= 1000")
        #expect(answer.commands.map(\.action) == [Bench.improvementQuestion])
        #expect(try bench.improvementFeed().freshness == .stale)
    }

    @Test func `crossed without its improvements it is not believed`() throws {
        var bench = try Bench.improved()
        let answer = try bench.improvement(u: 101, bids: [("90000.2", "1")])
        #expect(answer.findings(.crossedBook).first?.seen == "bid 90000.2, ask 90000.2")
        #expect(answer.commands.map(\.action) == [Bench.improvementQuestion])
        #expect(try bench.improvementFeed().freshness == .stale)
        // With them it may be.
        try bench.improvementSnapshot(u: 200)
        #expect(try bench.improvement(u: 201, bids: [("90000.3", "0")]).isEmpty)
        #expect(try bench.improvementFeed().freshness == .live)
    }

    @Test func `a level that cannot be read makes it stale`() throws {
        var bench = try Bench.improved()
        let bad = DecodeFinding(field: "data.b[0][2]", reason: .number(.tooLong))
        let answer = try bench.improvement(u: 101, findings: [bad])
        #expect(answer.findings(.gap).first?.expected == "every level")
        #expect(answer.commands.map(\.action) == [Bench.improvementQuestion])
        #expect(try bench.improvementFeed().freshness == .stale)
        // A snapshot that cannot be read is not asked for at once: it would come just so.
        let again = try bench.improvement(u: 200, snapshot: true, findings: [bad])
        #expect(again.findings(.gap).count == 1 && again.commands.isEmpty)
        #expect(try bench.improvementFeed().freshness == .stale)
    }

    @Test func `a push that cannot be read at all is one that it has missed`() throws {
        var bench = try Bench.improved()
        let answer = bench.feed(Bench.improvementStream) { $0.kind = .malformed }
        #expect(answer.findings(.gap).map(\.subject) == [Bench.improvementStream])
        #expect(answer.commands.map(\.action) == [Bench.improvementQuestion])
        #expect(try bench.improvementFeed().freshness == .stale)
        #expect(try bench.improvementState().feed?.freshness == .live)
        #expect(bench.feed(Bench.improvementStream) { $0.kind = .malformed }.isEmpty)
    }
}
