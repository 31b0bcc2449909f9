import Journal
import Market
import Testing

/// What one changed byte may cost: the records that stand in it, named, and no others.
@Suite struct ChangedByteTests {
    private struct Readable {
        var records: [Taken] = []
        var errors: [JournalError] = []

        /// Numbers of `all` that were not given.
        func missing(of all: [Taken]) -> [UInt64] {
            let given = Set(records.map(\.sequence))
            return all.map(\.sequence).filter { !given.contains($0) }
        }
    }

    /// All that a cursor gives, over its errors.
    private func read(
        _ path: String,
        where filter: (@Sendable (StreamName) -> Bool)? = nil
    ) throws -> Readable {
        var readable = Readable()
        let cursor = try Recording.open(path).cursor(streams: filter)
        while readable.errors.count < 100 {
            do throws(JournalError) {
                guard let record = try cursor.next() else { break }
                readable.records.append(
                    Taken(
                        sequence: record.sequence.value,
                        time: record.time.nanoseconds,
                        stream: cursor.name(of: record.stream).text,
                        payload: Array(record.payload)
                    )
                )
            } catch {
                readable.errors.append(error)
            }
        }
        return readable
    }

    private func change(_ path: String, _ offset: Int, _ mask: UInt8) throws {
        var bytes = try Scratch.read(path)
        bytes[offset] ^= mask
        try Scratch.write(bytes, to: path)
    }

    /// A run that ended without a seal: every record an entry of its own in the tails.
    private func unclean(_ path: String, chunkBytes: Int) throws -> [Taken] {
        var options = RecorderOptions.small
        options.chunkBytes = chunkBytes
        options.segmentBytes = 1 << 20
        // Only who waits has it synced: a tail that became free by the clock would be begun anew within the last chunk.
        options.syncInterval = 60_000_000_000
        let tape = try Tape(path, options)
        for _ in 0..<24 { try tape.recorder.waitUntilWritten(try tape.append(1)) }
        // Some behind the last chunk.
        let chunks = tape.recorder.statistics.chunks
        while chunkBytes < 1 << 20, tape.recorder.statistics.chunks == chunks {
            try tape.recorder.waitUntilWritten(try tape.append(1))
        }
        // The other tail is free for them once the chunk is durable.
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        for _ in 0..<3 { try tape.recorder.waitUntilWritten(try tape.append(1)) }
        try tape.recorder.waitUntilDurable(tape.recorder.watermarks.appended)
        try tape.recorder.close()
        return try Recording.open(path).records()
    }

    /// A sealed one of several segments, each but the first with the owner's state.
    private func sealed(_ path: String, seals: Bool = true) throws -> [Taken] {
        var options = RecorderOptions.small
        options.chunkBytes = 700
        options.rollsItself = false
        let tape = try Tape(path, options)
        for _ in 0..<3 {
            try tape.append(24)
            try tape.recorder.roll(checkpoint: Array("{\"owner\":\"state\"}".utf8))
        }
        try tape.append(24)
        if seals { try tape.recorder.seal() } else { try tape.recorder.close() }
        return try Recording.open(path).records()
    }

