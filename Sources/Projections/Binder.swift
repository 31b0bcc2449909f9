import CSQLite
import GRDB
import Market

/// Binds the columns of one row, in their order, and runs the statement.
///
/// GRDB prepares and owns the statement; a row is bound without a list of boxed values between.
struct Binder: ~Copyable {
    private let statement: OpaquePointer
    private let connection: OpaquePointer?
    private let memory: BindingMemory?
    private var index: Int32 = 0
    private static let empty: StaticString = ""

    /// - Parameter memory: where the row's texts lie until it has run; without one SQLite makes memory for each.
    init(_ statement: Statement, in database: Database, memory: BindingMemory? = nil) {
        self.statement = statement.sqliteStatement
        self.connection = database.sqliteConnection
        self.memory = memory
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
        let isDone: Void? = value.utf8.withContiguousStorageIfAvailable {
            bind(UnsafeRawBufferPointer($0))
        }
        if isDone == nil {
            var value = value
            value.withUTF8 { bind(UnsafeRawBufferPointer($0)) }
        }
    }

    mutating func text(_ value: Symbol) {
        index += 1
        value.withBytes { bind($0) }
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
        let count = Int32(clamping: bytes.count)
        if let kept = memory?.keep(bytes) {
            sqlite3_bind_text(statement, index, kept, count, nil)
            return
        }
        // An empty text may have no address, which SQLite would take for NULL.
        let text = bytes.bindMemory(to: UInt8.self)
        let start = text.baseAddress ?? Binder.empty.utf8Start
        _ = tapedeck_sqlite_bind_text(statement, index, start, count)
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
        _ = try step { _ in }
        return Int(sqlite3_changes(connection))
    }

    /// Runs a query and makes it ready for the next; `nil` where it finds nothing.
    ///
    /// - Parameter read: gets the first row.
    mutating func first<Result>(_ read: (OpaquePointer) -> Result) throws -> Result? {
        try step(read)
    }

    private mutating func step<Result>(_ read: (OpaquePointer) -> Result) throws -> Result? {
        let code = sqlite3_step(statement)
        let result = code == SQLITE_ROW ? read(statement) : nil
        sqlite3_reset(statement)
        index = 0
        memory?.forget()
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: sqlite3_errmsg(connection).map { String(cString: $0) }
            )
        }
        return result
    }
}

/// Memory for the texts of one row, used again for the next: SQLite reads them where they lie, instead of making memory for
/// each and giving it back.
///
/// A statement goes on pointing to it when its row has run, and reads it only when it runs again, with new texts. To be kept as
/// long as the statements.
final class BindingMemory {
    private let start: UnsafeMutablePointer<CChar>
    private let capacity: Int
    private var used = 0

    /// - Parameter capacity: in bytes; what does not fit is left to SQLite.
    init(capacity: Int = 16_384) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    /// Where the copy is; `nil` where there is no place for it.
    func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        guard bytes.count <= capacity - used else { return nil }
        let place = start + used
        UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyMemory(from: bytes)
        used += bytes.count
        return UnsafePointer(place)
    }

    /// The row has run.
    func forget() { used = 0 }
}
