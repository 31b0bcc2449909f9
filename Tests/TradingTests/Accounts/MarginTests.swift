import Market
import Testing

@testable import Trading

/// The worked examples of the protocol reference, §9.5 and §9.6.
@Suite struct MarginTests {
    private func position(_ side: Side) throws -> Position {
        var position = Position()
        for (quantity, price) in [("0.010", "90000"), ("0.030", "90400")] {
            _ = try position.fill(side, Amount(text: quantity), at: Numeral(text: price))
        }
        return position
    }

    private func terms(_ rates: [(String, String)]) throws -> MarginTerms {
        MarginTerms(
            tiers: try rates.map {
                MarginTerms.Tier(
                    limit: try Amount(text: $0.0),
                    maintenanceRate: try Numeral(text: $0.1)
                )
            },
            takerRate: try Numeral(text: "0.00055")
        )
    }

    @Test(arguments: [(Side.buy, "362.98794", "19.88794"), (.sell, "363.38526", "20.28526")])
    func `isolated margin of the worked example`(
        side: Side,
        initial: String,
        maintenance: String
    ) throws {
        let margins = try #require(
            try PositionMargins(
                position(side),
                mark: Numeral(text: "90500"),
                leverage: Numeral(text: "10"),
                mode: .isolated,
                terms: terms([("2000000", "0.005")])
            )
        )
        #expect(margins.initial.description == initial)
        #expect(margins.maintenance?.description == maintenance)
        #expect(!margins.isEstimate)
    }

    @Test func `cross margin is at the mark price and an estimate`() throws {
        let mark = try Numeral(text: "90500")
        let lever = try Numeral(text: "10")
        let known = try PositionMargins(
            position(.buy),
            mark: mark,
            leverage: lever,
            terms: terms([("2000000", "0.005")])
        )
        // 3620 ÷ 10 + 3620 × 0.00055, 3620 × 0.005 + 3620 × 0.00055.
        #expect(known?.initial.description == "363.991")
        #expect(known?.maintenance?.description == "20.091")
        #expect(known?.isEstimate == true)
        let bare = try PositionMargins(position(.buy), mark: mark, leverage: lever, terms: nil)
        #expect(bare?.initial.description == "362")
        #expect(bare?.maintenance == nil)
        #expect(try PositionMargins(Position(), mark: mark, leverage: lever, terms: nil) == nil)
    }

    @Test func `the deduction leaves no step between tiers`() throws {
        let terms = try terms([("1000", "0.005"), ("3000", "0.01"), ("9000", "0.02")])
        func margin(_ value: String) throws -> Amount {
            let value = try Amount(text: value)
            let tier = try #require(try terms.tier(of: value))
            return try Amount.value(tier.rate, value).subtracting(tier.deduction)
        }
        #expect(try terms.tier(of: Amount(text: "5000"))?.deduction.description == "35")
        for limit in ["1000", "3000"] {
            let below = try margin(limit)
            let above = try margin(limit + ".000000000000000001")
            #expect(try #require(below.distance(to: above)).units <= 1)
        }
        #expect(try MarginTerms(tiers: [], takerRate: .zero).tier(of: .zero) == nil)
    }

    @Test func `the break-even price of the worked example`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.execution(
            try Row.fill("e1", quantity: "0.010", price: "90000", rate: "0.0002", seq: 1),
            try Row.fill("e2", quantity: "0.030", price: "90400", rate: "0.00055", seq: 2)
        )
        let position = bench.engine.ledger.position(Bench.btc)
        let price = try #require(try position.breakEven(takerRate: Numeral(text: "0.00055")))
        #expect(price.description == "90391.50532813" || price.description.hasPrefix("90391.5053"))
        // A lower rate does not count.
        #expect(try position.breakEven(takerRate: Numeral(text: "0.0001")) == price)
        #expect(try Position(.inverse).breakEven(takerRate: .zero) == nil)
    }

    @Test func `an account is valued by the mark, or by the last price on request`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.execution(
            try Row.fill("e1", quantity: "0.040", price: "90300", fee: "0.7224", seq: 1)
        )
        var row = try Row.position(.buy, "0.040", entry: "90300", seq: 1)
        row.leverage = try Numeral(text: "10")
        bench.position(row)
        try bench.feed("public/linear/tickers.BTCUSDT") { event in
            event.kind = .ticker
            event.symbol = Bench.btc.symbol
            event.ticker.isSnapshot = true
            event.ticker.markPrice = try Numeral(text: "91000")
            event.ticker.lastPrice = try Numeral(text: "90900")
        }
        let byMark = bench.engine.account()
        #expect(byMark.holdings.map(\.unrealised?.description) == ["28"])
        let coin = try #require(byMark.coins.first { $0.coin == "USDT" })
        #expect(coin.balance?.description == "9999.2776")
        #expect(coin.equity?.description == "10027.2776")
        #expect(coin.initialMargin?.description == "364")
        #expect(coin.maintenanceMargin == nil)
        #expect(byMark.holdings.first?.liquidationPrice == nil)
        #expect(bench.engine.account(valued: .last).holdings.first?.unrealised?.description == "24")

        let told = try Facts([("2000000", "0.005")]).facts
        let full = bench.engine.account(facts: told)
        let holding = try #require(full.holdings.first)
        #expect(holding.isEstimate)
        // 10,000 back a position of 3,640: no price above zero takes it.
        #expect(holding.liquidationPrice == nil)
        let small = try liquidation(balance: "100", facts: told)
        let price = try #require(small.price)
        // At that price margin balance and maintenance margin meet.
        let at = try Numeral(text: price.description)
        let left = try small.balance.adding(small.position.unrealised(at: at))
        let value = try Amount.value(at, small.position.size)
        let needed = try Amount.value(Numeral(text: "0.00555"), value)
        #expect(try #require(left.distance(to: needed)) <= Ledger.rounding)
    }

    @Test(arguments: [(Side.buy, false), (.sell, true)])
    func `what an option that was sold needs is not known, one that was bought needs nothing`(
        side: Side,
        isEstimate: Bool
    ) throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        var fill = try Row.fill("o1", side: side, quantity: "0.5", price: "500", fee: "8")
        fill.instrument = InstrumentID(
            .option,
            try #require(Symbol("BTC-26DEC26-90000-C-USDT"))
        )
        fill.feeRate = nil
        bench.execution(fill)
        let told = try Facts([("2000000", "0.005")]).facts
        let price = try Numeral(text: "600")
        let view = AccountView(bench.engine.ledger, facts: told) { _ in price }
        let coin = try #require(view.coins.first { $0.coin == "USDT" })
        #expect(coin.isEstimate == isEstimate)
        #expect((coin.initialMargin == nil) == isEstimate)
        #expect((coin.maintenanceMargin == nil) == isEstimate)
        #expect((coin.distance == nil) == isEstimate)
        // 10,000 ∓ 250 − 8 ± 300.
        #expect(coin.equity?.description == (side == .buy ? "10042" : "9942"))
    }

    private func liquidation(
        balance: String,
        facts: AccountFacts
    ) throws -> (price: Amount?, balance: Amount, position: Position) {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        try bench.reconcile(balance: balance)
        bench.execution(try Row.fill("e1", quantity: "0.040", price: "90300", rate: "0", seq: 1))
        var told = try Row.position(.buy, "0.040", entry: "90300", seq: 1)
        told.leverage = try Numeral(text: "40")
        bench.position(told)
        try bench.mark("BTCUSDT", "90500")
        let view = bench.engine.account(facts: facts)
        return (
            view.holdings.first?.liquidationPrice, try Amount(text: balance),
            bench.engine.ledger.position(Bench.btc)
        )
    }
}
