import Bybit
import JSON
import Journal
import Market
import Trading

/// The state of one replay: the engine, and the outputs that wait for their recorded twins.
struct ReplaySession {
    /// An output as it is shown where the two sides differ.
    struct Said {
        var stream: String
        var bytes: [UInt8]
    }

    /// Places among ``outputs`` of those that were not met in the recording yet, in order.
    struct Row {
        private var places: [Int] = []
        private var next = 0

        var first: Int? { next < places.count ? places[next] : nil }
        var isEmpty: Bool { next == places.count }

        mutating func append(_ place: Int) { places.append(place) }

        mutating func takeFirst() -> Int? {
            guard let first else { return nil }
            next += 1
            return first
        }

        mutating func removeAll() {
            guard !places.isEmpty else { return }
            places.removeAll(keepingCapacity: true)
            next = 0
        }
    }

    var counts = ReplayResult()
    private let registry: StrategyRegistry
    private let overrides: [Replay.Override]
    let strictness: ReplayStrictness
    let parser = JSONParser()
    private(set) var stepper: Stepper?
    private(set) var start: SessionStart?
    /// By the stream's id, so that a record costs no look-up.
    private var streams: [MetStream] = []
    /// Place in ``streams`` of the last input.
    private var causeStream: Int?
    /// What the engine said to the last input.
    private(set) var outputs = Outputs()
    /// Commands and verdicts, in order; findings; states: compared each in its own row.
    var judged = Row()
    var findings = Row()
    var states = Row()
    /// The last input.
    var cause: RecordHeader {
        causeStream.map { streams[$0].header }
            ?? RecordHeader(sequence: .none, time: .zero, stream: StreamName(""))
    }
    var comparesFindings = true
    /// A difference ends nothing: what follows is read for the state alone.
    var isLenient = false
    /// What the last report of the state came to; `nil` before the first.
    var lastState: StateOutcome?
    /// It began from a checkpoint, and no input has come since: outputs answer to one before it.
    private var isMidTurn = false
    /// First numbers of the segments that are still to come, the next one last; each begins with a checkpoint.
    private var marks: [SequenceNumber] = []
    private var nextMark = SequenceNumber(.max)
    /// The engine where a segment begins: the first one behind a difference, or the last one so far.
    private(set) var snapshot: (before: SequenceNumber, engine: Engine)?

    init(
        registry: StrategyRegistry,
        overrides: [Replay.Override] = [],
        strictness: ReplayStrictness = ReplayStrictness()
    ) {
        self.registry = registry
        self.overrides = overrides
        self.strictness = strictness
    }

    /// A report of the state, compared.
    struct StateOutcome {
        var sequence: SequenceNumber
        var time: Timestamp
        /// Components that are not as recorded.
        var differing: [String]
        /// All outputs before were as recorded.
        var isRollingEqual: Bool
    }

    /// Goes on from a state of the engine that stands before the records it is given.
    init(
        registry: StrategyRegistry,
        from start: SessionStart,
        _ engine: Engine,
        strictness: ReplayStrictness = ReplayStrictness()
    ) {
        self.init(registry: registry, strictness: strictness)
        stepper = Stepper(engine: engine)
        self.start = start
        isMidTurn = true
    }

    /// Begins from the state before the first record where the recording does not begin with record 1.
    mutating func begin(_ recording: Recording) throws(ReplayError) {
        // Of the first one it begins itself.
        marks = recording.manifest.segments.dropFirst().map(\.first).reversed()
        nextMark = marks.popLast() ?? SequenceNumber(.max)
        guard let checkpoint = try recording.beginning(registry: registry, parser: parser) else {
            return
        }
        guard overrides.isEmpty else { throw .changedPast(recording.first) }
        stepper = Stepper(engine: checkpoint.engine)
        start = checkpoint.start
        isMidTurn = true
        note(checkpoint.start)
        counts.notes.append("begins at record \(recording.first), from the state kept there")
    }

    /// Begins behind a record of the recording.
    mutating func begin(_ state: KeptState, _ recording: Recording) throws(ReplayError) {
        guard overrides.isEmpty else { throw .changedPast(state.sequence.next) }
        marks = recording.manifest.segments.map(\.first).filter { $0 > state.sequence }.reversed()
        nextMark = marks.popLast() ?? SequenceNumber(.max)
        stepper = Stepper(engine: state.engine)
        start = state.start
        isMidTurn = true
        note(state.start)
        counts.notes.append("begins behind record \(state.sequence), from the state kept there")
    }

    /// The name of a stream, before its first record.
    mutating func register(_ stream: StreamID, _ name: StreamName) {
        let place = Int(stream.value)
        while streams.count <= place { streams.append(MetStream()) }
        streams[place] = MetStream(name)
    }

    func knows(_ stream: StreamID) -> Bool {
        let place = Int(stream.value)
        return place < streams.count && streams[place].role != .unmet
    }

    /// Whether a record is fed to the engine.
    func isInput(_ record: Record) -> Bool { streams[Int(record.stream.value)].isInput }

