import Foundation
import JSON
import Market
import SharedData
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// The fields that we send, against those of the real messages and fixtures in ../shared/data.
    @Suite(
        .timeLimit(.minutes(10)),
        .enabled(if: SharedData.Shared.isPresent, "needs ../shared")
    )
    struct FieldCheckTests {
        @Test func `fields and types are those of the real messages, but for a list with reasons`()
            async throws
        {
            let real = try FieldShapes.ofSharedData()
            var ours = FieldShapes()
            try await FieldSession.run { kind, text in ours.add(kind, Array(text.utf8)) }
            try await FieldSession.end { kind, text in ours.add(kind, Array(text.utf8)) }
            var differences: [String] = []
            for (kind, fields) in real.byKind.sorted(by: { $0.key < $1.key }) {
                guard let own = ours.byKind[kind] else {
                    differences.append("absent \(kind)")
                    continue
                }
                differences += fields.subtracting(own).sorted().map { "missing \(kind) \($0)" }
                differences += own.subtracting(fields).sorted().map { "extra \(kind) \($0)" }
            }
            #expect(real.byKind.count > 60, "\(real.byKind.keys.sorted())")
            let accepted = try Self.accepted()
            let found = Set(differences)
            print("field check: \(real.byKind.count) kinds, \(differences.count) differences")
            for line in differences where accepted[line] == nil {
                print(line)
                Issue.record("not in the list: \(line)")
            }
            for (line, reason) in accepted.sorted(by: { $0.key < $1.key })
            where !found.contains(line) && !reason.hasPrefix("at times: ") {
                Issue.record("no longer occurs: \(line)")
            }
        }

        /// Difference, two blanks, `#`, reason; *at times* is what a session of a minute may be too short for.
        private static func accepted() throws -> [String: String] {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/fieldcheck/accepted.txt")
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            var lines: [String: String] = [:]
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                let parts = line.split(separator: "  # ", maxSplits: 1)
                #expect(parts.count == 2, "a line without a reason: \(line)")
                lines[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
            return lines
        }
    }
}

/// Everything that a client can ask, once: every topic, every endpoint, orders of every product.
enum FieldSession {
    /// - Parameter take: gets each message with its kind.
    static func run(_ take: (String, String) -> Void) async throws {
        // Two minutes before the last end of a session: USDC contracts settle on the way.
        let session: Int64 = 28_800_000_000_000
        let end = WallClock.now.nanoseconds / session * session
        try await TestExchange.runAll(
            TestProduct.all + [.expiring],
            pace: 20,
            takers: 100,
            fundingSeconds: 60,
            start: Timestamp(nanoseconds: end - 120_000_000_000)
        ) { exchange in
            let personal = try await exchange.openPrivate()
            _ = try await personal.ask(
                #"{"op":"subscribe","args":["order","execution","execution.fast","position","wallet","greeks","spread.order","spread.execution"]}"#
            )
            try await trade(exchange)
            try await listenPrivately(personal, take)
            try await overTradeSocket(exchange, take)
            for (product, topics) in publicTopics {
                try await listen(exchange, product, topics, take)
            }
            for (path, query) in endpoints {
                let target = query.isEmpty ? path : path + "?" + query
                let isOpen = path.hasPrefix("/v5/market") || Route.table[path]?.isSigned == false
                let reply =
                    isOpen
                    ? try await exchange.get(target)
                    : try await exchange.request("GET", path, query: query)
                #expect(reply.body.contains(#""retCode":0"#), "\(target): \(reply.body)")
                takeReply(path, reply.body, take)
            }
            try await settings(exchange, take)
            try await announce(exchange, take)
            await personal.close()
        }
    }

