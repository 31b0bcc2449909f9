import GRDB
import Glibc
import Market

/// Reads `derived/desk.sqlite`; it cannot change it.
///
/// Each call is one short transaction. A reader that holds its lock longer delays the projection, never the recorder.
public struct DeskReader: Sendable {
    public let path: String
    let queue: DatabaseQueue

    /// Opens the projection for reading.
    ///
    /// - Throws: ``ProjectionError/missing(path:)``, ``ProjectionError/foreign(path:reason:)`` or
    ///   ``ProjectionError/damaged(path:reason:)``: rebuild it with ``DeskWriter``.
    public init(path: String) throws(ProjectionError) {
        guard Glibc.access(path, F_OK) == 0 else { throw .missing(path: path) }
        self.path = path
        queue = try Connection.open(path, readOnly: true)
        _ = try status()
    }

    /// What the file is of, how far it reaches, and whether it is whole.
    public func status() throws(ProjectionError) -> DeskStatus {
        let path = path
        return try read { try DeskFile.judge($0, path) }
    }

    /// Hashes all rows, for a comparison of two rebuilds.
    public func contentHash() throws(ProjectionError) -> ContentHash {
        try read { try ContentHash(of: $0) }
    }

    public func close() throws(ProjectionError) {
        let queue = queue
        try Connection.translating(path) { try queue.close() }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws(ProjectionError) -> Result {
        let queue = queue
        return try Connection.translating(path) { try queue.read(body) }
    }

    /// Rows of a query, each made into a value.
    func rows<Value>(
        _ table: StaticString,
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ make: (Columns) throws -> Value
    ) throws(ProjectionError) -> [Value] {
        try read { database in
            var values: [Value] = []
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try rows.next() { values.append(try make(Columns(row, table: table))) }
            return values
        }
    }
}
