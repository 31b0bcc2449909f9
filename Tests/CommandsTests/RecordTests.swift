import Foundation
import Testing

/// A real session of Bybit's, served from its file and recorded over real sockets.
@Suite struct RecordTests {
    static let isThere = Program.shared != nil

    struct Book: Sendable {
        var category: String
        var topic: String
        var messages: Int
        var lastUpdate: Int
        var bid: [String]
        var ask: [String]
        var levels: Int
    }

    /// The table of the data's README.
    static let books = [
        Book(
            category: "linear",
            topic: "orderbook.200.BTCUSDT",
            messages: 414,
            lastUpdate: 15_077_365,
            bid: ["65114.20", "5.974"],
            ask: ["65114.30", "9.060"],
            levels: 200
        ),
        Book(
            category: "linear",
            topic: "orderbook.200.DOGEUSDT",
            messages: 380,
            lastUpdate: 13_178_638,
            bid: ["0.07055", "192121"],
            ask: ["0.07056", "4200"],
            levels: 200
        ),
        Book(
            category: "spot",
            topic: "orderbook.200.ETHUSDT",
            messages: 250,
            lastUpdate: 56_726_742,
            bid: ["1923.28", "9.42925"],
            ask: ["1923.29", "3.44935"],
            levels: 200
        ),
    ]

    /// The frames that the file's own session received, in order.
    static func frames(_ file: String) throws -> [String] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap {
            line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object?["t"] as? String == "recv" ? object?["data"] as? String : nil
        }
    }

    /// Records the whole file and gives the recording's path.
    static func record(_ category: String, in folder: TemporaryFolder) async throws -> String {
        let shared = try #require(Program.shared)
        let file = "\(shared)/data/bybit/cryptofeed-2026-08-09/\(category).jsonl"
        let server = try Program.start(
            ["serve", "--messages", file, "--json", "--for", "900s", "--ca-out", "ca.pem"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let topics = books.filter { $0.category == category }.map { "\(category):\($0.topic)" }
        let recorder = try Program.start(
            [
                "record", "--endpoint", endpoint, "--ca-file", "ca.pem", "--public",
                topics.joined(separator: ","), "--out", category, "--json", "--for", "900s",
            ],
            in: folder.path
        )
        let expected = try frames(file).count
        _ = try await recorder.line { line -> Int? in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let frames = object?["frames"] as? Int ?? 0
            return frames >= expected ? frames : nil
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        return folder.path + "/" + category
    }

    @Test(
        .enabled(if: isThere, "real messages lie beside the project only where they were put"),
        arguments: ["linear", "spot"]
    )
    func `every topic frame of a real session is recorded byte for byte, in order`(
        category: String
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await Self.record(category, in: folder)
        let shared = try #require(Program.shared)
        let sent = try Self.frames("\(shared)/data/bybit/cryptofeed-2026-08-09/\(category).jsonl")
            .filter { $0.contains("\"topic\"") }
        let cat = try await Program.run(
            ["cat", path, "--raw", "--stream", "public/\(category)/[!-]*"].map {
                $0.replacingOccurrences(of: "[!-]*", with: "*.*")
            }
        )
        #expect(cat.status == 0, "\(cat.errors)")
        #expect(cat.lines == sent)

        var hashes: Set<String> = []
        for _ in 0..<2 {
            let replay = try await Program.run(["replay", path, "--json"])
            // A recording without commands is nothing to judge, never identical.
            #expect(replay.status == 2)
            #expect(replay.object["result"] as? String == "nothing-to-judge")
            hashes.insert(try #require(replay.object["state_hash"] as? String))
        }
        #expect(hashes.count == 1)

        let state = try await Program.run(["state", path, "--json", "--depth", "1"])
        let rows = try #require(state.object["books"] as? [[String: Any]])
        for book in Self.books where book.category == category {
            let symbol = try #require(book.topic.split(separator: ".").last.map(String.init))
            let row = try #require(rows.first { $0["symbol"] as? String == symbol })
            #expect(row["u"] as? Int == book.lastUpdate)
            #expect(row["bid_levels"] as? Int == book.levels)
            #expect(row["ask_levels"] as? Int == book.levels)
            let bids = try #require(row["bids"] as? [[String]])
            let asks = try #require(row["asks"] as? [[String]])
            #expect(Self.equal(bids.first, book.bid) && Self.equal(asks.first, book.ask))
            let info = try await Program.run(["info", path, "--json"])
            let streams = try #require(info.object["streams"] as? [[String: Any]])
            let stream = streams.first {
                $0["stream"] as? String == "public/\(category)/\(book.topic)"
            }
            #expect(stream?["records"] as? Int == book.messages)
        }
    }

    /// Equal as numbers: the file's table pads what the book does not.
    private static func equal(_ level: [String]?, _ wanted: [String]) -> Bool {
        level?.map { Decimal(string: $0) } == wanted.map { Decimal(string: $0) }
    }
}
