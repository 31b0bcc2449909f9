import Market
import Testing
import Trading

/// Fills of one match, told by a list: they share time and cross sequence.
@Suite struct ExecutionOrderTests {
    /// An order that sells through three levels and turns a long position round; the ids stand in another order.
    private func sweep() throws -> [ExecutionReport] {
        let levels = [
            (id: "c", quantity: "0.130", price: "89848.2", closed: "0.030", left: "0.085"),
            (id: "a", quantity: "0.025", price: "89848.1", closed: "0", left: "0.060"),
            (id: "b", quantity: "0.060", price: "89848.0", closed: "0", left: "0.000"),
        ]
        return try levels.map { level in
            var row = try Row.fill(
                level.id,
                side: .sell,
                quantity: level.quantity,
                price: level.price,
                rate: "0",
                seq: 2
            )
            row.orderID = "sweep"
            row.closedQuantity = try Numeral(text: level.closed)
            row.leavesQuantity = try Numeral(text: level.left)
            return row
        }
    }

    @Test func `a missed order through several levels closes at the price that it met first`()
        throws
    {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        try bench.reconcile(balance: "10000")
        let held = try Row.fill("held", quantity: "0.030", price: "89943.5", rate: "0")
        bench.feed("private/main/execution") {
            $0.kind = .executions
            $0.executions = [held]
        }
        bench.link(.disconnected, "private/main")
        bench.link(.connected, "private/main")
        bench.link(.ready, "private/main")
        let missed = try sweep()
        bench.reply(.openOrders)
        bench.reply(.executions) { $0.executions = missed.reversed() + [held] }
        bench.reply(.positions, query: "category=linear&settleCoin=USDT")
        bench.reply(.positions, query: "category=linear&settleCoin=USDC")
        bench.reply(.wallet, query: "accountType=UNIFIED")
        #expect(bench.engine.isReconciled)
        let position = bench.engine.ledger.position(Bench.btc)
        #expect(position.size.description == "-0.185")
        // 0.030 × (89,848.2 − 89,943.5), all of it at the first price.
        #expect(position.realised.description == "-2.859")
        #expect(position.entryPrice?.description == "89848.12162162")
        #expect(bench.engine.ledger.wallets["USDT"]?.balance?.description == "9997.141")
    }

    @Test func `the order is the same whatever order the rows come in`() throws {
        let rows = try sweep()
        for turn in rows.indices {
            let turned = Array(rows[turn...] + rows[..<turn])
            #expect(ExecutionOrder.sorted(turned).map(\.executionID) == ["c", "a", "b"])
            #expect(ExecutionOrder.sorted(turned.reversed()).map(\.executionID) == ["c", "a", "b"])
        }
    }

    @Test func `a resting order is filled in the order in which it has less and less left`() throws
    {
        let rows = try [("c", "0.030"), ("a", "0.020"), ("b", "0.000")].map { id, left in
            var row = try Row.fill(id, quantity: "0.010", price: "89848.2")
            row.orderID = "resting"
            row.isMaker = true
            row.leavesQuantity = try Numeral(text: left)
            return row
        }
        #expect(ExecutionOrder.sorted(rows.reversed()).map(\.executionID) == ["c", "a", "b"])
    }

    @Test(arguments: [
        (Side.buy, false, ["1", "2", "3"]), (.sell, false, ["3", "2", "1"]),
        (.buy, true, ["3", "2", "1"]), (.sell, true, ["1", "2", "3"]),
    ])
    func `levels are met from the best one on`(
        side: Side,
        isMaker: Bool,
        expected: [String]
    ) throws {
        let rows = try ["2", "1", "3"].map { price in
            var row = try Row.fill(price, side: side, quantity: "0.010", price: price)
            row.orderID = "order " + price
            row.isMaker = isMaker
            return row
        }
        #expect(ExecutionOrder.sorted(rows).map(\.executionID) == expected)
    }
}
