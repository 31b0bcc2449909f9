import Journal
import Market
import Synchronization
import Testing

@Suite struct RecoveryTests {
    /// Nothing rolls, and no chunk closes by age or size unless the test says so.
    private static var quiet: RecorderOptions {
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        options.chunkBytes = 64 << 10
        options.tailBytes = 128 << 10
        return options
    }

    @Test func `written records survive a kill and come first in the next run's segment`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.recorder.waitUntilWritten(try tape.append(700))
        try Scratch.copy(scratch.file("r"), to: scratch.file("killed"))
        try tape.recorder.seal()

        let killed = try Recording.open(scratch.file("killed"))
        #expect(killed.state == .open)
        #expect(!killed.isHeld)
        #expect(try killed.records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("killed")).state == .sound)

        let next = try Tape(scratch.file("killed"))
        #expect(next.recorder.run == 2)
        #expect(next.recorder.recovery?.last == killed.last)
        #expect(next.recorder.recovery?.tornBytes == 0)
        #expect(next.recorder.id == killed.id)
        try next.append(300)
        try next.recorder.seal()
        let sealed = try Recording.open(scratch.file("killed"))
        #expect(try sealed.records().owners == tape.taken + next.taken)
        #expect(sealed.state == .recovered)
        #expect(sealed.manifest.runs == 2)
        let verification = try Verifier.verify(scratch.file("killed"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.gaps.isEmpty)
    }

    @Test
    func
        `a run that was killed before its first HEAD is no damage, though its segment is the shorter one`()
        throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let tape = try Tape(path, RecoveryTests.quiet)
        try tape.append(20)
        // The segment that this begins has no record: the next run puts its own in that one's place.
        try tape.recorder.roll(checkpoint: [UInt8](repeating: 7, count: 5_000))
        try tape.recorder.close()
        let head = try Scratch.read(path + "/HEAD")
        let second = try Recorder.open(path, options: RecoveryTests.quiet)
        #expect(second.run == 2)
        try second.close()
        // As the kill leaves it: renamed, and HEAD still of the run before.
        try Scratch.write(head, to: path + "/HEAD")

