import Market
import Simulation
import Testing

/// What an order row says of the market and of what the order did.
@Suite struct OrderRowTests {
    @Test func `a row keeps the last price of the moment when the order arrived`() throws {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .sell, "0.001", at: "90001"), resting(2, .sell, "0.001", at: "90005"),
            ])
        ])
        try floor.place(.buy, "0.001", at: "90001")
        try floor.place(.buy, "0.001", at: "89000", link: "rest")
        try floor.place(.buy, "0.001", at: "90005", link: "next")
        try floor.amend("rest", price: "89001")
        floor.cancel("rest")
        func prices(_ link: String) -> Set<String?> {
            Set(
                floor.orders.filter { $0.orderLinkID == link }.map { row in
                    row.lastPriceOnCreated?.description
                }
            )
        }
        #expect(prices("rest") == ["90001.0"])
        #expect(prices("next") == ["90001.0"])
        try floor.place(.buy, "0.001", at: "89000", link: "last")
        #expect(prices("last") == ["90005.0"])
    }

    @Test func `an order that closes in parts and turns the position adds up what it closed`()
        throws
    {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .sell, "0.020", at: "90000"), resting(2, .buy, "0.010", at: "89990"),
                resting(3, .buy, "0.030", at: "89980"),
            ])
        ])
        try floor.place(.buy, "0.020", at: "90000", link: "open")
        try floor.place(.sell, "0.030", at: "89980", link: "turn")
        let row = try #require(floor.orders.last { $0.orderLinkID == "turn" })
        #expect(floor.position()?.size.description == "0.010")
        #expect(floor.position()?.side == .sell)
        // Price: 0.010 × −10 + 0.010 × −20. Fees: 1,800 × 0.00055 of the opening; of the closing that of 899.9 and half
        // that of 0.020 × 89,980: the other half opens.
        #expect(row.closedPnL.description == "-2.279835")
        let listed = floor.exchange.closedPnL(floor.main, .linear, btc, since: 0, until: .max)
        #expect(listed.map(\.orderID) == [row.orderID])
        #expect(listed.first?.closedPnL?.description == "-2.279835")
        #expect(floor.orders.first { $0.orderLinkID == "open" }?.closedPnL == .zero)
    }
}
