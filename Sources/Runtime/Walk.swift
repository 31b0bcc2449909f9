import Bybit
import JSON
public import Journal
public import Market
public import Trading

/// Reads a recording through the engine, record by record: what every read model is folded from.
public struct Walk {
    /// One record, and the engine after it.
    public struct Step {
        public var header: RecordHeader
        public var payload: UnsafeRawBufferPointer
        /// Nil for outputs and evidence.
        public var event: Event?
        /// What the engine says to an input; for outputs that were recorded, read the next records.
        public var outputs: [Output]
        /// The settings of the run that the record belongs to.
        public var start: SessionStart
    }

    /// What a walk has come to.
    public struct End: Sendable {
        public var engine: Engine
        /// The settings of the last run.
        public var start: SessionStart
        /// What the exchange said beside what the engine's state holds.
        public var facts: AccountFacts
    }

    /// Gets an input, what the engine said to it, the settings of its run, and the engine after it; false ends the walk.
    typealias InputVisit = (RecordHeader, Event, [Output], SessionStart, Engine) throws(ReplayError)
        -> Bool

    private let registry: StrategyRegistry
    public var progress: (SequenceNumber) -> Void = { _ in }
    /// Gets the engine's state now and then; nil: nothing is kept.
    public var checkpoints: CheckpointStore?

    /// Reads and decodes inputs on a thread of its own, some hundred records ahead; the same comes of it.
    var decodesAhead = false
    /// Called with the state that a recording begins with where it begins later than its session did.
    var opening: (EngineStart) throws(ReplayError) -> Void = { _ in }
    /// Called with each input before the engine takes it in.
    var before: ((Event, RecordHeader, Engine) -> Void)?

    public init(registry: StrategyRegistry) { self.registry = registry }

    /// Calls `visit` for each record up to the first that is past `isPast`, or until `visit` gives false.
    ///
    /// - Parameter state: where to go on; nil: the recording's beginning. Its cursor is used up.
    /// - Returns: how it ended; nil when the recording holds no `session/start`.
    @discardableResult
    public func run(
        _ recording: Recording,
        from state: KeptState? = nil,
        isPast: (SequenceNumber, Timestamp) -> Bool = { _, _ in false },
        visit: (Step, Engine) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> End? {
        try run(recording, from: state, isPast: isPast) {
            feed,
            record,
            cursor throws(ReplayError) in
            try feed.take(record, cursor, visit)
        }
    }

    /// The same from the beginning for inputs alone, which are shown where they lie; the engine reports no state.
    func runInputs(
        _ recording: Recording,
        isPast: @escaping @Sendable (SequenceNumber, Timestamp) -> Bool,
        visit: InputVisit
    ) throws(ReplayError) -> End? {
        // What a state is kept behind is a record where the cursor stands.
        if decodesAhead, checkpoints == nil {
            let ahead = DecodeAhead(
                try Replay.cursor(of: recording),
                keepsOutputs: false,
                isPast: isPast
            )
            if ahead.begin() { return try runInputs(recording, from: ahead, visit: visit) }
        }
        return try run(recording, from: nil, isPast: isPast, reportsState: false) {
            feed,
            record,
            cursor throws(ReplayError) in
            try feed.takeInput(record, cursor, visit)
        }
    }

    private func runInputs(
        _ recording: Recording,
        from ahead: DecodeAhead,
        visit: InputVisit
    ) throws(ReplayError) -> End? {
        defer { ahead.end() }
        let feed = try RecordFeed(recording, registry: registry, reportsState: false)
        if let made = feed.made { try opening(made) }
        feed.before = before
        // Lent to each push of an order book in turn.
        let book = UnsafeMutablePointer<Event>.allocate(capacity: 1)
        book.initialize(to: Event())
        defer {
            book.deinitialize(count: 1)
            book.deallocate()
        }
        var goesOn = true
        while goesOn {
            let batch = ahead.take()
            for stream in batch.streams { feed.register(stream.id, stream.name) }
            try batch.forEach(book: book) { (record, event) throws(ReplayError) in
                goesOn = try feed.takeInput(record, decoded: event, visit)
                if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
                return goesOn
            }
            if goesOn, let failure = batch.failure { throw failure }
            if batch.isLast { break }
            ahead.giveBack(batch)
        }
        return end(of: feed)
    }

    private func run(
        _ recording: Recording,
        from state: KeptState?,
        isPast: (SequenceNumber, Timestamp) -> Bool,
        reportsState: Bool = true,
        take: (RecordFeed, Record, Cursor) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> End? {
        let feed: RecordFeed
        let cursor: Cursor
        if let state {
            feed = RecordFeed(state, registry: registry)
            cursor = state.cursor
        } else {
            feed = try RecordFeed(recording, registry: registry, reportsState: reportsState)
            if let made = feed.made { try opening(made) }
            do throws(JournalError) {
                cursor = try recording.cursor()
            } catch {
                throw .journal(error)
            }
        }
        feed.before = before
        feed.keep(in: checkpoints, behind: state?.sequence ?? .none)
        while true {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .journal(error)
            }
            guard let record, !isPast(record.sequence, record.time) else { break }
            guard try take(feed, record, cursor) else { break }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        return end(of: feed)
    }

    private func end(of feed: RecordFeed) -> End? {
        feed.made.map { End(engine: $0.stepper.engine, start: $0.start, facts: feed.facts) }
    }
}
