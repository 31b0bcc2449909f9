import DeskStrategies
import Journal
import Market
import Testing
import Trading

@testable import Runtime

/// What a replay says of a session whose code is another now.
@Suite struct ReplayTests {
    static func registry(_ types: any Strategy.Type...) -> StrategyRegistry {
        var registry = StrategyRegistry()
        for type in types { registry.register(type) }
        return registry
    }

    /// A session of the metronome; segments of 10,000 records.
    static func made(
        in folder: MadeFolder,
        records: UInt64 = 40_000,
        behaviour: Int = SessionStart.behaviourVersion,
        name: String = "session"
    ) throws -> Recording {
        let path = folder.path + "/" + name
        var session = try MadeSession(
            path,
            registry(Metronome.self),
            kinds: [Metronome.kind],
            behaviour: behaviour
        )
        try session.run(records: records, segment: 10_000)
        try session.seal()
        return try Recording.open(path)
    }

    @Test func `on two cores all is as on one`() throws {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder)
        for registry in [Self.registry(Metronome.self), Self.registry(LateMetronome.self)] {
            let alone = try Replay(registry: registry).run(recording)
            // Whichever of the two threads decodes, and as their paces have it.
            for left in [nil] + DecodeAhead.Left.allCases {
                var replay = Replay(registry: registry, alwaysLeft: left)
                replay.decodesAhead = true
                let ahead = try replay.run(recording)
                #expect(alone.word == ahead.word)
                #expect(alone.stateHash == ahead.stateHash && alone.stateHash != 0)
                #expect(alone.records == ahead.records && alone.records > 20_000)
                #expect(alone.commands == ahead.commands && alone.states == ahead.states)
                if case .differs(let one) = alone.outcome, case .differs(let two) = ahead.outcome {
                    #expect(one == two)
                }
            }
        }
        var replay = Replay(registry: Self.registry(Metronome.self))
        replay.isPast = { number, _ in number.value > 31_000 }
        let alone = try replay.run(recording)
        replay.decodesAhead = true
        let ahead = try replay.run(recording)
        #expect(alone.last.value == 31_000 && ahead.last.value == 31_000)
        #expect(alone.stateHash == ahead.stateHash)
        #expect(alone.word == "identical" && ahead.word == "identical" && ahead.stop != nil)
    }

    @Test func `state that differs while commands agree is told and decides when asked to`() throws
    {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder)
        var replay = Replay(registry: Self.registry(RefactoredMetronome.self))
        let result = try replay.run(recording)
        #expect(result.word == "identical")
        #expect(result.commands.equal == result.commands.recorded && result.commands.equal > 10_000)
        let difference = try #require(result.firstStateDifference)
        #expect(difference.component == "strategies.metronome")
        #expect(result.stateDifferences.map(\.component) == ["strategies.metronome"])
        // The first report behind the beat that is counted twice.
        #expect(difference.sequence.value > 16_384 && difference.sequence.value < 17_000)
        let fields = try #require(result.fieldDifferences)
        #expect(fields.fields.map(\.path) == ["strategies.metronome.beats"])
        #expect(fields.fields.first.map { Int($0.right ?? "") ?? 0 } ?? 0 > 5_000)
        replay.strictness.state = true
        guard case .differs(let divergence) = try replay.run(recording).outcome else {
            Issue.record("the state decides nothing")
            return
        }
        #expect(divergence.sequence == difference.sequence)
        #expect(divergence.components == ["strategies.metronome"])
    }

    @Test func `state of another encoding version is not compared, and that is said`() throws {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder)
        var replay = Replay(registry: Self.registry(RenamedMetronome.self))
        replay.strictness.state = true
        let result = try replay.run(recording)
        #expect(result.word == "identical")
        #expect(result.uncomparedComponents == ["strategies.metronome 1 2"])
        #expect(result.states.equal == result.states.recorded && result.states.equal > 0)
        #expect(result.notes.contains { $0.contains("recorded in encoding version 1") })
    }

    @Test func `a difference has its event, both commands field by field, and the state before`()
        throws
    {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder, records: 40_000)
        let result = try Replay(registry: Self.registry(LateMetronome.self)).run(recording)
        guard case .differs(let divergence) = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
        #expect(divergence.causeStream == "desk/timer")
        #expect(divergence.event.contains(#""name":"beat""#))
        #expect(divergence.fields.map(\.path) == ["due"])
        #expect(divergence.recorded?.contains("set-timer") == true)
        // Up to the last checkpoint nothing differs.
        #expect(result.fieldDifferences?.fields == [])
    }

    @Test func `a strategy that is not here is named with its version and the program that has it`()
        throws
    {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder, records: 200)
        let error = #expect(throws: ReplayError.self) {
            try Replay(registry: .standard).run(recording)
        }
        let words = error?.description ?? ""
        #expect(words.contains("metronome is of kind metronome (version 1)"))
        #expect(words.contains("tapedeck 0.0.1 (made)") && words.contains("maker"))
    }

    @Test func `another behaviour version is known before all else, and findings are not compared`()
        throws
    {
        let folder = try MadeFolder()
        let recording = try Self.made(
            in: folder,
            records: 200,
            behaviour: SessionStart.behaviourVersion - 1
        )
        #expect(try recording.recordedBehaviour()?.version == SessionStart.behaviourVersion - 1)
        let result = try Replay(registry: Self.registry(Metronome.self)).run(recording)
        #expect(result.word == "identical")
        #expect(result.notes.first?.contains("behaviour version") == true)
    }

    @Test func `a later format is refused`() throws {
        let folder = try MadeFolder()
        let path = folder.path + "/later"
        var session = try MadeSession(
            path,
            Self.registry(Metronome.self),
            kinds: [Metronome.kind],
            format: SessionStart.formatVersion + 1
        )
        try session.run(records: 50)
        try session.seal()
        let error = #expect(throws: ReplayError.self) {
            try Replay(registry: Self.registry(Metronome.self)).run(Recording.open(path))
        }
        guard case .newer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a position between an input and its outputs is no difference`() throws {
        let folder = try MadeFolder()
        let recording = try Self.made(in: folder, records: 300)
        for number in 100..<130 as Range<UInt64> {
            var replay = Replay(registry: Self.registry(Metronome.self))
            replay.isPast = { sequence, _ in sequence.value > number }
            #expect(try replay.run(recording).word == "identical")
        }
    }
}
