import Foundation
import Journal
import Market
import Testing
import Trading

/// Public trades while the exchange's sockets are away: found in its list of recent trades, which is on record.
@Suite(.serialized) struct MissedTradesSessionTests {
    @Test func `what no socket brought is in the recording, and a finding says so`() async throws {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear", "--regime", "jump", "--rate-limits", "off"],
            in: folder
        )
        defer { exchange.server.kill() }
        let recorder = try exchange.record(["linear:publicTrade.BTCUSDT"])
        defer { recorder.kill() }
        try await RecordedExchange.whole(recorder)
        let session = folder.path + "/session"
        try await Program.wait(
            for: "trades come",
            on: "public/linear/publicTrade.BTCUSDT",
            of: session
        )
        // Nobody gets in again for so long that trades are missed.
        let control = try RawSocket(port: exchange.port)
        let answer = try control.request(
            "POST",
            "/tapedeck/manners",
            body: #"{"manner":"maintenance","milliseconds":3000}"#
        )
        #expect(!answer.contains("error"), "\(answer)")
        try await Program.wait(
            for: "what was missed is looked for",
            on: "desk/finding",
            of: session
        ) { $0.contains { $0.contains(#""subject":"linear BTCUSDT trades""#) } }
        let told = ProxiedSession.lines(recorder)
        try await ProxiedSession.until("it is whole again") {
            ProxiedSession.lines(recorder) > told + 5 && ProxiedSession.isWhole(recorder)
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let recording = try RecordedSockets(session, truth: [:])
        let gaps = recording.findings.filter { $0.subject == "linear BTCUSDT trades" }
        let gap = try #require(gaps.first, "\(recording.findings)")
        #expect(gaps.count == 1)
        #expect(gap.kind == .gap && gap.note.hasPrefix("filled: "))
        let missed = try #require(gap.seen.split(separator: " ").first.flatMap { Int($0) })
        #expect(missed > 0)
        // By id: the trades of the list between the two that the finding names, and none of them was pushed.
        let words = gap.expected.split(separator: " ").map(String.init)
        let (before, after) = (try #require(words.dropFirst(2).first), try #require(words.last))
        let list = Array(recording.listedTrades.reversed())
        let start = try #require(list.firstIndex(of: before))
        let end = try #require(list.firstIndex(of: after))
        let between = list[(start + 1)..<end].filter { !recording.pushedTrades.contains($0) }
        #expect(between.count == missed)
    }
}
