import Foundation
import Testing

/// A live recorder whose disk becomes full: what is not kept is told at once, what is private is kept.
@Suite struct FullDiskTests {
    private static func object(_ line: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    @Test func `books are told stale when the first frame is not kept, and all is counted`()
        async throws
    {
        let folder = try TemporaryFolder()
        let sign = folder.path + "/full"
        let library = try await Preload.build("full-disk", Preload.fullDisk, in: folder.path)
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let recorder = try Program.start(
            [
                "record", "--endpoint", endpoint, "--public",
                "linear:orderbook.50.*,linear:publicTrade.*", "--out", "r", "--json",
                "--status-every", "50ms",
            ],
            environment: ["LD_PRELOAD": library, "FULL_DISK": sign],
            in: folder.path
        )
        func status(_ isMet: @escaping ([String: Any]) -> Bool) async throws {
            _ = try await recorder.line { line -> Bool? in
                Self.object(line).flatMap { isMet($0) ? true : nil }
            }
        }
        try await status { ($0["frames"] as? Int ?? 0) > 100 }
        try Data().write(to: URL(filePath: sign))
        // Told while the disk is still full: in the reserve, and to the engine.
        try await status { ($0["shed"] as? Int ?? 0) > 0 }
        let during = try await Program.run(
            ["cat", "r", "--stream", "link/*", "--raw"],
            in: folder.path
        )
        #expect(during.lines.contains { Self.object($0)?["change"] as? String == "shed" })
        let state = try await Program.run(["state", "r"], in: folder.path)
        #expect(state.output.contains("stale"), "\(state.output) \(state.errors)")
        let beside = try await Program.run(["verify", "r", "--json"], in: folder.path)
        #expect(beside.object["state"] as? String == "sound", "\(beside.output)")
        try await Task.sleep(for: .seconds(2))
        try FileManager.default.removeItem(atPath: sign)
        try await status { ($0["health"] as? String ?? "").hasPrefix("full") }
        try await ProxiedSession.until("the journal is sound again") {
            let last = recorder.outputSoFar.split(separator: "\n").last.map(String.init) ?? ""
            return Self.object(last)?["health"] as? String == "sound"
        }
        try await Task.sleep(for: .seconds(1))
        recorder.interrupt()
        let end = try await recorder.end()
        #expect(end.status == 0, "\(end.errors)")

        // New orders were halted as long, and both is on record and in the log.
        let requests = try await Program.run(
            ["cat", "r", "--stream", "desk/operator", "--raw"],
            in: folder.path
        ).lines.compactMap(Self.object)
        let halt = requests.firstIndex {
            $0["verb"] as? String == "journal-halt"
                && ($0["reason"] as? String)?.hasPrefix("the disk is full: ") == true
        }
        let lifted = requests.lastIndex { $0["verb"] as? String == "journal-resume" }
        #expect(try #require(halt, "\(requests)") < #require(lifted, "\(requests)"))
        let log = end.errors.split(separator: "\n").filter {
            $0.contains("critical") && $0.contains("the journal halts new orders")
        }
        #expect(log.contains { $0.contains("the disk is full") }, "\(end.errors)")

        let frames = end.lines.compactMap { Self.object($0)?["frames"] as? Int }.last ?? 0
        let told = try await Program.run(
            ["cat", "r", "--stream", "link/*", "--raw"],
            in: folder.path
        )
        .lines.compactMap(Self.object).filter { $0["change"] as? String == "shed" }
        .compactMap { $0["count"] as? Int }
        #expect(told.count >= 2 && told.allSatisfy { $0 > 0 }, "\(told)")
        let kept = try await Program.run(
            ["cat", "r", "--stream", "public/*", "--raw"],
            in: folder.path
        )
        // A frame or two may come between the last status and the end.
        let sum = kept.lines.count + told.reduce(0, +)
        #expect(sum >= frames && sum < frames + 200, "\(frames) \(sum)")
        let info = try await Program.run(["info", "r", "--json"], in: folder.path)
        let gaps = info.object["interruptions"] as? [[String: Any]]
        #expect(gaps?.first?["shed"] as? Int == told.reduce(0, +))
        #expect(try await Program.run(["verify", "r"], in: folder.path).status == 0)
    }
}
