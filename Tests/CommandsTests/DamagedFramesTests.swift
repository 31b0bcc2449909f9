import FaultProxy
import Foundation
import Market
import Testing

/// Frames that are lost, come twice, in another order, or are no JSON, on a connection that stays.
@Suite(.serialized) struct DamagedFramesTests {
    static let topics = [
        "linear:orderbook.50.BTCUSDT", "linear:orderbook.200.ETHUSDT", "linear:publicTrade.BTCUSDT",
        "linear:tickers.BTCUSDT", "linear:kline.1.BTCUSDT", "spot:orderbook.50.BTCUSDT",
        "spot:publicTrade.BTCUSDT", "inverse:orderbook.50.BTCUSD", "inverse:tickers.BTCUSD",
    ]

    private static let wanted: [Fault: Int] = [
        .drop: 15, .duplicate: 15, .reorder: 15, .corruptText: 15,
    ]

    @Test func `what a network does to frames is on record, and each gap that it makes is named`()
        async throws
    {
        var plan = FaultPlan()
        plan.seed = 23
        plan.drops = 25
        plan.duplicates = 20
        plan.reorders = 20
        plan.corruptions = 20
        let folder = try TemporaryFolder()
        let session = try await ProxiedSession.record(
            plan,
            topics: Self.topics,
            pause: 20,
            in: folder
        ) {
            log in
            Self.wanted.allSatisfy { fault, count in log.count { $0.fault == fault } >= count }
        }
        let recording = try RecordedSockets(session.recording, truth: session.books)
        // Each frame that was handed on is there, as it was: twice, late, or damaged.
        let equation = SentEquation(session, recording)
        let log = Dictionary(grouping: session.log, by: \.fault)
        #expect(
            equation.swallowed == (log[.drop]?.count ?? 0) - (log[.duplicate]?.count ?? 0)
        )
        #expect(equation.inFlight == 0 && equation.reconnects == 0)
        #expect(recording.books.different.isEmpty, "\(recording.books.different.prefix(5))")
        #expect(recording.books.compared > 100)

        // Every damaged record has its finding, and no other has one.
        let unreadable = Set(recording.findings.filter { $0.kind == .decode }.map(\.cause))
        #expect(unreadable.count == log[.corruptText]?.count)

        var told: [String: [GapModel.Gap]] = [:]
        for finding in recording.findings where finding.kind == .gap {
            let gap = GapModel.Gap(expected: finding.expected, seen: finding.seen)
            told[finding.subject, default: []].append(gap)
        }
        var named = 0
        for line in session.connections where line.path.hasPrefix("/v5/public/") {
            let category = line.path.dropFirst(11)
            for topic in Set(line.received.compactMap(\.topic)) {
                let stream = "public/\(category)/\(topic)"
                guard let model = GapModel(line, topic) else {
                    #expect(told[stream] == nil)
                    continue
                }
                #expect(told[stream] ?? [] == model.gaps, "\(stream)")
                #expect(model.unnamed.isEmpty, "\(stream): \(model.unnamed)")
                named += model.lost
            }
        }
        #expect(named >= log[.drop]?.count ?? 0)
        print(
            "\(equation.sent) sent = \(equation.recorded) recorded + \(log[.drop]?.count ?? 0) dropped -"
                + " \(log[.duplicate]?.count ?? 0) twice; \(unreadable.count) unreadable,"
                + " \(told.values.reduce(0) { $0 + $1.count }) gaps name \(named); books compared"
                + " \(recording.books.compared)"
        )
    }
}
