import GRDB
public import Market

/// Writes `derived/desk.sqlite` from what the core decoded and the ledger computed; it computes nothing but sums.
///
/// Rows are added in the order of the journal and wait in memory; they reach the file in short transactions that
/// end at a record's end, so that a reader never sees half a record and a killed program goes on where it stood.
/// After a restart feed the recording from its beginning: rows that were in the file when it was opened are
/// passed over.
///
/// Not `Sendable`: one thread owns it. A live session gives it a thread of its own, never the loop's.
public final class DeskWriter {
    /// How the file was found when it was opened.
    public enum Opening: Hashable, Sendable {
        /// There was none.
        case created
        /// It was ours and whole; rows up to this record are there.
        case continued(after: SequenceNumber)
        /// It was damaged or of another version, program or recording: moved to `movedTo`, and begun anew.
        case rebuilt(movedTo: String, reason: String)
    }

    /// A transaction takes no longer than about this.
    static let transactionMilliseconds = 80
    /// Rows wait no longer than this before ``flushIfDue()`` writes them.
    static let waitingMilliseconds = 100
    /// Rows that trigger a flush at the end of a record.
    static let batchRows = 4_096
    /// Rows that may wait for a reader's lock, about 100 MiB; beyond them ``ProjectionError/busy(path:)`` is thrown.
    static let waitingRowsMax = 262_144
    /// Pages that SQLite keeps for a live session, KiB: its rows go behind the last ones, so that more would gain little.
    static let smallCache = 2_048

    public let path: String
    public let opening: Opening
    /// Transactions that a reader's lock made wait for the next turn.
    public internal(set) var delays = 0
    /// Rows written since the file was opened.
    public internal(set) var rowsWritten = 0

    let queue: DatabaseQueue
    let lock: WriterLock
    /// Rows of these records are in the file.
    var stored: SequenceNumber
    /// Rows of these records were in the file when it was opened.
    let resumed: SequenceNumber
    /// The record in hand: the newest of which a row was added, or which was told of.
    var current: SequenceNumber
    /// Rows of `current` so far, of all tables.
    var ordinal = 0
    var waiting: [WaitingRow] = []
    var waitingSince = ContinuousClock.now
    /// `waiting[..<complete]` are of records that are complete.
    var complete = 0
    /// The record up to which `complete` reaches.
    var completeSequence: SequenceNumber
    /// Positions at the end, for the next `finish`.
    var valuations: [Stored<LedgerPosition>] = []
    var totals = ProfitAndLossTotals()
    /// What it took to write an order at the end of the last transaction with many; decides where the next one ends, and nothing
    /// else.
    var orderTime = Duration.microseconds(30)
    /// Prepared at the first transaction.
    var prepared: RowStatements?
    let clock = ContinuousClock()

    /// Opens the projection at `path` for writing, or begins a new one.
    ///
    /// A file that is damaged or of another version, program or recording is moved aside as `….corrupt-N`.
    public init(path: String, identity: DeskIdentity) throws(ProjectionError) {
        self.path = path
        self.lock = try WriterLock(path: path + ".lock")
        let (queue, opening) = try DeskFile.openForWriting(path, identity: identity)
        self.queue = queue
        self.opening = opening
        if case .continued(let sequence) = opening { stored = sequence } else { stored = .none }
        resumed = stored
        current = stored
        completeSequence = stored
        try reloadTotals()
    }

    /// Rows wait for a reader's lock, or for the end of their record.
    var isWaiting: Bool { !waiting.isEmpty }

    /// The last record whose rows are in the file.
    public var lastSequence: SequenceNumber { stored }

    /// Says that `sequence` is the record in hand: all rows of those before it have been added.
    ///
    /// Worth calling for each record, also for those without rows: a restart then goes on further ahead.
    public func advance(to sequence: SequenceNumber) throws(ProjectionError) {
        guard sequence > resumed else { return }
        guard sequence >= current else {
            throw .outOfOrder(sequence: sequence, after: current)
        }
        guard sequence.value <= UInt64(Int64.max) else {
            throw .number(.overflow, subject: "record \(sequence)")
        }
        guard sequence > current else { return }
        complete = waiting.count
        completeSequence = SequenceNumber(sequence.value - 1)
        current = sequence
        ordinal = 0
        if complete >= DeskWriter.batchRows { try write() }
    }

    /// Writes what has waited for 100 ms; to be called between two records, in the pauses of a live session.
    public func flushIfDue() throws(ProjectionError) {
        guard current > stored else { return }
        let waited = clock.now - waitingSince
        guard waited >= .milliseconds(DeskWriter.waitingMilliseconds) else { return }
        try flush()
    }

    /// Writes all that was added; to be called between two records: the one in hand is complete by it.
    public func flush() throws(ProjectionError) {
        complete = waiting.count
        completeSequence = current
        try write()
    }

    /// Writes all that is added, notes that the recording ends at `lastSequence`, and hashes the content.
    ///
    /// The valuations added since the last time replace the older ones. More rows may follow (the next run of the recording): the file is then incomplete until the next `finish`.
    @discardableResult
    public func finish(lastSequence: SequenceNumber) throws(ProjectionError) -> ContentHash {
        try advance(to: max(lastSequence, current))
        try flush()
        guard waiting.isEmpty else { throw .busy(path: path) }
        let queue = queue
        let valuations = valuations
        let path = path
        let hash: ContentHash = try Connection.translating(path) {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    try DeskFile.completeIndexes(database)
                    try self.prepare(database).set(valuations)
                    try Meta.set(.state, Meta.building, in: database)
                    try Meta.set(.contentHash, "", in: database)
                    return .commit
                }
                // Nobody else writes the file: what lies between the two transactions is the same.
                let content = try TableHashing(path: path).finish(in: database)
                try database.inTransaction(.immediate) {
                    try Meta.set(.contentHash, content.description, in: database)
                    try Meta.set(.state, Meta.complete, in: database)
                    return .commit
                }
                return content
            }
        }
        self.valuations.removeAll()
        return hash
    }

    /// From here on readers' indexes are kept up, and no more than 2 MiB of the file in memory.
    ///
    /// For a session that writes as it goes, whose memory is to stay the same for weeks. A rebuild needs neither.
    public func goLive() throws(ProjectionError) {
        let queue = queue
        try Connection.translating(path) {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    try DeskFile.completeIndexes(database)
                    return .commit
                }
                try database.execute(
                    sql: "PRAGMA cache_size = -\(DeskWriter.smallCache); PRAGMA shrink_memory"
                )
            }
        }
    }

    /// Marks the file as of nothing, so that the next to open it begins anew.
    public func empty() throws(ProjectionError) {
        let queue = queue
        try Connection.translating(path) {
            try queue.inDatabase { try Meta.set(.recording, "", in: $0) }
        }
    }

    /// Closes the file; rows that were not flushed are left out, and added anew the next time.
    public func close() throws(ProjectionError) {
        let queue = queue
        prepared = nil
        try Connection.translating(path) { try queue.close() }
        lock.release()
    }

    /// Takes a row in; the record before it is complete when it is the first of another one.
    func append(_ content: DeskRow, at place: Provenance) throws(ProjectionError) {
        guard place.sequence > resumed else { return }
        // A record whose rows were written takes no more.
        guard place.sequence >= current, place.sequence > stored else {
            throw .outOfOrder(sequence: place.sequence, after: max(current, stored))
        }
        try advance(to: place.sequence)
        if waiting.isEmpty { waitingSince = clock.now }
        waiting.append(WaitingRow(place: place, ordinal: ordinal, content: content))
        ordinal += 1
    }
}
