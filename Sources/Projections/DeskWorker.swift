import Glibc
public import Market

/// The rows that one record leads to.
public struct DeskBatch: Sendable {
    public var place: Provenance
    public var rows: [DeskRow]

    public init(place: Provenance, rows: [DeskRow]) {
        self.place = place
        self.rows = rows
    }
}

/// A ``DeskWriter`` on a thread of its own, so that whoever folds records never waits for SQLite.
///
/// `@unchecked Sendable`: the queue and the outcome are touched under `mutex` only, the writer on the thread only.
public final class DeskWorker: @unchecked Sendable {
    /// What happens when more rows wait than memory is meant for.
    public enum WhenFull: Sendable {
        /// Who adds waits: a rebuild, which nobody else depends on.
        case wait
        /// The tables are let go as they are, and the next reader completes them from the journal: a live session.
        case giveUp
    }

    /// Rows that may wait in the queue, beside those that wait in the writer for a reader's lock.
    public static let queuedRowsMax = 131_072
    /// Of a rebuild, which would gain nothing by a longer queue but memory: the file is behind all the while.
    private static let rebuiltRowsMax = 16_384
    /// How long a live session's rows are gathered for one transaction, microseconds.
    private static let gathering: UInt32 = 40_000
    /// How long the file of another writer is waited for, in pauses of 0.1 s: a minute.
    private static let attempts = 600

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let whenFull: WhenFull
    private let make: @Sendable () throws(ProjectionError) -> DeskWriter
    private let prepare: @Sendable (DeskWriter) throws -> Void
    private let kept: @Sendable () -> SequenceNumber

    private var queue: [DeskBatch] = []
    private var queuedRows = 0
    private var ending: Ending?
    private var outcome: Result<ContentHash?, ProjectionError>?
    private var isIdle = false

    private struct Ending {
        /// The last record; nil: the file stays as it is, not complete.
        var last: SequenceNumber?
        var valuations: [Stored<LedgerPosition>]
    }

