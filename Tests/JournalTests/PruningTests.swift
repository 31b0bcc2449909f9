import Glibc
import Journal
import Market
import Synchronization
import Testing

@Suite struct PruningTests {
    /// A signed recording whose segments begin with checkpoints.
    static func recording(
        _ path: String,
        _ key: SigningKey?,
        isSealed: Bool = true
    ) throws
        -> [Taken]
    {
        var options = RecorderOptions.small
        options.signingKey = key
        options.rollsItself = false
        let tape = try Tape(path, options)
        for segment in 1..<7 {
            try tape.recorder.waitUntilWritten(try tape.append(60))
            try tape.recorder.roll(checkpoint: Array("state \(segment)".utf8))
        }
        try tape.append(10)
        if isSealed { try tape.recorder.seal() } else { try tape.recorder.close() }
        return tape.taken
    }

    static func pruner(_ key: SigningKey?) -> Pruner {
        var pruner = Pruner()
        pruner.who = "a test"
        pruner.key = key
        return pruner
    }

    static let now = Sample.time(1_000)

    @Test(arguments: [true, false])
    func `pruned at every boundary it verifies, says where it begins, and holds the rest`(
        isSealed: Bool
    ) throws {
        let scratch = try Scratch()
        let key = try SigningKey.generate()
        let source = scratch.file("source")
        let taken = try Self.recording(source, key, isSealed: isSealed)
        let whole = try Recording.open(source).manifest
        #expect(whole.segments.count == 7)
        for segment in whole.segments.dropFirst() {
            let path = scratch.file("r\(segment.first)")
            try Scratch.copy(source, to: path)
            let plan = try Self.pruner(key).prune(
                path,
                rule: DiskRule(before: segment.first),
                now: Self.now
            )
            #expect(plan.begins == segment.first)
            #expect(plan.held.isEmpty)
            let recording = try Recording.open(path)
            #expect(recording.first == segment.first)
            #expect(try recording.records() == taken.filter { $0.sequence >= segment.first.value })
            #expect(try recording.checkpoint(at: recording.first).isEmpty == false)
            let verification = try Verifier.verify(path, key: isSealed ? key.publicKey : nil)
            #expect(verification.state == .sound, "\(verification.findings)")
            #expect(verification.first == segment.first)
            #expect(
                verification.beginning
                    == .pruned(
                        upTo: SequenceNumber(segment.first.value - 1),
                        deletions: plan.going.count
                    )
            )
            // What compaction finds afterwards is sound too.
            _ = try CompactionTests.compactor.compact(path)
            #expect(try Verifier.verify(path).state == .sound)
        }
    }

    @Test func `a segment that is missing without a note, or with a changed one, is damage`() throws
    {
        let scratch = try Scratch()
        let source = scratch.file("source")
        _ = try Self.recording(source, try SigningKey.generate())
        let first = source + "/000000000001.mcap"
        let gone = scratch.file("gone")
        try Scratch.copy(source, to: gone)
        unlink(gone + "/000000000001.mcap")
        let missing = try Verifier.verify(gone)
        #expect(missing.state == .damaged)
        #expect(missing.beginning == .unexplained)
        let pruned = scratch.file("pruned")
        try Scratch.copy(source, to: pruned)
        let number = try Recording.open(source).manifest.segments[1].first
        _ = try Self.pruner(try SigningKey.generate()).prune(
            pruned,
            rule: DiskRule(before: number),
            now: Self.now
        )
        #expect(try Verifier.verify(pruned).state == .sound)
        let log = pruned + "/pruned.jsonl"
        let note = String(decoding: try Scratch.read(log), as: UTF8.self)
        for changed in [
            note.replacing("a test", with: "nobody"),
            note.replacing("\"last\":", with: "\"last\":1"),
            note.replacing("\"chain_last\":\"", with: "\"chain_last\":\"0"),
        ] {
            #expect(changed != note)
            try Scratch.write(Array(changed.utf8), to: log)
            #expect(try Verifier.verify(pruned).state == .damaged, "\(changed)")
        }
        #expect(try Scratch.read(first).isEmpty == false)
    }

    @Test func `rules by age, size, number and time name whole segments from the front`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try Self.recording(path, nil)
        let segments = try Recording.open(path).manifest.segments
        let pruner = Self.pruner(nil)
        func begins(_ rule: DiskRule, now: Timestamp = Self.now) throws -> SequenceNumber {
            try pruner.plan(path, rule: rule, now: now).begins
        }
        #expect(try begins(DiskRule()) == segments[0].first)
        #expect(try begins(DiskRule(before: segments[2].first)) == segments[2].first)
        let inside = SequenceNumber(segments[2].first.value + 1)
        #expect(try begins(DiskRule(before: inside)) == segments[2].first)
        #expect(try begins(DiskRule(before: SequenceNumber(1 << 40))) == segments[6].first)
        #expect(try begins(DiskRule(maxSize: 0)) == segments[6].first)
        #expect(try begins(DiskRule(maxSize: 1 << 40)) == segments[0].first)
        let sizes = try segments.map { UInt64(try Scratch.read(path + "/" + $0.name).count) }
        let three = sizes[4...].reduce(0, +)
        #expect(try begins(DiskRule(maxSize: three)) == segments[4].first)
        #expect(try begins(DiskRule(maxSize: three - 1)) == segments[5].first)
        #expect(try begins(DiskRule(keep: 0)) == segments[6].first)
        #expect(try begins(DiskRule(keep: 10_000_000_000)) == segments[0].first)
        // The third segment's last record came 320 samples of a millisecond before.
        let time = try #require(
            try Recording.open(path).records(from: .sequence(segments[3].first)).first?.time
        )
        #expect(
            try begins(DiskRule(beforeTime: Timestamp(nanoseconds: time))) == segments[3].first
        )
        #expect(
            try begins(DiskRule(keep: 5_000_000), now: Timestamp(nanoseconds: time + 5_000_000))
                == segments[3].first
        )
    }

    @Test func `a segment without a checkpoint keeps the one before it, and a new run does not`()
        throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        for run in 0..<2 {
            var options = RecorderOptions.small
            options.rollsItself = false
            let tape = try Tape(path, options)
            for _ in 0..<3 {
                try tape.recorder.waitUntilWritten(try tape.append(60))
                try tape.recorder.roll(checkpoint: [])
            }
            try tape.append(5)
            if run == 0 { try tape.recorder.close() } else { try tape.recorder.seal() }
        }
        let segments = try Recording.open(path).manifest.segments
        let plan = try Self.pruner(nil).plan(
            path,
            rule: DiskRule(maxSize: 0),
            now: Self.now
        )
        // Records of the first run stood in its tails: its last segment is what they belong to.
        #expect(plan.begins == segments[0].first)
        #expect(plan.held.count == segments.count - 1)
    }

    @Test func `a crash at any call leaves a recording that verifies, and the next prune ends it`()
        throws
    {
        let scratch = try Scratch()
        let key = try SigningKey.generate()
        let source = scratch.file("source")
        let taken = try Self.recording(source, key)
        let target = try Recording.open(source).manifest.segments[4].first
        var calls = 0
        while true {
            let path = scratch.file("r\(calls)")
            try Scratch.copy(source, to: path)
            let count = Mutex(0)
            let last = calls
            let files = FaultyFiles { call, _, _ in
                guard ["write", "sync", "rename", "unlink"].contains(call) else { return nil }
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number > last ? .fail(.inputOutput) : nil
            }
            let pruner = Self.pruner(key)
            let rule = DiskRule(before: target)
            let isDone =
                (try? pruner.prune(path, rule: rule, now: Self.now, files: files)) != nil
            let recording = try Recording.open(path)
            #expect(
                try recording.records().owners
                    == taken.filter { $0.sequence >= recording.first.value }
            )
            let broken = try Verifier.verify(path)
            #expect(broken.state == .sound, "after \(calls) calls: \(broken.findings)")
            _ = try pruner.prune(path, rule: rule, now: Self.now)
            let verification = try Verifier.verify(path, key: key.publicKey)
            #expect(verification.state == .sound, "after \(calls) calls: \(verification.findings)")
            #expect(verification.first == target)
            if isDone { break }
            calls += 1
        }
        #expect(calls > 10)
    }

    /// Places at which the notes can fail: their opening, each write, their sync, the directory's.
    @Test(arguments: ["open pruned.jsonl", "write pruned.jsonl", "sync pruned.jsonl", "sync ."])
    func `nothing is deleted before the notes are durable, at a second attempt either`(
        place: String
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try Self.recording(path, nil)
        let segments = try Recording.open(path).manifest.segments
        let rule = DiskRule(before: segments[4].first)
        let pruner = Self.pruner(nil)
        let isShort = place.hasPrefix("write")
        // The lock, and whole notes of some segments, get through.
        let failing = FaultyFiles { call, file, count in
            guard call + " " + file == place else { return nil }
            // It is read three times before it is written.
            if call == "open", count < 3 { return nil }
            return isShort && count == 0 ? .short(1500) : .fail(.noSpace)
        }
        #expect(throws: JournalError.self) {
            try pruner.prune(path, rule: rule, now: Self.now, files: failing)
        }
        #expect(try Recording.open(path).manifest.segments == segments)
        let calls = Mutex<[String]>([])
        let watching = FaultyFiles { call, file, _ in
            calls.withLock { $0.append(call + " " + file) }
            return nil
        }
        _ = try pruner.prune(path, rule: rule, now: Self.now, files: watching)
        let list = calls.withLock { $0 }
        let deleted = try #require(list.firstIndex { $0 == "unlink \(segments[0].name)" })
        let synced = try #require(list[..<deleted].lastIndex(of: "sync pruned.jsonl"))
        let written = try #require(list[..<deleted].lastIndex(of: "write pruned.jsonl"))
        #expect(written < synced)
        #expect(list[synced..<deleted].contains("sync ."))
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.first == segments[4].first)
    }

    @Test func `a segment that goes between its listing and its opening is looked for again`()
        throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try Self.recording(path, nil)
        let segments = try Recording.open(path).manifest.segments
        let asked = Mutex(false)
        let files = FaultyFiles { call, file, _ in
            guard call == "open", file == segments[2].name else { return nil }
            return asked.withLock { wasAsked in
                defer { wasAsked = true }
                return wasAsked ? nil : .fail(.missing)
            }
        }
        let recording = try Recording.open(path, files: files)
        #expect(recording.damage.isEmpty && recording.manifest.segments == segments)
        #expect(asked.withLock { $0 })
        // One that does not come back is damage all the same.
        let gone = FaultyFiles { call, file, _ in
            call == "open" && file == segments[2].name ? .fail(.missing) : nil
        }
        #expect(try !Recording.open(path, files: gone).damage.isEmpty)
    }

    @Test func `a running recorder keeps to its rule at each roll`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let told = Mutex<[Result<Pruner.Plan, JournalError>]>([])
        var options = RecorderOptions.small
        options.rollsItself = false
        options.disk = DiskRule(keep: 150_000_000)
        options.onPrune = { result in told.withLock { $0.append(result) } }
        let tape = try Tape(path, options)
        for segment in 1..<7 {
            try tape.recorder.waitUntilWritten(try tape.append(60))
            try tape.recorder.roll(checkpoint: Array("state \(segment)".utf8))
            try tape.recorder.waitUntilDurable(try tape.append(1))
        }
        let open = try Verifier.verify(path)
        #expect(open.state == .sound, "\(open.findings)")
        try tape.recorder.seal()
        let recording = try Recording.open(path)
        #expect(recording.manifest.segments.count == 4)
        #expect(
            try recording.records() == tape.taken.filter { $0.sequence >= recording.first.value }
        )
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(told.withLock { $0.count } == 3)
    }

    @Test func `a segment that cannot be deleted once is deleted at a later roll`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let told = Mutex<[Result<Pruner.Plan, JournalError>]>([])
        let isBroken = Mutex(false)
        // Of several that go, the second fails.
        let gone = Mutex(0)
        let files = FaultyFiles { call, file, _ in
            guard call == "unlink", file.hasSuffix(".mcap"), isBroken.withLock({ $0 }) else {
                return nil
            }
            return gone.withLock {
                $0 += 1
                return $0 == 2 ? .fail(SystemFailure(EIO)) : nil
            }
        }
        var options = RecorderOptions.small
        options.rollsItself = false
        options.disk = DiskRule(keep: 150_000_000)
        options.onPrune = { result in told.withLock { $0.append(result) } }
        let tape = try Tape(path, options, files: files)
        func segment(_ count: Int) throws {
            try tape.recorder.waitUntilWritten(try tape.append(count))
            try tape.recorder.roll(checkpoint: Array("state".utf8))
            try tape.recorder.waitUntilDurable(try tape.append(1))
        }
        // Many at once become old.
        for _ in 0..<4 { try segment(20) }
        isBroken.withLock { $0 = true }
        for _ in 0..<6 { try segment(60) }
        try tape.recorder.seal()
        let results = told.withLock { $0 }
        let failed = results.firstIndex { if case .failure = $0 { true } else { false } }
        #expect(try #require(failed, "\(results)") < results.count - 1, "\(results)")
        for result in results[(try #require(failed) + 1)...] {
            guard case .success = result else {
                Issue.record("\(result)")
                continue
            }
        }
        let recording = try Recording.open(path)
        #expect(recording.damage.isEmpty)
        #expect(
            try recording.records() == tape.taken.filter { $0.sequence >= recording.first.value }
        )
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test(arguments: [1, 150_000_000])
    func `what a recorder seals after its rule took the front is what the segments say`(
        keep: Int64
    ) throws {
        for more in [0, 20] {
            let scratch = try Scratch()
            let path = scratch.file("r")
            var options = RecorderOptions.small
            options.rollsItself = false
            options.disk = keep == 1 ? DiskRule(maxSize: 1) : DiskRule(keep: keep)
            let tape = try Tape(path, options)
            for segment in 1..<7 {
                try tape.recorder.waitUntilWritten(try tape.append(60))
                try tape.recorder.roll(checkpoint: Array("state \(segment)".utf8))
                try tape.recorder.waitUntilDurable(try tape.append(1))
            }
            // Of the open segment alone nothing is left when nothing follows.
            try tape.recorder.waitUntilWritten(try tape.append(60))
            try tape.recorder.roll(checkpoint: Array("state".utf8))
            if more > 0 { try tape.append(more) }
            try tape.recorder.seal()
            let recording = try Recording.open(path)
            let left = tape.taken.filter {
                $0.sequence >= recording.manifest.segments[0].first.value
            }
            #expect(try recording.records() == left)
            #expect(left.isEmpty == (keep == 1 && more == 0))
            let manifest = try #require(
                Manifest(json: try Scratch.read(path + "/manifest.json"))
            )
            #expect(manifest == recording.manifest)
            #expect(manifest.started.nanoseconds == left.first?.time ?? 0)
            #expect(manifest.first.value == left.first?.sequence ?? 0)
            let verification = try Verifier.verify(path)
            #expect(verification.state == .sound, "\(verification.findings)")
        }
    }

    @Test func `a recorder that goes on behind an emptied front says when its first record came`()
        throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        var options = RecorderOptions.small
        options.rollsItself = false
        options.disk = DiskRule(maxSize: 1)
        let tape = try Tape(path, options)
        try tape.recorder.waitUntilDurable(try tape.append(60))
        try tape.recorder.roll(checkpoint: Array("state".utf8))
        try tape.recorder.close()
        let next = try Tape(path)
        try next.append(10)
        try next.recorder.seal()
        let manifest = try #require(Manifest(json: try Scratch.read(path + "/manifest.json")))
        #expect(manifest.started.nanoseconds == next.taken.first?.time)
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test func `each note says when the first and last record of its segment came`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try Self.recording(path, nil)
        let begins = try Recording.open(path).manifest.segments[3].first
        let plan = try Self.pruner(nil).prune(
            path,
            rule: DiskRule(before: begins),
            now: Self.now
        )
        #expect(plan.going.count == 3)
        for note in plan.going {
            let gone = taken.filter {
                (note.first.value...note.last.value).contains($0.sequence)
            }
            #expect(note.started.nanoseconds == gone.first?.time)
            #expect(note.ended.nanoseconds == gone.last?.time)
        }
        let manifest = try #require(Manifest(json: try Scratch.read(path + "/manifest.json")))
        #expect(manifest.started.nanoseconds == taken.first { $0.sequence >= begins.value }?.time)
    }
}
