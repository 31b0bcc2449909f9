import Glibc
import Market
import Testing

@testable import Journal

/// Files made to look like many chunks: what is tried in vain is bounded, and what is a chunk is found all the same.
@Suite struct FalseChunkTests {
    /// What each of the false ones says that it holds.
    static let claimed: UInt32 = 100 << 20

    private static func bytes(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// The beginning of a Chunk of `length` bytes of which every length fits, with a frame that fails in its first block.
    static func falseHead(_ length: Int) -> [UInt8] {
        var head: [UInt8] = [MCAP.Opcode.chunk.rawValue]
        head += bytes(UInt64(length - 9))
        head += bytes(1) + bytes(2) + bytes(UInt64(claimed)) + bytes(0, 4)
        head += bytes(4, 4) + Array("zstd".utf8) + bytes(UInt64(length - 9 - 44))
        // Magic, one segment with its length in four bytes, a block of the kind that does not exist.
        head += [0x28, 0xb5, 0x2f, 0xfd, 0xa0] + bytes(UInt64(claimed), 4) + [0x07, 0, 0]
        return head
    }

    private struct Whole {
        var bytes: [UInt8]
        /// Its chunks, each a record.
        var chunks: [[UInt8]]
    }

    /// A segment of several chunks.
    private func segment(_ scratch: Scratch) throws -> Whole {
        var options = RecorderOptions.small
        options.segmentBytes = 1 << 20
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(400)
        try tape.recorder.seal()
        let bytes = try Scratch.read(scratch.file("r/000000000001.mcap"))
        let chunks = Records(bytes).all.filter { $0.opcode == MCAP.Opcode.chunk.rawValue }
        try #require(chunks.count > 8)
        return Whole(bytes: bytes, chunks: chunks.map { Array(bytes[$0.offset..<$0.end]) })
    }

    private func bound(_ size: Int) -> UInt64 {
        ChunkBudget.base + ChunkBudget.perByte * UInt64(size)
    }

    @Test func `a chunk behind thousands that are none is found, with work bounded by the size`()
        throws
    {
        let scratch = try Scratch()
        let whole = try segment(scratch)
        let heads = 4_000
        let size = FalseChunkTests.falseHead(1_000).count
        var file = MCAP.magic
        let end = file.count + heads * size + whole.chunks[3].count
        for _ in 0..<heads { file += FalseChunkTests.falseHead(end - file.count) }
        let place = file.count
        file += whole.chunks[3]
        try #require(file.count == end)
        mkdir(scratch.file("f"), 0o700)
        try Scratch.write(file, to: scratch.file("f/x.mcap"))
        let disk = CountingFiles()
        let directory = try RecordingDirectory.open(scratch.file("f"), files: disk)
        defer { directory.close() }
        let finder = ChunkFinder()
        let window = try ReadWindow("x.mcap", in: directory)
        let found = try finder.next(in: window, behind: 0, before: window.size)
        #expect(found?.place.offset == UInt64(place))
        #expect(finder.untried > heads - 10 && finder.untried < heads)
        #expect(finder.budget.spent <= bound(file.count))
        #expect(finder.budget.spent >= UInt64(FalseChunkTests.claimed), "some were tried")
        #expect(disk.bytesRead <= bound(file.count))
        #expect(disk.bytesRead <= 64 * UInt64(file.count), "what is not tried is not read")
    }

    @Test func `chunks that each stand behind a false one are all found`()
        throws
    {
        let scratch = try Scratch()
        let whole = try segment(scratch)
        let size = FalseChunkTests.falseHead(1_000).count
        let end =
            MCAP.magic.count + whole.chunks.reduce(0) { $0 + size + $1.count }
        var file = MCAP.magic
        var places: [UInt64] = []
        for chunk in whole.chunks {
            file += FalseChunkTests.falseHead(end - file.count)
            places.append(UInt64(file.count))
            file += chunk
        }
        mkdir(scratch.file("f"), 0o700)
        try Scratch.write(file, to: scratch.file("f/x.mcap"))
        let directory = try RecordingDirectory.open(scratch.file("f"), files: SystemFiles())
        defer { directory.close() }
        var search = ChunkSearch()
        try search.search("x.mcap", in: directory, limit: nil)
        #expect(search.found.map(\.place.offset) == places)
        #expect(search.lost.count == places.count)
        // The same place by place: after the first few the false ones cost too much, and the others do not.
        let finder = ChunkFinder()
        let window = try ReadWindow("x.mcap", in: directory)
        var offset = UInt64(0)
        var (untried, met) = (0, [UInt64]())
        while let found = try finder.next(in: window, behind: offset, before: window.size) {
            untried += finder.untried
            met.append(found.place.offset)
            offset = try #require(found.place.end) - 1
        }
        #expect(met == places)
        #expect(finder.budget.spent >= UInt64(FalseChunkTests.claimed), "some were tried")
        #expect(finder.budget.spent <= bound(file.count))
        let tried = Int(bound(file.count) / UInt64(FalseChunkTests.claimed))
        #expect(untried >= places.count - tried && untried < places.count, "\(untried)")
        #expect(places.count > tried + 1, "more than the budget has room for")
    }

    /// The same between the chunks of a recording, read as a recording.
    @Test func `readers and verifier serve what is there and name what they did not try`() throws {
        let scratch = try Scratch()
        let whole = try segment(scratch)
        let path = scratch.file("r/000000000001.mcap")
        let all = try Recording.open(scratch.file("r")).records()
        let chunks = Records(whole.bytes).all.filter { $0.opcode == MCAP.Opcode.chunk.rawValue }
        // Over the beginning of a chunk: heads that claim to reach to the end of the file.
        var bytes = whole.bytes
        let size = FalseChunkTests.falseHead(1_000).count
        let victim = chunks[2]
        let count = (victim.end - victim.offset) / size
        try #require(count > 4)
        for index in 0..<count {
            let start = victim.offset + index * size
            bytes.replaceSubrange(
                start..<(start + size),
                with: FalseChunkTests.falseHead(bytes.count - start)
            )
        }
        try Scratch.write(bytes, to: path)
        // The seal's index leads past what does not read; without one every chunk is met.
        for file in ["manifest.json", "HEAD"] { Scratch.delete(scratch.file("r/" + file)) }
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .damaged)
        #expect(verification.gaps.count == 1)
        let words = verification.findings.map(\.what)
        #expect(words.contains { $0.contains("look like chunks were not tried") }, "\(words)")
        let target = scratch.file("new")
        let outcome = try Recoverer().recover(scratch.file("r"), to: target)
        #expect(
            outcome.lost.contains { $0.what.contains("look like chunks were not tried") },
            "\(outcome.lost)"
        )
        let gap = try #require(verification.gaps.first)
        let left = all.filter {
            $0.sequence < gap.first.value || $0.sequence > gap.last.value
        }
        #expect(try Recording.open(target).records(skipping: true) == left)
    }
}

extension Recording {
    /// Records past what is known to be missing.
    fileprivate func records(skipping: Bool) throws -> [Taken] {
        let cursor = try cursor()
        var all: [Taken] = []
        while true {
            do {
                guard let record = try cursor.next() else { return all }
                all.append(
                    Taken(
                        sequence: record.sequence.value,
                        time: record.time.nanoseconds,
                        stream: cursor.name(of: record.stream).text,
                        payload: Array(record.payload)
                    )
                )
            } catch {
                guard skipping, case .lost = error.reason else { throw error }
            }
        }
    }
}
