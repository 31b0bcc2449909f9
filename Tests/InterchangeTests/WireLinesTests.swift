import Interchange
import Journal
import Market
import Testing

@Suite struct WireLinesTests {
    static let frames: [(stream: String, payload: [UInt8])] = [
        ("public/linear/-", Tape.bytes(#"{"success":true,"op":"subscribe"}"#)),
        (
            "public/linear/orderbook.50.BTCUSDT",
            Tape.bytes(#"{"topic":"orderbook.50.BTCUSDT","x":"é"}"#)
        ),
        (
            "public/linear/publicTrade.ETHUSDT",
            Tape.bytes(#"{"topic":"publicTrade.ETHUSDT","ts":1}"#)
        ),
        ("public/linear/tickers.BTCUSDT", Tape.bytes(#"{"ts":1, "topic":"tickers.BTCUSDT" }"#)),
        ("public/linear/kline.1.BTCUSDT", Tape.bytes(#"{"topic":"kline.1.BTCUSDT"}"#)),
        ("public/linear/-", [0xff, 0x20, 0x00]),
    ]

    @Test(arguments: [false, true])
    func `hftbacktest's lines give the same frames, to the nanosecond`(packed: Bool) throws {
        let scratch = try Scratch()
        let original = try Tape.make(scratch.path + "/a", Self.frames)
        let file = scratch.path + (packed ? "/x.gz" : "/x.txt")
        let summary = try export(original, .hftbacktest, file)
        #expect(summary.records == 6)
        #expect(try scratch.bytes(packed ? "x.gz" : "x.txt").starts(with: [0x1f, 0x8b]) == packed)
        let imported = try Import.run(
            [file],
            to: scratch.path + "/b",
            Tape.options(.hftbacktest(.linear))
        )
        #expect(imported.badLineCount == 0)
        #expect(try wire(original) == wire(scratch.path + "/b"))
        #expect(imported.manifest.knowsArrivalTimes)
    }

    @Test func `tardis lines give the same frames, to the 100 nanoseconds that they have`() throws {
        let scratch = try Scratch()
        var frames = Self.frames
        frames.insert(
            (
                "link/public/linear",
                Tape.bytes(#"{"change":"disconnected","socket":"public/linear"}"#)
            ),
            at: 3
        )
        let original = try Tape.make(scratch.path + "/a", frames)
        let summary = try export(original, .tardis, scratch.path + "/x.txt")
        #expect(summary.records == 7)
        let lines = String(decoding: try scratch.bytes("x.txt"), as: UTF8.self)
        #expect(lines.hasPrefix(#"2026-01-01T00:00:00.0010000Z {"success""#))
        #expect(lines.contains("\n\n"), "an empty line is a disconnect")
        _ = try Import.run(
            [scratch.path + "/x.txt"],
            to: scratch.path + "/b",
            Tape.options(.tardis(.linear))
        )
        let kept = try wire(original).map { frame in
            (frame.stream, frame.time / 100 * 100, frame.payload)
        }
        let back = try wire(scratch.path + "/b")
        #expect(kept.map(\.0) == back.map(\.stream))
        #expect(kept.map(\.1) == back.map(\.time))
        #expect(kept.map(\.2) == back.map(\.payload))
        let link = try Tape.records(scratch.path + "/b").filter { $0.stream.hasPrefix("link/") }
        #expect(link.count == 1)
    }

    @Test func `what has no place in a line is left out and counted`() throws {
        let scratch = try Scratch()
        let original = try Tape.make(
            scratch.path + "/a",
            Self.frames + [
                ("private/main/order", [1]), ("private/main/order", [2]), ("desk/timer", [3]),
                ("public/linear/-", Tape.bytes("two\nlines")),
                ("public/linear/tickers.BTCUSDT@2", Tape.bytes("{}")),
            ]
        )
        let summary = try export(original, .hftbacktest, scratch.path + "/x.txt")
        let left = summary.leftOut.filter { !$0.stream.hasPrefix("session/") }
        #expect(
            left.map { "\($0.stream) \($0.records)" } == [
                "private/main/order 2", "desk/timer 1", "public/linear/- 1",
                "public/linear/tickers.BTCUSDT@2 1",
            ]
        )
    }

    @Test func `frames of two categories are refused, since the lines could not tell them apart`()
        throws
    {
        let scratch = try Scratch()
        let original = try Tape.make(
            scratch.path + "/a",
            Self.frames + [("public/spot/tickers.BTCUSDT", [0x7b])]
        )
        let error = try #require(throws: InterchangeError.self) {
            try export(original, .tardis, scratch.path + "/x.txt")
        }
        #expect(error.description.contains("linear and of spot"))
        #expect(throws: (any Error).self) { try scratch.bytes("x.txt") }
    }

    @Test func `a gzip file that ends too early gives its whole lines and says where it ends`()
        throws
    {
        let scratch = try Scratch()
        // Frames that do not compress to nothing.
        var state: UInt64 = 7
        let frames = (0..<4_000).map { index -> (stream: String, payload: [UInt8]) in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return ("public/spot/-", Tape.bytes("{\"\(index)\":\(state)}"))
        }
        let original = try Tape.make(scratch.path + "/a", frames)
        _ = try export(original, .hftbacktest, scratch.path + "/x.gz")
        let whole = try scratch.bytes("x.gz")
        let all = try wire(original)
        for size in [whole.count / 3, whole.count - 9, whole.count - 1] {
            let file = try scratch.write("cut\(size).gz", Array(whole[..<size]))
            let summary = try Import.run(
                [file],
                to: scratch.path + "/b\(size)",
                Tape.options(.hftbacktest(.spot))
            )
            #expect(summary.badLineCount == 1)
            #expect(summary.badLines.first?.why == "the gzip data ends too early")
            let back = try wire(scratch.path + "/b\(size)")
            #expect(!back.isEmpty && back == Array(all.prefix(back.count)))
        }
        // Two members, as a collector that was started twice writes them.
        let twice = try scratch.write("twice.gz", whole + whole)
        let summary = try Import.run(
            [twice],
            to: scratch.path + "/c",
            Tape.options(.hftbacktest(.spot))
        )
        #expect(summary.records == 8_000)
        #expect(summary.badLineCount == 0)
        #expect(summary.raised == 3_999, "the second member begins again at the first time")
    }

    func wire(_ path: String) throws -> [Kept] {
        try Tape.records(path).filter { $0.stream.hasPrefix("public/") }.map {
            Kept(sequence: 0, time: $0.time, stream: $0.stream, payload: $0.payload)
        }
    }

    func export(
        _ recording: String,
        _ format: WireLinesExport.Format,
        _ file: String
    ) throws -> ExportSummary {
        let sink = try ByteSink(path: file, compresses: true)
        let summary = try WireLinesExport.write(
            try Recording.open(recording),
            RecordSelection(),
            format,
            to: sink
        )
        try sink.finish()
        return summary
    }
}
