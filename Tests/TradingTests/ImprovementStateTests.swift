import Market
import Testing

@testable import Trading

/// The book with price improvements as part of the state.
@Suite struct ImprovementStateTests {
    /// A market's state as it was before there was such a book in it.
    private struct Before: Encodable {
        let feeds: [BookFeed]
        let ticker: Ticker
        let lastTrade: Numeral?
        let droppedDepths: [Int]
        let isTickerDropped: Bool
        let trades: TradeFeed
        let isTradeListAsked: Bool

        init(_ state: MarketState) {
            feeds = state.feeds
            ticker = state.ticker
            lastTrade = state.lastTrade
            droppedDepths = state.droppedDepths
            isTickerDropped = state.isTickerDropped
            trades = state.trades
            isTradeListAsked = state.isTradeListAsked
        }
    }

    private func push(_ bench: inout Bench, u: Int64, snapshot: Bool = false) -> [Output] {
        bench.feed("public/linear/orderbook.rpi.BTCUSDT") { event in
            event.kind = .improvementBook
            event.symbol = Bench.btc.symbol
            event.book.isSnapshot = snapshot
            event.book.depth = 50
            event.book.updateID = u
            event.book.crossSequence = u
        }
    }

    private func version(_ bench: Bench) -> Int? {
        bench.engine.stateReport().components.first { $0.name == "books" }?.version
    }

    @Test func `without one the state is encoded as it was`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let encoder = CanonicalEncoder()
        #expect(!bench.engine.markets.isEmpty)
        for (_, state) in bench.engine.markets {
            let bytes = try encoder.checkpoint(Before(state))
            #expect(try encoder.checkpoint(state) == bytes)
            let hash = try encoder.hash(Before(state))
            #expect(try encoder.hash(state) == hash)
        }
        #expect(version(bench) == 3)
        _ = push(&bench, u: 1, snapshot: true)
        #expect(version(bench) == 4)
    }

    @Test func `a checkpoint has it, with the pause that lasts`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        _ = push(&bench, u: 100, snapshot: true)
        #expect(push(&bench, u: 103).commands.count == 1)
        _ = push(&bench, u: 200, snapshot: true)
        #expect(push(&bench, u: 203).commands.isEmpty)
        var other = bench
        other.engine = try Engine(checkpoint: bench.engine.checkpoint(), registry: Bench.registry)
        #expect(other.engine.stateReport().combinedHash == bench.engine.stateReport().combinedHash)
        for _ in 0..<30 {
            let one = bench.tick() + push(&bench, u: 204)
            let two = other.tick() + push(&other, u: 204)
            #expect(one.commands == two.commands && one.findings == two.findings)
        }
        #expect(other.engine.stateReport().combinedHash == bench.engine.stateReport().combinedHash)
    }

    @Test func `that it was dropped is part of a checkpoint`() throws {
        var bench = try Bench()
        bench.begin()
        _ = push(&bench, u: 100, snapshot: true)
        bench.feed("link/public/linear") {
            $0.kind = .link
            $0.link.change = .rules
            $0.link.socket = "public/linear"
            $0.link.feeds = [
                FeedChange(instrument: Bench.btc, feed: .improvementBook, isAdded: false)
            ]
        }
        bench.engine = try Engine(checkpoint: bench.engine.checkpoint(), registry: Bench.registry)
        #expect(push(&bench, u: 105).isEmpty)
        let isKept = bench.engine.markets.contains { $0.state.improvement != nil }
        #expect(!isKept)
        #expect(version(bench) == 4)
    }
}
