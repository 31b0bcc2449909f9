import Market
import Testing

@testable import Trading

/// Instruments that the exchange does not list any more: nothing is kept of those that nothing refers to.
@Suite struct ForgottenInstrumentTests {
    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func instrument(_ symbol: String) throws -> Instrument {
        try Bench.instrument(symbol, tick: "0.10", step: "0.001")
    }

    @discardableResult
    private func list(
        _ bench: inout Bench,
        _ symbols: [String],
        query: String = "category=linear&limit=1000",
        next: String = "",
        damaged: Bool = false
    ) throws -> [Output] {
        try bench.reply(.instruments, query: query, cursor: next, after: 1) {
            $0.instruments = try symbols.map { try instrument($0) }
            if damaged { $0.findings = [DecodeFinding(field: "list[0]", reason: .missing)] }
        }
    }

    private func names(_ bench: Bench) -> [String] {
        bench.engine.instruments.map(\.id.symbol.description)
    }

    private static let kept = ["BTCUSDT", "ETHUSDT"]

    @Test func `what the whole list lacks is forgotten, and so is its share of the state's hash`()
        throws
    {
        var bench = try bench()
        try list(&bench, Self.kept)
        let before = bench.engine.stateReport().components.first { $0.name == "books" }
        try list(&bench, Self.kept + ["BTCUSDT-29NOV26"])
        #expect(names(bench).count == 3)
        #expect(bench.engine.stateReport().components.first { $0.name == "books" } != before)
        try list(&bench, Self.kept)
        #expect(names(bench) == Self.kept)
        #expect(bench.engine.stateReport().components.first { $0.name == "books" } == before)
    }

    @Test func `only a whole list says so`() throws {
        var bench = try bench()
        let all = Self.kept + ["BTCUSDT-29NOV26"]
        try list(&bench, all)
        // Of one symbol, of other states, without a row, with one that cannot be read.
        try list(&bench, ["BTCUSDT"], query: "category=linear&symbol=BTCUSDT")
        try list(&bench, ["BTCUSDT"], query: "category=linear&status=PreLaunch")
        try list(&bench, [])
        try list(&bench, ["BTCUSDT"], damaged: true)
        #expect(names(bench).sorted() == all.sorted())
        // The first page, the second twice, and the third of another question.
        let query = "category=linear&limit=2"
        try list(&bench, ["BTCUSDT"], query: query, next: "c1")
        #expect(names(bench).count == 3)
        try list(&bench, [], query: query + "&cursor=c2", next: "")
        #expect(names(bench).count == 3)
        try list(&bench, ["BTCUSDT-29NOV26"], query: query + "&cursor=c1", next: "c2")
        try list(&bench, ["BTCUSDT-29NOV26"], query: query + "&cursor=c1", next: "c2")
        try list(&bench, ["ETHUSDT"], query: query + "&cursor=c2")
        #expect(names(bench).sorted() == all.sorted())
        try list(&bench, ["BTCUSDT"], query: query, next: "c1")
        try list(&bench, ["ETHUSDT"], query: query + "&cursor=c1")
        #expect(names(bench) == Self.kept)
    }

