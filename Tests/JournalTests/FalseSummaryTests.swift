import Testing

@testable import Journal

/// What a segment says of its chunks, and what a chunk says of its records, when it is not so and every checksum holds.
@Suite struct FalseSummaryTests {
    /// A segment of ours that is changed, and whose checksums are then made right again.
    private struct Segment {
        var bytes: [UInt8]
        let records: [(opcode: UInt8, offset: Int, end: Int)]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            records = Records(bytes).all
        }

        func bodies(of opcode: MCAP.Opcode) -> [Int] {
            records.filter { $0.opcode == opcode.rawValue }.map { $0.offset + MCAP.recordHeader }
        }

        func integer(_ width: Int, at place: Int) -> Int {
            (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }

        /// Where the data of `tapedeck.index` begins.
        func index() throws -> Int {
            let attachments = bodies(of: .attachment)
            let body = try #require(attachments.last)
            var place = body + 16
            for _ in 0..<2 { place += 4 + integer(4, at: place) }
            return place + 8
        }

        private func sum(_ range: Range<Int>) -> UInt32 {
            bytes.withUnsafeBytes { Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[range])) }
        }

        private mutating func put(_ value: UInt32, at place: Int) {
            for index in 0..<4 {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))
            }
        }

        /// Attachments, the data, the summary.
        mutating func mend() throws {
            for record in records where record.opcode == MCAP.Opcode.attachment.rawValue {
                put(sum((record.offset + MCAP.recordHeader)..<(record.end - 4)), at: record.end - 4)
            }
            let ends = bodies(of: .dataEnd)
            let end = try #require(ends.first)
            put(sum(0..<(end - MCAP.recordHeader)), at: end)
            let footers = bodies(of: .footer)
            let footer = try #require(footers.first)
            put(sum(integer(8, at: footer)..<(footer + 16)), at: footer + 16)
        }
    }

    /// Where one byte is changed.
    enum Place: Sendable {
        /// Behind the beginning of the summary's Statistics.
        case statistics(Int)
        /// Of the second ChunkIndex.
        case chunkIndex(Int)
        /// Of the second entry of `tapedeck.index`.
        case entry(Int)
        /// Of the chain value in it.
        case chain
        /// Of the second Chunk.
        case chunk(Int)

        var words: String {
            switch self {
            case .statistics, .chunkIndex: "the summary is not that of the chunks"
            case .entry, .chain: "the index is not that of the chunks"
            case .chunk: "a chunk's times are not those of its messages"
            }
        }
    }

    /// A sealed recording of one segment.
    private func sealed(_ path: String) throws -> Segment {
        var options = RecorderOptions.small
        options.chunkBytes = 2 << 10
        options.segmentBytes = 64 << 20
        let tape = try Tape(path, options)
        try tape.append(200)
        try tape.recorder.seal()
        let segment = Segment(try Scratch.read(path + "/000000000001.mcap"))
        try #require(segment.bodies(of: .chunk).count > 3)
        return segment
    }

    @Test(
        arguments: [
            // Messages, chunks, first and last time, messages of the first channel.
            .statistics(0), .statistics(22), .statistics(26), .statistics(34), .statistics(48),
            // Times, offset, length, size.
            .chunkIndex(0), .chunkIndex(8), .chunkIndex(16), .chunkIndex(24), .chunkIndex(60),
            // Offset, length, first, last, times, size, first channel.
            .entry(0), .entry(8), .entry(16), .entry(24), .entry(32), .entry(40), .entry(48),
            .entry(66), .chain,
            // Times.
            .chunk(0), .chunk(8),
        ] as [Place]
    )
    func `verify says of a summary, an index and a chunk that they are not so`(place: Place) throws
    {
        let scratch = try Scratch()
        let path = scratch.file("r")
        var segment = try sealed(path)
        switch place {
        case .statistics(let offset):
            let body = try #require(segment.bodies(of: .statistics).first)
            segment.bytes[body + offset] ^= 1
        case .chunkIndex(let offset):
            segment.bytes[segment.bodies(of: .chunkIndex)[1] + offset] ^= 1
        case .entry(let offset):
            // Behind version, chain and count; an entry ends with its channels.
            let first = try segment.index() + 2 + 32 + 4
            let second = first + 66 + 2 * segment.integer(2, at: first + 64)
            segment.bytes[second + offset] ^= 1
        case .chain: segment.bytes[try segment.index() + 2] ^= 1
        case .chunk(let offset): segment.bytes[segment.bodies(of: .chunk)[1] + offset] ^= 1
        }
        try segment.mend()
        try Scratch.write(segment.bytes, to: path + "/000000000001.mcap")
        let verification = try Verifier.verify(path)
        #expect(verification.state == .damaged)
        let words = verification.findings.map(\.what)
        #expect(words.contains(place.words), "\(words)")
        // It is not by a checksum that it was found.
        #expect(!words.contains { $0.contains("checksum") || $0.contains("does not read") })
    }

    @Test func `checksums made anew over what was not changed are those that were there`() throws {
        let scratch = try Scratch()
        var segment = try sealed(scratch.file("r"))
        let bytes = segment.bytes
        try segment.mend()
        #expect(segment.bytes == bytes)
        #expect(try Verifier.verify(scratch.file("r")).state == .sound)
    }
}
