import Market
import Testing
import Trading

/// A push that came and cannot be read: what is kept of its topic has missed it.
@Suite struct UnreadablePushTests {
    private let book = "public/linear/orderbook.50.BTCUSDT"
    private let ticker = "public/linear/tickers.BTCUSDT"

    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func state(_ bench: Bench) throws -> MarketState {
        try #require(bench.engine.markets.first { $0.instrument == Bench.btc }?.state)
    }

    private func push(_ bench: inout Bench, isSnapshot: Bool, _ price: Int64) {
        bench.feed(ticker) {
            $0.kind = .ticker
            $0.category = .linear
            $0.symbol = Bench.btc.symbol
            $0.ticker.isSnapshot = isSnapshot
            $0.ticker.lastPrice = Numeral(mantissa: price, decimals: 0)
        }
    }

    @Test func `a book is stale from then on, and its snapshot is asked for`() throws {
        var bench = try bench()
        #expect(try state(bench).feed?.freshness == .live)
        let answer = bench.feed(book) { $0.kind = .malformed }
        let finding = try #require(answer.findings(.gap).first)
        #expect(finding.subject == book)
        #expect(finding.seen == "a record that cannot be read")
        #expect(try state(bench).feed?.freshness == .stale)
        #expect(
            answer.commands.map(\.action) == [
                .resubscribe(Bench.btc, topic: "orderbook.50.BTCUSDT")
            ]
        )
        // One that is stale is not told of again.
        #expect(bench.feed(book) { $0.kind = .malformed }.findings(.gap).isEmpty)
        try bench.book("BTCUSDT", u: 105, snapshot: true, bids: [("90000.0", "1")])
        #expect(try state(bench).feed?.freshness == .live)
    }

    @Test func `a book that another connection gives as well stays as it is`() throws {
        var bench = try bench()
        let update = try #require(try state(bench).feed).updateID
        for slot in ["", "@2"] {
            try bench.book("BTCUSDT", u: update + 1, slot: slot, bids: [("89999.8", "4")])
        }
        let answer = bench.feed(book + "@2") { $0.kind = .malformed }
        #expect(answer.findings(.gap).isEmpty && answer.commands.isEmpty)
        #expect(try state(bench).feed?.freshness == .live)
    }

    @Test func `a ticker is not kept up until its snapshot, which is asked for`() throws {
        var bench = try bench()
        push(&bench, isSnapshot: true, 90_000)
        #expect(try state(bench).ticker.isLive)
        let answer = bench.feed(ticker) { $0.kind = .malformed }
        #expect(answer.findings(.gap).map(\.subject) == [ticker])
        #expect(
            answer.commands.map(\.action) == [.resubscribe(Bench.btc, topic: "tickers.BTCUSDT")]
        )
        push(&bench, isSnapshot: false, 90_001)
        #expect(try state(bench).ticker.lastPrice?.mantissa == 90_000)
        push(&bench, isSnapshot: true, 90_002)
        #expect(try state(bench).ticker.lastPrice?.mantissa == 90_002)
        #expect(try state(bench).ticker.isLive)
    }

    @Test func `a change of a ticker without a snapshot asks for one, once`() throws {
        var bench = try bench()
        bench.link(.disconnected, "public/linear")
        bench.link(.connected, "public/linear")
        let before = bench.outputs.commands.count
        for price in [Int64(90_000), 90_001, 90_002] {
            push(&bench, isSnapshot: false, price)
        }
        #expect(
            bench.outputs.commands[before...].map(\.action) == [
                .resubscribe(Bench.btc, topic: "tickers.BTCUSDT")
            ]
        )
    }

    /// Seconds after the first question at which the ticker's snapshot is asked for again.
    private func questions(_ bench: inout Bench, seconds: Int) -> [Int] {
        (1...seconds).filter { _ in
            let commands = bench.tick().commands
            return commands.map(\.action).contains(
                .resubscribe(Bench.btc, topic: "tickers.BTCUSDT")
            )
        }
    }

    @Test
    func `a ticker's snapshot that cannot be read either is asked for again, ever more seldom`()
        throws
    {
        var bench = try bench()
        push(&bench, isSnapshot: true, 90_000)
        bench.feed(ticker) { $0.kind = .malformed }
        // Its snapshot, and the one after it.
        for _ in 0..<2 { #expect(bench.feed(ticker) { $0.kind = .malformed }.commands.isEmpty) }
        push(&bench, isSnapshot: false, 90_001)
        #expect(questions(&bench, seconds: 40) == [5, 15, 35])
        #expect(try !state(bench).ticker.isLive)
        push(&bench, isSnapshot: true, 90_002)
        #expect(try state(bench).ticker.isLive)
        #expect(questions(&bench, seconds: 100) == [])
        // With the next loss it begins anew.
        bench.feed(ticker) { $0.kind = .malformed }
        #expect(questions(&bench, seconds: 6) == [5])
    }

    @Test func `the first snapshot of a connection that cannot be read is asked for`() throws {
        var bench = try bench()
        bench.link(.disconnected, "public/linear")
        bench.link(.ready, "public/linear")
        let answer = bench.feed(ticker) { $0.kind = .malformed }
        #expect(
            answer.commands.map(\.action) == [.resubscribe(Bench.btc, topic: "tickers.BTCUSDT")]
        )
    }

    @Test func `while its socket is down a ticker is not asked for`() throws {
        var bench = try bench()
        push(&bench, isSnapshot: true, 90_000)
        bench.feed(ticker) { $0.kind = .malformed }
        bench.link(.disconnected, "public/linear")
        #expect(questions(&bench, seconds: 60) == [])
    }

    @Test func `on other topics the record is all there is`() throws {
        var bench = try bench()
        for stream in ["public/linear/publicTrade.BTCUSDT", "public/linear/-"] {
            #expect(bench.feed(stream) { $0.kind = .malformed }.isEmpty)
        }
    }
}
