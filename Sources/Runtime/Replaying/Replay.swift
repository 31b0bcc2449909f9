import JSON
public import Journal
public import Market
public import Trading

/// Feeds a recording's inputs to today's code and compares what it says with what was recorded.
///
/// Verbatim: every input comes from the journal. Outputs follow their input at once in the journal, so each recorded
/// output is compared with the next one of its kind that the engine said in answer to the same input.
public struct Replay {
    /// One change of a strategy's parameter: `strategies.maker.offset_ticks` → `3`.
    public struct Override: Hashable, Sendable {
        public var strategy: String
        public var parameter: String
        public var value: String

        public init(strategy: String, parameter: String, value: String) {
            self.strategy = strategy
            self.parameter = parameter
            self.value = value
        }
    }

    /// An input and what the engine said to it, good within the call.
    public struct Moment {
        public var header: RecordHeader
        public var payload: UnsafeRawBufferPointer
        public var outputs: Outputs
        public var engine: Engine
    }

    public var overrides: [Override] = []
    public var strictness = ReplayStrictness()
    /// Decodes on a thread of its own, some hundred records ahead; results are the same.
    public var decodesAhead = false
    /// Goes on with what a recorder writes meanwhile, until the recording is sealed or ``before`` says no.
    public var follows = false
    /// Stops before the first record that is past it.
    public var isPast: @Sendable (SequenceNumber, Timestamp) -> Bool = { _, _ in false }
    /// Asked before each record is taken, and now and then while there is none; false ends the replay there.
    public var before: ((Record?) -> Bool)?
    /// Told of each input behind the engine; gives why the replay is to end here, or `nil` to go on.
    public var after: ((Moment) -> String?)?
    /// Called now and then with the last number read.
    public var progress: (SequenceNumber) -> Void = { _ in }
    let registry: StrategyRegistry
    /// What the thread that decodes ahead always leaves to the engine's; nil: as their paces have it.
    let alwaysLeft: DecodeAhead.Left?

    public init(registry: StrategyRegistry) { self.init(registry: registry, alwaysLeft: nil) }

    /// A seam of the tests: which thread decodes hangs on their paces, and no result may hang on that.
    init(registry: StrategyRegistry, alwaysLeft: DecodeAhead.Left?) {
        self.registry = registry
        self.alwaysLeft = alwaysLeft
    }

    /// Reads the whole recording, or what lies behind a kept state.
    ///
    /// A divergence ends it: what follows answers to another history.
    ///
    /// - Parameter state: where to go on; nil: the recording's beginning. Its cursor is used up.
    public func run(
        _ recording: Recording,
        from state: KeptState? = nil
    ) throws(ReplayError) -> ReplayResult {
        try check(recording)
        var session = ReplaySession(
            registry: registry,
            overrides: overrides,
            strictness: strictness
        )
        let cursor: Cursor
        if let state {
            try session.begin(state, recording)
            cursor = state.cursor
        } else {
            try session.begin(recording)
            cursor = try Replay.cursor(of: recording, follows: follows)
        }
        let isObserved = before != nil || after != nil || follows || state != nil
        let end =
            decodesAhead && !isObserved
            ? try readAhead(recording, &session) : try read(cursor, &session)
        var divergence = end.divergence
        if divergence == nil, end.isComplete {
            divergence = session.finish(isClean: follows || recording.state != .open)
        }
        if var found = divergence {
            try explain(&found, session, recording)
            return try described(session, recording, .differs(found), end.stop)
        }
        guard session.counts.commands.recorded > 0 else {
            return try described(
                session,
                recording,
                .nothingToJudge(
                    "the recording holds no command, so there is nothing that could differ"
                ),
                end.stop
            )
        }
        return try described(session, recording, .identical, end.stop)
    }

    /// How reading ended.
    struct End {
        var divergence: Divergence?
        /// Why it ended before the recording did.
        var stop: String?
        /// Nothing was left out.
        var isComplete = false
    }

    func read(
        _ cursor: Cursor,
        _ session: inout ReplaySession
    ) throws(ReplayError) -> End {
        var stop: String?
        let isWatched = before != nil || after != nil
        while true {
            guard let record = try Replay.next(cursor) else {
                guard follows, !cursor.isAtEnd else { return End(isComplete: true) }
                if let before, !before(nil) { return End(stop: Replay.asked) }
                cursor.rest()
                continue
            }
            if isPast(record.sequence, record.time) { return End(stop: Replay.reached) }
            if !session.knows(record.stream) {
                session.register(record.stream, cursor.name(of: record.stream))
            }
            // What answers to the last input belongs to it.
            if isWatched, session.isInput(record) {
                if let stop { return End(stop: stop) }
                if let before, !before(record) { return End(stop: Replay.asked) }
            }
            let inputs = session.counts.inputs
            if let divergence = try session.take(record) { return End(divergence: divergence) }
            if let after, session.counts.inputs > inputs, let stepper = session.stepper {
                stop = after(
                    Moment(
                        header: session.cause,
                        payload: record.payload,
                        outputs: session.outputs,
                        engine: stepper.engine
                    )
                )
            }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
    }

    private static let asked = "it was asked to end"
    static let reached = "its position is reached"

    static func cursor(
        of recording: Recording,
        from start: CursorStart = .beginning,
        follows: Bool = false
    ) throws(ReplayError) -> Cursor {
        do throws(JournalError) {
            return try recording.cursor(from: start, follows: follows)
        } catch {
            throw .journal(error)
        }
    }

    @inline(__always)
    static func next(_ cursor: Cursor) throws(ReplayError) -> Record? {
        do throws(JournalError) {
            return try cursor.next()
        } catch {
            throw .journal(error)
        }
    }
}
