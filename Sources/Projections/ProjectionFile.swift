import CSQLite
import GRDB
import Glibc
public import Market

/// A column of the table of a user's projection.
public struct ProjectionColumn: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Exact text: decimal numbers too.
        case text = "TEXT"
        case integer = "INTEGER"
    }

    public var name: String
    public var kind: Kind
    /// Part of what tells rows apart: a row with the same key replaces the one before.
    public var isKey: Bool

    public static func key(_ name: String, _ kind: Kind = .text) -> ProjectionColumn {
        ProjectionColumn(name: name, kind: kind, isKey: true)
    }

    public static func text(_ name: String) -> ProjectionColumn {
        ProjectionColumn(name: name, kind: .text, isKey: false)
    }

    public static func integer(_ name: String) -> ProjectionColumn {
        ProjectionColumn(name: name, kind: .integer, isKey: false)
    }
}

/// A value of a row of a user's projection; floating point is none, since money is exact.
public protocol ProjectionValue {
    var cell: ProjectionCell { get }
}

/// A value as the table has it.
public enum ProjectionCell: Hashable, Sendable, ProjectionValue {
    case null
    case text(String)
    case integer(Int64)

    public var cell: ProjectionCell { self }
}

extension String: ProjectionValue { public var cell: ProjectionCell { .text(self) } }
extension Int: ProjectionValue { public var cell: ProjectionCell { .integer(Int64(self)) } }
extension Int64: ProjectionValue { public var cell: ProjectionCell { .integer(self) } }
extension Bool: ProjectionValue { public var cell: ProjectionCell { .integer(self ? 1 : 0) } }
extension Amount: ProjectionValue { public var cell: ProjectionCell { .text(description) } }
extension Numeral: ProjectionValue { public var cell: ProjectionCell { .text(description) } }
extension Symbol: ProjectionValue { public var cell: ProjectionCell { .text(description) } }
extension SequenceNumber: ProjectionValue {
    public var cell: ProjectionCell { .integer(Int64(clamping: value)) }
}
extension Timestamp: ProjectionValue {
    /// Unix nanoseconds.
    public var cell: ProjectionCell { .integer(nanoseconds) }
}
extension Optional: ProjectionValue where Wrapped: ProjectionValue {
    public var cell: ProjectionCell { self?.cell ?? .null }
}

/// The file of a user's projection: one table, and the state that it was folded with, always of the same record.
///
/// Not `Sendable`: one thread owns it.
public final class ProjectionFile {
    /// What the rows are of: another version, recording or columns begin anew.
    public struct Identity: Hashable, Sendable {
        public var name: String
        public var version: Int
        public var recording: String
        public var columns: [ProjectionColumn]

        public init(name: String, version: Int, recording: String, columns: [ProjectionColumn]) {
            self.name = name
            self.version = version
            self.recording = recording
            self.columns = columns
        }

        fileprivate var definition: String {
            var parts = columns.map {
                "\"\($0.name)\" \($0.kind.rawValue)\($0.isKey ? " NOT NULL" : "")"
            }
            let keys = columns.filter(\.isKey).map { "\"\($0.name)\"" }
            if !keys.isEmpty { parts.append("PRIMARY KEY (\(keys.joined(separator: ", ")))") }
            return "CREATE TABLE \"\(name)\" (\(parts.joined(separator: ", "))) STRICT"
                + (keys.isEmpty ? "" : ", WITHOUT ROWID")
        }

        fileprivate var words: String { "\(version) \(recording) \(definition)" }
    }

    public let path: String
    /// The last record that is in the table, and the state after it; nil where it begins anew.
    public private(set) var checkpoint: (sequence: SequenceNumber, state: [UInt8])?
    private let identity: Identity
    private let queue: DatabaseQueue
    private let lock: WriterLock

