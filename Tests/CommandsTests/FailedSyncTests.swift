import Foundation
import Testing

/// A disk whose sync fails once under a session that trades: new orders halt for good, all else goes on.
@Suite struct FailedSyncTests {
    /// A record as `cat --json` prints it.
    private struct Row {
        var sequence: Int
        var stream: String
        var payload: [String: Any]
        var text: String

        init?(_ line: String) {
            guard let object = DeskedSession.object(line), let number = object["sequence"] as? Int,
                let stream = object["stream"] as? String, let text = object["payload"] as? String
            else { return nil }
            sequence = number
            self.stream = stream
            self.text = text
            // Of a REST exchange the first line says what became of it.
            payload = DeskedSession.object(String(text.prefix { $0 != "\n" })) ?? [:]
        }
    }

    private static func rows(_ session: DeskedSession, _ streams: [String]) async throws -> [Row] {
        let cat = try await Program.run(
            ["cat", session.path, "--json"] + streams.flatMap { ["--stream", $0] }
        )
        #expect(cat.status == 0, "\(cat.errors)")
        return cat.lines.compactMap(Row.init)
    }

    /// The exchange took a request of this path.
    private static func isTaken(_ row: Row, _ path: String) -> Bool {
        row.stream.hasSuffix(path) && row.text.contains(#"{"retCode":0,"#)
    }

    @Test
    func `one failed sync halts orders on record, in the log and in the status; cancels leave`()
        async throws
    {
        let folder = try TemporaryFolder()
        let sign = folder.path + "/sign"
        let library = try await Preload.build("failed-sync", Preload.failedSync, in: folder.path)
        try DeskedSession.writeCredentials(["main": DeskedSession.account], in: folder.path)
        // Far from the market nothing is filled. One keeps its quotes until the end; the other cancels each when it is a
        // second old, and would place it anew.
        let session = try await DeskedSession(
            topics: ["linear:orderbook.50.BTCUSDT", "linear:orderbook.50.ETHUSDT"],
            settings: """
                credentials: main
                credentials_file: \(folder.path)/credentials
                strategies:
                  patient:
                    kind: maker
                    offset_ticks: 3000
                    lifetime_ms: 0
                  restless:
                    kind: maker
                    offset_ticks: 2000
                    lifetime_ms: 1000
                """,
            command: ["trade"],
            environment: ["LD_PRELOAD": library, "FAILED_SYNC": sign]
        )
        func status(_ isMet: @escaping ([String: Any]) -> Bool) async throws -> [String: Any] {
            try await session.recorder.line { line in
                DeskedSession.object(line).flatMap { isMet($0) ? $0 : nil }
            }
        }
        let before = try await status { ($0["open_orders"] as? Int ?? 0) >= 12 }
        #expect(before["health"] as? String == "sound" || before["health"] as? String == "slow")
        try Data().write(to: URL(filePath: sign))

        let degraded = try await status {
            ($0["health"] as? String)?.hasPrefix("degraded: ") == true
                && ($0["halted"] as? String)?.contains("the journal is degraded") == true
        }
        #expect((degraded["health"] as? String)?.contains("fdatasync") == true, "\(degraded)")
        let halted = try #require(
            try await Self.rows(session, ["desk/operator"]).first {
                $0.payload["verb"] as? String == "halt"
            }
        )
        let reason = halted.payload["reason"] as? String ?? ""
        #expect(reason.hasPrefix("the journal is degraded: "), "\(reason)")
        #expect(session.recorder.errorsSoFar.contains("the journal is degraded"))

        // The one that is restless looks after its quotes a dozen times, which is three seconds of the session's own time.
        let streams = ["rest/*", "desk/*", "public/*"]
        try await ProxiedSession.until("the makers have looked after their quotes again and again")
        {
            try await Self.rows(session, ["desk/timer"]).count { $0.sequence > halted.sequence }
                > 24
        }
        session.recorder.interrupt()
        let end = try await session.recorder.end()
        #expect(end.status == 0, "\(end.errors)")
        let critical = end.errors.split(separator: "\n").filter {
            $0.contains("critical") && $0.contains("the journal is degraded")
        }
        #expect(critical.count == 1, "\(end.errors)")

        let rows = try await Self.rows(session, streams)
        let (early, late) = (
            rows.filter { $0.sequence < halted.sequence },
            rows.filter { $0.sequence > halted.sequence }
        )
        func commands(_ rows: [Row], _ action: String) -> Int {
            rows.count {
                $0.stream == "desk/command" && $0.payload["action"] as? String == action
            }
        }
        #expect(commands(early, "place") >= 12)
        #expect(commands(late, "place") == 0)
        // At the end, if not before, the patient one's quotes are cancelled.
        #expect(commands(late, "cancel") > 0)
        #expect(late.contains { Self.isTaken($0, "/v5/order/cancel") })
        #expect(late.contains { $0.stream.hasPrefix("public/") }, "recording goes on")
        let halts = rows.filter {
            $0.stream == "desk/operator" && $0.payload["verb"] as? String == "halt"
        }
        #expect(halts.count == 1)
        let verify = try await Program.run(["verify", session.path])
        #expect(verify.status == 0, "\(verify.output)")
        let replay = try await Program.run(["replay", session.path, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.errors)")
    }
}
