import Market
import Simulation
import Testing

/// Conditional orders, exits and trailing stops go through the states of bybit-v5 §4.9.
@Suite struct ConditionalOrderTests {
    private func trigger(
        _ price: String,
        _ direction: Int,
        _ by: TriggerSource = .mark
    ) throws -> (inout OrderOptions) throws -> Void {
        let price = try Numeral(text: price)
        return { options in
            options.triggerPrice = price
            options.triggerDirection = direction
            options.triggerBy = by
        }
    }

    @Test func `a conditional order waits, is triggered by the mark price, and works`() throws {
        let listing = try scripted(
            opening: [resting(1, .sell, "0.010", at: "90100")],
            steps: [moment(1, mark: "90050"), moment(2, mark: "90100")]
        )
        var floor = try Floor([listing])
        try floor.place(.buy, "0.010", at: "90100", link: "c", options: trigger("90100", 1))
        #expect(floor.states(of: "c") == ["Untriggered"])
        floor.advance(second)
        #expect(floor.states(of: "c") == ["Untriggered"])
        floor.advance(second)
        #expect(floor.states(of: "c") == ["Untriggered", "Triggered", "New", "Filled"])
        #expect(floor.orders.last?.details?.stopOrderType == "Stop")
        #expect(floor.orders.last?.details?.createType == "CreateByStopOrder")
    }

    @Test func `a trigger by the last price follows trades, in order of arrival`() throws {
        let listing = try scripted(
            opening: [
                resting(1, .buy, "0.010", at: "89900"), resting(2, .sell, "0.010", at: "90100"),
            ],
            steps: [moment(1, mark: nil, [taking(.sell, "0.001", to: "89900")])]
        )
        var floor = try Floor([listing])
        try floor.place(.sell, "0.002", link: "a", options: trigger("89900", 2, .last))
        try floor.place(.sell, "0.002", link: "b", options: trigger("89950", 2, .last))
        floor.advance(second)
        #expect(floor.executions.map(\.orderLinkID) == ["a", "b"])
        #expect(floor.states(of: "b") == ["Untriggered", "Triggered", "New", "Filled"])
    }

