import Market
import Simulation
import Testing

/// Self-match prevention, price limits, batches, cancel-all and spot orders.
@Suite struct RequestKindTests {
    // MARK: - Self-match prevention

    @Test(
        arguments: [
            (.none, ["Filled"], ["New", "Filled"], "0.010"),
            (.cancelMaker, ["Cancelled EC_BySelfMatch"], ["New", "Filled"], "0.010"),
            (.cancelTaker, [], ["New", "Cancelled EC_BySelfMatch"], "0"),
            (.cancelBoth, ["Cancelled EC_BySelfMatch"], ["New", "Cancelled EC_BySelfMatch"], "0"),
        ] as [(SelfMatchPrevention, [String], [String], String)]
    )
    func `the incoming order says what meets one of its own account`(
        kind: SelfMatchPrevention,
        maker: [String],
        taker: [String],
        filled: String
    ) throws {
        var floor = try Floor([
            scripted(opening: [resting(1, .sell, "0.010", at: "90001")])
        ])
        try floor.place(.sell, "0.010", at: "90000", link: "maker")
        try floor.place(.buy, "0.010", at: "90001", link: "taker") { $0.selfMatch = kind }
        #expect(floor.states(of: "maker") == ["New"] + maker)
        #expect(floor.states(of: "taker") == taker)
        let sum = try floor.executions.filter { $0.orderLinkID == "taker" }
            .reduce(0) { try $0 + $1.quantity.units(decimals: 3) }
        #expect(try sum == Numeral(text: filled).units(decimals: 3))
        // What ended names the other, and nothing else does.
        func last(_ link: String) -> OrderUpdate? { floor.orders.last { $0.orderLinkID == link } }
        for (link, other) in [("maker", "taker"), ("taker", "maker")] {
            let isEnded = last(link)?.rejectReason == "EC_BySelfMatch"
            let named = last(link)?.details?.selfMatchOrderID ?? ""
            #expect(named == (isEnded ? last(other)?.orderID : ""))
        }
        if kind == .cancelBoth {
            #expect(floor.orders.last { $0.status.isClosed }?.cancelType == "CancelBySmp")
        }
    }

    @Test func `fill-or-kill does not count orders of its own account`() throws {
        var floor = try Floor([
            scripted(opening: [resting(1, .sell, "0.010", at: "90001")])
        ])
        try floor.place(.sell, "0.010", at: "90000", link: "mine")
        try floor.place(.buy, "0.020", at: "90001", .fillOrKill, link: "x") {
            $0.selfMatch = .cancelMaker
        }
        #expect(floor.states(of: "x") == ["Cancelled EC_CancelForNoFullFill"])
        #expect(floor.states(of: "mine") == ["New"])
    }

    // MARK: - Price limits

