import Interchange
import Journal
import Market
import Testing

@Suite struct JSONLinesTests {
    @Test func `every kind of record comes back with its number, time, stream and bytes`() throws {
        let scratch = try Scratch()
        let kinds = try Tape.everyKind()
        #expect(kinds.count > 60)
        let original = try Tape.make(scratch.path + "/a", kinds)
        let sorts = try Tape.records(original).map { RecordSort(StreamName($0.stream).kind) }
        for sort in RecordSort.allCases { #expect(sorts.contains(sort), "no record of \(sort)") }
        try export(original, scratch.path + "/a.jsonl")
        let summary = try Import.run(
            [scratch.path + "/a.jsonl"],
            to: scratch.path + "/b",
            Tape.options(.jsonLines)
        )
        #expect(try Tape.records(original) == Tape.records(scratch.path + "/b"))
        #expect(summary.badLineCount == 0)
        #expect(summary.raised == 0)
        #expect(summary.renumbered == 0)
        #expect(summary.manifest.labels.contains(Label("imported", "JSON lines")))
        #expect(summary.manifest.knowsArrivalTimes)
        #expect(try Verifier.verify(scratch.path + "/b").exitStatus == 0)
    }

    @Test(
        arguments: [
            [], [0], [0xff, 0xfe], [0x22, 0x5c, 0x0a, 0x0d, 0x09, 0x01, 0x1f, 0x7f],
            Array("€\u{2028}😀e\u{301}\u{0}".utf8), [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98],
            Array(0...255), Array(repeating: 0xc3, count: 5),
        ] as [[UInt8]]
    )
    func `a payload of any bytes comes back as it was`(payload: [UInt8]) throws {
        let scratch = try Scratch()
        let original = try Tape.make(scratch.path + "/a", [("private/main/order", payload)])
        try export(original, scratch.path + "/a.jsonl")
        _ = try Import.run(
            [scratch.path + "/a.jsonl"],
            to: scratch.path + "/b",
            Tape.options(.jsonLines)
        )
        #expect(try Tape.records(scratch.path + "/b").last?.payload == payload)
        #expect(try Tape.records(original) == Tape.records(scratch.path + "/b"))
    }

    @Test func `a part of a recording keeps its numbers in the lines and gets a start of its own`()
        throws
    {
        let scratch = try Scratch()
        let records = (0..<20).map { index in
            (stream: "public/linear/publicTrade.S\(index % 2)", payload: Tape.bytes("{\(index)}"))
        }
        let original = try Tape.make(scratch.path + "/a", records)
        let all = try Tape.records(original)
        let selection = RecordSelection(
            from: .sequence(SequenceNumber(10)),
            to: .sequence(SequenceNumber(20)),
            streams: { $0.text.hasSuffix("S1") }
        )
        try export(original, scratch.path + "/a.jsonl", selection)
        let wanted = all.filter { (10...20).contains($0.sequence) && $0.stream.hasSuffix("S1") }
        #expect(wanted.count > 3)
        #expect(try scratch.lines("a.jsonl").count == wanted.count)
        #expect(try scratch.lines("a.jsonl")[0].contains(#""sequence":\#(wanted[0].sequence),"#))
        _ = try Import.run(
            [scratch.path + "/a.jsonl"],
            to: scratch.path + "/b",
            Tape.options(.jsonLines)
        )
        let imported = try Tape.records(scratch.path + "/b")
        #expect(imported.first?.stream == "session/start")
        let kept = imported.filter { !$0.stream.hasPrefix("session/") }
        #expect(kept.map(\.payload) == wanted.map(\.payload))
        #expect(kept.map(\.time) == wanted.map(\.time))
    }

    @Test func `lines that are no records are named with file, line and reason, and recorded`()
        throws
    {
        let scratch = try Scratch()
        let good = Self.line("public/linear/-", "2026-01-01T00:00:00.000000001Z", #""payload":"a""#)
        let file = try scratch.write(
            "x.jsonl",
            [
                good, "{", #"{"schema":"tapedeck.cat/1"}"#,
                Self.line("a b", "2026-01-01T00:00:00.000000002Z", #""payload":"b""#),
                Self.line("public/linear/-", "yesterday", #""payload":"c""#),
                Self.line("public/linear/-", "2026-01-01T00:00:00Z", #""payload_base64":"?""#),
                Self.line("session/commit", "2026-01-01T00:00:00Z", #""payload":"{}""#),
                Self.line("public/linear/-", "2026-02-30T00:00:00Z", #""payload":"d""#), good,
            ].joined(separator: "\n")
        )
        let summary = try Import.run([file], to: scratch.path + "/b", Tape.options(.jsonLines))
        #expect(summary.records == 2)
        #expect(summary.badLineCount == 7)
        #expect(summary.badLines.map(\.line) == [2, 3, 4, 5, 6, 7, 8])
        #expect(summary.badLines[1].description.contains("x.jsonl, line 3: its schema is"))
        let told = try Tape.records(scratch.path + "/b").filter { $0.stream == "session/import" }
        #expect(told.count == 7)
        #expect(
            String(decoding: told[3].payload, as: UTF8.self).contains(#""line":5,"why":"`time`"#)
        )
    }

    @Test func `a file without a single record is refused and leaves nothing behind`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("x.jsonl", "one\ntwo\n")
        let error = try #require(throws: InterchangeError.self) {
            try Import.run([file], to: scratch.path + "/b", Tape.options(.jsonLines))
        }
        #expect(error.description.contains("x.jsonl, line 1: it is no JSON"))
        #expect(throws: JournalError.self) { try Recording.open(scratch.path + "/b") }
    }

    @Test func `what is there already is never written over`() throws {
        let scratch = try Scratch()
        let original = try Tape.make(scratch.path + "/a", [("desk/timer", [1])])
        try export(original, scratch.path + "/a.jsonl")
        let before = try Tape.records(original)
        #expect(
            throws: InterchangeError(
                .exists,
                file: original,
                advice: "Name a directory that is not there yet, or is empty."
            )
        ) {
            try Import.run(
                [scratch.path + "/a.jsonl"],
                to: original,
                Tape.options(.jsonLines)
            )
        }
        #expect(try Tape.records(original) == before)
        #expect(throws: InterchangeError.self) { try export(original, scratch.path + "/a.jsonl") }
    }

    static func line(_ stream: String, _ time: String, _ payload: String) -> String {
        #"{"schema":"tapedeck.export/1","sequence":1,"time":"\#(time)","stream":"\#(stream)",\#(payload)}"#
    }

    func export(_ recording: String, _ file: String, _ selection: RecordSelection = .init()) throws
    {
        let sink = try ByteSink(path: file)
        let summary = try JSONLinesExport.write(try Recording.open(recording), selection, to: sink)
        try sink.finish()
        #expect(summary.damage.isEmpty)
    }
}
