import Market
import Testing
import Trading

@Suite struct ReconciliationTests {
    private func bench(limits: [Setting] = []) throws -> Bench {
        var bench = try Bench(strategies: [.puppet()], limits: limits)
        bench.begin()
        try bench.instruments()
        try bench.book(
            "BTCUSDT",
            u: 1,
            snapshot: true,
            bids: [("90000.0", "1")],
            asks: [("90000.1", "1")]
        )
        return bench
    }

    private func observed(_ outputs: [Output]) -> String? {
        outputs.verdicts.first?.checks.first { $0.limit == "halted" }?.observed
    }

    @Test func `new orders wait for the private socket and for what it missed`() throws {
        var bench = try bench()
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "private socket down")
        bench.link(.connected, "private/main")
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "private socket down")
        let asked = bench.link(.ready, "private/main")
        #expect(
            asked.lookUps == [
                .openOrders(.linear),
                .executions(.linear, sinceMilliseconds: Bench.start / 1_000_000 + 1 - 60_000),
                .positions(.linear), .wallet,
            ]
        )
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "not reconciled")
        bench.reply(.wallet, query: "accountType=UNIFIED")
        bench.reply(.positions)
        bench.reply(.openOrders)
        #expect(!bench.engine.isReconciled)
        let last = bench.reply(.executions)
        #expect(last.findings(.reconciled).count == 1)
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "no")
        bench.link(.disconnected, "private/main")
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "private socket down")
    }

    @Test func `linear lists come by coin, and a part ends with the last page of the second`()
        throws
    {
        var bench = try bench()
        bench.link(.ready, "private/main")
        bench.reply(.executions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        for endpoint in [Endpoint.openOrders, .positions] {
            let more = bench.reply(
                endpoint,
                query: "category=linear&settleCoin=USDT&limit=50",
                cursor: "next"
            )
            let first = "category=linear&settleCoin=USDT&limit=50"
            #expect(more.lookUps == [.page(endpoint, query: first, cursor: "next")])
            let last = bench.reply(endpoint, query: first + "&cursor=next")
            let second = "category=linear&settleCoin=USDC&limit=50"
            #expect(last.lookUps == [.page(endpoint, query: second, cursor: "")])
            #expect(!bench.engine.isReconciled)
            #expect(bench.reply(endpoint, query: second).lookUps.isEmpty)
        }
        #expect(bench.engine.isReconciled)
    }

    @Test
    func `what a key may not ask is told and holds nothing up, but not what every account has`()
        throws
    {
        var bench = try bench()
        bench.link(.ready, "private/main")
        bench.reply(.executions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        bench.reply(.openOrders, query: "category=linear&settleCoin=USDT")
        bench.reply(.positions, query: "category=linear&settleCoin=USDT")
        for endpoint in [Endpoint.openOrders, .positions] {
            let query = "category=linear&settleCoin=USDC"
            let refused = bench.reply(endpoint, code: 10_005, message: "Permission", query: query)
            #expect(refused.findings(.unknown).count == 1)
        }
        #expect(bench.engine.isReconciled)
        bench.link(.ready, "private/main")
        bench.reply(.openOrders, code: 10_005, query: "category=linear&settleCoin=USDT")
        #expect(!bench.engine.isReconciled)
        #expect(bench.tick().lookUps.contains(.openOrders(.linear)))
    }

    @Test func `a question that waits is not asked twice`() throws {
        var bench = try bench()
        try bench.reconcile()
        let id = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: id, orderID: "x")
        for _ in 0..<5 {
            try bench.act("cancel 0")
            bench.reply(.cancelOrder, linkID: id, code: 10_006, message: "Too many visits")
        }
        let asked = bench.tick(after: 1_500).lookUps
        #expect(asked.count { $0 == .order(Bench.btc, orderLinkID: id) } == 1)
    }

    @Test func `a part that fails is asked again and nothing is complete before`() throws {
        var bench = try bench()
        bench.link(.ready, "private/main")
        bench.reply(.openOrders)
        bench.reply(.executions)
        bench.reply(.positions, outcome: .timedOut)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        #expect(!bench.engine.isReconciled)
        #expect(bench.tick().lookUps == [.positions(.linear)])
        bench.reply(.positions)
        #expect(bench.engine.isReconciled)
        #expect(bench.tick(after: 5_000).lookUps.isEmpty)
    }

    @Test func `all pages are read`() throws {
        var bench = try bench()
        bench.link(.ready, "private/main")
        bench.reply(.openOrders)
        bench.reply(.positions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        let first = bench.reply(.executions, query: "category=linear&limit=50", cursor: "p2") {
            $0.executions = []
        }
        #expect(
            first.lookUps == [
                .page(.executions, query: "category=linear&limit=50", cursor: "p2")
            ]
        )
        #expect(!bench.engine.isReconciled)
        bench.reply(.executions, query: "category=linear&limit=50&cursor=p2")
        #expect(bench.engine.isReconciled)
    }

    @Test func `the session opens with the positions and balances that are there`() throws {
        var bench = try bench()
        try bench.reconcile(
            balance: "5000",
            positions: [try Row.position(.sell, "0.500", entry: "91000", seq: 77)],
            executions: [
                try Row.fill("old", side: .sell, quantity: "0.100", price: "91500", seq: 70),
                try Row.fill(
                    "new",
                    side: .buy,
                    quantity: "0.100",
                    price: "90000",
                    rate: "0",
                    seq: 78,
                    // Before the wallet's answer, and behind that of the positions.
                    milliseconds: Bench.start / 1_000_000
                ),
            ]
        )
        let ledger = bench.engine.ledger
        // The old one is in the opening position; the new one realises 100, which the balance has in it.
        #expect(ledger.position(Bench.btc).size.description == "-0.4")
        #expect(ledger.position(Bench.btc).entryPrice?.description == "91000")
        #expect(ledger.position(Bench.btc).realised.description == "100")
        #expect(ledger.position(Bench.btc, of: Order.external).size.description == "-0.4")
        #expect(ledger.wallets["USDT"]?.balance?.description == "5000")
        #expect(bench.engine.total("USDT")?.description == "100")
    }

    @Test func `a fill of ours counts although the matching engine's clock is behind`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let linkID = try bench.placed("buy 0.030 89990.0")
        var ours = try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 11)
        // Before the moment that the wallet's reply gave for itself.
        ours.timeMilliseconds = 1
        bench.execution(ours)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        // One that is not ours, of that time, was in the opening position already.
        var foreign = try Row.fill("e2", quantity: "0.010", price: "89990", seq: 12)
        foreign.timeMilliseconds = 1
        bench.execution(foreign)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
    }

    @Test func `fills that were missed are merged in the order of time`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let linkID = try bench.placed("buy 0.030 89990.0")
        bench.order(try Row.order(linkID, "New", quantity: "0.030", price: "89990.0", at: 1))
        bench.link(.disconnected, "private/main")
        let missed = [
            try Row.fill("e3", side: .sell, quantity: "0.010", price: "90100", seq: 13),
            try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 11),
            try Row.fill("e2", linkID, quantity: "0.020", price: "89980", seq: 12),
        ]
        bench.link(.ready, "private/main")
        // A push that comes meanwhile waits for those before it.
        bench.execution(missed[0])
        #expect(bench.engine.ledger.position(Bench.btc).isFlat)
        bench.reply(.openOrders)
        bench.reply(.executions) { $0.executions = missed }
        bench.reply(.positions) { $0.positions = [] }
        bench.reply(.wallet, query: "accountType=UNIFIED")
        let position = bench.engine.ledger.position(Bench.btc)
        #expect(position.size.description == "0.02")
        // Entry (899.9 + 1799.6) ÷ 0.03, then 0.01 sold at 90,100.
        #expect(position.realised.description == "1.166666666666666667")
        // The order is not among the open ones: it is looked up, not assumed.
        let order = try #require(bench.engine.orders.first { $0.orderLinkID == linkID })
        #expect(order.phase == .unknown)
        try bench.reply(.orderHistory, linkID: linkID) {
            $0.orders = [try Row.order(linkID, "Filled", quantity: "0.030", filled: "0.030", at: 9)]
        }
        #expect(bench.engine.openOrders.isEmpty)
    }

    @Test func `the end of a session cancels what is open and what opens late`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let open = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(open, "New", price: "89990.0"))
        let late = try bench.placed("buy 0.010 89980.0")
        let stop = bench.operate("stop")
        #expect(stop.commands.map(\.strategy) == [Desk.own])
        #expect(bench.reply(.createOrder, linkID: late, orderID: "x").commands.count == 1)
        #expect(try bench.act("buy 0.010 89990.0").isEmpty)
        #expect(bench.operate("stop").isEmpty)
        bench.order(try Row.order(open, "Cancelled"), try Row.order(late, "Cancelled"))
        #expect(bench.engine.openOrders.isEmpty)
        #expect(bench.engine.isStopping)
    }

    @Test func `what the journal halts only the journal resumes, and the operator's halt stays`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let words = "halted by the journal: records wait for the disk"
        bench.operate("journal-halt", "records wait for the disk")
        #expect(observed(try bench.act("buy 0.010 89990.0")) == words)
        bench.operate("resume")
        #expect(bench.engine.haltReason == words)
        bench.operate("halt", "by hand")
        bench.operate("journal-resume", "the disk is well again")
        #expect(bench.engine.haltReason == "halted: by hand")
        bench.operate("resume")
        #expect(bench.engine.haltReason == nil)
        #expect(try bench.act("buy 0.010 89990.0").placed.count == 1)
    }

    @Test func `the operator halts and resumes new orders, and unknown verbs are told`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.operate("halt", "journal failed")
        #expect(observed(try bench.act("buy 0.010 89990.0")) == "halted: journal failed")
        bench.operate("resume")
        #expect(try bench.act("buy 0.010 89990.0").placed.count == 1)
        #expect(bench.operate("dance").findings(.unknown).first?.seen == "dance")
        #expect(bench.operate("mark", "lunch").findings(.strategy).first?.note == "lunch")
        #expect(bench.operate("audit").lookUps.count == 6)
    }

    @Test func `a new run begins without sockets, books or timers`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        try bench.act("timer later 1000")
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.begin()
        #expect(bench.engine.timers.isEmpty)
        #expect(bench.engine.haltReason == "private socket down")
        #expect(bench.engine.markets.first?.state.feed?.freshness == .stale)
        bench.link(.ready, "private/main")
        bench.reply(.openOrders)
        bench.reply(.executions)
        bench.reply(.positions)
        let last = bench.reply(.wallet, query: "accountType=UNIFIED")
        #expect(last.lookUps == [.order(Bench.btc, orderLinkID: linkID)])
    }

    @Test
    func
        `fills of the day before are not counted beside what an open order had when it was heard of`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        let now = Bench.start / 1_000_000
        let row = try Row.order("theirs", "PartiallyFilled", filled: "0.004", at: now - 1_000)
        try bench.reconcile(orders: [row])
        let old = try Row.fill(
            "e1",
            "theirs",
            quantity: "0.004",
            price: "90000.0",
            milliseconds: now - 5_000
        )
        bench.reply(.executions) { $0.executions = [old] }
        let order = try #require(bench.engine.orders.first { $0.orderLinkID == "theirs" })
        #expect(order.filled.description == "0.004")
        #expect(order.executed == order.filled)
        #expect(bench.engine.ledger.position(Bench.btc).size.isZero)
        // Nothing is owed, and nothing is asked for.
        for _ in 0..<10 { #expect(bench.tick().lookUps.isEmpty) }
    }
}
