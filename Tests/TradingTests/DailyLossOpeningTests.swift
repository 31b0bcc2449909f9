import Market
import Testing
import Trading

/// The day's loss of an account that held something when the session began: what was gained or lost before is not of it.
@Suite struct DailyLossOpeningTests {
    enum Price: String, CaseIterable {
        /// The exchange's mark price, told with the position.
        case row
        /// A ticker that came before the position did.
        case ticker
        /// The first ticker, which comes after it.
        case later
    }

    /// Attaches to 1 BTC bought at 90,000 that stands at `mark`.
    ///
    /// - Parameter isFollowed: a ticker comes behind it.
    private func attached(
        _ price: Price,
        mark: String,
        isFollowed: Bool = true
    ) throws -> Bench {
        var bench = try Bench(strategies: [.puppet()], limits: [Setting("daily_loss", "1000")])
        bench.begin()
        try bench.instruments()
        bench.link(.connected, "public/linear")
        bench.link(.ready, "public/linear")
        try bench.book(
            "BTCUSDT",
            u: 100,
            snapshot: true,
            bids: [("90000.0", "1.5")],
            asks: [("90000.1", "1.2")]
        )
        if price == .ticker { try bench.mark("BTCUSDT", mark) }
        var row = try Row.position(.buy, "1", entry: "90000", seq: 5)
        if price == .row { row.markPrice = try Numeral(text: mark) }
        try bench.reconcile(positions: [row])
        // The total follows the market, which stands where the row says.
        if price != .ticker, isFollowed { try bench.mark("BTCUSDT", mark) }
        return bench
    }

    private func loss(_ bench: inout Bench) throws -> Verdict.Check {
        let answer = try bench.act("buy 0.001 89000.0")
        let check = answer.verdicts.last?.checks.first { $0.limit == "daily_loss" }
        #expect(answer.placed.isEmpty == (check?.holds == false))
        return try #require(check)
    }

    @Test(arguments: Price.allCases)
    func `an old gain that is lost again is a loss of the day`(price: Price) throws {
        var bench = try attached(price, mark: "95000")
        #expect(try loss(&bench).observed == "0")
        try bench.mark("BTCUSDT", "94000")
        #expect(try loss(&bench).observed == "1000")
        try bench.mark("BTCUSDT", "89500")
        let check = try loss(&bench)
        #expect(check.observed == "5500" && !check.holds)
        #expect(bench.engine.riskUse.map(\.check.observed) == ["5500"])
    }

    @Test(arguments: Price.allCases)
    func `an old loss is none of the day`(price: Price) throws {
        var bench = try attached(price, mark: "85000")
        #expect(try loss(&bench).observed == "0")
        try bench.mark("BTCUSDT", "84999")
        #expect(try loss(&bench).observed == "1")
    }

    @Test func `what is sold before a price is known counts from the first price too`() throws {
        var bench = try attached(.later, mark: "95000")
        // The same account, and half of the position is sold before the first price.
        var early = try Bench(strategies: [.puppet()], limits: [Setting("daily_loss", "1000")])
        let last = bench.inputs.count - 1
        for input in bench.inputs[..<last] { early.apply(input) }
        early.sequence = bench.sequence - 1
        early.time = bench.time
        early.execution(
            try Row.fill("e1", side: .sell, quantity: "0.5", price: "94800", rate: "0", seq: 6)
        )
        try early.mark("BTCUSDT", "95000")
        // 0.5 × 200 under the first price.
        #expect(early.engine.riskUse.map(\.check.observed) == ["100"])
        try bench.mark("BTCUSDT", "95000")
        #expect(bench.engine.riskUse.map(\.check.observed) == ["0"])
    }

    @Test func `a day that begins without a price is counted from the first one`() throws {
        var bench = try attached(.row, mark: "95000", isFollowed: false)
        // 20:00 and four hours: no ticker has come yet.
        bench.tick(after: 4 * 3_600_000)
        try bench.mark("BTCUSDT", "93000")
        #expect(try loss(&bench).observed == "0")
        try bench.mark("BTCUSDT", "92990")
        #expect(try loss(&bench).observed == "10")
    }

    @Test func `a state between the opening and the first price goes on as the session did`() throws
    {
        let bench = try attached(.later, mark: "95000")
        for cut in 1..<bench.inputs.count {
            var first = try Bench(strategies: [.puppet()], limits: [Setting("daily_loss", "1000")])
            for input in bench.inputs[..<cut] { first.apply(input) }
            first.engine = try Engine(
                checkpoint: first.engine.checkpoint(),
                registry: Bench.registry
            )
            for input in bench.inputs[cut...] { first.apply(input) }
            #expect(first.engine.stateReport() == bench.engine.stateReport())
        }
    }
}
