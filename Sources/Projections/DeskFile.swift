import GRDB
import Glibc
import Market

/// Finds out whether the file at a path is ours and whole, and begins a new one where it is not.
enum DeskFile {
    static func openForWriting(
        _ path: String,
        identity: DeskIdentity
    ) throws(ProjectionError) -> (DatabaseQueue, DeskWriter.Opening) {
        guard Glibc.access(path, F_OK) == 0 else {
            // A journal without its file belongs to nothing.
            _ = try moveAside(path)
            return (try create(path, identity), .created)
        }
        do throws(ProjectionError) {
            let queue = try Connection.open(path, readOnly: false)
            do throws(ProjectionError) {
                return (queue, .continued(after: try lastSequence(of: queue, path, identity)))
            } catch {
                try? queue.close()
                throw error
            }
        } catch {
            let reason: String
            switch error {
            case .damaged(_, let words), .foreign(_, let words): reason = words
            default: throw error
            }
            let movedTo = try moveAside(path)
            return (try create(path, identity), .rebuilt(movedTo: movedTo, reason: reason))
        }
    }

    /// Judges the file.
    private static func lastSequence(
        of queue: DatabaseQueue,
        _ path: String,
        _ identity: DeskIdentity
    ) throws(ProjectionError) -> SequenceNumber {
        try Connection.translating(path) {
            try queue.inDatabase { database in
                let status = try judge(database, path)
                guard status.identity == identity else {
                    throw ProjectionError.foreign(
                        path: path,
                        reason: "made by \(status.identity.program), "
                            + "behaviour \(status.identity.behaviour), "
                            + "of recording \(status.identity.recording)"
                    )
                }
                let words = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard words == "ok" else {
                    throw ProjectionError.damaged(path: path, reason: words ?? "no answer")
                }
                return status.lastSequence
            }
        }
    }

    /// Reads the file's own words on what it is.
    static func judge(_ database: Database, _ path: String) throws -> DeskStatus {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id")
        guard application == Schema.applicationID else {
            throw ProjectionError.foreign(path: path, reason: "another program's file")
        }
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version")
        guard version == Schema.version else {
            throw ProjectionError.foreign(
                path: path,
                reason: "schema \(version ?? 0), this program has \(Schema.version)"
            )
        }
        return try Meta.status(of: database, path)
    }

    private static func create(
        _ path: String,
        _ identity: DeskIdentity
    ) throws(ProjectionError) -> DatabaseQueue {
        let queue = try Connection.open(path, readOnly: false)
        try Connection.translating(path) {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    try database.execute(
                        sql: """
                            PRAGMA application_id = \(Schema.applicationID);
                            PRAGMA user_version = \(Schema.version);
                            """
                    )
                    try database.execute(sql: "\(Schema.meta)")
                    for table in Schema.tables { try database.execute(sql: "\(table.definition)") }
                    try database.execute(sql: "\(Schema.writersIndex)")
                    try Meta.begin(identity, in: database)
                    return .commit
                }
            }
        }
        return queue
    }

    /// Makes the indexes that readers look up by, where they are not there yet.
    static func completeIndexes(_ database: Database) throws {
        for index in Schema.readersIndexes { try database.execute(sql: "\(index)") }
    }

    /// Renames the file, its journal with it, to the first free name `….corrupt-N`.
    ///
    /// Eight are kept; then the last name is used again, since all of this is free to be thrown away.
    static func moveAside(_ path: String) throws(ProjectionError) -> String {
        var number = 1
        while number < 8, Glibc.access("\(path).corrupt-\(number)", F_OK) == 0 { number += 1 }
        let target = "\(path).corrupt-\(number)"
        // The journal first: left behind, it would be rolled back into the new file.
        for suffix in ["-journal", "-wal", "-shm", ""] {
            guard Glibc.rename(path + suffix, target + suffix) != 0, errno != ENOENT else {
                continue
            }
            throw .file(path: path + suffix, operation: "rename", code: errno)
        }
        return target
    }
}
