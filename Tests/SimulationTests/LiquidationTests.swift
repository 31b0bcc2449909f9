import Market
import Simulation
import Testing

@Suite struct LiquidationTests {
    @Test(arguments: [Side.buy, .sell])
    func `a position is taken over at the price that leaves nothing, and insurance gains the rest`(
        side: Side
    ) throws {
        // 1 BTC at 90,000 on 1,000 USDT: maintenance 0.5 %, so that about 550 of loss is too much.
        let mark = side == .buy ? "89400" : "90600"
        let listing = try Product.linear.still(
            opening: [(side.opposite, "1", "90000")],
            [(1, mark)]
        )
        var exchange = try SimulatedExchange.with([listing], [["USDT": "1000"]], leverage: 100)
        exchange.activate(.liquidations(Product.linear.id))
        var output = ExchangeOutput()
        #expect(try exchange.order(.linear, side, "1", "90000", into: &output).code == 0)
        #expect(
            try exchange.order(
                .linear,
                side,
                "0.001",
                side == .buy ? "80000" : "99000",
                link: "r",
                into: &output
            ).code == 0
        )
        output.removeAll()
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let account = AccountID(index: 0)
        #expect(exchange.position(account, Product.linear.id)?.side == nil)
        let row = try #require(exchange.executions(account, RowQuery()).rows.first)
        #expect(row.type == .bustTrade)
        #expect(row.side == side.opposite)
        // 1,000 less the fee of 49.5 is what may be lost.
        #expect(row.price.description == (side == .buy ? "89049.6" : "90950.5"))
        #expect(exchange.held(0, "USDT") == (side == .buy ? "0.1" : "0"))
        let insured = exchange.balance(.insurance, coin: "USDT").description
        #expect(insured == (side == .buy ? "350.4" : "350.5"))
        let ended = exchange.orderHistory(account, RowQuery(orderLinkID: "r")).rows
        #expect(ended.first?.cancelType == "CancelAllBeforeLiq")
        #expect(exchange.transactionLog(account, RowQuery()).rows.first?.type == "LIQUIDATION")
        let told = output.events.compactMap {
            if case .liquidation(_, let row) = $0.event { row } else { nil }
        }
        #expect(told.map(\.side) == [side])
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `the other side is closed when insurance cannot pay, the highest gain first`() throws
    {
        let listing = try Product.linear.still([(1, "85000")])
        var exchange = try SimulatedExchange.with(
            [listing],
            [["USDT": "1000"], ["USDT": "100000"], ["USDT": "100000"]],
            leverage: 100
        )
        var output = ExchangeOutput()
        try exchange.order(.linear, .sell, "0.4", "90000", for: 1, into: &output)
        try exchange.order(.linear, .sell, "0.6", "90001", for: 2, into: &output)
        try exchange.order(.linear, .buy, "1", "90001", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let types = (0..<3).map {
            exchange.executions(AccountID(index: $0), RowQuery()).rows.first?.type.name
        }
        #expect(types == ["BustTrade", "AdlTrade", "AdlTrade"])
        for account in 0..<3 {
            #expect(exchange.position(AccountID(index: account), Product.linear.id)?.side == nil)
        }
        #expect(exchange.balance(.insurance, coin: "USDT") == .zero)
        // Nobody but the three traded: the house has neither gained nor lost.
        #expect(exchange.balance(.house, coin: "USDT") == .zero)
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `insurance pays what is lost beyond the deposit`() throws {
        let listing = try Product.linear.still(opening: [(.sell, "1", "90000")], [(1, "85000")])
        var exchange = try SimulatedExchange.with(
            [listing],
            [["USDT": "1000"]],
            leverage: 100,
            insurance: "10000"
        )
        var output = ExchangeOutput()
        try exchange.order(.linear, .buy, "1", "90000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        #expect(exchange.held(0, "USDT") == "0.1")
        // 85,000 against 89,049.6
        #expect(exchange.balance(.insurance, coin: "USDT").description == "5950.4")
    }

    @Test func `an inverse short is liquidated in its coin`() throws {
        let listing = try Product.inverse.still(
            opening: [(.buy, "90000", "90000")],
            [(1, "91000")]
        )
        var exchange = try SimulatedExchange.with([listing], [["BTC": "0.0125"]], leverage: 100)
        var output = ExchangeOutput()
        #expect(try exchange.order(.inverse, .sell, "90000", "90000", into: &output).code == 0)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let row = try #require(exchange.executions(AccountID(index: 0), RowQuery()).rows.first)
        #expect(row.type == .bustTrade)
        let left = exchange.balance(.wallet(AccountID(index: 0)), coin: "BTC")
        #expect(left >= .zero)
        #expect(try left < Amount(text: "0.000002"))
        #expect(exchange.balance(.insurance, coin: "BTC") > .zero)
        #expect(exchange.sumOfBooks(coin: "BTC") == .zero)
    }
}
