import Foundation
import Live
import Testing
import Watch

@testable import Commands

/// `metrics`, `metrics_reach` and `alerts` of a session file.
@Suite struct WatchFileTests {
    private func read(_ text: String) throws -> WatchSettings {
        let settings = try Settings(yaml: "environment: testnet\n" + text, name: "session.yaml")
        return try SessionSettings.configuration(settings, path: "x", target: nil).watch
    }

    @Test func `nothing is served, and every alert is on, where the file says nothing`() throws {
        let watch = try read("")
        #expect(watch.metrics == nil && watch.sinks.isEmpty)
        #expect(watch.alerts == AlertSettings())
    }

    @Test func `sinks, thresholds and what is off are read`() throws {
        let watch = try read(
            """
            metrics: 127.0.0.1:0
            alerts:
              sinks:
                - webhook: https://alerts.example/hook?token=abc
                - exec: [/bin/sh, -c, "cat > /tmp/x"]
              stream-silent: {after: 1m}
              reconnect-storm:
                count: 7
                within: 2m
              clock-offset: {over: 100ms}
              disk-filling: {days: 10}
              rate-quota: off
              queue-filling: on
            """
        )
        #expect(watch.metrics == WatchSettings.Address(host: "127.0.0.1", port: 0))
        #expect(
            watch.sinks == [
                .webhook(url: "https://alerts.example/hook?token=abc"),
                .exec(program: "/bin/sh", arguments: ["-c", "cat > /tmp/x"]),
            ]
        )
        #expect(watch.alerts.silentAfter == 60_000_000_000)
        #expect(watch.alerts.reconnects == 7 && watch.alerts.reconnectWindow == 120_000_000_000)
        #expect(watch.alerts.clockOffset == 100_000_000 && watch.alerts.diskDays == 10)
        #expect(watch.alerts.off == [.rateQuota])
    }

    @Test(arguments: [
        ("127.0.0.1:9464", "127.0.0.1", 9_464), ("127.9.9.9:1", "127.9.9.9", 1),
        ("[::1]:0", "::1", 0), ("localhost:80", "127.0.0.1", 80),
    ])
    func `an address of this machine is taken`(text: String, host: String, port: Int) throws {
        let address = try read("metrics: \"\(text)\"").metrics
        #expect(address == WatchSettings.Address(host: host, port: port))
    }

    @Test func `an address beyond this machine is taken only when that is said`() throws {
        let failure = #expect(throws: Failure.self) { try read("metrics: 0.0.0.0:9464") }
        #expect(failure?.status == .sessionFile)
        #expect(failure?.todo.contains("metrics_reach: anyone") == true)
        #expect(failure?.place == "session.yaml:2:10")
        let address = try read("metrics: 0.0.0.0:9464\nmetrics_reach: anyone").metrics
        #expect(address?.host == "0.0.0.0")
    }

    @Test(arguments: [
        "metrics: 9464", "metrics: \":9464\"", "metrics: example.com:80",
        "metrics: 127.0.0.1:70000",
        "metrics: \"127.0.0.1:\"", "metrics: 127.1:80", "metrics_reach: everybody",
        "alerts: {rate-quota: no}", "alerts: {rate-quota: {percent: 0}}",
        "alerts: {stream-silent: {after: 0s}}", "alerts: {stream-silent: {after: soon}}",
        "alerts: {stream-silent: {percent: 3}}", "alerts: {coffee-cold: off}",
        "alerts: {sinks: [{webhook: ftp://x/}]}", "alerts: {sinks: [{webhook: \"https://\"}]}",
        "alerts: {sinks: [{webhook: \"https://a b/\"}]}", "alerts: {sinks: [{exec: [true]}]}",
        "alerts: {sinks: [{exec: [/nothing/here]}]}", "alerts: {sinks: [{mail: me}]}",
        "alerts: {sinks: {webhook: https://x/}}",
    ])
    func `what is wrong is refused with its place, and no address of a webhook is repeated`(
        text: String
    ) throws {
        let failure = try #require(#expect(throws: Failure.self) { try read(text) })
        #expect(failure.status == .sessionFile)
        #expect(failure.place.hasPrefix("session.yaml:2:"))
        #expect(!failure.todo.isEmpty && !failure.what.contains("://"))
    }
}
