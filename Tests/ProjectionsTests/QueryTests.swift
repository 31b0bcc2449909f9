import Glibc
import Market
import Projections
import Testing

/// A query of the user's reads, and is refused by name where it would do anything else.
@Suite struct QueryTests {
    private func desk(_ directory: TemporaryDirectory) throws -> String {
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 40)
        try writer.finish(lastSequence: SequenceNumber(40))
        try writer.close()
        return directory.desk
    }

    private func rows(_ path: String, _ sql: String) throws -> [[ReadOnlyQuery.Cell]] {
        let query = try ReadOnlyQuery(path: path, sql: sql)
        var rows: [[ReadOnlyQuery.Cell]] = []
        while let row = try query.next() { rows.append(row) }
        return rows
    }

    @Test func `cells keep their text and their kind`() throws {
        let directory = try TemporaryDirectory()
        let path = try desk(directory)
        let query = try ReadOnlyQuery(
            path: path,
            sql: "SELECT price, closed, average_price, x'0aff' AS b FROM orders LIMIT 1"
        )
        #expect(query.columns == ["price", "closed", "average_price", "b"])
        #expect(try query.next() == [.text("90000.10"), .integer(0), .null, .blob("0aff")])
        #expect(try query.next() == nil)
        #expect(
            try rows(path, "WITH a AS (SELECT 1 UNION SELECT 2) SELECT count(*) FROM a;  ")
                == [[.integer(2)]]
        )
        #expect(try rows(path, "PRAGMA table_info(gaps)").count == 10)
        #expect(try rows(path, "EXPLAIN QUERY PLAN SELECT * FROM orders").isEmpty == false)
    }

    @Test(arguments: [
        ("DELETE FROM orders", "it would change something, and these tables are only read here"),
        (
            "UPDATE meta SET value = ''",
            "it would change something, and these tables are only read here"
        ),
        ("CREATE TABLE t (a)", "it would change something, and these tables are only read here"),
        (
            "CREATE TEMP TABLE t (a)",
            "it would change something, and these tables are only read here"
        ),
        ("ATTACH ':memory:' AS m", "ATTACH is not allowed: a query reads this file alone"),
        ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode may not be given here"),
        ("PRAGMA query_only = 0", "PRAGMA query_only may not be given here"),
        ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint may not be given here"),
        ("BEGIN", "transactions are not allowed: a query is one already"),
        ("SAVEPOINT a", "transactions are not allowed: a query is one already"),
        ("SELECT load_extension('x')", "load_extension() reaches out of the tables"),
        ("SELECT 1; SELECT 2", "it is more than one statement"),
        ("SELECT 1; DROP TABLE orders", "it is more than one statement"),
        ("-- nothing", "there is no statement"),
    ])
    func `what is no reading is refused by name`(sql: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let path = try desk(directory)
        #expect(throws: ProjectionError.query(reason: reason)) { try rows(path, sql) }
    }

    @Test func `VACUUM INTO writes no other file`() throws {
        let directory = try TemporaryDirectory()
        let path = try desk(directory)
        #expect(throws: ProjectionError.self) {
            try rows(path, "VACUUM INTO '\(directory.path)/copy.sqlite'")
        }
        #expect(!directory.names.contains("copy.sqlite"))
    }

    @Test func `a file that is missing or no database is told as such`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: ProjectionError.missing(path: directory.desk)) {
            try rows(directory.desk, "SELECT 1")
        }
        try overwrite(directory.desk, at: 0, with: [UInt8](repeating: 0x41, count: 4_096))
        #expect {
            try rows(directory.desk, "SELECT * FROM orders")
        } throws: { error in
            if case ProjectionError.damaged = error { true } else { false }
        }
    }
}
