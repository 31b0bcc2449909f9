import CSQLite
import Market
import Testing

@testable import Projections

@Suite struct ContentHashTests {
    /// As it is written down: the words of all values, two a step, into two halves.
    private struct Plain {
        private var high: UInt64
        private var low: UInt64

        init(seed: Int) {
            high = Mix.spread(UInt64(seed))
            low = Mix.spread(~UInt64(seed))
        }

        mutating func add(_ words: [UInt64]) {
            for place in stride(from: 0, to: words.count, by: 2) {
                let first = words[place]
                let second = place + 1 < words.count ? words[place + 1] : 0
                let a = fold(high ^ first, second ^ 0x8ebc_6af0_9c88_c6e3)
                let b = fold(low ^ second, first ^ 0x5899_65cc_7537_4cc3)
                (high, low) = (a &+ low, b &+ high)
            }
        }

        private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let product = UInt128(a) * UInt128(b)
            return UInt64(truncatingIfNeeded: product >> 64) ^ UInt64(truncatingIfNeeded: product)
        }

        mutating func add(_ number: Int64) {
            add([UInt64(SQLITE_INTEGER), UInt64(bitPattern: number)])
        }

        mutating func addNull() { add([UInt64(SQLITE_NULL)]) }

        mutating func add(_ text: String) {
            let bytes = Array(text.utf8)
            var words = [UInt64(bytes.count) << 8 | UInt64(SQLITE3_TEXT)]
            for start in stride(from: 0, to: bytes.count, by: 8) {
                let word = bytes[start...].prefix(8).reversed().reduce(0 as UInt64) {
                    $0 << 8 | UInt64($1)
                }
                words.append(word)
            }
            add(words)
        }

        /// A table's hash among those of the others.
        mutating func add(_ hash: ContentHash) {
            add([UInt64(SQLITE_INTEGER), hash.high])
            add([UInt64(SQLITE_INTEGER), hash.low])
        }

        var hash: ContentHash { ContentHash(high: Mix.spread(high), low: Mix.spread(low)) }
    }

    @Test func `the hash is that of every value of every table, in the order of their keys`()
        throws
    {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 400)
        // A value that is longer than a page, and texts of every length up to some words.
        var long = Sample.finding(.decode, 401)
        long.note = String(repeating: "a note without an end ", count: 20_000)
        try writer.add(finding: long, at: Sample.place(401))
        for count in 0...40 {
            var finding = Sample.finding(.decode, 401)
            finding.note = String("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH".prefix(count))
            try writer.add(finding: finding, at: Sample.place(401))
        }
        try Sample.fill(writer, from: 402, through: 4_000)
        let hash = try writer.finish(lastSequence: SequenceNumber(4_000))
        try writer.close()

        let database = try RawDatabase(directory.desk)
        var whole = Plain(seed: Schema.version)
        var count = 0
        for table in Schema.tables {
            var plain = Plain(seed: 0)
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
                        plain.add(try #require(Int64(text)))
                    case ("text", let text?): plain.add(text)
                    default: plain.addNull()
                    }
                }
            }
            whole.add("\(table.name)")
            whole.add(plain.hash)
        }
        #expect(hash == whole.hash)
        #expect(count > 1_000)
    }

    /// Of a file of some rows, after `change` was made to it behind our back.
    private func hash(after change: String?) throws -> ContentHash {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 40)
        try writer.finish(lastSequence: SequenceNumber(40))
        try writer.close()
        if let change {
            let database = try RawDatabase(directory.desk)
            let before = try database.rows("SELECT total_changes()")
            try database.run(change)
            #expect(try database.rows("SELECT total_changes()") != before)
        }
        return try DeskReader(path: directory.desk).contentHash()
    }

    @Test func `whatever is changed in a row is another content`() throws {
        let first = "(SELECT min(sequence) FROM order_history)"
        let changes = [
            // A digit, and two that change places.
            "UPDATE order_history SET price = '90000.11' WHERE sequence = \(first)",
            "UPDATE order_history SET price = '90001.01' WHERE sequence = \(first)",
            // Two fields.
            "UPDATE order_history SET filled_value = '1', filled_fee = '2' WHERE sequence = \(first)",
            "UPDATE order_history SET filled_value = '2', filled_fee = '1' WHERE sequence = \(first)",
            // The same letters in other fields.
            "UPDATE order_history SET order_id = 'ab', order_link_id = 'c' WHERE sequence = \(first)",
            "UPDATE order_history SET order_id = 'a', order_link_id = 'bc' WHERE sequence = \(first)",
            // Nothing, an empty text, zeros as text, and bytes that are zero.
            "UPDATE order_history SET price = NULL WHERE sequence = \(first)",
            "UPDATE order_history SET price = '' WHERE sequence = \(first)",
            "UPDATE order_history SET price = '0' WHERE sequence = \(first)",
            "UPDATE order_history SET price = '00' WHERE sequence = \(first)",
            "UPDATE order_history SET price = char(0) WHERE sequence = \(first)",
            "UPDATE order_history SET price = char(0, 0) WHERE sequence = \(first)",
            // A number, and its neighbour that takes another sign.
            "UPDATE order_history SET created_ms = 1 WHERE sequence = \(first)",
            "UPDATE order_history SET created_ms = -1 WHERE sequence = \(first)",
            "UPDATE order_history SET created_ms = 0, updated_ms = 1 WHERE sequence = \(first)",
            // A row less, a row twice, and one that has another's place.
            "DELETE FROM order_history WHERE sequence = \(first)",
            """
            INSERT INTO wallets
            SELECT sequence, ordinal + 1000, time, account, coin, wallet_balance, equity, unrealised,
              cumulative_realised, locked
            FROM wallets WHERE sequence = (SELECT min(sequence) FROM wallets)
            """,
            """
            UPDATE wallets SET ordinal = ordinal + 1000
            WHERE sequence = (SELECT min(sequence) FROM wallets)
            """,
        ]
        var hashes = Set([try hash(after: nil)])
        #expect(try hash(after: nil) == hashes.first)
        for change in changes { hashes.insert(try hash(after: change)) }
        #expect(hashes.count == changes.count + 1)
    }
}
