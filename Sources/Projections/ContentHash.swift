import CSQLite
import GRDB

/// A fixed hash of all rows in the order of their keys: two rebuilds of one recording have the same.
///
/// It compares rebuilds and proves nothing against an adversary: that is the journal's chain.
public struct ContentHash: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Of a whole file, table by table.
    init(of database: Database) throws {
        self.init(of: try Schema.tables.map { try ContentHash(of: $0, in: database) })
    }

    /// Of a whole file by the hashes of its tables, in the order of ``Schema/tables``.
    init(of tables: [ContentHash]) {
        var values = ValueHash(seed: UInt64(Schema.version))
        for (table, hash) in zip(Schema.tables, tables) {
            values.add(
                type: SQLITE3_TEXT,
                bytes: UnsafeRawBufferPointer(
                    start: table.name.utf8Start,
                    count: table.name.utf8CodeUnitCount
                )
            )
            values.add(type: SQLITE_INTEGER, word: hash.high)
            values.add(type: SQLITE_INTEGER, word: hash.low)
        }
        self = values.content
    }

    /// Of the values of one table.
    init(of table: Schema.Table, in database: Database) throws {
        let made = try database.makeStatement(
            sql: "SELECT * FROM \(table.name) ORDER BY \(table.key)"
        )
        let statement = made.sqliteStatement
        let columns = sqlite3_column_count(statement)
        var values = ValueHash(seed: 0)
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: code),
                    message: sqlite3_errmsg(database.sqliteConnection).map { String(cString: $0) }
                )
            }
            for column in 0..<columns {
                // Looked up once: asked of the statement, each of these would be looked up again.
                let value = sqlite3_column_value(statement, column)
                // The type is part of it: NULL, an empty text and a zero differ.
                let type = sqlite3_value_type(value)
                switch type {
                case SQLITE_INTEGER:
                    values.add(type: type, word: UInt64(bitPattern: sqlite3_value_int64(value)))
                case SQLITE_NULL: values.add(type: type)
                default:
                    let start = sqlite3_value_blob(value)
                    let count = Int(sqlite3_value_bytes(value))
                    values.add(
                        type: type,
                        bytes: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
                    )
                }
            }
        }
        sqlite3_reset(statement)
        self = values.content
    }
}

extension ContentHash: CustomStringConvertible {
    /// Thirty-two hexadecimal digits.
    public var description: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
