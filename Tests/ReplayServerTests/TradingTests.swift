import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Orders over REST, and what the private sockets tell of them.
    @Suite(.timeLimit(.minutes(10))) struct TradingTests {
        @Test(arguments: [true, false])
        func `a fill tells order, execution, order, position and wallet in that order`(
            isPlain: Bool
        ) async throws {
            try await TestExchange.run(isPlain: isPlain) { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(
                    #"{"op":"subscribe","args":["order","execution","position","wallet"]}"#
                )
                let price = try await exchange.marketable()
                let reply = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order(
                        "Buy",
                        quantity: "0.001",
                        price: price,
                        link: "fill-1"
                    )
                )
                #expect(reply.body.contains(#""retCode":0"#))
                #expect(reply.body.contains(#""orderLinkId":"fill-1""#))
                let pushes = TestDecoder()
                var kinds: [Event.Kind] = []
                var filled: OrderUpdate?
                var execution: ExecutionReport?
                while kinds.last != .wallets {
                    let event = pushes.decode(try await socket.text())
                    if event.kind == .positions, kinds.isEmpty { continue }
                    kinds.append(event.kind)
                    if let order = event.orders.first { filled = order }
                    if let report = event.executions.first { execution = report }
                }
                let first = kinds.firstIndex(of: .executions)
                let last = kinds.lastIndex(of: .orders)
                let position = kinds.lastIndex(of: .positions)
                #expect(first != nil && last != nil && position != nil)
                if let first, let last, let position { #expect(first < last && last < position) }
                #expect(kinds.first == .orders)
                #expect(filled?.status == .filled && filled?.orderLinkID == "fill-1")
                #expect(execution?.orderID == filled?.orderID)
                #expect(execution?.quantity.description == "0.001")
                await socket.close()
            }
        }

        @Test func `an order rests, is amended, is listed and is cancelled`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(#"{"op":"subscribe","args":["order.linear"]}"#)
                let pushes = TestDecoder()
                let bid = try #require(await exchange.touch()).bid
                let low = Numeral(
                    mantissa: bid.mantissa - bid.mantissa / 100,
                    decimals: bid.decimals
                )
                let price = "\(Numeral(mantissa: low.mantissa / 10 * 10, decimals: low.decimals))"
                _ = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order("Buy", quantity: "0.002", price: price, link: "rest-1")
                )
                let placed = try await socket.text()
                #expect(placed.hasPrefix(#"{"topic":"order.linear""#))
                let new = try #require(pushes.decode(placed).orders.first)
                #expect(new.status == .new && new.orderLinkID == "rest-1")

                let ids = #""category":"linear","symbol":"BTCUSDT","orderLinkId":"rest-1""#
                let amended = try await exchange.request(
                    "POST",
                    "/v5/order/amend",
                    body: "{\(ids),\"qty\":\"0.003\"}"
                )
                #expect(amended.body.contains(new.orderID))
                let changed = try #require(pushes.decode(try await socket.text()).orders.first)
                #expect(changed.quantity.description == "0.003" && changed.orderID == new.orderID)

                let open = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT"
                )
                #expect(open.body.contains(new.orderID))
                let theirs = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT",
                    account: TestExchange.other
                )
                #expect(!theirs.body.contains(new.orderID))

                let ended = try await exchange.request("POST", "/v5/order/cancel", body: "{\(ids)}")
                #expect(ended.body.contains(#""retCode":0"#))
                let cancelled = try #require(pushes.decode(try await socket.text()).orders.first)
                #expect(cancelled.status == .cancelled)
                let found = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&orderLinkId=rest-1"
                )
                #expect(found.body.contains("Cancelled"))
                let again = try await exchange.request("POST", "/v5/order/cancel", body: "{\(ids)}")
                #expect(again.body.contains(#""retCode":110001"#))
                let counters = await exchange.server.counters()
                #expect(counters.orders == 1 && counters.amends == 1 && counters.cancels == 1)
                #expect(counters.rejected == 1)
                await socket.close()
            }
        }

        @Test func `an account's pushes reach its own sockets alone`() async throws {
            try await TestExchange.run { exchange in
                let mine = try await exchange.openPrivate()
                let second = try await exchange.openPrivate()
                let theirs = try await exchange.openPrivate(TestExchange.other)
                for socket in [mine, second, theirs] {
                    _ = try await socket.ask(#"{"op":"subscribe","args":["order"]}"#)
                }
                _ = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order(
                        "Buy",
                        quantity: "0.001",
                        price: "80000",
                        link: "own-1"
                    )
                )
                let push = try await mine.text()
                #expect(push.contains("own-1"))
                #expect(try await second.text() == push)
                #expect(try await theirs.ask(#"{"op":"ping"}"#).contains("pong"))
                for socket in [mine, second, theirs] { await socket.close() }
            }
        }

        @Test func `fills come on execution.fast too, without fee and value`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(#"{"op":"subscribe","args":["execution.fast.linear"]}"#)
                let price = try await exchange.marketable()
                _ = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order(
                        "Buy",
                        quantity: "0.001",
                        price: price,
                        link: "fast-1"
                    )
                )
                let push = try await socket.text()
                #expect(push.hasPrefix(#"{"topic":"execution.fast.linear","creationTime":"#))
                #expect(push.contains(#""orderLinkId":"fast-1""#) && !push.contains("execFee"))
                await socket.close()
            }
        }

        @Test func `orders page by page are each given once`() async throws {
            try await TestExchange.run { exchange in
                for index in 0..<5 {
                    _ = try await exchange.request(
                        "POST",
                        "/v5/order/create",
                        body: TestExchange.order(
                            "Buy",
                            quantity: "0.001",
                            price: "80000",
                            link: "page-\(index)"
                        )
                    )
                }
                var seen: [String] = []
                var cursor = ""
                repeat {
                    let page = try await exchange.request(
                        "GET",
                        "/v5/order/realtime",
                        query: "category=linear&symbol=BTCUSDT&limit=2&cursor=\(cursor)"
                    )
                    seen += page.body.matches(of: #/page-\d/#).map { String($0.output) }
                    let next = page.body.firstMatch(of: #/"nextPageCursor":"([^"]*)"/#)
                    cursor = next.map { String($0.output.1) } ?? ""
                } while !cursor.isEmpty && seen.count < 20
                #expect(seen == (0..<5).reversed().map { "page-\($0)" })
            }
        }

        @Test func `an answer that never comes leaves the order accepted, a late one too`()
            async throws
        {
            try await TestExchange.run { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(#"{"op":"subscribe","args":["order"]}"#)
                await exchange.server.setOrderAnswers(.never)
                let silent = try await TestSocket.connect(exchange.server.address)
                let body = TestExchange.order(
                    "Buy",
                    quantity: "0.001",
                    price: "80000",
                    link: "lost-1"
                )
                try await silent.write(TestExchange.signed("POST", "/v5/order/create", body: body))
                #expect(try await socket.text().contains("lost-1"))
                await exchange.server.setOrderAnswers(.late(milliseconds: 50))
                let late = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order(
                        "Buy",
                        quantity: "0.001",
                        price: "80000",
                        link: "late-1"
                    )
                )
                #expect(late.body.contains("late-1"))
                #expect(try await socket.text().contains("late-1"))
                // Questions are answered all the while.
                let open = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&orderLinkId=lost-1"
                )
                #expect(open.body.contains("lost-1"))
                await silent.close()
                await socket.close()
            }
        }

        @Test func `a refused order has the exchange's code and changes nothing`() async throws {
            try await TestExchange.run { exchange in
                for (body, code) in [
                    (
                        TestExchange.order("Buy", quantity: "0.0001", price: "80000", link: "x1"),
                        10_001
                    ),
                    (
                        TestExchange.order("Buy", quantity: "900", price: "90000", link: "x2"),
                        110_007
                    ),
                    (#"{"category":"linear"}"#, 10_001),
                    ("no json", 10_001),
                ] {
                    let reply = try await exchange.request("POST", "/v5/order/create", body: body)
                    #expect(reply.status == 200)
                    #expect(reply.body.contains(#""retCode":\#(code)"#), "\(reply.body)")
                }
                let open = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT"
                )
                #expect(open.body.contains(#""list":[]"#))
            }
        }

        @Test func `a stopped market moves nothing, cancel-all still works`() async throws {
            try await TestExchange.run { exchange in
                _ = try await exchange.request(
                    "POST",
                    "/v5/order/create",
                    body: TestExchange.order(
                        "Buy",
                        quantity: "0.001",
                        price: "80000",
                        link: "stop-1"
                    )
                )
                await exchange.server.setMarketRunning(false)
                let before = await exchange.server.inspect { $0.now }
                let all = try await exchange.request(
                    "POST",
                    "/v5/order/cancel-all",
                    body: #"{"category":"linear","settleCoin":"USDT"}"#
                )
                #expect(all.body.contains("stop-1"))
                #expect(await exchange.server.inspect { $0.now } == before)
                let scope = try await exchange.request(
                    "POST",
                    "/v5/order/cancel-all",
                    body: #"{"category":"linear"}"#
                )
                #expect(scope.body.contains(#""retCode":10001"#))
            }
        }
    }
}
