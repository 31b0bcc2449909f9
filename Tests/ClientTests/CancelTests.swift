import Market
import ReplayServer
import Simulation
import TapedeckClient
import Testing

extension ClientTests {
    /// Cancels of all orders of a kind, and changes and cancels with more terms, on the real exchange.
    @Suite(.timeLimit(.minutes(10))) struct CancelTests {
        private let linear = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)
        private let spot = InstrumentID(.spot, Symbol("BTCUSDT") ?? .none)

        /// A percentage of the bid in whole units, which are a step of every price.
        private static func price(
            _ client: BybitClient,
            _ id: InstrumentID
        ) async throws -> @Sendable (Int64) -> Numeral {
            let bid = try #require(try await client.orderBook(of: id).bids.first).price
            let unit = (0..<bid.decimals).reduce(Int64(1)) { product, _ in product * 10 }
            let whole = bid.mantissa / unit
            return { Numeral(mantissa: whole * $0 / 100, decimals: 0) }
        }

        /// Open orders with all that the exchange holds of them.
        private static func held(_ exchange: ServedExchange) async -> [OrderUpdate] {
            let rows = await exchange.server.inspect { simulated -> [OrderUpdate] in
                guard let account = simulated.account(alias: ServedExchange.account.alias) else {
                    return []
                }
                return simulated.openOrders(account, RowQuery()).rows
            }
            return rows ?? []
        }

        @Test func `of contracts each kind takes its own, and a stop loss stays until it is meant`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let price = try await Self.price(client, linear)
                let size = Numeral(mantissa: 1, decimals: 2)
                func links() async throws -> [String] {
                    try await client.openOrders(in: .linear).rows.map(\.orderLinkID).sorted()
                }
                var terms = OrderTerms()
                terms.triggerPrice = price(110)
                terms.triggerDirection = 1
                let orders: [OrderOutcome] = [
                    try await client.place(.market(.buy, linear, size)),
                    try await client.place(
                        .limit(.buy, linear, size, at: price(95), orderLinkID: "rests")
                    ),
                    try await client.place(
                        .limit(.buy, linear, size, at: price(111), orderLinkID: "waits"),
                        terms
                    ),
                ]
                #expect(orders.allSatisfy { $0.isAccepted }, "\(orders)")
                try await client.change(
                    RESTRequest(exitsOf: linear, stopLoss: OrderTerms.Exit(at: price(50)))
                )
                // The exit is the exchange's own order and has no id of ours.
                #expect(try await links() == ["", "rests", "waits"])
                let active = try await client.cancelAll(.orders, of: linear)
                #expect(active.map(\.orderLinkID) == ["rests"])
                let waiting = try await client.cancelAll(.conditionalSparingExits, of: linear)
                #expect(waiting.map(\.orderLinkID) == ["waits"])
                #expect(try await links() == [""])
                let scope = CancelScope.settleCoin("USDT", in: .linear)
                #expect(try await client.cancelAll(.everything, of: scope).count == 1)
                #expect(try await links().isEmpty)
                // Of contracts the exchange wants a symbol or a coin: nothing is sent without.
                let error = await #expect(throws: ClientError.self) {
                    try await client.cancelAll(.everything, of: .all(in: .linear))
                }
                guard case .notOffered = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                await client.close()
            }
        }

        @Test func `of spot what waits is cancelled by its kind, and everything is every kind`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let price = try await Self.price(client, spot)
                let size = Numeral(mantissa: 1, decimals: 3)
                func placeAll(_ round: Int) async throws {
                    let rests = OrderRequest.limit(
                        .buy,
                        spot,
                        size,
                        at: price(95),
                        orderLinkID: "Order\(round)"
                    )
                    #expect(try await client.place(rests).isAccepted)
                    for filter in ["StopOrder", "tpslOrder"] {
                        var terms = OrderTerms()
                        terms.triggerPrice = price(110)
                        terms.filter = filter
                        let waits = OrderRequest.limit(
                            .buy,
                            spot,
                            size,
                            at: price(111),
                            orderLinkID: filter + "\(round)"
                        )
                        let outcome = try await client.place(waits, terms)
                        #expect(outcome.isAccepted, "\(outcome)")
                    }
                }
                try await placeAll(1)
                let active = try await client.cancelAll(.orders, of: spot)
                #expect(active.map(\.orderLinkID) == ["Order1"])
                #expect(try await client.openOrders(in: .spot).rows.count == 2)
                let stop = try await client.cancel(
                    CancelRequest(instrument: spot, orderLinkID: "StopOrder1"),
                    CancelTerms(filter: "StopOrder")
                )
                #expect(stop.isAccepted, "\(stop)")
                let waiting = try await client.cancelAll(.conditional, of: spot)
                #expect(waiting.map(\.orderLinkID) == ["tpslOrder1"])
                try await placeAll(2)
                let all = try await client.cancelAll(.everything, of: .all(in: .spot))
                #expect(all.map(\.orderLinkID) == ["Order2", "StopOrder2", "tpslOrder2"])
                #expect(try await client.openOrders(in: .spot).rows.isEmpty)
                await client.close()
            }
        }

        @Test func `trigger and exits of an order that waits are changed and taken away`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let price = try await Self.price(client, linear)
                let size = Numeral(mantissa: 1, decimals: 2)
                var terms = OrderTerms()
                terms.triggerPrice = price(110)
                terms.triggerDirection = 1
                terms.takeProfit = OrderTerms.Exit(at: price(130), limit: price(131))
                terms.stopLoss = OrderTerms.Exit(at: price(105))
                terms.exitMode = "Partial"
                let placed = try await client.place(
                    .limit(.buy, linear, size, at: price(111), orderLinkID: "waits"),
                    terms
                )
                #expect(placed.isAccepted, "\(placed)")
                var change = AmendTerms()
                change.triggerPrice = price(112)
                change.takeProfit = AmendTerms.Exit(at: price(140), limit: price(141))
                change.stopLoss = .removed
                let amended = try await client.amend(
                    AmendRequest(instrument: linear, orderLinkID: "waits"),
                    change
                )
                #expect(amended.isAccepted, "\(amended)")
                let details = try #require(await Self.held(exchange).first?.details)
                #expect(details.triggerPrice == price(112))
                #expect(details.takeProfit == price(140) && details.takeProfitLimit == price(141))
                #expect(details.stopLoss == nil || details.stopLoss?.isZero == true)
                // What this exchange cannot change is refused, not ignored.
                var word = AmendTerms()
                word.stopLoss = AmendTerms.Exit(by: "MarkPrice")
                let refused = try await client.amend(
                    AmendRequest(instrument: linear, orderLinkID: "waits"),
                    word
                )
                guard case .refused("waits", 10_001, _) = refused else {
                    Issue.record("\(refused)")
                    return
                }
                await client.close()
            }
        }
    }
}
