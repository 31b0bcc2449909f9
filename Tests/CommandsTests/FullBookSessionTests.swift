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

    /// The number of the answer that begins the full book, and of the last record; `nil` before it has come.
    private static func told(
        _ folder: TemporaryFolder
    ) async throws -> (first: Int, last: Int)? {
        let rows = try await Program.run(["cat", "r", "--json"], in: folder.path).lines
            .compactMap(StartedProxy.object)
        let answer = rows.first {
            $0["stream"] as? String == "rest/public/GET/v5/market/full_orderbook"
                && ($0["payload"] as? String)?.contains(#""u":"#) == true
        }
        guard let first = answer?["sequence"] as? Int, let last = rows.last?["sequence"] as? Int
        else { return nil }
        return (first, last)
    }

    @Test func `the full book is live soon, and equals the one of 1000 levels at the same seq`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            ["serve", "--synthetic", "--seed", "3", "--plain", "--json", "--for", "900s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorder = try Program.start(
            [
                "record", "--endpoint", endpoint, "--public",
                "spot:orderbook.full.BTCUSDT,spot:orderbook.1000.BTCUSDT", "--out", "r",
            ],
            in: folder.path
        )
        try await ProxiedSession.until("the book is there, and has changed often") {
            try await Self.told(folder).map { $0.last > $0.first + 100 } ?? false
        }
        recorder.interrupt()
        let recorded = try await recorder.end()
        #expect(recorded.status == 0, "\(recorded.errors)")
        let first = try #require(try await Self.told(folder)).first
        var compared = 0
        for position in stride(from: first + 40, through: first + 80, by: 4) {
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
