import DeskStrategies
import Journal
import Market
import Runtime
import Testing
import Trading

/// The first record that differs, found without reading all.
@Suite struct BisectTests {
    /// Where a whole replay finds the first difference, the strictest way.
    private func first(_ recording: Recording, _ registry: StrategyRegistry) throws -> Divergence? {
        var replay = Replay(registry: registry)
        replay.strictness = ReplayStrictness(state: true, verdicts: true)
        guard case .differs(let divergence) = try replay.run(recording).outcome else { return nil }
        return divergence
    }

    @Test func `a change for good is found between two checkpoints`() throws {
        let folder = try MadeFolder()
        let recording = try ReplayTests.made(in: folder, records: 60_000)
        let registry = ReplayTests.registry(LateMetronome.self)
        let truth = try #require(try first(recording, registry))
        let result = try Bisect(registry: registry).run(recording)
        let found = try #require(result.divergence)
        #expect(found.sequence == truth.sequence && found.fields == truth.fields)
        #expect(result.probes <= 4 && result.notes.isEmpty)
        let cause = try #require(result.frames.first { $0.isCause })
        #expect(cause.sequence == truth.cause && result.frames.count == 7)
        // The timers that follow are as recorded, and so is the state but for the timer that is set.
        #expect(result.meeting != nil && result.state != nil)
    }

    @Test func `a change at one record alone is found too, and where the states meet again`() throws
    {
        let folder = try MadeFolder()
        let recording = try ReplayTests.made(in: folder, records: 60_000)
        let registry = ReplayTests.registry(SlippedMetronome.self)
        let truth = try #require(
            try Replay(registry: registry).run(recording).firstFindingDifference
        )
        let result = try Bisect(registry: registry).run(recording)
        #expect(result.divergence?.sequence == truth.sequence)
        guard case .at(let meeting, _) = result.meeting else {
            Issue.record("\(String(describing: result.meeting))")
            return
        }
        #expect(meeting > truth.sequence && meeting.value < truth.sequence.value + 17_000)
        #expect(result.state?.fields == [])
    }

    @Test func `state that differs alone is named field by field`() throws {
        let folder = try MadeFolder()
        let recording = try ReplayTests.made(in: folder)
        let result = try Bisect(registry: ReplayTests.registry(RefactoredMetronome.self))
            .run(recording)
        #expect(result.divergence?.recorded?.hasPrefix("desk/state") == true)
        #expect(result.state?.fields.map(\.path) == ["strategies.metronome.beats"])
    }

    @Test func `where nothing differs nothing is found`() throws {
        let folder = try MadeFolder()
        let recording = try ReplayTests.made(in: folder)
        let result = try Bisect(registry: ReplayTests.registry(Metronome.self)).run(recording)
        #expect(result.divergence == nil && result.records >= 40_000)
    }

    @Test func `two recordings part where one of them was made otherwise`() throws {
        let folders = [try MadeFolder(), try MadeFolder()]
        let one = try ReplayTests.made(in: folders[0], records: 60_000)
        let path = folders[1].path + "/session"
        var session = try MadeSession(
            path,
            ReplayTests.registry(LateMetronome.self),
            kinds: [Metronome.kind]
        )
        try session.run(records: 60_000, segment: 10_000)
        try session.seal()
        let two = try Recording.open(path)
        let registry = ReplayTests.registry(Metronome.self)
        let truth = try #require(try first(two, registry))
        let result = try Bisect(registry: registry).run(one, two)
        #expect(result.divergence?.sequence == truth.sequence)
        #expect(!result.isInput && result.probes <= 5)
        #expect(result.records < 50_000)
        let same = try Bisect(registry: registry).run(
            one,
            try ReplayTests.made(in: folders[1], records: 30_000, name: "other")
        )
        // The other one ends sooner.
        #expect(same.divergence?.replayed == nil)
    }
}
