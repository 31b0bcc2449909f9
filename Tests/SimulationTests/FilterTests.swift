import Market
import Simulation
import Testing

@Suite struct FilterTests {
    struct Case: Sendable {
        var name: String
        var quantity = "0.010"
        var price: String? = "90000"
        var timeInForce = TimeInForce.goodTillCancelled
        var reduceOnly = false
        var link: String?
        var instrument = btc
        var code: Int
        var words: String
    }

    static let cases: [Case] = [
        Case(name: "a price off the tick", price: "90000.05", code: 10001, words: "price 90000.05"),
        Case(name: "a negative price", price: "-90000", code: 10001, words: "price -90000"),
        Case(name: "a price above the range", price: "500000.1", code: 110003, words: "range"),
        Case(name: "a quantity off the step", quantity: "0.0105", code: 10001, words: "0.0105"),
        Case(name: "no quantity", quantity: "0", code: 10001, words: "qty 0"),
        Case(name: "a negative quantity", quantity: "-1", code: 10001, words: "qty -1"),
        Case(name: "a quantity above the most", quantity: "100.001", code: 10001, words: "exceeds"),
        Case(
            name: "a market quantity above its most",
            quantity: "50.001",
            price: nil,
            code: 10001,
            words: "exceeds"
        ),
        Case(
            name: "a value below the least",
            quantity: "0.001",
            price: "4999.9",
            code: 110094,
            words: "Order does not meet minimum order value 5USDT"
        ),
        Case(
            name: "more than the balance carries",
            quantity: "12",
            code: 110007,
            words: "ab not enough for new order"
        ),
        Case(
            name: "nothing to reduce",
            reduceOnly: true,
            code: 110017,
            words: "current position is zero, cannot fix reduce-only order qty"
        ),
        Case(
            name: "a link id used before",
            link: "used",
            code: 110072,
            words: "OrderLinkedID is duplicate"
        ),
        Case(name: "a link id with a space", link: "a b", code: 10001, words: "orderLinkId"),
        Case(
            name: "a link id of 37",
            link: String(repeating: "x", count: 37),
            code: 10001,
            words: "orderLinkId"
        ),
        Case(
            name: "an unknown time in force",
            timeInForce: .other("RPI"),
            code: 10001,
            words: "timeInForce RPI"
        ),
        Case(
            name: "an unknown symbol",
            instrument: InstrumentID(.linear, Symbol("NONE") ?? .none),
            code: 10001,
            words: "Not supported symbols"
        ),
    ]

    @Test(arguments: cases)
    func `a request that does not fit is refused with Bybit's code and changes nothing`(
        _ order: Case
    ) throws {
        var floor = try Floor([scripted()])
        try floor.place(.buy, "0.001", at: "80000", link: "used")
        floor.cancel("used")
        floor.output.removeAll()
        let reply = try floor.place(
            .buy,
            order.quantity,
            at: order.price,
            order.timeInForce,
            reduceOnly: order.reduceOnly,
            link: order.link,
            on: order.instrument
        )
        #expect(reply.code == order.code, "\(order.name)")
        #expect(reply.message.contains(order.words), "\(reply.message)")
        #expect(reply.orderID.isEmpty)
        #expect(floor.output.events.isEmpty)
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.isEmpty)
    }

    @Test(arguments: [
        ("0.001", "90000"), ("100", "90000"), ("0.001", "5000"), ("0.001", "500000"),
    ])
    func `numbers at the ends of their ranges are taken`(quantity: String, price: String) throws {
        var floor = try Floor([scripted()], deposits: ["100000000"])
        #expect(try floor.place(.buy, quantity, at: price).code == 0)
    }

    @Test func `the 501st open order of a symbol is refused`() throws {
        var floor = try Floor([scripted()], deposits: ["10000000"])
        for _ in 0..<500 { #expect(try floor.place(.buy, "0.001", at: "80000").code == 0) }
        #expect(try floor.place(.buy, "0.001", at: "80000").code == 110020)
    }

    @Test(
        arguments: [
            // Filled 0.004 of 0.010 at 90,000.
            (quantity: "0.004", price: nil, code: 110064),
            (quantity: "0.003", price: nil, code: 110064),
            (quantity: "0.005", price: nil, code: 0),
            (quantity: "0.010", price: "90000", code: 10001),
            (quantity: nil, price: "90000.03", code: 10001),
            (quantity: "200", price: nil, code: 10001),
            (quantity: "20", price: nil, code: 110007),
            (quantity: nil, price: "600000", code: 110003),
            (quantity: "0.020", price: "90000.1", code: 0),
        ] as [(quantity: String?, price: String?, code: Int)]
    )
    func `an amendment is judged like an order, and may not go below what is filled`(
        quantity: String?,
        price: String?,
        code: Int
    ) throws {
        var floor = try Floor([scripted()])
        try floor.place(.buy, "0.010", at: "90000", link: "x")
        try floor.place(.sell, "0.004", at: "90000", for: floor.other)
        #expect(try floor.amend("x", quantity: quantity, price: price).code == code)
    }

    @Test func `margin of open orders counts until they are cancelled`() throws {
        // 100,000 at leverage 10 carries a little less than 11.11 BTC at 90,000.
        var floor = try Floor([scripted()])
        #expect(try floor.place(.buy, "6", at: "90000", link: "a").code == 0)
        #expect(try floor.place(.buy, "6", at: "90000").code == 110007)
        // The other side needs no more than the larger of both.
        #expect(try floor.place(.sell, "6", at: "91000").code == 0)
        floor.cancel("a")
        #expect(try floor.place(.buy, "6", at: "90000").code == 0)
    }
}
