import GRDB

extension DeskReader {
    /// The version of SQLite that is linked, such as `3.40.1`.
    public static var libraryVersion: String {
        do {
            return try DatabaseQueue().read {
                try String.fetchOne($0, sql: "SELECT sqlite_version()")
            }
                ?? "unknown"
        } catch {
            return "unknown"
        }
    }
}
