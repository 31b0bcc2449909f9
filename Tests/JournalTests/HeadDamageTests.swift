import Journal
import Market
import Testing

/// One segment whose head does not read: the others are served, and its range is named.
@Suite struct HeadDamageTests {
    @Test(arguments: [true, false], [0, 2, -1])
    func `a damaged head hides its own segment only`(isSealed: Bool, which: Int) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        var tape: Tape? = try Tape(path)
        for _ in 0..<20 { try tape?.recorder.waitUntilDurable(try #require(tape).append(40)) }
        if isSealed { try tape?.recorder.seal() } else { try tape?.recorder.close() }
        tape = nil
        let whole = try Recording.open(path)
        let all = try whole.records()
        let segments = whole.manifest.segments
        #expect(segments.count > 4)
        let hidden = which < 0 ? segments.count - 1 : which
        let segment = segments[hidden]
        let file = path + "/" + segment.name
        var bytes = try Scratch.read(file)
        bytes[60] ^= 0x20
        try Scratch.write(bytes, to: file)

        try Self.expectServed(path, all, hidden == segments.count - 1 ? nil : file)
        let recording = try Recording.open(path)
        let named = recording.damage.filter { $0.file == file }
        #expect(named.count == 1, "\(recording.damage)")
        #expect(named.first?.description.contains("records from \(segment.first)") == true)
        // A seek to each segment works.
        for other in segments {
            let cursor = try recording.cursor(from: .sequence(other.first))
            #expect(try cursor.next()?.sequence == other.first)
        }
        _ = try recording.streams()
        #expect(throws: JournalError.self) { try recording.checkpoint(at: segment.first) }
        if !isSealed { #expect(throws: JournalError.self) { try Recorder.open(path) } }
    }

    /// Every record is read, and the recording is called damaged.
    private static func expectServed(_ path: String, _ all: [Taken], _ file: String?) throws {
        let recording = try Recording.open(path)
        #expect(recording.state == .damaged)
        #expect(try recording.records() == all)
        let verification = try Verifier.verify(path)
        #expect(verification.state == .damaged)
        #expect(verification.gaps.isEmpty)
        if let file { #expect(verification.findings.contains { $0.file == file }) }
    }

    /// One segment of some chunks and a rest in the tail, not sealed.
    private func oneSegment(_ path: String, _ records: Int) throws -> (file: String, all: [Taken]) {
        var options = RecorderOptions.small
        options.segmentBytes = 1 << 30
        let tape = try Tape(path, options)
        let last = try tape.append(records)
        try tape.recorder.waitUntilDurable(last)
        // HEAD comes a moment after.
        try eventually { (try? Recording.open(path))?.durable == last }
        try Scratch.copy(path, to: path + "-killed")
        let recording = try Recording.open(path + "-killed")
        #expect(recording.manifest.segments.count == 1)
        return (path + "-killed/" + recording.manifest.segments[0].name, try recording.records())
    }

    @Test(arguments: [3, 400], [0, 9, 40, 60, 120, 300])
    func `the only segment's head: chunks and tails are served by what HEAD and manifest know`(
        records: Int,
        place: Int
    ) throws {
        let scratch = try Scratch()
        let (file, all) = try oneSegment(scratch.file("r"), records)
        var bytes = try Scratch.read(file)
        bytes[place] ^= 0x20
        try Scratch.write(bytes, to: file)
        try Self.expectServed(scratch.file("r-killed"), all, nil)
        let outcome = try Recoverer().recover(scratch.file("r-killed"), to: scratch.file("new"))
        #expect(outcome.way == .copied)
        #expect(try Recording.open(scratch.file("new")).records() == all)
        #expect(try Verifier.verify(scratch.file("new")).state == .sound)
    }

    @Test func `with the manifest lost too, the head's error stands`() throws {
        let scratch = try Scratch()
        let (file, _) = try oneSegment(scratch.file("r"), 400)
        var bytes = try Scratch.read(file)
        bytes[60] ^= 0x20
        try Scratch.write(bytes, to: file)
        Scratch.delete(scratch.file("r-killed/manifest.json"))
        let error = #expect(throws: JournalError.self) {
            try Recording.open(scratch.file("r-killed"))
        }
        #expect(error?.file == file)
    }

    /// MCAP lets a checksum of 0 say that there is none: in a file of ours it says damage, or a changed state would be
    /// given out by whoever zeroes four bytes with it.
    @Test(arguments: [true, false])
    func `a segment's state without its checksum is damage`(isSealed: Bool) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        do {
            let tape = try Tape(path)
            try tape.recorder.waitUntilDurable(try tape.append(40))
            try tape.recorder.roll(checkpoint: Array("the owner's state".utf8))
            try tape.recorder.waitUntilDurable(try tape.append(40))
            if isSealed { try tape.recorder.seal() } else { try tape.recorder.close() }
        }
        let segments = try Recording.open(path).manifest.segments
        let segment = try #require(segments.last)
        let file = path + "/" + segment.name
        let bytes = try Scratch.read(file)
        let state = try #require(bytes.firstRange(of: Array("the owner's state".utf8)))
        #expect(bytes[state.upperBound..<(state.upperBound + 4)] != [0, 0, 0, 0])
        for isChanged in [true, false] {
            var changed = bytes
            if isChanged { changed[state.lowerBound] ^= 1 }
            changed.replaceSubrange(state.upperBound..<(state.upperBound + 4), with: [0, 0, 0, 0])
            try Scratch.write(changed, to: file)
            #expect(try Verifier.verify(path).state == .damaged)
            #expect(throws: JournalError.self) {
                try Recording.open(path).checkpoint(at: segment.first)
            }
        }
        try Scratch.write(bytes, to: file)
        #expect(try Verifier.verify(path).state != .damaged)
    }