    @Test func `a trigger on the wrong side of its price is refused`() throws {
        var floor = try Floor([scripted()])
        let rising = try floor.place(.buy, "0.010", at: "90000", options: trigger("89000", 1))
        #expect(rising.code == 110092)
        #expect(rising.message == "expect Rising, but trigger_price[89000.0] <= current[90000.0]")
        #expect(
            try floor.place(.buy, "0.010", at: "90000", options: trigger("91000", 2)).code == 110093
        )
        #expect(
            try floor.place(.buy, "0.010", at: "90000", options: trigger("91000", 0)).code == 10001
        )
        for count in 0..<11 {
            let reply = try floor.place(.buy, "0.010", at: "90000", options: trigger("91000", 1))
            #expect(reply.code == (count < 10 ? 0 : 110009))
        }
    }

    @Test func `a waiting order is amended and cancelled`() throws {
        let listing = try scripted(steps: [moment(1, mark: "91000")])
        var floor = try Floor([listing])
        try floor.place(.buy, "0.010", at: "90000", link: "c", options: trigger("91000", 1))
        var change = AmendOptions()
        change.triggerPrice = try Numeral(text: "92000")
        let reply = floor.exchange.amend(
            AmendRequest(instrument: btc, orderLinkID: "c"),
            change,
            for: floor.main,
            into: &floor.output
        )
        #expect(reply.code == 0)
        floor.advance(second)
        #expect(floor.states(of: "c") == ["Untriggered", "Untriggered"])
        floor.cancel("c")
        #expect(floor.states(of: "c").last == "Cancelled EC_PerCancelRequest")
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.isEmpty)
    }

    @Test func `an order without funds when triggered is rejected`() throws {
        let listing = try scripted(steps: [moment(1, mark: "91000")])
        var floor = try Floor([listing], deposits: ["100"])
        try floor.place(.buy, "1", at: "91000", link: "c", options: trigger("91000", 1))
        floor.advance(second)
        #expect(floor.states(of: "c") == ["Untriggered", "Triggered", "Rejected EC_Others"])
    }

    // MARK: - Exits

    private func withExits(
        _ mode: ExitMode,
        _ steps: [ScriptedMarket.Step],
        limit: String? = nil
    ) throws -> Floor {
        let listing = try scripted(
            opening: [
                resting(1, .sell, "0.010", at: "90000"), resting(2, .buy, "1", at: "88000"),
                resting(3, .sell, "1", at: "95000"),
            ],
            steps: steps
        )
        var floor = try Floor([listing])
        try floor.place(.buy, "0.010", at: "90000", link: "in") { options in
            options.exitMode = mode
            options.takeProfit = ExitTerms(
                price: try Numeral(text: "92000"),
                by: .mark,
                limit: try limit.map { text in try Numeral(text: text) }
            )
            options.stopLoss = ExitTerms(price: try Numeral(text: "89000"), by: .mark)
        }
        return floor
    }

    @Test func `exits of the whole position arise with the fill, and go with the position`()
        throws
    {
        var floor = try withExits(.full, [moment(1, mark: "88900")])
        let waiting = floor.exchange.openOrders(floor.main, RowQuery()).rows
        #expect(waiting.map { $0.details?.stopOrderType } == ["StopLoss", "TakeProfit"])
        #expect(waiting.allSatisfy { $0.status == .untriggered && $0.reduceOnly })
        #expect(waiting.allSatisfy { $0.details?.parentOrderLinkID == "in" })
        floor.advance(second)
        #expect(floor.position()?.side == nil)
        #expect(floor.executions.last?.price.description == "88000.0")
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.isEmpty)
        let ended = floor.orders.filter { $0.status.isClosed && $0.orderLinkID.isEmpty }
        #expect(ended.map(\.status) == [.filled, .deactivated])
        #expect(ended.last?.cancelType == "CancelByTpSlTsClear")
    }

    @Test func `of partial exits one goes when the other is triggered, with a limit if wanted`()
        throws
    {
        var floor = try withExits(.partial, [moment(1, mark: "92000")], limit: "92500")
        #expect(floor.exchange.openOrders(floor.main, RowQuery()).rows.count == 2)
        floor.advance(second)
        let open = floor.exchange.openOrders(floor.main, RowQuery()).rows
        #expect(open.map(\.price?.description) == ["92500.0"])
        #expect(open.first?.details?.stopOrderType == "PartialTakeProfit")
        #expect(open.first?.status == .new)
    }

    @Test func `exits on the wrong side are refused`() throws {
        var floor = try Floor([scripted()])
        let reply = try floor.place(.buy, "0.010", at: "90000") { options in
            options.takeProfit = ExitTerms(price: try Numeral(text: "89000"))
        }
        #expect(reply.code == 10001)
        #expect(reply.message.contains("takeProfit"))
    }

    @Test func `a trailing stop follows the last price from its activation on`() throws {
        let listing = try scripted(
            opening: [
                resting(1, .sell, "0.010", at: "90000"), resting(2, .buy, "1", at: "89000"),
            ],
            steps: [
                // Below the activation a fall does nothing.
                moment(1, mark: nil, [taking(.sell, "0.001", to: "89000")]),
                moment(
                    2,
                    mark: nil,
                    [
                        resting(3, .sell, "0.001", at: "91000"),
                        taking(.buy, "0.001", to: "91000"),
                        resting(4, .sell, "0.001", at: "92000"),
                        taking(.buy, "0.001", to: "92000"),
                    ]
                ),
                moment(
                    3,
                    mark: nil,
                    [
                        resting(5, .buy, "0.001", at: "91600"),
                        taking(.sell, "0.001", to: "91600"),
                        resting(6, .buy, "0.020", at: "91500"),
                        taking(.sell, "0.001", to: "91500"),
                    ]
                ),
            ]
        )
        var floor = try Floor([listing])
        try floor.place(.buy, "0.010", at: "90000", link: "in")
        var stop = TradingStop(instrument: btc)
        stop.trailingStop = try Numeral(text: "500")
        stop.activePrice = try Numeral(text: "91000")
        #expect(
            floor.exchange.setTradingStop(stop, for: floor.main, into: &floor.output).code == 0
        )
        floor.advance(second)
        floor.advance(second)
        #expect(floor.position()?.size.description == "0.010")
        floor.advance(second)
        #expect(floor.position()?.side == nil)
        #expect(floor.executions.last?.price.description == "91500.0")
    }

    @Test func `a position-level stop is set, replaced and removed`() throws {
        var floor = try Floor([
            scripted(opening: [resting(1, .sell, "0.010", at: "90000")])
        ])
        var stop = TradingStop(instrument: btc)
        stop.stopLoss = ExitTerms(price: try Numeral(text: "89000"))
        #expect(floor.setStop(stop).code == 110033)
        try floor.place(.buy, "0.010", at: "90000")
        #expect(floor.setStop(stop).code == 0)
        stop.stopLoss = ExitTerms(price: try Numeral(text: "88000"))
        #expect(floor.setStop(stop).code == 0)
        var open = floor.exchange.openOrders(floor.main, RowQuery()).rows
        #expect(open.map { $0.details?.triggerPrice?.description } == ["88000.0"])
        #expect(open.map { $0.details?.parentOrderLinkID } == [""])
        stop.stopLoss = ExitTerms(price: .zero)
        #expect(floor.setStop(stop).code == 0)
        open = floor.exchange.openOrders(floor.main, RowQuery()).rows
        #expect(open.isEmpty)
    }

    @Test func `close-on-trigger closes what is there, never more`() throws {
        let listing = try scripted(
            opening: [
                resting(1, .sell, "0.010", at: "90000"), resting(2, .buy, "1", at: "88000"),
            ],
            steps: [moment(1, mark: "89000")]
        )
        var floor = try Floor([listing])
        try floor.place(.buy, "0.010", at: "90000")
        try floor.place(.sell, "0.500", link: "close") { options in
            options.triggerPrice = try Numeral(text: "89000")
            options.triggerDirection = 2
            options.triggerBy = .mark
            options.closeOnTrigger = true
        }
        floor.advance(second)
        #expect(floor.position()?.side == nil)
        #expect(floor.executions(of: "close") == ["0.010 @ 88000.0"])
        #expect(floor.states(of: "close").last == "Filled")
    }
}
