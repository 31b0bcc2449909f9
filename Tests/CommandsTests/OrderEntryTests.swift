import Foundation
import Testing

/// Orders over the trade WebSocket, by the built program on the built-in exchange.
@Suite struct OrderEntryTests {
    /// Payloads of one stream, each as its JSON object.
    private func records(_ path: String, _ stream: String) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["cat", path, "--stream", stream, "--raw"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    private func ids(_ records: [[String: Any]]) -> [String] {
        records.filter { ($0["op"] as? String)?.hasPrefix("order.") == true }
            .compactMap { $0["reqId"] as? String }
    }

    @Test func `orders go over the trade socket, each is answered, and the recording replays`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(
            in: folder,
            settings: "orders:\n  entry: socket\ndcp: arm\n",
            seconds: 6,
            until: { ids(try await records($0, "sent/trade/main")).count > 4 }
        )
        let asked = ids(try await records(path, "sent/trade/main"))
        let answered = ids(try await records(path, "trade/main"))
        #expect(asked.count > 4 && Set(asked).count == asked.count)
        #expect(Set(answered) == Set(asked) && answered.count == asked.count)
        // All of order entry went that way, and each command of the desk has its request; but for those of which the
        // record waited too long, on a disk that stood still.
        let unsent = try await records(path, "rest/main/POST/v5/order/*").filter {
            $0["outcome"] != nil
        }
        let late = "its record waited too long for the disk"
        #expect(unsent.allSatisfy { $0["reason"] as? String == late }, "\(unsent)")
        let entries = try await records(path, "desk/command").filter {
            ["place", "amend", "cancel"].contains($0["action"] as? String ?? "")
        }
        #expect(entries.count == asked.count + unsent.count)
        // The private socket armed cancel-on-disconnect in the same breath as its topics.
        let subscriptions = try await records(path, "sent/private/main")
            .compactMap { $0["args"] as? [String] }
        #expect(subscriptions.contains { $0.contains("dcp.future") })
        let replay = try await Program.run(["replay", path])
        #expect(replay.status == 0, "\(replay.output) \(replay.errors)")
        let state = try await Program.run(["state", path])
        #expect(state.status == 0, "\(state.errors)")
    }

    @Test func `without the settings orders go by REST, and nothing is armed`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 3)
        #expect(try await records(path, "sent/trade/*").isEmpty)
        let subscriptions = try await records(path, "sent/private/main")
            .compactMap { $0["args"] as? [String] }
        #expect(!subscriptions.isEmpty)
        #expect(!subscriptions.joined().contains { $0.hasPrefix("dcp") })
    }

    @Test(arguments: [
        ("orders:\n  entry: carrier\n", "orders.entry is carrier"), ("dcp: yes\n", "dcp is yes"),
    ])
    func `other words are refused with their place`(settings: String, word: String) async throws {
        let folder = try TemporaryFolder()
        try ("endpoint: http://127.0.0.1:1\ncredentials: main\n" + settings)
            .write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
        let outcome = try await Program.run(
            ["trade", "session.yaml", "--strategy", "maker", "--out", "out", "--for", "1s"],
            in: folder.path
        )
        #expect(outcome.status == 78, "\(outcome.errors)")
        #expect(outcome.errors.contains(word) && outcome.errors.contains("session.yaml:"))
    }
}
