import Journal
import Market
import Testing

/// What is missing of a recording is told by whoever reads it, with a filter or without, and by recovery.
@Suite struct MissingTests {
    /// Numbers given, and errors told, by a cursor.
    private func read(
        _ path: String,
        from start: CursorStart = .beginning,
        where filter: (@Sendable (StreamName) -> Bool)? = nil
    ) throws -> (numbers: [UInt64], errors: [JournalError]) {
        let cursor = try Recording.open(path).cursor(from: start, streams: filter)
        var numbers: [UInt64] = []
        var errors: [JournalError] = []
        while true {
            do throws(JournalError) {
                guard let record = try cursor.next() else { return (numbers, errors) }
                numbers.append(record.sequence.value)
            } catch {
                errors.append(error)
            }
        }
    }

    private static let orders: @Sendable (StreamName) -> Bool = { $0.text == "private/main/order" }

    @Test func `a segment that is gone is damage, and told by a cursor with a filter too`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try CompactionTests.recording(path)
        let segments = try Recording.open(path).manifest.segments
        try #require(segments.count > 4)
        let all = try read(path, where: Self.orders).numbers
        for gone in [1, segments.count / 2, segments.count - 1] {
            let file = path + "/" + segments[gone].name
            let bytes = try Scratch.read(file)
            Scratch.delete(file)
            let range = segments[gone].first.value...segments[gone].last.value
            let recording = try Recording.open(path)
            #expect(recording.state == .damaged)
            #expect(!recording.damage.isEmpty)
            let (numbers, errors) = try read(path, where: Self.orders)
            #expect(numbers == all.filter { !range.contains($0) })
            // Of what is gone at the end HEAD tells when the recording is opened.
            #expect(errors.count == (gone == segments.count - 1 ? 0 : 1), "\(errors)")
            #expect(try read(path).errors.count == errors.count)
            // From behind the hole there is none.
            let after = segments[min(gone + 1, segments.count - 1)].first
            if gone < segments.count - 1 {
                #expect(try read(path, from: .sequence(after), where: Self.orders).errors.isEmpty)
            }
            #expect(throws: JournalError.self) {
                try Pruner().plan(path, rule: DiskRule(maxSize: 1), now: .zero)
            }
            try Scratch.write(bytes, to: file)
        }
        #expect(try read(path, where: Self.orders).errors.isEmpty)
    }

    @Test func `a chunk that is no more is told by a cursor whose filter passes over it`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let tape = try Tape(path)
        for _ in 0..<12 { try tape.recorder.waitUntilDurable(try tape.append(40)) }
        try tape.recorder.close()
        // Not sealed: chunks of the segments before the last are found by reading them.
        let segment = try Recording.open(path).manifest.segments[1]
        let file = path + "/" + segment.name
        let whole = try Scratch.read(file)
        let places = ChunkPlaces.of(whole)
        // Without its summary the segment says nothing of what it had.
        var bytes = Array(whole.dropLast(40))
        bytes[places[1]] = 0x07
        try Scratch.write(bytes, to: file)
        let (_, errors) = try read(path, where: Self.orders)
        #expect(errors.contains { $0.description.contains("are missing") }, "\(errors)")
    }

    @Test(arguments: [true, false])
    func `recovery names what was durable at the end and is gone`(isSegment: Bool) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let tape = try Tape(path)
        try tape.append(300)
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        let last = tape.recorder.watermarks.appended
        // HEAD comes a moment after.
        try eventually { (try? Recording.open(path))?.durable == last }
        try Scratch.copy(path, to: scratch.file("k"))
        let names = try Scratch.names(in: scratch.file("k"))
        let segment = try #require(names.last { $0.hasSuffix(".mcap") })
        for name in ["tail-a", "tail-b"] + (isSegment ? [segment] : []) {
            Scratch.delete(scratch.file("k/" + name))
        }
        #expect(try Verifier.verify(scratch.file("k")).state == .damaged)
        let outcome = try Recoverer().recover(scratch.file("k"), to: scratch.file("new"))
        #expect(outcome.way == .copied)
        let lost = try #require(outcome.lost.last)
        #expect(lost.first == outcome.last.next && lost.last == last, "\(outcome)")
        let verification = try Verifier.verify(scratch.file("new"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.gaps.last?.last == last)
        let recording = try Recording.open(scratch.file("new"))
        #expect(recording.lostEnd?.first == lost.first)
        #expect(
            try recording.records().owners
                == Array(tape.taken.prefix(try recording.records().owners.count))
        )
        withExtendedLifetime(tape) {}
    }

    @Test func `one changed entry of a tail hides itself only, and a hole in the tails is named`()
        throws
    {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.chunkBytes = 64 << 10
        let tape = try Tape(scratch.file("r"), options)
        for _ in 0..<30 { try tape.recorder.waitUntilDurable(try tape.append(1)) }
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        let all = try Recording.open(scratch.file("k")).records()
        let tail = scratch.file("k/tail-a")
        var bytes = try Scratch.read(tail)
        // The payload of some entry in the middle.
        let at = try #require(bytes.firstRange(of: Array("{\"n\":15,".utf8))?.lowerBound)
        bytes[at + 2] ^= 1
        try Scratch.write(bytes, to: tail)
        let recording = try Recording.open(scratch.file("k"))
        #expect(recording.state == .damaged)
        let outcome = try Recoverer().recover(scratch.file("k"), to: scratch.file("new"))
        let kept = try read(scratch.file("new"))
        #expect(kept.errors.count == 1)
        guard case .lost(let first, let last) = kept.errors.first?.reason else {
            Issue.record("the hole is not told as recovery's: \(kept.errors)")
            return
        }
        #expect(last.value - first.value < 4)
        #expect(
            kept.numbers == all.map(\.sequence).filter { $0 < first.value || $0 > last.value }
        )
        #expect(outcome.lost.contains { $0.first == first && $0.last == last })
        #expect(try Verifier.verify(scratch.file("new")).state == .sound)
        withExtendedLifetime(tape) {}
    }

    @Test func `without HEAD nothing is called sound, and nothing is recorded on`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.recorder.waitUntilDurable(try tape.append(200))
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        Scratch.delete(scratch.file("k/HEAD"))
        let verification = try Verifier.verify(scratch.file("k"))
        #expect(verification.state == .damaged)
        #expect(!verification.covered.contains("HEAD"))
        #expect(try Recording.open(scratch.file("k")).records().owners == tape.taken)
        #expect(throws: JournalError.self) { try Recorder.open(scratch.file("k")) }
        // Slots that do not read are what a power cut may leave.
        try Scratch.write([UInt8](repeating: 0, count: 4184), to: scratch.file("k/HEAD"))
        #expect(try Verifier.verify(scratch.file("k")).state == .cut)
        withExtendedLifetime(tape) {}
    }

    @Test func `a recorder does not go on where the first segment is gone`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let tape = try Tape(path)
        for _ in 0..<12 { try tape.recorder.waitUntilDurable(try tape.append(40)) }
        try tape.recorder.close()
        Scratch.delete(path + "/000000000001.mcap")
        let error = #expect(throws: JournalError.self) { try Recorder.open(path) }
        #expect(error?.description.contains("records 1 to") == true)
    }
}
