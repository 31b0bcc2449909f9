import Market
import Testing

@testable import Trading

/// Answers that speak of a moment which is over, and requests of which nobody knows what became.
@Suite struct EarlyAnswerTests {
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

    /// An order that is open by a row of the exchange.
    private func open(_ bench: inout Bench) throws -> String {
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        return linkID
    }

    // MARK: No such order

    @Test func `that there is no such order says nothing where a row has come since`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        #expect(asked(&bench, seconds: 4) == [.order(Bench.btc, orderLinkID: linkID)])
        let early = SequenceNumber(bench.sequence)
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        let answer = bench.reply(.openOrders, linkID: linkID) { $0.reply.after = early }
        #expect(try order(bench, linkID).phase == .open)
        #expect(answer.findings(.orderUnknown).isEmpty)
        // The question is asked once more, of now: it may have ended in between.
        #expect(answer.lookUps == [.order(Bench.btc, orderLinkID: linkID)])
        let late = bench.reply(.openOrders, linkID: linkID)
        #expect(try order(bench, linkID).phase == .unknown)
        #expect(late.findings(.orderUnknown).count == 1)
    }

    @Test func `the answer that it was taken counts as a word on the order too`() throws {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        let early = SequenceNumber(bench.sequence)
        bench.reply(.createOrder, linkID: linkID, orderID: "x-" + linkID)
        bench.reply(.openOrders, linkID: linkID) { $0.reply.after = early }
        #expect(try order(bench, linkID).phase == .accepted)
    }

    @Test func `an order whose row came while the list was on its way is not missed in it`() throws
    {
        var bench = try bench()
        let linkID = try bench.placed("buy 0.010 89990.0")
        bench.link(.disconnected, "private/main")
        bench.link(.ready, "private/main")
        bench.order(try Row.order(linkID, "New", price: "89990.0", at: 1))
        bench.reply(.openOrders)
        bench.reply(.executions)
        bench.reply(.positions)
        let last = bench.reply(.wallet, query: "accountType=UNIFIED")
        #expect(bench.engine.isReconciled)
        #expect(try order(bench, linkID).phase == .open)
        #expect(last.findings(.orderUnknown).isEmpty)
        #expect(last.lookUps == [.order(Bench.btc, orderLinkID: linkID)])
    }

    // MARK: Cancels

    @Test(arguments: [Reply.Outcome.timedOut, .failed])
    func `a cancel without an answer is pending until it cannot be carried out any more`(
        outcome: Reply.Outcome
    ) throws {
        var bench = try bench()
        let linkID = try open(&bench)
        let row = try Row.order(linkID, "New", price: "89990.0", at: 1)
        try bench.act("cancel 0")
        bench.reply(.cancelOrder, linkID: linkID, outcome: outcome)
        let question = LookUp.order(Bench.btc, orderLinkID: linkID)
        #expect(asked(&bench, seconds: 1) == [question])
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        // Open a second later; the cancel may still arrive.
        #expect(try order(bench, linkID).isCancelPending)
        #expect(try bench.act("cancel 0", "amend 0 89991.0").commands.isEmpty)
        let before = SequenceNumber(bench.sequence)
        #expect(asked(&bench, seconds: 7) == [question])
        bench.reply(.openOrders, linkID: linkID) {
            $0.reply.after = before
            $0.orders = [row]
        }
        #expect(try order(bench, linkID).isCancelPending)
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        #expect(try !order(bench, linkID).isCancelPending)
        #expect(try bench.act("cancel 0").commands.count == 1)
    }

    @Test func `a cancel without an answer that was carried out ends with the order`() throws {
        var bench = try bench()
        let linkID = try open(&bench)
        try bench.act("cancel 0")
        bench.reply(.cancelOrder, linkID: linkID, outcome: .timedOut)
        bench.order(try Row.order(linkID, "Cancelled", price: "89990.0", at: 2))
        #expect(try order(bench, linkID).isClosed)
        #expect(asked(&bench, seconds: 30) == [])
    }

    @Test func `a late answer to a cancel that was given up settles it`() throws {
        for code in [Int64(0), 110_001] {
            var bench = try bench()
            let linkID = try open(&bench)
            try bench.act("cancel 0")
            bench.reply(.cancelOrder, linkID: linkID, outcome: .timedOut)
            bench.reply(.cancelOrder, linkID: linkID, code: code)
            #expect(try order(bench, linkID).isCancelPending == (code == 0))
        }
    }

    @Test func `at the end of a session a cancel without an answer is asked for again at once`()
        throws
    {
        var bench = try bench()
        let linkID = try open(&bench)
        let row = try Row.order(linkID, "New", price: "89990.0", at: 1)
        #expect(bench.operate("stop").commands.count == 1)
        let first = SequenceNumber(bench.sequence)
        bench.reply(.cancelOrder, linkID: linkID, outcome: .timedOut)
        bench.tick()
        let again = bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        #expect(again.commands.count == 1)
        // On its way, it is not repeated.
        #expect(bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }.commands.isEmpty)
        // That the second was refused says nothing of the first.
        bench.reply(.cancelOrder, linkID: linkID, code: 10_006)
        #expect(try order(bench, linkID).isCancelPending)
        bench.reply(.cancelOrder, linkID: linkID, code: 110_001) { $0.reply.after = first }
        for _ in 0..<10 { bench.tick() }
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        // Nothing of either can arrive now: it is asked for once more.
        #expect(bench.engine.openOrders.count == 1)
        #expect(try order(bench, linkID).isCancelPending)
    }

    // MARK: Amendments

    @Test func `a late answer to an amendment that was given up is not taken for the next one's`()
        throws
    {
        var bench = try bench()
        let linkID = try open(&bench)
        let row = try Row.order(linkID, "New", price: "89990.0", at: 1)
        try bench.act("amend 0 89991.0")
        let first = SequenceNumber(bench.sequence)
        bench.reply(.amendOrder, linkID: linkID, outcome: .timedOut)
        for _ in 0..<8 { bench.tick() }
        bench.reply(.openOrders, linkID: linkID) { $0.orders = [row] }
        #expect(try order(bench, linkID).pendingAmend == nil)
        #expect(try bench.act("amend 0 89992.0").commands.count == 1)
        // Refused: the first one. The second is still on its way.
        let answer = bench.reply(.amendOrder, linkID: linkID, code: 110_001) {
            $0.reply.after = first
        }
        #expect(answer.findings(.refused).count == 1)
        #expect(try order(bench, linkID).pendingAmend?.price?.description == "89992.0")
        bench.reply(.amendOrder, linkID: linkID) { $0.reply.after = first }
        #expect(try order(bench, linkID).pendingAmend?.isAccepted == false)
        bench.reply(.amendOrder, linkID: linkID, code: 110_001)
        #expect(try order(bench, linkID).pendingAmend == nil)
    }
}
