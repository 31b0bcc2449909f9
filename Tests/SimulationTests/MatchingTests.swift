import Market
import Simulation
import Testing

@Suite struct MatchingTests {
    @Test func `a better price trades before an older order`() throws {
        var floor = try Floor([scripted()])
        try floor.place(.sell, "0.010", at: "90001", link: "older", for: floor.other)
        try floor.place(.sell, "0.010", at: "90000.5", link: "better", for: floor.other)
        try floor.place(.buy, "0.015", at: "90001", link: "taker")
        #expect(floor.executions(of: "better") == ["0.010 @ 90000.5"])
        #expect(floor.executions(of: "older") == ["0.005 @ 90001.0"])
        #expect(floor.executions(of: "taker") == ["0.010 @ 90000.5", "0.005 @ 90001.0"])
        #expect(floor.exchange.brokenInvariant() == nil)
    }

    @Test func `at one price the older order trades first`() throws {
        var floor = try Floor([scripted()])
        try floor.place(.sell, "0.010", at: "90000", link: "first", for: floor.other)
        try floor.place(.sell, "0.010", at: "90000", link: "second", for: floor.other)
        try floor.place(.buy, "0.012", at: "90000", link: "taker")
        #expect(floor.executions(of: "first") == ["0.010 @ 90000.0"])
        #expect(floor.executions(of: "second") == ["0.002 @ 90000.0"])
    }

    @Test func `our order waits behind the background's and is filled in parts`() throws {
        let floorListing = try scripted(
            opening: [resting(1, .buy, "0.005", at: "89999")],
            steps: [
                ScriptedMarket.Step(
                    time: start.advanced(nanoseconds: second),
                    actions: [try taking(.sell, "0.007", to: "89999")]
                ),
                ScriptedMarket.Step(
                    time: start.advanced(nanoseconds: 2 * second),
                    actions: [try taking(.sell, "0.020", to: "89999")]
                ),
            ]
        )
        var floor = try Floor([floorListing])
        try floor.place(.buy, "0.010", at: "89999", link: "ours")
        floor.advance(second)
        #expect(floor.executions(of: "ours") == ["0.002 @ 89999.0"])
        floor.advance(second)
        #expect(floor.executions(of: "ours") == ["0.002 @ 89999.0", "0.008 @ 89999.0"])
        #expect(floor.states(of: "ours") == ["New", "PartiallyFilled", "Filled"])
    }

    @Test(
        arguments: [
            // An amendment of the first order, and which of the two then trades first.
            (quantity: "0.008", price: nil, first: "a"),
            (quantity: "0.012", price: nil, first: "b"),
            (quantity: nil, price: "90000.1", first: "b"),
            (quantity: nil, price: "89999.9", first: "a"),
        ] as [(quantity: String?, price: String?, first: String)]
    )
    func `only a smaller quantity keeps its place`(
        quantity: String?,
        price: String?,
        first: String
    ) throws {
        var floor = try Floor([scripted()])
        try floor.place(.sell, "0.010", at: "90000", link: "a")
        try floor.place(.sell, "0.010", at: "90000", link: "b")
        #expect(try floor.amend("a", quantity: quantity, price: price).isAccepted)
        try floor.place(.buy, "0.001", at: "90001", for: floor.other)
        #expect(floor.executions(of: first).count == 1)
        #expect(floor.exchange.brokenInvariant() == nil)
    }

    @Test func `an amendment back to the old price stands behind`() throws {
        var floor = try Floor([scripted()])
        try floor.place(.sell, "0.010", at: "90000", link: "a")
        try floor.place(.sell, "0.010", at: "90000", link: "b")
        try floor.amend("a", price: "90000.1")
        try floor.amend("a", price: "90000")
        try floor.place(.buy, "0.001", at: "90000", for: floor.other)
        #expect(floor.executions(of: "b").count == 1)
    }

    @Test func `an amendment through the touch trades as a taker`() throws {
        var floor = try Floor([scripted(opening: [resting(1, .sell, "0.004", at: "90000")])])
        try floor.place(.buy, "0.010", at: "89999", link: "a")
        try floor.amend("a", price: "90000")
        #expect(floor.executions(of: "a") == ["0.004 @ 90000.0"])
        #expect(floor.executions.first?.isMaker == false)
        #expect(floor.states(of: "a") == ["New", "New", "PartiallyFilled"])
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.count == 1)
    }

    @Test func `an account may trade with itself and ends flat, two fees poorer`() throws {
        var floor = try Floor([scripted()])
        try floor.place(.sell, "0.010", at: "90000", link: "a")
        try floor.place(.buy, "0.010", at: "90000", link: "b")
        #expect(floor.position()?.side == nil)
        #expect(Set(floor.executions.map(\.executionID)).count == 2)
        // 900 × (0.0002 + 0.00055)
        #expect(floor.balance().description == "99999.325")
    }

    @Test func `all of one match share its sequence, and a later match has a higher one`() throws {
        var floor = try Floor([scripted()])
        floor.exchange.activate(.trades(btc))
        try floor.place(.sell, "0.010", at: "90000", for: floor.other)
        try floor.place(.sell, "0.010", at: "90000.1", for: floor.other)
        try floor.place(.buy, "0.020", at: "90001")
        let sequences = Set(floor.executions.map(\.crossSequence))
        #expect(floor.executions.count == 4)
        #expect(sequences.count == 1)
        var trades: [PublicTrade] = []
        for case .trades(_, let rows) in floor.output.events.map(\.event) { trades += rows }
        #expect(trades.map(\.crossSequence) == Array(sequences) + Array(sequences))
        #expect(floor.position()?.crossSequence == sequences.first)
        try floor.place(.sell, "0.001", at: "90000", for: floor.other)
        try floor.place(.buy, "0.001", at: "90000")
        #expect((floor.executions.last?.crossSequence ?? 0) > (sequences.first ?? .max))
    }

    @Test func `private events come as order, executions, order state, position, wallet`() throws {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .sell, "0.004", at: "90000"), resting(2, .sell, "0.004", at: "90001"),
            ])
        ])
        try floor.place(.buy, "0.008", at: "90001")
        let words = floor.output.events.map { event in
            switch event.event {
            case .order(_, let told): "order \(told.row.status.name)"
            case .execution: "execution"
            case .position: "position"
            case .wallet: "wallet"
            default: "public"
            }
        }
        #expect(
            words == ["order New", "execution", "execution", "order Filled", "position", "wallet"]
        )
    }
}
