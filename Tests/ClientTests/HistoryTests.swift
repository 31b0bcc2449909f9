import Market
import TapedeckClient
import Testing

extension ClientTests {
    /// Lists that reach back further than the exchange gives at once, and questions beside those of the client's calls.
    @Suite(.timeLimit(.minutes(10))) struct HistoryTests {
        private static let day: Int64 = 86_400_000

        private static func fill(_ client: BybitClient) async throws -> [ExecutionReport] {
            let id = try InstrumentID(.linear, named: "BTCUSDT")
            let size = Numeral(mantissa: 1, decimals: 2)
            let placed = try await client.place(.market(.buy, id, size))
            #expect(placed.isAccepted, "\(placed)")
            let fills = try await client.executions(in: .linear).rows
            #expect(fills.contains { $0.orderLinkID == placed.orderLinkID })
            return fills
        }

        @Test func `a list of three weeks is walked window by window, the newest first`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let fills = try await Self.fill(client)
                let now = try await client.serverTime().milliseconds
                let since = now - 20 * Self.day
                let all = try await client.executions(in: .linear, since: since)
                #expect(all.next == nil && all.rows == fills)
                var part = try await client.executions(in: .linear, since: since, pages: 1)
                #expect(part.rows == fills)
                var windows = 1
                while let next = part.next {
                    #expect(next.query.contains("startTime=") && next.query.contains("endTime="))
                    part = try await client.more(after: part)
                    #expect(part.rows.isEmpty)
                    windows += 1
                }
                #expect(windows == 3)
                let orders = try await client.orderHistory(in: .linear, since: since)
                #expect(orders.rows.count == 1 && orders.next == nil)
                let flows = try await client.transactionLog(in: .linear, since: since)
                #expect(!flows.rows.isEmpty && flows.next == nil)
                #expect(Set(flows.rows).count == flows.rows.count)
                await client.close()
            }
        }

        @Test func `a row on the edge of two windows stands once, and an end is kept`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let fills = try await Self.fill(client)
                let edge = try #require(fills.first).timeMilliseconds
                #expect(fills.allSatisfy { $0.timeMilliseconds == edge })
                // The first window ends with the very millisecond of the fill, the second begins with it.
                let since = edge - HistoryWindows.longest
                let newest = try await client.executions(in: .linear, since: since, pages: 1)
                #expect(newest.rows == fills)
                #expect(newest.next?.query.contains("endTime=\(edge)") == true)
                #expect(try await client.more(after: newest).rows.isEmpty)
                #expect(try await client.executions(in: .linear, since: since).rows == fills)
                let until = try await client.executions(in: .linear, until: edge)
                #expect(until.rows == fills && until.next == nil)
                #expect(try await client.executions(in: .linear, until: edge - 1).rows.isEmpty)
                // Moments that no clock has are no reason to fail.
                let far = try await client.executions(in: .linear, since: .max, until: .min)
                #expect(far.rows.isEmpty)
                await client.close()
            }
        }

        @Test func `what was read stays where a later window fails, and says that it is not all`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let fills = try await Self.fill(client)
                let since = try await client.serverTime().milliseconds - 20 * Self.day
                // As often as it is asked again; the newest window passes first.
                try await exchange.order(
                    #"{"manner":"server-error","path":"/v5/execution/list","after":1,"times":4}"#
                )
                let part = try await client.executions(in: .linear, since: since)
                #expect(part.rows == fills && part.next != nil)
                guard case .refused("/v5/execution/list", 10_016, _)? = part.failure else {
                    Issue.record("\(String(describing: part.failure))")
                    return
                }
                let rest = try await client.more(after: part, pages: 20)
                #expect(rest.rows.isEmpty && rest.next == nil && rest.failure == nil)
                // Nothing was read: nothing stands.
                try await exchange.order(
                    #"{"manner":"server-error","path":"/v5/execution/list","times":4}"#
                )
                await #expect(throws: ClientError.self) {
                    try await client.executions(in: .linear, since: since)
                }
                await client.close()
            }
        }

        @Test func `a list of longer than the exchange keeps begins with what it keeps`()
            async throws
        {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                let fills = try await Self.fill(client)
                let now = try await client.serverTime().milliseconds
                var part = try await client.executions(in: .linear, since: 0, pages: 1)
                #expect(part.rows == fills)
                var oldest = ""
                while let next = part.next {
                    oldest = next.query
                    part = try await client.more(after: part)
                }
                let first = oldest.split(separator: "&").first { $0.hasPrefix("startTime=") }
                let start = try #require(first.flatMap { Int64($0.dropFirst(10)) })
                #expect(start > now - 730 * Self.day && start < now - 729 * Self.day)
                let gone = now - 800 * Self.day
                let before = try await client.executions(in: .linear, since: 0, until: gone)
                #expect(before.rows.isEmpty && before.next == nil)
                await client.close()
            }
        }

        @Test func `typed questions beside the client's calls are answered`() async throws {
            try await ServedExchange.run { exchange in
                let client = try exchange.client()
                _ = try await Self.fill(client)
                let id = try InstrumentID(.linear, named: "BTCUSDT")
                let questions: [RESTRequest] = [
                    .candles(.mark, of: id, interval: "1"), .fundingRates(of: id),
                    .openInterest(of: id, every: .fiveMinutes), .riskLimits(in: .linear),
                    .insurance(), .deliveryPrices(in: .linear),
                    .accountRatios(of: id, period: "1h"), .volatility(), .deleveraging(),
                    .closedPnL(in: .linear), .closedOptions(), .deliveries(in: .linear),
                    .settlements(), .symbolLeverages(in: .linear), .feeRates(in: .linear),
                    .accountInfo, .disconnectProtection, .personalInstruments(in: .linear),
                    .keyDescription, .coins(),
                ]
                for question in questions {
                    let event = try await client.ask(question)
                    #expect(event.findings.isEmpty, "\(question.path): \(event.findings)")
                }
                let rates = try await client.ask(.feeRates(in: .linear, symbol: id.symbol)).details
                guard rates.count == 1, case .feeRate(let row)? = rates.first else {
                    Issue.record("\(rates)")
                    return
                }
                #expect(row.symbol == "BTCUSDT" && row.takerRate != nil)
                await client.close()
            }
        }
    }
}