    /// A length or an opcode between two chunks: what stands before and behind is served, the hole is told.
    @Test(arguments: [true, false], [0, 1, 3, 8])
    func `a chunk whose opcode or length has changed hides itself only`(
        isSealed: Bool,
        byte: Int
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        do {
            let tape = try Tape(path)
            for _ in 0..<12 { try tape.recorder.waitUntilDurable(try tape.append(40)) }
            if isSealed { try tape.recorder.seal() } else { try tape.recorder.close() }
        }
        let whole = try Recording.open(path)
        let all = try whole.records()
        let segments = whole.manifest.segments
        for segment in [segments[0], segments[segments.count / 2], segments[segments.count - 1]] {
            let file = path + "/" + segment.name
            let bytes = try Scratch.read(file)
            let places = ChunkPlaces.of(bytes)
            #expect(places.count > 1 || segment == segments.last)
            for place in places {
                var changed = bytes
                changed[place + byte] ^= 0x15
                try Scratch.write(changed, to: file)
                let (served, errors) = try Self.served(path)
                #expect(errors > 0, "\(segment.name) \(place)")
                #expect(try Verifier.verify(path).state == .damaged)
                // A chunk holds some forty of these; of the last one the tails may still have all.
                let hidden = all.map(\.sequence).filter { !served.contains($0) }
                let isLast = segment == segments.last && place == places.last
                #expect(!hidden.isEmpty || (isLast && !isSealed))
                #expect(hidden.count < 80, "\(segment.name) \(place) \(hidden.count)")
                guard let first = hidden.first else { continue }
                #expect(hidden == Array(first..<(first + UInt64(hidden.count))))
                #expect(served == all.map(\.sequence).filter { !hidden.contains($0) })
            }
            try Scratch.write(bytes, to: file)
        }
        #expect(try Recording.open(path).records() == all)
    }

    /// What a reader is given, and how often it is told that something is wrong.
    private static func served(_ path: String) throws -> (numbers: [UInt64], errors: Int) {
        let recording = try Recording.open(path)
        var errors = recording.damage.count
        var numbers: [UInt64] = []
        let cursor = try recording.cursor()
        while true {
            do {
                guard let record = try cursor.next() else { return (numbers, errors) }
                numbers.append(record.sequence.value)
            } catch {
                errors += 1
            }
        }
    }
}

/// Where a segment's chunks begin, found without the reader under test.
enum ChunkPlaces {
    static func of(_ bytes: [UInt8]) -> [Int] {
        var places: [Int] = []
        var offset = 8
        while offset + 9 <= bytes.count, bytes[offset] != 15 {
            if bytes[offset] == 6 { places.append(offset) }
            offset += 9 + (0..<8).reduce(0) { $0 | Int(bytes[offset + 1 + $1]) << (8 * $1) }
        }
        return places
    }
}
