import Market
import ReplayServer
import TapedeckClient
import Testing

extension ClientTests {
    /// Orders with further terms, orders on combinations, and changes of the account, on the real exchange.
    @Suite(.timeLimit(.minutes(10))) struct ChangeTests {
        @Test func `a conditional order with an exit, and an exit of the position`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let id = try InstrumentID(.linear, named: "BTCUSDT")
                let bid = try #require(try await client.orderBook(of: id).bids.first).price
                func price(_ percent: Int64) -> Numeral {
                    // Whole units: a step of every price.
                    let unit = (0..<bid.decimals).reduce(Int64(1)) { product, _ in product * 10 }
                    return Numeral(mantissa: bid.mantissa / unit * percent / 100, decimals: 0)
                }
                var terms = OrderTerms()
                terms.triggerPrice = price(110)
                terms.triggerDirection = 1
                terms.stopLoss = OrderTerms.Exit(at: price(105))
                let quantity = Numeral(mantissa: 1, decimals: 2)
                let conditional = try await client.place(
                    .limit(.buy, id, quantity, at: price(111)),
                    terms
                )
                #expect(conditional.isAccepted, "\(conditional)")
                let rows = try await client.openOrders(in: .linear).rows
                #expect(rows.map(\.status) == [.untriggered])
                #expect(try await client.place(.market(.buy, id, quantity)).isAccepted)
                try await client.change(
                    RESTRequest(exitsOf: id, takeProfit: OrderTerms.Exit(at: price(150)))
                )
                let position = try #require(
                    try await client.positions(in: .linear, symbol: "BTCUSDT").rows.first
                )
                #expect(position.size == quantity)
                // The exit of the position is an order of the exchange's.
                #expect(try await client.openOrders(in: .linear).rows.count == 2)
                await client.close()
            }
        }

        @Test func `leverage, modes and the window of cancel-on-disconnect`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let id = try InstrumentID(.linear, named: "BTCUSDT")
                let leverage = Numeral(mantissa: 7, decimals: 0)
                try await client.change(RESTRequest(leverage: leverage, leverage, of: id))
                let error = await #expect(throws: ClientError.self) {
                    try await client.change(RESTRequest(leverage: leverage, leverage, of: id))
                }
                guard case .refused(_, 110_043, _)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                try await client.change(RESTRequest(isHedged: true, in: .coin("USDT")))
                var terms = OrderTerms()
                terms.positionIndex = 2
                let order = OrderRequest.market(.sell, id, Numeral(mantissa: 1, decimals: 2))
                #expect(try await client.place(order, terms).isAccepted)
                #expect(
                    try await client.positions(in: .linear, symbol: "BTCUSDT").rows
                        .contains { $0.positionIndex == 2 && !$0.size.isZero }
                )
                try await client.change(RESTRequest(clampsPrices: true, of: .linear))
                await #expect(throws: ClientError.self) {
                    let cancel = CancelRequest(instrument: id, orderLinkID: "a")
                    return try await client.change(RESTRequest(cancelling: cancel, CancelTerms()))
                }
                await client.close()
            }
        }

        @Test func `an order on a combination is placed, changed and cancelled`() async throws {
            try await ServedExchange.run(hasCombinations: true) { exchange in
                let client = try exchange.client()
                // Of two futures: a spot leg that is sold needs the coin.
                let listed = try #require(
                    try await client.spreadInstruments().rows.first {
                        !$0.legs.contains { $0.contractType == "Spot" }
                    }
                )
                let id = InstrumentID(.spread, listed.symbol)
                let bid = try #require(try await client.orderBook(of: id).bids.first).price
                let tick = try #require(listed.tickSize)
                #expect(bid.decimals == tick.decimals)
                func below(_ steps: Int64) -> Numeral {
                    Numeral(mantissa: bid.mantissa - steps * tick.mantissa, decimals: bid.decimals)
                }
                let order = OrderRequest.limit(
                    .buy,
                    id,
                    try #require(listed.sizeMin),
                    at: below(20),
                    timeInForce: .postOnly,
                    orderLinkID: "combo-1"
                )
                let placed = try await client.place(order)
                guard case .accepted(let orderID, "combo-1") = placed else {
                    Issue.record("\(placed)")
                    return
                }
                // One whose answer was lost must be found, or it is placed a second time.
                let found = try #require(try await client.order("combo-1", of: id))
                #expect(found.orderID == orderID && found.status == .new && found.instrument == id)
                #expect(try await client.order("combo-2", of: id) == nil)
                let open = try await client.openOrders(in: .spread)
                #expect(open.rows.map(\.orderID) == [orderID] && open.findings.isEmpty)
                let amended = try await client.amend(
                    AmendRequest(instrument: id, orderLinkID: "combo-1", price: below(25))
                )
                #expect(amended.isAccepted, "\(amended)")
                #expect(try await client.cancel("combo-1", of: id).isAccepted)
                let ended = try #require(try await client.order("combo-1", of: id))
                #expect(ended.orderID == orderID && ended.status == .cancelled)
                let symbol = id.symbol.description
                let history = try await client.orderHistory(in: .spread, symbol: symbol)
                #expect(history.rows.map(\.orderID) == [orderID] && history.findings.isEmpty)
                #expect(try await client.openOrders(in: .spread, symbol: symbol).rows.isEmpty)
                #expect(try await client.executions(in: .spread).rows.isEmpty)
                let positions = await #expect(throws: ClientError.self) {
                    try await client.positions(in: .spread)
                }
                guard case .notOffered = positions else {
                    Issue.record("\(String(describing: positions))")
                    return
                }
                #expect(try await client.place(order).isAccepted == false)
                #expect(try await client.cancelAll(.orders, of: id).isEmpty)
                #expect(try await client.cancelAll(.everything, of: .all(in: .spread)).isEmpty)
                await #expect(throws: ClientError.self) {
                    try await client.cancelAll(.conditional, of: id)
                }
                await client.close()
            }
        }
    }
}
