import Foundation
import Testing

/// Candles while the exchange's sockets are away: the list that has them is asked for, and is on record.
@Suite(.serialized) struct MissedCandlesSessionTests {
    @Test func `what no socket brought is asked for when the stream is back`() async throws {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear", "--rate-limits", "off"],
            in: folder
        )
        defer { exchange.server.kill() }
        let recorder = try exchange.record(["linear:kline.1.BTCUSDT"])
        defer { recorder.kill() }
        try await RecordedExchange.whole(recorder)
        let session = folder.path + "/session"
        try await Program.wait(
            for: "candles come",
            on: "public/linear/kline.1.BTCUSDT",
            of: session
        )
        let stream = "rest/public/GET/v5/market/kline"
        let control = try RawSocket(port: exchange.port)
        let answer = try control.request(
            "POST",
            "/tapedeck/manners",
            body: #"{"manner":"maintenance","milliseconds":2000}"#
        )
        #expect(!answer.contains("error"), "\(answer)")
        try await Program.wait(for: "the list", on: stream, of: session)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")

        let rows = try await Program.run(["cat", session, "--stream", stream, "--json"])
        #expect(rows.lines.count == 1, "once, although both sockets were lost: \(rows.output)")
        let reply = try await Program.run(["cat", session, "--stream", stream, "--raw"])
        #expect(reply.output.contains(#""retCode":0"#), "\(reply.output)")
        let first = try #require(
            reply.output.firstMatch(of: #/symbol=BTCUSDT&interval=1&start=(\d+)&end=(\d+)/#)
        )
        let (from, to) = (try #require(Int64(first.output.1)), try #require(Int64(first.output.2)))
        // It holds the candle that was open when the stream went, or had just ended.
        let pushes = try await Program.run([
            "cat", session, "--stream", "public/linear/kline.1.BTCUSDT", "--raw",
        ])
        let opened = pushes.lines.compactMap { line in
            line.firstMatch(of: #/"start":(\d+)/#).flatMap { Int64($0.output.1) }
        }
        let before = try #require(opened.first)
        #expect((from...to).contains(before), "\(first.output.0) \(before)")
        #expect(reply.output.contains("[\"\(before)\","), "\(reply.output)")
        let replay = try await Program.run(["replay", session, "--json"])
        #expect([0, 2].contains(replay.status), "\(replay.output)\(replay.errors)")
    }
}
