import Logging
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Signature, envelope, limits and paging of the REST door.
    @Suite(.timeLimit(.minutes(10))) struct RESTTests {
        /// Vectors of the protocol's documentation, for one key and secret.
        static let vectors: [(text: String, signature: String)] = [
            (
                "GET/realtime1767225610000",
                "32c4e38e4ce0c360da0eef0814130b613c22d67d1c0c0e61274885421c04cae0"
            ),
            (
                "1767225600000TESTKEY00000000015000category=linear&symbol=BTCUSDT",
                "d8a8825163013c3c937562fcfd253a18fea14902a585f4b6f62ec83e57cb0f9b"
            ),
            (
                "1767225600000TESTKEY00000000015000",
                "15779baa1345df71c3aa4336658431f58471b2211bc55735a63409b3c1a1efc8"
            ),
            (
                #"1767225600000TESTKEY00000000015000{"category":"linear","symbol":"BTCUSDT","#
                    + #""side":"Buy","orderType":"Limit","qty":"0.010","price":"90000","timeInForce":"GTC"}"#,
                "3c2a6bb762881dfdbfe89a1258bbd4a6f568b9bf7259e81b3bac0fc95328948b"
            ),
            (
                #"1767225600000TESTKEY00000000015000{"category": "linear", "symbol": "BTCUSDT"}"#,
                "98eed10f616a0568e8d083fd2893bf8fcc7f4ad451c61c332943b1b8cc15f746"
            ),
        ]

        @Test(arguments: vectors)
        func `signatures are those of the documentation`(text: String, signature: String) {
            let secret = Array("TESTSECRET00000000000000000000000001".utf8)
            #expect(
                String(decoding: Signature.of(Array(text.utf8), secret: secret), as: UTF8.self)
                    == signature
            )
            #expect(Signature.matches(signature, Array(text.utf8), secret: secret))
            #expect(!Signature.matches(signature, Array((text + " ").utf8), secret: secret))
            #expect(
                !Signature.matches(String(signature.dropLast()), Array(text.utf8), secret: secret)
            )
        }

        @Test func `the signature covers the bytes as they stand, blanks and escapes included`()
            async throws
        {
            try await TestExchange.run { exchange in
                let query = "symbol=BTCUSDT&category=linear&cursor=a%2Cb%3A1"
                let list = try await exchange.request("GET", "/v5/order/realtime", query: query)
                #expect(list.body.contains(#""retCode":0"#))
                // The same parameters in another order are other bytes.
                let moved = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: query,
                    signing: "category=linear&symbol=BTCUSDT&cursor=a%2Cb%3A1"
                )
                #expect(moved.status == 200)
                #expect(moved.body.contains(#""retCode":10004"#))
                #expect(moved.body.contains("error sign! origin_string["))
                #expect(moved.body.contains(query + "]"))
                let body = #"{"category": "linear", "symbol": "BTCUSDT"}"#
                let spaced = try await exchange.request("POST", "/v5/order/cancel-all", body: body)
                #expect(spaced.body.contains(#""retCode":0"#))
                let compact = try await exchange.request(
                    "POST",
                    "/v5/order/cancel-all",
                    body: body,
                    signing: #"{"category":"linear","symbol":"BTCUSDT"}"#
                )
                #expect(compact.body.contains(#""retCode":10004"#))
            }
        }

        @Test(arguments: [
            (-5_100, false), (-4_000, true), (0, true), (800, true), (1_500, false),
        ])
        func `a timestamp is taken from the receive window to a second ahead`(
            offset: Int64,
            isTaken: Bool
        ) async throws {
            try await TestExchange.run { exchange in
                let reply = try await exchange.request("GET", "/v5/account/info", offset: offset)
                #expect(reply.body.contains(isTaken ? #""retCode":0"# : #""retCode":10002"#))
                if !isTaken {
                    #expect(reply.body.contains("req_timestamp["))
                    #expect(reply.body.contains("recv_window[5000]"))
                }
            }
        }

        @Test func `strangers, unsigned requests and unknown paths are refused in the envelope`()
            async throws
        {
            try await TestExchange.run { exchange in
                let stranger = try await exchange.request(
                    "GET",
                    "/v5/account/info",
                    key: "canaryKeyNobody001"
                )
                #expect(stranger.body.contains(#""retCode":10003"#))
                let socket = try await TestSocket.connect(exchange.server.address)
                let unsigned = try await socket.request("GET", "/v5/account/info")
                #expect(unsigned.status == 401)
                let unknown = try await socket.request("GET", "/v5/nothing/here")
                #expect(unknown.status == 404)
                #expect(unknown.body.contains(#""retCode":10017"#))
                #expect(unknown.body.contains(#""result":{},"retExtInfo":{},"time":"#))
                let method = try await socket.request("GET", "/v5/order/create")
                #expect(method.status == 400)
                await socket.close()
            }
        }

        @Test(arguments: [
            ("/v5/market/time", "timeNano"),
            ("/v5/market/instruments-info?category=linear", #""symbol":"ETHUSDT""#),
            ("/v5/market/instruments-info?category=spot&symbol=BTCUSDT", "basePrecision"),
            ("/v5/market/instruments-info?category=inverse", #""list":[],"nextPageCursor":"""#),
            ("/v5/market/instruments-info?category=option&baseCoin=BTC", #""list":[]"#),
            ("/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=5", #""s":"BTCUSDT""#),
            ("/v5/market/tickers?category=linear&symbol=BTCUSDT", "openInterestValue"),
            ("/v5/market/tickers?category=spot", "usdIndexPrice"),
            ("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1", #""list":[["#),
            ("/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=3", #""list":["#),
        ])
        func `market endpoints answer anybody`(target: String, part: String) async throws {
            try await TestExchange.run { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                let reply = try await socket.request("GET", target)
                #expect(reply.status == 200)
                #expect(reply.body.contains(#""retCode":0"#))
                #expect(reply.body.contains(part))
                await socket.close()
            }
        }

        @Test(arguments: [
            ("/v5/market/orderbook?category=linear", 10_001),
            ("/v5/market/orderbook?category=linear&symbol=NOSUCH", 10_001),
            ("/v5/market/tickers?category=nonsense", 10_001),
            ("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=7", 10_001),
        ])
        func `a bad market request has the code of its error`(
            target: String,
            code: Int
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await TestSocket.connect(exchange.server.address)
                let reply = try await socket.request("GET", target)
                #expect(reply.body.contains(#""retCode":\#(code)"#))
                await socket.close()
            }
        }

        @Test(arguments: [
            ("/v5/order/realtime", "category=linear&symbol=BTCUSDT", #""list":[]"#),
            ("/v5/order/history", "category=linear", #""list":[]"#),
            ("/v5/execution/list", "category=linear", #""nextPageCursor":"""#),
            ("/v5/position/list", "category=linear&symbol=BTCUSDT", #""size":"0"#),
            ("/v5/position/list", "category=linear&settleCoin=USDT", #""list":[]"#),
            ("/v5/account/wallet-balance", "accountType=UNIFIED", #""walletBalance":"100000""#),
            ("/v5/account/transaction-log", "", "TRANSFER_IN"),
            (
                "/v5/account/fee-rate", "category=linear&symbol=BTCUSDT",
                #""takerFeeRate":"0.00055""#
            ),
            ("/v5/account/info", "", #""unifiedMarginStatus":5"#),
            ("/v5/user/query-api", "", #""uta":1"#),
            ("/v5/asset/coin/query-info", "", #""coin":"BTC""#),
        ])
        func `account endpoints answer their owner`(
            path: String,
            query: String,
            part: String
        ) async throws {
            try await TestExchange.run { exchange in
                let reply = try await exchange.request("GET", path, query: query)
                #expect(reply.body.contains(#""retCode":0"#))
                #expect(reply.body.contains(part))
            }
        }

        @Test func `orders beyond the quota are refused and the headers say when to come back`()
            async throws
        {
            try await TestExchange.run(rateLimits: .enforced) { exchange in
                // All in one write: they are judged within one turn of the loop, far inside a second.
                let count = 60
                let socket = try await TestSocket.connect(exchange.server.address)
                let body = TestExchange.order("Buy", quantity: "0.001", price: "1", link: "same")
                let request = TestExchange.signed("POST", "/v5/order/create", body: body)
                try await socket.write(Array(repeating: request, count: count).flatMap { $0 })
                var replies: [TestSocket.Response] = []
                for _ in 0..<count { replies.append(try await socket.response(hasBody: true)) }
                #expect(replies.first?.headers["x-bapi-limit"] == "10")
                #expect(replies.first?.headers["x-bapi-limit-status"] == "9")
                let refused = replies.filter { $0.body.contains(#""retCode":10006"#) }
                #expect(refused.first?.body.contains("Too many visits!") == true)
                #expect(refused.first?.headers["x-bapi-limit-status"] == "0")
                let reset = Int64(refused.first?.headers["x-bapi-limit-reset-timestamp"] ?? "") ?? 0
                let told = Int64(refused.first?.headers["timenow"] ?? "") ?? .max
                #expect(reset > told)
                await socket.close()
            }
        }

        @Test func `a quota is of a rolling second, an account and an endpoint`() {
            var meter = RateMeter(.enforced)
            func count(
                _ account: Int,
                _ path: String,
                at now: Int64,
                _ category: Market.Category = .linear
            )
                -> RateMeter.Reading?
            {
                meter.count(account: account, path: path, category: category, nowMilliseconds: now)
            }
            for place in 0..<10 {
                let reading = count(0, "/v5/order/create", at: 1_000 + Int64(place))
                #expect(reading?.remaining == 9 - place && reading?.isExceeded == false)
            }
            let refused = count(0, "/v5/order/create", at: 1_500)
            #expect(refused?.isExceeded == true && refused?.reset == 2_000)
            #expect(count(1, "/v5/order/create", at: 1_500)?.isExceeded == false)
            #expect(count(0, "/v5/order/cancel", at: 1_500)?.isExceeded == false)
            #expect(count(0, "/v5/order/create", at: 1_500, .spot)?.limit == 20)
            #expect(count(0, "/v5/order/create", at: 2_000)?.isExceeded == false)
            #expect(count(0, "/v5/market/time", at: 0) == nil)
        }

        @Test func `headers and bodies beyond their limits are refused`() async throws {
            try await TestExchange.run { exchange in
                let headers = try await TestSocket.connect(exchange.server.address)
                let long = String(repeating: "a", count: 20_000)
                let refused = try? await headers.request(
                    "GET",
                    "/v5/market/time",
                    headers: [("X-Long", long)]
                )
                #expect(refused == nil || refused?.status == 400 || refused?.status == 431)
                let body = try await TestSocket.connect(exchange.server.address)
                let large = String(repeating: " ", count: 1_024 * 1_024 + 1)
                let answer = try await body.request("POST", "/v5/order/create", body: large)
                #expect(answer.status == 413)
            }
        }

        @Test func `a body that waits to be asked for is asked for`() async throws {
            try await TestExchange.run { exchange in
                let body = TestExchange.order("Buy", quantity: "0.001", price: "80000", link: "w-1")
                let socket = try await TestSocket.connect(exchange.server.address)
                let request = TestExchange.signed("POST", "/v5/order/create", body: body)
                // The blank line that ends the head goes behind one header more.
                let head = request.dropLast(body.utf8.count + 2)
                try await socket.write(head + Array("Expect: 100-continue\r\n\r\n".utf8))
                #expect(try await socket.response(hasBody: false).status == 100)
                try await socket.write(Array(body.utf8))
                #expect(try await socket.response(hasBody: true).body.contains("w-1"))
                await socket.close()
            }
        }

        @Test func `one port on both loopback addresses, and a taken one is said`() async throws {
            try await TestExchange.run(isPlain: false) { exchange in
                let address = exchange.server.address
                // Not every machine has the second one; where it connects it must answer.
                if let socket = try? await TestSocket.connect(address, host: "::1") {
                    #expect(try await socket.request("GET", "/v5/market/time").status == 200)
                    await socket.close()
                }
                var configuration = MessagesServerConfiguration()
                configuration.port = address.port
                do {
                    let server = try await MessagesServer.start(
                        configuration,
                        file: "/dev/null",
                        logger: Logger(label: "test")
                    )
                    await server.stop()
                    Issue.record("the port was taken and given again")
                } catch ServerError.port(let port, reason: _) {
                    #expect(port == address.port)
                }
            }
        }

        @Test func `generated keys are never the same and of Bybit's lengths`() {
            let one = ServerAccount.generated(alias: "a")
            let two = ServerAccount.generated(alias: "a")
            #expect(one.key != two.key && one.secret != two.secret)
            #expect(one.key.utf8.count == 18 && one.secret.count == 36)
        }

        @Test func `neither an account nor an error shows a secret`() async throws {
            let secret = "canarySecretMain0000000000000000001"
            #expect(!"\(TestExchange.main)".contains(secret))
            #expect(!String(reflecting: TestExchange.main).contains(secret))
            var dumped = ""
            dump(TestExchange.main, to: &dumped)
            #expect(!dumped.contains("canary"))
            await #expect {
                try await TestExchange.run { _ in
                    var configuration = ExchangeServerConfiguration()
                    configuration.accounts = [TestExchange.main, TestExchange.main]
                    _ = try AccountDirectory(configuration.accounts)
                }
            } throws: { error in
                !"\(error)".contains("canary")
            }
            try await TestExchange.run { exchange in
                let spoiled = try await exchange.request(
                    "GET",
                    "/v5/account/info",
                    signing: "something else"
                )
                #expect(spoiled.body.contains("10004"))
                #expect(!spoiled.body.contains(secret))
            }
        }
    }
}
