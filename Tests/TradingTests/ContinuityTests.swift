import Market
import Testing
import Trading

@Suite struct ContinuityTests {
    private let topic = "public/linear/orderbook.50.BTCUSDT"

    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func feed(_ bench: Bench, depth: Int = 50) throws -> BookFeed {
        let state = try #require(bench.engine.markets.first { $0.instrument == Bench.btc }?.state)
        return try #require(state.feeds.first { $0.depth == depth })
    }

    @Test func `changes in sequence are applied and nothing is told`() throws {
        var bench = try bench()
        let answer = try bench.book("BTCUSDT", u: 101, bids: [("90000.0", "0"), ("89999.8", "4")])
        #expect(answer.isEmpty)
        #expect(try feed(bench).book.bids.map(\.price.units) == [899_999, 899_998])
        #expect(try feed(bench).updateID == 101)
    }

    @Test
    func `a gap makes the book stale, is told with expected and seen, and asks for a snapshot`()
        throws
    {
        var bench = try bench()
        let before = try feed(bench).book.contentHash
        let answer = try bench.book("BTCUSDT", u: 103, bids: [("90000.0", "0")])
        let finding = try #require(answer.findings(.gap).first)
        #expect(finding.subject == topic)
        #expect(finding.expected == "u = 101")
        #expect(finding.seen == "u = 103")
        #expect(
            answer.commands.map(\.action) == [
                .resubscribe(Bench.btc, topic: "orderbook.50.BTCUSDT")
            ]
        )
        #expect(answer.commands.first?.strategy == Desk.own)
        #expect(try feed(bench).freshness == .stale)
        #expect(try feed(bench).book.contentHash == before)
        // Nothing may be quoted on it.
        let rejected = try bench.act("buy 0.010 89990.0")
        #expect(rejected.placed.isEmpty)
        let check = try #require(rejected.verdicts.first?.checks.first { !$0.holds })
        #expect(check.limit == "halted")
        #expect(check.observed == "book stale")
    }

    @Test func `a level that does not fit makes the book stale instead of wrong`() throws {
        var bench = try bench()
        let answer = try bench.book(
            "BTCUSDT",
            u: 101,
            bids: [("89999.9", "999999999999999999"), ("89999.8", "4")]
        )
        #expect(answer.findings(.number).count == 1)
        #expect(answer.findings(.gap).first?.expected == "every level")
        #expect(try feed(bench).freshness == .stale)
        #expect(
            answer.commands.map(\.action) == [
                .resubscribe(Bench.btc, topic: "orderbook.50.BTCUSDT")
            ]
        )
    }

    @Test func `a snapshot ends a gap, and what came meanwhile is not applied`() throws {
        var bench = try bench()
        try bench.book("BTCUSDT", u: 103)
        let meanwhile = try bench.book("BTCUSDT", u: 104, bids: [("90000.0", "9")])
        #expect(meanwhile.findings(.ignored).count == 1)
        #expect(try bench.book("BTCUSDT", u: 105).isEmpty)
        try bench.book(
            "BTCUSDT",
            u: 200,
            snapshot: true,
            bids: [("90001.0", "1")],
            asks: [("90001.1", "1")]
        )
        #expect(try feed(bench).freshness == .live)
        #expect(try feed(bench).book.bids.count == 1)
        #expect(try bench.act("buy 0.010 89990.0").placed.count == 1)
    }

    @Test func `a snapshot that does not come is asked for again after five seconds`() throws {
        var bench = try bench()
        try bench.book("BTCUSDT", u: 103)
        var asked = 0
        for _ in 0..<11 { asked += bench.tick().commands.count }
        #expect(asked == 2)
    }

    @Test func `an old change is ignored and told once`() throws {
        var bench = try bench()
        let answer = try bench.book("BTCUSDT", u: 100, bids: [("90000.0", "0")])
        #expect(answer.findings(.ignored).first?.expected == "u > 100")
        #expect(try bench.book("BTCUSDT", u: 99).isEmpty)
        #expect(try feed(bench).freshness == .live)
        #expect(try feed(bench).book.bids.count == 2)
    }

    @Test func `u of 1 is a snapshot whatever its type`() throws {
        var bench = try bench()
        let answer = try bench.book(
            "BTCUSDT",
            u: 1,
            bids: [("80000.0", "1")],
            asks: [("80001.0", "1")]
        )
        #expect(answer.isEmpty)
        #expect(try feed(bench).book.bids.map(\.price.units) == [800_000])
        #expect(try bench.book("BTCUSDT", u: 2, bids: [("80000.1", "1")]).isEmpty)
    }

    @Test func `a sequence that falls is a gap`() throws {
        var bench = try bench()
        let answer = try bench.book("BTCUSDT", u: 101, seq: 999)
        #expect(answer.findings(.gap).first?.expected == "seq >= 1000")
        #expect(try feed(bench).freshness == .stale)
    }

    @Test func `depth 1 repeats itself without being told`() throws {
        var bench = try bench()
        func top(_ bench: inout Bench, _ u: Int64, _ bid: String) throws -> [Output] {
            try bench.book(
                "BTCUSDT",
                u: u,
                snapshot: true,
                depth: 1,
                bids: [(bid, "1")],
                asks: [("90002.0", "1")]
            )
        }
        #expect(try top(&bench, 7, "90001.0").isEmpty)
        #expect(try top(&bench, 7, "90001.0").isEmpty)
        #expect(try top(&bench, 9, "90001.5").isEmpty)
        #expect(try feed(bench, depth: 1).book.bids.map(\.price.units) == [900_015])
        #expect(try feed(bench).updateID == 100)
    }

    @Test func `a crossed book is told and not believed`() throws {
        var bench = try bench()
        let answer = try bench.book("BTCUSDT", u: 101, bids: [("90000.1", "1")])
        #expect(answer.findings(.crossedBook).first?.seen == "bid 90000.1, ask 90000.1")
        #expect(try feed(bench).freshness == .stale)
        #expect(answer.commands.count == 1)
    }

    @Test func `a change before any snapshot is told once and not applied`() throws {
        var bench = try Bench()
        bench.begin()
        let answer = try bench.book("BTCUSDT", u: 5, bids: [("1", "1")])
        #expect(answer.findings(.ignored).count == 1)
        #expect(answer.commands.isEmpty)
        #expect(try feed(bench).book.isEmpty)
        for _ in 0..<6 { bench.tick() }
        #expect(bench.outputs.commands.count == 1)
    }

    @Test func `a second connection's repetition is nothing new`() throws {
        var bench = try bench()
        let snapshot = try bench.book(
            "BTCUSDT",
            u: 100,
            snapshot: true,
            slot: "@2",
            bids: [("1", "1")]
        )
        #expect(snapshot.isEmpty)
        #expect(try bench.book("BTCUSDT", u: 101, bids: [("89999.7", "1")]).isEmpty)
        #expect(try bench.book("BTCUSDT", u: 101, slot: "@2", bids: [("89999.7", "1")]).isEmpty)
        #expect(try bench.book("BTCUSDT", u: 102, slot: "@2", bids: [("89999.6", "1")]).isEmpty)
        #expect(try feed(bench).book.bids.count == 4)
    }

    @Test func `a lost public socket makes its books stale and a shed message asks for them again`()
        throws
    {
        var bench = try bench()
        let lost = bench.link(.disconnected, "public/linear")
        #expect(lost.commands.isEmpty)
        #expect(try feed(bench).freshness == .stale)
        #expect(try bench.act("buy 0.010 89990.0").placed.isEmpty)
        bench.link(.ready, "public/linear")
        try bench.book("BTCUSDT", u: 300, snapshot: true, bids: [("90000.0", "1")])
        #expect(try feed(bench).freshness == .live)
        let shed = bench.link(.shed, "public/linear", count: 12)
        #expect(shed.findings(.gap).first?.seen == "12 messages")
        #expect(shed.commands.count == 2)
        #expect(try feed(bench).freshness == .stale)
    }

    @Test func `while the journal has no room, stale books are not asked for; then they are`()
        throws
    {
        var bench = try bench()
        bench.feed("desk/operator") {
            $0.kind = .operatorRequest
            $0.operatorRequest.verb = "journal-halt"
            $0.operatorRequest.reason = "the disk is full"
        }
        for _ in 0..<3 {
            let shed = bench.link(.shed, "public/linear", count: 12)
            #expect(shed.findings(.gap).count == 1)
            #expect(shed.commands.isEmpty)
            #expect(try feed(bench).freshness == .stale)
            for _ in 0..<10 { #expect(bench.tick().commands.isEmpty) }
        }
        bench.feed("desk/operator") {
            $0.kind = .operatorRequest
            $0.operatorRequest.verb = "journal-resume"
        }
        let asked = (0..<4).flatMap { _ in bench.tick().commands }
        #expect(asked.count == 2)
        try bench.book("BTCUSDT", u: 300, snapshot: true, bids: [("90000.0", "1")])
        #expect(try feed(bench).freshness == .live)
    }

    @Test func `without an instrument the scale follows the data`() throws {
        var bench = try Bench()
        bench.begin()
        try bench.book(
            "BTCUSDT",
            u: 1,
            snapshot: true,
            bids: [("90000.00", "1"), ("89999.5", "0.25")]
        )
        #expect(try feed(bench).book.scale == Scale(priceDecimals: 1, quantityDecimals: 2))
        try bench.book("BTCUSDT", u: 2, asks: [("90000.0000000000001", "0.5")])
        #expect(try feed(bench).book.scale == Scale(priceDecimals: 13, quantityDecimals: 2))
        #expect(try feed(bench).book.bestBid?.price.text(decimals: 13) == "90000.0000000000000")
        #expect(bench.outputs.isEmpty)
    }

    @Test func `a coarser book follows when the instrument is told`() throws {
        var bench = try Bench()
        bench.begin()
        try bench.book("BTCUSDT", u: 1, snapshot: true, bids: [("90000", "1")])
        try bench.instruments()
        #expect(try feed(bench).book.scale == Scale(priceDecimals: 1, quantityDecimals: 3))
        #expect(try feed(bench).book.bestBid?.price.units == 900_000)
    }

    @Test func `a level that fits no scale is told and the others stand`() throws {
        var bench = try Bench()
        bench.begin()
        let answer = try bench.book(
            "BTCUSDT",
            u: 1,
            snapshot: true,
            bids: [
                ("90000", "26000000000000"), ("0.0000000000001", "0.000000000000000001"),
                ("89999", "2"),
            ]
        )
        #expect(answer.findings(.number).count == 1)
        #expect(try feed(bench).book.bids.count == 2)
    }

    @Test func `a ticker's missing fields are unchanged`() throws {
        var bench = try bench()
        bench.feed("public/linear/tickers.BTCUSDT") {
            $0.kind = .ticker
            $0.symbol = Bench.btc.symbol
            $0.ticker.lastPrice = Numeral(mantissa: 90_005, decimals: 0)
        }
        let ticker = try #require(bench.engine.markets.first?.state.ticker)
        #expect(ticker.lastPrice?.description == "90005")
        #expect(ticker.markPrice?.description == "90000.0")
        bench.link(.disconnected, "public/linear")
        for expected in [1, 0] {
            let early = bench.feed("public/linear/tickers.BTCUSDT") {
                $0.kind = .ticker
                $0.symbol = Bench.btc.symbol
            }
            #expect(early.findings(.ignored).count == expected)
        }
    }

    @Test func `what cannot be read and what is not known is told`() throws {
        var bench = try bench()
        let unread = bench.feed("public/linear/tickers.BTCUSDT") {
            $0.kind = .malformed
            $0.findings = [
                DecodeFinding(field: "data.markPrice", reason: .number(.tooLong)),
                DecodeFinding(field: "", reason: .notJSON("cut short")),
            ]
        }
        #expect(unread.findings(.decode).count == 2)
        #expect(unread.findings.first?.subject == "public/linear/tickers.BTCUSDT data.markPrice")
        let unknown = bench.feed("public/linear/novelty.BTCUSDT") { $0.kind = .unknown }
        #expect(unknown.findings(.unknown).count == 1)
        #expect(bench.feed("public/linear/novelty.BTCUSDT") { $0.kind = .unknown }.isEmpty)
        #expect(bench.engine.unknownRecords.first?.count == 2)
    }
}
