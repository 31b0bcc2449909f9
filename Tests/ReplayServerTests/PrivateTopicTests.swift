import JSON
import Market
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Private pushes of every product: which topics get them, and with which keys.
    @Suite(.timeLimit(.minutes(10))) struct PrivateTopicTests {
        /// Reads until every topic has come once; the last message of each.
        private static func read(
            _ socket: TestSocket,
            _ topics: Set<String>
        ) async throws -> [String: String] {
            var found: [String: String] = [:]
            while Set(found.keys) != topics {
                let text = try await socket.text()
                let topic = text.firstMatch(of: #/"topic":"([^"]+)"/#).map { String($0.output.1) }
                #expect(topics.contains(topic ?? ""), "\(text.prefix(200))")
                found[topic ?? ""] = text
            }
            return found
        }

        @Test(arguments: [TestProduct.perpetual, .inverse, .spot, .call])
        func `a fill goes to the topics of all and to those of its category, and no others`(
            product: TestProduct
        ) async throws {
            try await TestExchange.runAll { exchange in
                let name = product.category.name
                let socket = try await exchange.openPrivate()
                let kinds = ["order", "execution", "execution.fast"]
                let own = kinds.map { "\"\($0).\(name)\"" }.joined(separator: ",")
                let elsewhere = product.category == .linear ? "inverse" : "linear"
                let others = kinds.map { "\"\($0).\(elsewhere)\"" }.joined(separator: ",")
                for args in [own, others, #""order","execution","execution.fast","wallet""#] {
                    let ack = try await socket.ask(#"{"op":"subscribe","args":[\#(args)]}"#)
                    #expect(ack.contains(#""success":true"#))
                }
                let quantity = ["inverse": "100", "spot": "0.01", "option": "0.1"][name] ?? "0.010"
                // Far enough beyond the touch that it takes, however late it arrives.
                let price = try await exchange.price(product, .buy, steps: 20)
                let reply = try await exchange.place(
                    product,
                    .buy,
                    quantity,
                    price: price,
                    link: "p-1"
                )
                #expect(reply.contains(#""retCode":0"#), "\(reply)")
                let topics = Set(kinds + kinds.map { "\($0).\(name)" } + ["wallet"])
                let found = try await Self.read(socket, topics)
                try Self.check(found, product)
                await socket.close()
            }
        }

        /// Keys by which clients tell spot, options and contracts apart.
        private static func check(_ found: [String: String], _ product: TestProduct) throws {
            let parser = JSONParser()
            let isSpot = product.category == .spot
            let isContract = product.category == .linear || product.category == .inverse
            try parser.read(Array((found["order"] ?? "").utf8)) { root in
                let row = root["data"]?[0]
                #expect(root["id"]?.isString == true && root["creationTime"]?.isNumber == true)
                #expect((row?["tpslMode"] != nil) == !isSpot)
                #expect((row?["createType"] != nil) == isContract)
                #expect(row?["category"]?.string == product.category.name)
                // Of contracts alone; a spot order's is in the history, under another name.
                #expect(row?["lastPriceOnCreated"]?.string?.isEmpty == !isContract)
                #expect(row?["basePrice"] == nil && row?["closedPnl"]?.string == "0")
                let isOption = product.category == .option
                #expect(row?["placeType"]?.string == (isOption ? "price" : ""))
            }
            try parser.read(Array((found["execution"] ?? "").utf8)) { root in
                let row = root["data"]?[0]
                #expect((row?["createType"] != nil) == isContract)
                #expect(row?["execFee"]?.isString == true && row?["isMaker"]?.bool == false)
            }
            try parser.read(Array((found["execution.fast"] ?? "").utf8)) { root in
                #expect(root["id"] == nil)
                let row = root["data"]?[0]
                #expect(row?["orderLinkId"]?.string == "p-1" && row?["execFee"] == nil)
            }
        }

        @Test func `a position tells its margins, exits and prices`() async throws {
            try await TestExchange.runAll([.perpetual]) { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(#"{"op":"subscribe","args":["position.linear"]}"#)
                try await exchange.place(.perpetual, .buy, "1", price: nil, link: "pos-1")
                let last = try await exchange.price(.perpetual, .buy, steps: 0)
                let stop = try Numeral(text: last)
                let low = Numeral(
                    mantissa: stop.mantissa * 9 / 10 / 10 * 10,
                    decimals: stop.decimals
                )
                _ = try await exchange.request(
                    "POST",
                    "/v5/position/trading-stop",
                    body:
                        #"{"category":"linear","symbol":"BTCUSDT","tpslMode":"Full","stopLoss":"\#(low)","positionIdx":0}"#
                )
                let list = try await exchange.request(
                    "GET",
                    "/v5/position/list",
                    query: "category=linear&symbol=BTCUSDT"
                )
                let parser = JSONParser()
                try parser.read(Array(list.body.utf8)) { root in
                    let row = root["result"]?["list"]?[0]
                    #expect(row?["stopLoss"]?.string == low.description)
                    #expect(row?["side"]?.string == "Buy" && row?["avgPrice"] != nil)
                    #expect(row?["entryPrice"] == nil && row?["category"] == nil)
                    for name in ["positionIM", "positionMM", "breakEvenPrice"] {
                        let value = try Numeral(text: row?[name]?.string ?? "")
                        #expect(value.mantissa > 0, "\(name)")
                    }
                    #expect(row?["adlRankIndicator"]?.int ?? 0 >= 1)
                    #expect(row?["openTime"]?.isNumber == true)
                }
                #expect(try await socket.text().contains(#""entryPrice":""#))
                await socket.close()
            }
        }

        @Test func `a combination tells itself and its legs, and the legs' fills once more`()
            async throws
        {
            try await TestExchange.runAll { exchange in
                let socket = try await exchange.openPrivate()
                _ = try await socket.ask(
                    #"{"op":"subscribe","args":["order","execution","spread.order","spread.execution"]}"#
                )
                let price = try await exchange.price(.combination, .buy, steps: 3)
                let reply = try await exchange.place(
                    .combination,
                    .buy,
                    "0.01",
                    price: price,
                    link: "c-1"
                )
                #expect(reply.contains(#""retCode":0"#), "\(reply)")
                var rows: [String: [String]] = [:]
                while rows["spread.execution"]?.count ?? 0 < 3 || rows["execution"]?.count ?? 0 < 2
                    || rows["spread.order"]?.contains(where: {
                        $0.contains("combination") && $0.contains("Filled")
                    }) != true
                {
                    let text = try await socket.text()
                    let topic = text.firstMatch(of: #/"topic":"([^"]+)"/#).map {
                        String($0.output.1)
                    }
                    rows[topic ?? "", default: []].append(text)
                }
                #expect(rows["order"] == nil)
                let executions = rows["spread.execution"] ?? []
                let parent = executions[0].firstMatch(of: #/"execId":"([^"]+)"/#).map {
                    String($0.output.1)
                }
                #expect(executions[0].contains(#""category":"combination""#))
                #expect(executions[0].contains(#""execFee":"""#))
                #expect(executions[1].contains(#""category":"future_leg""#))
                #expect(executions[2].contains(#""category":"spot_leg""#))
                #expect(executions[2].contains(#""execFeeV2":""#))
                for leg in executions[1...2] {
                    #expect(leg.contains(#""parentExecId":"\#(parent ?? "none")""#))
                    #expect(leg.contains(#""orderId":"","orderLinkId":"""#))
                }
                for leg in rows["execution"] ?? [] {
                    #expect(leg.contains(#""execType":"FutureSpread""#))
                }
                #expect(rows["execution"]?.first?.contains("CreateByFutureSpread") == true)
                let decoder = TestDecoder()
                for text in executions + (rows["spread.order"] ?? []) {
                    #expect(decoder.decode(text).findings.isEmpty, "\(text)")
                }
                let history = try await exchange.request("GET", "/v5/spread/execution/list")
                #expect(history.body.contains(#""legs":[{"symbol":"BTCUSDT""#), "\(history.body)")
                let orders = try await exchange.request("GET", "/v5/spread/order/history")
                #expect(orders.body.contains(#""leg2ProdType":"Spot""#))
                #expect(orders.body.contains(#""contractType":"FundingRateArb""#))
                for (category, number) in [("linear", 1), ("spot", 2)] {
                    let legs = try await exchange.request(
                        "GET",
                        "/v5/order/history",
                        query: "category=\(category)"
                    )
                    let isSpot = category == "spot"
                    try JSONParser().read(Array(legs.body.utf8)) { root in
                        let row = root["result"]?["list"]?[0]
                        let id = row?["orderId"]?.string ?? ""
                        #expect(id.hasSuffix("-\(number)") && orders.body.contains(id))
                        #expect(row?["orderStatus"]?.string == "Filled")
                        #expect(
                            row?["createType"]?.string == (isSpot ? nil : "CreateByFutureSpread")
                        )
                        #expect((row?["basePrice"] != nil) == isSpot)
                        #expect((row?["lastPriceOnCreated"] == nil) == isSpot)
                    }
                }
                await socket.close()
            }
        }

        @Test func `cancel-on-disconnect waits for the last armed socket and its window`()
            async throws
        {
            try await TestExchange.runAll([.perpetual, .spot], pace: 10) { exchange in
                let set = try await exchange.request(
                    "POST",
                    "/v5/order/disconnected-cancel-all",
                    body: #"{"product":"DERIVATIVES","timeWindow":10}"#
                )
                #expect(set.body == #"{"retCode":0,"retMsg":"success"}"#)
                let watcher = try await exchange.openPrivate()
                _ = try await watcher.ask(#"{"op":"subscribe","args":["order"]}"#)
                let first = try await exchange.openPrivate()
                let second = try await exchange.openPrivate()
                for socket in [first, second] {
                    let ack = try await socket.ask(#"{"op":"subscribe","args":["dcp.future"]}"#)
                    #expect(ack.contains(#""success":true"#))
                }
                let info = try await exchange.request("GET", "/v5/account/query-dcp-info")
                #expect(
                    info.body.contains(
                        #"{"product":"DERIVATIVES","dcpStatus":"ON","timeWindow":"10"}"#
                    )
                )
                let low = try await exchange.price(.perpetual, .sell, steps: 20_000)
                try await exchange.place(.perpetual, .buy, "0.010", price: low, link: "dcp-1")
                let spot = try await exchange.price(.spot, .sell, steps: 20_000)
                try await exchange.place(.spot, .buy, "0.010", price: spot, link: "dcp-2")
                for _ in 0..<2 { _ = try await watcher.text() }
                await first.close()
                try await Task.sleep(for: .milliseconds(1_500))
                // One is left: nothing happens, fifteen exchange seconds later.
                let open = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=linear&symbol=BTCUSDT"
                )
                #expect(open.body.contains("dcp-1"))
                await second.close()
                let row = try await watcher.text()
                #expect(row.contains(#""orderLinkId":"dcp-1""#))
                #expect(row.contains(#""cancelType":"CancelByDCP""#))
                let rest = try await exchange.request(
                    "GET",
                    "/v5/order/realtime",
                    query: "category=spot"
                )
                #expect(rest.body.contains("dcp-2"))
                await watcher.close()
            }
        }

        @Test(arguments: [
            (["order", "order.linear"], "error:topic conflict,topic:order,order.linear"),
            (["wallet.linear"], "error:handler not found,topic:wallet.linear"),
            (["position.spot"], "error:handler not found,topic:position.spot"),
            (["dcp.linear"], "error:handler not found,topic:dcp.linear"),
            (["spread.order.linear"], "error:handler not found,topic:spread.order.linear"),
            (["order", "order"], "error:already subscribed,topic:order"),
        ])
        func `a private request that cannot be says why`(
            topics: [String],
            why: String
        ) async throws {
            try await TestExchange.run { exchange in
                let socket = try await exchange.openPrivate()
                let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
                let reply = try await socket.ask(#"{"op":"subscribe","args":[\#(list)]}"#)
                #expect(reply.contains(why), "\(reply)")
                await socket.close()
            }
        }
    }
}
