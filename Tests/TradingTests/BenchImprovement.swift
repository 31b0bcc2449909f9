import Market
import Testing

@testable import Trading

/// The book with price improvements, `orderbook.rpi`, of BTCUSDT.
extension Bench {
    static let improvementTopic = "orderbook.rpi.BTCUSDT"
    static let improvementStream = "public/linear/" + improvementTopic
    /// What asks for its snapshot.
    static let improvementQuestion = Command.Action.resubscribe(btc, topic: improvementTopic)

    /// A push; levels are `price size-without-improvements`, and each has an improvement of 1 beside it.
    @discardableResult
    mutating func improvement(
        u: Int64,
        seq: Int64? = nil,
        snapshot: Bool = false,
        slot: String = "",
        after milliseconds: Int64 = 1,
        bids: [(String, String)] = [],
        asks: [(String, String)] = [],
        findings: [DecodeFinding] = []
    ) throws -> [Output] {
        try feed(Bench.improvementStream + slot, after: milliseconds) { event in
            event.kind = .improvementBook
            event.symbol = Bench.btc.symbol
            event.book.isSnapshot = snapshot
            event.book.depth = 50
            event.book.updateID = u
            event.book.crossSequence = seq ?? u * 10
            event.book.bids = try Bench.levels(bids)
            event.book.asks = try Bench.levels(asks)
            let one = try Numeral(text: "1")
            event.book.bidImprovements = bids.map { _ in one }
            event.book.askImprovements = asks.map { _ in one }
            event.findings = findings
        }
    }

    private static func levels(_ levels: [(String, String)]) throws -> [LevelNumerals] {
        try levels.map {
            LevelNumerals(price: try Numeral(text: $0.0), size: try Numeral(text: $0.1))
        }
    }

    @discardableResult
    mutating func improvementSnapshot(
        u: Int64,
        slot: String = "",
        after milliseconds: Int64 = 1
    ) throws -> [Output] {
        try improvement(
            u: u,
            snapshot: true,
            slot: slot,
            after: milliseconds,
            bids: [("89999.9", "2"), ("89999.8", "3")],
            asks: [("90000.2", "3")]
        )
    }

    @discardableResult
    mutating func improvementRules(added: Bool) -> [Output] {
        feed("link/public/linear") {
            $0.kind = .link
            $0.link.change = .rules
            $0.link.socket = "public/linear"
            $0.link.feeds = [
                FeedChange(instrument: Bench.btc, feed: .improvementBook, isAdded: added)
            ]
        }
    }

    /// The seconds, of so many, at whose ends its snapshot is asked for.
    mutating func improvementAsked(seconds: Int) -> [Int] {
        var asked: [Int] = []
        for second in 1...seconds
        where tick().commands.map(\.action).contains(Bench.improvementQuestion) {
            asked.append(second)
        }
        return asked
    }
}

extension Bench {
    /// Ready, with a whole book of price improvements, `u` 100.
    static func improved() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        #expect(try bench.improvementSnapshot(u: 100).isEmpty)
        return bench
    }

    func improvementState() throws -> MarketState {
        try #require(engine.markets.first { $0.instrument == Bench.btc }?.state)
    }

    func improvementFeed() throws -> BookFeed {
        try #require(try improvementState().improvement)
    }
}
