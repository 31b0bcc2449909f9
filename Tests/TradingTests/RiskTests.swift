import Market
import Testing
import Trading

@Suite struct RiskTests {
    private func bench(_ limits: [(String, String)]) throws -> Bench {
        var bench = try Bench(
            strategies: [.puppet(), .puppet("other"), .puppet("e", symbol: "ETHUSDT")],
            limits: limits.map { Setting($0.0, $0.1) }
        )
        try bench.ready()
        return bench
    }

    private func check(_ outputs: [Output], _ limit: String) throws -> Verdict.Check {
        try #require(outputs.verdicts.last?.checks.first { $0.limit == limit })
    }

    @Test(
        arguments: [
            (
                "order_quantity", "0.010", "buy 0.010 89990.0", "buy 0.011 89990.0", "0.01",
                "0.011", "BTC"
            ),
            (
                "order_value", "899.9", "buy 0.010 89990.0", "buy 0.010 89990.1", "899.9",
                "899.901", "USDT"
            ),
            // A market order is valued at the touch that it would meet.
            (
                "order_value", "900.001", "buy 0.010 market", "buy 0.011 market", "900.001",
                "990.0011", "USDT"
            ),
            ("order_value", "900", "sell 0.010 market", "sell 0.011 market", "900", "990", "USDT"),
            (
                "position_quantity", "0.010", "buy 0.010 89990.0", "buy 0.011 89990.0", "0.01",
                "0.011", "BTC"
            ),
            (
                "position_value", "900", "sell 0.010 90010.0", "sell 0.011 90010.0", "900", "990",
                "USDT"
            ),
        ]
    )
    func `a limit allows at its ceiling and rejects past it`(
        limit: String,
        ceiling: String,
        at: String,
        past: String,
        observedAt: String,
        observedPast: String,
        unit: String
    ) throws {
        var bench = try bench([(limit, ceiling)])
        let rejected = try bench.act(past)
        #expect(rejected.placed.isEmpty)
        #expect(rejected.verdicts.count == 1)
        var check = try check(rejected, limit)
        #expect(!check.holds)
        #expect(check.observed == observedPast)
        #expect(check.unit == unit)
        let allowed = try bench.act(at)
        #expect(allowed.placed.count == 1)
        check = try self.check(allowed, limit)
        #expect(check.holds)
        #expect(check.observed == observedAt)
        #expect(check.ceiling == (try Amount(text: ceiling).description))
        // The command that follows carries the verdict's ordinal.
        #expect(allowed.commands.first?.ordinal == allowed.verdicts.first?.ordinal)
    }

    @Test func `a limit for each symbol holds for that symbol alone`() throws {
        var bench = try bench([("order_quantity", "BTCUSDT=0.010,ETHUSDT=5")])
        #expect(try bench.act("buy 5.00 2990.00", by: "e").placed.count == 1)
        #expect(try bench.act("buy 5.01 2990.00", by: "e").placed.isEmpty)
        #expect(try bench.act("buy 0.011 89990.0").placed.isEmpty)
    }

    @Test func `the position counts open orders of its side, other strategies and the account`()
        throws
    {
        var bench = try bench([("position_quantity", "0.030")])
        bench.execution(try Row.fill("e1", "by-hand", quantity: "0.005", price: "90000", seq: 1))
        #expect(try bench.act("buy 0.010 89990.0", by: "other").placed.count == 1)
        #expect(try bench.act("sell 0.030 90010.0").placed.count == 1)
        let past = try bench.act("buy 0.016 89990.0")
        #expect(try check(past, "position_quantity").observed == "0.031")
        #expect(try bench.act("buy 0.015 89990.0").placed.count == 1)
    }

