import Bybit
import JSON
import Market
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Figures and words of REST rows that clients stumble over when they are not there.
    @Suite(.timeLimit(.minutes(10))) struct RowFactTests {
        @Test(arguments: ["5min", "15min", "30min", "1h", "4h", "1d"])
        func `open interest has a row from the start, whatever the interval`(
            interval: String
        ) async throws {
            try await ControlledExchange.run { exchange in
                let reply = try await exchange.exchange.get(
                    "/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime="
                        + interval
                )
                let times = reply.body.matches(of: #/"timestamp":"(\d+)"/#).compactMap {
                    Int64($0.output.1)
                }
                #expect(times == [ControlledExchange.start.milliseconds])
            }
        }

        @Test func `the first row of open interest is that of the mark before`() throws {
            let mark: Int64 = 1_767_225_600_000
            var exchange = try SimulatedExchange(
                SimulationConfiguration(
                    seed: 7,
                    start: Timestamp(nanoseconds: (mark + 90_000) * 1_000_000),
                    listings: Listing.standard(eventsPerSecond: 1)
                )
            )
            var output = ExchangeOutput()
            let history = ReferenceHistory()
            history.sample(exchange)
            let id = TestExchange.bitcoin
            let minute: Int64 = 60_000
            func times(_ interval: Int64) -> [Int64] {
                history.openInterest(id, every: interval * minute).map(\.timeMilliseconds)
            }
            #expect(times(5) == [mark] && times(60) == [mark])
            for time in stride(from: mark + 100_000, through: mark + 600_000, by: 100_000) {
                exchange.advance(to: Timestamp(nanoseconds: time * 1_000_000), into: &output)
                history.sample(exchange)
            }
            #expect(times(5) == [mark + 600_000, mark + 300_000, mark] && times(60) == [mark])
            let rows = history.openInterest(id, every: 5 * minute)
            #expect(rows.allSatisfy { ($0.openInterest?.mantissa ?? 0) > 0 })
        }

        @Test func `a pair that is not quoted in dollars has no dollar index price`() async throws {
            var foreign = TestProduct.spot
            foreign.symbol = "BTCEUR"
            foreign.quote = "EUR"
            foreign.settle = "EUR"
            let listings = try [foreign, .spot].map {
                try $0.listing(start: ControlledExchange.start, eventsPerSecond: 20, takers: 60)
            }
            try await ControlledExchange.run(listings: listings) { exchange in
                for (symbol, hasPrice) in [("BTCEUR", false), ("BTCUSDT", true)] {
                    func isRight(_ text: String) -> Bool {
                        text.contains(
                            hasPrice ? #/"usdIndexPrice":"\d+\.\d{5}"/# : #/"usdIndexPrice":""/#
                        )
                    }
                    let row = try await exchange.exchange.get(
                        "/v5/market/tickers?category=spot&symbol=" + symbol
                    )
                    #expect(isRight(row.body), "\(row.body)")
                    let socket = try await exchange.subscriber(
                        "/v5/public/spot",
                        "tickers." + symbol
                    )
                    try await exchange.advance(2_000)
                    let pushes = try await exchange.pushes(socket)
                    #expect(pushes.count > 1 && pushes.allSatisfy(isRight), "\(pushes.prefix(2))")
                    await socket.close()
                }
            }
        }

        @Test func `instruments-info says the words of the contract's terms`() async throws {
            let listings = try [TestProduct.perpetual, .call, .spot].map { product in
                var listing = try product.listing(
                    start: ControlledExchange.start,
                    eventsPerSecond: 20,
                    takers: 60
                )
                listing.terms.displayName = "named " + product.category.name
                listing.terms.copyTrading = "both"
                listing.terms.marginTrading = "utaOnly"
                listing.terms.leverageMax = Numeral(mantissa: 12_50, decimals: 2)
                return listing
            }
            let words: [Market.Category: [String]] = [
                .linear: [
                    #""displayName":"named linear""#, #""copyTrading":"both""#,
                    #""maxLeverage":"12.50""#,
                ],
                .option: [#""displayName":"named option""#],
                .spot: [#""marginTrading":"utaOnly""#],
            ]
            try await ControlledExchange.run(listings: listings) { exchange in
                for (category, expected) in words {
                    let target = "/v5/market/instruments-info?category=\(category.name)"
                    let body = try await exchange.exchange.get(target).body
                    for word in expected { #expect(body.contains(word), "\(body)") }
                }
            }
        }
    }
}
