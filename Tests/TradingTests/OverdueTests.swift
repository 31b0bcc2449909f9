import Market
import Testing

@testable import Trading

/// Pushes that get lost on a socket that stays open, and answers that speak of too early a moment.
@Suite struct OverdueTests {
    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func order(_ bench: Bench, _ linkID: String) throws -> Order {
        try #require(bench.engine.orders.first { $0.orderLinkID == linkID })
    }

    /// What is asked in so many seconds.
    private func asked(_ bench: inout Bench, seconds: Int) -> [LookUp] {
        (0..<seconds).flatMap { _ in bench.tick().lookUps }
    }

    @Test func `an accepted order whose row does not come is looked up`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        #expect(asked(&bench, seconds: 3) == [])
        let question = LookUp.order(Bench.btc, orderLinkID: linkID)
        #expect(asked(&bench, seconds: 1) == [question])
        try bench.reply(.openOrders, linkID: linkID) {
            $0.orders = [try Row.order(linkID, "New", price: "89990.0")]
        }
        #expect(try order(bench, linkID).phase == .open)
        #expect(asked(&bench, seconds: 20) == [])
    }

    @Test func `what does not come is asked for ever more seldom, then told`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        let before = bench.outputs.count
        #expect(asked(&bench, seconds: 250).count == Desk.questionsMax)
        let told = bench.outputs.dropFirst(before).filter {
            if case .finding(let finding) = $0 { finding.kind == .orderUnknown } else { false }
        }
        #expect(told.count == 1)
    }

    private static let question = LookUp.orderByID(Bench.btc, orderID: "hand")
    private static let history = LookUp.orderHistoryByID(Bench.btc, orderID: "hand")
    private static let query = "category=linear&symbol=BTCUSDT&orderId=hand"

    /// One of others that was open and is not listed any more, and has no id of the client's.
    private func missed() throws -> Bench {
        var bench = try bench()
        bench.order(try Row.order("", "New", price: "89990.0", at: 1, orderID: "hand"))
        bench.link(.disconnected, "private/main")
        try bench.reconcile()
        return bench
    }

    private func hand(_ bench: Bench) -> Order? {
        bench.engine.orders.first { $0.orderID == "hand" }
    }

    @Test func `an order of others without an id of the client's is looked up by the exchange's`()
        throws
    {
        var bench = try missed()
        #expect(hand(bench)?.phase == .unknown)
        #expect(bench.outputs.lookUps.last == Self.question)
        let words = #""what":"order","category":"linear","symbol":"BTCUSDT","order_id":"hand""#
        #expect(bench.outputs.texts.contains { $0.contains(words) })
        bench.reply(.openOrders, outcome: .timedOut, query: Self.query)
        #expect(bench.tick().lookUps == [Self.question])
        #expect(bench.reply(.openOrders, query: Self.query).lookUps == [Self.history])
        bench.reply(.orderHistory, outcome: .timedOut, query: Self.query)
        #expect(bench.tick().lookUps == [Self.history])
        try bench.reply(.orderHistory, query: Self.query) {
            $0.orders = [try Row.order("", "Cancelled", price: "89990.0", at: 5, orderID: "hand")]
        }
        #expect(hand(bench)?.isClosed == true)
        #expect(asked(&bench, seconds: 60).isEmpty)
    }

    @Test(arguments: [false, true])
    func `one that neither open orders nor history know has ended, and how is not told`(
        isOfBefore: Bool
    ) throws {
        var bench = try missed()
        if isOfBefore {
            // The state of a program that asked for no verdict.
            bench.engine.desk.links.deferred = []
            bench.engine.desk.askForVerdicts()
        }
        #expect(bench.reply(.openOrders, query: Self.query).lookUps == [Self.history])
        #expect(bench.reply(.orderHistory, query: Self.query).lookUps.isEmpty)
        #expect(hand(bench)?.phase == .unknown)
        #expect(asked(&bench, seconds: 8) == [Self.question])
        #expect(bench.reply(.openOrders, query: Self.query).lookUps == [Self.history])
        let answer = bench.reply(.orderHistory, query: Self.query)
        #expect(hand(bench)?.isClosed == true)
        #expect(hand(bench)?.reason == Order.endUntold)
        #expect(answer.findings(.orderUnknown).map(\.subject) == ["hand"])
        #expect(asked(&bench, seconds: 60).isEmpty)
    }

    /// The row that cannot be read may be the order's own: it is open, and counts.
    @Test func `of an answer that could not be read whole no verdict is made`() throws {
        var bench = try missed()
        #expect(asked(&bench, seconds: 10).contains(Self.question))
        let damaged: (inout Event) -> Void = {
            $0.findings = [DecodeFinding(field: "list[0].orderStatus", reason: .missing)]
        }
        for _ in 0..<4 {
            #expect(bench.reply(.openOrders, query: Self.query, damaged).lookUps.isEmpty)
            #expect(hand(bench)?.phase == .unknown)
            #expect(asked(&bench, seconds: 9).isEmpty)
            #expect(asked(&bench, seconds: 2) == [Self.question])
        }
        // As soon as it can be read, it is as always.
        #expect(bench.reply(.openOrders, query: Self.query).lookUps == [Self.history])
        #expect(bench.reply(.orderHistory, query: Self.query, damaged).lookUps.isEmpty)
        #expect(hand(bench)?.isClosed == false)
        #expect(asked(&bench, seconds: 11) == [Self.history])
        #expect(bench.reply(.orderHistory, query: Self.query).lookUps.isEmpty)
        #expect(hand(bench)?.isClosed == true)
    }

    @Test func `what nobody tells of an order that has ended is not exposure without end`() throws {
        var bench = try bench()
        bench.order(try Row.order("", "New", price: "90000.0", at: 1, orderID: "hand"))
        bench.order(
            try Row.order("", "Filled", price: "90000.0", filled: "0.010", at: 2, orderID: "hand")
        )
        let hand = { (bench: Bench) in bench.engine.orders.first { $0.orderID == "hand" } }
        #expect(hand(bench)?.isActive == true)
        #expect(asked(&bench, seconds: 250).count == Desk.questionsMax)
        #expect(hand(bench)?.isActive == false)
    }

    @Test func `a cancel that was taken and whose row does not come is looked up`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        try bench.act("cancel 0")
        // On its way, it is owed nothing yet; a question of before says nothing of it.
        #expect(asked(&bench, seconds: 8) == [])
        let early = SequenceNumber(bench.sequence)
        bench.reply(.cancelOrder, linkID: linkID)
        #expect(asked(&bench, seconds: 4) == [.order(Bench.btc, orderLinkID: linkID)])
        let open = try Row.order(linkID, "New", price: "89990.0", at: 1)
        bench.reply(.openOrders, linkID: linkID) {
            $0.reply.after = early
            $0.orders = [open]
        }
        #expect(try order(bench, linkID).isCancelPending)
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [open] }
        // Not carried out after all: it may be asked again.
        #expect(try !order(bench, linkID).isCancelPending)
        #expect(try bench.act("cancel 0").commands.count == 1)
        bench.reply(.cancelOrder, linkID: linkID)
        #expect(asked(&bench, seconds: 4) == [.order(Bench.btc, orderLinkID: linkID)])
        try bench.reply(.orderHistory, linkID: linkID) {
            $0.orders = [try Row.order(linkID, "Cancelled", price: "89990.0", at: 2)]
        }
        #expect(try order(bench, linkID).isClosed)
        #expect(asked(&bench, seconds: 20) == [])
    }

    @Test func `an execution that does not come is asked for, and counted once`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let time = Bench.start / 1_000_000 + 70_000
        bench.order(
            try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010", at: time)
        )
        #expect(bench.engine.ledger.position(Bench.btc).isFlat)
        let questions = asked(&bench, seconds: 4)
        guard case .executions(.linear, let since)? = questions.first, questions.count == 1 else {
            Issue.record("\(questions)")
            return
        }
        #expect(since <= time - 60_000)
        let fill = try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1)
        bench.reply(.executions) { $0.executions = [fill] }
        bench.execution(fill)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        #expect(asked(&bench, seconds: 20) == [])
    }

    @Test func `a row that does not come after its execution is looked up`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        bench.execution(try Row.fill("e1", linkID, quantity: "0.010", price: "89990", seq: 1))
        #expect(asked(&bench, seconds: 4) == [.order(Bench.btc, orderLinkID: linkID)])
        // Not among the open orders: history has it.
        let history = LookUp.orderHistory(Bench.btc, orderLinkID: linkID)
        let question = LookUp.order(Bench.btc, orderLinkID: linkID)
        #expect(bench.reply(.openOrders, linkID: linkID).lookUps == [question])
        #expect(bench.reply(.openOrders, linkID: linkID).lookUps == [history])
        try bench.reply(.orderHistory, linkID: linkID) {
            $0.orders = [
                try Row.order(linkID, "Filled", price: "89990.0", filled: "0.010", at: 2)
            ]
        }
        #expect(try order(bench, linkID).status == .filled)
        #expect(asked(&bench, seconds: 20) == [])
    }

    @Test func `an amendment without an answer counts until it cannot be carried out any more`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let row = try Row.order(linkID, "New", price: "89990.0", at: 1)
        bench.order(row)
        try bench.act("amend 0 89991.0 0.030")
        bench.reply(.amendOrder, linkID: linkID, outcome: .timedOut)
        #expect(asked(&bench, seconds: 1) == [.order(Bench.btc, orderLinkID: linkID)])
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        // It may still be on its way: its quantity counts, and another one would race it.
        #expect(try order(bench, linkID).exposure.description == "0.03")
        #expect(try bench.act("amend 0 89992.0").isEmpty)
        #expect(asked(&bench, seconds: 7) == [.order(Bench.btc, orderLinkID: linkID)])
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        #expect(try order(bench, linkID).exposure.description == "0.01")
        #expect(try bench.act("amend 0 89992.0").commands.count == 1)
    }

    @Test func `answers of before a lost socket do not complete what was asked for after it`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        bench.link(.disconnected, "private/main")
        bench.link(.ready, "private/main")
        let early = SequenceNumber(bench.sequence)
        bench.link(.disconnected, "private/main")
        bench.link(.ready, "private/main")
        let row = try Row.order(linkID, "New", price: "89990.0", at: 1)
        for endpoint in [Endpoint.openOrders, .executions, .positions, .wallet] {
            bench.reply(endpoint) {
                $0.reply.after = early
                if endpoint == .openOrders { $0.orders = [row] }
            }
        }
        #expect(!bench.engine.isReconciled)
        for endpoint in [Endpoint.openOrders, .executions, .positions, .wallet] {
            bench.reply(endpoint)
        }
        #expect(bench.engine.isReconciled)
        // It ended in between: the list of before does not speak for it.
        #expect(try order(bench, linkID).phase == .unknown)
    }

    @Test func `an order whose request is on its way is not missed in the list of open orders`()
        throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.link(.disconnected, "private/main")
        bench.link(.ready, "private/main")
        for endpoint in [Endpoint.openOrders, .executions, .positions, .wallet] {
            bench.reply(endpoint)
        }
        #expect(bench.engine.isReconciled)
        #expect(try order(bench, linkID).phase == .asked)
        bench.reply(.createOrder, linkID: linkID, outcome: .timedOut)
        #expect(try order(bench, linkID).phase == .unknown)
    }

    @Test func `a book that the rules do not pick any more is none, and is not asked for`() throws {
        var bench = try bench()
        let id = Bench.btc
        func rules(_ bench: inout Bench, _ feed: FeedChange.Feed, added: Bool) {
            bench.feed("link/public/linear") {
                $0.kind = .link
                $0.link.change = .rules
                $0.link.socket = "public/linear"
                $0.link.feeds = [FeedChange(instrument: id, feed: feed, isAdded: added)]
            }
        }
        rules(&bench, .book(depth: 50), added: false)
        rules(&bench, .ticker, added: false)
        #expect(bench.engine.desk.book(id) == nil && bench.engine.desk.ticker(id) == nil)
        // What was on its way changes nothing.
        try bench.book("BTCUSDT", u: 101, snapshot: true, bids: [("90000.0", "1")])
        try bench.mark("BTCUSDT", "90001.0")
        #expect(bench.engine.desk.book(id) == nil && bench.engine.desk.ticker(id) == nil)
        bench.link(.disconnected, "public/linear")
        bench.link(.ready, "public/linear")
        try bench.book("ETHUSDT", u: 1, snapshot: true, bids: [("3000.00", "10")])
        let commands = (0..<12).flatMap { _ in bench.tick().commands }
        #expect(commands.isEmpty, "\(commands)")
        rules(&bench, .book(depth: 50), added: true)
        rules(&bench, .ticker, added: true)
        try bench.book("BTCUSDT", u: 200, snapshot: true, bids: [("90000.0", "1")])
        try bench.mark("BTCUSDT", "90001.0")
        #expect(bench.engine.desk.book(id) != nil && bench.engine.desk.ticker(id) != nil)
    }

    @Test func `instruments with an order or a position are named`() throws {
        var bench = try bench()
        #expect(bench.engine.exposedInstruments == [])
        let linkID = try bench.placed("buy 0.010 89990.0")
        #expect(bench.engine.exposedInstruments == [Bench.btc])
        bench.order(try Row.order(linkID, "Cancelled", price: "89990.0"))
        #expect(bench.engine.exposedInstruments == [])
        bench.execution(
            try Row.fill("e1", symbol: "ETHUSDT", quantity: "0.10", price: "3000", seq: 1)
        )
        #expect(bench.engine.exposedInstruments == [Bench.eth])
    }
}
