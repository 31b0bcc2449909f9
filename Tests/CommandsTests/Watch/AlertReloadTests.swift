import Foundation
import Testing

/// What a session warns of changes while it runs.
@Suite(.serialized) struct AlertReloadTests {
    private static let topics = ["linear:publicTrade.BTCUSDT"]

    private static func settings(_ receiver: AlertReceiver, _ silence: String) -> String {
        "alerts:\n  sinks:\n    - webhook: \(receiver.url)\n  stream-silent: \(silence)\n"
    }

    private static func until(_ receiver: AlertReceiver, _ word: String) async throws {
        for _ in 0..<6_000 {
            if receiver.words.contains(word) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Running.Missing(what: "\(word) did not come: \(receiver.words)")
    }

    @Test func `a reload brings sinks and thresholds, and switching an alert off ends it`()
        async throws
    {
        let receiver = try AlertReceiver()
        defer { receiver.stop() }
        let session = try await DeskedSession(topics: Self.topics)
        // Every session is silent for a millisecond.
        try session.write(Self.topics, Self.settings(receiver, "{after: 1ms}"))
        let reload = try await session.desk("reload", session.path, "--json")
        #expect(reload.status == 0, "\(reload.errors)")
        #expect(
            reload.object["alerts"] as? [String] == ["sinks", "stream-silent"],
            "\(reload.output)"
        )
        try await Self.until(receiver, "stream-silent firing")
        let before = try await session.status()
        #expect(before["reloads"] as? Int == 1 && before["disconnects"] as? Int == 0)

        try session.write(Self.topics, Self.settings(receiver, "off"))
        #expect(try await session.desk("reload", session.path).status == 0)
        try await Self.until(receiver, "stream-silent resolved")

        // A bad one changes nothing.
        try session.write(Self.topics, "alerts:\n  stream-silent: {after: never}\n")
        #expect(try await session.desk("reload", session.path).status != 0)
        #expect(try await session.status()["reloads"] as? Int == 2)
        #expect(try await session.desk("stop", session.path).status == 0)
        #expect(try await session.recorder.end().status == 0)
        // On record, without the webhook's address.
        let requests = try await session.records("desk/operator").filter {
            $0["verb"] as? String == "reload"
        }
        let arguments = requests.compactMap { $0["arguments"] as? [String: String] }
        #expect(arguments.map { $0["alerts"] } == ["sinks, stream-silent", "stream-silent"])
        #expect(!arguments.description.contains(receiver.url))
    }
}
