import Market
import Testing
import Trading

/// Frames of the private socket that cannot be read: what they said is asked for.
@Suite struct DamagedPrivateTests {
    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func damage(_ bench: inout Bench, _ topic: String = "order") -> [Output] {
        bench.feed("private/main/" + topic) { $0.kind = .malformed }
    }

    private func answer(_ bench: inout Bench, executions: [ExecutionReport] = []) {
        bench.reply(.openOrders)
        bench.reply(.executions) { $0.executions = executions }
        bench.reply(.positions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
    }

    @Test(arguments: ["order", "execution", "-"])
    func `what was missed is asked for, and new orders wait for it`(topic: String) throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        // The order's end and its fill: both are lost.
        let asked = damage(&bench, topic)
        #expect(asked.lookUps.contains(.openOrders(.linear)))
        #expect(asked.lookUps.count == 4)
        #expect(!bench.engine.isReconciled && bench.engine.haltReason == "not reconciled")
        answer(
            &bench,
            executions: [try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1)]
        )
        #expect(bench.engine.isReconciled && bench.engine.haltReason == nil)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        // It was not in the list: it is looked up.
        let order = try #require(bench.engine.orders.first { $0.orderLinkID == linkID })
        #expect(order.phase == .unknown)
    }

    @Test func `a row of which a field cannot be read is damage too`() throws {
        var bench = try bench()
        let answer = bench.feed("private/main/execution") {
            $0.kind = .executions
            $0.findings = [DecodeFinding(field: "data[0].execPrice", reason: .missing)]
        }
        #expect(answer.lookUps.contains(.openOrders(.linear)))
    }

    @Test func `executions that wait for one reconciliation wait for the next`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        _ = damage(&bench)
        bench.execution(try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1))
        for _ in 0..<5 { bench.tick() }
        #expect(damage(&bench).lookUps.count == 4)
        answer(&bench)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
    }

    @Test func `while more of them come it is asked ever more seldom, and for the last one too`()
        throws
    {
        var bench = try bench()
        var moments: [Int64] = []
        func look(_ outputs: [Output], _ bench: inout Bench) {
            guard outputs.lookUps.contains(.openOrders(.linear)) else { return }
            moments.append((bench.time.nanoseconds - Bench.start) / 1_000_000_000)
            answer(&bench)
        }
        for _ in 0..<200 {
            look(damage(&bench), &bench)
            look(bench.tick(), &bench)
        }
        let pauses = zip(moments, moments.dropFirst()).map { $1 - $0 }
        #expect(pauses.count == 5, "\(pauses)")
        #expect(zip(pauses, [5, 10, 20, 40, 80]).allSatisfy { abs($0 - $1) <= 1 }, "\(pauses)")
        // None is left without a question after it.
        let before = moments.count
        for _ in 0..<200 { look(bench.tick(), &bench) }
        #expect(moments.count == before + 1)
        for _ in 0..<1_000 { bench.tick() }
        #expect(damage(&bench).lookUps.count == 4)
    }

    @Test func `while the socket is down nothing is asked: all is when it is back`() throws {
        var bench = try bench()
        bench.link(.disconnected, "private/main")
        #expect(damage(&bench).lookUps.isEmpty)
        #expect(bench.link(.ready, "private/main").lookUps.count == 4)
    }
}
