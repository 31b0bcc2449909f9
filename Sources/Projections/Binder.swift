import CSQLite
import GRDB
import Market

/// Binds the columns of one row, in their order, and runs the statement.
///
/// GRDB prepares and owns the statement; a row is bound without a list of boxed values between.
struct Binder: ~Copyable {
    private let statement: OpaquePointer
    private let connection: OpaquePointer?
    private var index: Int32 = 0
    private static let empty: StaticString = ""

    init(_ statement: Statement, in database: Database) {
        self.statement = statement.sqliteStatement
        self.connection = database.sqliteConnection
    }

    mutating func integer(_ value: Int64) {
        index += 1
        sqlite3_bind_int64(statement, index, value)
    }

    mutating func integer(_ value: Int) { integer(Int64(value)) }

    mutating func flag(_ value: Bool) { integer(value ? 1 : 0 as Int64) }

    mutating func null() {
        index += 1
        sqlite3_bind_null(statement, index)
    }

    mutating func text(_ value: String) {
        index += 1
        var value = value
        let index = index
        let statement = statement
        value.withUTF8 { bytes in
            // An empty string may have no address, which SQLite would take for NULL.
            let start = bytes.baseAddress ?? Binder.empty.utf8Start
            let count = Int32(clamping: bytes.count)
            _ = tapedeck_sqlite_bind_text(statement, index, start, count)
        }
    }

    mutating func text(_ value: Numeral) {
        index += 1
        value.withText { bind($0) }
    }

    mutating func text(_ value: Amount) {
        index += 1
        value.withText { bind($0) }
    }

    mutating func blob(_ bytes: UnsafeRawBufferPointer) {
        index += 1
        _ = tapedeck_sqlite_bind_blob(
            statement,
            index,
            bytes.baseAddress ?? UnsafeRawPointer(Binder.empty.utf8Start),
            Int32(clamping: bytes.count)
        )
    }

    private func bind(_ bytes: UnsafeRawBufferPointer) {
        let text = bytes.bindMemory(to: UInt8.self)
        let count = Int32(clamping: text.count)
        _ = tapedeck_sqlite_bind_text(statement, index, text.baseAddress, count)
    }

    mutating func text(_ value: Numeral?) {
        if let value { text(value) } else { null() }
    }

    mutating func text(_ value: Amount?) {
        if let value { text(value) } else { null() }
    }

    /// Runs the statement and makes it ready for the next row.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    mutating func run() throws -> Int {
        let code = sqlite3_step(statement)
        sqlite3_reset(statement)
        index = 0
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: sqlite3_errmsg(connection).map { String(cString: $0) }
            )
        }
        return Int(sqlite3_changes(connection))
    }
}
