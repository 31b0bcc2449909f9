import Foundation
import Testing

/// The exchange's clock is set while a session runs: what is signed is refused until the offset was measured anew.
@Suite(.serialized) struct ClockSetTests {
    private func status(_ recorder: Running) -> [String: Any] {
        let line = recorder.outputSoFar.split(separator: "\n").last.map(String.init) ?? ""
        let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
        return object as? [String: Any] ?? [:]
    }

    private func wait(
        _ recorder: Running,
        _ what: String,
        until isThere: ([String: Any]) -> Bool
    ) async throws {
        for _ in 0..<3_000 {
            if isThere(status(recorder)) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Running.Missing(what: "\(what): \(status(recorder)) \(recorder.errorsSoFar)")
    }

    /// A recorder that is whole, when the exchange's clock is set and the private socket is lost.
    private func record(
        clockOffset milliseconds: Int,
        _ body: (Running, TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear", "--rate-limits", "off"],
            in: folder
        )
        defer { exchange.server.kill() }
        let recorder = try exchange.record(["linear:tickers.BTCUSDT"])
        defer { recorder.kill() }
        try await wait(recorder, "it is never whole") { $0["halted"] as? String == "no" }
        let control = try RawSocket(port: exchange.port)
        for order in [
            #"{"manner":"clock-offset","milliseconds":\#(milliseconds)}"#,
            #"{"manner":"disconnect","path":"/v5/private"}"#,
        ] {
            let answer = try control.request("POST", "/tapedeck/manners", body: order)
            #expect(answer.contains("\"order\""), "\(answer)")
        }
        try await body(recorder, folder)
    }

    @Test
    func `the account is reconciled again within seconds, not when old measurements are forgotten`()
        async throws
    {
        // Behind by more than the exchange forgives a request that comes from its future.
        try await record(clockOffset: -4_000) { recorder, folder in
            try await wait(recorder, "the loss is not seen") { $0["halted"] as? String != "no" }
            try await wait(recorder, "it does not become whole") { $0["halted"] as? String == "no" }
            recorder.interrupt()
            let outcome = try await recorder.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
            let cat = try await Program.run(
                ["cat", "session", "--stream", "rest/main/*", "--raw"],
                in: folder.path
            )
            #expect(cat.output.contains("10002"), "requests were refused for their time")
        }
    }

    @Test func `a socket whose authentication came too late comes back within seconds`()
        async throws
    {
        // Ahead by more than an authentication is good for.
        try await record(clockOffset: 30_000) { recorder, _ in
            try await wait(recorder, "it is not refused") {
                ($0["last_link_failure"] as? String ?? "").contains("authentication refused")
            }
            let refused = ContinuousClock.now
            try await wait(recorder, "it does not become whole") { $0["halted"] as? String == "no" }
            // Without a measurement of its own it would be refused until the next minute.
            #expect(refused.duration(to: .now) < .seconds(30))
            recorder.interrupt()
            let outcome = try await recorder.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }
}
