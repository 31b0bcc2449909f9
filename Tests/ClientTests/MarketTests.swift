import Market
import TapedeckClient
import Testing

extension ClientTests {
    /// Market data by REST.
    @Suite(.timeLimit(.minutes(10))) struct MarketTests {
        @Test func `market questions come typed`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client(secret: nil)
                let id = try InstrumentID(.linear, named: "BTCUSDT")
                let behind = SessionClock.wall().nanoseconds
                let time = try await client.serverTime()
                #expect(abs(time.nanoseconds - behind) < 60_000_000_000)
                let all = try await client.instruments(in: .linear)
                #expect(all.findings.isEmpty && all.next == nil && all.rows.count > 1)
                let one = try await client.instruments(in: .linear, symbol: "BTCUSDT").rows
                #expect(one.map(\.id) == [id])
                // What the list says besides stands beside its own contract, on each of them.
                #expect(all.rows.allSatisfy { $0.facts.instrument == $0.instrument.id })
                #expect(all.rows.allSatisfy { $0.facts.launchMilliseconds != nil })
                #expect(one.allSatisfy { $0.facts.leverageMax != nil })
                #expect(one.allSatisfy { $0.facts.priceLimitRatioY != nil })
                #expect(try await !client.instruments(in: .spot).rows.isEmpty)
                // This exchange lists no combination, and says so.
                #expect(try await client.spreadInstruments().rows.isEmpty)
                await #expect(throws: ClientError.self) {
                    try await client.instruments(in: .spread)
                }
                let book = try await client.orderBook(of: id, limit: 20)
                #expect(book.bids.count == 20 && book.asks.count == 20)
                let ticker = try await client.tickers(in: .linear, symbol: "BTCUSDT").rows
                #expect(ticker.map(\.symbol) == [id.symbol] && ticker[0].ticker.lastPrice != nil)
                #expect(try await client.tickers(in: .linear).rows.count > 1)
                let candles = try await client.candles(of: id, interval: "1", limit: 5).rows
                #expect((1...5).contains(candles.count) && candles[0].close != nil)
                try await wait("a trade") {
                    try await !client.recentTrades(of: id, limit: 10).rows.isEmpty
                }
                let wrong = await #expect(throws: ClientError.self) {
                    try await client.orderBook(of: try InstrumentID(.linear, named: "NOSUCHUSDT"))
                }
                guard case .refused("/v5/market/orderbook", let code, _) = wrong else {
                    Issue.record("\(String(describing: wrong))")
                    return
                }
                #expect(code != 0)
                // A symbol that would be another question is one word of this one.
                await #expect(throws: ClientError.self) {
                    try await client.tickers(in: .linear, symbol: "A&category=spot")
                }
                await client.close()
            }
        }
    }
}
