import Market
import Testing

@testable import Journal

/// Tails made to cost their reader time and memory: both are bounded, and what is whole is given all the same.
@Suite struct FalseTailTests {
    private static let run = 1

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    private static func header(_ length: Int, crc: UInt32, number: UInt64) -> [UInt8] {
        var header = bytes(UInt64(length), 4)
        header += bytes(UInt64(crc), 4)
        header += bytes(UInt64(run), 4)
        header += bytes(1, 4)
        header += bytes(number, 8)
        return header
    }

    /// A recording killed with records in many entries of its tail, and those entries.
    private func killed(_ scratch: Scratch) throws -> (records: [Taken], entries: [UInt8]) {
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        options.chunkBytes = 64 << 10
        options.tailBytes = 128 << 10
        let tape = try Tape(scratch.file("r"), options)
        for _ in 0..<45 { try tape.recorder.waitUntilWritten(try tape.append(4)) }
        try Scratch.copy(scratch.file("r"), to: scratch.file("k"))
        try tape.recorder.close()
        let tail = try Scratch.read(scratch.file("k/tail-a"))
        let end = try #require(tail.lastIndex { $0 != 0 }) + 1
        return (tape.taken, Array(tail[..<end]))
    }

    private func read(
        _ path: String,
        limit: UInt64? = nil,
        files: any JournalFiles = SystemFiles()
    ) throws -> TailReader {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        var tails = try TailReader(in: directory, limit: limit)
        tails.select(run: FalseTailTests.run)
        return tails
    }

    private func numbers(_ tails: TailReader) -> [UInt64] {
        var all: [UInt64] = []
        while let next = tails.next(behind: SequenceNumber(all.last ?? 0)) {
            all.append(next.value)
        }
        return all
    }

    @Test func `a tail full of headers that claim its rest is checked within its budget`() throws {
        let scratch = try Scratch()
        let (records, entries) = try killed(scratch)
        let sound = numbers(try read(scratch.file("k")))
        try #require(sound.count > 100)
        let size = 2 << 20
        var tail = entries
        tail.reserveCapacity(size + TailEntry.header)
        while tail.count < size {
            let rest = size - tail.count - 2 * TailEntry.header
            tail += FalseTailTests.header(max(rest, 0), crc: 7, number: 1 << 20)
        }
        try Scratch.write(tail, to: scratch.file("k/tail-a"))
        let tails = try read(scratch.file("k"))
        #expect(tails.spentInVain <= TailBudget(tail.count).limit)
        #expect(tails.spentInVain >= UInt64(4 * size), "some were tried")
        #expect(numbers(tails) == sound)
        #expect(tails.torn.contains { $0.what.contains("was not searched") }, "\(tails.torn)")
        let recording = try Recording.open(scratch.file("k"))
        #expect(try recording.records().owners == records)
        #expect(recording.torn.contains { $0.what.contains("was not searched") })
    }

    @Test func `entries inside each other whose checksums hold are charged too`() throws {
        let scratch = try Scratch()
        let (_, entries) = try killed(scratch)
        let sound = numbers(try read(scratch.file("k")))
        let filler = 160 << 10
        let count = 130
        var inside = [UInt8](repeating: 0xff, count: count * TailEntry.header + filler)
        for index in (0..<count).reversed() {
            let start = index * TailEntry.header
            // No record has the number 0.
            let length = inside.count - start - TailEntry.header
            inside.replaceSubrange(
                start..<(start + TailEntry.header),
                with: FalseTailTests.header(length, crc: 0, number: 0)
            )
            let crc = inside.withUnsafeBytes {
                TailEntry.checksum(UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            inside.replaceSubrange(
                (start + 4)..<(start + 8),
                with: FalseTailTests.bytes(UInt64(crc), 4)
            )
        }
        let tail = entries + inside
        try Scratch.write(tail, to: scratch.file("k/tail-a"))
        let tails = try read(scratch.file("k"))
        #expect(tails.spentInVain <= TailBudget(tail.count).limit)
        #expect(tails.spentInVain >= TailBudget.base, "some were tried")
        #expect(numbers(tails) == sound)
        #expect(tails.torn.contains { $0.what.contains("was not searched") }, "\(tails.torn)")
    }

    @Test func `a torn entry costs little, and what is behind it is searched`() throws {
        let scratch = try Scratch()
        let (_, entries) = try killed(scratch)
        let sound = numbers(try read(scratch.file("k")))
        var tail = entries + [UInt8](repeating: 0, count: (128 << 10) - entries.count)
        tail[entries.count - 1] ^= 1
        try Scratch.write(tail, to: scratch.file("k/tail-a"))
        let tails = try read(scratch.file("k"))
        // Some bytes of records look like the run.
        #expect(tails.spentInVain <= UInt64(4 * tail.count))
        #expect(tails.torn.count == 1, "\(tails.torn)")
        let left = numbers(tails)
        #expect(left.count < sound.count)
        #expect(left == Array(sound.prefix(left.count)))
        #expect(!tails.torn.contains { $0.what.contains("was not") })
    }

    @Test
    func `a tail longer than the limit is read to its end where its entries prove themselves`()
        throws
    {
        let scratch = try Scratch()
        let (_, entries) = try killed(scratch)
        let sound = numbers(try read(scratch.file("k")))
        let limit: UInt64 = 8 << 10
        try #require(entries.count > 2 * Int(limit))
        let whole = try read(scratch.file("k"), limit: limit)
        #expect(numbers(whole) == sound)
        #expect(whole.torn.isEmpty, "\(whole.torn)")
        // From the second entry on nothing proves itself.
        var tail = entries
        let first = try #require(entries.withUnsafeBytes { TailHeader($0, at: 0) })
        let second = TailEntry.header + first.length
        tail[second + TailEntry.header + 40] ^= 1
        tail += [UInt8](repeating: 0xff, count: 1 << 20)
        try Scratch.write(tail, to: scratch.file("k/tail-a"))
        let disk = CountingFiles()
        let cut = try read(scratch.file("k"), limit: limit, files: disk)
        #expect(disk.bytesRead <= UInt64(second) + 2 * limit)
        #expect(cut.torn.contains { $0.what.contains("were not read") }, "\(cut.torn)")
        let left = numbers(cut)
        #expect(!left.isEmpty)
        #expect(left.count < sound.count)
    }
}
