import CSQLite
import GRDB
import Market

/// Opens connections, all with the same care, and puts SQLite's errors into our words.
enum Connection {
    /// How long a connection waits for another one's lock.
    static let busySeconds = 2.0

    /// Of a new file, in bytes.
    ///
    /// A row of an order takes some 450. The tables have no row ids, so that rows stand in the inner pages of their trees too: with
    /// pages of 4,096 bytes nine of them in each, and the trees are high.
    private static let pageBytes = 16_384

    /// Once, before the first connection of the process; where another library was first it is left as it was.
    private static let isPrepared = tapedeck_sqlite_count_no_memory() == SQLITE_OK

    static func open(_ path: String, readOnly: Bool) throws(ProjectionError) -> DatabaseQueue {
        _ = isPrepared
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(busySeconds)
        configuration.label = "desk.sqlite"
        configuration.prepareDatabase { database in
            // Refuses SQL that could corrupt the file on purpose.
            guard tapedeck_sqlite_defensive(database.sqliteConnection) == SQLITE_OK else {
                throw DatabaseError(resultCode: .SQLITE_ERROR, message: "DEFENSIVE is not known")
            }
            // No ATTACH: a query reads this file and no other.
            sqlite3_limit(database.sqliteConnection, SQLITE_LIMIT_ATTACHED, 0)
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA mmap_size = 0;
                    PRAGMA temp_store = MEMORY;
                    """
            )
            if readOnly {
                try database.execute(sql: "PRAGMA query_only = ON")
            } else {
                // A rollback journal, since WAL in SQLite before 3.51.3 can lose a reset; not synced, since the
                // journal of the recording can rebuild every row. What is deleted is not overwritten with zeros, as some
                // systems' SQLite does by itself: the recording beside it has all of it.
                try database.execute(
                    sql: """
                        PRAGMA page_size = \(pageBytes);
                        PRAGMA journal_mode = TRUNCATE;
                        PRAGMA synchronous = OFF;
                        PRAGMA secure_delete = OFF;
                        PRAGMA cache_size = -16384;
                        """
                )
            }
        }
        return try translating(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// Runs `body`; an error of SQLite leaves as one of ours.
    static func translating<Result>(
        _ path: String,
        _ body: () throws -> Result
    ) throws(ProjectionError) -> Result {
        do {
            return try body()
        } catch let error as ProjectionError {
            throw error
        } catch let error as DatabaseError {
            throw translated(error, path)
        } catch {
            throw .database(path: path, code: SQLITE_ERROR, message: "\(error)")
        }
    }

    private static func translated(_ error: DatabaseError, _ path: String) -> ProjectionError {
        // The message only: statements with their arguments stay out of logs.
        let message = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            return .damaged(path: path, reason: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return .busy(path: path)
        default:
            return .database(
                path: path,
                code: error.extendedResultCode.rawValue,
                message: message
            )
        }
    }
}
