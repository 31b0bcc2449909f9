import Bybit
import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// How much one request and one connection may subscribe to, at the limit and one beyond, answer for answer.
    @Suite(.timeLimit(.minutes(10))) struct SubscriptionLimitTests {
        @Test func `spot takes ten topics a request, and another ten in the next`() async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.exchange.open("/v5/public/spot")
                let topics = ["BTCUSDT", "ETHUSDT"].flatMap { symbol in
                    [
                        "publicTrade", "tickers", "orderbook.1", "orderbook.50", "orderbook.200",
                        "orderbook.1000", "kline.1", "kline.5", "kline.15", "kline.60",
                    ].map { $0 + "." + symbol }
                }
                let taken =
                    #"{"success":true,"ret_msg":"subscribe","conn_id":"ID","req_id":"r","op":"subscribe"}"#
                let refused =
                    #"{"success":false,"ret_msg":"args size >10","conn_id":"ID","req_id":"r","op":"subscribe"}"#
                #expect(try await ask(exchange, socket, Array(topics.prefix(11))) == refused)
                #expect(await exchange.server.counters().subscriptions == 0)
                #expect(try await ask(exchange, socket, Array(topics.prefix(10))) == taken)
                #expect(try await ask(exchange, socket, Array(topics.suffix(10))) == taken)
                #expect(await exchange.server.counters().subscriptions == 20)
                await socket.close()
            }
        }

        /// A topic that is not there is looked for only where there is room for it.
        @Test(arguments: ["linear", "inverse", "spot"])
        func `a connection takes 21,000 characters of topics, what it holds included`(
            category: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let socket = try await exchange.exchange.open("/v5/public/" + category)
                func answer(_ text: String) -> String {
                    #"{"success":false,"ret_msg":"\#(text)","conn_id":"ID","req_id":"r","op":"subscribe"}"#
                }
                func topic(_ count: Int) -> String {
                    "tickers." + String(repeating: "X", count: count - 8)
                }
                let over = answer("args length is over the limit")
                func unknown(_ count: Int) -> String {
                    answer("error:handler not found,topic:" + topic(count))
                }
                var held = 0
                if category != "inverse" {
                    let first = "publicTrade.BTCUSDT"
                    held = first.utf8.count
                    #expect(try await ask(exchange, socket, [first]).contains("true"))
                }
                let most = BybitLimits.topicCharactersPerConnection - held
                #expect(try await ask(exchange, socket, [topic(most)]) == unknown(most))
                #expect(try await ask(exchange, socket, [topic(most + 1)]) == over)
                #expect(
                    try await ask(exchange, socket, [topic(most - 20), topic(21)]) == over
                )
                #expect(
                    await exchange.server.counters().subscriptions == (held > 0 ? 1 : 0)
                )
                await socket.close()
            }
        }

        @Test func `an option connection takes 2,000 topics, and names those beyond`()
            async throws
        {
            // Symbols of two letters, so that the characters do not run out first.
            let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".map(String.init)
            let symbols = letters.flatMap { first in letters.map { first + $0 } }.prefix(2_002)
            try await ControlledExchange.run(
                listings: try symbols.map { try Self.quiet($0) }
            ) { exchange in
                let topics = symbols.map { "tickers." + $0 }
                let socket = try await exchange.exchange.open("/v5/public/option")
                func answer(taken: [String], failed: [String]) -> String {
                    #"{"success":\#(failed.isEmpty),"conn_id":"ID","data":{"failTopics":["#
                        + quoted(failed) + #"],"successTopics":["# + quoted(taken)
                        + #"]},"type":"COMMAND_RESP"}"#
                }
                let first = Array(topics.prefix(1_999))
                #expect(
                    try await ask(exchange, socket, first) == answer(taken: first, failed: [])
                )
                let last = Array(topics.suffix(3))
                #expect(
                    try await ask(exchange, socket, last)
                        == answer(taken: [last[0]], failed: [last[1], last[2]])
                )
                #expect(await exchange.server.counters().subscriptions == 2_000)
                // Another connection has room of its own, and so has this one when a topic goes.
                let other = try await exchange.exchange.open("/v5/public/option")
                #expect(
                    try await ask(exchange, other, [last[1]])
                        == answer(taken: [last[1]], failed: [])
                )
                #expect(
                    try await ask(exchange, socket, [topics[0]], "unsubscribe")
                        == answer(taken: [topics[0]], failed: [])
                )
                #expect(
                    try await ask(exchange, socket, [last[2]])
                        == answer(taken: [last[2]], failed: [])
                )
                await other.close()
                await socket.close()
            }
        }

        /// The answer to one request, its connection's id masked; pushes that come before it are passed over.
        private func ask(
            _ exchange: ControlledExchange,
            _ socket: TestSocket,
            _ topics: [String],
            _ operation: String = "subscribe"
        ) async throws -> String {
            try await socket.send(
                #"{"req_id":"r","op":"\#(operation)","args":[\#(quoted(topics))]}"#
            )
            while true {
                let text = try await socket.text()
                guard !text.contains(#""topic":""#) else { continue }
                return text.replacing(#/"conn_id":"[^"]+"/#, with: #""conn_id":"ID""#)
            }
        }

        private func quoted(_ topics: [String]) -> String {
            topics.map { "\"\($0)\"" }.joined(separator: ",")
        }

        /// An option that nobody trades.
        private static func quiet(_ symbol: String) throws -> Listing {
            var product = TestProduct.call
            product.symbol = symbol
            var listing = try product.listing(
                start: ControlledExchange.start,
                eventsPerSecond: 1,
                takers: 0
            )
            let price = listing.terms.option?.strike ?? Price(units: 1)
            listing.market = .given(
                ScriptedMarket(reference: ReferencePrices(mark: price, index: price))
            )
            return listing
        }
    }
}
