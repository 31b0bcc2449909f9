import CSQLite

/// The file seen without the code under test, as any SQLite tool sees it.
final class RawDatabase {
    struct Failure: Error {
        var code: Int32
        var message: String
    }

    private let connection: OpaquePointer?

    init(_ path: String) throws {
        var connection: OpaquePointer?
        let code = sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, nil)
        self.connection = connection
        try check(code)
    }

    deinit { sqlite3_close(connection) }

    /// Runs statements that answer nothing of interest.
    func run(_ sql: String) throws { try check(sqlite3_exec(connection, sql, nil, nil, nil)) }

    /// Rows of one query, as text; NULL is `nil`.
    func rows(_ sql: String) throws -> [[String?]] {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(connection, sql, -1, &statement, nil))
        defer { sqlite3_finalize(statement) }
        var rows: [[String?]] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else {
                try check(code)
                return rows
            }
            rows.append(
                (0..<sqlite3_column_count(statement)).map { index in
                    sqlite3_column_text(statement, index).map { String(cString: $0) }
                }
            )
        }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else {
            let message = sqlite3_errmsg(connection).map { String(cString: $0) }
            throw Failure(code: code, message: message ?? "")
        }
    }
}
