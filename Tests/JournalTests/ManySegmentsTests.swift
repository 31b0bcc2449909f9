import Journal
import Market
import Testing

/// More segments than a reader keeps files open for.
@Suite struct ManySegmentsTests {
    private static func seekEverywhere(_ cursor: Cursor, _ taken: [Taken]) throws {
        var place = 7
        for _ in 0..<400 {
            place = (place * 31 + 17) % taken.count
            let wanted = taken[place]
            try cursor.seek(to: .sequence(SequenceNumber(wanted.sequence)))
            let record = try #require(try cursor.next())
            let isSame =
                record.sequence.value == wanted.sequence && Array(record.payload) == wanted.payload
            guard isSame else {
                Issue.record("\(record.sequence) where \(wanted.sequence) was looked for")
                return
            }
        }
    }

    @Test func `a cursor finds every record, over and over, in files that it has let go`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try CompactionTests.recording(path, rounds: 60)
        let recording = try Recording.open(path)
        #expect(recording.manifest.segments.count > 64)
        try Self.seekEverywhere(try recording.cursor(), taken)
    }

    @Test func `compaction under a cursor puts other files in place of those it let go`() throws {
        let scratch = try Scratch()
        let path = scratch.file("r")
        let taken = try CompactionTests.recording(path, rounds: 60)
        let cursor = try Recording.open(path).cursor()
        try Self.seekEverywhere(cursor, taken)
        _ = try CompactionTests.compactor.compact(path)
        try Self.seekEverywhere(cursor, taken)
    }
}