    @Test func `a chunk that does not read is read from the tails while they have it`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let all = try unclean(path, chunkBytes: 700)
        let segment = path + "/000000000001.mcap"
        let chunk = try #require(
            Records(try Scratch.read(segment)).all.last { $0.opcode == 0x06 }
        )
        try change(segment, (chunk.offset + chunk.end) / 2, 0x10)
        #expect(try read(path).records == all)
        #expect(try Verifier.verify(path).state == .damaged)
    }

    @Test func `an entry of a tail that does not read hides no other`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let all = try unclean(path, chunkBytes: 1 << 20)
        var bytes = try Scratch.read(path + "/tail-a")
        var offset = 0
        for _ in 0..<12 {
            offset += 24 + (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        bytes[offset + 24 + 40] ^= 0x02
        try Scratch.write(bytes, to: path + "/tail-a")
        try checkHole(path, all, scratch)
    }

    /// One hole, named by cursor and verify; everything on both sides is served, and recovered.
    private func checkHole(_ path: String, _ all: [Taken], _ scratch: Scratch) throws {
        let found = try read(path)
        let missing = found.missing(of: all)
        let (first, last) = (try #require(missing.first), try #require(missing.last))
        #expect(missing == Array(first...last), "one hole")
        #expect(last < UInt64(all.count), "there are records behind it")
        #expect(found.records == all.filter { !missing.contains($0.sequence) })
        #expect(found.errors.contains { $0.description.contains("records \(first) to \(last)") })
        let verification = try Verifier.verify(path)
        #expect(verification.state == .damaged)
        #expect(
            verification.gaps == [.init(first: SequenceNumber(first), last: SequenceNumber(last))]
        )
        #expect(throws: JournalError.self) { try Recorder.open(path) }
        let outcome = try Recoverer().recover(path, to: scratch.file("new"))
        #expect(outcome.way == .copied)
        #expect(outcome.lost.contains { $0.first.value == first && $0.last.value == last })
        let copy = try read(scratch.file("new"))
        #expect(copy.records == found.records)
        let proof = try Verifier.verify(scratch.file("new"))
        #expect(proof.state == .sound, "\(proof.findings)")
    }

    @Test(arguments: [0, -1], [0x09, 0x0c] as [UInt8])
    func `an index or a seal that does not read hides nothing`(
        which: Int,
        opcode: UInt8
    ) throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let all = try sealed(path)
        let segments = try Recording.open(path).manifest.segments
        let segment = path + "/" + segments[which < 0 ? segments.count - 1 : which].name
        let bytes = try Scratch.read(segment)
        let place = try #require(Records(bytes).all.last { $0.opcode == opcode })
        // Its length, its front, its middle.
        for offset in [place.offset + 1, place.offset + 12, (place.offset + place.end) / 2] {
            try change(segment, offset, 0x04)
            #expect(try read(path).records == all, "byte \(offset)")
            let isWanted: @Sendable (StreamName) -> Bool = { $0.text.hasPrefix("private/") }
            #expect(
                try read(path, where: isWanted).records
                    == all.filter { isWanted(.init($0.stream)) },
                "byte \(offset)"
            )
            #expect(try Verifier.verify(path).state == .damaged, "byte \(offset)")
            try Scratch.write(bytes, to: segment)
        }
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test func `a chunk whose opcode or length has changed costs its own records only`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let all = try sealed(path)
        let segment = path + "/" + (try Recording.open(path).manifest.segments[1].name)
        let bytes = try Scratch.read(segment)
        let chunks = Records(bytes).all.filter { $0.opcode == 0x06 }
        #expect(chunks.count > 2)
        for chunk in chunks {
            try change(segment, (chunk.offset + chunk.end) / 2, 0x10)
            let natural = try read(path).missing(of: all)
            #expect(!natural.isEmpty)
            try Scratch.write(bytes, to: segment)
            // As a DataEnd, a Footer, a MessageIndex, an Attachment; shorter, longer, far too long.
            let changes: [(Int, UInt8)] = [
                (0, 0x06 ^ 0x0f), (0, 0x06 ^ 0x02), (0, 0x06 ^ 0x07), (0, 0x06 ^ 0x09),
                (1, 0x01), (1, 0x40), (1, 0x80), (2, 0x01), (2, 0x02), (8, 0x40),
            ]
            for (place, mask) in changes {
                try change(segment, chunk.offset + place, mask)
                let found = try read(path)
                #expect(found.missing(of: all) == natural, "byte \(place) xor \(mask)")
                #expect(!found.errors.isEmpty)
                let verification = try Verifier.verify(path)
                #expect(verification.state == .damaged)
                #expect(verification.gaps.count == 1, "byte \(place) xor \(mask)")
                try Scratch.write(bytes, to: segment)
            }
        }
    }

    @Test func `the owner's state is given as it was or not at all`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let all = try sealed(path)
        let listed = try Recording.open(path).manifest.segments[1]
        let segment = path + "/" + listed.name
        let bytes = try Scratch.read(segment)
        let state = try #require(Records(bytes).all.filter { $0.opcode == 0x09 }.dropFirst().first)
        // The profile that makes it a segment of ours; length, name, size and bytes of the state.
        let offsets = [21, 28, state.offset + 1, state.offset + 30, state.end - 26, state.end - 8]
        for offset in offsets {
            try change(segment, offset, 0x20)
            #expect(throws: JournalError.self, "byte \(offset)") {
                _ = try Recording.open(path).checkpoint(at: listed.first)
            }
            #expect(try Verifier.verify(path).state == .damaged, "byte \(offset)")
            #expect(try read(path).records == all, "byte \(offset)")
            try Scratch.write(bytes, to: segment)
        }
    }

    @Test func `verify proves the owner's state in a segment that is not complete`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        _ = try sealed(path, seals: false)
        #expect(try Verifier.verify(path).state == .sound)
        let listed = try #require(Recording.open(path).manifest.segments.last)
        let segment = path + "/" + listed.name
        let state = try #require(
            Records(try Scratch.read(segment)).all.filter { $0.opcode == 0x09 }.dropFirst().first
        )
        try change(segment, state.end - 8, 0x01)
        let verification = try Verifier.verify(path)
        #expect(verification.state == .damaged)
        #expect(verification.findings.contains { $0.file == segment })
    }
}