    /// Takes the next record, of a stream that was registered; a divergence ends the replay.
    ///
    /// - Parameter decoded: what the record means, where that is known already; of outputs and of `session/start` the
    ///   payload is looked at in any case.
    mutating func take(
        _ record: Record,
        decoded: UnsafeMutablePointer<Event>? = nil
    ) throws(ReplayError) -> Divergence? {
        counts.records += 1
        counts.last = record.sequence
        counts.lastTime = record.time
        if record.sequence >= nextMark { passMark(record.sequence) }
        let place = Int(record.stream.value)
        switch streams[place].role {
        case .unmet, .evidence: return nil
        case .output:
            if isMidTurn { return nil }
            let divergence = compare(record, streams[place].header.stream)
            return isLenient ? nil : divergence
        case .start:
            isMidTurn = false
            // What the run before still owed was cut: it was never sent.
            if stepper != nil, !judged.isEmpty { counts.cutRuns += 1 }
            clearOwed()
            try begin(record)
        case .input:
            isMidTurn = false
            if let divergence = owed(before: record), !isLenient { return divergence }
        }
        guard stepper != nil else { throw .noStart(record.sequence) }
        feed(record, place, decoded)
        return nil
    }

    private mutating func passMark(_ sequence: SequenceNumber) {
        // The first one behind a difference shows it best.
        let isKept = snapshot.map { $0.before > firstDifference } ?? false
        if !isKept, let stepper { snapshot = (nextMark, stepper.engine) }
        repeat { nextMark = marks.popLast() ?? SequenceNumber(.max) } while nextMark <= sequence
    }

    private var firstDifference: SequenceNumber {
        counts.stateDifferences.first?.sequence ?? SequenceNumber(.max)
    }

    /// The end of the recording: a clean one owes nothing.
    mutating func finish(isClean: Bool) -> Divergence? {
        guard let first = judged.first else { return nil }
        guard isClean else {
            counts.cutRuns += 1
            return nil
        }
        return divergence(at: counts.last, cause.time, recorded: nil, replayed: said(first))
    }

    func said(_ place: Int) -> Said {
        Said(stream: outputs.elements[place].stream, bytes: outputs.payload(place))
    }

    func result(_ outcome: ReplayResult.Outcome) -> ReplayResult {
        var result = counts
        if let other = counts.otherBehaviour {
            result.notes.insert(
                "recorded with behaviour version \(other), this program has"
                    + " \(SessionStart.behaviourVersion): findings are not compared",
                at: 0
            )
        }
        for component in counts.uncomparedComponents {
            let words = component.split(separator: " ")
            result.notes.append(
                "state of \(words[0]) is not compared: recorded in encoding version \(words[1]),"
                    + " this program has \(words[2])"
            )
        }
        result.outcome = outcome
        if let start, let stepper { result.end = (start, stepper.engine) }
        result.stateHash = stepper?.engine.stateReport().combinedHash ?? 0
        if result.cutRuns > 0 {
            result.notes.append(
                "\(result.cutRuns) run(s) ended before their last outputs were recorded; those were"
                    + " never sent, and are not compared"
            )
        }
        return result
    }

    // MARK: - Inputs

    private mutating func begin(_ record: Record) throws(ReplayError) {
        let made = try EngineStart(
            record,
            after: stepper,
            registry: registry,
            overrides: overrides,
            parser: parser
        )
        note(made.start)
        stepper = made.stepper
        start = made.start
    }

    private mutating func note(_ start: SessionStart) {
        guard start.behaviour != SessionStart.behaviourVersion else { return }
        comparesFindings = false
        counts.otherBehaviour = start.behaviour
    }

    private mutating func feed(
        _ record: Record,
        _ place: Int,
        _ decoded: UnsafeMutablePointer<Event>?
    ) {
        causeStream = place
        counts.inputs += 1
        outputs.removeAll()
        ReplaySession.step(&streams[place], record, decoded, &stepper, &outputs)
        clearOwed()
        guard !outputs.isEmpty else { return }
        for (place, output) in outputs.elements.enumerated() {
            switch output {
            case .command:
                counts.commands.replayed += 1
                judged.append(place)
            case .verdict:
                counts.verdicts.replayed += 1
                judged.append(place)
            case .finding:
                counts.findings.replayed += 1
                findings.append(place)
            case .state:
                counts.states.replayed += 1
                states.append(place)
            }
        }
    }

    /// All in place: a copy of a header, a route or an event costs more than a small record's own work.
    private static func step(
        _ stream: inout MetStream,
        _ record: Record,
        _ decoded: UnsafeMutablePointer<Event>?,
        _ stepper: inout Stepper?,
        _ outputs: inout Outputs
    ) {
        stream.header.sequence = record.sequence
        stream.header.time = record.time
        if let decoded {
            stepper?.step(stream.header, decoded: &decoded.pointee, outputs: &outputs)
        } else {
            stepper?.step(
                stream.header,
                route: stream.route,
                payload: record.payload,
                outputs: &outputs
            )
        }
    }

    private mutating func clearOwed() {
        judged.removeAll()
        findings.removeAll()
        states.removeAll()
    }

    /// A new input, and what the engine said to the last one was not all recorded.
    private mutating func owed(before record: Record) -> Divergence? {
        if judged.isEmpty, findings.isEmpty, states.isEmpty { return nil }
        defer {
            findings.removeAll()
            states.removeAll()
        }
        if let first = findings.first, comparesFindings, counts.firstFindingDifference == nil {
            counts.firstFindingDifference = divergence(
                at: record.sequence,
                record.time,
                recorded: nil,
                replayed: said(first)
            )
        }
        guard let first = judged.first else { return nil }
        return divergence(at: record.sequence, record.time, recorded: nil, replayed: said(first))
    }
}
