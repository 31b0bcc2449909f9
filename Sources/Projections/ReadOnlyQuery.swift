import CSQLite
import Glibc

/// One statement of a user's own on a projection, which reads and cannot do anything else.
///
/// The file is opened read-only, and SQLite asks before each thing that a statement would do: reading tables and calling
/// functions is allowed, and everything else refused by name: writes, `ATTACH`, transactions, extensions, and pragmas
/// that would set something.
public final class ReadOnlyQuery {
    /// A value of a row.
    public enum Cell: Hashable, Sendable {
        case null
        case integer(Int64)
        /// As SQLite keeps it; also the text that it makes of a floating-point number.
        case text(String)
        /// Hexadecimal digits.
        case blob(String)
    }

    public let columns: [String]
    private let connection: OpaquePointer
    private let statement: OpaquePointer
    private let path: String
    /// Asked again where a changed schema has the statement prepared anew.
    private let guardian: Guardian

    /// How long a writer's transaction is waited for, milliseconds; it lasts 100 at most.
    private static let busyMilliseconds: Int32 = 10_000

    /// - Parameter path: a database of SQLite, the desk's or a user's projection.
    /// - Throws: ``ProjectionError/query(reason:)`` for what is no SQL, no single statement, or refused.
    public init(path: String, sql: String) throws(ProjectionError) {
        guard access(path, R_OK) == 0 else {
            guard errno == ENOENT else {
                throw .file(path: path, operation: "open", code: errno)
            }
            throw .missing(path: path)
        }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            path,
            &opened,
            SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
            nil
        )
        guard code == SQLITE_OK, let connection = opened else {
            sqlite3_close(opened)
            throw .database(path: path, code: code, message: "the file cannot be opened")
        }
        sqlite3_busy_timeout(connection, ReadOnlyQuery.busyMilliseconds)
        _ = tapedeck_sqlite_defensive(connection)
        sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_exec(
            connection,
            "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF",
            nil,
            nil,
            nil
        )
        let guardian = Guardian()
        sqlite3_set_authorizer(
            connection,
            { context, action, first, second, _, _ in
                guard let context else { return SQLITE_DENY }
                return Unmanaged<Guardian>.fromOpaque(context).takeUnretainedValue()
                    .judge(action, first, second)
            },
            Unmanaged.passUnretained(guardian).toOpaque()
        )
        do throws(ProjectionError) {
            statement = try ReadOnlyQuery.prepare(sql, connection, path, guardian)
        } catch {
            sqlite3_close(connection)
            throw error
        }
        self.connection = connection
        self.path = path
        self.guardian = guardian
        columns = (0..<sqlite3_column_count(statement)).map { [statement] place in
            sqlite3_column_name(statement, place).map { String(cString: $0) } ?? ""
        }
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close(connection)
    }

    private static func prepare(
        _ sql: String,
        _ connection: OpaquePointer,
        _ path: String,
        _ guardian: Guardian
    ) throws(ProjectionError) -> OpaquePointer {
        var made: OpaquePointer?
        var rest = ""
        let code = sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v2(connection, start, -1, &made, &tail)
            if let tail { rest = String(cString: tail) }
            return code
        }
        guard code == SQLITE_OK else {
            if let refused = guardian.refused { throw .query(reason: refused) }
            let message = String(cString: sqlite3_errmsg(connection))
            switch code & 0xff {
            case SQLITE_CORRUPT, SQLITE_NOTADB: throw .damaged(path: path, reason: message)
            case SQLITE_BUSY, SQLITE_LOCKED: throw .busy(path: path)
            default: throw .query(reason: message)
            }
        }
        guard let statement = made else { throw .query(reason: "there is no statement") }
        // What follows may be white space, a comment, or another statement.
        var second: OpaquePointer?
        _ = rest.withCString { sqlite3_prepare_v2(connection, $0, -1, &second, nil) }
        let isMore = second != nil || guardian.refused != nil
        sqlite3_finalize(second)
        guard !isMore, sqlite3_stmt_readonly(statement) != 0 else {
            sqlite3_finalize(statement)
            throw .query(
                reason: isMore
                    ? "it is more than one statement" : "it would change something"
            )
        }
        return statement
    }

    /// The next row; `nil` behind the last.
    public func next() throws(ProjectionError) -> [Cell]? {
        let code = sqlite3_step(statement)
        if code == SQLITE_DONE { return nil }
        guard code == SQLITE_ROW else {
            let message = String(cString: sqlite3_errmsg(connection))
            switch code & 0xff {
            case SQLITE_CORRUPT, SQLITE_NOTADB: throw .damaged(path: path, reason: message)
            case SQLITE_BUSY, SQLITE_LOCKED: throw .busy(path: path)
            default: throw .query(reason: message)
            }
        }
        var row: [Cell] = []
        row.reserveCapacity(columns.count)
        for place in 0..<Int32(columns.count) { row.append(cell(place)) }
        return row
    }

    private func cell(_ place: Int32) -> Cell {
        switch sqlite3_column_type(statement, place) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, place))
        case SQLITE_BLOB:
            guard let start = sqlite3_column_blob(statement, place) else { return .blob("") }
            let count = Int(sqlite3_column_bytes(statement, place))
            let bytes = UnsafeRawBufferPointer(start: start, count: count)
            return .blob(
                bytes.map { byte in
                    let digits = String(byte, radix: 16)
                    return digits.count == 1 ? "0" + digits : digits
                }.joined()
            )
        default:
            guard let start = sqlite3_column_text(statement, place) else { return .null }
            let count = Int(sqlite3_column_bytes(statement, place))
            let bytes = UnsafeRawBufferPointer(start: start, count: count)
            return .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Says what a statement may do, while it is prepared.
    private final class Guardian {
        /// Why not, in words; the first thing that was refused.
        private(set) var refused: String?

        /// Pragmas that tell something whatever they are given.
        private static let telling: Set<String> = [
            "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
            "foreign_key_list", "integrity_check", "quick_check",
        ]
        /// Pragmas that tell something while they are given nothing.
        private static let readable: Set<String> = [
            "application_id", "user_version", "schema_version", "page_count", "page_size",
            "freelist_count", "encoding", "journal_mode", "synchronous", "query_only",
            "busy_timeout", "database_list", "function_list", "collation_list", "compile_options",
            "data_version", "cache_size",
        ]
        /// Functions that reach out of the database.
        private static let unsafe: Set<String> = [
            "load_extension", "readfile", "writefile", "edit",
        ]

        func judge(
            _ action: Int32,
            _ first: UnsafePointer<CChar>?,
            _ second: UnsafePointer<CChar>?
        ) -> Int32 {
            let name = first.map { String(cString: $0).lowercased() } ?? ""
            switch action {
            case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return SQLITE_OK
            case SQLITE_FUNCTION:
                let function = second.map { String(cString: $0).lowercased() } ?? ""
                guard Guardian.unsafe.contains(function) else { return SQLITE_OK }
                return refuse("\(function)() reaches out of the tables")
            case SQLITE_PRAGMA:
                if Guardian.telling.contains(name) { return SQLITE_OK }
                guard Guardian.readable.contains(name), second == nil else {
                    return refuse("PRAGMA \(name) may not be given here")
                }
                return SQLITE_OK
            case SQLITE_ATTACH:
                return refuse("ATTACH is not allowed: a query reads this file alone")
            case SQLITE_DETACH: return refuse("DETACH is not allowed")
            case SQLITE_TRANSACTION, SQLITE_SAVEPOINT:
                return refuse("transactions are not allowed: a query is one already")
            default:
                return refuse("it would change something, and these tables are only read here")
            }
        }

        private func refuse(_ words: String) -> Int32 {
            if refused == nil { refused = words }
            return SQLITE_DENY
        }
    }
}
