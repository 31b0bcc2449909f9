import Market
import Testing

@testable import Trading

/// What happens to positions without an order of ours: takeovers, deliveries; and symmetries that hold for all of it.
@Suite struct LedgerCaseTests {
    private func row(
        _ category: Market.Category,
        _ symbol: String,
        _ id: String,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        fee: String = "0",
        type: ExecutionType = .trade,
        realised: String? = nil
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: InstrumentID(category, try #require(Symbol(symbol))),
            executionID: id,
            type: type,
            orderID: "o-" + id,
            orderLinkID: "",
            side: side,
            price: try Numeral(text: price),
            quantity: try Numeral(text: quantity),
            value: .zero,
            fee: try Amount(text: fee),
            realisedPnL: try realised.map { try Amount(text: $0) },
            timeMilliseconds: 1,
            crossSequence: 1
        )
    }

    @Test(arguments: [ExecutionType.adlTrade, .bustTrade, .blockTrade, .movePosition])
    func `takeovers move the position as fills do`(type: ExecutionType) throws {
        var ledger = Ledger()
        let open = try row(.linear, "BTCUSDT", "1", .buy, "0.3", "90000", fee: "5.4")
        #expect(ledger.book(open, strategy: "a", terms: nil).outcome == .booked)
        let close = try row(
            .linear,
            "BTCUSDT",
            "2",
            .sell,
            "0.3",
            "88000",
            fee: "14.52",
            type: type,
            realised: "-600"
        )
        let booking = ledger.book(close, strategy: Order.external, terms: nil)
        #expect(booking.outcome == .booked)
        #expect(booking.discrepancies.isEmpty)
        #expect(ledger.position(open.instrument).isFlat)
        #expect(ledger.wallets["USDT"]?.sums.total.description == "-619.92")
        // Nobody ordered it: the strategy's share stands against the rest's until both are gone.
        #expect(ledger.position(open.instrument, of: "a").size.description == "0.3")
        #expect(ledger.position(open.instrument, of: Order.external).size.description == "-0.3")
        #expect(ledger.position(open.instrument, of: "a").fees.description == "5.4")
    }

    @Test func `an inverse future is delivered in its base coin`() throws {
        var ledger = Ledger()
        let open = try row(.inverse, "BTCUSDZ26", "1", .sell, "10000", "90000")
        _ = ledger.book(open, strategy: "a", terms: nil)
        let delivery = try row(
            .inverse,
            "BTCUSDZ26",
            "d",
            .buy,
            "10000",
            "80000",
            fee: "0.0000625",
            type: .settle,
            realised: "0.01388889"
        )
        let booking = ledger.book(delivery, strategy: Order.external, terms: nil)
        // 10,000 ÷ 80,000 − 10,000 ÷ 90,000.
        #expect(booking.outcome == .booked)
        #expect(booking.discrepancies.isEmpty)
        #expect(ledger.wallets["BTC"]?.sums.delivery.description == "0.01388889")
        #expect(ledger.wallets["BTC"]?.sums.total.description == "0.01382639")
        #expect(ledger.position(open.instrument).isFlat)
        #expect(booking.parts.map(\.strategy) == ["a"])
    }

    @Test func `a put is worth nothing, or what it is in the money, and its seller pays it`() throws
    {
        for (price, paid) in [("92000", "0"), ("89000", "-500")] {
            var ledger = Ledger()
            let open = try row(.option, "BTC-25DEC26-90000-P-USDT", "1", .sell, "0.5", "700")
            _ = ledger.book(open, strategy: "a", terms: nil)
            #expect(ledger.wallets["USDT"]?.sums.fill.description == "350")
            let end = try row(
                .option,
                "BTC-25DEC26-90000-P-USDT",
                "d",
                .buy,
                "0.5",
                price,
                type: .delivery
            )
            _ = ledger.book(end, strategy: Order.external, terms: nil)
            #expect(ledger.wallets["USDT"]?.sums.delivery.description == paid)
            let total = try #require(ledger.wallets["USDT"]?.sums.total)
            #expect(ledger.position(open.instrument).realised == total)
        }
    }

    @Test(arguments: [(Market.Category.linear, "BTCUSDT"), (.inverse, "BTCUSD")])
    func `turned round, a session loses what it gained and pays the same fees`(
        category: Market.Category,
        symbol: String
    ) throws {
        for seed in 0..<20 {
            var random = Random(seed: UInt64(seed))
            var one = Ledger()
            var other = Ledger()
            for number in 0..<200 {
                let side = random.next(2) == 0 ? Side.buy : .sell
                let quantity = "\(1 + random.next(9))"
                let price = "\(80_000 + random.next(20_000)).\(random.next(10))"
                let fee = "0.\(100 + random.next(900))"
                let isFunding = number % 17 == 16
                for (ledger, side, sign) in [(0, side, ""), (1, side.opposite, "-")] {
                    var report = try row(
                        category,
                        symbol,
                        "e\(number)",
                        side,
                        quantity,
                        price,
                        fee: isFunding ? sign + fee : fee,
                        type: isFunding ? .funding : .trade
                    )
                    report.crossSequence = Int64(number)
                    let booking =
                        ledger == 0
                        ? one.book(report, strategy: "a", terms: nil)
                        : other.book(report, strategy: "a", terms: nil)
                    #expect(booking.outcome == .booked)
                }
                let long = one.position(try row(category, symbol, "x", .buy, "1", "1").instrument)
                let short = other.position(
                    try row(category, symbol, "x", .buy, "1", "1").instrument
                )
                #expect(long.size == short.size.negated)
                #expect(long.realised == short.realised.negated)
                #expect(long.entryPrice == short.entryPrice)
                #expect(long.fees == short.fees)
                #expect(long.funding == short.funding.negated)
            }
        }
    }

    @Test func `several strategies and the rest add up to the account, in hedge mode too`() throws {
        var random = Random(seed: 5)
        var ledger = Ledger()
        let strategies = ["a", "b", Order.external]
        for number in 0..<500 {
            let index = Int(1 + random.next(2))
            let isOpen = random.next(2) == 0
            let side: Side = (index == 1) == isOpen ? .buy : .sell
            var report = try row(
                .linear,
                "BTCUSDT",
                "e\(number)",
                side,
                "0.00\(1 + random.next(9))",
                "\(80_000 + random.next(20_000))"
            )
            report.crossSequence = Int64(number)
            let booking = ledger.book(
                report,
                strategy: strategies[Int(random.next(3))],
                terms: nil,
                positionIndex: index
            )
            #expect(booking.outcome == .booked)
            let account = try #require(ledger.accounts[report.instrument])
            for side in 1...2 {
                var size = Amount.zero
                for place in ledger.shares.keys.indices
                where ledger.shares.keys[place].positionIndex == side {
                    size = try size.adding(ledger.shares.values[place].size)
                }
                #expect(size == account[side].size)
            }
        }
        #expect(ledger.accounts.values.first?.isHedged == true)
    }
}
