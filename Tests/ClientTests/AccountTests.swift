import Market
import ReplayServer
import TapedeckClient
import Testing

extension ClientTests {
    /// Orders, private topics and questions about the account, on the real exchange.
    @Suite(.timeLimit(.minutes(10))) struct AccountTests {
        private static func order(
            _ price: Numeral?,
            link: String = "",
            quantity: Int64 = 1
        ) throws -> OrderRequest {
            OrderRequest(
                instrument: try InstrumentID(.linear, named: "BTCUSDT"),
                orderLinkID: link,
                side: .buy,
                type: price == nil ? .market : .limit,
                quantity: Numeral(mantissa: quantity, decimals: 2),
                price: price
            )
        }

        /// A price for a buy that rests, whatever the market does meanwhile.
        private static func low(_ client: BybitClient) async throws -> Numeral {
            let id = try InstrumentID(.linear, named: "BTCUSDT")
            let bid = try #require(try await client.orderBook(of: id).bids.first).price
            return Numeral(mantissa: bid.mantissa * 95 / 100, decimals: bid.decimals)
        }

        @Test func `an order is placed, changed, cancelled and looked up, and each step is told`()
            async throws
        {
            try await ServedExchange.run(isPlain: false) { exchange in
                let client = try exchange.client()
                var events = try client.privateEvents(of: ["order"]).makeAsyncIterator()
                try await events.subscribed("order")
                let price = try await Self.low(client)
                let placed = try await client.place(try Self.order(price, link: "one"))
                guard case .accepted(let orderID, "one") = placed else {
                    Issue.record("\(placed)")
                    return
                }
                let told = try await events.first { event -> OrderUpdate? in
                    if case .orders(let rows) = event.content { rows.first } else { nil }
                }
                #expect(told.orderID == orderID && told.status == .new && told.price == price)
                #expect(try await client.openOrders(in: .linear).rows.map(\.orderID) == [orderID])
                let id = told.instrument
                let amended = try await client.amend(
                    AmendRequest(
                        instrument: id,
                        orderLinkID: "one",
                        quantity: Numeral(mantissa: 2, decimals: 2)
                    )
                )
                #expect(amended.isAccepted)
                let cancelled = try await client.cancel(
                    CancelRequest(instrument: id, orderLinkID: "one")
                )
                #expect(cancelled.isAccepted)
                let last = try await events.first { event -> OrderUpdate? in
                    guard case .orders(let rows) = event.content else { return nil }
                    return rows.first { $0.status == .cancelled }
                }
                #expect(last.quantity == Numeral(mantissa: 2, decimals: 2))
                #expect(try await client.openOrders(in: .linear).rows.isEmpty)
                let found = try #require(try await client.order("one", of: id))
                #expect(found.status == .cancelled && found.orderID == orderID)
                #expect(try await client.order("two", of: id) == nil)
                // A second cancel is refused, with the exchange's code.
                let again = try await client.cancel(
                    CancelRequest(instrument: id, orderLinkID: "one")
                )
                guard case .refused("one", 110_001, _) = again else {
                    Issue.record("\(again)")
                    return
                }
                await client.close()
            }
        }

        @Test func `a fill is told, and the account's questions agree with it`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                var events = try client.privateEvents().makeAsyncIterator()
                for topic in ["order", "execution", "position", "wallet"] {
                    try await wait("\(topic)") {
                        await client.connections.contains { $0.topics.contains(topic) }
                    }
                }
                let placed = try await client.place(try Self.order(nil))
                #expect(placed.isAccepted && !placed.orderLinkID.isEmpty, "\(placed)")
                var fills: [ExecutionReport] = []
                var position: PositionUpdate?
                var wallet: WalletUpdate?
                while fills.isEmpty || position == nil || wallet == nil {
                    let event = try #require(try await events.next())
                    switch event.content {
                    case .executions(let rows): fills += rows
                    case .positions(let rows): position = rows.last
                    case .wallets(let rows): wallet = rows.last
                    default: break
                    }
                }
                #expect(fills.allSatisfy { $0.orderLinkID == placed.orderLinkID })
                let rows = try await client.executions(in: .linear)
                #expect(rows.findings.isEmpty && rows.next == nil)
                #expect(Set(rows.rows.map(\.executionID)).isSuperset(of: fills.map(\.executionID)))
                let positions = try await client.positions(in: .linear, symbol: "BTCUSDT").rows
                #expect(positions.first?.size == Numeral(mantissa: 1, decimals: 2))
                let coins = try await client.wallet().rows
                #expect(coins.contains { $0.coin == "USDT" && $0.walletBalance > .zero })
                let flows = try await client.transactionLog(in: .linear).rows
                #expect(flows.contains { $0.orderLinkID == placed.orderLinkID })
                let history = try await client.orderHistory(in: .linear).rows
                #expect(history.contains { $0.orderLinkID == placed.orderLinkID })
                await client.close()
            }
        }

        @Test func `a batch beyond the share is refused before it is sent, and one within it goes`()
            async throws
        {
            try await ServedExchange.run { exchange in
                // Of ten orders a second five, and one of them is kept for cancels.
                let client = try exchange.client { $0.quotaShare = 50 }
                let price = try await Self.low(client)
                // What a quota is, the exchange says by its first answer.
                let first = try await client.place([try Self.order(price, link: "first")])
                let isTaken = first.allSatisfy(\.isAccepted)
                #expect(isTaken, "\(first)")
                let orders = try (0..<5).map { try Self.order(price, link: "s\($0)") }
                let refusal = ClientError.batchTooLarge(
                    path: "/v5/order/create-batch",
                    orders: 5,
                    most: 4
                )
                await #expect(throws: refusal) { try await client.place(orders) }
                #expect(refusal.description.contains("at most 4 at once"))
                #expect(try await client.openOrders(in: .linear).rows.count == 1)
                let outcomes = try await client.place(Array(orders.prefix(4)))
                #expect(outcomes.count == 4 && outcomes.allSatisfy(\.isAccepted), "\(outcomes)")
                await client.close()
            }
        }

        @Test func `a batch has an outcome for each order, and pages of a list are followed`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let price = try await Self.low(client)
                var orders = try (0..<15).map { try Self.order(price, link: "b\($0)") }
                orders[3].quantity = .zero
                let outcomes = try await client.place(orders)
                #expect(outcomes.count == 15)
                for (place, outcome) in outcomes.enumerated() {
                    #expect(outcome.isAccepted == (place != 3), "\(outcome)")
                }
                let more = try (15..<70).map { try Self.order(price, link: "b\($0)") }
                for part in stride(from: 0, to: more.count, by: 20) {
                    let batch = Array(more[part..<min(part + 20, more.count)])
                    let outcomes = try await client.place(batch)
                    #expect(outcomes.count { $0.isAccepted } == batch.count)
                }
                // Fifty a page: the second page is asked for by itself, or by `more`.
                let all = try await client.openOrders(in: .linear)
                #expect(Set(all.rows.map(\.orderLinkID)).count == 69 && all.next == nil)
                let one = try await client.openOrders(in: .linear, pages: 1)
                #expect(one.rows.count == 50 && one.next != nil)
                #expect(try await client.more(after: one).rows.count == 19)
                let id = orders[0].instrument
                let cancels = ["b0", "b3"].map { CancelRequest(instrument: id, orderLinkID: $0) }
                let cancelled = try await client.cancel(cancels)
                #expect(cancelled.map(\.isAccepted) == [true, false])
                #expect(try await client.cancelAll(.orders, of: id).count == 68)
                #expect(try await client.openOrders(in: .linear).rows.isEmpty)
                await client.close()
            }
        }

        @Test func `requests and logins are dated by the exchange's clock`() async throws {
            // 2026-01-01T00:00:00Z: far from this machine's, whenever that is.
            let start = Timestamp(nanoseconds: 1_767_225_600_000_000_000)
            try await ServedExchange.run(start: start) { exchange in
                let client = try exchange.client()
                var events = try client.privateEvents(of: ["order"]).makeAsyncIterator()
                try await events.subscribed("order")
                #expect(try await client.serverTime() == start)
                #expect(try await !client.wallet().rows.isEmpty)
                await client.close()
            }
        }

        @Test func `topics by category do not stand beside the one for all`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                var all = try client.privateEvents(of: ["order", "wallet"]).makeAsyncIterator()
                try await all.subscribed("order")
                let error = await #expect(throws: ClientError.self) {
                    for try await _ in try client.privateEvents(of: ["order.linear"]) {}
                }
                guard case .unfit = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                var other = try client.privateEvents(of: ["execution.linear"]).makeAsyncIterator()
                try await other.subscribed("execution.linear")
                await client.close()
            }
        }

        @Test func `an order without an answer is unknown, sent once, and found by its id`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client { $0.timeout = 6_000_000_000 }
                let order = try Self.order(try await Self.low(client))
                await exchange.server.setOrderAnswers(.never)
                let outcome = try await client.place(order)
                guard case .unknown(let link, let reason) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                #expect(link.hasPrefix("tc") && reason.contains("timed-out"))
                await exchange.server.setOrderAnswers(.prompt)
                let found = try #require(try await client.order(link, of: order.instrument))
                #expect(found.status == .new)
                #expect(await exchange.server.counters().orders == 1)
                await client.close()
            }
        }

        @Test func `a question is asked again while the exchange cannot answer, an order is not`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let price = try await Self.low(client)
                try await exchange.order(
                    #"{"manner":"server-error","path":"/v5/account/*","times":2}"#
                )
                #expect(try await !client.wallet().rows.isEmpty)
                try await exchange.order(
                    #"{"manner":"server-error","path":"/v5/order/create","times":1}"#
                )
                let outcome = try await client.place(try Self.order(price, link: "once"))
                guard case .unknown("once", let reason) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                #expect(reason.contains("10016"), "\(reason)")
                #expect(await exchange.server.counters().orders == 0)
                // Four times without an answer is an error that says so.
                try await exchange.order(
                    #"{"manner":"server-error","path":"/v5/account/*","times":4}"#
                )
                let error = await #expect(throws: ClientError.self) { try await client.wallet() }
                guard case .refused("/v5/account/wallet-balance", 10_016, _) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                await client.close()
            }
        }
    }
}
