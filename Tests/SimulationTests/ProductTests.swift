import Market
import Simulation
import Testing

/// Each product moves the money that bybit-v5 §9 says.
@Suite struct ProductTests {
    private func executions(_ exchange: SimulatedExchange, _ account: Int = 0) -> [ExecutionReport]
    {
        exchange.executions(AccountID(index: account), RowQuery(limit: 100)).rows.reversed()
    }

    private func log(_ exchange: SimulatedExchange, _ account: Int = 0) -> [TransactionRow] {
        exchange.transactionLog(AccountID(index: account), RowQuery(limit: 100)).rows.reversed()
    }

    @Test func `the inverse example of the reference comes out`() throws {
        let listing = try Product.inverse.still(
            opening: [(.sell, "10000", "90000"), (.sell, "5000", "91000")],
            [(1, "92000")]
        )
        var exchange = try SimulatedExchange.with([listing], [["BTC": "1"]])
        var output = ExchangeOutput()
        try exchange.order(.inverse, .buy, "15000", "91000", into: &output)
        let fee = try #require(executions(exchange).first).fee
        #expect(fee.description.hasPrefix("0.0000611111"))
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let id = Product.inverse.id
        let position = try #require(exchange.position(AccountID(index: 0), id))
        #expect(position.entryPrice?.description == "90330.88235294")
        #expect(position.positionValue?.description.hasPrefix("0.166056166") == true)
        #expect(position.unrealisedPnL?.description.hasPrefix("0.00301268") == true)
        #expect(exchange.sumOfBooks(coin: "BTC") == .zero)
    }

