import Journal
public import Market
public import Projections
public import Trading

/// Keeps a live session's `derived/desk.sqlite` up while it runs; confined to the session's loop.
///
/// Rows are made on the loop, which costs it some microseconds a private record, and written by a thread that nobody
/// waits for. What goes wrong there is told once, and the tables are completed from the journal by their next reader.
public struct DeskTables {
    private var fold: DeskFold
    private let worker: DeskWorker
    private let account: String
    private var failure: ProjectionError?

    /// - Parameters:
    ///   - recording: the directory that is recorded into; `id` its id.
    ///   - first: the first record that will be told; what the tables lack before it is taken from the journal.
    ///   - ledger: the state before it, where the session goes on from another recording.
    ///   - kept: the last record that is sure to be in the journal.
    public init(
        recording: String,
        id: String,
        account: String,
        program: String,
        registry: StrategyRegistry,
        first: SequenceNumber,
        continuing ledger: Ledger? = nil,
        kept: @escaping @Sendable () -> SequenceNumber
    ) throws(ProjectionError) {
        self.account = account
        fold = DeskFold(continuing: ledger)
        try DeskBuild.makeFolder(of: recording)
        let path = DeskBuild.path(of: recording)
        let identity = DeskBuild.identity(recording: id, program: program)
        worker = try DeskWorker(
            whenFull: .giveUp,
            make: { () throws(ProjectionError) in
                try DeskBuild.open(
                    path,
                    identity,
                    first: .first,
                    last: SequenceNumber(first.value - 1)
                )
            },
            prepare: { writer in
                if ledger == nil, writer.lastSequence.next < first {
                    try DeskBuild(registry: registry, program: program).complete(
                        writer,
                        try Recording.open(recording),
                        before: first
                    )
                }
                try writer.goLive()
            },
            kept: kept
        )
    }

    /// Takes in a record, after the engine took it.
    ///
    /// - Returns: why nothing is written any more, once.
    public mutating func take(
        _ header: RecordHeader,
        _ event: Event,
        _ outputs: some Collection<Output>,
        _ engine: Engine
    ) -> ProjectionError? {
        guard failure == nil else { return nil }
        do throws(ProjectionError) {
            try fold.take(header, event, outputs, engine)
        } catch {
            failure = error
            return error
        }
        guard !fold.rows.isEmpty else { return nil }
        let place = Provenance(sequence: header.sequence, time: header.time, account: account)
        guard !worker.add([DeskBatch(place: place, rows: fold.rows)]) else { return nil }
        failure = worker.failure ?? .behind
        return failure
    }

    /// What is left to do when the recording is sealed; to be called there, beside the loop, since it waits.
    ///
    /// - Parameter engine: as it was after the last record.
    public func ending(_ engine: Engine) -> @Sendable (SequenceNumber) -> ProjectionError? {
        let worker = worker
        let account = account
        let isSound = failure == nil
        let time = engine.time
        let positions = DeskFold.valuations(
            engine,
            at: Provenance(sequence: engine.cause, time: time, account: account)
        )
        return { last in
            let valuations = positions.map {
                var row = $0
                row.provenance.sequence = last
                return row
            }
            do throws(ProjectionError) {
                try worker.finish(isSound ? last : nil, valuations: valuations)
                return nil
            } catch {
                return error
            }
        }
    }
}