    @Test func `an order, a position and a subscription keep it`() throws {
        var bench = try bench()
        // Both have a book and a ticker.
        try list(&bench, ["XRPUSDT"])
        #expect(Set(names(bench)) == ["BTCUSDT", "ETHUSDT", "XRPUSDT"])
        func drop(_ bench: inout Bench, _ id: InstrumentID) {
            bench.feed("link/public/linear") {
                $0.kind = .link
                $0.link.change = .rules
                $0.link.socket = "public/linear"
                $0.link.feeds = [
                    FeedChange(instrument: id, feed: .book(depth: 50), isAdded: false),
                    FeedChange(instrument: id, feed: .ticker, isAdded: false),
                ]
            }
        }
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        for id in [Bench.btc, Bench.eth] { drop(&bench, id) }
        try list(&bench, ["XRPUSDT"])
        #expect(names(bench) == ["BTCUSDT", "XRPUSDT"])
        #expect(!bench.engine.markets.contains { $0.instrument == Bench.eth })
        bench.order(
            try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010", at: 2)
        )
        bench.execution(try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1))
        try list(&bench, ["XRPUSDT"])
        #expect(names(bench) == ["BTCUSDT", "XRPUSDT"])
    }

    @Test func `what was earned with it stays, and its late rows find their terms`() throws {
        var bench = try bench()
        let id = Bench.id("ODDNAME")
        var odd = try instrument("BTCUSDT")
        odd.id = id
        bench.reply(.instruments, query: "category=linear", after: 1) { $0.instruments = [odd] }
        for (number, side) in [Side.buy, .sell].enumerated() {
            bench.execution(
                try Row.fill(
                    "e\(number)",
                    symbol: "ODDNAME",
                    side: side,
                    quantity: "0.010",
                    price: side == .buy ? "100" : "200",
                    rate: "0",
                    seq: Int64(number) + 1
                )
            )
        }
        try list(&bench, Self.kept)
        #expect(bench.engine.instrument(id) == nil)
        #expect(bench.engine.ledger.position(id).realised.description == "1")
        #expect(bench.engine.total("USDT")?.description == "1")
        let late = bench.execution(
            try Row.fill("e9", symbol: "ODDNAME", quantity: "0.010", price: "150", seq: 3)
        )
        #expect(late.findings(.unknown).isEmpty)
        #expect(bench.engine.ledger.position(id).size.description == "0.01")
    }

    @Test func `options go coin by coin, and combinations by their own list`() throws {
        var bench = try bench()
        func push(_ category: Category, _ symbol: String, _ bench: inout Bench) {
            let id = InstrumentID(category, Symbol(symbol) ?? .none)
            bench.feed("public/\(category.name)/tickers.\(symbol)") {
                $0.kind = .ticker
                $0.category = category
                $0.symbol = id.symbol
                $0.ticker.isSnapshot = true
            }
            bench.feed("link/public/\(category.name)") {
                $0.kind = .link
                $0.link.change = .rules
                $0.link.socket = "public/\(category.name)"
                $0.link.feeds = [FeedChange(instrument: id, feed: .ticker, isAdded: false)]
            }
        }
        let (btc, eth) = ("BTC-29NOV26-100000-C-USDT", "ETH-29NOV26-4000-C-USDT")
        push(.option, btc, &bench)
        push(.option, eth, &bench)
        push(.spread, "SOLUSDT_SOL/USDT", &bench)
        func kept(_ bench: Bench) -> Set<String> {
            Set(bench.engine.markets.map(\.instrument.symbol.description)).subtracting(Self.kept)
        }
        #expect(kept(bench).count == 3)
        try bench.reply(.instruments, query: "category=option&baseCoin=ETH&limit=1000", after: 1) {
            $0.category = .option
            $0.instruments = [try instrument("ETHUSDT")]
        }
        #expect(kept(bench) == [btc, "SOLUSDT_SOL/USDT"])
        bench.reply(.spreadInstruments, query: "limit=500", after: 1) {
            var row = SpreadInstrument()
            row.symbol = Symbol("BTCUSDT_BTC/USDT") ?? .none
            $0.details = [.spreadInstrument(row)]
        }
        #expect(kept(bench) == [btc])
    }

    @Test func `half a list is part of a checkpoint`() throws {
        var bench = try bench()
        try list(&bench, Self.kept + ["XRPUSDT"])
        let query = "category=linear&limit=2"
        try list(&bench, ["BTCUSDT"], query: query, next: "c1")
        var other = bench
        other.engine = try Engine(checkpoint: bench.engine.checkpoint(), registry: Bench.registry)
        for bench in [bench, other] {
            var bench = bench
            try list(&bench, ["ETHUSDT"], query: query + "&cursor=c1")
            #expect(names(bench) == Self.kept)
        }
    }
}
