import Market
import Simulation
import Testing

@Suite struct OrderTypeTests {
    struct Case: Sendable {
        var name: String
        var quantity: String
        var price: String?
        var timeInForce: TimeInForce
        var states: [String]
        var filled: String
        var isOpen = false
    }

    /// Against asks of 0.010 at 90,000 and 0.010 at 90,001.
    static let cases: [Case] = [
        Case(
            name: "a limit order below the touch rests",
            quantity: "0.005",
            price: "89999",
            timeInForce: .goodTillCancelled,
            states: ["New"],
            filled: "0",
            isOpen: true
        ),
        Case(
            name: "a limit order that crosses whole is filled",
            quantity: "0.015",
            price: "90001",
            timeInForce: .goodTillCancelled,
            states: ["New", "Filled"],
            filled: "0.015"
        ),
        Case(
            name: "a limit order that crosses in part rests",
            quantity: "0.015",
            price: "90000",
            timeInForce: .goodTillCancelled,
            states: ["New", "PartiallyFilled"],
            filled: "0.010",
            isOpen: true
        ),
        Case(
            name: "a market order takes what it needs",
            quantity: "0.015",
            price: nil,
            timeInForce: .goodTillCancelled,
            states: ["New", "Filled"],
            filled: "0.015"
        ),
        Case(
            name: "a market order leaves nothing behind",
            quantity: "0.030",
            price: nil,
            timeInForce: .goodTillCancelled,
            states: ["New", "Cancelled EC_CancelForNoFullFill"],
            filled: "0.020"
        ),
        Case(
            name: "an immediate order ends after its part",
            quantity: "0.015",
            price: "90000",
            timeInForce: .immediateOrCancel,
            states: ["New", "Cancelled EC_CancelForNoFullFill"],
            filled: "0.010"
        ),
        Case(
            name: "an immediate order that finds nothing ends",
            quantity: "0.015",
            price: "89000",
            timeInForce: .immediateOrCancel,
            states: ["New", "Cancelled EC_NoImmediateQtyToFill"],
            filled: "0"
        ),
        Case(
            name: "a fill-or-kill order that fits is filled",
            quantity: "0.020",
            price: "90001",
            timeInForce: .fillOrKill,
            states: ["New", "Filled"],
            filled: "0.020"
        ),
        Case(
            name: "a fill-or-kill order that does not fit trades nothing",
            quantity: "0.021",
            price: "90001",
            timeInForce: .fillOrKill,
            states: ["Cancelled EC_CancelForNoFullFill"],
            filled: "0"
        ),
        Case(
            name: "a post-only order below the touch rests",
            quantity: "0.005",
            price: "89999.9",
            timeInForce: .postOnly,
            states: ["New"],
            filled: "0",
            isOpen: true
        ),
        Case(
            name: "a post-only order that would cross ends",
            quantity: "0.005",
            price: "90000",
            timeInForce: .postOnly,
            states: ["Cancelled EC_PostOnlyWillTakeLiquidity"],
            filled: "0"
        ),
    ]

