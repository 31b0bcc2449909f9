import Foundation
import Journal
import Market
import Testing

/// A disk that becomes full when a segment is: the roll that is due waits until there is a segment to begin.
@Suite struct FullSegmentTests {
    /// Trades of about a kilobyte that compress badly: many segments' worth, at once.
    private static func writeFrames(_ path: String) throws {
        var state: UInt64 = 42
        let lines = try (0..<4_000).map { number in
            var words = ""
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                words += String(state >> 8, radix: 36)
            }
            let frame = """
                {"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":\(1_767_225_600_000 + number),"data":[{\
                "T":\(1_767_225_600_000 + number),"s":"BTCUSDT","S":"Buy","v":"0.001","p":"90000.0",\
                "L":"PlusTick","i":"t\(number)","BT":false,"note":"\(words)"}]}
                """
            let line = try JSONSerialization.data(withJSONObject: ["t": "recv", "data": frame])
            return String(decoding: line, as: UTF8.self)
        }
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: path,
            atomically: true,
            encoding: .utf8
        )
    }

    /// First and last `log_time`, nanoseconds, of each chunk of the segments, in their order.
    private static func chunks(_ path: String) throws -> [(first: Int64, last: Int64)] {
        var chunks: [(first: Int64, last: Int64)] = []
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        for name in names.sorted() where name.hasSuffix(".mcap") {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path + "/" + name)))
            func number(_ place: Int) -> Int64 {
                (0..<8).reduce(0) { $0 | Int64(bytes[place + $1]) << Int64(8 * $1) }
            }
            // Behind the magic: an opcode, eight bytes of length, the record. 0x06 is a chunk, 0x0f the end of the data.
            var place = 8
            while place + 9 <= bytes.count, bytes[place] != 0x0f {
                let body = place + 9
                if bytes[place] == 0x06 { chunks.append((number(body), number(body + 8))) }
                place = body + Int(number(place + 1))
            }
        }
        return chunks
    }

    @Test func `while no segment takes chunks none is asked for, tick after tick`() async throws {
        let folder = try TemporaryFolder()
        let sign = folder.path + "/full"
        let path = folder.path + "/r"
        try Data().write(to: URL(filePath: sign))
        try Self.writeFrames(folder.path + "/frames.jsonl")
        try "journal:\n  segment_bytes: 65536\n".write(
            toFile: folder.path + "/session.yaml",
            atomically: true,
            encoding: .utf8
        )
        let library = try await Preload.build("full-segment", Preload.fullSegment, in: folder.path)
        let server = try Program.start(
            ["serve", "--messages", "frames.jsonl", "--plain", "--json", "--for", "900s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorder = try Program.start(
            [
                "record", "session.yaml", "--endpoint", endpoint, "--public",
                "linear:publicTrade.BTCUSDT", "--out", "r", "--json", "--status-every", "50ms",
            ],
            environment: ["LD_PRELOAD": library, "FULL_DISK": sign],
            in: folder.path
        )
        defer { recorder.kill() }
        let _: Bool = try await recorder.line { line in
            let health = StartedProxy.object(line)?["health"] as? String
            return health?.hasPrefix("full") == true ? true : nil
        }
        // Three ticks later, all of them in the reserve.
        let ticks = try await StartedProxy.payloads("session/tick", of: "r", in: folder).count
        try await Program.wait(for: "ticks are recorded", on: "session/tick", of: path) {
            $0.count >= ticks + 3
        }
        try FileManager.default.removeItem(atPath: sign)
        try await ProxiedSession.until("the journal is sound again") {
            let last = recorder.outputSoFar.split(separator: "\n").last.map(String.init) ?? ""
            return StartedProxy.object(last)?["health"] as? String == "sound"
        }
        // The roll that was due comes with a tick.
        let before = try await StartedProxy.payloads("session/tick", of: "r", in: folder).count
        try await Program.wait(for: "ticks are recorded", on: "session/tick", of: path) {
            $0.count >= before + 2
        }
        recorder.interrupt()
        let end = try await recorder.end()
        #expect(end.status == 0, "\(end.errors)")
        let verify = try await Program.run(["verify", path, "--json"])
        #expect(verify.object["state"] as? String == "sound", "\(verify.output)")

        // Ticks between the disk's two states; at the last of them a segment may have been there already.
        var isFull = false
        var times: [Int64] = []
        let cursor = try Recording.open(path).cursor()
        while let record = try cursor.next() {
            let stream = cursor.name(of: record.stream).text
            let text = String(decoding: record.payload, as: UTF8.self)
            if stream == "desk/operator" {
                isFull = text.contains("journal-halt") && text.contains("the disk is full")
            } else if stream == "session/tick", isFull {
                times.append(record.time.nanoseconds)
            }
        }
        let outage = Set(times.dropLast())
        #expect(outage.count >= 2, "\(times)")
        let chunks = try Self.chunks(path)
        #expect(!chunks.isEmpty)
        // A state asked of the session for a segment that is not there ends the open chunk behind the tick that asked. By
        // itself one ends there when it is ten seconds old, as on a machine that stands still meanwhile.
        let cut = chunks.filter { outage.contains($0.last) && $0.last - $0.first < 9_000_000_000 }
        #expect(cut.isEmpty, "\(cut)")
        // Behind the segment that the outage ended with, which may have taken the place of the first.
        let segments = try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasSuffix(".mcap") }
        #expect(segments.count >= 2, "\(segments.sorted())")
    }
}
