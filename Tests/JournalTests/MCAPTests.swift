import Glibc
import Journal
import Market
import Testing

/// Python with the `mcap` package, where there is one.
enum Python {
    static let executable: String? = {
        var candidates = ["python3", "/tmp/venv-mcap/bin/python3"]
        if let named = getenv("TAPEDECK_PYTHON") {
            candidates.insert(String(cString: named), at: 0)
        }
        return candidates.first { run($0, ["-c", "import mcap, zstandard"]).status == 0 }
    }()

    /// Runs a program and gives its exit status and what it printed.
    static func run(_ program: String, _ arguments: [String]) -> (status: Int32, output: String) {
        let command = ([program] + arguments).map { "'" + $0 + "'" }.joined(separator: " ")
        guard let pipe = popen(command + " 2>&1", "r") else { return (-1, "") }
        var output: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(byte)) }
        let status = pclose(pipe)
        return (status >> 8 & 0xff, String(decoding: output, as: UTF8.self))
    }
}

@Suite struct MCAPTests {
    private static let script = """
        import sys
        from mcap.reader import make_reader
        from mcap.stream_reader import StreamReader
        from mcap.records import Message
        count = 0
        for path in sys.argv[2:]:
            with open(path, "rb") as file:
                if sys.argv[1] == "sealed":
                    reader = make_reader(file, validate_crcs=True)
                    summary = reader.get_summary()
                    messages = 0
                    last = None
                    for schema, channel, message in reader.iter_messages(log_time_order=False):
                        assert schema is None
                        messages += 1
                        if channel.topic != "session/commit":
                            count += 1
                            assert last is None or message.sequence == last + 1, (last, message.sequence)
                            last = message.sequence
                            print(channel.topic, message.sequence, message.log_time, message.data.hex())
                    assert summary.statistics.message_count == messages
                    assert summary.statistics.chunk_count == len(summary.chunk_indexes)
                    names = [a.name for a in reader.iter_attachments()]
                    assert names == ["tapedeck.streams", "tapedeck.checkpoint", "tapedeck.index"], names
                    metadata = [m.name for m in reader.iter_metadata()]
                    assert metadata[0] == "tapedeck.segment", metadata
                    topic = "desk/command"
                    wanted = [c.id for c in summary.channels.values() if c.topic == topic]
                    found = sum(1 for _ in reader.iter_messages(topics=[topic]))
                    counts = summary.statistics.channel_message_counts
                    assert found == sum(counts[w] for w in wanted), (found, wanted)
                else:
                    try:
                        for record in StreamReader(file, validate_crcs=True).records:
                            if isinstance(record, Message):
                                count += 1
                                print(record.channel_id, record.sequence, record.log_time, record.data.hex())
                    except Exception as error:
                        assert sys.argv[1] == "torn" or type(error).__name__ == "EndOfFile", repr(error)
        print("messages", count)
        """.replacing("'", with: "\"")

    @Test(
        .enabled(if: Python.executable != nil, "pip install mcap zstandard, or set TAPEDECK_PYTHON")
    )
    func `Python's mcap reads every sealed segment, checksums on`() throws {
        let python = try #require(Python.executable)
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(500)
        try tape.recorder.seal()
        let recording = try Recording.open(scratch.file("r"))
        let paths = recording.manifest.segments.map { scratch.file("r/" + $0.name) }
        #expect(paths.count > 1)
        let (status, output) = Python.run(python, ["-c", MCAPTests.script, "sealed"] + paths)
        #expect(status == 0, "\(output.suffix(2000))")
        let lines = output.split(separator: "\n")
        let records = try recording.records()
        #expect(lines.last == "messages \(records.count)")
        for (line, record) in zip(lines, records) {
            let expected =
                "\(record.stream) \(record.sequence) \(record.time) \(hex(record.payload))"
            #expect(line == expected)
        }
    }

    @Test(
        .enabled(
            if: Python.executable != nil,
            "pip install mcap zstandard, or set TAPEDECK_PYTHON"
        ),
        arguments: [false, true]
    )
    func `Python's StreamReader yields every whole chunk of an open segment`(torn: Bool) throws {
        let python = try #require(Python.executable)
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.segmentBytes = 64 << 20
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(400)
        try tape.recorder.close()
        let path = scratch.file("r/000000000001.mcap")
        if torn { try Scratch.write(try Scratch.read(path).dropLast(5), to: path) }
        let mode = torn ? "torn" : "open"
        let (status, output) = Python.run(python, ["-c", MCAPTests.script, mode, path])
        #expect(status == 0, "\(output.suffix(2000))")
        let theirs = Set(
            output.split(separator: "\n").dropLast().map { line in
                line.drop { $0 != " " }.dropFirst()
            }
        )
        // Every record that our own reader finds in the file is in what Python read.
        let cursor = try Recording.open(path).cursor()
        var count = 0
        do {
            while let record = try cursor.next() {
                count += 1
                let line =
                    "\(record.sequence) \(record.time.nanoseconds) \(hex(Array(record.payload)))"
                #expect(theirs.contains(Substring(line)))
            }
            #expect(!torn)
        } catch {
            #expect(torn, "\(error)")
        }
        #expect(count > 100)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}

extension Scratch {
    static func write(_ bytes: ArraySlice<UInt8>, to path: String) throws {
        try write(Array(bytes), to: path)
    }
}
