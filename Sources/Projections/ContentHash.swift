import CSQLite
import GRDB
import Market

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

    init(of database: Database) throws {
        self.init(high: 1, low: 2)
        add(UInt64(Schema.version))
        for table in Schema.tables {
            "\(table.name)".withCString { name in
                add(UnsafeRawBufferPointer(start: name, count: table.name.utf8CodeUnitCount))
            }
            let statement = try database.makeStatement(
                sql: "SELECT * FROM \(table.name) ORDER BY \(table.key)"
            )
            try addRows(of: statement.sqliteStatement, in: database)
        }
    }

    private mutating func addRows(of statement: OpaquePointer, in database: Database) throws {
        let columns = sqlite3_column_count(statement)
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
                add(UInt64(type))
                switch type {
                case SQLITE_INTEGER: add(UInt64(bitPattern: sqlite3_value_int64(value)))
                case SQLITE_NULL: break
                default:
                    let start = sqlite3_value_blob(value)
                    let count = Int(sqlite3_value_bytes(value))
                    add(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
                }
            }
        }
        sqlite3_reset(statement)
    }

    private mutating func add(_ value: UInt64) {
        high = Mix.combine(high, value)
        low = Mix.combine(low, ~value)
    }

    /// ``Mix/hash(_:seed:)`` of both, word by word side by side: each waits for its own word before, and not for the other.
    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var a = Mix.combine(high, UInt64(bytes.count))
        var b = Mix.combine(low, UInt64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            )
            a = Mix.combine(a, word)
            b = Mix.combine(b, word)
            offset += 8
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            rest |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        high = Mix.combine(a, rest)
        low = Mix.combine(b, rest)
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
