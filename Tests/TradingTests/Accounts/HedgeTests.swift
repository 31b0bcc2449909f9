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

    private func mode(_ outputs: [Output]) throws -> Verdict.Check {
        let checks = try #require(outputs.verdicts.last).checks
        return try #require(checks.first { $0.limit == "position_mode" })
    }

    /// The limits are of net positions: none would see both sides grow.
    @Test func `in hedge mode nothing that opens leaves, and a reduction is one of its side`()
        throws
    {
        var bench = try bench(buy: "110", sell: "109", sold: "0.4")
        for deed in ["buy 0.001 89990.0", "sell 0.001 90010.0"] {
            let told = try bench.act(deed)
            #expect(told.placed.isEmpty)
            let check = try mode(told)
            #expect(check.ceiling == "one-way" && !check.holds)
        }
        bench.operate("halt", "a test")
        // Together they are long: a purchase reduces the short side all the same.
        for deed in ["buy! 0.001 89990.0", "sell! 0.001 90010.0"] {
            let told = try bench.act(deed)
            #expect(told.placed.count == 1)
        }
    }

    @Test func `a side that holds nothing has nothing to reduce`() throws {
        var bench = try bench(buy: "110", sell: "109")
        var close = try Row.fill("e3", side: .sell, quantity: "1", price: "120", rate: "0", seq: 2)
        close.closedQuantity = try Numeral(text: "1")
        bench.execution(close)
        let told = try bench.act("sell! 0.001 90010.0")
        #expect(told.placed.isEmpty)
        let check = try mode(told)
        #expect(check.ceiling == "a long position" && check.observed == "none" && !check.holds)
        let cover = try bench.act("buy! 0.001 89990.0")
        #expect(cover.placed.count == 1)
    }

    @Test func `in one-way mode no verdict says anything of it`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let told = try bench.act("buy 0.001 89990.0", "sell! 0.001 90010.0")
        #expect(!told.texts.contains { $0.contains("position_mode") })
        #expect(told.placed.count == 2)
    }

    @Test func `it is in one-way mode again by a later row, if nothing was booked on a side`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        var row = try Row.position(nil, "0", entry: nil, seq: 5)
        row.positionIndex = 1
        bench.position(row)
        row.positionIndex = 0
        // Of one moment: it may be an answer of before.
        bench.position(row)
        #expect(bench.engine.isHedged(Bench.btc))
        row.updatedMilliseconds += 1
        bench.position(row)
        #expect(!bench.engine.isHedged(Bench.btc))
        let placed = try bench.act("buy 0.001 89990.0").placed
        #expect(placed.count == 1)
        var held = try self.bench(buy: "110", sell: "109")
        row.crossSequence = 9
        held.position(row)
        #expect(held.engine.isHedged(Bench.btc))
    }

    @Test func `a contract never traded with one position goes back to it by the clock, for good`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        var side = try Row.position(nil, "0", entry: nil, seq: 5)
        side.positionIndex = 1
        bench.position(side)
        var one = try Row.position(nil, "0", entry: nil, seq: -1)
        bench.position(one)
        #expect(bench.engine.isHedged(Bench.btc))
        one.updatedMilliseconds += 1
        bench.position(one)
        #expect(!bench.engine.isHedged(Bench.btc))
        // An answer of before.
        bench.position(side)
        #expect(!bench.engine.isHedged(Bench.btc))
        side.updatedMilliseconds += 2
        bench.position(side)
        #expect(bench.engine.isHedged(Bench.btc))
    }

    /// Lists have no row of what holds nothing.
    @Test func `behind a reconciliation contracts of two sides alone are asked for by name`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        func again(_ bench: inout Bench) throws -> [LookUp] {
            bench.link(.disconnected, "private/main")
            let before = bench.outputs.count
            try bench.reconcile()
            return bench.outputs.dropFirst(before).map { $0 }.lookUps.filter {
                if case .page(.positions, _, _) = $0 { true } else { false }
            }
        }
        #expect(try again(&bench).isEmpty)
        for index in [1, 2] {
            var side = try Row.position(nil, "0", entry: nil, seq: 5)
            side.positionIndex = index
            bench.position(side)
        }
        let query = "category=linear&symbol=BTCUSDT"
        #expect(try again(&bench) == [.page(.positions, query: query, cursor: "")])
    }

    @Test func `a contract is in hedge mode from the row of one side on, held or not`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        #expect(!bench.engine.isHedged(Bench.btc))
        var row = try Row.position(.buy, "0", entry: nil, seq: -1)
        bench.position(row)
        #expect(!bench.engine.isHedged(Bench.btc))
        row.positionIndex = 2
        bench.position(row)
        #expect(bench.engine.isHedged(Bench.btc))
        #expect(!bench.engine.isHedged(Bench.id("ETHUSDT")))
        var fill = try Row.fill("e1", side: .buy, quantity: "1", price: "110", rate: "0")
        fill.closedQuantity = .zero
        bench.execution(fill)
        #expect(bench.engine.isHedged(Bench.btc))
        #expect(bench.engine.ledger.accounts[Bench.btc]?.isHedged == true)
    }
}
