import Glibc
import Market
import Testing

@testable import Journal

/// MCAP of other origins, built record by record; hostile ones too.
@Suite struct ForeignFileTests {
    private func file(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.append(MCAP.magic)
        buffer.header(profile: "ros2", library: "somebody else's")
        body(&buffer)
        return buffer.array
    }

    private func end(_ buffer: inout ByteBuffer) {
        buffer.dataEnd(crc: 0)
        buffer.append(MCAP.Opcode.footer.rawValue)
        buffer.append(UInt64(20))
        buffer.append(UInt64(0))
        buffer.append(UInt64(0))
        buffer.append(UInt32(0))
        buffer.append(MCAP.magic)
    }

    private func message(
        _ buffer: inout ByteBuffer,
        _ channel: UInt16,
        _ time: UInt64,
        _ text: String
    ) {
        Array(text.utf8).withUnsafeBytes {
            buffer.message(channel: channel, sequence: 0, time: time, payload: $0)
        }
    }

    private func chunk(
        _ buffer: inout ByteBuffer,
        compression: String = "",
        crc: UInt32? = nil,
        _ body: (inout ByteBuffer) -> Void
    ) {
        var inside = ByteBuffer()
        body(&inside)
        let sum = crc ?? Checksum.crc32(inside.bytes)
        var stored = inside.array
        if compression == "zstd" {
            var packed = ByteBuffer()
            // A level that no chunk of ours has.
            _ = try? Compressor().compress(inside.bytes, level: 19, into: &packed)
            stored = packed.array
        }
        buffer.record(.chunk) {
            $0.append(UInt64(0))
            $0.append(UInt64(0))
            $0.append(UInt64(inside.count))
            $0.append(sum)
            $0.string(compression)
            $0.append(UInt64(stored.count))
            $0.append(stored)
        }
    }

    /// What a cursor and, from the first byte to the last, a pipe's cursor give.
    private func texts(_ path: String) throws -> [String] {
        let recording = try Recording.open(path)
        let texts = try recording.records().map { String(decoding: $0.payload, as: UTF8.self) }
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let pipe = try PipeCursor(descriptor)
        var poured: [String] = []
        while let record = try pipe.next() {
            poured.append(String(decoding: record.payload, as: UTF8.self))
        }
        #expect(poured == texts)
        return texts
    }

