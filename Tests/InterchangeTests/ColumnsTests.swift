import Interchange
import Journal
import Market
import Testing

@Suite struct ColumnsTests {
    /// More records than two blocks, with books, trades and bytes that are none.
    static func pushes(_ count: Int) -> [(stream: String, payload: [UInt8])] {
        (0..<count).map { index in
            switch index % 5 {
            case 0:
                return (
                    "public/linear/publicTrade.BTCUSDT",
                    Tape.bytes(
                        #"{"ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Buy","v":"1","p":"\#(index).5","i":"x"}]}"#
                    )
                )
            case 1: return ("private/main/order", [0xff, UInt8(index & 0xff)])
            default:
                let isFirst = index == 2
                let update = index / 5 * 3 + index % 5
                return (
                    "public/linear/orderbook.50.BTCUSDT",
                    Tape.bytes(
                        #"{"type":"\#(isFirst ? "snapshot" : "delta")","ts":1,"data":{"s":"BTCUSDT","#
                            + #""b":[["\#(100 + index % 7)","1.\#(index)"]],"a":[["200","\#(index)"]],"#
                            + #""u":\#(update),"seq":\#(update)},"cts":1}"#
                    )
                )
            }
        }
    }

    @Test func `the columns are the same on one core and on four`() async throws {
        let scratch = try Scratch()
        let path = try Tape.make(scratch.path + "/a", Self.pushes(40_000))
        let one = try await columns(path, cores: 1, scratch, "one")
        let four = try await columns(path, cores: 4, scratch, "four")
        #expect(one.records == four.records && one.records > 40_000)
        #expect(one.rows == [8_000, 24_000, 40_000 + UInt64(Self.own(path))])
        #expect(one.findings == 0)
        let same = try scratch.bytes("one") == scratch.bytes("four")
        #expect(same)
    }

    @Test func `every frame begins at a multiple of 64 bytes and the footer is the last`()
        async throws
    {
        let scratch = try Scratch()
        let path = try Tape.make(scratch.path + "/a", Self.pushes(100))
        _ = try await columns(path, cores: 2, scratch, "x")
        let bytes = try scratch.bytes("x")
        var at = 0
        var kinds: [UInt64] = []
        while at < bytes.count {
            try #require(bytes.count - at >= 64 && at % 64 == 0)
            #expect(bytes[at..<at + 8].elementsEqual("TDCOLS01".utf8))
            let word = { (place: Int) -> UInt64 in
                bytes[(at + place)..<(at + place + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            kinds.append(word(8))
            at += 64 + Int(word(24))
        }
        #expect(at == bytes.count)
        #expect(
            kinds.first == 1 && kinds.last == 3
                && kinds.dropFirst().dropLast().allSatisfy { $0 == 2 }
        )
    }

    static func own(_ path: String) -> Int {
        ((try? Tape.records(path)) ?? []).count { $0.stream.hasPrefix("session/") }
    }

    func columns(
        _ path: String,
        cores: Int,
        _ scratch: Scratch,
        _ name: String
    ) async throws -> ColumnsExport.Summary {
        let sink = try ByteSink(path: scratch.path + "/" + name)
        let options = ColumnsExport.Options(
            [.trades, .book, .records],
            RecordSelection(),
            cores: cores
        )
        let summary = try await ColumnsExport.write(try Recording.open(path), options, to: sink)
        try sink.finish()
        return summary
    }
}