    @Test func `contracts are clamped to the limits, and everything downstream has that price`()
        throws
    {
        let limits = Numeral(mantissa: 1, decimals: 2)
        var floor = try Floor([scripted(limits: limits)])
        let band = try #require(floor.exchange.priceLimits(btc))
        #expect(band.highestBuy == Price(units: 909_000))
        #expect(band.lowestSell == Price(units: 891_000))
        try floor.place(.buy, "0.010", at: "95000", link: "b")
        try floor.place(.sell, "0.010", at: "80000", link: "s", for: floor.other)
        #expect(floor.orders.first?.price?.description == "90900.0")
        #expect(floor.executions.map(\.price.description) == ["90900.0", "90900.0"])
        #expect(
            floor.executions.map(\.orderPrice?.description) == ["89100.0", "90900.0"].reversed()
                || floor.executions.map(\.orderPrice?.description) == ["90900.0", "89100.0"]
        )
        try floor.place(.buy, "0.010", at: "89000", link: "a")
        #expect(try floor.amend("a", price: "99000").code == 0)
        #expect(floor.orders.last { $0.orderLinkID == "a" }?.price?.description == "90900.0")
    }

    // MARK: - Batches and cancel-all

    @Test func `each request of a batch has its own answer`() throws {
        var floor = try Floor([scripted()])
        let requests = try ["90000", "90000.03", "89999"].map { price in
            OrderRequest(
                instrument: btc,
                orderLinkID: "b\(price.count)\(price.hasSuffix("9"))",
                side: .buy,
                quantity: try Numeral(text: "0.001"),
                price: try Numeral(text: price)
            )
        }
        let replies = floor.exchange.placeBatch(
            requests.map { ($0, OrderOptions()) },
            for: floor.main,
            into: &floor.output
        )
        #expect(replies.map(\.code) == [0, 10001, 0])
        let ended = floor.exchange.cancelBatch(
            replies.map { CancelRequest(instrument: btc, orderLinkID: "", orderID: $0.orderID) },
            for: floor.main,
            into: &floor.output
        )
        #expect(ended.map(\.code) == [0, 110001, 0])
    }

    @Test(
        arguments: [
            (nil, "", 3), (.order, "", 1), (.stopOrder, "", 2), (.stopOrder, "Stop", 1),
        ] as [(OrderFilter?, String, Int)]
    )
    func `cancel-all takes the kinds it is told`(
        filter: OrderFilter?,
        type: String,
        count: Int
    ) throws {
        var floor = try Floor([
            scripted(opening: [resting(1, .sell, "0.010", at: "90000")])
        ])
        try floor.place(.buy, "0.010", at: "90000") { options in
            options.stopLoss = ExitTerms(price: try Numeral(text: "80000"))
        }
        try floor.place(.buy, "0.010", at: "89000")
        try floor.place(.buy, "0.010", at: "92000") { options in
            options.triggerPrice = try Numeral(text: "91000")
            options.triggerDirection = 1
        }
        var wanted = CancelAllFilter()
        wanted.filter = filter
        wanted.stopOrderType = type
        wanted.settleCoin = "USDT"
        let reply = floor.exchange.cancelAll(
            .linear,
            wanted,
            for: floor.main,
            into: &floor.output
        )
        #expect(reply.cancelled.count == count)
    }

    // MARK: - Spot

    private let spot = InstrumentID(.spot, btc.symbol)

    private func spotFloor(_ opening: [MarketAction]) throws -> Floor {
        var listing = try scripted(id: spot, opening: opening)
        listing.instrument.fundingIntervalMinutes = nil
        return try Floor([listing], deposits: ["10000", "10000"], coins: ["USDT", "BTC"])
    }

    @Test func `a spot order swaps two coins, and the fee is in what is received`() throws {
        var floor = try spotFloor([
            resting(1, .sell, "0.010", at: "90000"), resting(2, .buy, "0.010", at: "89000"),
        ])
        try floor.place(.buy, "0.010", at: "90000", on: spot)
        #expect(floor.balance(floor.main, "USDT").description == "9100")
        #expect(floor.balance(floor.main, "BTC").description == "10000.00999")
        #expect(floor.executions.last?.feeCoin == "BTC")
        try floor.place(.sell, "0.010", at: "89000", on: spot)
        #expect(floor.balance(floor.main, "USDT").description == "9989.11")
        #expect(floor.balance(floor.main, "BTC").description == "9999.99999")
        #expect(floor.executions.last?.feeCoin == "USDT")
        let rows = floor.exchange.transactionLog(floor.main, RowQuery(category: .spot)).rows
        #expect(rows.prefix(2).map(\.change.description) == ["889.11", "-0.01"])
        // The change of each coin, before the fee.
        #expect(rows.prefix(4).map(\.quantity?.description) == ["890", "-0.01", "-900", "0.01"])
        #expect(floor.exchange.position(floor.main, spot) == nil)
    }

    @Test func `a resting spot order holds its coins until it ends`() throws {
        var floor = try spotFloor([])
        try floor.place(.buy, "0.100", at: "90000", link: "a", on: spot)
        #expect(floor.exchange.wallet(floor.main).coins.first?.locked?.description == "9000")
        #expect(try floor.place(.buy, "0.100", at: "90000", on: spot).code == 170131)
        _ = floor.exchange.cancel(
            CancelRequest(instrument: spot, orderLinkID: "a"),
            for: floor.main,
            into: &floor.output
        )
        #expect(floor.exchange.wallet(floor.main).coins.first?.locked == .zero)
        #expect(try floor.place(.buy, "0.100", at: "90000", on: spot).code == 0)
    }

    @Test func `a market order by value spends what it can, and the rest is no error`() throws {
        var floor = try spotFloor([
            resting(1, .sell, "0.010", at: "90000"), resting(2, .sell, "0.010", at: "90100"),
        ])
        // 900 for the first level, one step of the second with 90.1 of the 150 left.
        try floor.place(.buy, "1050", link: "v", on: spot)
        #expect(floor.executions(of: "v") == ["0.010 @ 90000.0", "0.001 @ 90100.0"])
        #expect(floor.orders.last?.status == .partiallyFilledCanceled)
        #expect(floor.orders.last?.quantity.description == "1050")
        #expect(floor.orders.last?.details?.marketUnit == "quoteCoin")
        try floor.place(.buy, "90.1", link: "w", on: spot)
        #expect(floor.states(of: "w") == ["New", "Filled"])
        try floor.place(.buy, "0.003", link: "u", on: spot) { $0.isQuoteQuantity = false }
        #expect(floor.executions(of: "u") == ["0.003 @ 90100.0"])
    }

    @Test func `a spot order beyond the limits is refused`() throws {
        var listing = try scripted(id: spot, limits: Numeral(mantissa: 1, decimals: 2))
        listing.instrument.fundingIntervalMinutes = nil
        var floor = try Floor([listing], coins: ["USDT", "BTC"])
        #expect(try floor.place(.buy, "0.010", at: "92000", on: spot).code == 170132)
        #expect(try floor.place(.sell, "0.010", at: "88000", on: spot).code == 170133)
        #expect(try floor.place(.buy, "0.010", at: "80000", on: spot).code == 0)
    }

    @Test func `a cancelled spot order with fills says so, one that waited is deactivated`()
        throws
    {
        var floor = try spotFloor([resting(1, .sell, "0.010", at: "90000")])
        try floor.place(.buy, "0.020", at: "90000", link: "p", on: spot)
        try floor.place(.buy, "0.010", at: "92000", link: "s", on: spot) { options in
            options.triggerPrice = try Numeral(text: "91000")
            options.filter = .stopOrder
        }
        for link in ["p", "s"] {
            _ = floor.exchange.cancel(
                CancelRequest(instrument: spot, orderLinkID: link),
                for: floor.main,
                into: &floor.output
            )
        }
        #expect(floor.states(of: "p").last == "PartiallyFilledCanceled EC_PerCancelRequest")
        #expect(floor.states(of: "s") == ["Untriggered", "Deactivated EC_PerCancelRequest"])
    }
}
