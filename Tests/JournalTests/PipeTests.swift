import Glibc
import Market
import Testing

@testable import Journal

/// MCAP files out of a pipe, which cannot be sought in.
@Suite struct PipeTests {
    /// What comes when `bytes` are fed through a pipe by another process.
    private func records(
        _ bytes: [UInt8],
        where filter: (@Sendable (StreamName) -> Bool)? = nil
    ) throws -> (records: [Taken], error: JournalError?) {
        let scratch = try Scratch()
        try Scratch.write(bytes, to: scratch.file("bytes"))
        let pipe = try #require(popen("exec cat \(scratch.file("bytes"))", "r"))
        defer { pclose(pipe) }
        let reader = fileno(pipe)
        var taken: [Taken] = []
        do throws(JournalError) {
            let cursor = try PipeCursor(reader, streams: filter)
            while let record = try cursor.next() {
                taken.append(
                    Taken(
                        sequence: record.sequence.value,
                        time: record.time.nanoseconds,
                        stream: cursor.name(of: record.stream).text,
                        payload: Array(record.payload)
                    )
                )
            }
        } catch {
            return (taken, error)
        }
        return (taken, nil)
    }

    /// A sealed segment with so many records, and these.
    private func sealed(_ count: Int) throws -> (bytes: [UInt8], records: [Taken]) {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(count)
        try tape.recorder.seal()
        return (
            try Scratch.read(scratch.file("r") + "/000000000001.mcap"),
            try Recording.open(scratch.file("r")).records()
        )
    }

    @Test func `a segment through a pipe gives what the file gives, filtered too`() throws {
        let (bytes, all) = try sealed(3_000)
        let (records, error) = try records(bytes)
        #expect(error == nil)
        #expect(records == all)
        let name = Sample.streams[1]
        #expect(
            try self.records(bytes) { $0.text == name }.records == all.filter { $0.stream == name }
        )
    }

    /// What a chunk that does not read leaves in memory is no records: whoever reads on gets those of the chunks behind it.
    @Test(arguments: [1, 2, 4])
    func `behind a chunk that does not read the next ones are given, and nothing of it`(
        which: Int
    ) throws {
        let (sound, all) = try sealed(3_000)
        var bytes = sound
        let places = ChunkPlaces.of(bytes)
        #expect(places.count > 6)
        // Its checksum, behind two times and a size: all of it decompresses, and stands in memory when it is refused.
        bytes[places[which] + 9 + 24] ^= 0x40
        let scratch = try Scratch()
        try Scratch.write(bytes, to: scratch.file("bytes"))
        let file = open(scratch.file("bytes"), O_RDONLY)
        defer { close(file) }
        let cursor = try PipeCursor(file)
        var numbers: [UInt64] = []
        var errors = 0
        while errors < 8 {
            do {
                guard let record = try cursor.next() else { break }
                numbers.append(record.sequence.value)
            } catch {
                errors += 1
            }
        }
        #expect(errors == 2, "the chunk, and that its records are missing")
        let missing = all.map(\.sequence).filter { !numbers.contains($0) }
        let first = try #require(missing.first)
        #expect(missing.count < 200)
        #expect(missing == Array(first..<(first + UInt64(missing.count))))
        #expect(numbers == all.map(\.sequence).filter { !missing.contains($0) })
    }

    @Test func `every kind of cut gives the whole chunks before it and says so`() throws {
        let (bytes, all) = try sealed(120)
        for cut in stride(from: 0, to: bytes.count - 400, by: 611) {
            let (records, error) = try records(Array(bytes[..<cut]))
            #expect(records == Array(all.prefix(records.count)))
            #expect(error != nil || records.count == all.count, "cut at \(cut)")
        }
    }

    @Test
    func `loose messages are given, and lz4 and lengths that lie are errors with their place`()
        throws
    {
        var buffer = ByteBuffer()
        buffer.append(MCAP.magic)
        buffer.header(profile: "", library: "")
        buffer.channel(MCAP.Channel(id: 7, topic: "/a", messageEncoding: "json"))
        Array("x".utf8).withUnsafeBytes {
            buffer.message(channel: 7, sequence: 0, time: 5, payload: $0)
        }
        let start = buffer.array
        var lz4 = ByteBuffer()
        lz4.append(start)
        lz4.record(.chunk) {
            for _ in 0..<3 { $0.append(UInt64(0)) }
            $0.append(UInt32(0))
            $0.string("lz4")
            $0.append(UInt64(0))
        }
        let loose = try records(start)
        #expect(loose.records.map(\.stream) == ["/a"])
        #expect(loose.error == nil)
        #expect(try records(lz4.array).error?.reason == .compression("lz4"))
        // A record of 2⁶² bytes, and one of 100 MiB of which little comes.
        for (length, reason) in [
            (
                UInt64(1) << 62,
                JournalError.Reason.tooLarge(what: "a record", bytes: 1 << 62, limit: 128 << 20)
            ),
            (100 << 20, .malformed("the file ends in the middle of a record")),
        ] {
            var lie = ByteBuffer()
            lie.append(start)
            lie.append(MCAP.Opcode.chunk.rawValue)
            lie.append(length)
            lie.append([UInt8](repeating: 1, count: 1000))
            let (records, error) = try records(lie.array)
            #expect(records.count == 1)
            #expect(error?.reason == reason)
        }
    }

    @Test func `topics that would fill the memory are refused`() throws {
        let scratch = try Scratch()
        func file(_ topics: Int, _ size: Int) -> [UInt8] {
            var buffer = ByteBuffer()
            buffer.append(MCAP.magic)
            buffer.header(profile: "", library: "")
            for id in 0..<topics {
                let topic = String(repeating: "t", count: size)
                buffer.channel(
                    MCAP.Channel(id: UInt16(id), topic: topic, messageEncoding: "")
                )
            }
            Array("x".utf8).withUnsafeBytes {
                buffer.message(channel: 0, sequence: 0, time: 5, payload: $0)
            }
            return buffer.array
        }
        for (topics, size) in [(1, 5_000), (2_100, 4_000)] {
            let bytes = file(topics, size)
            try Scratch.write(bytes, to: scratch.file("a.mcap"))
            let error = #expect(throws: JournalError.self) {
                let cursor = try Recording.open(scratch.file("a.mcap")).cursor()
                while try cursor.next() != nil {}
            }
            guard case .tooLarge? = error?.reason,
                case .tooLarge? = try records(bytes).error?.reason
            else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}
