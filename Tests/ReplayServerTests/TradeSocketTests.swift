import JSON
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Order entry over the trade socket: its envelope, its codes, and the quotas that it shares with REST.
    @Suite(.timeLimit(.minutes(10))) struct TradeSocketTests {
        private static func frame(
            _ operation: String,
            _ args: String,
            id: String? = "r1",
            timestamp: String? = nil,
            window: String? = "5000"
        ) -> String {
            let time = timestamp ?? "\"\(WallClock.now.milliseconds)\""
            let id = id.map { "\"reqId\":\"\($0)\"," } ?? ""
            let window = window.map { ",\"X-BAPI-RECV-WINDOW\":\"\($0)\"" } ?? ""
            return
                "{\(id)\"op\":\"\(operation)\",\"header\":{\"X-BAPI-TIMESTAMP\":\(time)\(window)},"
                + "\"args\":[\(args)]}"
        }

        private static func order(_ link: String, price: String, side: String = "Buy") -> String {
            TestExchange.order(side, quantity: "0.010", price: price, link: link)
        }

        @Test func `login and ping have the trade family's shape`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/trade")
                let pong = try await socket.ask(#"{"op":"ping"}"#)
                #expect(
                    pong.replacing(#/\["\d{13}"\]/#, with: #"["TIME"]"#)
                        .replacing(#/"connId":"[^"]+"/#, with: #""connId":"ID""#)
                        == #"{"retCode":0,"retMsg":"OK","op":"pong","data":["TIME"],"connId":"ID"}"#
                )
                let login = TestExchange.login(TestExchange.main).replacing("req_id", with: "reqId")
                let reply = try await socket.ask(login)
                #expect(
                    reply.replacing(#/"connId":"[^"]+"/#, with: #""connId":"ID""#)
                        == #"{"reqId":"a1","retCode":0,"retMsg":"OK","op":"auth","connId":"ID"}"#
                )
                #expect(try await socket.ask(login).contains(#""retCode":20001"#))
                await socket.close()
            }
        }

        @Test func `a login that cannot be says which of its parts is wrong`() async throws {
            let stranger = ServerAccount(
                alias: "x",
                key: "canaryKeyNobody001",
                secret: TestExchange.main.secret
            )
            try await TestExchange.run { exchange in
                for (login, code) in [
                    (TestExchange.login(stranger), 10_003),
                    (TestExchange.login(TestExchange.main, spoil: true), 10_004),
                    (TestExchange.login(TestExchange.main, expiresIn: -1), 10_001),
                    (#"{"op":"auth","args":["a"]}"#, 10_001),
                ] {
                    let socket = try await exchange.open("/v5/trade")
                    let reply = try await socket.ask(login)
                    #expect(reply.contains(#""retCode":\#(code)"#), "\(reply)")
                    let order = try await socket.ask(
                        Self.frame("order.create", Self.order("early", price: "1"))
                    )
                    #expect(order.contains("Request not authorized"))
                    await socket.close()
                }
            }
        }

        @Test
        func `an order is created, amended and cancelled, and the private socket tells of it`()
            async throws
        {
            try await TestExchange.run { exchange in
                let personal = try await exchange.openPrivate()
                _ = try await personal.ask(#"{"op":"subscribe","args":["order"]}"#)
                let trade = try await exchange.openTrade()
                let bid = try #require(await exchange.touch()).bid
                let low = Numeral(mantissa: bid.mantissa - 5_000, decimals: bid.decimals)
                let created = try await trade.ask(
                    Self.frame(
                        "order.create",
                        Self.order("t-1", price: "\(low)"),
                        timestamp: "\(WallClock.now.milliseconds)",
                        window: nil
                    )
                )
                #expect(
                    created.hasPrefix(
                        #"{"reqId":"r1","retCode":0,"retMsg":"OK","op":"order.create""#
                    )
                )
                #expect(created.contains(#""orderLinkId":"t-1""#))
                for key in [
                    "X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp",
                    "Traceid", "Timenow",
                ] {
                    #expect(created.contains("\"\(key)\":\""))
                }
                #expect(created.contains(#""retExtInfo":{}"#))
                #expect(try await personal.text().contains(#""orderStatus":"New""#))
                let amended = try await trade.ask(
                    Self.frame(
                        "order.amend",
                        #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"t-1","qty":"0.020"}"#,
                        id: "r2"
                    )
                )
                #expect(
                    amended.contains(#""retCode":0"#) && amended.contains(#""op":"order.amend""#)
                )
                #expect(try await personal.text().contains(#""qty":"0.020""#))
                let cancelled = try await trade.ask(
                    Self.frame(
                        "order.cancel",
                        #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"t-1"}"#,
                        id: "r3"
                    )
                )
                #expect(cancelled.contains(#""retCode":0"#))
                #expect(try await personal.text().contains(#""orderStatus":"Cancelled""#))
                let again = try await trade.ask(
                    Self.frame(
                        "order.cancel",
                        #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"t-1"}"#,
                        id: nil
                    )
                )
                #expect(again.contains(#""retCode":110001"#) && !again.contains("reqId"))
                await trade.close()
                await personal.close()
            }
        }

        @Test func `a batch is accepted whole and its items are judged one by one`() async throws {
            try await TestExchange.run { exchange in
                let trade = try await exchange.openTrade()
                let good =
                    #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"85500.0","orderLinkId":"b-1"}"#
                let bad =
                    #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"-1","price":"85500.0","orderLinkId":"b-2"}"#
                let reply = try await trade.ask(
                    Self.frame(
                        "order.create-batch",
                        #"{"category":"linear","request":[\#(good),\#(bad)]}"#
                    )
                )
                let parser = JSONParser()
                try parser.read(Array(reply.utf8)) { root in
                    #expect(root["retCode"]?.int == 0)
                    let list = root["data"]?["list"]
                    #expect(list?.count == 2)
                    #expect(list?[0]?["orderId"]?.string?.isEmpty == false)
                    #expect(list?[0]?["createAt"]?.string?.isEmpty == false)
                    #expect(list?[1]?["orderId"]?.string == "")
                    #expect(list?[1]?["createAt"]?.string == "")
                    let codes = root["retExtInfo"]?["list"]
                    #expect(codes?[0]?["code"]?.int == 0)
                    #expect(codes?[1]?["code"]?.int != 0)
                }
                let amended = try await trade.ask(
                    Self.frame(
                        "order.amend-batch",
                        #"{"category":"linear","request":[{"symbol":"BTCUSDT","orderLinkId":"b-1","qty":"0.030"}]}"#,
                        id: "r2"
                    )
                )
                #expect(amended.contains(#""retExtInfo":{"list":[{"code":0,"msg":"OK"}]}"#))
                let cancelled = try await trade.ask(
                    Self.frame(
                        "order.cancel-batch",
                        #"{"category":"linear","request":[{"symbol":"BTCUSDT","orderLinkId":"b-1"},{"symbol":"BTCUSDT","orderLinkId":"b-9"}]}"#,
                        id: "r3"
                    )
                )
                #expect(cancelled.contains(#"[{"code":0,"msg":"OK"},{"code":110001"#))
                await trade.close()
            }
        }

        @Test func `what a frame gets wrong has a code of its own`() async throws {
            try await TestExchange.run { exchange in
                let trade = try await exchange.openTrade()
                let order = Self.order("w-1", price: "85500.0")
                let old = "\"\(WallClock.now.milliseconds - 6_000)\""
                let early = "\"\(WallClock.now.milliseconds + 5_000)\""
                for (frame, code) in [
                    (Self.frame("order.replace", order, id: "1"), 10_404),
                    (Self.frame("order.create", order + "," + order, id: "2"), 10_001),
                    (Self.frame("order.create", #"{"category":"spread"}"#, id: "3"), 10_404),
                    (Self.frame("order.create", #"{"symbol":"BTCUSDT"}"#, id: "4"), 10_404),
                    (Self.frame("order.create", order, id: "5", timestamp: old), 10_002),
                    (Self.frame("order.create", order, id: "6", timestamp: early), 10_002),
                    (Self.frame("order.create", order, id: "7", timestamp: "\"\""), 10_001),
                    (Self.frame("order.create", order, id: "8"), 0),
                    (Self.frame("order.create", order, id: "8"), 20_006),
                    (Self.frame("order.create", order, id: "9"), 110_072),
                    (
                        Self.frame("order.create", order, id: String(repeating: "x", count: 37)),
                        10_001
                    ),
                    ("nonsense", 10_001),
                ] {
                    let reply = try await trade.ask(frame)
                    #expect(reply.contains(#""retCode":\#(code),"#), "\(frame): \(reply)")
                }
                await trade.close()
            }
        }

        @Test func `quotas are shared with REST, and a batch is filled up to its rest`()
            async throws
        {
            try await TestExchange.run(rateLimits: .enforced) { exchange in
                let trade = try await exchange.openTrade()
                let item =
                    #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"85500.0"}"#
                let list = Array(repeating: item, count: 12).joined(separator: ",")
                let batch = try await trade.ask(
                    Self.frame("order.create-batch", #"{"category":"linear","request":[\#(list)]}"#)
                )
                #expect(batch.contains(#""X-Bapi-Limit":"10""#))
                #expect(batch.contains(#""X-Bapi-Limit-Status":"0""#))
                #expect(batch.matches(of: #/"code":10006/#).count == 2)
                // The quota of single orders is another one; REST and the socket take from it together.
                for number in 0..<10 {
                    let reply = try await trade.ask(
                        Self.frame(
                            "order.create",
                            Self.order("q-\(number)", price: "85500.0"),
                            id: "q\(number)"
                        )
                    )
                    if number == 0 { #expect(reply.contains(#""X-Bapi-Limit-Status":"9""#)) }
                }
                await trade.close()
            }
        }

        @Test func `the meter shares out a batch and counts addresses`() {
            var meter = RateMeter(.enforced)
            func take(_ units: Int, at now: Int64) -> RateMeter.Reading? {
                meter.count(
                    account: 0,
                    path: "/v5/order/create-batch",
                    category: .linear,
                    units: units,
                    nowMilliseconds: now
                )
            }
            #expect(take(7, at: 1_000)?.granted == 7)
            let rest = take(7, at: 1_100)
            #expect(rest?.granted == 3 && rest?.remaining == 0 && rest?.reset == 2_000)
            #expect(take(1, at: 1_200)?.isExceeded == true)
            #expect(take(20, at: 2_050)?.granted == 7)
            func http(at now: Int64) -> Bool { meter.countAddress(nowMilliseconds: now) }
            func trade(at now: Int64) -> Bool { meter.countTrade(nowMilliseconds: now) }
            for _ in 0..<600 { #expect(http(at: 10_000)) }
            #expect(!http(at: 14_999) && http(at: 15_000))
            for _ in 0..<3_000 { _ = trade(at: 1) }
            #expect(!trade(at: 1_000) && trade(at: 1_001))
        }

        /// On a clock that stands still: however long it takes, all of them are of the same five seconds.
        @Test func `too many requests of one address are answered with 403`() async throws {
            try await ControlledExchange.run(rateLimits: .enforced) { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                let request = Array("GET /v5/market/time HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                try await socket.write(Array(repeating: request, count: 601).flatMap { $0 })
                var last: TestSocket.Response?
                for _ in 0..<601 { last = try await socket.response(hasBody: true) }
                #expect(last?.status == 403 && last?.body.contains("access too frequent") == true)
                await socket.close()
            }
        }
    }
}
