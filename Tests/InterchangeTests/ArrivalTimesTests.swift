import Interchange
import Journal
import Market
import Testing

/// That arrival times are not known stays known, whatever becomes of the records.
@Suite struct ArrivalTimesTests {
    private static let frames: [(stream: String, payload: [UInt8])] = (0..<20).map {
        ("public/linear/publicTrade.S", Tape.bytes("{\($0)}"))
    }

    /// A recording of public history.
    private static func imported(_ scratch: Scratch, _ name: String = "a") throws -> String {
        let file = try scratch.write("\(name).csv", BybitHistoryTests.trades)
        let path = scratch.path + "/" + name
        let summary = try Import.run([file], to: path, Tape.options(.bybit(.linear)))
        #expect(!summary.manifest.knowsArrivalTimes)
        return path
    }

    private static func isKnown(_ path: String) throws -> Bool {
        try Recording.open(path).manifest.knowsArrivalTimes
    }

    @Test func `lines say it, each of them, and what is made of them knows it`() throws {
        let scratch = try Scratch()
        let path = try Self.imported(scratch)
        try JSONLinesTests().export(path, scratch.path + "/all.jsonl")
        let lines = try scratch.lines("all.jsonl")
        #expect(lines.count > 4)
        #expect(lines.allSatisfy { $0.contains(#"Z","arrival_times_known":false,"stream":""#) })
        let last = try #require(lines.last)
        for (name, text) in [("whole", lines.joined(separator: "\n")), ("line", last)] {
            let file = try scratch.write("\(name).jsonl", text)
            let summary = try Import.run(
                [file],
                to: scratch.path + "/" + name,
                Tape.options(.jsonLines)
            )
            #expect(summary.badLineCount == 0)
            #expect(!summary.manifest.knowsArrivalTimes)
            #expect(try !Self.isKnown(scratch.path + "/" + name))
            #expect(summary.manifest.labels.contains(Label("imported.format", "JSON lines")))
        }
        #expect(try Tape.records(path) == Tape.records(scratch.path + "/whole"))
        // A second time: the copy says it in its turn.
        try JSONLinesTests().export(scratch.path + "/line", scratch.path + "/again.jsonl")
        #expect(try scratch.lines("again.jsonl").allSatisfy { $0.contains("times_known\":false") })
    }

    @Test func `a recording that knows them says nothing of it in its lines`() throws {
        let scratch = try Scratch()
        let path = try Tape.make(scratch.path + "/k", Self.frames)
        try JSONLinesTests().export(path, scratch.path + "/k.jsonl")
        #expect(try scratch.lines("k.jsonl").allSatisfy { !$0.contains("arrival_times_known") })
    }

    @Test func `of files with and without them the whole is without, in whatever order`() throws {
        let scratch = try Scratch()
        let known = try Tape.make(scratch.path + "/k", Self.frames)
        try JSONLinesTests().export(known, scratch.path + "/k.jsonl")
        try JSONLinesTests().export(Self.imported(scratch), scratch.path + "/a.jsonl")
        let files = ["k", "a"].map { "\(scratch.path)/\($0).jsonl" }
        for (name, files) in [("ka", files), ("ak", files.reversed()), ("k1", [files[0]])] {
            let summary = try Import.run(
                files,
                to: scratch.path + "/" + name,
                Tape.options(.jsonLines)
            )
            #expect(summary.manifest.knowsArrivalTimes == (name == "k1"), "\(name)")
        }
    }

    @Test func `a file that begins with known times and goes on without ends at that line`() throws
    {
        let scratch = try Scratch()
        let line = #"{"schema":"tapedeck.export/1","time":"2026-01-01T00:00:00Z","#
        let rest = #""stream":"public/linear/-","payload":"a"}"#
        let unknown = line + #""arrival_times_known":false,"# + rest
        let known = line + #""arrival_times_known":true,"# + rest
        let file = try scratch.write(
            "x.jsonl",
            [known, line + rest, unknown].joined(separator: "\n")
        )
        let error = try #require(throws: InterchangeError.self) {
            try Import.run([file], to: scratch.path + "/x", Tape.options(.jsonLines))
        }
        #expect(error.description.contains("x.jsonl, line 3"), "\(error)")
        #expect(error.advice.contains("a file of their own"))
        // The other way round nothing is told wrongly, and what is neither is no record.
        let turned = [unknown, known, line + #""arrival_times_known":"no","# + rest]
        let other = try scratch.write("y.jsonl", turned.joined(separator: "\n"))
        let summary = try Import.run([other], to: scratch.path + "/y", Tape.options(.jsonLines))
        #expect(!summary.manifest.knowsArrivalTimes)
        #expect(summary.badLines.map(\.line) == [3])
        #expect(summary.badLines[0].why.contains("neither true nor false"))
    }