        let killed = try Recording.open(path)
        #expect(killed.damage.isEmpty, "\(killed.damage)")
        #expect(killed.state == .open)
        #expect(try killed.records().owners == tape.taken)
        #expect(try Verifier.verify(path).state == .sound)
        let third = try Tape(path, RecoveryTests.quiet)
        #expect(third.recorder.run == 3)
        try third.append(10)
        try third.recorder.seal()
        #expect(try Recording.open(path).records().owners == tape.taken + third.taken)
    }

    @Test func `channel ids and announcements carry over to the next run`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.append(20)
        try tape.recorder.close()
        let next = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try next.append(20)
        try next.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        let announcements = try recording.records { $0.kind == .sessionChannel }
        #expect(announcements.count == 3 + Sample.streams.count)
        #expect(try recording.streams().map(\.id) == recording.streams().map(\.id).sorted())
        #expect(try recording.records().owners == tape.taken + next.taken)
    }

    @Test func `runs without one chunk between them still go on`() throws {
        let scratch = try Scratch()
        var taken: [Taken] = []
        for run in 1...4 {
            let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
            #expect(tape.recorder.run == run)
            if run % 2 == 0 { try tape.append(3) }
            taken += tape.taken
            try tape.recorder.close()
        }
        #expect(try Recording.open(scratch.file("r")).records().owners == taken)
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test func `a run that never started leaves nothing and harms nothing`() throws {
        let scratch = try Scratch()
        try Recorder.open(scratch.file("r")).close()
        try Recorder.open(scratch.file("r")).close()
        let tape = try Tape(scratch.file("r"))
        #expect(tape.recorder.run == 3)
        try tape.append(5)
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
    }

    @Test
    func `copies made while records pour in are each a recording up to at least what was written`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        for round in 0..<25 {
            try tape.append(137)
            let written = tape.recorder.watermarks.written
            let copy = scratch.file("copy\(round)")
            try Scratch.copy(scratch.file("r"), to: copy)
            let recording = try Recording.open(copy)
            let records = try recording.records()
            #expect(recording.damage.isEmpty, "\(recording.damage)")
            #expect(recording.last >= written)
            #expect(records.owners == Array(tape.taken.prefix(records.owners.count)))
            let next = try Recorder.open(copy, options: .small)
            try next.start(time: .zero, payload: Sample.start)
            try next.seal()
            #expect(try Recording.open(copy).records().owners.count == records.owners.count + 1)
            let verification = try Verifier.verify(copy)
            #expect(verification.state == .sound, "\(verification.findings)")
            Scratch.remove(copy)
        }
        try tape.recorder.seal()
    }

    @Test
    func `cut at each byte of the last tail entry, the run ends before it and the cut is named`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.append(10)
        try tape.recorder.waitUntilWritten(tape.recorder.watermarks.appended)
        let before = try Scratch.read(scratch.file("r/tail-a"))
        let whole = tape.taken
        try tape.recorder.waitUntilWritten(try tape.append(1))
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        let after = try Scratch.read(scratch.file("k/tail-a"))
        try tape.recorder.close()
        let start = try #require(zip(before, after).enumerated().first { $1.0 != $1.1 }?.offset)
        let end = try #require(after.lastIndex { $0 != 0 }) + 1
        // HEAD may say that the entry is durable by now: without it the end is what was written last.
        try Scratch.write([], to: scratch.file("k/HEAD"))
        for cut in start..<end {
            try Scratch.write(
                Array(after[..<cut]) + [UInt8](repeating: 0, count: after.count - cut),
                to: scratch.file("k/tail-a")
            )
            let recording = try Recording.open(scratch.file("k"))
            #expect(try recording.records().owners == whole, "cut at \(cut)")
            // One finding is of HEAD.
            #expect(recording.torn.count == (cut == start ? 1 : 2), "cut at \(cut)")
            #expect(try Verifier.verify(scratch.file("k")).state == .cut, "cut at \(cut)")
        }
    }

    @Test func `cut at each byte of the last chunk, the tail still has its records`() throws {
        let scratch = try Scratch()
        var options = RecoveryTests.quiet
        options.chunkBytes = 1500
        options.syncInterval = 60_000_000_000
        let tape = try Tape(scratch.file("r"), options)
        for _ in 0..<12 { try tape.recorder.waitUntilWritten(try tape.append(4)) }
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        try tape.recorder.close()
        let path = scratch.file("k/000000000001.mcap")
        let bytes = try Scratch.read(path)
        let chunks = chunkOffsets(bytes)
        #expect(chunks.count > 2)
        let last = try #require(chunks.last)
        for cut in stride(from: last, to: bytes.count, by: 7) {
            try Scratch.write(Array(bytes[..<cut]), to: path)
            let recording = try Recording.open(scratch.file("k"))
            #expect(recording.damage.isEmpty)
            #expect(try recording.records().owners == tape.taken, "cut at \(cut)")
            #expect(try Verifier.verify(scratch.file("k")).state == (cut == last ? .sound : .cut))
        }
    }

    @Test
    func `with the tails gone the run ends with the last whole chunk, which is damage below HEAD`()
        throws
    {
        let scratch = try Scratch()
        var options = RecoveryTests.quiet
        options.chunkBytes = 1500
        let tape = try Tape(scratch.file("r"), options)
        try tape.recorder.waitUntilDurable(try tape.append(41))
        // HEAD is written just after those who wait are told.
        try tape.recorder.close()
        for name in ["tail-a", "tail-b"] { try Scratch.write([], to: scratch.file("r/" + name)) }
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.state == .damaged)
        #expect(recording.last < tape.recorder.watermarks.durable)
        let records = try recording.records()
        #expect(records.owners == Array(tape.taken.prefix(records.owners.count)))
        #expect(try Verifier.verify(scratch.file("r")).exitStatus == 2)
        #expect(throws: JournalError.self) { try Recorder.open(scratch.file("r")) }
    }

    @Test func `a kill at any byte of a roll's or a seal's ending loses nothing and harms nothing`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.append(30)
        let path = scratch.file("r/000000000001.mcap")
        try tape.recorder.seal()
        let whole = try Scratch.read(path)
        let start = try #require(Records(whole).all.last { $0.opcode == 0x06 }).end
        for cut in stride(from: start, to: whole.count, by: 19) {
            let copy = scratch.file("k\(cut)")
            try Scratch.copy(scratch.file("r"), to: copy)
            for name in ["HEAD", "manifest.json"] { try Scratch.write([], to: copy + "/" + name) }
            Scratch.delete(copy + "/manifest.json")
            try Scratch.write(whole[..<cut], to: copy + "/000000000001.mcap")
            #expect(try Verifier.verify(copy).state != .damaged, "cut at \(cut)")
            let next = try Tape(copy, RecoveryTests.quiet)
            try next.append(3)
            try next.recorder.seal()
            #expect(try Recording.open(copy).records().owners == tape.taken + next.taken)
            let verification = try Verifier.verify(copy)
            #expect(verification.state == .sound, "cut at \(cut): \(verification.findings)")
            Scratch.remove(copy)
        }
    }

    @Test func `a first chunk of which power loss left only zeros is a torn end`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.append(30)
        try tape.recorder.close()
        for name in ["tail-a", "tail-b", "HEAD"] {
            try Scratch.write([], to: scratch.file("r/" + name))
        }
        let path = scratch.file("r/000000000001.mcap")
        let head = try #require(Records(try Scratch.read(path)).all.first { $0.opcode == 0x09 })
        let checkpoint = try #require(
            Records(try Scratch.read(path)).all.last { $0.opcode == 0x09 }
        )
        #expect(checkpoint.offset > head.offset)
        let whole = Array(try Scratch.read(path)[..<checkpoint.end])
        try Scratch.write(whole + [UInt8](repeating: 0, count: 5), to: path)
        #expect(try Recording.open(scratch.file("r")).last == .none)
        #expect(try Verifier.verify(scratch.file("r")).state == .cut)
        let next = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try next.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == next.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `a segment's data is synced before its summary is written`() throws {
        let scratch = try Scratch()
        let calls = Mutex<[String]>([])
        let files = FaultyFiles { call, name, _ in
            if name == "000000000001.mcap" { calls.withLock { $0.append(call) } }
            return nil
        }
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet, files: files)
        try tape.append(30)
        try tape.recorder.seal()
        // Index and seal, DataEnd; summary.
        #expect(calls.withLock { $0 }.suffix(5) == ["write", "write", "sync", "write", "sync"])
    }

    @Test func `an index that power loss tore before its summary is a torn end`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.append(30)
        try tape.recorder.seal()
        let path = scratch.file("r/000000000001.mcap")
        var bytes = try Scratch.read(path)
        let index = try #require(Records(bytes).all.last { $0.opcode == 0x09 })
        let dataEnd = try #require(Records(bytes).all.last)
        bytes = Array(bytes[..<dataEnd.end])
        bytes[index.end - 20] ^= 0xff
        try Scratch.write(bytes, to: path)
        Scratch.delete(scratch.file("r/manifest.json"))
        try Scratch.write([], to: scratch.file("r/HEAD"))
        #expect(try Verifier.verify(scratch.file("r")).state == .cut)
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
    }

    @Test func `a kill between seal and manifest leaves a sealed recording, and it is sound`()
        throws
    {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(30)
        let open = try Scratch.read(scratch.file("r/manifest.json"))
        try tape.recorder.seal()
        try Scratch.write(open, to: scratch.file("r/manifest.json"))
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.isSealed)
    }

    @Test(arguments: 1...8)
    func `a run killed after its first records announces the rest of its streams in the next`(
        kept: Int
    ) throws {
        let scratch = try Scratch()
        var options = RecoveryTests.quiet
        // One record to a chunk.
        options.chunkBytes = 64
        let tape = try Tape(scratch.file("r"), options)
        try tape.recorder.close()
        for name in ["tail-a", "tail-b", "HEAD"] {
            try Scratch.write([], to: scratch.file("r/" + name))
        }
        let path = scratch.file("r/000000000001.mcap")
        let bytes = try Scratch.read(path)
        let chunks = Records(bytes).all.filter { $0.opcode == 0x06 }
        #expect(chunks.count >= 8)
        try Scratch.write(bytes[..<chunks[kept - 1].end], to: path)
        let next = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try next.append(6)
        try next.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        let streams = try recording.records().map(\.stream)
        #expect(streams.filter { $0 == "session/start" }.count == 2)
        #expect(streams.filter { $0 == "session/channel" }.count == 3 + Sample.streams.count)
        #expect(try recording.records().suffix(6) == next.taken.suffix(6))
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test func `entries of an earlier run are not read again`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"), RecoveryTests.quiet)
        try tape.recorder.waitUntilWritten(try tape.append(9))
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        try tape.recorder.close()
        let stale = try Scratch.read(scratch.file("k/tail-a"))
        let next = try Tape(scratch.file("k"), RecoveryTests.quiet)
        try next.recorder.close()
        // A kill between the new segment's rename and the making of new tails.
        try Scratch.write(stale, to: scratch.file("k/tail-a"))
        try Scratch.write([], to: scratch.file("k/HEAD"))
        let recording = try Recording.open(scratch.file("k"))
        #expect(try recording.records().owners == tape.taken)
        #expect(recording.torn.count == 1, "HEAD alone: \(recording.torn)")
        #expect(recording.damage.isEmpty)
    }

    private func chunkOffsets(_ bytes: [UInt8]) -> [Int] { Records(bytes).offsets(of: 0x06) }
}

/// The records of an MCAP file, as far as they are whole.
struct Records {
    private(set) var all: [(opcode: UInt8, offset: Int, end: Int)] = []

    init(_ bytes: [UInt8]) {
        var offset = 8
        while offset + 9 <= bytes.count {
            let length = (0..<8).reduce(0) { $0 | Int(bytes[offset + 1 + $1]) << (8 * $1) }
            guard offset + 9 + length <= bytes.count else { return }
            all.append((bytes[offset], offset, offset + 9 + length))
            if bytes[offset] == 0x02 { return }
            offset += 9 + length
        }
    }

    func offsets(of opcode: UInt8) -> [Int] { all.filter { $0.opcode == opcode }.map(\.offset) }
}
