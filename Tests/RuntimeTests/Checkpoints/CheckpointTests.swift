import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// States that a walk leaves on its way: one of them and what lies behind it is as much as everything from the beginning.
@Suite struct CheckpointTests {
    /// Orders by socket that are filled and amended, with a cut on the way.
    static let scenarios = [5, 40, 67]

    /// A recording and the state behind each of its inputs.
    private struct Walked {
        let folder: TestFolder
        let recording: Recording
        var states: [SequenceNumber: StateReport] = [:]

        init(_ number: Int) throws {
            folder = try TestFolder()
            let world = try World(Scenario(number: number))
            _ = try world.run()
            recording = try world.write(to: folder.path + "/session")
        }

        func store(_ interval: UInt64 = 4) -> CheckpointStore {
            CheckpointStore(recording, registry: World.registry, interval: interval)
        }

        /// Reads everything from the beginning and leaves states.
        mutating func walk(_ store: CheckpointStore?) throws {
            var walk = Walk(registry: World.registry)
            walk.checkpoints = store
            var states: [SequenceNumber: StateReport] = [:]
            try walk.run(recording) { step, engine throws(ReplayError) in
                if step.event != nil { states[step.header.sequence] = engine.stateReport() }
                return true
            }
            self.states = states
        }

        var files: [String] {
            let folder = recording.path + "/derived/checkpoints"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { $0.hasSuffix(".state") }.sorted().map { folder + "/" + $0 }
        }
    }

    @Test(arguments: scenarios)
    func `a state and what lies behind it equal a walk from the beginning, at every position`(
        number: Int
    ) throws {
        var walked = try Walked(number)
        try walked.walk(walked.store())
        #expect(walked.files.count > 5)
        let store = walked.store()
        var used: Set<SequenceNumber> = []
        for (position, expected) in walked.states.sorted(by: { $0.key < $1.key }) {
            let kept = store.nearest(atOrBefore: position)
            if let kept {
                used.insert(kept.sequence)
                #expect(position.value - kept.sequence.value < 100)
                #expect(kept.engine.stateReport() == walked.states[kept.sequence])
            }
            let end = try Walk(registry: World.registry).run(
                walked.recording,
                from: kept,
                isPast: { number, _ in number > position },
                visit: { _, _ in true }
            )
            let report = try #require(end?.engine.stateReport())
            #expect(report == expected, "at record \(position)")
        }
        #expect(used.count == walked.files.count)
        #expect(store.notes.isEmpty, "\(store.notes)")
    }

    @Test(arguments: scenarios)
    func `a replay from each state finds what lies behind it identical`(number: Int) throws {
        var walked = try Walked(number)
        try walked.walk(walked.store(12))
        let whole = try Replay(registry: World.registry).run(walked.recording)
        guard case .identical = whole.outcome else {
            Issue.record("the whole recording is \(whole.word)")
            return
        }
        let store = walked.store()
        #expect(store.sequences.count > 1)
        for sequence in store.sequences {
            let kept = try #require(store.nearest(atOrBefore: sequence))
            let rest = try Replay(registry: World.registry).run(walked.recording, from: kept)
            if case .differs(let divergence) = rest.outcome {
                Issue.record("from \(sequence): differs at \(divergence.sequence)")
            }
            #expect(rest.stateHash == whole.stateHash)
            #expect(rest.findings.equal == rest.findings.recorded)
            #expect(rest.firstFindingDifference == nil && rest.stateDifferences.isEmpty)
        }
    }

    @Test func `a damaged state is named, passed over and made anew, byte for byte`() throws {
        var walked = try Walked(5)
        try walked.walk(walked.store())
        let path = walked.files[3]
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(walked.store().sequences.dropFirst(3).first)
        for damage in [0, 20, sound.count / 2, sound.count - 1] {
            var bytes = sound
            bytes[damage] ^= 0x10
            try bytes.write(to: URL(fileURLWithPath: path))
            let store = walked.store()
            let kept = try #require(store.nearest(atOrBefore: place))
            #expect(kept.sequence < place)
            #expect(store.notes.count == 1 && store.notes[0].contains(path), "\(store.notes)")
            try walked.walk(store)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == sound)
        }
        try Data(sound.prefix(30)).write(to: URL(fileURLWithPath: path))
        let store = walked.store()
        #expect(try #require(store.nearest(atOrBefore: place)).sequence < place)
        #expect(store.notes.count == 1)
    }

    @Test func `all states can be deleted at any time, and a walk leaves the same again`() throws {
        var walked = try Walked(40)
        try walked.walk(walked.store())
        let files = walked.files
        let bytes = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        try FileManager.default.removeItem(atPath: walked.recording.path + "/derived")
        #expect(walked.store().nearest(atOrBefore: walked.recording.last) == nil)
        try walked.walk(walked.store())
        #expect(walked.files == files)
        #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } == bytes)
    }

    @Test func `states of another recording are of no use, whatever they are called`() throws {
        var one = try Walked(5)
        let other = try Walked(40)
        try one.walk(one.store())
        try FileManager.default.copyItem(
            atPath: one.recording.path + "/derived",
            toPath: other.recording.path + "/derived"
        )
        let store = other.store()
        #expect(store.sequences.count > 0)
        #expect(store.nearest(atOrBefore: other.recording.last) == nil)
    }

    @Test func `a state whose record is another one is passed over`() throws {
        let folder = try TestFolder()
        let world = try World(Scenario(number: 5))
        _ = try world.run()
        let first = try world.write(to: folder.path + "/a")
        var walk = Walk(registry: World.registry)
        walk.checkpoints = CheckpointStore(first, registry: World.registry, interval: 12)
        try walk.run(first) { _, _ in true }
        // The same session, as it would be had its power failed: other records under the same numbers.
        let place = try #require(walk.checkpoints?.sequences.last)
        let draft = try RecordingDraft(folder.path + "/b", id: world.start.session)
        for record in world.records {
            let isOther = record.sequence == place.value
            try draft.add(
                record.name.text,
                time: record.time,
                payload: isOther ? record.payload + [0x20] : record.payload
            )
        }
        try draft.seal()
        try FileManager.default.copyItem(
            atPath: first.path + "/derived",
            toPath: folder.path + "/b/derived"
        )
        let store = CheckpointStore(
            try Recording.open(folder.path + "/b"),
            registry: World.registry
        )
        #expect(try #require(store.nearest(atOrBefore: place)).sequence < place)
    }

    @Test func `where nothing can be written the walk is as it was, and a note says so`() throws {
        var walked = try Walked(5)
        try Data("no folder".utf8).write(
            to: URL(fileURLWithPath: walked.recording.path + "/derived")
        )
        let store = walked.store()
        try walked.walk(store)
        #expect(store.notes.count == 1 && store.notes[0].contains("derived"), "\(store.notes)")
        #expect(walked.states.count > 40)
    }
}
