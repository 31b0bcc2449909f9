import Glibc
public import Journal
public import Market
public import Projections
public import Trading

/// Fills a recording's `derived/desk.sqlite` from the recording alone.
public struct DeskBuild {
    private let registry: StrategyRegistry
    private let program: String
    public var progress: (SequenceNumber) -> Void = { _ in }
    /// Rows that are handed on at once.
    private static let batchRows = 2_048

    /// - Parameter program: version and commit; tables of another program are made anew.
    public init(registry: StrategyRegistry, program: String) {
        self.registry = registry
        self.program = program
    }

    /// Where the tables of a recording are.
    public static func path(of recording: String) -> String {
        recording + "/derived/desk.sqlite"
    }

    /// What tables of a recording say of themselves.
    public static func identity(recording id: String, program: String) -> DeskIdentity {
        DeskIdentity(
            recording: id,
            program: program,
            behaviour: SessionStart.behaviourVersion
        )
    }

    /// Makes the folder that the tables lie in.
    public static func makeFolder(of recording: String) throws(ProjectionError) {
        let folder = recording + "/derived"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .file(path: folder, operation: "mkdir", code: errno)
        }
    }

    /// Brings the tables up to the recording's end and says where they are.
    ///
    /// While a session writes them they are left as they are: it keeps them up, no more than about 0.2 s behind.
    public func update(_ recording: Recording) throws -> String {
        let path = DeskBuild.path(of: recording.path)
        let identity = DeskBuild.identity(recording: recording.id, program: program)
        if let status = try? DeskReader(path: path).status(), status.isComplete,
            status.identity == identity, status.lastSequence == recording.last
        {
            return path
        }
        try DeskBuild.makeFolder(of: recording.path)
        let worker = try DeskWorker(whenFull: .wait) { () throws(ProjectionError) in
            try DeskBuild.open(path, identity, first: recording.first, last: recording.last)
        }
        do {
            let end = try fold(recording, decodesAhead: true) { worker.add($0) }
            try worker.finish(recording.last, valuations: end)
        } catch let error as ProjectionError {
            guard case .heldElsewhere = error, recording.isHeld else { throw error }
            // Nothing but what is there already can be told of it; a foreign file would be an error of its own.
            let status = try DeskReader(path: path).status()
            guard status.identity == identity else {
                throw ProjectionError.foreign(
                    path: path,
                    reason: "the session that writes it is of \(status.identity.program)"
                )
            }
        } catch {
            _ = try? worker.finish(nil)
            throw error
        }
        return path
    }

    /// Adds what tables lack up to a record, for a session that goes on with them from there.
    ///
    /// - Parameter before: the first record that is not added.
    func complete(
        _ writer: DeskWriter,
        _ recording: Recording,
        before: SequenceNumber
    ) throws {
        var failure: ProjectionError?
        _ = try fold(recording, before: before) { batches in
            do throws(ProjectionError) {
                for batch in batches {
                    for row in batch.rows { try writer.add(row, at: batch.place) }
                }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        try writer.flush()
    }

    /// Opens tables that can be gone on with; others are begun anew.
    static func open(
        _ path: String,
        _ identity: DeskIdentity,
        first: SequenceNumber,
        last: SequenceNumber
    ) throws(ProjectionError) -> DeskWriter {
        if let status = try? DeskReader(path: path).status(), status.identity == identity {
            // Tables that end before the recording now begins lack what lay between; those that know of more than it
            // has are of records that a crash took from the journal.
            let isOutrun = status.lastSequence.next < first
            let isAhead = status.lastSequence > last
            if isOutrun || isAhead {
                // Held as by any writer, so that nobody else writes it.
                let writer = try DeskWriter(path: path, identity: identity)
                try writer.empty()
                try writer.close()
            }
        }
        return try DeskWriter(path: path, identity: identity)
    }

    /// Folds a recording into rows.
    ///
    /// - Parameters:
    ///   - before: the first record that is left out; nil: none.
    ///   - decodesAhead: on a second core, where there is one and no session has use for it.
    ///   - take: gets rows of whole records, in order; false ends it.
    /// - Returns: positions at the end.
    private func fold(
        _ recording: Recording,
        before: SequenceNumber? = nil,
        decodesAhead: Bool = false,
        into take: ([DeskBatch]) -> Bool
    ) throws -> [Stored<LedgerPosition>] {
        var walk = Walk(registry: registry)
        walk.progress = progress
        walk.decodesAhead = decodesAhead && sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1
        var fold = DeskFold()
        var failure: ProjectionError?
        var batches: [DeskBatch] = []
        var count = 0
        walk.opening = { made throws(ReplayError) in
            fold = DeskFold(continuing: made.stepper.engine.ledger)
        }
        // Outputs and evidence lead to no rows: the engine says the same again.
        let end = try walk.runInputs(
            recording,
            isPast: { sequence, _ in before.map { sequence >= $0 } ?? false }
        ) { header, event, outputs, start, engine throws(ReplayError) in
            do throws(ProjectionError) {
                try fold.take(header, event, outputs, engine)
            } catch {
                failure = error
                return false
            }
            guard !fold.rows.isEmpty else { return true }
            let place = Provenance(
                sequence: header.sequence,
                time: header.time,
                account: start.account
            )
            batches.append(DeskBatch(place: place, rows: fold.rows))
            count += fold.rows.count
            guard count >= DeskBuild.batchRows else { return true }
            count = 0
            defer { batches.removeAll(keepingCapacity: true) }
            return take(batches)
        }
        if let failure { throw failure }
        _ = take(batches)
        guard let end else { return [] }
        return DeskFold.valuations(
            end.engine,
            at: Provenance(
                sequence: recording.last,
                time: end.engine.time,
                account: end.start.account
            )
        )
    }
}
