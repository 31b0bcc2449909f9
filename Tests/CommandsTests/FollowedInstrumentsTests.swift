import Foundation
import Testing

/// What has an order or a position is followed, whatever the session file names; each change of rules is a record.
@Suite struct FollowedInstrumentsTests {
    private func records(_ path: String, _ stream: String) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["cat", path, "--stream", stream, "--raw"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    @Test
    func `an instrument with an order gets its ticker and smallest book, and it is on record`()
        async throws
    {
        let folder = try TemporaryFolder()
        let topics = ["orderbook.1.BTCUSDT", "tickers.BTCUSDT"]
        let path = try await SyntheticSession.record(
            in: folder,
            settings: "public:\n  - linear:orderbook.50.BTCUSDT\n",
            seconds: 5
        ) { path in
            for topic in topics {
                if try await records(path, "public/linear/" + topic).isEmpty { return false }
            }
            return true
        }
        let rules = try await records(path, "link/public/linear").filter {
            $0["change"] as? String == "rules"
        }
        let added = rules.compactMap { $0["added"] as? String }.flatMap { $0.split(separator: " ") }
        #expect(added.map(String.init) == topics, "\(rules)")
        #expect(rules.first?["count"] as? Int == 2)
        let asked = try await records(path, "sent/public/linear")
            .filter { $0["op"] as? String == "subscribe" }
            .compactMap { $0["args"] as? [String] }
        #expect(asked == [["orderbook.50.BTCUSDT"], topics], "\(asked)")
        for topic in topics {
            #expect(try await !records(path, "public/linear/" + topic).isEmpty, "\(topic)")
        }
        let replay = try await Program.run(["replay", path])
        #expect(replay.status == 0, "\(replay.output) \(replay.errors)")
    }
}