    @Test(arguments: cases)
    func `each kind of order goes through its states`(_ order: Case) throws {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .sell, "0.010", at: "90000"), resting(2, .sell, "0.010", at: "90001"),
            ])
        ])
        let reply = try floor.place(
            .buy,
            order.quantity,
            at: order.price,
            order.timeInForce,
            link: "x"
        )
        #expect(reply.isAccepted)
        #expect(floor.states(of: "x") == order.states, "\(order.name)")
        let query = RowQuery(orderLinkID: "x")
        let row = try #require(floor.exchange.orderHistory(floor.main, query).rows.first)
        #expect(row.filledQuantity == (try Numeral(text: order.filled)), "\(order.name)")
        #expect(row.status.isClosed != order.isOpen)
        #expect(floor.exchange.openOrders(floor.main, query).rows.isEmpty != order.isOpen)
        #expect(floor.orders.last { $0.orderLinkID == "x" } == row)
        #expect(floor.exchange.brokenInvariant() == nil)
    }

    @Test func `the average price of an order is its value over its quantity`() throws {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .sell, "0.001", at: "90000"), resting(2, .sell, "0.002", at: "90000.1"),
            ])
        ])
        try floor.place(.buy, "0.003", at: "90001", link: "x")
        let row = try #require(floor.orders.last)
        #expect(row.averagePrice?.description == "90000.06666667")
        #expect(row.filledValue.description == "270.0002")
        #expect(row.filledFee.description == "0.14850011")
    }

    @Test func `a cancelled order says who cancelled it and is gone`() throws {
        var floor = try Floor([scripted()])
        try floor.place(.buy, "0.005", at: "89000", link: "x")
        let reply = floor.cancel("x")
        #expect(reply.isAccepted)
        #expect(floor.states(of: "x") == ["New", "Cancelled EC_PerCancelRequest"])
        #expect(floor.orders.last?.cancelType == "CancelByUser")
        #expect(floor.orders.last?.leavesQuantity?.isZero == true)
        #expect(floor.cancel("x").code == 110001)
        #expect(floor.cancel("x").message == "order not exists or too late to cancel")
        #expect(try floor.amend("x", price: "89001").code == 110001)
        #expect(
            try floor.amend("x", price: "89001").message
                == "order not exists or too late to replace"
        )
    }

    @Test func `cancel-all ends every open order of the account and no other's`() throws {
        var floor = try Floor([scripted()])
        for price in ["89000", "89001", "89002"] { try floor.place(.buy, "0.005", at: price) }
        try floor.place(.buy, "0.005", at: "89003", for: floor.other)
        let reply = floor.exchange.cancelAll(.linear, for: floor.main, into: &floor.output)
        #expect(reply.cancelled.map(\.orderLinkID) == ["t1", "t2", "t3"])
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.isEmpty)
        #expect(floor.exchange.openOrders(floor.other, RowQuery()).rows.count == 1)
    }

    // MARK: - Reduce-only

    @Test func `a reduce-only order is cut to the position`() throws {
        var floor = try Floor([scripted(opening: [resting(1, .sell, "0.010", at: "90000")])])
        try floor.place(.buy, "0.010", at: "90000")
        try floor.place(.sell, "0.025", at: "90005", reduceOnly: true, link: "x")
        #expect(floor.orders.last?.quantity.description == "0.010")
    }

    @Test func `a resting reduce-only order shrinks and goes with its position`() throws {
        var floor = try Floor([scripted(opening: [resting(1, .sell, "0.010", at: "90000")])])
        try floor.place(.buy, "0.010", at: "90000")
        try floor.place(.sell, "0.010", at: "90010", reduceOnly: true, link: "x")
        try floor.place(.buy, "0.020", at: "90005", for: floor.other)
        try floor.place(.sell, "0.004", at: "90005")
        #expect(floor.orders.last { $0.orderLinkID == "x" }?.quantity.description == "0.006")
        try floor.place(.sell, "0.006", at: "90005")
        #expect(floor.orders.last { $0.orderLinkID == "x" }?.status == .cancelled)
        #expect(
            floor.orders.last { $0.orderLinkID == "x" }?.cancelType == "CancelByReduceOnly"
        )
        #expect(floor.position()?.side == nil)
        #expect(floor.exchange.brokenInvariant() == nil)
    }

    @Test func `reduce-only orders never turn a position within one match`() throws {
        var floor = try Floor([scripted(opening: [resting(1, .sell, "0.010", at: "90000")])])
        try floor.place(.buy, "0.010", at: "90000")
        try floor.place(.sell, "0.008", at: "90009", link: "plain")
        try floor.place(.sell, "0.010", at: "90010", reduceOnly: true, link: "a")
        try floor.place(.sell, "0.010", at: "90011", reduceOnly: true, link: "b")
        try floor.place(.buy, "0.030", at: "90020", for: floor.other)
        #expect(floor.position()?.side == nil)
        #expect(floor.executions(of: "a") == ["0.002 @ 90010.0"])
        #expect(floor.executions(of: "b").isEmpty)
        #expect(floor.orders.last { $0.orderLinkID == "b" }?.cancelType == "CancelByReduceOnly")
        #expect(floor.exchange.brokenInvariant() == nil)
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.isEmpty)
    }
}
