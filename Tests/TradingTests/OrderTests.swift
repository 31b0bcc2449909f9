import Market
import Testing

@testable import Trading

@Suite struct OrderTests {
    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func order(_ bench: Bench, _ linkID: String) throws -> Order {
        try #require(bench.engine.orders.first { $0.orderLinkID == linkID })
    }

    private func occasions(_ bench: Bench) throws -> [String] {
        let seat = try #require(bench.engine.seats.first)
        return try #require(seat.logic as? Puppet).occasions
    }

    @Test func `an order comes through asked, accepted, open and filled`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        #expect(try order(bench, linkID).phase == .asked)
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        #expect(try order(bench, linkID).phase == .accepted)
        bench.order(try Row.order(linkID, "New", price: "89990.0"))
        #expect(try order(bench, linkID).phase == .open)
        #expect(try order(bench, linkID).remaining.description == "0.01")
        bench.execution(try Row.fill("e1", linkID, quantity: "0.004", price: "89990", seq: 1))
        #expect(try order(bench, linkID).remaining.description == "0.006")
        bench.order(try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010", at: 1_001))
        #expect(try order(bench, linkID).isClosed)
        // What is told as filled and not yet reported may still move the position.
        #expect(try order(bench, linkID).exposure.description == "0.006")
        bench.execution(try Row.fill("e2", linkID, quantity: "0.006", price: "89990", seq: 2))
        #expect(try order(bench, linkID).exposure == .zero)
        #expect(bench.engine.openOrders.isEmpty)
        #expect(
            try occasions(bench).suffix(5) == [
                "order accepted ", "order open ", "filled 0.004 @ 89990", "order closed ",
                "filled 0.006 @ 89990",
            ]
        )
    }

    @Test func `any interleaving of reply, rows and executions ends the same`() throws {
        for permutation in OrderMergeTests.permutations(5) {
            var bench = try bench()
            let linkID = try bench.placed("buy 0.010 89990.0")
            for step in permutation {
                switch step {
                case 0: bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
                case 1: bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
                case 2:
                    bench.order(
                        try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010", at: 2)
                    )
                case 3:
                    bench.execution(
                        try Row.fill("e1", linkID, quantity: "0.004", price: "89990", seq: 1)
                    )
                default:
                    bench.execution(
                        try Row.fill("e2", linkID, quantity: "0.006", price: "89990", seq: 2)
                    )
                }
            }
            let order = try order(bench, linkID)
            #expect(order.isClosed)
            #expect(order.status == .filled)
            #expect(order.executed.description == "0.01")
            #expect(order.orderID == "x-" + linkID)
            #expect(bench.engine.ledger.position(Bench.btc, of: "p").size.description == "0.01")
            #expect(bench.engine.desk.orderStore.active.isEmpty)
        }
    }

    @Test func `a refusal closes the order and is told`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let answer = bench.reply(.createOrder, linkID: linkID, code: 110007, message: "not enough")
        #expect(answer.findings(.refused).first?.seen == "110007 not enough")
        #expect(try order(bench, linkID).isClosed)
        #expect(try order(bench, linkID).reason == "110007 not enough")
        #expect(try occasions(bench).last == "order closed 110007 not enough")
    }

    @Test func `what was not sent is closed at once`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, message: "halted", outcome: .notSent)
        #expect(try order(bench, linkID).reason == "not-sent: halted")
        #expect(bench.engine.openOrders.isEmpty)
    }

    @Test(
        arguments: [
            (Reply.Outcome.timedOut, Int64(-1)), (.failed, -1), (.answered, 10016),
            (.answered, 110072), (.answered, 170001), (.answered, 170032),
        ]
    )
    func `an uncertain answer leaves the order unknown and looks it up`(
        outcome: Reply.Outcome,
        code: Int64
    ) throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let answer = bench.reply(.createOrder, linkID: linkID, code: code, outcome: outcome)
        #expect(try order(bench, linkID).phase == .unknown)
        #expect(answer.findings(.orderUnknown).count == 1)
        #expect(answer.lookUps == [.order(Bench.btc, orderLinkID: linkID)])
        // It counts as open until it is known not to be.
        #expect(bench.engine.openOrders.count == 1)
    }

    @Test
    func `asked after the deadline, open orders and then history say that it was not placed`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let early = SequenceNumber(bench.sequence)
        bench.reply(.createOrder, linkID: linkID, outcome: .timedOut)
        let query = "category=linear&symbol=BTCUSDT&orderLinkId=" + linkID
        let history = LookUp.orderHistory(Bench.btc, orderLinkID: linkID)
        // It may have ended meanwhile; that it is in neither says nothing yet.
        #expect(bench.reply(.openOrders, query: query).lookUps == [history])
        bench.reply(.orderHistory, query: query)
        #expect(try order(bench, linkID).phase == .unknown)
        bench.outputs = []
        for _ in 0..<8 { bench.tick() }
        #expect(bench.outputs.lookUps == [.order(Bench.btc, orderLinkID: linkID)])
        // Answers that took long are of a time at which the order may still have been on its way.
        bench.reply(.openOrders, query: query) { $0.reply.after = early }
        bench.reply(.orderHistory, query: query)
        #expect(try order(bench, linkID).phase == .unknown)
        let before = SequenceNumber(bench.sequence)
        #expect(bench.reply(.openOrders, query: query).lookUps == [history])
        // Asked before it was known not to be open: it may have ended in between.
        bench.reply(.orderHistory, query: query) { $0.reply.after = before }
        #expect(try order(bench, linkID).phase == .unknown)
        let answer = bench.reply(.orderHistory, query: query)
        #expect(try order(bench, linkID).isClosed)
        #expect(try order(bench, linkID).reason == "not placed")
        #expect(answer.findings(.orderUnknown).count == 1)
        for _ in 0..<20 { #expect(bench.tick().isEmpty) }
    }

    @Test func `one that the exchange had and lists no longer was placed, and keeps its status`()
        throws
    {
        for later in [nil, "Cancelled", "New"] {
            var bench = try bench()
            let linkID = try bench.placed("buy 0.010 89990.0")
            bench.reply(.createOrder, linkID: linkID)
            bench.order(try Row.order(linkID, "New", price: "89990.0", at: 5))
            let query = "category=linear&symbol=BTCUSDT&orderLinkId=" + linkID
            // Away for longer than the exchange keeps what ended without a fill.
            bench.reply(.openOrders, query: query)
            #expect(try order(bench, linkID).phase == .unknown)
            for _ in 0..<8 { bench.tick() }
            bench.reply(.openOrders, query: query)
            let answer = bench.reply(.orderHistory, query: query)
            #expect(answer.findings(.orderUnknown).count == 1)
            #expect(!"\(answer)".contains("not placed"), "\(answer)")
            #expect(try order(bench, linkID).isClosed)
            #expect(try order(bench, linkID).status == .new)
            #expect(try order(bench, linkID).reason == Order.endUntold)
            // A row of before comes late, or once more: it says nothing.
            bench.order(try Row.order(linkID, "New", price: "89990.0", at: 5))
            #expect(try order(bench, linkID).isClosed)
            guard let later else { continue }
            let word = bench.order(try Row.order(linkID, later, price: "89990.0", at: 9))
            #expect(word.findings(.orderUnknown).count == (later == "New" ? 1 : 0))
            #expect(try order(bench, linkID).isClosed == (later == "Cancelled"))
            #expect(try order(bench, linkID).status?.name == later)
            #expect(try order(bench, linkID).reason != Order.endUntold)
        }
    }

    @Test func `a row of an order that was said not to be placed opens it again, and is told`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, outcome: .timedOut)
        for _ in 0..<8 { bench.tick() }
        let query = "category=linear&symbol=BTCUSDT&orderLinkId=" + linkID
        bench.reply(.openOrders, query: query)
        bench.reply(.orderHistory, query: query)
        #expect(try order(bench, linkID).reason == "not placed")
        let answer = bench.order(try Row.order(linkID, "New", price: "89990.0", at: 5))
        #expect(answer.findings(.orderUnknown).count == 1)
        #expect(try order(bench, linkID).phase == .open)
        #expect(try order(bench, linkID).reason == "")
        #expect(bench.engine.openOrders.count == 1)
        // And ends once: a late row does not open what a row has closed.
        bench.order(try Row.order(linkID, "Cancelled", price: "89990.0", at: 6))
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 7))
        #expect(try order(bench, linkID).isClosed)
    }

    @Test func `a look-up that failed is asked again`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, outcome: .timedOut)
        bench.reply(.openOrders, linkID: linkID, outcome: .failed)
        #expect(bench.tick().lookUps == [.order(Bench.btc, orderLinkID: linkID)])
    }

    @Test func `a row settles an unknown order, wherever it comes from`() throws {
        for push in [true, false] {
            var bench = try bench()
            let linkID = try bench.placed("buy 0.010 89990.0")
            bench.reply(.createOrder, linkID: linkID, outcome: .timedOut)
            let row = try Row.order(linkID, "New", price: "89990.0")
            let answer =
                push
                ? bench.order(row) : bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
            #expect(try order(bench, linkID).phase == .open)
            #expect(answer.findings(.orderUnknown).count == 1)
            for _ in 0..<10 { #expect(bench.tick().lookUps.isEmpty) }
        }
    }

    @Test func `an amendment is pending until its row comes, and a refused one is forgotten`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        #expect(try bench.act("amend 0 89991.0").commands.count == 1)
        #expect(try order(bench, linkID).pendingAmend?.price?.description == "89991.0")
        // One change at a time: the next would race it.
        #expect(try bench.act("amend 0 89992.0").isEmpty)
        bench.reply(.amendOrder, linkID: linkID)
        bench.order(try Row.order(linkID, "New", price: "89991.0", at: 2))
        #expect(try order(bench, linkID).pendingAmend == nil)
        #expect(try order(bench, linkID).price?.description == "89991.0")
        try bench.act("amend 0 89993.0")
        let answer = bench.reply(.amendOrder, linkID: linkID, code: 110001, message: "gone")
        #expect(answer.findings(.refused).count == 1)
        #expect(try order(bench, linkID).pendingAmend == nil)
        #expect(bench.tick().lookUps == [.order(Bench.btc, orderLinkID: linkID)])
    }

    @Test func `a cancel is asked once, and a refused one may be asked again`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        #expect(try bench.act("cancel 0").commands.count == 1)
        #expect(try bench.act("cancel 0").isEmpty)
        bench.reply(.cancelOrder, linkID: linkID, code: 110001, message: "order not exists")
        #expect(try bench.act("cancel 0").commands.count == 1)
        bench.reply(.cancelOrder, linkID: linkID)
        bench.order(
            try Row.order(
                linkID,
                "Cancelled",
                price: "89990.0",
                at: 2,
                reason: "EC_PerCancelRequest"
            )
        )
        #expect(try order(bench, linkID).reason == "EC_PerCancelRequest")
        #expect(try bench.act("cancel 0").isEmpty)
    }

    @Test func `orders of others are external and complete`() throws {
        var bench = try bench()
        bench.order(try Row.order("", "New", orderID: "app-1"))
        bench.order(
            try Row.order("", "PartiallyFilled", filled: "0.004", at: 2_000, orderID: "app-1")
        )
        let order = try #require(bench.engine.orders.first)
        #expect(order.strategy == Order.external)
        #expect(order.remaining.description == "0.006")
        #expect(bench.engine.orders.count == 1)
        #expect(bench.engine.openOrders.isEmpty)
        #expect(try !occasions(bench).contains { $0.hasPrefix("order") })
    }

    @Test func `hundreds of closed orders are forgotten and their late rows do no harm`() throws {
        var bench = try bench()
        var first = ""
        for round in 0..<1_300 {
            let linkID = try bench.placed("buy 0.010 89990.0")
            if round == 0 { first = linkID }
            bench.order(try Row.order(linkID, "Cancelled", price: "89990.0"))
        }
        #expect(bench.engine.orders.count < 1_100)
        #expect(!bench.engine.orders.contains { $0.orderLinkID == first })
        #expect(bench.order(try Row.order(first, "Cancelled")).isEmpty)
        #expect(!bench.engine.orders.contains { $0.orderLinkID == first })
    }

    @Test func `client order ids are short, allowed, and unlike in each session`() throws {
        let causes = [SequenceNumber(1), SequenceNumber(.max)]
        var seen: Set<String> = []
        for session in ["s1", "s2"] {
            for strategy in ["a", "b", String(repeating: "x", count: 32)] {
                for cause in causes {
                    for ordinal in [0, 1, 99_999] {
                        let id = ClientOrderID.make(
                            session: session,
                            strategy: strategy,
                            cause: cause,
                            ordinal: ordinal
                        )
                        #expect(id.utf8.count <= 36)
                        #expect(
                            id.allSatisfy {
                                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
                            }
                        )
                        #expect(seen.insert(id).inserted)
                    }
                }
            }
        }
    }
}
