import Market
import Simulation
import Testing

/// Where the 10⁻¹⁸ go that do not come out even.
@Suite struct RoundingTests {
    /// Inverse: 5 ÷ 90,000 × 0.0001 against the same of 2 and 3, each rounded on its own.
    @Test func `funding that does not come out even leaves its rest in the account for roundings`()
        throws
    {
        var exchange = try SimulatedExchange.with(
            [try Product.inverse.still()],
            [["BTC": "1"], ["BTC": "1"], ["BTC": "1"]],
            fundingInterval: second
        )
        var output = ExchangeOutput()
        try exchange.order(.inverse, .sell, "2", "90000", for: 1, into: &output)
        try exchange.order(.inverse, .sell, "3", "90000", for: 2, into: &output)
        try exchange.order(.inverse, .buy, "5", "90000", into: &output)
        #expect(exchange.balance(.rounding, coin: "BTC") == .zero)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        let paid = (0..<3).map {
            exchange.executions(AccountID(index: $0), RowQuery()).rows.first?.fee.units
        }
        #expect(paid == [5_555_555_556, -2_222_222_222, -3_333_333_333])
        #expect(exchange.balance(.rounding, coin: "BTC").units == 1)
        #expect(exchange.balance(.funding, coin: "BTC") == .zero)
        #expect(exchange.balance(.house, coin: "BTC") == .zero)
        #expect(exchange.sumOfBooks(coin: "BTC") == .zero)
    }

    @Test func `the background pays its own funding`() throws {
        var exchange = try SimulatedExchange.with(
            [try Product.inverse.still(opening: [(.sell, "5", "90000")])],
            [["BTC": "1"]],
            fundingInterval: second
        )
        var output = ExchangeOutput()
        try exchange.order(.inverse, .buy, "5", "90000", into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        #expect(exchange.balance(.house, coin: "BTC").units == 5_555_555_556)
        #expect(exchange.balance(.funding, coin: "BTC") == .zero)
        #expect(exchange.balance(.rounding, coin: "BTC") == .zero)
    }

    @Test func `what two accounts trade with one another comes out even to the last digit`() throws
    {
        var exchange = try SimulatedExchange.with(
            [try Product.inverse.still()],
            [["BTC": "1"], ["BTC": "1"]]
        )
        var output = ExchangeOutput()
        var chance = TestChance(seed: 3)
        let id = Product.inverse.id
        for number in 0..<300 {
            let price = "\(89_990 + chance.below(21)).\(chance.below(10))"
            let quantity = "\(1 + chance.below(500))"
            let side: Side = chance.below(2) == 0 ? .buy : .sell
            try exchange.order(
                .inverse,
                side.opposite,
                quantity,
                price,
                for: 1,
                link: "m\(number)",
                into: &output
            )
            try exchange.order(.inverse, side, quantity, price, link: "t\(number)", into: &output)
            output.removeAll()
        }
        // The last order leaves both flat.
        let open = try #require(exchange.position(AccountID(index: 0), id))
        let side = try #require(open.side)
        let size = open.size.description
        try exchange.order(.inverse, side, size, "90000.7", for: 1, link: "m", into: &output)
        try exchange.order(.inverse, side.opposite, size, "90000.7", link: "t", into: &output)
        #expect(exchange.position(AccountID(index: 0), id)?.side == nil)
        #expect(exchange.position(AccountID(index: 1), id)?.side == nil)
        let realised = try (0..<2).map { account in
            try exchange.executions(AccountID(index: account), RowQuery(limit: .max)).rows
                .reduce(Amount.zero) { try $0.adding($1.realisedPnL ?? .zero) }
        }
        #expect(realised[0] != .zero && realised[0] == realised[1].negated)
        #expect(exchange.balance(.house, coin: "BTC") == .zero)
        #expect(exchange.balance(.rounding, coin: "BTC") == .zero)
    }
}
