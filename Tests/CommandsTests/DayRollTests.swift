import Foundation
import Gateway
import Journal
import Live
import Market
import Runtime
import Testing
import Trading

/// A session that rolls: from one recording to the next without a socket touched or a record lost.
@Suite struct DayRollTests {
    static let day: Int64 = 86_400_000_000_000
    static let before: Int64 = 25_000_000_000

    /// How many days the long test lets pass.
    static let days =
        ProcessInfo.processInfo.environment["TAPEDECK_DAYS"].flatMap { Int($0) } ?? 12

    @Test func `days pass, and every record is in the recording of its day`() async throws {
        let folder = try TemporaryFolder()
        let advance = ClockAdvance()
        let moved = Moves()
        let live = try await LiveSession(in: folder) {
            $0.subscriptions = [
                .init(.linear, "orderbook.50.BTCUSDT"), .init(.linear, "publicTrade.BTCUSDT"),
            ]
            $0.advance = advance
            $0.onMove = { moved.add($0) }
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        for _ in 1...Self.days {
            let frames = await live.session.status().counts.frames
            try await live.eventually { $0.counts.frames > frames + 3 }
            // Shortly before midnight the next recording is made ready; the first record behind it begins that.
            let now = await live.session.status().time.nanoseconds
            let left = Self.day - now % Self.day
            advance.pass(nanoseconds: left - Self.before)
            await live.session.lookAtDay()
            try await live.eventually { $0.rolls.next != nil }
            try await live.roll {
                advance.pass(nanoseconds: Self.before)
                await live.session.lookAtDay()
            }
        }
        let status = await live.session.status()
        _ = try await live.session.seal(reason: "the test is over")
        #expect(status.counts.disconnects == 0 && status.counts.connects == 1)
        #expect(status.rolls.problem == nil && status.rolls.sealFailure == nil)

        let recordings = try live.recordings()
        #expect(recordings.count == Self.days + 1)
        #expect(moved.paths == recordings.dropFirst().map(\.path))
        var next = SequenceNumber.first
        var frames = 0
        for (place, recording) in recordings.enumerated() {
            #expect(recording.state == .sealed)
            #expect(recording.first == next)
            next = SequenceNumber(recording.last.value + 1)
            let cursor = try recording.cursor()
            var names: [String] = []
            var days: Set<Int64> = []
            while let record = try cursor.next() {
                names.append(cursor.name(of: record.stream).text)
                days.insert(record.time.nanoseconds / Self.day)
                if case .publicTopic = cursor.name(of: record.stream).kind { frames += 1 }
            }
            #expect(names.first == "session/start")
            // Behind the end of a whole session comes what was under way; a roll waits for nothing.
            if place < Self.days { #expect(names.last == "session/end") }
            #expect(days.count == 1, "recording \(place) has records of \(days.count) days")
            // The test ends as soon as the last one has begun.
            if place < Self.days { #expect(names.contains { $0.hasPrefix("public/linear/") }) }
        }
        #expect(frames > Self.days * 3)
        let outcome = try await Program.run(
            ["verify", "--chain", live.archive, "--json"],
            in: folder.path
        )
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["state"] as? String == "sound")
        #expect((outcome.object["recordings"] as? [Any])?.count == Self.days + 1)
        #expect(outcome.object["records"] as? Int == Int(next.value) - 1)
    }

    @Test func `a session that trades rolls, and each recording replays from its own beginning`()
        async throws
    {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.key = .builtIn(key: LiveSession.key.0, secret: Array(LiveSession.key.1.utf8))
            $0.subscriptions = [
                .init(.linear, "orderbook.50.BTCUSDT"), .init(.linear, "publicTrade.BTCUSDT"),
                .init(.linear, "tickers.BTCUSDT"),
            ]
            $0.strategies = [
                StrategyConfiguration(
                    name: "maker",
                    kind: "maker",
                    parameters: [Setting("symbols", "BTCUSDT")]
                )
            ]
            $0.mayTrade = true
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        for _ in 1...5 {
            let commands = await live.session.status().counts.commands
            try await live.eventually { $0.counts.commands > commands + 10 }
            try await live.roll { await live.session.roll() }
        }
        let commands = await live.session.status().counts.commands
        try await live.eventually { $0.counts.commands > commands + 10 }
        let sent = await live.session.status().counts.commands
        #expect(sent > 60)
        _ = try await live.session.stop(reason: "the test is over")

        let recordings = try live.recordings()
        #expect(recordings.count == 6)
        var recorded: UInt64 = 0
        for recording in recordings {
            let result = try Replay(registry: .standard).run(recording)
            guard case .identical = result.outcome else {
                Issue.record("\(recording.path): \(result.outcome)")
                continue
            }
            #expect(result.commands.equal == result.commands.recorded)
            #expect(result.findings.equal == result.findings.recorded)
            #expect(result.firstFindingDifference == nil && result.stateDifferences.isEmpty)
            recorded += result.commands.recorded
        }
        #expect(recorded >= UInt64(sent))
        // Client order ids are those of one session: none is there twice.
        var ids: Set<String> = []
        for recording in recordings {
            let cursor = try recording.cursor(streams: { $0.kind == .command })
            while let record = try cursor.next() {
                let text = String(decoding: record.payload, as: UTF8.self)
                guard text.contains(#""action":"place""#),
                    let id = text.firstMatch(of: #/"order_link_id":"([^"]+)"/#)?.output.1
                else { continue }
                #expect(ids.insert(String(id)).inserted, "\(id) is there twice")
            }
        }
        let outcome = try await Program.run(["verify", "--chain", live.archive], in: folder.path)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    }

    @Test func `where the next recording cannot be made the session goes on and tries again`()
        async throws
    {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        let first = await live.session.status().recording
        // The folder has gone: nothing can be made in it, and what is open is written on.
        let away = folder.path + "/away"
        try FileManager.default.moveItem(atPath: live.archive, toPath: away)
        try Data().write(to: URL(filePath: live.archive))
        await live.session.roll()
        try await live.eventually { $0.rolls.problem != nil }
        let frames = await live.session.status().counts.frames
        try await live.eventually { $0.counts.frames > frames + 5 }
        #expect(await live.session.status().recording == first)
        #expect(await live.session.status().counts.failure.isEmpty)
        try FileManager.default.removeItem(atPath: live.archive)
        try FileManager.default.moveItem(atPath: away, toPath: live.archive)
        // It tries again by itself; asked, at once.
        try await live.roll { await live.session.roll() }
        #expect(await live.session.status().rolls.problem == nil)
        _ = try await live.session.seal(reason: "the test is over")
        #expect(try live.recordings().count == 2)
        let outcome = try await Program.run(["verify", "--chain", live.archive], in: folder.path)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    }

    @Test func `a clock that is set is a record with the step, and the session's time goes on`()
        async throws
    {
        let folder = try TemporaryFolder()
        let advance = ClockAdvance()
        let live = try await LiveSession(in: folder) {
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
            $0.advance = advance
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        // The clocks are compared with each tick, and a step is seen by the look before it.
        try await Program.wait(
            for: "it has looked at the clocks",
            on: "session/tick",
            of: await live.session.status().recording
        )
        advance.stepWall(nanoseconds: 3_600_000_000_000)
        try await live.eventually { $0.counts.clockSteps == 1 }
        advance.stepWall(nanoseconds: -7_200_000_000_000)
        try await live.eventually { $0.counts.clockSteps == 2 }
        _ = try await live.session.seal(reason: "the test is over")
        let recording = try #require(try live.recordings().first)
        var steps: [Int64] = []
        let cursor = try recording.cursor(streams: { $0.kind == .sessionClock })
        while let record = try cursor.next() {
            let object = try JSONSerialization.jsonObject(with: Data(record.payload))
            let fields = try #require(object as? [String: String])
            #expect(fields["wall"].flatMap { Int64($0) } != nil)
            #expect(fields["monotonic"].flatMap { Int64($0) } != nil)
            #expect(fields["offset"].flatMap { Int64($0) } != nil)
            if let step = fields["step"].flatMap({ Int64($0) }) { steps.append(step) }
        }
        try #require(steps.count == 2)
        // Both clocks are read a second apart at most, and a busy machine adds to that.
        #expect(abs(steps[0] - 3_600_000_000_000) < 60_000_000_000)
        #expect(abs(steps[1] + 7_200_000_000_000) < 60_000_000_000)
        let span = recording.manifest.ended.nanoseconds - recording.manifest.started.nanoseconds
        #expect(span < 1_800_000_000_000, "no hour was added to it")
    }
}

/// Where a session said that it has gone on.
final class Moves: @unchecked Sendable {
    private let lock = NSLock()
    private var all: [String] = []

    func add(_ path: String) { lock.withLock { all.append(path) } }

    var paths: [String] { lock.withLock { all } }
}
