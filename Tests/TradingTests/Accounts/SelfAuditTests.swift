import Market
import Testing
import Trading

@Suite struct SelfAuditTests {
    private func unexplained(_ audit: SelfAudit) -> [AuditFinding] {
        audit.findings.filter { $0.explanation == .unexplained }
    }

    @Test func `a session whose figures agree has nothing to explain`() throws {
        var session = try AuditedSession()
        try session.trade()
        try session.tellWallets()
        try session.tellLog()
        let (audit, engine) = try session.audited()
        #expect(unexplained(audit).isEmpty, "\(audit.findings)")
        #expect(audit.counts[.pending] == 0)
        #expect(audit.counts.compared(.execution) > 8)
        #expect(audit.counts.compared(.position) >= 8)
        #expect(audit.counts.compared(.wallet) == 3)
        #expect(audit.counts.compared(.flow) == 7)
        #expect(audit.flowsMatched == 7)
        #expect(audit.flowsWaiting == 0)
        let coins = audit.coins(engine)
        #expect(coins.map(\.coin) == ["BTC", "USDT"])
        #expect(coins.allSatisfy { $0.residual.isZero && $0.line == nil })
        #expect(coins.last?.opening?.description == "100000")
        #expect(coins.last?.sums.total.description == "-44965.1884")
    }

    @Test(arguments: LedgerFault.allCases.filter { $0 != .none })
    func `each fault put into the ledger is found`(fault: LedgerFault) throws {
        var session = try AuditedSession(fault)
        try session.trade()
        try session.tellWallets()
        try session.tellLog()
        let (audit, _) = try session.audited()
        let found = unexplained(audit)
        #expect(!found.isEmpty, "\(fault) is not found")
        #expect(audit.counts[.unexplained] == found.count)
        #expect(found.allSatisfy { !$0.records.isEmpty && $0.ours != $0.theirs })
    }

    @Test func `a deposit is pending until the log tells of it, and then explained by its row`()
        throws
    {
        var session = try AuditedSession()
        try session.trade()
        try session.tellWallets(usdt: "55284.8116")
        var before = try session.audited().audit
        let pending = try #require(before.findings.last)
        #expect(pending.kind == .wallet && pending.explanation == .pending)
        #expect(pending.ours == "55034.8116" && pending.theirs == "55284.8116")
        #expect(before.counts[.unexplained] == 0)
        let deposit = try session.row("", "TRANSFER_IN", "", category: nil, change: "250")
        try session.tellLog([deposit])
        before = try session.audited().audit
        #expect(unexplained(before).isEmpty, "\(before.findings)")
        let explained = try #require(before.findings.first { $0.kind == .wallet })
        #expect(explained.explanation == .timing)
        #expect(explained.note == "TRANSFER_IN log--USDT")
        #expect(explained.records.count == 3)
    }

    @Test func `what the log was asked for and does not explain is unexplained, from a line on`()
        throws
    {
        var session = try AuditedSession()
        try session.trade()
        try session.tellWallets(usdt: "55284.8116")
        try session.tellLog()
        let (audit, engine) = try session.audited()
        let found = unexplained(audit)
        #expect(found.map(\.kind) == [.wallet])
        #expect(found.map(\.subject) == ["USDT"])
        #expect(audit.coins(engine).last?.line == found.first?.records.first)
        #expect(audit.coins(engine).first?.line == nil)
    }

