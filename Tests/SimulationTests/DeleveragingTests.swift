import Market
import Simulation
import Testing

@Suite struct DeleveragingTests {
    /// A long of 1 BTC on 1,000 USDT falls from 90,000 to 85,000.
    ///
    /// Against it stand, by gain ÷ entry × leverage:
    /// 0.5 from 90,100 at 100 (5.66), 0.4 from 90,000 at 100 (5.56), and 0.6 from 90,001 at 50 (2.78).
    @Test func `those who gain most are deleveraged first, and only as far as is needed`() throws {
        let listing = try Product.linear.still(
            opening: [(.buy, "0.5", "90100")],
            [(1, "85000")]
        )
        var exchange = try SimulatedExchange.with(
            [listing],
            [["USDT": "1000"], ["USDT": "100000"], ["USDT": "100000"], ["USDT": "100000"]],
            leverage: 100,
            insurance: "100"
        )
        exchange.tellsDetails = true
        var output = ExchangeOutput()
        let id = Product.linear.id
        let fifty = Numeral(mantissa: 50, decimals: 0)
        #expect(exchange.setLeverage(fifty, id, for: AccountID(index: 2)).code == 0)
        try exchange.order(.linear, .sell, "0.5", "90100", for: 3, into: &output)
        try exchange.order(.linear, .sell, "0.4", "90000", for: 1, into: &output)
        try exchange.order(.linear, .sell, "0.6", "90001", for: 2, into: &output)
        try exchange.order(.linear, .buy, "1", "90001", into: &output)
        try exchange.order(.linear, .buy, "0.1", "80000", for: 2, link: "rest", into: &output)
        output.removeAll()
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)

        let told = output.events.compactMap { event -> String? in
            guard case .execution(let account, let told) = event.event else { return nil }
            let row = told.row
            return
                "\(account.index) \(row.type.name) \(row.side.name) \(row.quantity) @ \(row.price)"
        }
        // 1,000 less the fee of 49.50033 and 90,000.6 − x: nothing is left at 89,050.10033, so the next tick.
        #expect(
            told == [
                "0 BustTrade Sell 1.000 @ 89050.2", "3 AdlTrade Buy 0.500 @ 89050.2",
                "1 AdlTrade Buy 0.400 @ 89050.2", "2 AdlTrade Buy 0.100 @ 89050.2",
            ]
        )
        #expect(exchange.held(0, "USDT") == "0.09967")
        // Deposit − fee of the opening (3 takes 45,050; 1 and 2 make) + gain against 89,050.2, which has no fee.
        #expect(exchange.held(3, "USDT") == "100500.1225")
        #expect(exchange.held(1, "USDT") == "100372.72")
        #expect(exchange.held(2, "USDT") == "100084.27988")
        for account in [0, 1, 3] {
            #expect(exchange.position(AccountID(index: account), id)?.side == nil)
        }
        let left = try #require(exchange.position(AccountID(index: 2), id))
        #expect(left.side == .sell && left.size.description == "0.500")
        #expect(left.entryPrice?.description == "90001")
        #expect(left.details?.deleveragingRank == 5)
        // Insurance could not have paid 4,050.2 and pays nothing.
        #expect(exchange.balance(.insurance, coin: "USDT").description == "100")
        for account in 1...3 {
            let log = exchange.transactionLog(AccountID(index: account), RowQuery()).rows
            #expect(log.first?.type == "ADL" && log.first?.fee == .zero)
            let row = exchange.executions(AccountID(index: account), RowQuery()).rows.first
            #expect(row?.details?.createType == "CreateByAdl_PassThrough")
        }
        let rest = exchange.orderHistory(AccountID(index: 2), RowQuery(orderLinkID: "rest")).rows
        #expect(rest.first?.cancelType == "CancelAllBeforeAdl")
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
        #expect(exchange.brokenAccountInvariant() == nil)
    }

    @Test func `insurance pays while it can, and then nobody is deleveraged`() throws {
        let listing = try Product.linear.still([(1, "85000")])
        var exchange = try SimulatedExchange.with(
            [listing],
            [["USDT": "1000"], ["USDT": "100000"]],
            leverage: 100,
            insurance: "4050.2"
        )
        var output = ExchangeOutput()
        try exchange.order(.linear, .sell, "1", "90000", for: 1, into: &output)
        try exchange.order(.linear, .buy, "1", "90000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        // 1,000 − 49.5 − 950.4 at 89,049.6: insurance pays 4,049.6.
        #expect(exchange.balance(.insurance, coin: "USDT").description == "0.6")
        #expect(exchange.position(AccountID(index: 1), Product.linear.id)?.side == .sell)
        #expect(exchange.sumOfBooks(coin: "USDT") == .zero)
    }
}
