import Bybit
import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Contracts that end and begin while the exchange runs.
    @Suite(.timeLimit(.minutes(10))) struct ListingChangeTests {
        private static func listing(_ product: TestProduct, after seconds: Int64) throws -> Listing
        {
            var product = product
            if seconds > 0 { product.deliverySeconds = seconds }
            return try product.listing(
                start: ControlledExchange.start,
                eventsPerSecond: 50,
                takers: 100
            )
        }

        @Test(arguments: [TestProduct.dated, .call])
        func `what is delivered is Closed, silent and refused to subscribers`(
            product: TestProduct
        ) async throws {
            let listings = try [
                Self.listing(product, after: 5), Self.listing(.put, after: 3_600),
                Self.listing(.perpetual, after: 0),
            ]
            try await ControlledExchange.run(listings: listings) { exchange in
                let symbol = product.symbol
                let isOption = product.category == .option
                let topics = [
                    "tickers." + symbol, (isOption ? "orderbook.25." : "orderbook.50.") + symbol,
                ]
                let path = "/v5/public/" + product.category.name
                let info = "/v5/market/instruments-info?category=\(product.category.name)"
                let socket = try await exchange.subscriber(path, topics[0], topics[1])
                try await exchange.advance(4_000)
                #expect(try await exchange.pushes(socket).count > 10)
                let before = try await exchange.exchange.get(info).body
                #expect(before.contains("\"\(symbol)\""))
                try await exchange.advance(1_000)
                _ = try await exchange.pushes(socket)
                try await exchange.advance(2_000)
                #expect(try await exchange.pushes(socket).isEmpty)

                let late = try await exchange.exchange.open(path)
                let reply = try await late.ask(#"{"op":"subscribe","args":["\#(topics[0])"]}"#)
                #expect(
                    reply.contains(
                        isOption
                            ? #""failTopics":["\#(topics[0])"]"#
                            : #""success":false,"ret_msg":"error:handler not found,topic:\#(topics[0])""#
                    ),
                    "\(reply)"
                )
                // The list is of what trades; by its symbol and by its status it is there.
                #expect(try await exchange.exchange.get(info).body.contains(symbol) == false)
                for query in ["&symbol=" + symbol, "&status=Closed"] {
                    let row = try await exchange.exchange.get(info + query).body
                    #expect(row.contains("\"symbol\":\"\(symbol)\""), "\(row)")
                    #expect(row.contains(#""status":"Closed""#) && !row.contains(#":"Trading""#))
                }
                let entries = try await exchange.journal("delivered")
                #expect(entries.map { $0["symbol"] as? String } == [symbol])
                // Leaving is as ever.
                let left = try await socket.ask(#"{"op":"unsubscribe","args":["\#(topics[0])"]}"#)
                #expect(left.contains(#""success":true"#))
                await socket.close()
                await late.close()
            }
        }

        /// Wants to list something that is there already, and something new.
        private struct Doubtful: ListingCalendar {
            var next: Timestamp?
            let wishes: [Listing]

            mutating func list(
                index: (InstrumentID) -> Price?,
                isListed: (InstrumentID) -> Bool
            ) -> [Listing] {
                next = nil
                return wishes
            }
        }

        @Test
        func `what comes is in the list and heard, and what cannot come is a fault that is told`()
            async throws
        {
            let calendar = Doubtful(
                next: ControlledExchange.start.advanced(nanoseconds: 1_000_000_000),
                wishes: try [
                    Self.listing(.perpetual, after: 0), Self.listing(.call, after: 3_600),
                ]
            )
            let listings = try [
                Self.listing(.perpetual, after: 0), Self.listing(.put, after: 3_600),
            ]
            try await ControlledExchange.run(listings: listings, calendars: [calendar]) {
                exchange in
                let trades = try await exchange.subscriber("/v5/public/option", "publicTrade.BTC")
                let topic = "tickers." + TestProduct.call.symbol
                let socket = try await exchange.exchange.open("/v5/public/option")
                let subscribe = #"{"op":"subscribe","args":["\#(topic)"]}"#
                #expect(try await socket.ask(subscribe).contains(#""failTopics":["\#(topic)"]"#))
                #expect(try await exchange.status()["listing_faults"] as? Int == 0)
                try await exchange.advance(1_000)
                #expect(try await socket.ask(subscribe).contains(#""success":true"#))
                // The row of the new one, and its trades to whoever listens to the coin's.
                let info = try await exchange.exchange.get(
                    "/v5/market/instruments-info?category=option&baseCoin=BTC"
                )
                #expect(info.body.contains("\"\(TestProduct.call.symbol)\""))
                try await exchange.advance(5_000)
                let heard = try await exchange.pushes(trades).joined()
                #expect(heard.contains(TestProduct.call.symbol))
                #expect(heard.contains(TestProduct.put.symbol))

                let fault = try #require(try await exchange.journal("not-listed").first)
                #expect(fault["category"] as? String == "linear")
                #expect(fault["symbol"] as? String == "BTCUSDT")
                #expect((fault["reason"] as? String)?.contains("is listed twice") == true)
                #expect(
                    try await exchange.journal("listed").map { $0["symbol"] as? String }
                        == [TestProduct.call.symbol]
                )
                #expect(try await exchange.status()["listing_faults"] as? Int == 1)
                #expect(await exchange.server.counters().listingFaults == 1)
                await trades.close()
                await socket.close()
            }
        }
    }
}