    /// What takes a wild market and the end of a session of eight hours: a liquidation, and a settlement.
    static func end(_ take: (String, String) -> Void) async throws {
        var wild = TestProduct.perpetual
        wild.volatility = 1_000_000
        let start = ControlledExchange.start.advanced(nanoseconds: 28_790 * 1_000_000_000)
        try await ControlledExchange.run(
            start: start,
            listings: try [wild, .dollarCoin].map {
                try $0.listing(start: start, eventsPerSecond: 100, takers: 60)
            },
            deposits: [("USDT", "100"), ("USDC", "100000")]
        ) { exchange in
            let path = "public/linear/allLiquidation.BTCUSDT"
            let socket = try await exchange.subscriber(
                "/v5/public/linear",
                "allLiquidation.BTCUSDT"
            )
            for (account, side) in [(TestExchange.main, Side.buy), (TestExchange.other, .sell)] {
                _ = try await exchange.exchange.request(
                    "POST",
                    "/v5/position/set-leverage",
                    body:
                        #"{"category":"linear","symbol":"BTCUSDT","buyLeverage":"100","sellLeverage":"100"}"#,
                    account: account
                )
                for (product, quantity) in [(wild, "0.080"), (.dollarCoin, "0.010")] {
                    let reply = try await exchange.exchange.place(
                        product,
                        side,
                        quantity,
                        price: nil,
                        link: "e-" + product.symbol,
                        account: account
                    )
                    #expect(reply.contains(#""retCode":0"#), "\(product.symbol): \(reply)")
                }
            }
            var liquidations: [String] = []
            for _ in 0..<600 where liquidations.isEmpty {
                try await exchange.advance(100)
                liquidations = try await exchange.pushes(socket)
            }
            #expect(!liquidations.isEmpty, "nobody was liquidated within a minute")
            for text in liquidations {
                let kind = try JSONParser().read(Array(text.utf8)) { FieldShapes.push(path, $0) }
                if let kind { take(kind, text) }
            }
            try await exchange.advance(11_000)
            let settled = "/v5/asset/settlement-record"
            let reply = try await exchange.exchange.request(
                "GET",
                settled,
                query: "category=linear"
            )
            takeReply(settled, reply.body, take)
            await socket.close()
        }
    }

