import Market
import Testing
import Trading

/// Both sides of hedge mode: each is worth what it is worth by itself.
@Suite struct HedgeTests {
    /// Bought at the one price and sold at the other, as two positions, without fees.
    private func bench(buy: String, sell: String, sold: String = "1") throws -> Bench {
        var bench = try Bench(strategies: [.puppet()], limits: [Setting("daily_loss", "9.99")])
        try bench.ready()
        var rows: [PositionUpdate] = []
        for (side, index) in [(Side.buy, 1), (.sell, 2)] {
            var row = try Row.position(side, "0", entry: nil, seq: -1)
            row.positionIndex = index
            rows.append(row)
        }
        bench.position(rows[0], rows[1])
        for (id, side, quantity, price) in [
            ("e1", Side.buy, "1", buy), ("e2", .sell, sold, sell),
        ] {
            var fill = try Row.fill(id, side: side, quantity: quantity, price: price, rate: "0")
            fill.closedQuantity = .zero
            bench.execution(fill)
        }
        return bench
    }

    /// Whatever the price, 10 are lost: bought at 110 and sold at 100.
    @Test(arguments: ["1", "100", "105", "90000"])
    func `two sides of one size have lost what lies between their prices`(mark: String) throws {
        var bench = try bench(buy: "110", sell: "100")
        try bench.mark("BTCUSDT", mark)
        let account = try #require(bench.engine.ledger.accounts[Bench.btc])
        #expect(account.long.size.description == "1" && account.short.size.description == "-1")
        #expect(account.net.isFlat && !account.isFlat)
        #expect(try account.unrealised(at: Numeral(text: mark)).description == "-10")
        #expect(bench.engine.total("USDT")?.description == "-10")
        let use = try #require(bench.engine.riskUse.first { $0.check.limit == "daily_loss" })
        #expect(use.check.observed == "10" && !use.check.holds)
        let rejected = try bench.act("buy 0.001 89990.0")
        #expect(rejected.placed.isEmpty)
        let check = rejected.verdicts.last?.checks.first { $0.limit == "daily_loss" }
        #expect(check?.observed == "10")
    }

    @Test func `two sides of different sizes are worth the sum of both`() throws {
        var bench = try bench(buy: "110", sell: "100", sold: "0.4")
        try bench.mark("BTCUSDT", "120")
        // 1 × (120 − 110) − 0.4 × (120 − 100).
        #expect(bench.engine.total("USDT")?.description == "2")
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.6")
    }

    @Test func `what is closed of one side stays what it earned`() throws {
        var bench = try bench(buy: "110", sell: "100")
        try bench.mark("BTCUSDT", "120")
        var close = try Row.fill("e3", side: .sell, quantity: "1", price: "120", rate: "0", seq: 2)
        close.closedQuantity = try Numeral(text: "1")
        bench.execution(close)
        try bench.mark("BTCUSDT", "125")
        // 10 realised, and the short side at 125.
        #expect(bench.engine.total("USDT")?.description == "-15")
    }
}
