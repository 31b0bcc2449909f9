import Foundation
import Testing

/// `orderbook.full` through the whole program: subscribed, asked for, joined, recorded.
@Suite struct FullBookSessionTests {
    struct Market: Decodable {
        struct Book: Decodable {
            var depth: Int
            var freshness: String
            var seq: Int64
            var bids: [[String]]
            var asks: [[String]]
        }
        var books: [Book]
    }

    @Test func `the full book is live soon, and equals the one of 1000 levels at the same seq`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            ["serve", "--synthetic", "--seed", "3", "--plain", "--json", "--for", "120s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorded = try await Program.run(
            [
                "record", "--endpoint", endpoint, "--public",
                "spot:orderbook.full.BTCUSDT,spot:orderbook.1000.BTCUSDT", "--out", "r", "--for",
                "8s",
            ],
            in: folder.path
        )
        #expect(recorded.status == 0, "\(recorded.errors)")
        let stream = "rest/public/GET/v5/market/full_orderbook"
        let replies = try await Program.run(
            ["cat", "r", "--stream", stream, "--raw"],
            in: folder.path
        )
        #expect(replies.output.contains(#""u":"#), "\(replies.output.prefix(300))")
        var compared = 0
        for position in stride(from: 60, through: 100, by: 4) {
            let state = try await Program.run(
                ["state", "r", "--json", "--depth", "1000", "--at", "\(position)"],
                in: folder.path
            )
            let market = try JSONDecoder().decode(Market.self, from: Data(state.output.utf8))
            guard let deep = market.books.first(where: { $0.depth == 1_000 }),
                let full = market.books.first(where: { $0.depth == 10_000 }),
                deep.freshness == "live", full.freshness == "live", deep.seq == full.seq
            else { continue }
            #expect(full.bids == deep.bids)
            #expect(full.asks == deep.asks)
            #expect(full.bids.count > 100)
            compared += 1
        }
        #expect(compared > 0)
    }
}
