import Market
import Testing
import Trading

/// How far back a reconciliation asks for executions, and when their list is whole.
@Suite struct LookBackTests {
    private func fill(_ id: String, at milliseconds: Int64) throws -> ExecutionReport {
        try Row.fill(id, quantity: "0.001", price: "90000.0", milliseconds: milliseconds)
    }

    private func since(_ outputs: [Output]) -> Int64? {
        for question in outputs.lookUps {
            if case .executions(.linear, let milliseconds) = question { return milliseconds }
        }
        return nil
    }

    /// Five minutes without the private socket, in which an order of somebody else is filled; then a fill is pushed before
    /// the socket is ready.
    @Test(arguments: [true, false])
    func `a push that comes before the lists are asked for does not hide what was missed`(
        isRun: Bool
    ) throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let before = bench.time.milliseconds
        bench.execution(try fill("first", at: before))
        if isRun { bench.begin() } else { bench.link(.disconnected, "private/main") }
        bench.tick(after: 300_000)
        bench.link(.connected, "private/main")
        bench.execution(try fill("pushed", at: bench.time.milliseconds))
        let asked = bench.link(.ready, "private/main")
        #expect(since(asked) == before - 60_000)
        // The list fails and is asked for again, as far back; then the socket is lost before it has come.
        bench.reply(.executions, outcome: .timedOut)
        #expect(since(bench.tick()) == before - 60_000)
        bench.link(.disconnected, "private/main")
        bench.link(.connected, "private/main")
        bench.execution(try fill("pushed too", at: bench.time.milliseconds))
        #expect(since(bench.link(.ready, "private/main")) == before - 60_000)
        try bench.reconcile(executions: [try fill("missed", at: before + 60_000)])
        #expect(bench.engine.isReconciled)
        // What is merged is not asked for again.
        let last = bench.time.milliseconds
        bench.execution(try fill("last", at: last))
        bench.link(.disconnected, "private/main")
        bench.link(.connected, "private/main")
        #expect(since(bench.link(.ready, "private/main")) == last - 60_000)
    }

    /// A session without a fill of its own: what was filled while no run was there is asked for from its beginning on.
    @Test func `a run that goes on asks back to the run before`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.tick(after: 600_000)
        bench.begin()
        bench.link(.connected, "private/main")
        let asked = bench.link(.ready, "private/main")
        #expect(since(asked) == Bench.start / 1_000_000 + 1 - 60_000)
    }

    /// The exchange lists a week at once: of a month there are five lists, in any order.
    @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
    func `a list that comes in windows is whole with the last of them`(order: [Int]) throws {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        bench.link(.ready, "private/main")
        bench.reply(.openOrders)
        bench.reply(.positions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        let start = Bench.start / 1_000_000 + 1 - 60_000
        let edges = [start, start + 20_000, start + 40_000, bench.time.milliseconds + 60_000]
        let queries = (0..<3).map {
            "category=linear&startTime=\(edges[$0])&endTime=\(edges[$0 + 1])&limit=100"
        }
        // One that fails, and one that has a page more, are not there yet.
        let failed = bench.reply(.executions, outcome: .timedOut, query: queries[order[2]])
        #expect(failed.lookUps.isEmpty)
        #expect(since(bench.tick()) == start)
        let more = bench.reply(.executions, query: queries[order[0]], cursor: "next")
        #expect(more.lookUps.count == 1)
        for place in order {
            #expect(!bench.engine.isReconciled)
            bench.reply(.executions, query: queries[place])
        }
        #expect(bench.engine.isReconciled)
    }

    /// A topic that is refused on a socket that stands costs that topic and nothing else.
    @Test func `a refusal is no loss of the connection`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        for socket in ["public/linear", "private/main"] {
            #expect(bench.link(.failed, socket).isEmpty)
        }
        #expect(bench.engine.isReconciled)
        #expect(bench.engine.isConnected("public/linear"))
        #expect(try bench.act("buy 0.010 89990.0").placed.count == 1)
        let later = bench.tick(after: 10_000).commands
        #expect(!later.contains { if case .resubscribe = $0.action { true } else { false } })
        // A connection that cannot be made is none.
        bench.link(.disconnected, "private/main")
        bench.link(.failed, "private/main")
        #expect(!bench.engine.isConnected("private/main"))
        #expect(try bench.act("buy 0.010 89990.0").placed.isEmpty)
    }
}
