import Glibc
import Journal
import Market
import Testing

/// Segments that roll because they are old.
@Suite struct RollTests {
    @Test func `a segment that has records rolls when it is old, one without does not`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions()
        options.segmentAge = 20_000_000
        options.rollsItself = false
        let tape = try Tape(scratch.file("r"), options)
        for round in 0..<4 {
            try tape.recorder.waitUntilWritten(try tape.append(10))
            try eventually { tape.recorder.isRollDue }
            try tape.recorder.roll(checkpoint: Array("state \(round)".utf8))
            try tape.recorder.waitUntilDurable(try tape.append(1))
        }
        try tape.recorder.roll(checkpoint: Array("last".utf8))
        usleep(100_000)
        #expect(!tape.recorder.isRollDue, "nothing was appended since")
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.manifest.segments.count == 6)
        let states = try recording.manifest.segments.map {
            String(decoding: try recording.checkpoint(at: $0.first), as: UTF8.self)
        }
        #expect(states == ["", "state 0", "state 1", "state 2", "state 3", "last"])
        #expect(try recording.records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }

    @Test func `a chunk whose first record is old closes, however few there are`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions()
        options.chunkAge = 5_000_000
        let tape = try Tape(scratch.file("r"), options)
        for round in 1...3 {
            try tape.append(2)
            try eventually { tape.recorder.statistics.chunks >= UInt64(round) }
        }
        // Old without a chunk to close: nothing is written. On a busy machine each record may have made a chunk, also of
        // those that come before the rounds.
        var chunks: UInt64 = 0
        try eventually {
            chunks = tape.recorder.statistics.chunks
            usleep(30_000)
            return tape.recorder.statistics.chunks == chunks
        }
        #expect((3...tape.recorder.watermarks.appended.value).contains(chunks))
        try tape.recorder.seal()
        #expect(try Recording.open(scratch.file("r")).records().owners == tape.taken)
    }

    @Test func `without an owner who answers it rolls by itself`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions()
        options.segmentAge = 10_000_000
        let tape = try Tape(scratch.file("r"), options)
        for segments in 1...4 {
            try tape.recorder.waitUntilWritten(try tape.append(10))
            // The next one begins when this one is old, however long the disk takes.
            try eventually {
                let names = (try? Scratch.names(in: scratch.file("r"))) ?? []
                return names.count { $0.hasSuffix(".mcap") } > segments
            }
        }
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        #expect(recording.manifest.segments.count >= 4)
        #expect(try recording.records().owners == tape.taken)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }
}