    private static func announce(
        _ exchange: TestExchange,
        _ take: (String, String) -> Void
    ) async throws {
        let socket = try await exchange.open("/v5/public/misc/status")
        _ = try await socket.ask(#"{"op":"subscribe","args":["system.status"]}"#)
        var status = SystemStatus()
        status.id = "s-1"
        status.title = "upgrade"
        status.state = "scheduled"
        status.services = [2, 3]
        status.products = [1, 2]
        status.maintenanceType = 1
        status.environment = 1
        await exchange.server.announce(status)
        take("push system status", try await socket.text())
        await socket.close()
    }

    private static func takeReply(
        _ path: String,
        _ body: String,
        _ take: (String, String) -> Void
    ) {
        let kind = try? JSONParser().read(Array(body.utf8)) {
            FieldShapes.reply(path, $0, query: "")
        }
        take(kind ?? path, body)
    }

    /// Orders of every product: fills, one that rests, one with exits, one that closes.
    private static func trade(_ exchange: TestExchange) async throws {
        let quantities: [(TestProduct, String)] = [
            (.perpetual, "0.010"), (.dated, "0.010"), (.inverse, "100"), (.spot, "0.01"),
            (.call, "0.1"), (.expiring, "0.1"), (.combination, "0.01"), (.dollarCoin, "0.010"),
        ]
        for (place, (product, quantity)) in quantities.enumerated() {
            let price = try await exchange.price(product, .buy, steps: 3)
            let reply = try await exchange.place(
                product,
                .buy,
                quantity,
                price: price,
                link: "f-\(place)"
            )
            #expect(reply.contains(#""retCode":0"#), "\(product.symbol): \(reply)")
            let far = try await exchange.price(product, .sell, steps: 300)
            try await exchange.place(
                product,
                .buy,
                quantity,
                price: product.category == .option ? "100" : far,
                link: "r-\(place)"
            )
        }
        let last = try await exchange.price(.perpetual, .buy, steps: 0)
        let high = try Numeral(text: last)
        let profit = Numeral(mantissa: high.mantissa * 11 / 10 / 10 * 10, decimals: high.decimals)
        try await exchange.place(
            .perpetual,
            .buy,
            "0.020",
            price: nil,
            link: "exit-1",
            extra: #","takeProfit":"\#(profit)","tpslMode":"Full""#
        )
        for product in [TestProduct.perpetual, .call] {
            try await exchange.place(
                product,
                .sell,
                product.category == .option ? "0.05" : "0.005",
                price: nil,
                link: "close-\(product.category.name)",
                extra: #","reduceOnly":true"#
            )
        }
    }

    /// Until each kind has come, funding and delivery among them.
    private static func listenPrivately(
        _ socket: TestSocket,
        _ take: (String, String) -> Void
    ) async throws {
        var missing: Set<String> = [
            "push order linear", "push order spot", "push order option", "push execution linear",
            "push execution spot", "push execution option", "push execution.fast linear",
            "push position linear", "push position option", "push wallet ", "push greeks ",
            "push spread.order combination", "push spread.execution combination",
            "push spread.execution future_leg", "push spread.execution spot_leg",
            "push spread.order future_leg", "push spread.order spot_leg",
        ]
        var hasFunding = false
        var hasDelivery = false
        let end = ContinuousClock.now + .seconds(300)
        while !missing.isEmpty || !hasFunding || !hasDelivery {
            guard ContinuousClock.now < end else {
                Issue.record(
                    "\(missing) never came; funding \(hasFunding), delivery \(hasDelivery)"
                )
                return
            }
            let text = try await socket.text()
            let kind = try JSONParser().read(Array(text.utf8)) { root in
                FieldShapes.push("private/main/" + (root["topic"]?.string ?? ""), root)
            }
            guard let kind else { continue }
            if text.contains(#""execType":"Funding""#) { hasFunding = true }
            if text.contains(#""execType":"Delivery""#) { hasDelivery = true }
            missing.remove(kind)
            take(kind, text)
        }
    }

    private static func overTradeSocket(
        _ exchange: TestExchange,
        _ take: (String, String) -> Void
    ) async throws {
        let socket = try await exchange.openTrade()
        let far = try await exchange.price(.perpetual, .sell, steps: 300)
        let item =
            #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"\#(far)","orderLinkId":"LINK"}"#
        let ids = #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"LINK"}"#
        let requests = [
            (
                "order.create",
                item.replacing("{\"symbol", with: "{\"category\":\"linear\",\"symbol")
            ),
            ("order.amend", ids.replacing("}", with: #","qty":"0.020"}"#)),
            (
                "order.create-batch",
                #"{"category":"linear","request":[\#(item.replacing("LINK", with: "LINK2"))]}"#
            ),
            ("order.cancel", ids),
        ]
        for (number, (operation, args)) in requests.enumerated() {
            let text = try await socket.ask(
                "{\"reqId\":\"q\(number)\",\"op\":\"\(operation)\",\"header\":{\"X-BAPI-TIMESTAMP\":"
                    + "\"\(WallClock.now.milliseconds)\"},\"args\":[\(args)]}"
            )
            #expect(text.contains(#""retCode":0"#), "\(text)")
            take("trade " + operation, text)
        }
        await socket.close()
    }

    private static func listen(
        _ exchange: TestExchange,
        _ product: TestProduct,
        _ topics: [String],
        _ take: (String, String) -> Void
    ) async throws {
        let name = product.category.name
        let socket = try await exchange.open("/v5/public/" + name)
        let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
        _ = try await socket.ask(#"{"op":"subscribe","args":[\#(list)]}"#)
        var missing = Set(topics)
        // A change of a book may be of one side alone, and has no fields of the other.
        for topic in topics where topic.hasPrefix("orderbook.") {
            missing.formUnion([topic + " b", topic + " a"])
        }
        let end = ContinuousClock.now + .seconds(300)
        while !missing.isEmpty {
            guard ContinuousClock.now < end else {
                Issue.record("\(missing) never came")
                break
            }
            let text = try await socket.text()
            try JSONParser().read(Array(text.utf8)) { root in
                let topic = root["topic"]?.string ?? ""
                missing.remove(topic)
                if root["data"]?["b"]?.count ?? 0 > 0 { missing.remove(topic + " b") }
                if root["data"]?["a"]?.count ?? 0 > 0 { missing.remove(topic + " a") }
                let kind = FieldShapes.push("public/\(name)/\(topic)", root)
                if let kind { take(kind, text) }
            }
        }
        await socket.close()
    }

    private static let publicTopics: [(TestProduct, [String])] = [
        (
            .perpetual,
            [
                "orderbook.50.BTCUSDT", "orderbook.rpi.BTCUSDT", "publicTrade.BTCUSDT",
                "tickers.BTCUSDT", "tickers.BTCUSDT-25DEC26", "kline.5.BTCUSDT",
                "priceLimit.BTCUSDT", "insurance.USDT", "adlAlert.USDT",
            ]
        ),
        (
            .spot,
            [
                "orderbook.50.BTCUSDT", "orderbook.full.BTCUSDT", "publicTrade.BTCUSDT",
                "tickers.BTCUSDT",
            ]
        ),
        (
            .call,
            [
                "orderbook.25.BTC-25DEC26-90000-C-USDT", "publicTrade.BTC",
                "tickers.BTC-25DEC26-90000-C-USDT",
            ]
        ),
        (
            .combination,
            [
                "orderbook.25.BTCUSDT_BTC/USDT", "publicTrade.BTCUSDT_BTC/USDT",
                "tickers.BTCUSDT_BTC/USDT",
            ]
        ),
    ]

    private static let endpoints: [(String, String)] = [
        ("/v5/market/time", ""),
        ("/v5/market/instruments-info", "category=linear"),
        ("/v5/market/instruments-info", "category=inverse"),
        ("/v5/market/instruments-info", "category=spot"),
        ("/v5/market/instruments-info", "category=option"),
        ("/v5/market/orderbook", "category=linear&symbol=BTCUSDT"),
        ("/v5/market/full_orderbook", "category=spot&symbol=BTCUSDT"),
        ("/v5/market/rpi_orderbook", "category=spot&symbol=BTCUSDT&limit=5"),
        ("/v5/market/tickers", "category=linear"), ("/v5/market/tickers", "category=inverse"),
        ("/v5/market/tickers", "category=spot"),
        ("/v5/market/tickers", "category=option&baseCoin=BTC"),
        ("/v5/market/recent-trade", "category=linear&symbol=BTCUSDT"),
        ("/v5/market/recent-trade", "category=spot&symbol=BTCUSDT"),
        ("/v5/market/recent-trade", "category=option&baseCoin=BTC"),
        ("/v5/market/kline", "category=linear&symbol=BTCUSDT&interval=5"),
        ("/v5/market/mark-price-kline", "category=linear&symbol=BTCUSDT&interval=1"),
        ("/v5/market/index-price-kline", "category=linear&symbol=BTCUSDT&interval=1"),
        ("/v5/market/premium-index-price-kline", "category=linear&symbol=BTCUSDT&interval=1"),
        ("/v5/market/funding/history", "category=linear&symbol=BTCUSDT"),
        ("/v5/market/open-interest", "category=linear&symbol=BTCUSDT&intervalTime=5min"),
        ("/v5/market/risk-limit", "category=linear"), ("/v5/market/insurance", ""),
        ("/v5/market/price-limit", "symbol=BTCUSDT"),
        ("/v5/market/delivery-price", "category=option"),
        (
            "/v5/market/account-ratio",
            "category=linear&symbol=BTCUSDT&period=5min"
        ),
        ("/v5/market/historical-volatility", "category=option"), ("/v5/market/adlAlert", ""),
        ("/v5/order/realtime", "category=linear&symbol=BTCUSDT"),
        ("/v5/order/realtime", "category=spot"), ("/v5/order/realtime", "category=option"),
        ("/v5/order/history", "category=linear"), ("/v5/order/history", "category=spot"),
        ("/v5/execution/list", "category=linear"), ("/v5/execution/list", "category=spot"),
        ("/v5/execution/list", "category=option"),
        ("/v5/position/list", "category=linear&settleCoin=USDT"),
        ("/v5/position/list", "category=inverse"), ("/v5/position/list", "category=option"),
        ("/v5/position/closed-pnl", "category=linear"),
        ("/v5/position/get-closed-positions", "category=option"),
        ("/v5/position/symbol-info", "category=linear"),
        ("/v5/account/wallet-balance", "accountType=UNIFIED"),
        ("/v5/account/transaction-log", ""), ("/v5/account/fee-rate", "category=linear"),
        ("/v5/account/info", ""), ("/v5/account/query-dcp-info", ""),
        ("/v5/account/instruments-info", "category=linear"),
        ("/v5/account/instruments-info", "category=spot"), ("/v5/user/query-api", ""),
        ("/v5/asset/coin/query-info", ""), ("/v5/asset/delivery-record", "category=option"),
        ("/v5/asset/settlement-record", "category=linear"), ("/v5/spread/instrument", ""),
        ("/v5/spread/orderbook", "symbol=BTCUSDT_BTC%2FUSDT"),
        ("/v5/spread/tickers", "symbol=BTCUSDT_BTC%2FUSDT"),
        ("/v5/spread/recent-trade", "symbol=BTCUSDT_BTC%2FUSDT"),
        ("/v5/spread/order/realtime", ""), ("/v5/spread/execution/list", ""),
        ("/v5/spread/max-qty", "symbol=BTCUSDT_BTC%2FUSDT&side=1&orderPrice=500"),
    ]

    /// Requests that change something, in an order in which all of them can be carried out.
    private static func settings(
        _ exchange: TestExchange,
        _ take: (String, String) -> Void
    ) async throws {
        let far = try await exchange.price(.perpetual, .sell, steps: 300)
        let order =
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"\#(far)","orderLinkId":"s-1"}"#
        let item = #"{"symbol":"BTCUSDT","orderLinkId":"s-1"}"#
        let low = try Numeral(text: far)
        let stop = Numeral(mantissa: low.mantissa * 9 / 10 / 10 * 10, decimals: low.decimals)
        let spread = #"{"symbol":"BTCUSDT_BTC/USDT","orderLinkId":"s-2""#
        let cheap = try await exchange.price(.combination, .sell, steps: 100)
        let requests: [(String, String)] = [
            ("/v5/order/pre-check", order), ("/v5/order/create", order),
            (
                "/v5/order/amend",
                #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"s-1","qty":"0.020"}"#
            ),
            (
                "/v5/order/amend-batch",
                #"{"category":"linear","request":[{"symbol":"BTCUSDT","orderLinkId":"s-1","qty":"0.030"}]}"#
            ),
            ("/v5/order/cancel-batch", #"{"category":"linear","request":[\#(item)]}"#),
            (
                "/v5/order/create-batch",
                #"{"category":"linear","request":[\#(order.replacing("s-1", with: "s-3").replacing("\"category\":\"linear\",", with: ""))]}"#
            ),
            (
                "/v5/order/cancel",
                #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"s-3"}"#
            ),
            ("/v5/order/create", order.replacing("s-1", with: "s-4")),
            ("/v5/order/cancel-all", #"{"category":"linear","symbol":"BTCUSDT"}"#),
            (
                "/v5/position/set-leverage",
                #"{"category":"linear","symbol":"BTCUSDT","buyLeverage":"7","sellLeverage":"7"}"#
            ),
            (
                "/v5/position/trading-stop",
                #"{"category":"linear","symbol":"BTCUSDT","tpslMode":"Full","stopLoss":"\#(stop)","positionIdx":0}"#
            ),
            ("/v5/account/set-margin-mode", #"{"setMarginMode":"REGULAR_MARGIN"}"#),
            ("/v5/account/set-limit-px-action", #"{"category":"linear","modifyEnable":true}"#),
            (
                "/v5/spread/order/create",
                spread + #","side":"Buy","orderType":"Limit","qty":"0.01","price":"\#(cheap)"}"#
            ),
            ("/v5/spread/order/amend", spread + #","qty":"0.02"}"#),
            ("/v5/spread/order/cancel", spread + "}"),
            (
                "/v5/spread/order/create",
                spread.replacing("s-2", with: "s-5")
                    + #","side":"Buy","orderType":"Limit","qty":"0.01","price":"\#(cheap)"}"#
            ),
            ("/v5/spread/order/cancel-all", #"{"cancelAll":true}"#),
        ]
        for (path, body) in requests {
            let reply = try await exchange.request("POST", path, body: body)
            #expect(reply.body.contains(#""retCode":0"#), "\(path): \(reply.body)")
            takeReply(path, reply.body, take)
        }
        // Of an account without a position.
        let mode = "/v5/position/switch-mode"
        let switched = try await exchange.request(
            "POST",
            mode,
            body: #"{"category":"linear","symbol":"BTCUSDT","mode":3}"#,
            account: TestExchange.other
        )
        #expect(switched.body.contains(#""retCode":0"#), "\(switched.body)")
        takeReply(mode, switched.body, take)
        let history = try await exchange.request("GET", "/v5/spread/order/history")
        takeReply("/v5/spread/order/history", history.body, take)
    }
}

extension TestProduct {
    /// An option that is delivered while the session listens.
    static let expiring = TestProduct(
        category: .option,
        symbol: "BTC-30NOV26-80000-C-USDT",
        tick: "5",
        step: "0.01",
        lot: "0.1",
        price: "2500",
        deliverySeconds: 300,
        option: (true, "80000")
    )
}
