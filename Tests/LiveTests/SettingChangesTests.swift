import Market
import Testing

@testable import Live

/// What of a session file may change while the session runs.
@Suite struct SettingChangesTests {
    private func configuration(
        _ topics: [String],
        _ lines: [(String, String)] = []
    ) -> SessionConfiguration {
        var configuration = SessionConfiguration(target: .environment("testnet"), path: "x")
        configuration.subscriptions = topics.map { .init(.linear, $0) }
        configuration.lines =
            topics.map { SettingLine(path: "public", value: "linear:" + $0, place: "f:1:1") }
            + lines.enumerated().map {
                SettingLine(path: $1.0, value: $1.1, place: "f:\($0 + 10):3")
            }
        return configuration
    }

    @Test func `subscriptions change by their difference, in the order they are written`() {
        let changes = SettingChanges(
            from: configuration(["a.X", "b.X", "c.X"]),
            to: configuration(["d.X", "b.X", "e.X", "a.X"])
        )
        #expect(changes.refusal == nil)
        #expect(changes.added.map(\.topic) == ["d.X", "e.X"])
        #expect(changes.removed.map(\.topic) == ["c.X"])
    }

    @Test func `every other setting is named with what it was, what it is and where`() throws {
        let old = configuration(["a.X"], [("limits.order_value", "1"), ("dcp", "arm"), ("z", "1")])
        let new = configuration(["b.X"], [("limits.order_value", "2"), ("z", "1"), ("new", "3")])
        let refusal = try #require(SettingChanges(from: old, to: new).refusal)
        #expect(refusal.code == "session-file" && refusal.place == "f:10:3")
        for words in [
            "dcp was arm and is absent", "limits.order_value was 1 and is 2 (f:10:3)",
            "new was absent and is 3 (f:12:3)", "nothing was changed",
        ] {
            #expect(refusal.what.contains(words), "\(refusal)")
        }
        #expect(!refusal.what.contains("z was"))
    }

    @Test func `a list of another length, and the same values in another order, are changes`() {
        for values in [["1"], ["1", "2", "3"], ["2", "1"]] {
            let old = configuration([], [("list", "1"), ("list", "2")])
            let new = configuration([], values.map { ("list", $0) })
            #expect(SettingChanges(from: old, to: new).refusal != nil, "\(values)")
        }
    }

    @Test func `what is warned of and where it goes may change, and no value of it is said`() {
        let secret = "https://alerts.example/T0KEN"
        let old = configuration(
            ["a.X"],
            [("alerts.sinks.0.webhook", secret), ("alerts.stream-silent.after", "30s")]
        )
        let new = configuration(
            ["a.X"],
            [
                ("alerts.sinks.0.webhook", secret + "2"), ("alerts.rate-quota", "off"),
                ("alerts.stream-silent.after", "30s"),
            ]
        )
        let changes = SettingChanges(from: old, to: new)
        #expect(changes.refusal == nil)
        #expect(changes.alerts == ["rate-quota", "sinks"])
        #expect(SettingChanges(from: old, to: old).alerts.isEmpty)
    }

    @Test func `a key does not come to a session that has none, and does not go`() throws {
        let old = configuration(["a.X"])
        var new = old
        new.key = .named("main", file: nil)
        new.lines.append(SettingLine(path: "credentials", value: "main", place: "f:9:9"))
        let come = try #require(SettingChanges(from: old, to: new).refusal)
        #expect(come.what.contains("credentials was absent and is there (f:9:9)"))
        #expect(SettingChanges(from: new, to: old).refusal != nil)
        var other = new
        other.key = .named("second", file: nil)
        other.lines[other.lines.count - 1].value = "second"
        #expect(SettingChanges(from: new, to: other).refusal == nil)
    }
}
