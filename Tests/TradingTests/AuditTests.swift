import Market
import Testing
import Trading

@Suite struct AuditTests {
    private func bench() throws -> Bench {
        var bench = try Bench()
        try bench.ready()
        return bench
    }

    @Test func `a position that agrees is not told`() throws {
        var bench = try bench()
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0", seq: 5))
        bench.position(try Row.position(.buy, "0.010", entry: "90000.00", seq: 5))
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `a position that comes before its execution is not told`() throws {
        var bench = try bench()
        bench.position(try Row.position(.buy, "0.010", entry: "90000", seq: 5))
        bench.tick()
        bench.tick()
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0", seq: 5))
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test(arguments: [
        ("0.020", "90000", "size", "0.01", "0.02"),
        ("0.010", "90001", "entryPrice", "90000", "90001"),
    ])
    func `a difference that stays is told once`(
        size: String,
        entry: String,
        field: String,
        ours: String,
        theirs: String
    ) throws {
        var bench = try bench()
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0", seq: 5))
        bench.position(try Row.position(.buy, size, entry: entry, seq: 5))
        for _ in 0..<20 { bench.tick() }
        let told = bench.outputs.findings(.audit)
        #expect(told.count == 1)
        #expect(told.first?.subject == "linear BTCUSDT " + field)
        #expect(told.first?.expected == ours)
        #expect(told.first?.seen == theirs)
    }

    @Test func `their word of the past is not held against us`() throws {
        var bench = try bench()
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0", seq: 5))
        bench.execution(try Row.fill("e2", quantity: "0.010", price: "90000", rate: "0", seq: 6))
        bench.position(try Row.position(.buy, "0.010", entry: "90000", seq: 5))
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `a wallet that moved without a flow is told, and heals by the transaction log`()
        throws
    {
        var bench = try bench()
        try bench.wallet("10250")
        for _ in 0..<10 { bench.tick() }
        let told = try #require(bench.outputs.findings(.audit).first)
        #expect(told.subject == "wallet USDT walletBalance")
        #expect(told.expected == "10000")
        #expect(told.seen == "10250")
        let row = TransactionRow(
            id: "t1",
            type: "TRANSFER_IN",
            category: nil,
            symbol: "",
            coin: "USDT",
            change: try Amount(text: "250"),
            balance: try Amount(text: "10250"),
            timeMilliseconds: bench.time.milliseconds
        )
        bench.reply(.transactionLog) { $0.transactions = [row, row] }
        #expect(bench.engine.ledger.wallets["USDT"]?.balance?.description == "10250")
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).count == 1)
    }

    @Test func `a wallet that agrees in between is not told`() throws {
        var bench = try bench()
        for round in 1...8 {
            let price = "90000"
            bench.execution(
                try Row.fill(
                    "e\(round)",
                    quantity: "0.010",
                    price: price,
                    fee: "0.18",
                    seq: Int64(round)
                )
            )
            try bench.wallet(
                try Amount(text: "10000").subtracting(
                    Amount(text: "0.18").scaled(by: Int128(round), over: 1, rounding: .halfEven)
                ).description
            )
            bench.tick()
        }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }
}
