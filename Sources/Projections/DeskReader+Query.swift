import CSQLite
import GRDB
import Market

/// The answer to a query of the user's: names and texts, as the `sqlite3` shell shows them.
public struct QueryResult: Hashable, Sendable {
    public var columns: [String]
    /// A cell is `nil` for NULL.
    public var rows: [[String?]]
}

extension DeskReader {
    /// Runs one statement that only reads.
    ///
    /// - Parameter rowsMax: where to stop; `nil` returns all rows.
    /// - Throws: ``ProjectionError/database(path:code:message:)`` for what is no SQL, more than one statement, or
    ///   would change something.
    public func query(_ sql: String, rowsMax: Int? = nil) throws(ProjectionError) -> QueryResult {
        try read { database in
            let statement = try database.makeStatement(sql: sql)
            guard statement.isReadonly else {
                throw DatabaseError(
                    resultCode: .SQLITE_READONLY,
                    message: "the statement would write"
                )
            }
            let raw = statement.sqliteStatement
            var result = QueryResult(columns: statement.columnNames, rows: [])
            let count = Int32(clamping: result.columns.count)
            while true {
                let code = sqlite3_step(raw)
                if code == SQLITE_DONE { break }
                guard code == SQLITE_ROW else {
                    throw DatabaseError(
                        resultCode: ResultCode(rawValue: code),
                        message: sqlite3_errmsg(database.sqliteConnection).map {
                            String(cString: $0)
                        }
                    )
                }
                if let rowsMax, result.rows.count >= rowsMax { break }
                result.rows.append(
                    (0..<count).map { index in
                        sqlite3_column_text(raw, index).map { String(cString: $0) }
                    }
                )
            }
            sqlite3_reset(raw)
            return result
        }
    }
}
