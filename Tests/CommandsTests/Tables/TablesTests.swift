import Foundation
import Journal
import Market
import Projections
import Runtime
import Testing
import Trading

/// The tables of a session: kept up while it runs, the same when they are made anew, and asked in SQL.
@Suite struct TablesTests {
    private static func rows(_ outcome: Program.Outcome) throws -> [[String: Any]] {
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        return try outcome.lines.map { line in
            try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                "\(line)"
            )
        }
    }

    private static func sum(_ rows: [[String: Any]], _ field: String) throws -> Amount {
        var sum = Amount.zero
        for row in rows {
            let text = try #require(row[field] as? String)
            sum = try sum.adding(Amount(text: text))
        }
        return sum
    }

    @Test func `a session's own tables are the rebuilt ones, and its trips sum up to its P&L`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 6) {
            (try? DeskReader(path: $0 + "/derived/desk.sqlite").executions().isEmpty) == false
        }
        let desk = path + "/derived/desk.sqlite"

        // The session has left them complete.
        let status = try DeskReader(path: desk).status()
        let recording = try Recording.open(path)
        #expect(status.isComplete)
        #expect(status.lastSequence == recording.last)
        #expect(try DeskReader(path: desk).executions().count > 0)

        // Made anew from the journal they are the same, row by row.
        try FileManager.default.moveItem(atPath: desk, toPath: folder.path + "/kept.sqlite")
        let build = DeskBuild(registry: .standard, program: status.identity.program)
        #expect(try build.update(recording) == desk)
        #expect(try DeskReader(path: desk).status().contentHash == status.contentHash)

        // Round trips, one way and the other.
        for by in ["symbol", "strategy"] {
            let pnl = try Self.rows(
                try await Program.run(["pnl", path, "--by", by, "--json"], in: folder.path)
            )
            let trips = try Self.rows(
                try await Program.run(
                    ["pnl", path, "--by", by, "--trips", "--json"],
                    in: folder.path
                )
            )
            #expect(!trips.isEmpty)
            #expect(try Self.sum(pnl, "realised") == Self.sum(trips, "realised"), "\(by)")
            #expect(try Self.sum(pnl, "net") == Self.sum(trips, "net"), "\(by)")
            #expect(try Self.sum(pnl, "funding") == Self.sum(trips, "funding"), "\(by)")
        }
        let statistics = try Self.rows(
            try await Program.run(["pnl", path, "--statistics", "--json"], in: folder.path)
        )
        #expect(statistics.allSatisfy { $0["kind"] as? String == "statistics" })

        // Flows of a coin add up to its balance.
        let flows = try DeskReader(path: desk).walletFlows()
        var balances: [String: Amount] = [:]
        for flow in flows {
            let sum = try (balances[flow.value.coin] ?? .zero).adding(flow.value.amount)
            balances[flow.value.coin] = sum
            #expect(sum == flow.value.balance)
        }
        #expect(balances["USDT"] != nil)
    }

    @Test func `a damaged or deleted file is moved aside and made anew`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 3)
        let desk = path + "/derived/desk.sqlite"
        let hash = try DeskReader(path: desk).status().contentHash
        let file = try #require(FileHandle(forUpdatingAtPath: desk))
        try file.seek(toOffset: 0)
        try file.write(contentsOf: Data(repeating: 0x55, count: 8_192))
        try file.close()
        let rows = try Self.rows(
            try await Program.run(
                ["sql", path, "SELECT value FROM meta WHERE key = 'content_hash'", "--json"],
                in: folder.path
            )
        )
        let row = try #require(rows.first?["row"] as? [String: Any])
        #expect(row["value"] as? String == hash)
        #expect(FileManager.default.fileExists(atPath: desk + ".corrupt-1"))
    }

    @Test func `a query reads, and nothing else`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 3)
        let before = try Data(contentsOf: URL(filePath: path + "/derived/desk.sqlite"))
        let refused = [
            "DELETE FROM orders", "INSERT INTO meta VALUES ('a', 'b')", "DROP TABLE orders",
            "ATTACH '/tmp/other.sqlite' AS other", "PRAGMA journal_mode = WAL",
            "PRAGMA query_only = OFF", "BEGIN IMMEDIATE", "VACUUM INTO '/tmp/copy.sqlite'",
            "SELECT 1; SELECT 2", "SELECT load_extension('x')", "CREATE TEMP TABLE t (a)",
            "SELECT no_such_column FROM orders", "",
        ]
        for query in refused {
            let outcome = try await Program.run(
                ["sql", path, query, "--no-update", "--json"],
                in: folder.path
            )
            #expect(outcome.status == 64, "\(query): \(outcome.output) \(outcome.errors)")
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("\"code\":\"usage\""), "\(outcome.errors)")
        }
        #expect(try Data(contentsOf: URL(filePath: path + "/derived/desk.sqlite")) == before)
        let lines = try await Program.run(
            ["sql", path, "SELECT symbol, price, price AS price FROM orders LIMIT 2"],
            in: folder.path
        )
        #expect(lines.lines.first == "symbol\tprice\tprice")
        let tables = try await Program.run(["sql", path, "--schema"], in: folder.path)
        #expect(tables.output.contains("CREATE TABLE round_trips"))
        #expect(tables.output.contains("-- positive is paid"))
    }
}
