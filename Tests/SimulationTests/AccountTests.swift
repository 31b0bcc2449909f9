import Market
import Simulation
import Testing

@Suite struct AccountTests {
    /// bybit-v5.md §9.1: a maker fill of 0.010 at 90,000 and a taker fill of 0.030 at 90,400.
    private func example(faults: [AccountingFault] = []) throws -> Floor {
        let listing = try scripted(
            opening: [
                resting(1, .sell, "0.030", at: "90400"), resting(2, .buy, "1", at: "91000.0"),
            ].dropLast(),
            steps: [
                ScriptedMarket.Step(
                    time: start.advanced(nanoseconds: second),
                    actions: [try taking(.sell, "0.010", to: "90000")]
                ),
                ScriptedMarket.Step(
                    time: start.advanced(nanoseconds: 2 * second),
                    reference: ReferencePrices(
                        mark: Price(units: 910_000),
                        index: Price(units: 910_000)
                    ),
                    actions: [try resting(2, .buy, "0.100", at: "91000")]
                ),
            ]
        )
        var floor = try Floor([listing], deposits: ["10000"], faults: faults)
        try floor.place(.buy, "0.010", at: "90000", link: "first")
        floor.advance(second)
        try floor.place(.buy, "0.030", at: "90400", link: "second")
        floor.advance(second)
        return floor
    }

