import Market
import Testing
import Trading

@Suite struct LedgerTests {
    private func bench(_ fault: LedgerFault = .none) throws -> Bench {
        var bench = try Bench(strategies: [.puppet()], fault: fault)
        try bench.ready()
        return bench
    }

    @Test func `the worked example of the protocol reference, fees and funding included`() throws {
        var bench = try bench()
        bench.execution(
            try Row.fill(
                "e1",
                quantity: "0.010",
                price: "90000",
                rate: "0.0002",
                fee: "0.18",
                seq: 1
            ),
            try Row.fill(
                "e2",
                quantity: "0.030",
                price: "90400",
                rate: "0.00055",
                fee: "1.4916",
                seq: 2
            )
        )
        bench.execution(
            try Row.funding(
                "f1",
                side: .buy,
                quantity: "0.040",
                mark: "90500",
                rate: "0.0001",
                paid: "0.362"
            )
        )
        bench.execution(
            try Row.fill(
                "e3",
                side: .sell,
                quantity: "0.020",
                price: "91000",
                rate: "0.00055",
                fee: "1.001",
                realised: "14",
                seq: 3
            )
        )
        let position = bench.engine.ledger.position(Bench.btc)
        #expect(position.size.description == "0.02")
        #expect(position.entryPrice?.description == "90300")
        #expect(position.realised.description == "14")
        #expect(position.fees.description == "2.6726")
        #expect(position.funding.description == "0.362")
        let wallet = try #require(bench.engine.ledger.wallets["USDT"])
        #expect(wallet.balance?.description == "10010.9654")
        #expect(bench.outputs.findings(.audit).isEmpty)
        try bench.mark("BTCUSDT", "91000")
        // 14 realised + 14 unrealised − 2.6726 − 0.362.
        #expect(bench.engine.total("USDT")?.description == "24.9654")
    }

