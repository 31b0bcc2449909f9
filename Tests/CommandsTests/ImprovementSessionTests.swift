import Foundation
import Market
import Testing
import Trading

/// `orderbook.rpi` through the whole program: what the exchange leaves out is told, asked for, and replayed.
@Suite(.serialized) struct ImprovementSessionTests {
    private static let stream = "public/linear/orderbook.rpi.BTCUSDT"

    @Test func `a gap of the book with price improvements is told, and a snapshot ends it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear", "--rate-limits", "off"],
            in: folder
        )
        defer { exchange.server.kill() }
        let recorder = try exchange.record([
            "linear:orderbook.rpi.BTCUSDT", "linear:orderbook.50.BTCUSDT",
        ])
        defer { recorder.kill() }
        try await RecordedExchange.whole(recorder)
        let session = folder.path + "/session"
        try await Program.wait(for: "changes come", on: Self.stream, of: session) { $0.count > 3 }
        let control = try RawSocket(port: exchange.port)
        let answer = try control.request(
            "POST",
            "/tapedeck/manners",
            body: #"{"manner":"gap","topic":"orderbook.rpi.*","pushes":2}"#
        )
        #expect(!answer.contains("error"), "\(answer)")
        try await Program.wait(for: "it begins again", on: Self.stream, of: session) { lines in
            let snapshots = lines.indices.filter { lines[$0].contains(#""type":"snapshot""#) }
            return snapshots.count >= 2 && lines.count > snapshots[1] + 3
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")

        let recording = try RecordedSockets(session, truth: [:])
        let gaps = recording.findings.filter { $0.kind == .gap }
        #expect(gaps.map(\.subject) == [Self.stream], "\(gaps)")
        let state = recording.engine?.markets.first { $0.state.feed != nil }?.state
        #expect(state?.feeds.map(\.depth) == [50])
        let replay = try await Program.run(["replay", session, "--state", "--json"])
        #expect(replay.status == 0, "\(replay.output)\(replay.errors)")
    }
}