    @Test func `inverse funding is paid in the base coin, as in the example`() throws {
        var product = Product.inverse
        product.price = "92000"
        let listing = try product.still(opening: [(.sell, "15000", "92000")])
        var exchange = try SimulatedExchange.with(
            [listing],
            [["BTC": "1"]],
            fundingInterval: second
        )
        var output = ExchangeOutput()
        try exchange.order(.inverse, .buy, "15000", "92000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let row = try #require(log(exchange).last)
        #expect(row.type == "SETTLEMENT")
        #expect(row.funding.description.hasPrefix("-0.0000163043"))
    }

    @Test func `an option's premium is paid, its fee capped, and its value counts in equity`()
        throws
    {
        let listing = try Product.call.still(
            opening: [(.sell, "1", "250"), (.buy, "1", "240")],
            index: "90000"
        )
        var exchange = try SimulatedExchange.with([listing], [["USDT": "1000"]])
        var output = ExchangeOutput()
        #expect(try exchange.order(.call, .buy, "0.5", "250", into: &output).code == 0)
        let row = try #require(executions(exchange).first)
        // min(27, 17.5) × 0.5
        #expect(row.fee.description == "8.75")
        #expect(log(exchange).last?.cashFlow.description == "-125")
        #expect(exchange.held(0, "USDT") == "866.25")
        let wallet = exchange.wallet(AccountID(index: 0))
        #expect(wallet.coins.first?.equity?.description == "991.25")
        #expect(wallet.totalInitialMargin == .zero)
        try exchange.order(.call, .sell, "0.5", "240", link: "y", into: &output)
        #expect(executions(exchange).last?.realisedPnL?.description == "-5")
        #expect(log(exchange).last?.cashFlow.description == "120")
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `a short option needs margin, and an option without the money is refused`() throws {
        let listing = try Product.call.still(opening: [(.buy, "1", "250")], index: "90000")
        var exchange = try SimulatedExchange.with([listing], [["USDT": "1000"]])
        var output = ExchangeOutput()
        #expect(try exchange.order(.call, .buy, "10", "250", into: &output).code == 110007)
        #expect(
            try exchange.order(.call, .sell, "0.5", "250", link: "y", into: &output).code == 110007
        )
        #expect(try exchange.order(.call, .sell, "0.1", "250", link: "z", into: &output).code == 0)
        // 0.1 × (250 + 9,000)
        #expect(exchange.wallet(AccountID(index: 0)).totalInitialMargin.description == "925")
    }

    @Test(
        arguments: [
            // Long 0.5 bought at 250: payoff 1,000 or nothing; fee 0.015 % of the underlying, at most 12.5 % of the payoff.
            ("91000", "500", "6.825"), ("89000", "0", "0"), ("90001", "0.5", "0.0625"),
        ]
    )
    func `an option is exercised by the index price`(
        index: String,
        cash: String,
        fee: String
    ) throws {
        var product = Product.call
        product.deliveryFee = "0.00015"
        product.delivery = start.advanced(nanoseconds: second)
        let listing = try product.still(opening: [(.sell, "1", "250")], index: index)
        var exchange = try SimulatedExchange.with([listing], [["USDT": "1000"]])
        var output = ExchangeOutput()
        try exchange.order(.call, .buy, "0.5", "250", into: &output)
        #expect(
            try exchange.order(.call, .buy, "0.1", "200", link: "rest", into: &output).code == 0
        )
        exchange.advance(to: start.advanced(nanoseconds: 2 * second), into: &output)
        let row = try #require(log(exchange).last)
        #expect(row.type == "DELIVERY")
        #expect(row.cashFlow.description == cash)
        #expect(row.fee.description == fee)
        let ended = exchange.orderHistory(AccountID(index: 0), RowQuery(orderLinkID: "rest")).rows
        #expect(ended.first?.cancelType == "CancelByDelivery")
        #expect(exchange.positions(AccountID(index: 0), .option, settleCoin: "").isEmpty)
        #expect(
            try exchange.order(.call, .buy, "0.1", "200", link: "late", into: &output).code
                == 110074
        )
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `a dated contract is delivered with its fee`() throws {
        let listing = try Product.dated.still(opening: [(.sell, "1", "91000")], [(5, "92000")])
        var exchange = try SimulatedExchange.with([listing], [["USDT": "10000"]])
        var output = ExchangeOutput()
        try exchange.order(.dated, .buy, "0.1", "91000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: 11 * second), into: &output)
        let row = try #require(executions(exchange).last)
        #expect(row.type == .delivery)
        #expect(row.side == .sell)
        #expect(row.realisedPnL?.description == "100")
        // 0.1 × 92,000 × 0.0005
        #expect(row.fee.description == "4.6")
        #expect(exchange.held(0, "USDT") == "10090.395")
    }

    @Test func `a USDC session pays what was gained and keeps the entry price`() throws {
        let listing = try Product.usdc.still(opening: [(.sell, "1", "90000")], [(1, "91000")])
        var exchange = try SimulatedExchange.with([listing], [["USDC": "10000"]])
        var output = ExchangeOutput()
        try exchange.order(.usdc, .buy, "0.1", "90000", into: &output)
        let stamp = (start.nanoseconds / (28_800 * second) + 1) * 28_800 * second
        exchange.advance(to: Timestamp(nanoseconds: stamp - 1), into: &output)
        let before = exchange.wallet(AccountID(index: 0)).totalEquity
        exchange.advance(to: Timestamp(nanoseconds: stamp), into: &output)
        let session = try #require(log(exchange).first { $0.type == "SETTLEMENT" })
        #expect(session.cashFlow.description == "100")
        #expect(session.change.description == "100")
        let position = try #require(exchange.position(AccountID(index: 0), Product.usdc.id))
        #expect(position.entryPrice?.description == "90000")
        #expect(position.unrealisedPnL == .zero)
        // Only the funding of the same stamp, 0.1 × 91,000 × 0.0001, is gone.
        let after = exchange.wallet(AccountID(index: 0)).totalEquity
        #expect(try before.subtracting(after).description == "0.91")
    }

    @Test func `a combination trades its legs at the difference, at half the fees`() throws {
        let listings = [
            try Product.linear.still(), try Product.spot.still(),
            try Product.carry.still(opening: [(.sell, "1", "12"), (.buy, "1", "-3.5")]),
        ]
        var exchange = try SimulatedExchange.with(listings, [["USDT": "20000", "BTC": "1"]])
        var output = ExchangeOutput()
        let reply = try exchange.order(.carry, .buy, "0.1", "12", into: &output)
        #expect(reply.code == 0)
        let rows = executions(exchange)
        #expect(rows.map(\.type.name) == ["Trade", "FutureSpread", "FutureSpread"])
        #expect(rows.map(\.price.description) == ["12.0", "90012.0", "90000.0"])
        #expect(rows.map(\.side) == [.buy, .buy, .sell])
        #expect(rows.map(\.fee.description) == ["0", "2.47533", "4.5"])
        #expect(exchange.held(0, "BTC") == "0.9")
        // 20,000 + 9,000 − 2.47533 − 4.5
        #expect(exchange.held(0, "USDT") == "28993.02467")
        let position = try #require(exchange.position(AccountID(index: 0), Product.linear.id))
        #expect(position.size.description == "0.100")
        try exchange.order(.carry, .sell, "0.1", "-3.5", link: "y", into: &output)
        #expect(executions(exchange)[4].price.description == "89996.5")
        #expect(executions(exchange)[4].realisedPnL?.description == "-1.55")
        for coin in ["USDT", "BTC"] { #expect(exchange.sumOfBooks(coin: coin) == .zero) }
        // Without the coin for the spot leg, nothing.
        #expect(
            try exchange.order(.carry, .buy, "2", "12", link: "z", into: &output).code == 110007
        )
    }

    // MARK: - Modes

    @Test
    func
        `a combination whose legs cannot be carried any further ends, and does not cross its book`()
        throws
    {
        // Enough for each leg of both lots alone, not for the second lot after the first.
        var exchange = try SimulatedExchange.with(
            [
                try Product.linear.still(), try Product.spot.still(),
                try Product.carry.still(opening: [(.buy, "1", "5"), (.buy, "1", "4")]),
            ],
            [["USDT": "181000"]]
        )
        var output = ExchangeOutput()
        let reply = try exchange.order(.carry, .sell, "2", "4", into: &output)
        #expect(reply.isAccepted)
        #expect(exchange.brokenInvariant() == nil)
        let rows = output.events.compactMap { event in
            if case .order(_, let told) = event.event { told.row } else { nil }
        }
        let last = try #require(rows.last { $0.instrument == Product.carry.id })
        #expect(last.status == .cancelled)
        #expect(last.cancelType == "CancelByRebalance")
        #expect(last.filledQuantity.description == "1.00")
    }

    @Test func `in hedge mode a long and a short stand side by side`() throws {
        let listing = try Product.linear.still(
            opening: [(.sell, "1", "90000"), (.buy, "1", "89990")]
        )
        var exchange = try SimulatedExchange.with([listing], [["USDT": "100000"]])
        var output = ExchangeOutput()
        let account = AccountID(index: 0)
        let id = Product.linear.id
        #expect(exchange.switchMode(hedged: true, id, for: account).code == 0)
        #expect(exchange.switchMode(hedged: true, id, for: account).code == 110025)
        #expect(try exchange.order(.linear, .buy, "0.1", "90000", into: &output).code == 10001)
        var long = OrderOptions()
        long.positionIndex = 1
        var short = OrderOptions()
        short.positionIndex = 2
        try exchange.order(.linear, .buy, "0.2", "90000", link: "l", options: long, into: &output)
        try exchange.order(.linear, .sell, "0.1", "89990", link: "s", options: short, into: &output)
        let rows = exchange.positions(account, id)
        #expect(rows.map(\.positionIndex) == [1, 2])
        #expect(rows.map(\.side) == [.buy, .sell])
        #expect(rows.map(\.size.description) == ["0.200", "0.100"])
        // A sale of the long closes it and no more.
        try exchange.order(.linear, .sell, "0.5", "89990", link: "c", options: long, into: &output)
        #expect(exchange.positions(account, id).map(\.side) == [nil, .sell])
        #expect(exchange.switchMode(hedged: false, id, for: account).code == 110024)
        // As the desk says it of a purchase that reduces: it is of the short position, and no more than closes it.
        var cover = OrderRequest(
            instrument: id,
            orderLinkID: "r1",
            side: .buy,
            quantity: try Numeral(text: "0.5"),
            price: try Numeral(text: "90000"),
            reduceOnly: true
        )
        let unsaid = exchange.place(cover, OrderOptions(), for: account, into: &output)
        #expect(unsaid.code == 10001)
        cover.orderLinkID = "r2"
        let covered = exchange.place(cover, short, for: account, into: &output)
        #expect(covered.isAccepted)
        #expect(exchange.positions(account, id).map(\.side) == [nil, nil])
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `leverage is set within its limits and moves the margin`() throws {
        let listing = try Product.linear.still(opening: [(.sell, "1", "90000")])
        var exchange = try SimulatedExchange.with([listing], [["USDT": "10000"]])
        var output = ExchangeOutput()
        try exchange.order(.linear, .buy, "1", "90000", into: &output)
        let account = AccountID(index: 0)
        let id = Product.linear.id
        func margin() -> String { exchange.wallet(account).totalInitialMargin.description }
        #expect(margin() == "9000")
        #expect(
            exchange.setLeverage(Numeral(mantissa: 25, decimals: 0), id, for: account).code == 0
        )
        #expect(margin() == "3600")
        #expect(
            exchange.setLeverage(Numeral(mantissa: 25, decimals: 0), id, for: account).code
                == 110043
        )
        #expect(
            exchange.setLeverage(Numeral(mantissa: 101, decimals: 0), id, for: account).code
                == 110013
        )
        #expect(
            exchange.setLeverage(Numeral(mantissa: 2, decimals: 0), id, for: account).code == 110007
        )
        #expect(margin() == "3600")
        #expect(exchange.setMarginMode("PORTFOLIO_MARGIN").code == 3400045)
    }

    @Test func `coins move between an account and its sub-account within what is available`() throws
    {
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 1,
                start: start,
                listings: [try Product.linear.still()],
                accounts: [
                    AccountConfiguration(alias: "main", deposits: try paidIn("100")),
                    AccountConfiguration(alias: "sub", deposits: [], parent: "main"),
                    AccountConfiguration(alias: "stranger", deposits: []),
                ]
            )
        )
        let (main, sub, stranger) = (
            AccountID(index: 0), AccountID(index: 1), AccountID(index: 2)
        )
        #expect(try exchange.transfer(Amount(text: "40"), of: "USDT", from: main, to: sub))
        #expect(try !exchange.transfer(Amount(text: "61"), of: "USDT", from: main, to: sub))
        #expect(try !exchange.transfer(Amount(text: "1"), of: "USDT", from: main, to: stranger))
        #expect(exchange.held(0, "USDT") == "60")
        #expect(exchange.held(1, "USDT") == "40")
        #expect(log(exchange, 1).map(\.type) == ["TRANSFER_IN"])
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `a fee tier counts from the day after its volume`() throws {
        let cheap = FeeSchedule(
            contract: FeeSchedule.Rates(maker: .zero, taker: Numeral(mantissa: 1, decimals: 4))
        )
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 1,
                start: start,
                listings: [try Product.linear.still(opening: [(.sell, "5", "90000")])],
                accounts: [AccountConfiguration(alias: "a", deposits: try paidIn("100000"))],
                feeTiers: [FeeTier(volume: try Amount(text: "90000"), fees: cheap)]
            )
        )
        var output = ExchangeOutput()
        try exchange.order(.linear, .buy, "1", "90000", into: &output)
        #expect(executions(exchange).last?.fee.description == "49.5")
        exchange.advance(to: start.advanced(nanoseconds: 86_400 * second), into: &output)
        try exchange.order(.linear, .buy, "1", "90000", link: "y", into: &output)
        #expect(executions(exchange).last?.fee.description == "9")
    }
}