    @Test func `a short position receives funding when the rate is positive`() throws {
        var bench = try bench()
        bench.execution(try Row.fill("e1", side: .sell, quantity: "0.040", price: "90000", seq: 1))
        bench.execution(
            try Row.funding(
                "f1",
                side: .sell,
                quantity: "0.040",
                mark: "90500",
                rate: "0.0001",
                paid: "-0.362"
            )
        )
        #expect(bench.engine.ledger.position(Bench.btc).funding.description == "-0.362")
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `funding is no fill`() throws {
        var bench = try bench()
        bench.execution(try Row.fill("e1", quantity: "0.040", price: "90000", seq: 1))
        bench.execution(
            try Row.funding(
                "f1",
                side: .buy,
                quantity: "0.040",
                mark: "90500",
                rate: "0.0001",
                paid: "0.362"
            )
        )
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.04")
        #expect(bench.engine.ledger.accounts[Bench.btc]?.fills == 1)
    }

    @Test func `an execution counts once however often it comes`() throws {
        var bench = try bench()
        let row = try Row.fill("e1", quantity: "0.010", price: "90000", seq: 1)
        bench.execution(row, row)
        bench.execution(row)
        bench.reply(.executions) { $0.executions = [row] }
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        // The id is the instrument's: the same id elsewhere is another execution.
        bench.execution(try Row.fill("e1", symbol: "ETHUSDT", quantity: "1", price: "3000", seq: 1))
        #expect(bench.engine.ledger.position(Bench.eth).size.description == "1")
    }

    @Test(
        arguments: [
            (LedgerFault.none, [String]()), (.feeSign, ["fee", "fee"]), (.fundingSign, ["funding"]),
            (.entryPrice, ["realised"]),
        ]
    )
    func `each fault on purpose is told as a difference from the exchange`(
        fault: LedgerFault,
        fields: [String]
    ) throws {
        var bench = try bench(fault)
        bench.execution(try Row.fill("e1", quantity: "0.040", price: "90300", seq: 1))
        bench.execution(
            try Row.funding(
                "f1",
                side: .buy,
                quantity: "0.040",
                mark: "90500",
                rate: "0.0001",
                paid: "0.362"
            )
        )
        bench.execution(
            try Row.fill(
                "e2",
                side: .sell,
                quantity: "0.020",
                price: "91000",
                realised: "14",
                seq: 2
            )
        )
        let told = bench.outputs.findings(.audit).map {
            String($0.subject.split(separator: " ").last ?? "")
        }
        #expect(told == fields)
        let exact = Amount.value
        let fees = try exact(Numeral(text: "0.0002"), Amount(text: "5432"))
        let right = try Amount(text: "10014").subtracting(fees).subtracting(Amount(text: "0.362"))
        let balance = bench.engine.ledger.wallets["USDT"]?.balance
        #expect((balance == right) == (fault == .none))
    }

    @Test func `a fault on the exchange's side is told just so`() throws {
        var bench = try bench()
        bench.execution(
            try Row.fill("e1", quantity: "0.040", price: "90300", fee: "-0.7224", seq: 1)
        )
        let finding = try #require(bench.outputs.findings(.audit).first)
        #expect(finding.expected == "0.7224")
        #expect(finding.seen == "-0.7224")
    }

    @Test func `a difference within the exchange's rounding is booked as the exchange books it`()
        throws
    {
        var bench = try bench()
        bench.execution(
            try Row.fill("e1", quantity: "0.007", price: "90000.3", fee: "0.12600042", seq: 1)
        )
        #expect(bench.engine.ledger.position(Bench.btc).fees.description == "0.12600042")
        bench.execution(
            try Row.fill("e2", quantity: "0.007", price: "90000.3", fee: "0.126000431", seq: 2)
        )
        #expect(bench.outputs.findings(.audit).count == 1)
    }

    @Test func `strategies have positions of their own that add up to the account's`() throws {
        var bench = try Bench(strategies: [.puppet("a"), .puppet("b")])
        try bench.ready()
        let a = try bench.placed("buy 0.030 89990.0", by: "a")
        let b = try bench.placed("sell 0.010 90010.0", by: "b")
        bench.execution(try Row.fill("e1", a, quantity: "0.030", price: "89990", seq: 1))
        bench.execution(
            try Row.fill("e2", b, side: .sell, quantity: "0.010", price: "90010", seq: 2)
        )
        bench.execution(
            try Row.fill("e3", "by-hand", side: .sell, quantity: "0.005", price: "90010", seq: 3)
        )
        bench.execution(
            try Row.funding(
                "f1",
                side: .buy,
                quantity: "0.015",
                mark: "90000",
                rate: "0.0001",
                paid: "0.135"
            )
        )
        let ledger = bench.engine.ledger
        #expect(ledger.position(Bench.btc, of: "a").size.description == "0.03")
        #expect(ledger.position(Bench.btc, of: "b").size.description == "-0.01")
        #expect(ledger.position(Bench.btc, of: Order.external).size.description == "-0.005")
        #expect(ledger.position(Bench.btc).size.description == "0.015")
        let shares = ["a", "b", Order.external].map { ledger.position(Bench.btc, of: $0) }
        #expect(try shares.reduce(Amount.zero) { try $0.adding($1.funding) }.description == "0.135")
        #expect(shares[0].funding.description == "0.27")
    }

    @Test func `what is not accounted for is told and changes nothing`() throws {
        var bench = try bench()
        // A pair of which nothing says where the coin ends and the other begins.
        var spot = try Row.fill("s1", quantity: "1", price: "90000", seq: 1)
        spot.instrument = InstrumentID(.spot, try #require(Symbol("AAABBB")))
        var split = try Row.fill("m1", quantity: "1", price: "90000", seq: 1)
        split.type = .other("CorporateAction")
        let answer = bench.execution(spot, split)
        #expect(answer.findings(.unknown).map(\.seen) == ["Trade", "CorporateAction"])
        #expect(bench.engine.ledger.position(Bench.btc).isFlat)
    }
}