    // Between what rounding to the nearest comes to and 10⁻⁸ a flow: with eight flows, between 5 and 8 × 10⁻⁸.
    @Test func `a small flow that comes late is pending, and no line`() throws {
        var session = try AuditedSession()
        try session.trade()
        try session.tellLog()
        try session.moreFlows(99)
        try session.tellWallets(usdt: "54935.8115995")
        var audit = try session.audited().audit
        let pending = try #require(audit.findings.last)
        #expect(pending.explanation == .pending && pending.field == "rest of walletBalance")
        #expect(pending.ours == "54935.8116" && pending.theirs == "54935.8115995")
        #expect(audit.counts[.unexplained] == 0)
        let interest = try session.row("", "INTEREST", "", category: nil, change: "-0.0000005")
        try session.tellLog([interest])
        let (after, engine) = try session.audited()
        audit = after
        #expect(audit.counts[.pending] == 0 && audit.counts[.unexplained] == 0)
        #expect(audit.findings.last?.explanation == .timing)
        #expect(audit.findings.last?.note == "INTEREST log--USDT")
        #expect(audit.coins(engine).allSatisfy { $0.line == nil && $0.residual.isZero })
    }

    @Test func `what gathers and is in no log is rounding, from a line on`() throws {
        var session = try AuditedSession()
        try session.trade()
        try session.tellLog()
        try session.moreFlows(99)
        try session.tellWallets(usdt: "54935.8115995")
        try session.tellLog()
        try session.tellWallets(usdt: "54935.8115995")
        let (audit, engine) = try session.audited()
        #expect(audit.counts[.pending] == 0 && audit.counts[.unexplained] == 0)
        let found = audit.findings.filter { $0.kind == .wallet }
        #expect(found.map(\.explanation) == [.rounding, .rounding])
        #expect(found.first?.note == "rounding gathers")
        #expect(audit.coins(engine).last?.line == found.first?.records.first)
        #expect(audit.coins(engine).first?.line == nil)
    }

    private func lend(_ borrowed: String, usdt: String, _ session: inout AuditedSession) throws {
        var row = WalletUpdate(coin: "USDT", walletBalance: try Amount(text: usdt))
        row.borrowed = try Amount(text: borrowed)
        session.bench.feed("private/main/wallet") {
            $0.kind = .wallets
            $0.wallets = [row]
        }
        for _ in 0..<8 { session.bench.tick() }
    }

    @Test func `what is owed is compared with the log's rows of lending and paying back`() throws {
        var session = try AuditedSession()
        try session.trade()
        try lend("300", usdt: "55334.8116", &session)
        let before = try session.audited().audit
        let pending = try #require(before.findings.first { $0.field == "borrowAmount" })
        #expect(pending.explanation == .pending && pending.ours == "0" && pending.theirs == "300")
        let rows = [
            try session.row("", "BORROW", "", category: nil, change: "400"),
            try session.row("r", "REPAY", "", category: nil, change: "-100"),
        ]
        var honest = session
        try honest.tellLog(rows)
        try lend("300", usdt: "55334.8116", &honest)
        let explained = try honest.audited().audit
        #expect(unexplained(explained).isEmpty && explained.counts[.pending] == 0)
        #expect(
            explained.findings.contains { $0.field == "borrowAmount" && $0.explanation == .timing }
        )

