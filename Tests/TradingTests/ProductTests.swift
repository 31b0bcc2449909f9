import Market
import Testing

@testable import Trading

/// The worked examples of the protocol reference, and the rules that products do not share.
@Suite struct ProductTests {
    private func row(
        _ category: Market.Category,
        _ symbol: String,
        _ id: String,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        fee: String = "0",
        rate: String? = nil,
        coin: String = "",
        type: ExecutionType = .trade,
        closed: String? = nil,
        isMaker: Bool = false,
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
            feeRate: try rate.map { try Numeral(text: $0) },
            feeCoin: coin,
            realisedPnL: try realised.map { try Amount(text: $0) },
            closedQuantity: try closed.map { try Numeral(text: $0) },
            isMaker: isMaker,
            timeMilliseconds: 1,
            crossSequence: 1
        )
    }

    @discardableResult
    private func book(
        _ ledger: inout Ledger,
        _ row: ExecutionReport,
        strategy: String = "a",
        index: Int? = nil
    ) throws -> Booking {
        let booking = ledger.book(row, strategy: strategy, terms: nil, positionIndex: index)
        try #require(booking.outcome == .booked)
        return booking
    }

    private func isClose(_ amount: Amount?, _ text: String) throws -> Bool {
        let distance = try #require(amount?.distance(to: Amount(text: text)))
        return distance <= Ledger.rounding
    }

    // MARK: Inverse

    @Test func `the worked inverse example comes out within its last digit`() throws {
        var ledger = Ledger()
        let first = try book(
            &ledger,
            row(.inverse, "BTCUSD", "1", .buy, "10000", "90000", fee: "0.00006111", rate: "0.00055")
        )
        #expect(first.discrepancies.isEmpty)
        try book(&ledger, row(.inverse, "BTCUSD", "2", .buy, "5000", "91000"))
        let position = ledger.position(try row(.inverse, "BTCUSD", "3", .buy, "1", "1").instrument)
        #expect(try isClose(position.entryPrice, "90330.88235294"))
        #expect(try isClose(position.entryValue, "0.166056166"))
        #expect(try isClose(position.unrealised(at: Numeral(text: "92000")), "0.003012688"))
        #expect(try isClose(position.fees, "0.000061111"))
        try book(
            &ledger,
            row(
                .inverse,
                "BTCUSD",
                "f",
                .buy,
                "15000",
                "92000",
                fee: "0.0000163043",
                rate: "0.0001",
                type: .funding
            )
        )
        #expect(try isClose(ledger.wallets["BTC"]?.funding, "0.0000163043"))
        // A short gains what a long loses.
        var other = Ledger()
        try book(&other, row(.inverse, "BTCUSD", "1", .sell, "10000", "90000"))
        try book(&other, row(.inverse, "BTCUSD", "2", .sell, "5000", "91000"))
        let short = other.position(position: "BTCUSD")
        #expect(
            try short.unrealised(at: Numeral(text: "92000"))
                == position.unrealised(at: Numeral(text: "92000")).negated
        )
    }

    @Test func `an inverse position as the exchange itself valued it`() throws {
        // Documentation sample: short 300 at 27464.50441675, mark 28224.50.
        let position = Position(
            size: try Amount(text: "-300"),
            entryValue: try Valuation.inverse.value(
                Numeral(text: "27464.50441675"),
                Amount(text: "300")
            ),
            valuation: .inverse
        )
        #expect(try isClose(position.entryValue, "0.01092319"))
        #expect(try isClose(position.unrealised(at: Numeral(text: "28224.50")), "-0.00029413"))
    }

    // MARK: Spot

    @Test func `a spot buy pays its fee in the coin bought, a sell in the coin received`() throws {
        var ledger = Ledger()
        let buy = try book(
            &ledger,
            row(.spot, "BTCUSDT", "1", .buy, "0.5", "90000", fee: "0.0005", rate: "0.001")
        )
        #expect(buy.discrepancies.isEmpty)
        #expect(ledger.wallets["BTC"]?.sums.total.description == "0.4995")
        #expect(ledger.wallets["USDT"]?.sums.total.description == "-45000")
        let held = ledger.position(try row(.spot, "BTCUSDT", "x", .buy, "1", "1").instrument)
        #expect(held.size.description == "0.4995")
        #expect(held.entryPrice?.description == "90000")
        #expect(held.fees.description == "45")
        let sell = try book(
            &ledger,
            row(.spot, "BTCUSDT", "2", .sell, "0.4995", "91000", fee: "45.4545", rate: "0.001")
        )
        #expect(sell.discrepancies.isEmpty)
        #expect(sell.realised.description == "499.5")
        #expect(ledger.wallets["BTC"]?.sums.total.isZero == true)
        #expect(ledger.wallets["USDT"]?.sums.total.description == "409.0455")
    }

    @Test func `a spot rebate is paid in the other coin, a discount token in its own`() throws {
        var ledger = Ledger()
        let rebate = try book(
            &ledger,
            row(
                .spot,
                "BTCUSDT",
                "1",
                .buy,
                "0.5",
                "90000",
                fee: "-2.25",
                rate: "-0.00005",
                isMaker: true
            )
        )
        #expect(rebate.discrepancies.isEmpty)
        #expect(ledger.wallets["USDT"]?.sums.total.description == "-44997.75")
        let row = try row(
            .spot,
            "BTCUSDT",
            "2",
            .sell,
            "0.5",
            "90000",
            fee: "30",
            rate: "0.001",
            coin: "MNT"
        )
        try book(&ledger, row)
        #expect(ledger.wallets["MNT"]?.sums.total.description == "-30")
        #expect(ledger.accounts[row.instrument]?.otherFees["MNT"]?.description == "30")
    }

    // MARK: Options

    @Test func `the fee of an option is capped by its price`() throws {
        let fee = try OptionFee.trading(
            rate: Numeral(text: "0.0003"),
            index: Numeral(text: "90000"),
            cap: Numeral(text: "0.07"),
            price: Numeral(text: "250"),
            quantity: Numeral(text: "0.5")
        )
        #expect(fee.description == "8.75")
    }

    @Test(arguments: [
        ("C", "92000", "750", "2000"), ("C", "89000", "-250", "0"), ("P", "92000", "-250", "0"),
        ("P", "89500", "0", "500"),
    ])
    func `an option costs its premium and pays what it is worth at delivery`(
        kind: String,
        delivered: String,
        earned: String,
        payoff: String
    ) throws {
        var ledger = Ledger()
        let symbol = "BTC-25DEC26-90000-" + kind
        try book(&ledger, row(.option, symbol, "1", .buy, "0.5", "500", fee: "8.75"))
        #expect(ledger.wallets["USDC"]?.sums.total.description == "-258.75")
        let delivery = try row(
            .option,
            symbol,
            "d",
            .sell,
            "0.5",
            delivered,
            fee: "1",
            type: .delivery
        )
        let booking = try book(&ledger, delivery)
        #expect(booking.discrepancies.isEmpty)
        #expect(booking.realised.description == earned)
        #expect(booking.parts.map(\.realised.description) == [earned])
        let paid = try Amount.value(Numeral(text: payoff), Amount(text: "0.5"))
        #expect(ledger.wallets["USDC"]?.sums.delivery == paid)
        #expect(ledger.position(delivery.instrument).isFlat)
        #expect(
            try ledger.wallets["USDC"]?.sums.total
                == Amount(text: earned).subtracting(Amount(text: "9.75"))
        )
    }

    // MARK: Delivery, settlement, hedge mode, legs

    @Test func `a dated future closes at the delivery price`() throws {
        var ledger = Ledger()
        try book(&ledger, row(.linear, "BTCUSDT-25DEC26", "1", .sell, "0.2", "90000"))
        let booking = try book(
            &ledger,
            row(
                .linear,
                "BTCUSDT-25DEC26",
                "d",
                .buy,
                "0.2",
                "89500",
                fee: "8.95",
                type: .delivery
            )
        )
        #expect(booking.realised.description == "100")
        #expect(ledger.wallets["USDT"]?.sums.delivery.description == "100")
        #expect(ledger.wallets["USDT"]?.sums.total.description == "91.05")
    }

    @Test func `a session settlement pays out and leaves the entry price`() throws {
        var ledger = Ledger()
        ledger.opened = .zero
        let row = try row(.linear, "BTCPERP", "1", .buy, "0.5", "90000")
        try book(&ledger, row)
        let log = TransactionRow(
            id: "s",
            type: "SETTLEMENT",
            category: .linear,
            symbol: "BTCPERP",
            coin: "USDC",
            tradePrice: try Numeral(text: "90400"),
            cashFlow: try Amount(text: "200"),
            change: try Amount(text: "200"),
            balance: .zero,
            timeMilliseconds: 5
        )
        #expect(try ledger.count(log)?.discrepancy == nil)
        #expect(try ledger.count(log)?.kind == nil)
        let position = ledger.position(row.instrument)
        #expect(position.entryPrice?.description == "90000")
        #expect(position.sessionPrice?.description == "90400")
        #expect(try position.unrealised(at: Numeral(text: "90500")).description == "50")
        #expect(ledger.wallets["USDC"]?.sums.sessionSettlement.description == "200")
        let close = try self.row(
            .linear,
            "BTCPERP",
            "2",
            .sell,
            "0.5",
            "90300",
            realised: "-50"
        )
        #expect(try book(&ledger, close).discrepancies.isEmpty)
        #expect(ledger.wallets["USDC"]?.sums.total.description == "150")
        #expect(ledger.position(row.instrument).realised.description == "150")
    }

    @Test func `in hedge mode the two sides are positions of their own`() throws {
        var ledger = Ledger()
        try book(&ledger, row(.linear, "BTCUSDT", "1", .buy, "0.3", "90000", closed: "0"), index: 1)
        try book(&ledger, row(.linear, "BTCUSDT", "2", .sell, "0.2", "90100", closed: "0"))
        let close = try book(
            &ledger,
            row(.linear, "BTCUSDT", "3", .sell, "0.1", "90200", closed: "0.1")
        )
        #expect(close.positionIndex == 1)
        #expect(close.realised.description == "20")
        let id = try row(.linear, "BTCUSDT", "x", .buy, "1", "1").instrument
        let account = try #require(ledger.accounts[id])
        #expect(account.long.size.description == "0.2")
        #expect(account.short.size.description == "-0.2")
        #expect(account.net.size.isZero)
        let funding = try row(
            .linear,
            "BTCUSDT",
            "f",
            .sell,
            "0.2",
            "90000",
            fee: "-1.8",
            rate: "0.0001",
            type: .funding
        )
        #expect(try book(&ledger, funding).discrepancies.isEmpty)
        #expect(ledger.accounts[id]?.short.funding.description == "-1.8")
        #expect(ledger.position(id, of: "a").funding.description == "-1.8")
    }

    @Test func `the leg of a combination counts once, the combination itself not at all`() throws {
        var ledger = Ledger()
        let leg = try row(
            .linear,
            "SOLUSDT",
            "leg",
            .buy,
            "2",
            "124.1",
            fee: "0.039712",
            rate: "0.00016",
            type: .futureSpread
        )
        #expect(try book(&ledger, leg).discrepancies.isEmpty)
        #expect(ledger.book(leg, strategy: "a", terms: nil).outcome == .repeated)
        var combination = leg
        combination.instrument = InstrumentID(.spread, try #require(Symbol("SOLUSDT_SOL/USDT")))
        #expect(ledger.book(combination, strategy: "a", terms: nil).outcome == .combination)
        #expect(ledger.position(leg.instrument).size.description == "2")
    }

    @Test func `extra fees are flows of their own coins`() throws {
        var ledger = Ledger()
        // Documentation sample.
        var row = try row(
            .linear,
            "BTCUSDT",
            "1",
            .sell,
            "0.5",
            "95900.1",
            fee: "26.3725275",
            rate: "0.00055"
        )
        row.extraFees = [
            ExtraFee(coin: "USDT", type: "GST", amount: try Amount(text: "0.006403779"))
        ]
        let booking = try book(&ledger, row)
        #expect(booking.discrepancies.isEmpty)
        #expect(booking.fee.description == "26.378931279")
        #expect(ledger.wallets["USDT"]?.fees.description == "26.378931279")
    }

    @Test func `what does not fit leaves every wallet as it was`() throws {
        var ledger = Ledger()
        try book(&ledger, row(.spot, "BTCUSDT", "1", .buy, "0.5", "90000"))
        let wallets = ledger.wallets
        let changes = WalletChanges([
            WalletChange(coin: "BTC", kind: .fill, amount: try Amount(text: "1")),
            WalletChange(coin: "USDT", kind: .fee, amount: Amount(units: .min + 1)),
        ])
        #expect(throws: NumberError.overflow) { try ledger.post(changes) }
        #expect(ledger.wallets == wallets)
    }
}

extension Ledger {
    fileprivate func position(position symbol: String) -> Position {
        position(InstrumentID(.inverse, Symbol(symbol) ?? .none))
    }
}
