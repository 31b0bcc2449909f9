import JSON
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Every public topic of every category, decoded by the client's own decoder.
    @Suite(.timeLimit(.minutes(10))) struct ProductTopicTests {
        private static let cases: [(product: TestProduct, topics: [String])] = [
            (
                .perpetual,
                [
                    "orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "orderbook.200.BTCUSDT",
                    "orderbook.1000.BTCUSDT", "orderbook.rpi.BTCUSDT", "publicTrade.BTCUSDT",
                    "tickers.BTCUSDT", "kline.1.BTCUSDT", "kline.D.BTCUSDT", "priceLimit.BTCUSDT",
                    "insurance.USDT", "adlAlert.USDT",
                ]
            ),
            (
                .inverse,
                [
                    "orderbook.50.BTCUSD", "orderbook.rpi.BTCUSD", "publicTrade.BTCUSD",
                    "tickers.BTCUSD", "kline.5.BTCUSD", "priceLimit.BTCUSD", "insurance.inverse",
                    "adlAlert.inverse",
                ]
            ),
            (
                .spot,
                [
                    "orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "orderbook.full.BTCUSDT",
                    "orderbook.rpi.BTCUSDT", "publicTrade.BTCUSDT", "tickers.BTCUSDT",
                    "kline.60.BTCUSDT", "priceLimit.BTCUSDT",
                ]
            ),
            (
                .call,
                [
                    "orderbook.25.BTC-25DEC26-90000-C-USDT",
                    "orderbook.100.BTC-25DEC26-90000-P-USDT",
                    "publicTrade.BTC", "tickers.BTC-25DEC26-90000-C-USDT",
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

        @Test(arguments: 0..<5)
        func `every topic of a category comes, and is decoded without a finding`(
            place: Int
        ) async throws {
            let (product, topics) = Self.cases[place]
            try await TestExchange.runAll(pace: 10) { exchange in
                let category = product.category
                let socket = try await exchange.open("/v5/public/" + category.name)
                let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
                let reply = try await socket.ask(#"{"op":"subscribe","args":[\#(list)]}"#)
                #expect(reply.contains(#""success":true"#), "\(reply)")
                let decoder = TestDecoder()
                var missing = Set(topics)
                while !missing.isEmpty {
                    let text = try await socket.text()
                    let event = decoder.decode(text, public: category.name)
                    #expect(event.findings.isEmpty, "\(text.prefix(300))")
                    #expect(event.kind != .unknown && event.kind != .malformed)
                    let parser = JSONParser()
                    try parser.read(Array(text.utf8)) { root in
                        let topic = root["topic"]?.string ?? ""
                        missing.remove(topic)
                        Self.check(topic, root, category)
                    }
                }
                await socket.close()
            }
        }

        /// Which keys a frame has outside its data.
        private static func check(_ topic: String, _ root: JSONValue, _ category: Market.Category) {
            let isOption = category == .option
            let head = topic.split(separator: ".").first ?? ""
            #expect(root["ts"]?.isNumber == true)
            switch head {
            case "orderbook":
                #expect(root["cts"]?.isNumber == true)
                let isTriple = topic.hasPrefix("orderbook.rpi.")
                for side in ["b", "a"] {
                    for level in root["data"]?[side]?.elements.map({ $0.count }) ?? [] {
                        #expect(level == (isTriple ? 3 : 2))
                    }
                }
                if topic.hasPrefix("orderbook.full.") { #expect(root["type"]?.string == "delta") }
            case "publicTrade":
                #expect((root["id"] != nil) == isOption)
                let trade = root["data"]?[0]
                #expect((trade?["L"] != nil) == (category != .spot && !isOption))
                #expect((trade?["BT"] != nil) == (category != .spread))
            case "tickers":
                #expect((root["id"] != nil) == isOption)
                #expect((root["cs"] != nil) == (!isOption && category != .spread))
            case "priceLimit":
                #expect(root["type"] == nil && root["data"]?.isObject == true)
            default:
                #expect(root["type"]?.isString == true && root["data"]?.isArray == true)
            }
        }

        @Test func `option and spread judge each topic of a request on its own`() async throws {
            try await TestExchange.runAll { exchange in
                let socket = try await exchange.open("/v5/public/option")
                let good = "tickers.BTC-25DEC26-90000-C-USDT"
                let reply = try await socket.ask(
                    #"{"op":"subscribe","args":["\#(good)","tickers.NONE","\#(good)"]}"#
                )
                #expect(
                    reply.replacing(#/"conn_id":"[^"]+"/#, with: #""conn_id":"ID""#)
                        == #"{"success":false,"conn_id":"ID","data":{"failTopics":["tickers.NONE","\#(good)"],"#
                        + #""successTopics":["\#(good)"]},"type":"COMMAND_RESP"}"#
                )
                #expect(await exchange.server.counters().subscriptions == 1)
                await socket.close()
            }
        }

        @Test(arguments: [
            ("/v5/public/linear", "orderbook.500.BTCUSDT"),
            ("/v5/public/linear", "orderbook.full.BTCUSDT"),
            ("/v5/public/linear", "orderbook.25.BTCUSDT"),
            ("/v5/public/linear", "kline.7.BTCUSDT"),
            ("/v5/public/linear", "insurance.BTC"),
            ("/v5/public/linear", "system.status"),
            ("/v5/public/spot", "allLiquidation.BTCUSDT"),
            ("/v5/public/spot", "adlAlert.USDT"),
            ("/v5/public/misc/status", "tickers.BTCUSDT"),
        ])
        func `a topic that its path does not have is refused`(
            path: String,
            topic: String
        ) async throws {
            try await TestExchange.runAll([.perpetual, .spot]) { exchange in
                let socket = try await exchange.open(path)
                let reply = try await socket.ask(#"{"op":"subscribe","args":["\#(topic)"]}"#)
                #expect(reply.contains("error:handler not found,topic:" + topic))
                await socket.close()
            }
        }

        @Test func `the system's status is told to those who asked`() async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.open("/v5/public/misc/status")
                let ack = try await socket.ask(#"{"op":"subscribe","args":["system.status"]}"#)
                #expect(ack.contains(#""success":true"#))
                var status = SystemStatus()
                status.id = "m-1"
                status.title = "maintenance"
                status.state = "scheduled"
                status.services = [1, 5]
                status.maintenanceType = 1
                status.environment = 1
                await exchange.server.announce(status)
                let text = try await socket.text()
                #expect(text.hasPrefix(#"{"topic":"system.status","ts":"#))
                #expect(text.contains(#""state":"scheduled""#))
                #expect(text.contains(#""serviceTypes":[1,5]"#))
                await socket.close()
            }
        }

        @Test func `a liquidation is pushed with the side and bankruptcy price of the position`()
            async throws
        {
            // Leverage 100 on a wild market: one side runs out of margin soon.
            var wild = TestProduct.perpetual
            wild.volatility = 1_000_000
            try await TestExchange.runAll([wild], pace: 30, deposits: [("USDT", "100")]) {
                exchange in
                let socket = try await exchange.open("/v5/public/linear")
                _ = try await socket.ask(#"{"op":"subscribe","args":["allLiquidation.BTCUSDT"]}"#)
                for (account, side) in [(TestExchange.main, Side.buy), (TestExchange.other, .sell)]
                {
                    _ = try await exchange.request(
                        "POST",
                        "/v5/position/set-leverage",
                        body:
                            #"{"category":"linear","symbol":"BTCUSDT","buyLeverage":"100","sellLeverage":"100"}"#,
                        account: account
                    )
                    let reply = try await exchange.place(
                        .perpetual,
                        side,
                        "0.080",
                        price: nil,
                        link: "l-1",
                        account: account
                    )
                    #expect(reply.contains(#""retCode":0"#), "\(reply)")
                }
                let text = try await socket.text()
                #expect(
                    text.hasPrefix(#"{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":"#)
                )
                #expect(text.contains(#""data":[{"T":"#))
                await socket.close()
            }
        }

        @Test func `candles of longer intervals are the sums of minutes`() async throws {
            try await TestExchange.runAll([.perpetual], pace: 60) { exchange in
                let socket = try await exchange.open("/v5/public/linear")
                _ = try await socket.ask(
                    #"{"op":"subscribe","args":["kline.1.BTCUSDT","kline.3.BTCUSDT"]}"#
                )
                let decoder = TestDecoder()
                var minutes: [Int64: Candle] = [:]
                var folded: [Candle] = []
                while folded.count < 2 {
                    let event = decoder.decode(try await socket.text(), public: "linear")
                    for candle in event.candles where candle.isConfirmed {
                        if candle.interval == "1" {
                            minutes[candle.startMilliseconds] = candle
                        } else {
                            folded.append(candle)
                        }
                    }
                }
                // The first may have begun before the subscription.
                let candle = folded[1]
                #expect(candle.endMilliseconds - candle.startMilliseconds == 3 * 60_000 - 1)
                let parts = (0..<3).compactMap { minutes[candle.startMilliseconds + $0 * 60_000] }
                #expect(parts.count == 3)
                #expect(parts.first?.open == candle.open && parts.last?.close == candle.close)
                #expect(parts.map(\.high.mantissa).max() == candle.high.mantissa)
                #expect(parts.map(\.low.mantissa).min() == candle.low.mantissa)
                let volume = parts.reduce(Int128(0)) { $0 + $1.volume.units }
                #expect(volume == candle.volume.units)
                await socket.close()
            }
        }

        @Test func `weeks begin on Monday, months on their first day`() {
            // 2026-11-29 was a Sunday.
            let sunday: Int64 = 1_795_910_400_000
            let day: Int64 = 86_400_000
            #expect(CandleInterval.day.start(of: sunday + 5) == sunday)
            #expect(CandleInterval.week.start(of: sunday + 5) == sunday - 6 * day)
            #expect(CandleInterval.week.start(of: sunday + day) == sunday + day)
            #expect(CandleInterval.month.start(of: sunday) == sunday - 28 * day)
            #expect(CandleInterval.month.end(from: sunday - 28 * day) == sunday + 2 * day - 1)
            // A leap February, and the turn of a year.
            let february: Int64 = 1_706_745_600_000
            #expect(CandleInterval.month.end(from: february) == february + 29 * day - 1)
            #expect(CandleInterval.month.start(of: february - 1) == february - 31 * day)
            #expect(CandleInterval.fifteen.start(of: sunday + 29 * 60_000) == sunday + 15 * 60_000)
        }
    }
}
