import Glibc
import Journal
import Market
import Testing

@Suite struct RecovererTests {
    @Test func `an unclean recording is sealed in place and loses nothing`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("live"))
        try tape.recorder.waitUntilWritten(try tape.append(500))
        let path = scratch.file("r")
        try Scratch.copy(scratch.file("live"), to: path)
        let outcome = try Recoverer().recover(path, to: scratch.file("new"))
        #expect(outcome.way == .inPlace)
        #expect(outcome.lost.isEmpty)
        let recording = try Recording.open(path)
        #expect(recording.state == .recovered)
        #expect(try recording.records().owners == tape.taken)
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.isSealed)
        #expect(try Recoverer().recover(path, to: scratch.file("new")).way == .sound)
        #expect(try Scratch.names(in: scratch.path) == ["live", "r"])
    }

    @Test func `one that was closed on a whole chunk, or with a torn end, is sealed in place too`()
        throws
    {
        let scratch = try Scratch()
        for isTorn in [false, true] {
            let path = scratch.file("r\(isTorn)")
            let tape = try Tape(path)
            try tape.append(300)
            try tape.recorder.close()
            if isTorn {
                let name = try #require(Recording.open(path).manifest.segments.last?.name)
                let bytes = try Scratch.read(path + "/" + name)
                try Scratch.write(bytes + [6, 1, 2, 3], to: path + "/" + name)
            }
            let outcome = try Recoverer().recover(path, to: scratch.file("new"))
            #expect(outcome.way == .inPlace)
            #expect(outcome.lost.isEmpty == !isTorn)
            #expect(try Recording.open(path).records().owners == tape.taken)
            #expect(try Verifier.verify(path).state == .sound)
        }
    }

    /// Every good record of a damaged recording, and the hole named.
    @Test(arguments: [0.03, 0.2, 0.5, 0.8, 0.97], [0, 2])
    func `a damaged recording is written anew with all that proves itself`(
        place: Double,
        segment: Int
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try CompactionTests.recording(path)
        let before = try Recording.open(path).manifest
        let name = path + "/" + before.segments[segment].name
        var bytes = try Scratch.read(name)
        let at = Int(Double(bytes.count) * place)
        for offset in at..<min(at + 40, bytes.count) { bytes[offset] ^= 0x5a }
        try Scratch.write(bytes, to: name)
        #expect((try? Verifier.verify(path).state) != .sound)
        let target = scratch.file("new")
        let outcome = try Recoverer().recover(path, to: target)
        #expect(outcome.way == .copied)
        #expect(try Scratch.read(name) == bytes)
        let verification = try Verifier.verify(target)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.isSealed)
        let recording = try Recording.open(target)
        #expect(recording.state == .recovered)
        // What is there is what was there; what is not is named.
        let cursor = try recording.cursor()
        var kept: [Taken] = []
        var holes = 0
        while true {
            do throws(JournalError) {
                guard let record = try cursor.next() else { break }
                kept.append(
                    Taken(
                        sequence: record.sequence.value,
                        time: record.time.nanoseconds,
                        stream: cursor.name(of: record.stream).text,
                        payload: Array(record.payload)
                    )
                )
            } catch {
                holes += 1
            }
        }
        let lost = outcome.lost.filter { $0.first != .none && $0.first <= $0.last }
        let missing = taken.filter { record in
            lost.contains { $0.first.value <= record.sequence && record.sequence <= $0.last.value }
        }
        #expect(kept.owners == taken.filter { !missing.contains($0) })
        #expect(verification.gaps.count == lost.count)
        #expect(lost.count <= 1)
        #expect(holes <= lost.count)
        #expect(missing.count < 120)
        for (old, new) in zip(before.segments, recording.manifest.segments.prefix(segment)) {
            #expect(old.chainLast == new.chainLast, "links stay those of the old recording")
        }
        #expect(throws: JournalError.self) { try Recoverer().recover(path, to: target) }
    }

    @Test func `a missing segment is a named hole`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try CompactionTests.recording(path)
        let segments = try Recording.open(path).manifest.segments
        unlink(path + "/" + segments[0].name)
        unlink(path + "/" + segments[2].name)
        let outcome = try Recoverer().recover(path, to: scratch.file("new"))
        #expect(outcome.lost.count == 2)
        let verification = try Verifier.verify(scratch.file("new"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.first == segments[1].first)
        #expect(verification.gaps.map(\.first) == [segments[0].first, segments[2].first])
        let upTo = SequenceNumber(segments[1].first.value - 1)
        #expect(verification.beginning == .lost(upTo: upTo))
        #expect(verification.last.value == taken.last?.sequence)
        #expect(try Recording.open(scratch.file("new")).last.value == taken.last?.sequence)
    }

    @Test func `a hole that recovery named says nothing of what was before it`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try PruningTests.recording(path, nil)
        let old = try Recording.open(path).manifest.segments
        unlink(path + "/" + old[1].name)
        let source = scratch.file("new")
        #expect(try Recoverer().recover(path, to: source).way == .copied)
        let whole = try Verifier.verify(source)
        #expect(whole.state == .sound, "\(whole.findings)")
        #expect(whole.beginning == .whole)
        let hole = Verification.Gap(first: old[1].first, last: old[1].last)
        #expect(whole.gaps == [hole])

        let gone = scratch.file("gone")
        try Scratch.copy(source, to: gone)
        for name in [old[0].name, "manifest.json"] { unlink(gone + "/" + name) }
        let missing = try Verifier.verify(gone)
        #expect(missing.state == .damaged)
        #expect(missing.beginning == .unexplained)
        #expect(
            missing.findings.contains {
                $0.description.contains("records 1 to \(old[0].last) are missing")
            },
            "\(missing.findings)"
        )

        let key = try SigningKey.generate()
        for (signer, lie) in [(key, ("a test", "nobody")), (nil, ("\"last\":", "\"last\":1"))]
            as [(SigningKey?, (String, String))]
        {
            let pruned = scratch.file(signer == nil ? "pruned" : "signed")
            try Scratch.copy(source, to: pruned)
            let plan = try PruningTests.pruner(signer).prune(
                pruned,
                rule: DiskRule(before: old[2].first),
                now: PruningTests.now
            )
            #expect(plan.begins == old[2].first)
            let verification = try Verifier.verify(pruned)
            #expect(verification.state == .sound, "\(verification.findings)")
            #expect(verification.first == old[2].first)
            #expect(verification.gaps == [hole])
            #expect(verification.beginning == .pruned(upTo: hole.last, deletions: 1))
            // Its notes are held against it.
            let log = pruned + "/pruned.jsonl"
            let note = String(decoding: try Scratch.read(log), as: UTF8.self)
            for changed in [note.replacing(lie.0, with: lie.1), ""] {
                #expect(changed != note)
                try Scratch.write(Array(changed.utf8), to: log)
                #expect(try Verifier.verify(pruned).state == .damaged, "\(changed)")
            }
        }
    }

    /// Holes among what is deleted are those of the recording, front and middle alike.
    @Test(arguments: [[1, 3], [0, 2]])
    func `a recovered recording with holes is pruned up to each of its segments`(
        missing: [Int]
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try PruningTests.recording(path, nil)
        let old = try Recording.open(path).manifest.segments
        for place in missing { unlink(path + "/" + old[place].name) }
        let source = scratch.file("new")
        #expect(try Recoverer().recover(path, to: source).way == .copied)
        #expect(try Verifier.verify(source).state == .sound)
        for target in try Recording.open(source).manifest.segments.dropFirst() {
            let pruned = scratch.file("to-\(target.first)")
            try Scratch.copy(source, to: pruned)
            // One after the other, so that each front is one that was pruned to before.
            for segment in try Recording.open(source).manifest.segments.dropFirst()
            where segment.first <= target.first {
                let plan = try PruningTests.pruner(try SigningKey.generate()).prune(
                    pruned,
                    rule: DiskRule(before: segment.first),
                    now: PruningTests.now
                )
                #expect(plan.begins == segment.first)
                let verification = try Verifier.verify(pruned)
                #expect(verification.state == .sound, "\(verification.findings)")
                #expect(verification.first == segment.first)
            }
        }
    }

    @Test func `nothing to recover from is an error, and leaves no recording behind`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try CompactionTests.recording(path, rounds: 2)
        for name in try Scratch.names(in: path) where name.hasSuffix(".mcap") {
            let bytes = try Scratch.read(path + "/" + name)
            try Scratch.write([UInt8](repeating: 7, count: bytes.count), to: path + "/" + name)
        }
        #expect(throws: JournalError.self) {
            try Recoverer().recover(path, to: scratch.file("new"))
        }
    }
}
