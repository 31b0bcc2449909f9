import DiskKit
import Foundation
import Journal
import Market
import Testing

@testable import Interchange

/// An import onto a disk that becomes full ends with its error, whatever stands in the queue.
@Suite struct FullDiskTests {
    /// A megabyte of text that does not become much smaller.
    private static let noise: [UInt8] = {
        var state: UInt64 = 7
        return (0..<1 << 20).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "0") + UInt8(state >> 59)
        }
    }()

    /// Lines of an export, 40,000 bytes each.
    private static func lines(_ count: Int, on stream: String) -> String {
        (0..<count).map { number in
            // No two of a chunk alike.
            let start = number * 40_000 % 997_001
            let payload = String(decoding: noise[start..<start + 40_000], as: UTF8.self)
            return #"{"schema":"tapedeck.export/1","sequence":\#(number + 1),"#
                + #""time":"2026-01-01T00:00:00.000000000Z","stream":"\#(stream)","payload":"\#(payload)"}"#
                + "\n"
        }.joined()
    }

    /// Public records have no room as soon as the disk is full, private ones when reserve and queue are too.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [("public/linear/publicTrade.BTCUSDT", 900), ("private/main/order", 1_400)]
    )
    func `an import that finds no room says so and ends`(stream: String, records: Int) throws {
        let scratch = try Scratch()
        try Self.lines(records, on: stream)
            .write(toFile: scratch.path + "/a.jsonl", atomically: true, encoding: .utf8)
        var options = Tape.options(.jsonLines)
        let usual = RecorderOptions()
        // Room for what is there from the beginning, and some segments' worth.
        options.files = SmallDisk(room: 2 * usual.tailBytes + usual.reserveBytes + (4 << 20))
        let error = #expect(throws: InterchangeError.self) {
            try Import.run([scratch.path + "/a.jsonl"], to: scratch.path + "/b", options)
        }
        #expect("\(try #require(error))".contains("No space left"), "\(String(describing: error))")
        // It had begun.
        #expect(try Recording.open(scratch.path + "/b").last.value > 10)
    }
}
