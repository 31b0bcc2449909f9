import Market
import Testing

@testable import Trading

/// A USDC contract that is held when the session begins: what its settlements have paid is in the wallet already.
@Suite struct SessionOpeningTests {
    private let perpetual: InstrumentID

    init() throws { perpetual = InstrumentID(.linear, try #require(Symbol("BTCPERP"))) }

    /// 0.5 entered at 90,000, and settled at 90,400 since; the mark is 90,500.
    private func row(_ side: Side, unrealised: String) throws -> PositionUpdate {
        PositionUpdate(
            instrument: perpetual,
            side: side,
            size: try Numeral(text: "0.5"),
            entryPrice: try Numeral(text: "90000"),
            sessionPrice: try Numeral(text: "90400"),
            markPrice: try Numeral(text: "90500"),
            unrealisedPnL: try Amount(text: unrealised),
            updatedMilliseconds: 1,
            crossSequence: 5
        )
    }

    private func bench(_ side: Side, unrealised: String) throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        let row = try row(side, unrealised: unrealised)
        try bench.reconcile(positions: [row])
        bench.position(row)
        for _ in 0..<8 { bench.tick() }
        return bench
    }

    private func settlement(_ told: String) throws -> TransactionRow {
        TransactionRow(
            id: "s1",
            type: "SETTLEMENT",
            category: .linear,
            symbol: "BTCPERP",
            coin: "USDC",
            tradePrice: try Numeral(text: "90600"),
            cashFlow: try Amount(text: told),
            change: try Amount(text: told),
            balance: try Amount(text: told),
            timeMilliseconds: Bench.start / 1_000_000 + 600_000
        )
    }

    /// The same records once more, with the audit and the round trips beside.
    private func audited(
        _ bench: Bench
    ) throws -> (findings: [AuditFinding], trips: [RoundTrip]) {
        var engine = try Engine(
            configuration: bench.engine.configuration,
            registry: Bench.registry
        )
        var audit = SelfAudit()
        var fold = RoundTripFold()
        var desk = TripDesk()
        for (event, header) in bench.inputs {
            var outputs = Outputs()
            audit.compareBook(event, header, engine)
            engine.apply(event, at: header, outputs: &outputs)
            audit.take(event, header, engine)
            try fold.take(event, engine, at: header)
            desk.keep(fold.changes)
        }
        audit.finish(engine)
        let trips = Array(desk.trips.values)
        return (audit.findings, trips)
    }

    @Test(arguments: [(Side.buy, "50", "100"), (.sell, "-50", "-100")])
    func `what sessions have paid is neither earned nor paid again`(
        side: Side,
        unrealised: String,
        next: String
    ) throws {
        var bench = try bench(side, unrealised: unrealised)
        let opening = bench.engine.ledger.position(perpetual)
        #expect(opening.entryPrice?.description == "90000")
        #expect(opening.sessionPrice?.description == "90400")
        let mark = try Numeral(text: "90500")
        #expect(try opening.unrealised(at: mark).description == unrealised)
        #expect(opening.realised.isZero)
        #expect(bench.engine.ledger.position(perpetual, of: Order.external) == opening)
        let view = AccountView(bench.engine.ledger) { _ in mark }
        #expect(view.coins.first { $0.coin == "USDC" }?.unrealised.description == unrealised)

        // The next session pays from 90,400 to 90,600.
        let row = try settlement(next)
        bench.reply(.transactionLog, query: "accountType=UNIFIED", after: 600_000) {
            $0.transactions = [row]
            $0.reply.sent = $0.reply.received
        }
        let settled = bench.engine.ledger.position(perpetual)
        #expect(settled.realised.description == next)
        #expect(settled.sessionPrice?.description == "90600")
        #expect(try settled.unrealised(at: Numeral(text: "90600")).isZero)
        #expect(bench.engine.ledger.wallets["USDC"]?.sums.total.description == next)

        // Closed at 90,700: 50 of the session, and nothing of before.
        var close = try Row.fill(
            "e1",
            side: side.opposite,
            quantity: "0.5",
            price: "90700",
            fee: "0",
            realised: side == .buy ? "50" : "-50",
            seq: 9,
            milliseconds: Bench.start / 1_000_000 + 700_000
        )
        close.instrument = perpetual
        close.feeRate = nil
        close.feeCoin = "USDC"
        bench.execution(close)
        let whole = side == .buy ? "150" : "-150"
        #expect(bench.engine.ledger.position(perpetual).realised.description == whole)

        let (findings, trips) = try audited(bench)
        #expect(findings.isEmpty, "\(findings)")
        #expect(bench.outputs.findings(.audit).isEmpty)
        #expect(trips.count == 4)
        #expect(trips.allSatisfy { $0.state == .closed && $0.isOpening })
        #expect(trips.allSatisfy { $0.realised.description == whole })
    }

    @Test func `without a session price the position is worth what it was entered at`() throws {
        for price in ["", "0"] {
            var row = try row(.buy, unrealised: "250")
            row.sessionPrice = price.isEmpty ? nil : try Numeral(text: price)
            var bench = try Bench(strategies: [.puppet()])
            bench.begin()
            try bench.reconcile(positions: [row])
            let position = bench.engine.ledger.position(perpetual)
            #expect(try position.unrealised(at: Numeral(text: "90500")).description == "250")
        }
    }

    @Test func `a state in the middle of the opening has the session price`() throws {
        let whole = try bench(.buy, unrealised: "50")
        for cut in 1..<whole.inputs.count {
            var first = try Bench(strategies: [.puppet()])
            for input in whole.inputs[..<cut] { first.apply(input) }
            first.engine = try Engine(
                checkpoint: first.engine.checkpoint(),
                registry: Bench.registry
            )
            for input in whole.inputs[cut...] { first.apply(input) }
            #expect(first.engine.stateReport() == whole.engine.stateReport())
            #expect(try first.engine.checkpoint() == whole.engine.checkpoint())
        }
    }
}
