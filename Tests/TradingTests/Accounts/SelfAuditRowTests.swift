import Market
import Testing
import Trading

/// Rows of orders, positions and books against what was derived: what must be found, and what must not.
@Suite struct SelfAuditRowTests {
    private func unexplained(_ session: AuditedSession) throws -> [AuditFinding] {
        try session.audited().audit.findings.filter { $0.explanation == .unexplained }
    }

    private func wait(_ session: inout AuditedSession) { for _ in 0..<8 { session.bench.tick() } }

    /// A position's row comes before the execution that it counts, and says what it is worth; later it is flat.
    @Test func `what an early position is worth is looked at again when its execution comes`()
        throws
    {
        var session = try AuditedSession()
        var early = try Row.position(.buy, "0.010", entry: "90000", seq: 5)
        early.markPrice = try Numeral(text: "90100")
        early.unrealisedPnL = try Amount(text: "1")
        session.bench.position(early)
        session.bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", seq: 5))
        wait(&session)
        let audit = try session.audited().audit
        #expect(audit.counts[.position, .timing] == 2, "\(audit.findings)")
        #expect(try unexplained(session).isEmpty)
    }

    @Test func `a flat row ends what was open of the position's worth`() throws {
        var session = try AuditedSession()
        session.bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", seq: 5))
        var wrong = try Row.position(.buy, "0.010", entry: "90000", seq: 5)
        wrong.markPrice = try Numeral(text: "90100")
        wrong.unrealisedPnL = try Amount(text: "3")
        session.bench.position(wrong)
        session.bench.execution(
            try Row.fill("e2", side: .sell, quantity: "0.010", price: "90000", seq: 6)
        )
        session.bench.position(try Row.position(nil, "0", entry: nil, seq: 6))
        wait(&session)
        #expect(try unexplained(session).isEmpty)
        // One that stays wrong is no timing.
        session.bench.execution(try Row.fill("e3", quantity: "0.010", price: "90000", seq: 7))
        wrong.crossSequence = 7
        session.bench.position(wrong)
        wait(&session)
        #expect(try unexplained(session).map(\.field) == ["unrealisedPnl"])
    }

    /// Of linear orders `cumExecFee` is deprecated (§4.1), and a fee in a discount's coin has no figure there.
    @Test(arguments: ["MNT", "USDT"], ["0", "0.0001"])
    func `an order's fee is compared where its row tells it`(coin: String, told: String) throws {
        var session = try AuditedSession()
        var fill = try Row.fill("e1", "x", quantity: "0.010", price: "90000", fee: "0.18", seq: 5)
        fill.feeCoin = coin
        session.bench.execution(fill)
        var filled = try Row.order("x", "Filled", filled: "0.010", at: 2)
        filled.filledValue = try Amount(text: "900")
        filled.filledFee = try Amount(text: told)
        session.bench.order(try Row.order("x", "New", at: 1), filled)
        wait(&session)
        let fields = try unexplained(session).filter { $0.kind == .order }.map(\.field)
        #expect(fields == (coin == "USDT" && told != "0" ? ["cumExecFee"] : []))
    }

    @Test func `executions of more than a closed order was filled are found`() throws {
        var session = try AuditedSession()
        session.bench.order(try Row.order("x", "New", at: 1))
        for (id, seq) in [("e1", Int64(5)), ("e2", 6)] {
            session.bench.execution(
                try Row.fill(id, "x", quantity: "0.010", price: "90000", seq: seq)
            )
        }
        // While it is open its row may be behind.
        session.bench.order(try Row.order("x", "PartiallyFilled", filled: "0.010", at: 2))
        wait(&session)
        #expect(try unexplained(session).filter { $0.kind == .order }.isEmpty)
        session.bench.order(try Row.order("x", "Filled", filled: "0.010", at: 3))
        wait(&session)
        let found = try unexplained(session).filter { $0.field == "cumExecQty" }
        #expect(found.map(\.ours) == ["0.02"] && found.map(\.theirs) == ["0.01"])
    }

    @Test(arguments: [50, 200])
    func `a level that one of two books of the same depth lacks is found`(depth: Int) throws {
        var session = try AuditedSession()
        let bids = [("90000.0", "1.5"), ("89999.9", "2")]
        try session.bench.book("BTCUSDT", u: 100, snapshot: true, depth: depth, bids: bids)
        // The same moment by another depth, which has fewer levels.
        try session.bench.book(
            "BTCUSDT",
            u: 7,
            seq: 1_000,
            snapshot: true,
            depth: 1,
            bids: [("90000.0", "1.5")]
        )
        #expect(try unexplained(session).isEmpty)
        try session.bench.book(
            "BTCUSDT",
            u: 100,
            snapshot: true,
            depth: depth,
            bids: bids + [("89999.8", "4")]
        )
        let found = try #require(try unexplained(session).first)
        #expect(found.ours == "2 levels" && found.theirs == "3 levels")
    }
}