    /// Opens the file for writing; one of another identity, or damaged, is moved aside as `….corrupt-N`.
    ///
    /// - Parameter last: the recording's last record: a file that knows of more is made anew.
    public init(
        path: String,
        identity: Identity,
        last: SequenceNumber
    ) throws(ProjectionError) {
        self.path = path
        self.identity = identity
        lock = try WriterLock(path: path + ".lock")
        var queue: DatabaseQueue?
        do throws(ProjectionError) {
            if access(path, F_OK) == 0 {
                let opened = try Connection.open(path, readOnly: false)
                queue = opened
                checkpoint = try ProjectionFile.read(opened, path, identity)
            }
        } catch {
            switch error {
            case .damaged, .foreign:
                try? queue?.close()
                queue = nil
            default: throw error
            }
        }
        if let found = checkpoint, found.sequence > last {
            checkpoint = nil
            try? queue?.close()
            queue = nil
        }
        if let queue {
            self.queue = queue
            return
        }
        _ = try DeskFile.moveAside(path)
        let made = try Connection.open(path, readOnly: false)
        try Connection.translating(path) {
            try made.inDatabase { database in
                try database.inTransaction(.immediate) {
                    try database.execute(
                        sql: """
                            CREATE TABLE tapedeck_checkpoint (
                              -- What the table is of, the last record in it, and the state after that.
                              identity TEXT NOT NULL, sequence INTEGER NOT NULL, state BLOB NOT NULL
                            ) STRICT
                            """
                    )
                    try database.execute(sql: identity.definition)
                    return .commit
                }
            }
        }
        self.queue = made
    }

    private static func read(
        _ queue: DatabaseQueue,
        _ path: String,
        _ identity: Identity
    ) throws(ProjectionError) -> (sequence: SequenceNumber, state: [UInt8])? {
        try Connection.translating(path) {
            try queue.inDatabase { database in
                guard try database.tableExists("tapedeck_checkpoint") else {
                    throw ProjectionError.foreign(path: path, reason: "another program's file")
                }
                let words = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard words == "ok" else {
                    throw ProjectionError.damaged(path: path, reason: words ?? "no answer")
                }
                let row = try Row.fetchOne(
                    database,
                    sql: "SELECT identity, sequence, state FROM tapedeck_checkpoint"
                )
                guard let row else { return nil }
                let identityWords: String = row[0] ?? ""
                guard identityWords == identity.words else {
                    throw ProjectionError.foreign(path: path, reason: "of another version")
                }
                let sequence: Int64 = row[1] ?? 0
                let state: [UInt8] = try row.withUnsafeData(atIndex: 2) {
                    $0.map { [UInt8]($0) } ?? []
                }
                return (SequenceNumber(UInt64(clamping: sequence)), state)
            }
        }
    }

    /// Writes rows, and the state after them, in one transaction: a kill leaves both or none.
    public func write(
        _ rows: [[ProjectionCell]],
        state: [UInt8],
        through sequence: SequenceNumber
    ) throws(ProjectionError) {
        let queue = queue
        let identity = identity
        let marks = identity.columns.map { _ in "?" }.joined(separator: ",")
        let sql = "INSERT OR REPLACE INTO \"\(identity.name)\" VALUES (\(marks))"
        try Connection.translating(path) {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    var binder = Binder(try database.cachedStatement(sql: sql), in: database)
                    for row in rows {
                        for cell in row {
                            switch cell {
                            case .null: binder.null()
                            case .text(let text): binder.text(text)
                            case .integer(let number): binder.integer(number)
                            }
                        }
                        try binder.run()
                    }
                    try database.execute(sql: "DELETE FROM tapedeck_checkpoint")
                    var data: [UInt8] = state
                    try data.withUnsafeMutableBytes { bytes in
                        let statement = try database.cachedStatement(
                            sql: "INSERT INTO tapedeck_checkpoint VALUES (?, ?, ?)"
                        )
                        var binder = Binder(statement, in: database)
                        binder.text(identity.words)
                        binder.integer(Int64(clamping: sequence.value))
                        binder.blob(UnsafeRawBufferPointer(bytes))
                        try binder.run()
                    }
                    return .commit
                }
            }
        }
        checkpoint = (sequence, state)
    }

    public func close() throws(ProjectionError) {
        let queue = queue
        try Connection.translating(path) { try queue.close() }
        lock.release()
    }
}
