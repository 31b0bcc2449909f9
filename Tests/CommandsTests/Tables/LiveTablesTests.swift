import CSQLite
import Foundation
import Journal
import Market
import Projections
import Runtime
import Testing
import Trading

/// Tables of a session while it runs, beside readers that are not kind.
@Suite struct LiveTablesTests {
    /// A reader as any SQLite tool is: holds its lock until it is let go.
    private final class Holder {
        private var database: OpaquePointer?

        init(_ path: String) throws {
            try #require(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
            sqlite3_busy_timeout(database, 5_000)
            let code = sqlite3_exec(database, "BEGIN; SELECT count(*) FROM meta", nil, nil, nil)
            try #require(code == SQLITE_OK)
        }

        func release() {
            sqlite3_close(database)
            database = nil
        }
    }

    /// - Parameter parameters: of the strategy.
    private static func session(
        parameters: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> DeskedSession {
        try await DeskedSession(
            topics: ["linear:orderbook.50.BTCUSDT", "linear:tickers.BTCUSDT"],
            settings: """
                credentials: main
                credentials_file: credentials
                strategies:
                  maker:
                    kind: maker
                """ + parameters.map { "\n    " + $0 }.joined(),
            market: ["--regime", "jump", "--rate-limits", "off"],
            command: ["trade"],
            environment: environment,
            prepare: { path in
                let folder = URL(filePath: path).deletingLastPathComponent()
                    .deletingLastPathComponent().path
                try DeskedSession.writeCredentials(["main": DeskedSession.account], in: folder)
            }
        )
    }

    private static func reach(_ path: String) -> UInt64 {
        (try? DeskReader(path: path).status().lastSequence.value) ?? 0
    }

    /// The tables that a session has left are complete, and those that are made anew from its journal.
    private static func expectRebuilt(_ path: String) throws {
        let desk = path + "/derived/desk.sqlite"
        let recording = try Recording.open(path)
        let status = try DeskReader(path: desk).status()
        #expect(status.isComplete)
        #expect(status.lastSequence == recording.last)
        try FileManager.default.removeItem(atPath: desk)
        let build = DeskBuild(registry: .standard, program: status.identity.program)
        _ = try build.update(recording)
        #expect(try DeskReader(path: desk).status().contentHash == status.contentHash)
    }

    private static func eventually(_ condition: () throws -> Bool) async throws {
        for _ in 0..<6_000 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never came to pass")
    }

    @Test func `a reader that keeps its lock delays the tables and not the recorder`() async throws
    {
        let session = try await Self.session()
        let desk = session.path + "/derived/desk.sqlite"
        try await Self.eventually {
            Self.reach(desk) > 0
                && (try? DeskReader(path: desk).executions().isEmpty) == false
        }

        let holder = try Holder(desk)
        let held = Self.reach(desk)
        let before = try #require(try await session.status()["written"] as? Int)
        try await Task.sleep(for: .milliseconds(1_500))
        var after = before
        for _ in 0..<600 where after <= before {
            try await Task.sleep(for: .milliseconds(100))
            after = try #require(try await session.status()["written"] as? Int)
        }
        #expect(after > before, "the recorder goes on")
        #expect(Self.reach(desk) == held, "the tables wait")
        holder.release()
        try await Self.eventually { Self.reach(desk) > held }

        // Asked while it runs: what is there, without a word to the session.
        let live = try await Program.run(
            ["sql", session.path, "SELECT count(*) AS n FROM orders", "--json"],
            in: session.folder.path
        )
        #expect(live.status == 0, "\(live.errors)")
        #expect(live.errors.contains("a session writes these tables"), "\(live.errors)")

        _ = try await session.desk("stop")
        _ = try await session.recorder.end()
        try Self.expectRebuilt(session.path)
    }

    @Test func `a session that was killed goes on with its tables, and they are the rebuilt ones`()
        async throws
    {
        let session = try await Self.session()
        let desk = session.path + "/derived/desk.sqlite"
        try await Self.eventually {
            (try? DeskReader(path: desk).executions().isEmpty) == false
        }
        session.recorder.kill()
        _ = try? await session.recorder.end()
        // The second run finds a file that its first run left in the middle.
        let again = try await Program.run(
            ["trade", "session.yaml", "--out", session.path, "--for", "3s"],
            in: session.folder.path
        )
        #expect(again.status == 0, "\(again.errors)")
        try Self.expectRebuilt(session.path)
    }

    // MARK: - Orders that wait

    /// What the recorder says of its journal.
    private struct Mark {
        /// The last record that was written, and the last of all.
        var written: Int
        var appended: Int
        var isHalted: Bool
    }

    /// Of its last lines, in their order.
    private static func marks(_ session: DeskedSession, last lines: Int = .max) -> [Mark] {
        session.recorder.outputSoFar.split(separator: "\n").suffix(lines).compactMap { line in
            guard let status = DeskedSession.object(String(line)),
                let written = status["written"] as? Int,
                let appended = status["appended"] as? Int,
                let halted = status["halted"] as? String
            else { return nil }
            return Mark(written: written, appended: appended, isHalted: halted != "no")
        }
    }

    /// The last of them, which may be the one before the last line: that may be half there.
    private static func mark(_ session: DeskedSession) -> Mark? { marks(session, last: 2).last }

    /// Orders that still waited for the journal when a push behind them had been taken in.
    private static func waited(_ session: DeskedSession) async throws -> Int {
        let marks = marks(session)
        // What was said twice in a row to be the last that was written was so all the while.
        let stuck = zip(marks, marks.dropFirst()).compactMap { mark, next in
            mark.written == next.written ? mark : nil
        }
        var orders: [Int] = []
        var pushes: [Int] = []
        for line in try await Program.run(["cat", session.path, "--json"]).lines {
            guard let row = DeskedSession.object(line), let number = row["sequence"] as? Int,
                let stream = row["stream"] as? String, let payload = row["payload"] as? String
            else { continue }
            if stream.hasPrefix("public/") {
                pushes.append(number)
            } else if stream == "desk/command",
                payload.contains(#""action":"amend""#)
                    || (payload.contains(#""action":"place""#)
                        && payload.contains(#""reduce_only":false"#))
            {
                orders.append(number)
            }
        }
        return orders.count { order in
            guard let push = pushes.first(where: { $0 > order }) else { return false }
            return stuck.contains { $0.written < order && push <= $0.appended }
        }
    }

    @Test func `rows keep their order around orders that wait for the recorder`() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let sign = folder.path + "/stuck"
        let library = try await Preload.build("stuck", Preload.stuckDisk, in: folder.path)
        let session = try await Self.session(
            parameters: ["requote_ms: 20", "lifetime_ms: 100"],
            environment: ["LD_PRELOAD": library, "STUCK_DISK": sign]
        )
        var waited = 0
        for _ in 0..<20 where waited == 0 {
            // Behind a halt it quotes again first.
            let begun = Self.mark(session)?.appended ?? 0
            try await Self.eventually {
                Self.mark(session).map { !$0.isHalted && $0.appended > begun + 50 } ?? false
            }
            try Data().write(to: URL(filePath: sign))
            try await Self.eventually {
                Self.mark(session).map { $0.appended - $0.written >= 50 } ?? false
            }
            let reached = try #require(Self.mark(session)?.appended)
            try FileManager.default.removeItem(atPath: sign)
            try await Self.eventually { Self.mark(session).map { $0.written >= reached } ?? false }
            waited = try await Self.waited(session)
        }
        #expect(waited > 0)
        _ = try await session.desk("stop")
        _ = try await session.recorder.end()
        // A record whose rows were told behind the next one's, or never, would have left others.
        try Self.expectRebuilt(session.path)
    }
}
