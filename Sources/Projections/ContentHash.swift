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

    /// Reads the rows on the caller's thread and hashes them on another.
    init(of database: Database) throws {
        var beginning = ContentHash(high: 1, low: 2)
        beginning.add(UInt64(Schema.version))
        let thread = HashingThread(beginning)
        var words = HashedWords()
        do {
            for table in Schema.tables {
                words.add(
                    type: HashedWords.bytesAlone,
                    bytes: UnsafeRawBufferPointer(
                        start: table.name.utf8Start,
                        count: table.name.utf8CodeUnitCount
                    )
                )
                let statement = try database.makeStatement(
                    sql: "SELECT * FROM \(table.name) ORDER BY \(table.key)"
                )
                try ContentHash.read(statement.sqliteStatement, in: database, &words, thread)
            }
        } catch {
            _ = thread.end(words)
            throw error
        }
        self = thread.end(words)
    }

    private static func read(
        _ statement: OpaquePointer,
        in database: Database,
        _ words: inout HashedWords,
        _ thread: HashingThread
    ) throws {
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
                switch type {
                case SQLITE_INTEGER:
                    words.add(
                        type: UInt64(type),
                        value: UInt64(bitPattern: sqlite3_value_int64(value))
                    )
                case SQLITE_NULL: words.add(type: UInt64(type))
                default:
                    let start = sqlite3_value_blob(value)
                    let count = Int(sqlite3_value_bytes(value))
                    words.add(
                        type: UInt64(type),
                        bytes: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
                    )
                }
            }
            if words.isFull { words = thread.exchange(words) }
        }
        sqlite3_reset(statement)
    }

    /// Takes in what ``HashedWords`` holds.
    mutating func add(_ words: HashedWords) {
        let words = words.words
        var at = 0
        while at < words.count {
            let type = words[at]
            at += 1
            if type != HashedWords.bytesAlone { add(type) }
            switch type {
            case UInt64(SQLITE_INTEGER):
                add(words[at])
                at += 1
            case UInt64(SQLITE_NULL): break
            default:
                let count = words[at]
                let end = at + 2 + Int(count / 8)
                add(UnsafeBufferPointer(rebasing: words[at + 1..<end]), of: count)
                at = end
            }
        }
    }

    private mutating func add(_ value: UInt64) {
        high = Mix.combine(high, value)
        low = Mix.combine(low, ~value)
    }

    /// ``Mix/hash(_:seed:)`` of both, word by word side by side: each waits for its own word before, and not for the other.
    private mutating func add(_ words: UnsafeBufferPointer<UInt64>, of count: UInt64) {
        var a = Mix.combine(high, count)
        var b = Mix.combine(low, count)
        for word in words {
            let word = UInt64(littleEndian: word)
            a = Mix.combine(a, word)
            b = Mix.combine(b, word)
        }
        high = a
        low = b
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