    @Test func `what is cut, compacted or merged from it does not know them either`() throws {
        let scratch = try Scratch()
        let path = try Self.imported(scratch)
        let recording = try Recording.open(path)
        let slice = scratch.path + "/slice"
        _ = try Slicer().slice(
            recording,
            from: .sequence(recording.last),
            isPast: { _, _ in false },
            to: slice
        )
        #expect(try !Self.isKnown(slice))
        let known = try Recording.open(Tape.make(scratch.path + "/k", Self.frames))
        let cut = try Recording.open(slice)
        for (name, sources) in [
            ("kc", [known, cut]), ("ck", [cut, known]), ("cc", [cut, recording]),
        ] {
            let merged = try Merger().merge(sources, to: scratch.path + "/" + name)
            #expect(!merged.knowsArrivalTimes, "\(name)")
            #expect(merged.labels.count { $0.key == "imported" } == 1)
            #expect(try !Self.isKnown(scratch.path + "/" + name))
        }
        _ = try Compactor().compact(path)
        #expect(try !Self.isKnown(path))
    }

    @Test func `merged sources that know them are said to, and how each was imported`() throws {
        let scratch = try Scratch()
        let known = try Tape.make(scratch.path + "/k", Self.frames)
        try JSONLinesTests().export(known, scratch.path + "/k.jsonl")
        _ = try Import.run(
            [scratch.path + "/k.jsonl"],
            to: scratch.path + "/j",
            Tape.options(.jsonLines)
        )
        let wire = try scratch.write("w.txt", #"1767225600000000000 {"topic":"publicTrade.S"}"#)
        _ = try Import.run([wire], to: scratch.path + "/w", Tape.options(.hftbacktest(.linear)))
        let all = try [known, scratch.path + "/j", scratch.path + "/w"].map {
            try Recording.open($0)
        }
        let merged = try Merger().merge(all, to: scratch.path + "/m")
        #expect(merged.knowsArrivalTimes)
        let label = merged.labels.first { $0.key == "imported" }
        let words = "JSON lines; hftbacktest's collector: arrival times are another recorder's"
        #expect(label?.value == words)
        #expect(merged.labels.contains(Label("imported.files", "k.jsonl; w.txt")))
        #expect(try Merger().merge([all[0], all[0]], to: scratch.path + "/n").labels.count == 1)
        // With public history among them: one is enough.
        let history = try Recording.open(Self.imported(scratch))
        let more = try Merger().merge(all + [history], to: scratch.path + "/o")
        #expect(!more.knowsArrivalTimes)
    }

    @Test func `lines of other recorders cannot say it, which is told`() throws {
        let scratch = try Scratch()
        let unknown = try Recording.open(Self.imported(scratch))
        let known = try Recording.open(Tape.make(scratch.path + "/k", Self.frames))
        for format in [WireLinesExport.Format.tardis, .hftbacktest] {
            for recording in [unknown, known] {
                let file = "\(scratch.path)/\(format)-\(recording.id).txt"
                let sink = try ByteSink(path: file)
                let summary = try WireLinesExport.write(recording, .init(), format, to: sink)
                try sink.finish()
                #expect(summary.records > 0)
                #expect(summary.hidesUnknownArrival == (recording.id == unknown.id))
            }
        }
    }

    @Test func `columns say whose the times are, in their units and in the footer`() async throws {
        let scratch = try Scratch()
        let unknown = try Self.imported(scratch)
        let known = try Tape.make(scratch.path + "/k", Self.frames)
        for (name, path) in [("unknown", unknown), ("known", known)] {
            let options = ColumnsExport.Options([.trades, .book, .records], .init(), cores: 1)
            let sink = try ByteSink(path: scratch.path + "/" + name)
            _ = try await ColumnsExport.write(try Recording.open(path), options, to: sink)
            try sink.finish()
            let text = String(decoding: try scratch.bytes(name), as: UTF8.self)
            let units = text.split(separator: "; the exchange's: arrival times are not known").count
            #expect(
                units - 1 == (name == "known" ? 0 : 4),
                "time of each, updated_time of the book"
            )
            #expect(text.contains(#""arrival_times_known":\#(name == "known")}"#))
        }
    }
}
