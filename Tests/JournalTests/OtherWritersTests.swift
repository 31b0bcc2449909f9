import Market
import Testing

@testable import Journal

/// Whole MCAP files of other writers: our own export, and Python's package.
@Suite struct OtherWritersTests {
    private func opcodes(_ path: String) throws -> [UInt8] {
        Records(try Scratch.read(path)).all.map(\.opcode)
    }

    @Test(arguments: [false, true])
    func `an exported file is read back as what was recorded, with an index and without`(
        isIndexed: Bool
    ) throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(300)
        for _ in 0..<700 { try tape.append(on: 2, bytes: 4096) }
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        let all = try recording.records()

        var bytes: [UInt8] = []
        let file = try MCAPFile<JournalError>(
            isIndexed: isIndexed,
            facts: [Label("recording", "r")]
        ) {
            bytes += $0
        }
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            try file.append(record, stream: cursor.name(of: record.stream))
        }
        try file.finish()
        let path = scratch.file("x.mcap")
        try Scratch.write(bytes, to: path)

        let opcodes = try opcodes(path)
        #expect(opcodes.filter { $0 == MCAP.Opcode.chunk.rawValue }.count > 2)
        #expect(opcodes.contains(MCAP.Opcode.messageIndex.rawValue) == isIndexed)
        let exported = try Recording.open(path)
        #expect(try exported.records() == all)
        #expect(exported.state == .sealed)
        let middle = all[all.count / 2]
        #expect(
            try exported.records(from: .sequence(SequenceNumber(middle.sequence)))
                == Array(all[(all.count / 2)...])
        )
        #expect(
            try exported.records(from: .time(Timestamp(nanoseconds: middle.time))).first == middle
        )
        #expect(
            try exported.records { $0.text == middle.stream }
                == all.filter { $0.stream == middle.stream }
        )
        let verification = try Verifier.verify(path)
        #expect(verification.state == .sound)
        #expect(verification.covered == ["checksums"], "no more of it is looked at")
    }

    private static let script = """
        import sys
        from mcap.writer import CompressionType, Writer
        kind = sys.argv[2]
        with open(sys.argv[1], "wb") as file:
            writer = Writer(
                file,
                chunk_size=2048,
                compression=getattr(CompressionType, kind.upper(), CompressionType.NONE),
                use_chunking=kind != "loose",
            )
            writer.start(profile="ros2", library="another program")
            schema = writer.register_schema(name="s", encoding="jsonschema", data=b"{}")
            channels = [
                writer.register_channel(topic="/a", message_encoding="json", schema_id=schema),
                writer.register_channel(topic="/b", message_encoding="json", schema_id=0),
            ]
            for number in range(1000):
                writer.add_message(
                    channel_id=channels[number % 3 == 0],
                    log_time=5000 + 7 * number,
                    publish_time=number,
                    sequence=number,
                    data=("{\\"n\\":%d}" % number).encode(),
                )
            writer.add_attachment(create_time=1, log_time=2, name="x", media_type="text/plain", data=b"hello")
            writer.add_metadata("m", {"key": "value"})
            writer.finish()
        """

    private func write(_ kind: String, _ scratch: Scratch) throws -> String {
        let python = try #require(Python.executable)
        let path = scratch.file("x.mcap")
        let (status, output) = Python.run(python, ["-c", OtherWritersTests.script, path, kind])
        try #require(status == 0, "\(output.suffix(2000))")
        return path
    }

    @Test(
        .enabled(
            if: Python.executable != nil,
            "pip install mcap zstandard, or set TAPEDECK_PYTHON"
        ),
        arguments: ["zstd", "none", "loose"]
    )
    func `a file that Python's mcap wrote is read, chunked and not`(kind: String) throws {
        let scratch = try Scratch()
        let path = try write(kind, scratch)
        let chunks = try opcodes(path).filter { $0 == MCAP.Opcode.chunk.rawValue }.count
        #expect(kind == "loose" ? chunks == 0 : chunks > 3)
        let recording = try Recording.open(path)
        let expected = (0..<1000).map { (number: Int) -> Taken in
            let isThird = number % 3 == 0
            return Taken(
                sequence: UInt64(number + 1),
                time: Int64(5000 + 7 * number),
                stream: isThird ? "/b" : "/a",
                payload: Array("{\"n\":\(number)}".utf8)
            )
        }
        #expect(try recording.records() == expected)
        #expect(try recording.records { $0.text == "/b" } == expected.filter { $0.stream == "/b" })
        #expect(
            try recording.records(from: .sequence(SequenceNumber(777))) == Array(expected[776...])
        )
        #expect(
            try recording.records(from: .time(Timestamp(nanoseconds: 5001)))
                == Array(expected[1...])
        )
        #expect(try Verifier.verify(path).state == .sound)
    }

    @Test(
        .enabled(
            if: Python.executable != nil,
            "pip install mcap zstandard, or set TAPEDECK_PYTHON"
        )
    )
    func `a file that Python's mcap compressed with lz4 is refused by name`() throws {
        let scratch = try Scratch()
        let path = try write("lz4", scratch)
        // Its summary is not compressed: what it holds is known before it is read.
        let cursor = try Recording.open(path).cursor()
        let error = #expect(throws: JournalError.self) { _ = try cursor.next() }
        #expect(error?.reason == .compression("lz4"))
    }
}
