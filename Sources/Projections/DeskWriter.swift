import GRDB
public import Market

/// Writes `derived/desk.sqlite` from what the core decoded and the ledger computed; it computes nothing but sums.
///
/// Rows are added in the order of the journal and wait in memory; they reach the file in short transactions that
/// end at a record's end, so that a reader never sees half a record and a killed program goes on where it stood.
/// After a restart feed the recording from its beginning: rows that are in the file already are passed over.
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
    /// The newest record of which a row was added, or which was said to be complete.
    var current: SequenceNumber
    /// Rows of `current` so far, of all tables.
    var ordinal = 0
    var waiting: [WaitingRow] = []
    var waitingSince = ContinuousClock.now
    /// `waiting[..<complete]` are of records that are complete.
    var complete = 0
    /// The record up to which `complete` reaches.
    var completeSequence: SequenceNumber
    var totals = ProfitAndLossTotals()
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
        current = stored
        completeSequence = stored
        try reloadTotals()
    }

    /// The last record whose rows are in the file.
    public var lastSequence: SequenceNumber { stored }

    /// Says that all rows of the records up to `sequence` have been added.
    public func advance(to sequence: SequenceNumber) throws(ProjectionError) {
        guard sequence > stored else { return }
        guard sequence >= current else {
            throw .outOfOrder(sequence: sequence, after: current)
        }
        if sequence > current { ordinal = 0 }
        current = sequence
        complete = waiting.count
        completeSequence = sequence
        try flushWhenFull()
    }

    /// Writes the rows of complete records that have waited for 100 ms; for the pauses of a live session.
    public func flushIfDue() throws(ProjectionError) {
        guard complete > 0 || completeSequence > stored else { return }
        guard clock.now - waitingSince >= .milliseconds(DeskWriter.waitingMilliseconds) else {
            return
        }
        try flush()
    }

    /// Writes all that is added, notes that the recording ends at `lastSequence`, and hashes the content.
    ///
    /// More rows may follow (the next run of the recording): the file is then incomplete until the next `finish`.
    @discardableResult
    public func finish(lastSequence: SequenceNumber) throws(ProjectionError) -> ContentHash {
        try advance(to: max(lastSequence, current))
        try flush()
        guard waiting.isEmpty else { throw .busy(path: path) }
        let queue = queue
        return try Connection.translating(path) {
            try queue.inDatabase { database in
                let hash = try ContentHash(of: database)
                try database.inTransaction(.immediate) {
                    try Meta.set(.contentHash, hash.description, in: database)
                    try Meta.set(.state, Meta.complete, in: database)
                    return .commit
                }
                return hash
            }
        }
    }

    /// Closes the file; rows that were not flushed are left out, and added anew the next time.
    public func close() throws(ProjectionError) {
        let queue = queue
        try Connection.translating(path) { try queue.close() }
        lock.release()
    }

    /// Takes a row in; the record before it is complete when it is the first of another one.
    func append(_ content: RowContent, at place: Provenance) throws(ProjectionError) {
        guard place.sequence > stored else { return }
        guard place.sequence >= current, place.sequence > completeSequence else {
            throw .outOfOrder(sequence: place.sequence, after: max(current, completeSequence))
        }
        guard place.sequence.value <= UInt64(Int64.max) else {
            throw .number(.overflow, subject: "record \(place.sequence)")
        }
        if place.sequence > current {
            complete = waiting.count
            completeSequence = current
            try flushWhenFull()
            current = place.sequence
            ordinal = 0
        }
        if waiting.isEmpty { waitingSince = clock.now }
        waiting.append(WaitingRow(place: place, ordinal: ordinal, content: content))
        ordinal += 1
    }

    private func flushWhenFull() throws(ProjectionError) {
        guard complete >= DeskWriter.batchRows else { return }
        try flush()
    }
}