    @Test func `a fill that was told but not reported still counts`() throws {
        var bench = try bench([("position_quantity", "0.010")])
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010"))
        #expect(try bench.act("buy 0.001 89990.0").placed.isEmpty)
        bench.execution(try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1))
        let after = try bench.act("buy 0.001 89990.0")
        #expect(try check(after, "position_quantity").observed == "0.011")
    }

    @Test func `open orders are counted over the account, closed ones are not`() throws {
        var bench = try bench([("open_orders", "2")])
        let first = try bench.placed("buy 0.001 89990.0")
        #expect(try bench.act("buy 0.01 2990.00", by: "e").placed.count == 1)
        let third = try bench.act("sell 0.001 90010.0", by: "other")
        #expect(third.placed.isEmpty)
        #expect(try check(third, "open_orders").observed == "3")
        bench.order(try Row.order(first, "Cancelled"))
        #expect(try bench.act("sell 0.001 90010.0", by: "other").placed.count == 1)
    }

    @Test func `the daily loss counts realised, unrealised, fees and funding since midnight UTC`()
        throws
    {
        var bench = try bench([("daily_loss", "10")])
        bench.execution(
            try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0.001", seq: 1)
        )
        bench.execution(
            try Row.fill("e2", side: .sell, quantity: "0.005", price: "89900", rate: "0", seq: 2)
        )
        try bench.mark("BTCUSDT", "89100.0")
        // 0.9 fee + 0.5 realised + 4.5 unrealised.
        #expect(try check(try bench.act("buy 0.001 89000.0"), "daily_loss").observed == "5.9")
        try bench.mark("BTCUSDT", "88280.0")
        let at = try bench.act("buy 0.001 88000.0")
        #expect(try check(at, "daily_loss").observed == "10")
        #expect(at.placed.count == 1)
        try bench.mark("BTCUSDT", "88279.9")
        let past = try bench.act("buy 0.001 88000.0")
        #expect(try check(past, "daily_loss").observed == "10.0005")
        #expect(past.placed.isEmpty)
        // 20:00 and four hours: a new day begins at nothing.
        bench.tick(after: 4 * 3_600_000)
        #expect(try check(try bench.act("buy 0.001 88000.0"), "daily_loss").observed == "0")
        try bench.mark("BTCUSDT", "88279.0")
        #expect(try check(try bench.act("buy 0.001 88000.0"), "daily_loss").observed == "0.0045")
    }

    @Test func `amendments are checked, and one that only reduces passes`() throws {
        var bench = try bench([
            ("order_quantity", "0.020"), ("order_value", "1800"), ("position_quantity", "0.020"),
        ])
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0"))
        let past = try bench.act("amend 0 89990.0 0.021")
        #expect(past.commands.isEmpty)
        #expect(try check(past, "position_quantity").observed == "0.021")
        #expect(try check(past, "order_quantity").observed == "0.021")
        let dear = try bench.act("amend 0 180000.1 0.010")
        #expect(try check(dear, "order_value").observed == "1800.001")
        #expect(try bench.act("amend 0 89991.0 0.020").commands.count == 1)
        // Until the exchange answers, the larger of both counts.
        #expect(try bench.act("buy 0.001 89990.0", by: "other").placed.isEmpty)
        bench.order(try Row.order(linkID, "New", quantity: "0.020", price: "89991.0", at: 2_000))
        bench.operate("halt", "test")
        #expect(try bench.act("amend 0 89991.0 0.005").commands.count == 1)
    }

    @Test func `cancels and reductions pass a halt and every limit`() throws {
        var bench = try bench([
            ("position_quantity", "0"), ("open_orders", "0"), ("daily_loss", "0"),
        ])
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", seq: 1))
        bench.order(try Row.order("", "New", orderID: "app"))
        bench.operate("halt", "test")
        #expect(try bench.act("buy! 0.010 89990.0").placed.isEmpty)
        let reduction = try bench.act("sell! 0.010 market")
        #expect(reduction.placed.first?.reduceOnly == true)
        #expect(reduction.verdicts.first?.isAllowed == true)
        #expect(try bench.act("sell 0.010 market").placed.isEmpty)
        let cancel = try bench.act("cancel 0")
        #expect(cancel.verdicts.first?.isAllowed == true)
        #expect(cancel.commands.count == 1)
    }

    @Test(
        arguments: [
            ("buy 0.0105 89990.0", "nothing"), ("buy 0.010 89990.05", "nothing"),
            ("buy 0.000 89990.0", "quantity_step"),
        ]
    )
    func `what is off the instrument's steps never leaves`(deed: String, limit: String) throws {
        var bench = try bench([])
        let answer = try bench.act(deed)
        #expect(answer.placed.isEmpty)
        if limit == "nothing" {
            // Finer digits than the scale has cannot even be said in it.
            #expect(answer.isEmpty)
        } else {
            #expect(try !check(answer, limit).holds)
        }
    }

    @Test func `an instrument that is not known is not traded`() throws {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        #expect(try bench.act("buy 0.010 89990.0").isEmpty)
    }

    @Test(
        arguments: [
            ("order_quantity", "-1", SettingError.Problem.malformed),
            ("order_quantity", "many", .malformed), ("order_value", "1e5", .malformed),
            ("position_value", "BTCUSDT=", .malformed), ("open_orders", "2.5", .malformed),
            ("open_orders", "-1", .malformed), ("daily_loss", "", .malformed),
            ("daily_los", "5", .unknown),
        ]
    )
    func `a limit that cannot be read says which, what and what is allowed`(
        name: String,
        value: String,
        problem: SettingError.Problem
    ) throws {
        let error = #expect(throws: EngineError.self) { try bench([(name, value)]) }
        guard case .setting(let setting) = error else {
            Issue.record("\(String(describing: error)) is no setting")
            return
        }
        #expect(setting.owner == "limits")
        #expect(setting.name == name)
        #expect(setting.value == value)
        #expect(setting.problem == problem)
        #expect(setting.description.contains(name))
        #expect(setting.allowed.contains(problem == .unknown ? "daily_loss" : "0"))
    }
}