    @Test func `the worked example of the reference comes out to the last digit`() throws {
        var floor = try example()
        #expect(floor.executions.map(\.fee.description) == ["0.18", "1.4916"])
        #expect(floor.executions.map(\.isMaker) == [true, false])
        let open = try #require(floor.position())
        #expect(open.side == .buy)
        #expect(open.size.description == "0.040")
        #expect(open.entryPrice?.description == "90300")
        #expect(open.positionValue?.description == "3612")
        #expect(open.unrealisedPnL?.description == "28")
        #expect(open.currentRealisedPnL?.description == "-1.6716")
        let margin = try #require(floor.exchange.margin(floor.main, btc))
        #expect(margin.breakEvenPrice?.description == "90391.505")
        #expect(margin.initialMargin.description == "364")
        #expect(margin.maintenanceMargin.description == "18.2")

        try floor.place(.sell, "0.020", at: "91000", link: "close")
        let close = try #require(floor.executions.last)
        #expect(close.realisedPnL?.description == "14")
        #expect(close.closedQuantity?.description == "0.020")
        #expect(close.fee.description == "1.001")
        #expect(close.feeRate?.description == "0.00055")
        #expect(floor.position()?.entryPrice?.description == "90300")
        #expect(floor.position()?.unrealisedPnL?.description == "14")
        #expect(floor.balance().description == "10011.3274")
        // `execPnl` is the log's `cashFlow`.
        let flow = try #require(floor.exchange.transactionLog(floor.main, RowQuery()).rows.first)
        #expect(flow.cashFlow == close.realisedPnL && flow.change.description == "12.999")
        // `closedPnl`: the gross gain less the closing fee and its half of the opening fees.
        let row = try #require(
            floor.exchange.closedPnL(floor.main, .linear, btc, since: 0, until: .max).first
        )
        #expect(row.openFee?.description == "0.8358" && row.closeFee?.description == "1.001")
        #expect(row.closedPnL?.description == "12.1632")
        let orders = floor.orders.filter { $0.status.isClosed }
        #expect(orders.map(\.closedPnL.description) == ["0", "0", "12.1632"])
    }

    @Test func `one fill through zero closes, opens at its price, and says how much it closed`()
        throws
    {
        var floor = try example()
        try floor.place(.sell, "0.100", at: "91000", link: "through")
        let row = try #require(floor.executions.last)
        #expect(row.quantity.description == "0.100")
        #expect(row.closedQuantity?.description == "0.040")
        #expect(row.realisedPnL?.description == "28")
        let position = try #require(floor.position())
        #expect(position.side == .sell)
        #expect(position.size.description == "0.060")
        #expect(position.entryPrice?.description == "91000")
        // 10,000 − 1.6716 + 28 − 0.100 × 91,000 × 0.00055
        #expect(floor.balance().description == "10021.3234")
    }

    @Test func `a log row says what was held after its flow, however late one asks`() throws {
        var floor = try example()
        try floor.place(.sell, "0.100", at: "91000", link: "through")
        let log = floor.exchange.transactionLog(floor.main, RowQuery(limit: .max)).rows
        let newest = try #require(log.first?.details)
        #expect(newest.side == .sell && newest.size?.description == "-0.060")
        #expect(newest.feeRate?.description == "0.00055")
        #expect(log[1].details?.size?.description == "0.040")
        let deposit = try #require(log.last)
        #expect(deposit.type == "TRANSFER_IN" && deposit.details == nil)
        let page = floor.exchange.transactionLog(floor.main, RowQuery(limit: 1)) {
            $0.details?.side == .buy
        }
        #expect(page.rows == [try #require(log.first { $0.details?.side == .buy })])
    }

    @Test func `a division that does not come out even is rounded once and lost nowhere`() throws {
        var floor = try Floor([
            scripted(
                opening: [
                    resting(1, .sell, "0.001", at: "90000"),
                    resting(2, .sell, "0.002", at: "90000.1"),
                    resting(3, .buy, "0.003", at: "90000.0"),
                ].dropLast()
            )
        ])
        try floor.place(.buy, "0.003", at: "90001")
        #expect(floor.position()?.entryPrice?.description == "90000.06666667")
        try floor.place(.buy, "0.010", at: "89999", for: floor.other)
        for _ in 0..<3 { try floor.place(.sell, "0.001", at: "89999") }
        #expect(floor.position()?.side == nil)
        #expect(floor.position()?.positionValue == .zero)
        // 3 × 0.001 × 89,999 − 270.0002, in thirds
        let realised = floor.executions.filter { $0.side == .sell }.compactMap(\.realisedPnL)
        #expect(
            realised.map(\.description) == [
                "-0.001066666666666667", "-0.001066666666666666", "-0.001066666666666667",
            ]
        )
        let house = floor.exchange.balance(.house, coin: "USDT")
        #expect(house.description == "0.0032")
    }

    @Test func `a short gains when the price falls`() throws {
        var floor = try Floor([
            scripted(opening: [
                resting(1, .buy, "0.010", at: "90000"), resting(2, .sell, "0.010", at: "90010"),
            ])
        ])
        try floor.place(.sell, "0.010", at: "90000")
        #expect(floor.position()?.side == .sell)
        try floor.place(.sell, "0.010", at: "89000", for: floor.other)
        try floor.place(.buy, "0.010", at: "89000")
        #expect(floor.executions.last { $0.side == .buy }?.realisedPnL?.description == "10")
    }

    // MARK: - Books

    @Test(arguments: [UInt64(1), 2])
    func `the books balance after 20,000 random orders of two accounts`(seed: UInt64) throws {
        var floor = try Floor(
            seed: seed,
            Listing.standard(),
            deposits: ["50000", "20000"],
            fundingInterval: second,
            historyMax: 1_000_000
        )
        var chance = TestChance(seed: seed)
        var mine: [[(id: InstrumentID, order: String)]] = [[], []]
        for step in 0..<20_000 {
            if step % 20 == 0 { floor.advance(20 * millisecond) }
            let account = chance.below(2) == 0 ? floor.main : floor.other
            try randomRequest(&floor, account, &mine[account.index], &chance)
            if step % 500 == 0 {
                #expect(floor.exchange.sumOfBooks(coin: "USDT") == .zero)
                #expect(floor.exchange.brokenInvariant() == nil)
            }
            // Keep what the end needs only.
            floor.output.removeAll()
        }
        #expect(floor.exchange.sumOfBooks(coin: "USDT") == .zero)
        #expect(floor.exchange.brokenInvariant() == nil)
        for account in [floor.main, floor.other] { try checkLog(floor.exchange, account) }
    }

    /// Δ wallet balance is the sum of the log, row by row, and open orders agree with their executions.
    private func checkLog(_ exchange: SimulatedExchange, _ account: AccountID) throws {
        let rows = exchange.transactionLog(account, RowQuery(limit: .max)).rows.reversed()
        #expect(rows.count > 1_000)
        var balance = Amount.zero
        for row in rows {
            let change = try row.cashFlow.adding(row.funding).subtracting(row.fee)
            #expect(row.change == change)
            balance = try balance.adding(row.change)
            #expect(row.balance == balance)
        }
        #expect(balance == exchange.balance(.wallet(account), coin: "USDT"))
        let executions = exchange.executions(account, RowQuery(limit: .max)).rows
        #expect(Set(executions.map(\.executionID)).count == executions.count)
        for instrument in [btc, eth] {
            var size: Int64 = 0
            for row in executions where row.type == .trade && row.instrument == instrument {
                size += row.side.sign * (try row.quantity.units(decimals: 3))
            }
            let position = try #require(exchange.position(account, instrument))
            let held = try position.size.units(decimals: 3)
            #expect(size == (position.side == .sell ? -held : held))
        }
    }

    private func randomRequest(
        _ floor: inout Floor,
        _ account: AccountID,
        _ mine: inout [(id: InstrumentID, order: String)],
        _ chance: inout TestChance
    ) throws {
        let old = mine.isEmpty ? nil : mine[chance.below(mine.count)]
        let isChange = old != nil && (chance.below(3) == 0 || mine.count > 60)
        let id = isChange ? old?.id ?? btc : [btc, eth][chance.below(2)]
        let scale = try #require(floor.exchange.listing(id)).instrument.scale
        let mark = try #require(floor.exchange.reference(id)).mark.units
        let price = scale.numeral(Price(units: mark + Int64(chance.below(41)) - 20))
        let quantity = scale.numeral(Quantity(units: Int64(1 + chance.below(200))))
        if let order = old, isChange {
            if chance.below(2) == 0 {
                mine.removeAll { $0.order == order.order }
                _ = floor.exchange.cancel(
                    CancelRequest(instrument: id, orderLinkID: "", orderID: order.order),
                    for: account,
                    into: &floor.output
                )
            } else {
                _ = floor.exchange.amend(
                    AmendRequest(
                        instrument: id,
                        orderLinkID: "",
                        orderID: order.order,
                        quantity: chance.below(2) == 0 ? quantity : nil,
                        price: chance.below(2) == 0 ? price : nil
                    ),
                    for: account,
                    into: &floor.output
                )
            }
            return
        }
        let kinds: [TimeInForce] = [
            .goodTillCancelled, .immediateOrCancel, .fillOrKill, .postOnly,
        ]
        let isMarket = chance.below(6) == 0
        let reply = floor.exchange.place(
            OrderRequest(
                instrument: id,
                orderLinkID: "",
                side: chance.below(2) == 0 ? .buy : .sell,
                type: isMarket ? .market : .limit,
                timeInForce: kinds[chance.below(4)],
                quantity: quantity,
                price: isMarket ? nil : price,
                reduceOnly: chance.below(5) == 0
            ),
            for: account,
            into: &floor.output
        )
        if reply.isAccepted { mine.append((id, reply.orderID)) }
    }

    @Test func `a forgotten history keeps its limit and its numbering`() throws {
        var floor = try Floor([scripted()], historyMax: 10)
        for _ in 0..<100 {
            try floor.place(.sell, "0.001", at: "90000")
            try floor.place(.buy, "0.001", at: "90000")
        }
        let rows = floor.exchange.executions(floor.main, RowQuery(limit: 1_000)).rows
        #expect((10...20).contains(rows.count))
        #expect(rows.first?.executionID == floor.executions.last?.executionID)
        // Link ids of forgotten orders may be used again, remembered ones not.
        #expect(try floor.place(.buy, "0.001", at: "80000", link: "t1").code == 0)
        #expect(try floor.place(.buy, "0.001", at: "80000", link: "t200").code == 110072)
    }

    // MARK: - Configuration

    @Test func `a configuration that makes no exchange says why`() throws {
        let account = AccountConfiguration(alias: "a", deposits: try paidIn("1"))
        var wild = account
        wild.leverage = 101
        var steep = account
        steep.fees.contract.taker = Numeral(mantissa: 2, decimals: 2)
        let listing = try scripted()
        let cases: [([Listing], [AccountConfiguration], SimulationError)] = [
            ([], [], .noListing),
            ([listing, listing], [], .duplicateListing(btc)),
            ([listing], [account, account], .duplicateAlias("a")),
            ([listing], [wild], .leverageOutOfRange(alias: "a", leverage: 101)),
            ([listing], [steep], .rateOutOfRange(alias: "a")),
            (
                [listing],
                [AccountConfiguration(alias: "a", deposits: try paidIn("-1"))],
                .depositOutOfRange(alias: "a", coin: "USDT")
            ),
        ]
        for (listings, accounts, expected) in cases {
            #expect(throws: expected) {
                try SimulatedExchange(
                    SimulationConfiguration(
                        seed: 1,
                        start: start,
                        listings: listings,
                        accounts: accounts
                    )
                )
            }
        }
    }
}

/// Chance of the tests' own, seeded.
struct TestChance {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Int(Mix.spread(state) % UInt64(bound))
    }
}
