import Market
import Simulation
import Testing

/// The orders of a combination's legs: bybit-v5 §7.1.
@Suite struct CombinationOrderTests {
    private let account = AccountID(index: 0)

    private func exchange(_ opening: [(Side, String, String)]) throws -> SimulatedExchange {
        try .with(
            [
                try Product.linear.still(), try Product.spot.still(),
                try Product.carry.still(opening: opening),
            ],
            [["USDT": "20000", "BTC": "1"]]
        )
    }

    private func history(
        _ exchange: SimulatedExchange,
        _ category: Market.Category
    ) -> [OrderUpdate] {
        exchange.orderHistory(account, RowQuery(category: category)).rows
    }

    @Test func `legs of a filled combination are in the order history with what they did`() throws {
        var exchange = try exchange([(.sell, "1", "12"), (.buy, "1", "-3.5")])
        var output = ExchangeOutput()
        let reply = try exchange.order(.carry, .buy, "0.1", "12", into: &output)
        let linear = try #require(history(exchange, .linear).first)
        #expect(linear.instrument == Product.linear.id)
        #expect(linear.orderID == reply.orderID + "-1" && linear.orderLinkID.isEmpty)
        #expect(linear.side == .buy && linear.status == .filled)
        #expect(linear.details?.createType == "CreateByFutureSpread")
        #expect(linear.price?.description == "90012.0")
        #expect(linear.averagePrice?.description == "90012")
        #expect(linear.filledQuantity.description == "0.100")
        #expect(linear.filledValue.description == "9001.2")
        // Half of 0.055 %.
        #expect(linear.filledFee.description == "2.47533")
        #expect(linear.closedPnL == .zero)
        let spot = try #require(history(exchange, .spot).first)
        #expect(spot.orderID == reply.orderID + "-2" && spot.side == .sell)
        #expect(spot.filledValue.description == "9000" && spot.filledFee.description == "4.5")
        #expect(spot.details?.feeCoin == "USDT")
        // Each is told once, after its combination.
        let told = output.events.compactMap { event -> String? in
            guard case .order(_, let told) = event.event else { return nil }
            let row = told.row
            return "\(row.instrument.category.name) \(row.status.name)"
        }
        #expect(told == ["spread New", "spread Filled", "linear Filled", "spot Filled"])

        // Back out: 0.1 × (89,996.5 − 90,012), less both fees.
        try exchange.order(.carry, .sell, "0.1", "-3.5", link: "y", into: &output)
        let closing = try #require(history(exchange, .linear).first)
        #expect(closing.closedPnL.description == "-6.50023375")
        let closed = exchange.closedPnL(account, .linear, nil, since: 0, until: .max)
        #expect(closed.map(\.orderID) == [closing.orderID])
        #expect(closed.first?.closedPnL?.description == "-6.50023375")
    }

    @Test func `legs stand and end with their combination, and through it alone`() throws {
        var exchange = try exchange([(.sell, "0.04", "11"), (.sell, "0.01", "12")])
        var output = ExchangeOutput()
        let reply = try exchange.order(.carry, .buy, "0.1", "12", into: &output)
        let rows = output.events.compactMap { event -> OrderUpdate? in
            guard case .order(_, let told) = event.event, told.instrument.category != .spread else {
                return nil
            }
            return told.row
        }
        // One row a match, however many fills: 0.04 × 90,011 + 0.01 × 90,012.
        #expect(rows.map(\.status) == [.partiallyFilled, .partiallyFilled])
        #expect(rows.first?.filledValue.description == "4500.56")
        #expect(rows.first?.leavesQuantity?.description == "0.050")
        #expect(history(exchange, .linear).isEmpty)
        let cancel = exchange.cancel(
            CancelRequest(
                instrument: Product.linear.id,
                orderLinkID: "",
                orderID: reply.orderID + "-1"
            ),
            for: account,
            into: &output
        )
        #expect(cancel.code == 110115)
        let amend = exchange.amend(
            AmendRequest(
                instrument: Product.spot.id,
                orderLinkID: "",
                orderID: reply.orderID + "-2",
                price: try Numeral(text: "90000")
            ),
            for: account,
            into: &output
        )
        #expect(amend.code == 110117)
        let whole = exchange.cancel(
            CancelRequest(instrument: Product.carry.id, orderLinkID: "x"),
            for: account,
            into: &output
        )
        #expect(whole.isAccepted)
        let (linear, spot) = (history(exchange, .linear), history(exchange, .spot))
        #expect(linear.map(\.status) == [.cancelled])
        #expect(spot.map(\.status) == [.partiallyFilledCanceled])
        #expect((linear + spot).allSatisfy { $0.cancelType == "CancelByUser" })
        #expect((linear + spot).allSatisfy { $0.leavesQuantity?.isZero == true })
        #expect(linear.first?.quantity.description == "0.100")
        #expect(linear.first?.filledQuantity.description == "0.050")
        // Nothing of it is open any more.
        let late = exchange.cancel(
            CancelRequest(
                instrument: Product.linear.id,
                orderLinkID: "",
                orderID: reply.orderID + "-1"
            ),
            for: account,
            into: &output
        )
        #expect(late.code == 110001)
    }
}
