import Foundation
import Testing

/// A disk that is slower than the market: nothing is dropped without a record that says so.
@Suite struct SlowDiskTests {
    private static let topic = "publicTrade.BTCUSDT"
    private static let count = 12_000

    /// Trades of about a kilobyte each that compress badly.
    private static func frames() -> [String] {
        var state: UInt64 = 42
        return (0..<count).map { number in
            var words = ""
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                words += String(state >> 8, radix: 36)
            }
            return """
                {"topic":"\(topic)","type":"snapshot","ts":\(1_767_225_600_000 + number),"data":[{\
                "T":\(1_767_225_600_000 + number),"s":"BTCUSDT","S":"Buy","v":"0.001","p":"90000.0",\
                "L":"PlusTick","i":"t\(number)","BT":false,"note":"\(words)"}]}
                """
        }
    }

    private struct Recorded {
        var path: String
        /// On the topic.
        var frames: [String]
        /// Of the socket, acknowledgements included.
        var kept: Int
        var status: [String: Any]
        var errors: String
        var links: [[String: Any]]
    }

    /// Records all frames with a small queue, the disk slow from the first second on until `isEnough`.
    private func record(
        _ sent: [String],
        whenFull: String,
        in folder: TemporaryFolder,
        until isEnough: ([String: Any]) -> Bool
    ) async throws -> Recorded {
        let lines = try sent.map { frame in
            String(
                decoding: try JSONSerialization.data(withJSONObject: ["t": "recv", "data": frame]),
                as: UTF8.self
            )
        }
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: folder.path + "/frames.jsonl",
            atomically: true,
            encoding: .utf8
        )
        try """
        journal:
          queue_bytes: 1048576
          when_full: \(whenFull)
        """.write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
        let sign = folder.path + "/slow"
        try Data().write(to: URL(filePath: sign))
        let library = try await Preload.build("slow", Preload.slowDisk, in: folder.path)
        let server = try Program.start(
            ["serve", "--messages", "frames.jsonl", "--plain", "--json", "--for", "900s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorder = try Program.start(
            [
                "record", "session.yaml", "--endpoint", endpoint, "--public",
                "linear:" + Self.topic, "--out", "slow-disk", "--json", "--status-every", "20ms",
            ],
            environment: ["LD_PRELOAD": library, "SLOW_DISK": sign],
            in: folder.path
        )
        _ = try await recorder.line { line -> [String: Any]? in
            guard let object = Self.object(line), object["frames"] is Int else { return nil }
            if isEnough(object) { try? FileManager.default.removeItem(atPath: sign) }
            let frames = object["frames"] as? Int ?? 0
            let isDone = (object["written"] as? Int) == (object["appended"] as? Int)
            return frames >= sent.count && isDone && !FileManager.default.fileExists(atPath: sign)
                ? object : nil
        }
        // What was shed last is told a moment later; then the status says all of it.
        try await Task.sleep(for: .milliseconds(500))
        recorder.interrupt()
        let end = try await recorder.end()
        let status = try #require(
            end.lines.compactMap(Self.object).last { $0["frames"] is Int },
            "the recorder says its status"
        )
        #expect(end.status == 0, "\(end.output) \(end.errors)")
        let path = folder.path + "/slow-disk"
        let cat = try await Program.run([
            "cat", path, "--raw", "--stream", "public/linear/" + Self.topic,
        ])
        let all = try await Program.run([
            "cat", path, "--raw", "--stream", "public/linear/*",
        ])
        let links = try await Program.run(["cat", path, "--raw", "--stream", "link/*"])
        return Recorded(
            path: path,
            frames: cat.lines,
            kept: all.lines.count,
            status: status,
            errors: end.errors,
            links: links.lines.compactMap(Self.object)
        )
    }

    private static func object(_ line: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    @Test func `while reading waits for the disk, nothing is lost and the order stays`()
        async throws
    {
        let sent = Self.frames()
        let folder = try TemporaryFolder()
        let recorded = try await record(sent, whenFull: "stall", in: folder) {
            ($0["stalls"] as? Int ?? 0) >= 3
        }
        #expect(recorded.frames == sent)
        #expect(recorded.status["shed"] as? Int == 0)
        #expect(recorded.errors.contains("the disk is slower than the market: reading waits"))
        #expect(!recorded.links.contains { $0["change"] as? String == "shed" })
        // Records waited far longer than 250 ms: the journal halted new orders, and said so.
        let requests = try await Program.run([
            "cat", recorded.path, "--raw", "--stream", "desk/operator",
        ])
        let verbs = requests.lines.compactMap { Self.object($0)?["verb"] as? String }
        #expect(verbs.first == "journal-halt", "\(requests.output)")
        #expect(recorded.errors.contains("the journal halts new orders"))
        // Each lift follows a halt of its own.
        #expect(zip(verbs, verbs.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test func `what is shed is counted in a record, and the rest is there in order`()
        async throws
    {
        let sent = Self.frames()
        let folder = try TemporaryFolder()
        let recorded = try await record(sent, whenFull: "shed", in: folder) {
            ($0["frames"] as? Int ?? 0) >= sent.count
        }
        let told = recorded.links.filter { $0["change"] as? String == "shed" }
            .compactMap { $0["count"] as? Int }
        #expect(!told.isEmpty)
        #expect(told.allSatisfy { $0 > 0 })
        #expect(recorded.kept + told.reduce(0, +) == recorded.status["frames"] as? Int)
        #expect(recorded.frames.count < sent.count)
        #expect(recorded.status["shed"] as? Int == told.reduce(0, +))
        var rest = sent[...]
        for frame in recorded.frames {
            guard let place = rest.firstIndex(of: frame) else {
                Issue.record("a frame is recorded twice or out of order")
                break
            }
            rest = rest[(place + 1)...]
        }
        let verify = try await Program.run(["verify", recorded.path, "--json"])
        #expect(verify.status == 0, "\(verify.output) \(verify.errors)")
        let findings = try await Program.run([
            "cat", recorded.path, "--raw", "--stream", "desk/finding",
        ])
        #expect(findings.output.contains("public data was not kept"))
    }
}
