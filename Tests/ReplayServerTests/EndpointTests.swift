import Bybit
import JSON
import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Every endpoint: that it is there, how it pages, and what it refuses.
    @Suite(.timeLimit(.minutes(10))) struct EndpointTests {
        @Test func `every endpoint of the reference has a route with its method`() {
            for endpoint in Endpoints.all {
                let route = Route.table[endpoint.path]
                #expect(route != nil, "\(endpoint.path)")
                #expect(route?.isEntry == (endpoint.method == "POST"), "\(endpoint.path)")
            }
            #expect(Route.table.count == Endpoints.all.count)
            for (path, route) in Route.table where !route.isEntry {
                let isOpen =
                    path.hasPrefix("/v5/market/")
                    || [
                        "/v5/spread/instrument", "/v5/spread/orderbook", "/v5/spread/tickers",
                        "/v5/spread/recent-trade",
                    ].contains(path)
                #expect(route.isSigned == !isOpen, "\(path)")
            }
        }

        @Test(arguments: [
            ("/v5/market/kline?category=option&symbol=BTC-25DEC26-90000-C-USDT&interval=1", 10_001),
            ("/v5/market/kline?category=linear&symbol=BTCUSDT", 10_001),
            ("/v5/market/orderbook?category=spread&symbol=BTCUSDT_BTC%2FUSDT", 10_001),
            ("/v5/market/full_orderbook?category=linear&symbol=BTCUSDT", 10_001),
            ("/v5/market/rpi_orderbook?category=linear&symbol=BTCUSDT", 10_001),
            ("/v5/market/tickers?category=option", 10_001),
            ("/v5/market/recent-trade?category=linear", 10_001),
            ("/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=x", 10_001),
            ("/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=1", 10_001),
            ("/v5/market/funding/history?category=spot&symbol=BTCUSDT", 10_001),
            ("/v5/market/open-interest?category=linear&symbol=BTCUSDT", 10_001),
            ("/v5/market/price-limit?symbol=NONE", 10_001),
            ("/v5/market/account-ratio?category=linear&symbol=BTCUSDT", 10_001),
            ("/v5/spread/orderbook", 10_001),
            ("/v5/spread/tickers?symbol=BTCUSDT", 10_001),
        ])
        func `a bad market request is refused`(target: String, code: Int) async throws {
            try await TestExchange.runAll { exchange in
                let reply = try await exchange.get(target)
                #expect(reply.status == 200)
                #expect(reply.body.contains(#""retCode":\#(code)"#), "\(reply.body)")
            }
        }

        @Test(arguments: [
            ("GET", "/v5/order/realtime", "category=linear", "", 10_001),
            ("GET", "/v5/order/history", "category=spread", "", 10_001),
            (
                "GET", "/v5/execution/list", "category=linear&startTime=0&endTime=700000000", "",
                181_010
            ),
            ("GET", "/v5/position/list", "category=linear", "", 10_001),
            ("GET", "/v5/position/list", "category=spot&symbol=BTCUSDT", "", 10_001),
            ("GET", "/v5/position/closed-pnl", "category=option", "", 10_001),
            ("GET", "/v5/account/wallet-balance", "accountType=SPOT", "", 10_001),
            (
                "GET", "/v5/spread/max-qty", "symbol=BTCUSDT_BTC%2FUSDT&side=3&orderPrice=1", "",
                10_001
            ),
            (
                "POST", "/v5/position/add-margin", "",
                #"{"category":"linear","symbol":"BTCUSDT","margin":"1"}"#, 110_015
            ),
            (
                "POST", "/v5/account/set-margin-mode", "",
                #"{"setMarginMode":"PORTFOLIO_MARGIN"}"#, 3_400_045
            ),
            (
                "POST", "/v5/account/set-limit-px-action", "",
                #"{"category":"spot","modifyEnable":true}"#, 10_001
            ),
            (
                "POST", "/v5/order/disconnected-cancel-all", "",
                #"{"product":"SPOT","timeWindow":2}"#, 10_001
            ),
            ("POST", "/v5/order/cancel-all", "", #"{"category":"linear"}"#, 10_001),
            ("POST", "/v5/order/create", "", #"{"category":"spread"}"#, 10_001),
            ("POST", "/v5/spread/order/cancel", "", #"{"orderId":"none"}"#, 110_001),
            ("POST", "/v5/spread/order/cancel-all", "", "{}", 10_001),
            ("POST", "/v5/order/create", "", "not json", 10_001),
        ])
        func `a bad account request is refused with the code of its error`(
            method: String,
            path: String,
            query: String,
            body: String,
            code: Int
        ) async throws {
            try await TestExchange.runAll { exchange in
                let reply = try await exchange.request(method, path, query: query, body: body)
                #expect(reply.status == 200)
                #expect(reply.body.contains(#""retCode":\#(code)"#), "\(reply.body)")
            }
        }

        /// All pages of a list: ids in the order given, and how many pages there were.
        private static func pages(
            _ exchange: TestExchange,
            _ path: String,
            _ query: String,
            id: String
        ) async throws -> (ids: [String], pages: Int) {
            var ids: [String] = []
            var cursor = ""
            var count = 0
            repeat {
                let more = cursor.isEmpty ? "" : "&cursor=" + cursor
                let reply = try await exchange.request("GET", path, query: query + more)
                try JSONParser().read(Array(reply.body.utf8)) { root in
                    #expect(root["retCode"]?.int == 0, "\(reply.body)")
                    for row in root["result"]?["list"]?.elements.map({ $0 }) ?? [] {
                        ids.append(row[id]?.string ?? "")
                    }
                    cursor = root["result"]?["nextPageCursor"]?.string ?? ""
                }
                count += 1
            } while !cursor.isEmpty && count < 100
            return (ids, count)
        }

        @Test func `lists are whole and without repetition over all their pages`() async throws {
            try await TestExchange.runAll([.perpetual, .spot]) { exchange in
                let low = try await exchange.price(.perpetual, .sell, steps: 2_000)
                for start in stride(from: 0, to: 40, by: 20) {
                    let items = (start..<start + 20).map {
                        #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"\#(low)","orderLinkId":"o-\#($0)"}"#
                    }.joined(separator: ",")
                    _ = try await exchange.request(
                        "POST",
                        "/v5/order/create-batch",
                        body: #"{"category":"linear","request":[\#(items)]}"#
                    )
                }
                let open = try await Self.pages(
                    exchange,
                    "/v5/order/realtime",
                    "category=linear&symbol=BTCUSDT&limit=15",
                    id: "orderLinkId"
                )
                #expect(open.ids == (0..<40).reversed().map { "o-\($0)" } && open.pages == 3)
                for number in 0..<8 {
                    try await exchange.place(
                        .perpetual,
                        number % 2 == 0 ? .buy : .sell,
                        "0.001",
                        price: nil,
                        link: "m-\(number)"
                    )
                }
                _ = try await exchange.request(
                    "POST",
                    "/v5/order/cancel-all",
                    body: #"{"category":"linear","symbol":"BTCUSDT"}"#
                )
                let history = try await Self.pages(
                    exchange,
                    "/v5/order/history",
                    "category=linear&limit=7",
                    id: "orderId"
                )
                #expect(history.ids.count == 48 && Set(history.ids).count == 48)
                let cancelled = try await Self.pages(
                    exchange,
                    "/v5/order/history",
                    "category=linear&limit=50&orderStatus=Cancelled",
                    id: "orderLinkId"
                )
                #expect(cancelled.ids.count == 40 && cancelled.pages == 1)
                let executions = try await Self.pages(
                    exchange,
                    "/v5/execution/list",
                    "category=linear&limit=3&execType=Trade",
                    id: "execId"
                )
                #expect(
                    executions.ids.count >= 8 && Set(executions.ids).count == executions.ids.count
                )
                let closed = try await Self.pages(
                    exchange,
                    "/v5/position/closed-pnl",
                    "category=linear&limit=3",
                    id: "orderId"
                )
                #expect(closed.ids.count == 4 && closed.pages == 2)
                let log = try await Self.pages(
                    exchange,
                    "/v5/account/transaction-log",
                    "type=TRADE&limit=3",
                    id: "id"
                )
                #expect(log.ids.count == executions.ids.count)
            }
        }

        @Test func `of options one coin is listed at a time: BTC where none is named`() async throws
        {
            var ether = TestProduct.call
            ether.base = "ETH"
            ether.symbol = "ETH-" + ether.symbol.drop { $0 != "-" }.dropFirst()
            try await TestExchange.runAll([.call, ether]) { exchange in
                let asked = [
                    ("", TestProduct.call), ("&baseCoin=BTC", .call), ("&baseCoin=ETH", ether),
                    ("&symbol=" + ether.symbol, ether),
                ]
                for (query, product) in asked {
                    let list = try await exchange.get(
                        "/v5/market/instruments-info?category=option" + query
                    )
                    var symbols: [String] = []
                    try JSONParser().read(Array(list.body.utf8)) { root in
                        for row in root["result"]?["list"]?.elements.map({ $0 }) ?? [] {
                            symbols.append(row["symbol"]?.string ?? "")
                        }
                    }
                    #expect(symbols == [product.symbol], "\(query)")
                }
            }
        }

        @Test
        func `funding history is what was paid, and reference candles are kept by the minute`()
            async throws
        {
            try await TestExchange.runAll([.perpetual], pace: 60, fundingSeconds: 60) { exchange in
                try await exchange.place(.perpetual, .buy, "0.100", price: nil, link: "f-1")
                var rates: [String: String] = [:]
                while rates.count < 2 {
                    try await Task.sleep(for: .milliseconds(300))
                    let list = try await exchange.request(
                        "GET",
                        "/v5/execution/list",
                        query: "category=linear&execType=Funding"
                    )
                    try JSONParser().read(Array(list.body.utf8)) { root in
                        for row in root["result"]?["list"]?.elements.map({ $0 }) ?? [] {
                            rates[row["execTime"]?.string ?? ""] = row["feeRate"]?.string
                        }
                    }
                }
                let history = try await exchange.get(
                    "/v5/market/funding/history?category=linear&symbol=BTCUSDT"
                )
                for (time, rate) in rates {
                    #expect(
                        history.body.contains(
                            #""fundingRate":"\#(rate)","fundingRateTimestamp":"\#(time)""#
                        )
                    )
                }
                for path in ["mark-price-kline", "index-price-kline", "premium-index-price-kline"] {
                    let reply = try await exchange.get(
                        "/v5/market/\(path)?category=linear&symbol=BTCUSDT&interval=1"
                    )
                    try JSONParser().read(Array(reply.body.utf8)) { root in
                        let list = root["result"]?["list"]
                        #expect(list?.count ?? 0 >= 2 && list?[0]?.count == 5, "\(reply.body)")
                        let first = Int64(list?[0]?[0]?.string ?? "") ?? 0
                        let second = Int64(list?[1]?[0]?.string ?? "") ?? 0
                        #expect(first - second == 60_000)
                    }
                }
            }
        }

        @Test func `a delivered option is in the records of its holder and in the price list`()
            async throws
        {
            var option = TestProduct.call
            option.deliverySeconds = 20
            option.option = (true, "80000")
            try await TestExchange.runAll([.perpetual, option], pace: 10) { exchange in
                let reply = try await exchange.place(option, .buy, "0.1", price: nil, link: "d-1")
                #expect(reply.contains(#""retCode":0"#), "\(reply)")
                let id = option.id
                while await exchange.server.inspect({ $0.deliveryPrice(id) == nil }) == true {
                    try await Task.sleep(for: .milliseconds(100))
                }
                let record = try await exchange.request(
                    "GET",
                    "/v5/asset/delivery-record",
                    query: "category=option"
                )
                #expect(record.body.contains(#""side":"Buy""#), "\(record.body)")
                #expect(record.body.contains(#""strike":"80000""#))
                #expect(record.body.contains(#""position":"0.10""#))
                let prices = try await exchange.get("/v5/market/delivery-price?category=option")
                #expect(prices.body.contains(option.symbol))
                let closed = try await exchange.request(
                    "GET",
                    "/v5/position/get-closed-positions",
                    query: "category=option"
                )
                #expect(closed.body.contains(#""totalPnl":""#), "\(closed.body)")
                let list = try await exchange.get("/v5/market/instruments-info?category=option")
                #expect(!list.body.contains(option.symbol))
            }
        }

        @Test func `a check beforehand changes nothing, and tells what the order would need`()
            async throws
        {
            try await TestExchange.runAll([.perpetual]) { exchange in
                let price = try await exchange.price(.perpetual, .sell, steps: 100)
                let body =
                    #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"10","price":"\#(price)"}"#
                let check = try await exchange.request("POST", "/v5/order/pre-check", body: body)
                try JSONParser().read(Array(check.body.utf8)) { root in
                    #expect(root["result"]?["preImrE4"]?.int == 0)
                    // 10 BTC at about 90,000 with leverage 20, of a million.
                    #expect((400...500).contains(root["result"]?["postImrE4"]?.int ?? 0))
                }
                let open = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT"
                )
                #expect(open.body.contains(#""list":[]"#))
            }
        }
    }
}
