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

    private static func session() async throws -> DeskedSession {
        try await DeskedSession(
            topics: ["linear:orderbook.50.BTCUSDT", "linear:tickers.BTCUSDT"],
            settings: """
                credentials: main
                credentials_file: credentials
                strategies:
                  maker:
                    kind: maker
                """,
            market: ["--regime", "jump"],
            command: ["trade"],
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

    private static func eventually(_ condition: () throws -> Bool) async throws {
        for _ in 0..<1_000 {
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
        let after = try #require(try await session.status()["written"] as? Int)
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
        let status = try DeskReader(path: desk).status()
        #expect(status.isComplete)
        try FileManager.default.removeItem(atPath: desk)
        let build = DeskBuild(registry: .standard, program: status.identity.program)
        _ = try build.update(try Recording.open(session.path))
        #expect(try DeskReader(path: desk).status().contentHash == status.contentHash)
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
        let recording = try Recording.open(session.path)
        let status = try DeskReader(path: desk).status()
        #expect(status.isComplete)
        #expect(status.lastSequence == recording.last)
        try FileManager.default.removeItem(atPath: desk)
        let build = DeskBuild(registry: .standard, program: status.identity.program)
        _ = try build.update(recording)
        #expect(try DeskReader(path: desk).status().contentHash == status.contentHash)
    }
}
