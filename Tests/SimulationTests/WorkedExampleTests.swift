import Market
import Simulation
import Testing

/// Rules of bybit-v5 §9 that the worked examples of accounts and products leave out.
@Suite struct WorkedExampleTests {
    private let account = AccountID(index: 0)

    @Test func `an inverse short counts the other way, and a reduction leaves its entry`() throws {
        let listing = try Product.inverse.still(
            opening: [(.buy, "9000", "90000"), (.sell, "4500", "100000")],
            [(1, "100000")]
        )
        var exchange = try SimulatedExchange.with([listing], [["BTC": "1"]])
        var output = ExchangeOutput()
        try exchange.order(.inverse, .sell, "9000", "90000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        // 9,000 × (1 ÷ 90,000 − 1 ÷ 100,000), of a short below zero.
        let open = try #require(exchange.position(account, Product.inverse.id))
        #expect(open.unrealisedPnL?.description == "-0.01")
        try exchange.order(.inverse, .buy, "4500", "100000", link: "out", into: &output)
        let close = try #require(exchange.executions(account, RowQuery()).rows.first)
        #expect(close.realisedPnL?.description == "-0.005")
        #expect(close.value.description == "0.045")
        let left = try #require(exchange.position(account, Product.inverse.id))
        #expect(left.entryPrice?.description == "90000" && left.size.description == "4500")
        // −0.005 − half of 0.1 × 0.00055 − 0.045 × 0.00055.
        let order = try #require(
            exchange.orderHistory(account, RowQuery(orderLinkID: "out")).rows.first
        )
        #expect(order.closedPnL.description == "-0.00505225")
    }

    @Test func `the average price of an inverse order is its quantity over its value`() throws {
        let listing = try Product.inverse.still(
            opening: [(.sell, "10000", "90000"), (.sell, "5000", "91000")]
        )
        var exchange = try SimulatedExchange.with([listing], [["BTC": "1"]])
        var output = ExchangeOutput()
        try exchange.order(.inverse, .buy, "15000", "91000", into: &output)
        let order = try #require(exchange.orderHistory(account, RowQuery()).rows.first)
        #expect(order.averagePrice?.description == "90330.88235294")
        #expect(order.filledValue.description.hasPrefix("0.166056166"))
        let values = exchange.executions(account, RowQuery()).rows.map(\.value)
        #expect(order.filledValue == (try values[0].adding(values[1])))
    }

    @Test func `an option's entry is the average premium, and its fee the rate while that is less`()
        throws
    {
        // 0.0003 × 90,000 = 27 an option, while 7 % of 2,000 are 140.
        var product = Product.call
        product.price = "2050"
        let listing = try product.still(
            opening: [(.sell, "0.5", "2000"), (.sell, "0.5", "2100"), (.buy, "0.4", "1900")],
            index: "90000"
        )
        var exchange = try SimulatedExchange.with([listing], [["USDT": "10000"]])
        var output = ExchangeOutput()
        try exchange.order(product, .buy, "1", "2100", into: &output)
        let fees = exchange.executions(account, RowQuery()).rows.map(\.fee.description)
        #expect(fees == ["13.5", "13.5"])
        let open = try #require(exchange.position(account, product.id))
        #expect(open.entryPrice?.description == "2050" && open.unrealisedPnL == .zero)
        try exchange.order(product, .sell, "0.4", "1900", link: "out", into: &output)
        // 0.4 × (1,900 − 2,050); the entry stays.
        let close = try #require(exchange.executions(account, RowQuery()).rows.first)
        #expect(close.realisedPnL?.description == "-60")
        #expect(exchange.position(account, product.id)?.entryPrice?.description == "2050")
        // −60 − 0.4 × 27 of the opening − 0.4 × 27.
        let order = try #require(
            exchange.orderHistory(account, RowQuery(orderLinkID: "out")).rows.first
        )
        #expect(order.closedPnL.description == "-81.6")
        #expect(exchange.held(0, "USDT") == "8672.2")
    }

    /// A maker with a rebate gets it in what it gives: a buyer in the quote coin, a seller in the base coin.
    @Test(arguments: [Side.buy, .sell])
    func `a spot rebate is paid in the coin that is given`(_ side: Side) throws {
        let coins = try ["USDT": "10000", "BTC": "1"].sorted { $0.key < $1.key }.map {
            AccountConfiguration.Deposit(coin: $0.key, amount: try Amount(text: $0.value))
        }
        let plain = AccountConfiguration(alias: "b", deposits: coins)
        var rebated = AccountConfiguration(alias: "a", deposits: coins)
        rebated.fees.spot.maker = Numeral(mantissa: -1, decimals: 4)
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 1,
                start: start,
                listings: [try Product.spot.still()],
                accounts: [rebated, plain]
            )
        )
        var output = ExchangeOutput()
        try exchange.order(.spot, side, "0.010", "90000", into: &output)
        try exchange.order(.spot, side.opposite, "0.010", "90000", for: 1, into: &output)
        let row = try #require(exchange.executions(account, RowQuery()).rows.first)
        #expect(row.isMaker)
        // 0.0001 of 900 USDT, or of 0.010 BTC.
        #expect(row.feeCoin == (side == .buy ? "USDT" : "BTC"))
        #expect(row.fee.description == (side == .buy ? "-0.09" : "-0.000001"))
        #expect(exchange.held(0, "USDT") == (side == .buy ? "9100.09" : "10900"))
        #expect(exchange.held(0, "BTC") == (side == .buy ? "1.01" : "0.990001"))
        for coin in ["USDT", "BTC"] { #expect(exchange.sumOfBooks(coin: coin) == .zero) }
    }
}