        // The same flows, and another debt.
        try session.tellLog(rows)
        try lend("301", usdt: "55334.8116", &session)
        try session.tellLog()
        let (audit, engine) = try session.audited()
        #expect(unexplained(audit).map(\.field) == ["borrowAmount"])
        #expect(unexplained(audit).first?.ours == "300")
        #expect(unexplained(audit).first?.theirs == "301")
        #expect(audit.coins(engine).allSatisfy { $0.line == nil })
    }

    /// Coins are told of when something of them changes: a loan of before is no news of the day on which it is told.
    @Test func `a loan that is told of later stood at the opening, and rows of before are in it`()
        throws
    {
        var session = try AuditedSession()
        try session.trade()
        for _ in 0..<70 { session.bench.tick() }
        var coin = WalletUpdate(coin: "SOL", walletBalance: .zero)
        coin.borrowed = try Amount(text: "300")
        session.bench.feed("private/main/wallet") {
            $0.kind = .wallets
            $0.wallets = [coin]
        }
        let lent = try session.row("", "BORROW", "", category: nil, coin: "SOL", change: "300")
        try session.tellLog([lent])
        session.bench.feed("private/main/wallet") {
            $0.kind = .wallets
            $0.wallets = [coin]
        }
        try session.tellLog()
        let audit = try session.audited().audit
        #expect(!audit.findings.contains { $0.field == "borrowAmount" }, "\(audit.findings)")
    }

    @Test func `a row of the log whose execution never came is unexplained`() throws {
        var session = try AuditedSession()
        try session.trade()
        try session.tellWallets()
        try session.tellLog([session.row("e9", "TRADE", "BTCUSDT", change: "-1")])
        let found = unexplained(try session.audited().audit)
        #expect(found.map(\.field) == ["execution"])
        #expect(found.map(\.subject) == ["e9"])
    }

    @Test func `executions that come after the rows that speak of them are timing`() throws {
        var session = try AuditedSession()
        var filled = try Row.order("x", "Filled", filled: "0.010", at: 2)
        filled.filledValue = try Amount(text: "900")
        filled.filledFee = try Amount(text: "0.18")
        session.bench.order(try Row.order("x", "New", at: 1), filled)
        session.bench.position(try Row.position(.buy, "0.010", entry: "90000", seq: 5))
        try session.bench.wallet("99999.82")
        session.bench.execution(
            try Row.fill("e1", "x", quantity: "0.010", price: "90000", fee: "0.18", seq: 5)
        )
        session.bench.tick()
        let audit = try session.audited().audit
        #expect(audit.counts[.timing] >= 3, "\(audit.findings)")
        #expect(audit.counts[.unexplained] == 0)
        #expect(audit.counts[.pending] == 0)
    }

    @Test func `what never comes is unexplained after five seconds`() throws {
        var session = try AuditedSession()
        session.bench.order(
            try Row.order("x", "New", at: 1),
            try Row.order("x", "Filled", filled: "0.010", at: 2)
        )
        session.bench.position(try Row.position(.buy, "0.010", entry: "90000", seq: 5))
        session.bench.tick()
        #expect(try session.audited().audit.counts[.unexplained] == 0)
        for _ in 0..<6 { session.bench.tick() }
        let audit = try session.audited().audit
        #expect(Set(unexplained(audit).map(\.field)) == ["cumExecQty", "size"])
    }

    @Test func `a figure of the exchange's rounding is counted as such`() throws {
        var session = try AuditedSession()
        session.bench.execution(
            try Row.fill("e1", quantity: "0.007", price: "90000.33", fee: "0.12600046", seq: 1),
            try Row.fill("e2", quantity: "0.007", price: "90000.3", fee: "0.1260005", seq: 2)
        )
        let audit = try session.audited().audit
        #expect(audit.counts[.execution, .rounding] == 1)
        #expect(unexplained(audit).map(\.field) == ["fee"])
        #expect(unexplained(audit).first?.ours == "0.12600042")
    }

    @Test func `a snapshot of a book is compared with the one built from changes`() throws {
        var session = try AuditedSession()
        let bids = [("90000.0", "1.5"), ("89999.9", "2")]
        try session.bench.book("BTCUSDT", u: 100, snapshot: true, bids: bids)
        try session.bench.book("BTCUSDT", u: 101, bids: [("89999.9", "3")])
        // The same moment by another depth, and right; then by the same depth, and wrong.
        try session.bench.book(
            "BTCUSDT",
            u: 7,
            seq: 1_010,
            snapshot: true,
            depth: 1,
            bids: [("90000.0", "1.5")]
        )
        #expect(try session.audited().audit.counts[.book, .unexplained] == 0)
        #expect(try session.audited().audit.counts.compared(.book) == 2)
        try session.bench.book("BTCUSDT", u: 101, snapshot: true, bids: bids)
        let audit = try session.audited().audit
        let found = try #require(unexplained(audit).first)
        #expect(found.kind == .book && found.field == "bids")
        #expect(found.ours == "level 2: 3 @ 89999.9")
        #expect(found.theirs == "level 2: 2 @ 89999.9")
    }
}