    @Test func `chunks of zstd are read, with a checksum and without, beside plain ones`() throws {
        let scratch = try Scratch()
        let path = scratch.file("a.mcap")
        let bytes = file {
            chunk(&$0, compression: "zstd") {
                $0.channel(MCAP.Channel(id: 3, topic: "/imu", messageEncoding: "cdr"))
                for number in 1...200 { message(&$0, 3, UInt64(number), "first \(number)") }
            }
            chunk(&$0) { message(&$0, 3, 201, "plain") }
            chunk(&$0, compression: "zstd", crc: 0) {
                $0.channel(MCAP.Channel(id: 4, topic: "/gps", messageEncoding: "cdr"))
                message(&$0, 4, 202, "unchecked")
                message(&$0, 3, 203, "last")
            }
            end(&$0)
        }
        // Of the first 200 messages the file itself shows no text.
        #expect(bytes.count < 2_000)
        try Scratch.write(bytes, to: path)
        let first = (1...200).map { "first \($0)" }
        #expect(try texts(path) == first + ["plain", "unchecked", "last"])
        let recording = try Recording.open(path)
        let late = try recording.records(from: .sequence(SequenceNumber(200)))
        #expect(late.map(\.sequence) == [200, 201, 202, 203])
        #expect(late.map(\.time) == [200, 201, 202, 203])
        #expect(try recording.records { $0.text == "/gps" }.map(\.sequence) == [202])
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test func `a chunk of zstd that fails its checksum is told, and those behind it are read`()
        throws
    {
        let scratch = try Scratch()
        let path = scratch.file("a.mcap")
        let bytes = file {
            $0.channel(MCAP.Channel(id: 3, topic: "/imu", messageEncoding: "cdr"))
            chunk(&$0, compression: "zstd") { message(&$0, 3, 1, "one") }
            chunk(&$0, compression: "zstd", crc: 7) { message(&$0, 3, 2, "two") }
            chunk(&$0, compression: "zstd") { message(&$0, 3, 3, "three") }
            end(&$0)
        }
        try Scratch.write(bytes, to: path)
        let cursor = try Recording.open(path).cursor()
        #expect(try cursor.next().map { Array($0.payload) } == Array("one".utf8))
        let error = #expect(throws: JournalError.self) { _ = try cursor.next() }
        #expect(error?.what == "a chunk fails its checksum")
        #expect(try cursor.next().map { Array($0.payload) } == Array("three".utf8))
        #expect(try Verifier.verify(path).state == .damaged)
    }

    @Test func `loose messages, plain chunks and chunks without a checksum are read in file order`()
        throws
    {
        let scratch = try Scratch()
        let bytes = file {
            $0.channel(MCAP.Channel(id: 0, topic: "/odom", messageEncoding: "cdr"))
            message(&$0, 0, 30, "loose")
            chunk(&$0) {
                $0.channel(MCAP.Channel(id: 9, topic: "/scan", messageEncoding: "json"))
                message(&$0, 9, 20, "in a chunk")
                message(&$0, 0, 25, "second")
            }
            chunk(&$0, crc: 0) { message(&$0, 9, 10, "unchecked") }
            message(&$0, 9, 40, "last")
            end(&$0)
        }
        try Scratch.write(bytes, to: scratch.file("a.mcap"))
        let recording = try Recording.open(scratch.file("a.mcap"))
        let records = try recording.records()
        #expect(
            records.map { String(decoding: $0.payload, as: UTF8.self) } == [
                "loose", "in a chunk", "second", "unchecked", "last",
            ]
        )
        #expect(records.map(\.stream) == ["/odom", "/scan", "/odom", "/scan", "/scan"])
        #expect(records.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(recording.state == .sealed)
        #expect(
            try recording.records(from: .sequence(SequenceNumber(4))).map(\.sequence) == [4, 5]
        )
        #expect(try recording.records { $0.text == "/scan" }.map(\.sequence) == [2, 4, 5])
        #expect(try Verifier.verify(scratch.file("a.mcap")).state == .sound)
    }

    @Test func `merged or bundled, times that go back or are beyond all dates are raised`() throws {
        let scratch = try Scratch()
        func write(_ name: String, _ times: [UInt64]) throws -> Recording {
            let bytes = file {
                $0.channel(MCAP.Channel(id: 3, topic: "/imu", messageEncoding: "cdr"))
                for (place, time) in times.enumerated() { message(&$0, 3, time, name + "\(place)") }
                end(&$0)
            }
            try Scratch.write(bytes, to: scratch.file(name))
            return try Recording.open(scratch.file(name))
        }
        func check(_ path: String, _ texts: [String], _ times: [Int64]) throws {
            let verification = try Verifier.verify(path)
            #expect(verification.state == .sound, "\(verification.findings)")
            let recording = try Recording.open(path)
            let all = try recording.records()
            #expect(all.map(\.sequence) == Array(1...UInt64(all.count)))
            #expect(all.map(\.time) == all.map(\.time).sorted())
            let records = all.filter { $0.stream == "/imu" }
            #expect(records.map { String(decoding: $0.payload, as: UTF8.self) } == texts)
            #expect(records.map(\.time) == times)
        }
        let first = try write("a", [50, 40, 1 << 63, 60, .max, 10])
        let second = try write("b", [45, 55])
        _ = try Merger().merge([first, second], to: scratch.file("m"))
        try check(
            scratch.file("m"),
            ["b0", "a0", "a1", "a2", "b1", "a3", "a4", "a5"],
            [45, 50, 50, 50, 55, 60, 60, 60]
        )
        let third = try write("c", [.max, 7, 3])
        _ = try Merger().merge([third], to: scratch.file("n"))
        try check(scratch.file("n"), ["c0", "c1", "c2"], [0, 7, 7])
        _ = try Bundler().bundle(
            first,
            from: .beginning,
            isPast: { _, _ in false },
            to: scratch.file("bundle.mcap")
        )
        try check(
            scratch.file("bundle.mcap"),
            ["a0", "a1", "a2", "a3", "a4", "a5"],
            [50, 50, 50, 60, 60, 60]
        )
    }

    @Test func `lz4 is refused by name, with what to do`() throws {
        let scratch = try Scratch()
        let bytes = file {
            chunk(&$0, compression: "lz4") { message(&$0, 1, 1, "x") }
            end(&$0)
        }
        try Scratch.write(bytes, to: scratch.file("a.mcap"))
        let error = #expect(throws: JournalError.self) {
            try Recording.open(scratch.file("a.mcap"))
        }
        #expect(error?.reason == .compression("lz4"))
        #expect(error?.description.contains("zstd") == true)
        #expect(error?.offset == 44)
    }

    /// Each takes a sound file and lies about one length.
    static let lies: [(name: String, offset: Int)] = {
        // Chunk record of the file below: header 9, times 16, size 8, CRC 4, compression 4, length 8.
        let chunk = 44
        return [
            ("record length", chunk + 1), ("uncompressed size", chunk + 25),
            ("compression name", chunk + 37), ("records length", chunk + 41),
            ("message length", chunk + 50), ("channel record", 17), ("profile", 21),
        ]
    }()

    @Test(
        arguments: lies,
        [[0xff, 0xff, 0xff, 0x7f], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0x40]] as [[UInt8]]
    )
    func `a length that lies is an error before memory is taken`(
        lie: (name: String, offset: Int),
        value: [UInt8]
    ) throws {
        let scratch = try Scratch()
        let sound = file {
            chunk(&$0, crc: 0) { message(&$0, 0, 1, "x") }
            end(&$0)
        }
        for shift in [0, 4] {
            var bytes = sound
            for (index, byte) in value.enumerated() where lie.offset + shift + index < bytes.count {
                bytes[lie.offset + shift + index] = byte
            }
            try Scratch.write(bytes, to: scratch.file("a.mcap"))
            do throws(JournalError) {
                let cursor = try Recording.open(scratch.file("a.mcap")).cursor()
                while try cursor.next() != nil {}
            } catch {
                #expect(!error.what.isEmpty)
                #expect(!error.advice.isEmpty)
            }
        }
    }

    @Test func `a zstd chunk that says less than it holds is refused`() throws {
        let scratch = try Scratch()
        let bytes = try bomb(claimed: 100, actual: 50_000_000)
        try Scratch.write(bytes, to: scratch.file("a.mcap"))
        let error = #expect(throws: JournalError.self) {
            try Recording.open(scratch.file("a.mcap"))
        }
        #expect(error?.what.contains("zstd") == true)
    }

    @Test func `a chunk that says it holds a terabyte is refused`() throws {
        let scratch = try Scratch()
        let bytes = try bomb(claimed: 1 << 40, actual: 1000)
        try Scratch.write(bytes, to: scratch.file("a.mcap"))
        let error = #expect(throws: JournalError.self) {
            try Recording.open(scratch.file("a.mcap"))
        }
        guard case .tooLarge(_, let bytes, _)? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(bytes == 1 << 40)
    }

    private func bomb(claimed: UInt64, actual: Int) throws -> [UInt8] {
        var zeros = ByteBuffer(capacity: actual)
        zeros.append([UInt8](repeating: 0, count: actual))
        var packed = ByteBuffer()
        _ = try Compressor().compress(zeros.bytes, level: 3, into: &packed)
        let inside = packed.array
        return file {
            $0.record(.chunk) {
                $0.append(UInt64(0))
                $0.append(UInt64(0))
                $0.append(claimed)
                $0.append(UInt32(0))
                $0.string("zstd")
                $0.append(UInt64(inside.count))
                $0.append(inside)
            }
            end(&$0)
        }
    }

    @Test func `every truncation of a foreign file gives its first records or an error`() throws {
        let scratch = try Scratch()
        let bytes = file {
            for number in 0..<6 {
                chunk(&$0) { message(&$0, 3, UInt64(number), "message \(number)") }
            }
            end(&$0)
        }
        for cut in 0..<bytes.count {
            try Scratch.write(bytes[..<cut], to: scratch.file("a.mcap"))
            do throws(JournalError) {
                let cursor = try Recording.open(scratch.file("a.mcap")).cursor()
                var count = 0
                while let record = try cursor.next() {
                    #expect(String(decoding: record.payload, as: UTF8.self) == "message \(count)")
                    count += 1
                }
            } catch {
                #expect(error.file == scratch.file("a.mcap"))
            }
        }
    }

    @Test(arguments: [
        ("", JournalError.Reason.missing),
        ("text", .malformed("the file does not begin as MCAP does")),
    ])
    func `what is no recording is said to be none`(
        content: String,
        reason: JournalError.Reason
    ) throws {
        let scratch = try Scratch()
        if !content.isEmpty { try Scratch.write(Array(content.utf8), to: scratch.file("x")) }
        #expect(
            throws: JournalError(reason, file: scratch.file("x"), offset: content.isEmpty ? nil : 0)
        ) {
            try Recording.open(scratch.file("x"))
        }
        #expect(throws: JournalError(.notARecording, file: scratch.path)) {
            try Recording.open(scratch.path)
        }
    }
}
