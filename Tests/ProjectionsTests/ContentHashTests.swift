import CSQLite
import Market
import Testing

@testable import Projections

@Suite struct ContentHashTests {
    /// As it is written down: two chains over types and values, one value after another.
    private struct Plain {
        var high: UInt64 = 1
        var low: UInt64 = 2

        mutating func add(_ number: UInt64) {
            high = Mix.combine(high, number)
            low = Mix.combine(low, ~number)
        }

        mutating func add(_ text: String) {
            let bytes = Array(text.utf8)
            high = bytes.withUnsafeBytes { Mix.hash($0, seed: high) }
            low = bytes.withUnsafeBytes { Mix.hash($0, seed: low) }
        }
    }

    @Test func `the hash is that of every value of every table, in the order of their keys`()
        throws
    {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 400)
        // More than is handed to the hashing thread at once: one value longer than that, and rows that fill several.
        var long = Sample.finding(.decode, 401)
        long.note = String(repeating: "a note without an end ", count: 20_000)
        try writer.add(finding: long, at: Sample.place(401))
        try Sample.fill(writer, from: 402, through: 4_000)
        let hash = try writer.finish(lastSequence: SequenceNumber(4_000))
        try writer.close()

        let database = try RawDatabase(directory.desk)
        var plain = Plain()
        var count = 0
        plain.add(UInt64(Schema.version))
        for table in Schema.tables {
            plain.add("\(table.name)")
            let names = try database.rows("SELECT name FROM pragma_table_info('\(table.name)')")
            let columns = names.compactMap { $0[0] }.map { "typeof(\($0)), \($0)" }
            let rows = try database.rows(
                "SELECT \(columns.joined(separator: ", ")) FROM \(table.name) ORDER BY \(table.key)"
            )
            for row in rows {
                for place in stride(from: 0, to: row.count, by: 2) {
                    count += 1
                    switch (row[place], row[place + 1]) {
                    case ("integer", let text?):
                        plain.add(UInt64(SQLITE_INTEGER))
                        plain.add(UInt64(bitPattern: try #require(Int64(text))))
                    case ("text", let text?):
                        plain.add(UInt64(SQLITE3_TEXT))
                        plain.add(text)
                    default: plain.add(UInt64(SQLITE_NULL))
                    }
                }
            }
        }
        #expect(hash == ContentHash(high: plain.high, low: plain.low))
        #expect(count > 1_000)
    }
}
