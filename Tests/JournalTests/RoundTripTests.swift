import Journal
import Market
import Testing

@Suite struct RoundTripTests {
    @Test func `what was appended and sealed reads back byte for byte, in order`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(1000)
        let manifest = try tape.recorder.seal()

        let recording = try Recording.open(scratch.file("r"))
        let records = try recording.records()
        #expect(records.owners == tape.taken)
        #expect(records.map(\.sequence) == Array(1...UInt64(records.count)))
        #expect(recording.state == .sealed)
        #expect(recording.manifest == manifest)
        #expect(recording.last.value == UInt64(records.count))
        #expect(manifest.segments.count > 1, "small segments roll")
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
        #expect(verification.records == UInt64(records.count))
    }

    @Test
    func `session/start is record one, announcements follow it and precede each first message`()
        throws
    {
        let scratch = try Scratch()
        let recorder = try Recorder.open(scratch.file("r"))
        let early = try recorder.stream(
            named: "public/spot/tickers.BTCUSDT",
            origin: "stream.example"
        )
        #expect(throws: JournalError(.notStarted, file: scratch.file("r"))) {
            try recorder.append(early, time: .zero, payload: [1])
        }
        try recorder.start(time: Sample.time(0), payload: Sample.start)
        try recorder.append(early, time: Sample.time(1), payload: [1])
        let late = try recorder.stream(named: "sent/private/main@2")
        try recorder.append(late, time: Sample.time(2), payload: [2])
        try recorder.seal()

        let records = try Recording.open(scratch.file("r")).records()
        #expect(
            records.map(\.stream) == [
                "session/start", "session/channel", "session/channel", "session/channel",
                "session/channel",
                "public/spot/tickers.BTCUSDT", "session/channel", "sent/private/main@2",
            ]
        )
        #expect(
            String(decoding: records[4].payload, as: UTF8.self)
                == #"{"id":4,"stream":"public/spot/tickers.BTCUSDT","slot":1,"direction":"in","origin":"stream.example"}"#
        )
        #expect(
            String(decoding: records[6].payload, as: UTF8.self)
                == #"{"id":5,"stream":"sent/private/main@2","slot":2,"direction":"out","origin":""}"#
        )
    }

    @Test func `a time below the record before is raised to it`() throws {
        let scratch = try Scratch()
        let recorder = try Recorder.open(scratch.file("r"))
        try recorder.start(time: Timestamp(nanoseconds: 50), payload: Sample.start)
        let stream = try recorder.stream(named: "desk/timer")
        try recorder.append(stream, time: Timestamp(nanoseconds: 70), payload: [])
        try recorder.append(stream, time: Timestamp(nanoseconds: 60), payload: [])
        try recorder.append(stream, time: Timestamp(nanoseconds: -1), payload: [])
        try recorder.seal()
        let times = try Recording.open(scratch.file("r")).records().map(\.time)
        #expect(times.suffix(3) == [70, 70, 70])
    }

    @Test(arguments: [0, 1, 31, 4095, 4096, 4097, 70_000, 300_000, 3_000_000])
    func `a payload of any size comes back`(size: Int) throws {
        let scratch = try Scratch()
        let recorder = try Recorder.open(scratch.file("r"), options: .small)
        try recorder.start(time: .zero, payload: Sample.start)
        let stream = try recorder.stream(named: "rest/public/GET/v5/market/instruments-info")
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for _ in 0..<3 { try recorder.append(stream, time: .zero, payload: payload) }
        try recorder.seal()
        let records = try Recording.open(scratch.file("r")).records()
        #expect(records.suffix(3).allSatisfy { $0.payload == payload })
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test func `a recording without a record opens, seals and verifies`() throws {
        let scratch = try Scratch()
        let recorder = try Recorder.open(scratch.file("r"))
        let open = try Recording.open(scratch.file("r"))
        #expect(open.last == .none)
        #expect(try open.records().isEmpty)
        try recorder.seal()
        let sealed = try Recording.open(scratch.file("r"))
        #expect(sealed.state == .sealed)
        #expect(try sealed.records().isEmpty)
        let verification = try Verifier.verify(scratch.file("r"))
        #expect(verification.state == .sound, "\(verification.findings)")
    }

    @Test func `a sealed recording takes no further run`() throws {
        let scratch = try Scratch()
        try Tape(scratch.file("r")).recorder.seal()
        #expect(throws: JournalError(.sealed, file: scratch.file("r"))) {
            try Recorder.open(scratch.file("r"))
        }
    }

    @Test func `a second recorder on the directory is refused and told who holds it`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        let error = #expect(throws: JournalError.self) { try Recorder.open(scratch.file("r")) }
        guard case .held(let holder)? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(holder.hasPrefix("process "))
        #expect(try Recording.open(scratch.file("r")).isHeld)
        try tape.recorder.seal()
    }

    @Test func `the manifest on disk is the one derived from the segments`() throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.labels = [Label("program", "tapedeck 0.1"), Label("configuration_hash", "ab\"c")]
        let tape = try Tape(scratch.file("r"), options)
        try tape.append(600)
        try tape.recorder.seal()
        let text = try Scratch.read(scratch.file("r/manifest.json"))
        let recording = try Recording.open(scratch.file("r"))
        #expect(Manifest(json: text) == recording.manifest)
        #expect(recording.manifest.labels == options.labels)
        #expect(recording.manifest.started == Sample.time(1))
        #expect(recording.manifest.ended == tape.recorder.lastTime)
    }

    @Test func `streams are counted, commits are not`() throws {
        let scratch = try Scratch()
        let tape = try Tape(scratch.file("r"))
        try tape.append(500)
        try tape.recorder.waitUntilWritten(tape.recorder.watermarks.appended)
        let expected = Dictionary(grouping: tape.taken, by: \.stream).mapValues(\.count)
        for isSealed in [false, true] {
            if isSealed { try tape.recorder.seal() }
            let streams = try Recording.open(scratch.file("r")).streams()
            for (name, count) in expected {
                #expect(streams.first { $0.name.text == name }?.records == UInt64(count))
            }
            #expect(!streams.contains { $0.name.text == "session/commit" })
            #expect(streams.map(\.id) == streams.map(\.id).sorted())
        }
    }
}