    /// Begins at once; what goes wrong is told by ``failure``.
    ///
    /// - Parameters:
    ///   - prepare: called on the thread, before any row that is added: completes what the file lacks.
    ///   - kept: the last record that the journal is sure to keep; rows of later ones wait, so that the tables never
    ///     know of what the journal lost.
    public init(
        whenFull: WhenFull,
        make: @escaping @Sendable () throws(ProjectionError) -> DeskWriter,
        prepare: @escaping @Sendable (DeskWriter) throws -> Void = { _ in },
        kept: @escaping @Sendable () -> SequenceNumber = { SequenceNumber(.max) }
    ) throws(ProjectionError) {
        self.whenFull = whenFull
        self.make = make
        self.prepare = prepare
        self.kept = kept
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<DeskWorker>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        guard code == 0 else {
            Unmanaged.passUnretained(self).release()
            throw .file(path: "desk.sqlite", operation: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    // MARK: - For who folds

    /// Takes in rows of whole records, in the order of the journal.
    ///
    /// - Returns: false when the tables are written no more; ``failure`` says why.
    @discardableResult
    public func add(_ batches: [DeskBatch]) -> Bool {
        locked {
            guard outcome == nil else { return false }
            for batch in batches { queuedRows += batch.rows.count }
            queue.append(contentsOf: batches)
            if isIdle { pthread_cond_broadcast(condition) }
            switch whenFull {
            case .wait:
                while queuedRows > DeskWorker.rebuiltRowsMax, outcome == nil {
                    pthread_cond_wait(condition, mutex)
                }
                return outcome == nil
            case .giveUp:
                guard queuedRows > DeskWorker.queuedRowsMax else { return true }
                queue.removeAll()
                outcome = .failure(.behind)
                pthread_cond_broadcast(condition)
                return false
            }
        }
    }

    /// Why nothing is written any more; nil while all is well.
    public var failure: ProjectionError? {
        locked {
            guard case .failure(let error) = outcome else { return nil }
            return error
        }
    }

    /// Writes what was added, and notes that the recording ends at `last`; waits for it.
    ///
    /// - Parameter last: nil leaves the file incomplete.
    /// - Returns: the content's hash; nil where the file was left incomplete.
    @discardableResult
    public func finish(
        _ last: SequenceNumber?,
        valuations: [Stored<LedgerPosition>] = []
    ) throws(ProjectionError) -> ContentHash? {
        let result = locked { () -> Result<ContentHash?, ProjectionError>? in
            ending = Ending(last: last, valuations: valuations)
            pthread_cond_broadcast(condition)
            while outcome == nil { pthread_cond_wait(condition, mutex) }
            return outcome
        }
        return try result?.get() ?? nil
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: - The thread

    private func run() {
        let result: Result<ContentHash?, ProjectionError>
        do throws(ProjectionError) {
            let writer = try open()
            do throws(ProjectionError) {
                try Connection.translating(writer.path) { try prepare(writer) }
                let hash = try write(writer)
                try writer.close()
                result = .success(hash)
            } catch {
                try? writer.close()
                throw error
            }
        } catch {
            result = .failure(error)
        }
        locked {
            if outcome == nil { outcome = result }
            queue.removeAll()
            queuedRows = 0
            pthread_cond_broadcast(condition)
        }
    }

    /// Whoever completes the file for a reader just now will be done soon.
    private func open() throws(ProjectionError) -> DeskWriter {
        for _ in 1..<DeskWorker.attempts {
            do throws(ProjectionError) {
                return try make()
            } catch {
                guard case .heldElsewhere = error, whenFull == .giveUp, !isOver else { throw error }
                usleep(100_000)
            }
        }
        return try make()
    }

    private var isOver: Bool { locked { ending != nil || outcome != nil } }

    /// Waits for a first row, and then so long that there are more; what waits for a reader's lock is tried again.
    ///
    /// - Parameter isDone: nothing waits from before.
    private func gather(_ isDone: Bool) {
        let isOver = locked { () -> Bool in
            while isDone, queue.isEmpty, ending == nil, outcome == nil {
                isIdle = true
                pthread_cond_wait(condition, mutex)
                isIdle = false
            }
            return ending != nil || outcome != nil
        }
        if !isOver { usleep(DeskWorker.gathering) }
    }

    private func write(_ writer: DeskWriter) throws(ProjectionError) -> ContentHash? {
        var pending: [DeskBatch] = []
        while true {
            // Before the rows are taken, not after: the thread that folds is then at work with what brought the first.
            if whenFull == .giveUp { gather(pending.isEmpty && !writer.isWaiting) }
            let (taken, ending, isDead) = locked { () -> ([DeskBatch], Ending?, Bool) in
                // A rebuild goes on by itself.
                while whenFull == .wait, queue.isEmpty, pending.isEmpty, self.ending == nil,
                    outcome == nil
                {
                    isIdle = true
                    pthread_cond_wait(condition, mutex)
                    isIdle = false
                }
                let taken = queue
                queue.removeAll(keepingCapacity: true)
                queuedRows = 0
                if whenFull == .wait { pthread_cond_broadcast(condition) }
                return (taken, self.ending, outcome != nil)
            }
            // The queue ran over: what is there stays, and is completed by who reads it next.
            if isDead { return nil }
            pending += taken
            let last = ending == nil ? kept() : max(kept(), ending?.last ?? .none)
            var count = 0
            while count < pending.count, pending[count].place.sequence <= last {
                for row in pending[count].rows {
                    try writer.add(row, at: pending[count].place)
                }
                count += 1
            }
            pending.removeFirst(count)
            if let ending {
                guard let last = ending.last else {
                    try writer.flush()
                    return nil
                }
                for row in ending.valuations {
                    writer.add(valuation: row.value, strategy: row.strategy, at: row.provenance)
                }
                return try writer.finish(lastSequence: last)
            }
            guard whenFull == .giveUp else { continue }
            try writer.flush()
        }
    }
}
