import Market
import Testing

@testable import Trading

/// Orders on combinations: followed and reconciled as others, by endpoints of their own.
@Suite struct CombinationTests {
    private static let id = InstrumentID(.spread, Symbol("SOLUSDT_SOL/USDT") ?? .none)

    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        bench.engine = try Engine(
            configuration: EngineConfiguration(
                session: "s",
                strategies: [.puppet()],
                categories: [.spot, .linear, .spread]
            ),
            registry: Bench.registry
        )
        bench.begin()
        try bench.instruments()
        return bench
    }

    private func row(
        _ status: String,
        filled: String = "0",
        at milliseconds: Int64 = 1_000,
        category: String = ""
    ) throws -> SpreadOrder {
        var row = SpreadOrder()
        row.category = category
        row.symbol = Self.id.symbol
        row.orderID = "c1"
        row.orderLinkID = "arb-1"
        row.status = status
        row.timeInForce = "GTC"
        row.type = "Limit"
        row.price = try Numeral(text: "-0.5")
        row.quantity = try Numeral(text: "3")
        row.filledQuantity = try Numeral(text: filled)
        row.createdMilliseconds = 1_000
        row.updatedMilliseconds = milliseconds
        return row
    }

    private func fill(
        _ id: String,
        _ quantity: String,
        at milliseconds: Int64
    ) throws
        -> SpreadExecution
    {
        var row = SpreadExecution()
        row.symbol = Self.id.symbol
        row.executionID = id
        row.orderID = "c1"
        row.orderLinkID = "arb-1"
        row.type = "Trade"
        row.price = try Numeral(text: "-0.5")
        row.quantity = try Numeral(text: quantity)
        row.timeMilliseconds = milliseconds
        return row
    }

    private func push(_ bench: inout Bench, _ rows: SpreadOrder...) -> [Output] {
        bench.feed("private/main/spread.order") {
            $0.kind = .spreadOrders
            $0.category = .spread
            $0.details = rows.map { .spreadOrder($0) }
        }
    }

    /// All replies that a reconciliation waits for, of combinations those given.
    private func answer(
        _ bench: inout Bench,
        orders: [SpreadOrder] = [],
        executions: [SpreadExecution] = []
    ) {
        for category in ["spot", "linear"] {
            bench.reply(.openOrders, query: "category=" + category)
            bench.reply(.executions, query: "category=" + category)
        }
        bench.reply(.positions)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        #expect(!bench.engine.isReconciled)
        bench.reply(.spreadOpenOrders, query: "limit=50", after: 1) {
            $0.details = orders.map { .spreadOrder($0) }
        }
        bench.reply(.spreadExecutions, query: "startTime=1&limit=50", after: 1) {
            $0.details = executions.map { .spreadExecution($0) }
        }
        #expect(bench.engine.isReconciled)
    }

    private func order(_ bench: Bench) throws -> Order {
        try #require(bench.engine.orders.first { $0.orderID == "c1" })
    }

    @Test func `at the start they are asked for, and nothing is reconciled without them`() throws {
        var bench = try bench()
        let asked = bench.link(.ready, "private/main").lookUps
        #expect(asked.contains(.openOrders(.spread)))
        #expect(
            asked.contains {
                if case .executions(.spread, _) = $0 { true } else { false }
            }
        )
        #expect(!asked.contains(.positions(.spread)))
        answer(&bench, orders: [try row("New")])
        let order = try order(bench)
        #expect(order.phase == .open && order.instrument == Self.id)
        #expect(order.strategy == Order.external)
        #expect(bench.engine.exposedInstruments == [Self.id])
    }

    @Test func `one that ended while the socket was down is looked up and settled`() throws {
        var bench = try bench()
        bench.link(.ready, "private/main")
        answer(&bench, orders: [try row("New")])
        bench.link(.disconnected, "private/main")
        bench.link(.ready, "private/main")
        answer(&bench)
        #expect(try order(bench).phase == .unknown)
        let question = LookUp.order(Self.id, orderLinkID: "arb-1")
        #expect(bench.outputs.lookUps.contains(question))
        let history = bench.reply(.spreadOpenOrders, query: "orderLinkId=arb-1").lookUps
        #expect(history == [.orderHistory(Self.id, orderLinkID: "arb-1")])
        try bench.reply(.spreadOrderHistory, query: "orderLinkId=arb-1", after: 1) {
            $0.details = [.spreadOrder(try row("Cancelled", at: 2_000))]
        }
        #expect(try order(bench).isClosed)
    }

    @Test func `fills count against the order once, and move no position`() throws {
        var bench = try bench()
        bench.link(.ready, "private/main")
        let early = try fill("e0", "1", at: 900)
        answer(
            &bench,
            orders: [try row("PartiallyFilled", filled: "1", at: 900)],
            executions: [early]
        )
        // What it had filled before it was heard of is not counted again.
        #expect(try order(bench).executed.description == "1")
        _ = push(
            &bench,
            try row("PartiallyFilled", filled: "2", at: 1_100, category: "combination")
        )
        #expect(try order(bench).filled.description == "2")
        let next = try fill("e1", "1", at: 1_100)
        for _ in 0..<2 {
            bench.feed("private/main/spread.execution") {
                $0.kind = .spreadExecutions
                $0.category = .spread
                $0.details = [.spreadExecution(early), .spreadExecution(next)]
            }
        }
        #expect(try order(bench).executed.description == "2")
        #expect(bench.engine.ledger.position(Self.id).isFlat)
        for _ in 0..<30 { #expect(bench.tick().lookUps.isEmpty) }
    }

    @Test func `rows of legs are none of the combination's`() throws {
        var bench = try bench()
        bench.link(.ready, "private/main")
        answer(&bench)
        var leg = try row("New", category: "future_leg")
        leg.parentOrderID = "c1"
        leg.orderID = "l1"
        _ = push(&bench, leg)
        #expect(bench.engine.orders.isEmpty)
    }

    @Test func `an account without combinations is reconciled without them`() throws {
        for status in [200, 404] {
            var bench = try bench()
            bench.link(.ready, "private/main")
            for category in ["spot", "linear"] {
                bench.reply(.openOrders, query: "category=" + category)
                bench.reply(.executions, query: "category=" + category)
            }
            bench.reply(.positions)
            bench.reply(.wallet, query: "accountType=UNIFIED")
            for endpoint in [Endpoint.spreadOpenOrders, .spreadExecutions] {
                let refused = bench.reply(endpoint, code: 10_005, query: "limit=50", after: 1) {
                    $0.reply.httpStatus = status
                }
                #expect(refused.findings(.unknown).count == 1)
            }
            #expect(bench.engine.isReconciled)
        }
    }

    @Test func `an execution of an order that is heard of with it is not counted twice`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        var row = try Row.order("", "PartiallyFilled", filled: "0.004", at: 70_000, orderID: "hand")
        row.updatedMilliseconds = Bench.start / 1_000_000 + 70_000
        bench.order(row)
        var fill = try Row.fill("e1", quantity: "0.004", price: "90000", seq: 1)
        fill.orderID = "hand"
        fill.timeMilliseconds = row.updatedMilliseconds
        bench.execution(fill)
        let order = try #require(bench.engine.orders.first { $0.orderID == "hand" })
        #expect(order.executed.description == "0.004")
        for _ in 0..<10 { #expect(bench.tick().lookUps.isEmpty) }
    }
}
