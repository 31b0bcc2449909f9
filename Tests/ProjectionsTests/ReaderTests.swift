import Market
import Projections
import Testing

@Suite struct ReaderTests {
    private func build(_ directory: TemporaryDirectory) throws -> DeskReader {
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 64)
        try writer.finish(lastSequence: SequenceNumber(64))
        try writer.close()
        return try DeskReader(path: directory.desk)
    }

    @Test(arguments: [
        "DELETE FROM orders",
        "INSERT INTO meta VALUES ('a', 'b')",
        "CREATE TABLE t (a)",
        "DROP TABLE pnl",
        "ATTACH DATABASE ':memory:' AS other",
        "PRAGMA writable_schema = ON",
        "SELECT 1; DELETE FROM orders",
        "SELEC",
        "SELECT load_extension('x')",
    ])
    func `a query that would change something or reach outside is refused`(sql: String) throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory)
        let hash = try reader.contentHash()
        if !sql.hasPrefix("PRAGMA") {
            #expect(throws: ProjectionError.self) { try reader.query(sql) }
        } else {
            // The switch is taken and does nothing: DEFENSIVE.
            _ = try? reader.query(sql)
            #expect(throws: ProjectionError.self) {
                try reader.query("UPDATE sqlite_master SET sql = ''")
            }
        }
        #expect(try reader.contentHash() == hash)
    }

    @Test func `a query answers with names and texts`() throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory)
        let result = try reader.query(
            "SELECT order_id, average_price FROM orders ORDER BY order_id LIMIT 2"
        )
        #expect(result.columns == ["order_id", "average_price"])
        #expect(result.rows == [["16", nil], ["16b", nil]])
        #expect(try reader.query("SELECT * FROM order_history", rowsMax: 3).rows.count == 3)
    }

    @Test func `positions are told as they stood at a record`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for (sequence, size) in [(UInt64(2), "0.1"), (5, "0.3"), (9, "0")] {
            try writer.add(
                position: try Sample.position(size: size, unrealised: "0"),
                at: Sample.place(sequence)
            )
        }
        try writer.finish(lastSequence: SequenceNumber(9))
        let reader = try DeskReader(path: directory.desk)
        func sizes(_ sequence: UInt64?) throws -> [String] {
            try reader.positions(at: sequence.map { SequenceNumber($0) }).map {
                $0.value.size.description
            }
        }
        #expect(try sizes(1) == [])
        #expect(try sizes(2) == ["0.1"])
        #expect(try sizes(8) == ["0.3"])
        #expect(try sizes(nil) == ["0"])
        let middle = DeskFilter(from: SequenceNumber(3), through: SequenceNumber(8))
        #expect(try reader.positionHistory(middle).map(\.value.size.description) == ["0.3"])
    }

    @Test func `the file keeps a rollback journal, never a WAL`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 64)
        try writer.flush()
        let reader = try DeskReader(path: directory.desk)
        #expect(directory.names == ["desk.sqlite", "desk.sqlite-journal", "desk.sqlite.lock"])
        #expect(fileSize(directory.desk + "-journal") == 0)
        #expect(try RawDatabase(directory.desk).rows("PRAGMA journal_mode") == [["delete"]])
        #expect(try reader.query("PRAGMA trusted_schema").rows == [["0"]])
        #expect(try reader.query("PRAGMA query_only").rows == [["1"]])
    }

    @Test(.timeLimit(.minutes(10)))
    func `a reader that holds its lock delays the rows and loses none`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 40)
        try writer.flush()
        let before = writer.lastSequence
        let other = try RawDatabase(directory.desk)
        try other.run("BEGIN")
        _ = try other.rows("SELECT count(*) FROM orders")
        try Sample.fill(writer, from: 41, through: 80)
        try writer.flush()
        #expect(writer.delays == 1)
        #expect(writer.lastSequence == before)
        #expect(throws: ProjectionError.busy(path: directory.desk)) {
            try writer.finish(lastSequence: SequenceNumber(80))
        }
        try other.run("COMMIT")
        let hash = try writer.finish(lastSequence: SequenceNumber(80))

        let whole = try TemporaryDirectory()
        let one = try DeskWriter(path: whole.desk, identity: Sample.identity)
        try Sample.fill(one, through: 80)
        #expect(try one.finish(lastSequence: SequenceNumber(80)) == hash)
    }
}
