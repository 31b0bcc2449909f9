import FaultProxy
import Foundation
import Market
import Testing

/// The recorder behind a network that cuts its connections again and again.
@Suite(.serialized) struct ForcedReconnectTests {
    /// TAPEDECK_FORCED_RECONNECTS=1000 is the full run.
    static let cuts =
        ProcessInfo.processInfo.environment["TAPEDECK_FORCED_RECONNECTS"].flatMap { Int($0) } ?? 100

    static let topics = [
        "linear:orderbook.50.BTCUSDT", "linear:orderbook.200.ETHUSDT", "linear:publicTrade.BTCUSDT",
        "linear:tickers.BTCUSDT", "linear:kline.1.BTCUSDT", "inverse:orderbook.50.BTCUSD",
        "inverse:publicTrade.BTCUSD", "spot:orderbook.50.BTCUSDT", "spot:publicTrade.BTCUSDT",
        "option:orderbook.25.OPTION", "option:publicTrade.BTC", "spread:orderbook.25.SPREAD",
        "spread:tickers.SPREAD",
    ]

    @Test
    func `sent is recorded plus named gaps, and books that say they are valid are the exchange's`()
        async throws
    {
        var plan = FaultPlan()
        plan.seed = 11
        plan.cuts = Self.cuts
        plan.slow = 120
        plan.narrow = 60
        plan.inBytes = 60
        plan.unborn = 30
        let folder = try TemporaryFolder()
        let session = try await ProxiedSession.record(
            plan,
            topics: Self.topics,
            settings: "sockets:\n  redundancy: 3\n",
            in: folder
        )
        let recording = try RecordedSockets(session.recording, truth: session.books)
        let equation = SentEquation(session, recording)
        #expect(equation.reconnects >= Self.cuts)
        #expect(equation.sent > 0)
        #expect(
            equation.sent == equation.recorded + equation.swallowed + equation.inFlight
        )
        let runs = PublishedRuns(session.published, recording)
        #expect(runs.recorded > 0 && runs.missing > 0)
        #expect(runs.published == runs.recorded + runs.missing)
        #expect(recording.books.different.isEmpty, "\(recording.books.different.prefix(5))")
        #expect(recording.books.compared > 100 && recording.books.afterSnapshot > 10)
        // Trades that came on no socket are looked for; what else is wrong is so within a connection, and nothing is.
        let trades = recording.findings.filter {
            $0.kind == .gap && $0.subject.hasSuffix(" trades")
        }
        #expect(trades.allSatisfy { $0.note.contains("filled: ") })
        let wrong = recording.findings.filter {
            [.gap, .ignored, .decode, .crossedBook, .number].contains($0.kind)
                && !($0.kind == .gap && $0.subject.hasSuffix(" trades"))
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        let verify = try await Program.run(["verify", session.recording, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
        print(
            "\(equation.reconnects) reconnects: \(equation.sent) sent = \(equation.recorded) recorded +"
                + " \(equation.swallowed) not handed on + \(equation.inFlight) in flight; published"
                + " \(runs.published) = \(runs.recorded) + \(runs.missing), on no socket \(runs.onNone);"
                + " books compared \(recording.books.compared), after a snapshot"
                + " \(recording.books.afterSnapshot); \(session.steps) steps"
        )
    }
}
