import Bybit
import JSON
import Journal
import Market
import Trading

/// The state of one replay: the engine, and the outputs that wait for their recorded twins.
struct ReplaySession {
    /// An output as it is shown where the two sides differ.
    private struct Said {
        var stream: String
        var bytes: [UInt8]
    }

    /// Places among ``outputs`` of those that were not met in the recording yet, in order.
    private struct Row {
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
            places.removeAll(keepingCapacity: true)
            next = 0
        }
    }

    private(set) var counts = ReplayResult()
    private let registry: StrategyRegistry
    private let overrides: [Replay.Override]
    private let parser = JSONParser()
    private var stepper: Stepper?
    /// By the stream's id, so that a record costs no look-up.
    private var streams: [(name: StreamName, route: StreamRoute)?] = []
    /// What the engine said to the last input.
    private var outputs = Outputs()
    /// Commands and verdicts, in order; findings; states: compared each in its own row.
    private var judged = Row()
    private var findings = Row()
    private var states = Row()
    private var cause = RecordHeader(sequence: .none, time: .zero, stream: StreamName(""))
    private var comparesOthers = true
    /// It began from a checkpoint, and no input has come since: outputs answer to one before it.
    private var isMidTurn = false

    init(registry: StrategyRegistry, overrides: [Replay.Override]) {
        self.registry = registry
        self.overrides = overrides
    }

    /// Begins from the state before the first record where the recording does not begin with record 1.
    mutating func begin(_ recording: Recording) throws(ReplayError) {
        guard let checkpoint = try recording.beginning(registry: registry, parser: parser) else {
            return
        }
        guard overrides.isEmpty else { throw .changedPast(recording.first) }
        stepper = Stepper(engine: checkpoint.engine)
        isMidTurn = true
        note(checkpoint.start)
        counts.notes.append("begins at record \(recording.first), from the state kept there")
    }

    /// Begins behind a record of the recording.
    mutating func begin(_ state: KeptState) throws(ReplayError) {
        guard overrides.isEmpty else { throw .changedPast(state.sequence.next) }
        stepper = Stepper(engine: state.engine)
        isMidTurn = true
        note(state.start)
        counts.notes.append("begins behind record \(state.sequence), from the state kept there")
    }

    /// Takes the next record; a divergence ends the replay.
    mutating func take(_ record: Record, _ cursor: Cursor) throws(ReplayError) -> Divergence? {
        counts.records += 1
        counts.last = record.sequence
        let place = Int(record.stream.value)
        while streams.count <= place { streams.append(nil) }
        if streams[place] == nil {
            let name = cursor.name(of: record.stream)
            streams[place] = (name, StreamRoute(name))
        }
        guard let stream = streams[place] else { return nil }
        let kind = stream.name.kind
        if kind.isEvidence { return nil }
        if kind.isOutput { return isMidTurn ? nil : compare(record, stream.name) }
        isMidTurn = false
        if kind == .sessionStart {
            // What the run before still owed was cut: it was never sent.
            if stepper != nil, !judged.isEmpty { counts.cutRuns += 1 }
            clearOwed()
            try begin(record)
        } else if let divergence = owed(before: record) {
            return divergence
        }
        guard stepper != nil else { throw .noStart(record.sequence) }
        feed(record, stream)
        return nil
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

    private func said(_ place: Int) -> Said {
        Said(stream: outputs.elements[place].stream, bytes: outputs.payload(place))
    }

    func result(_ outcome: ReplayResult.Outcome) -> ReplayResult {
        var result = counts
        result.outcome = outcome
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
    }

    private mutating func note(_ start: SessionStart) {
        guard start.behaviour != SessionStart.behaviourVersion else { return }
        comparesOthers = false
        counts.notes.append(
            "recorded with behaviour version \(start.behaviour), this program has"
                + " \(SessionStart.behaviourVersion): findings and state are not compared"
        )
    }

    private mutating func feed(
        _ record: Record,
        _ stream: (name: StreamName, route: StreamRoute)
    ) {
        cause = RecordHeader(sequence: record.sequence, time: record.time, stream: stream.name)
        counts.inputs += 1
        outputs.removeAll()
        stepper?.step(cause, route: stream.route, payload: record.payload, outputs: &outputs)
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
        if let first = findings.first ?? states.first, comparesOthers,
            counts.firstOtherDifference == nil
        {
            counts.firstOtherDifference = divergence(
                at: record.sequence,
                record.time,
                recorded: nil,
                replayed: said(first)
            )
        }
        guard let first = judged.first else { return nil }
        return divergence(at: record.sequence, record.time, recorded: nil, replayed: said(first))
    }

    // MARK: - Outputs

    private mutating func compare(_ record: Record, _ name: StreamName) -> Divergence? {
        switch name.kind {
        case .command: counts.commands.recorded += 1
        case .verdict: counts.verdicts.recorded += 1
        case .finding:
            counts.findings.recorded += 1
            note(findings.takeFirst(), \.findings, record, name)
            return nil
        default:
            counts.states.recorded += 1
            note(states.takeFirst(), \.states, record, name)
            return nil
        }
        let place = judged.takeFirst()
        guard let place, isEqual(place, record, name) else {
            return divergence(
                at: record.sequence,
                record.time,
                recorded: recorded(record, name),
                replayed: place.map { said($0) }
            )
        }
        if name.kind == .command {
            counts.commands.equal += 1
        } else {
            counts.verdicts.equal += 1
        }
        return nil
    }

    /// Commands agree byte for byte, verdicts in what they decide.
    private func isEqual(_ place: Int, _ record: Record, _ name: StreamName) -> Bool {
        guard outputs.elements[place].stream == name.text else { return false }
        if hasSameBytes(place, record) { return true }
        guard name.kind == .verdict,
            let ours = VerdictOutcome(outputs.payload(place), parser)
        else { return false }
        return ours == VerdictOutcome(Array(record.payload), parser)
    }

    private func hasSameBytes(_ place: Int, _ record: Record) -> Bool {
        outputs.withPayload(place) { $0.elementsEqual(record.payload) }
    }

    private func recorded(_ record: Record, _ name: StreamName) -> Said {
        Said(stream: name.text, bytes: Array(record.payload))
    }

    /// Findings and state do not decide; the first difference is kept for the report.
    private mutating func note(
        _ place: Int?,
        _ count: WritableKeyPath<ReplayResult, ReplayResult.Count>,
        _ record: Record,
        _ name: StreamName
    ) {
        if let place, hasSameBytes(place, record) {
            counts[keyPath: count].equal += 1
        } else if comparesOthers, counts.firstOtherDifference == nil {
            counts.firstOtherDifference = divergence(
                at: record.sequence,
                record.time,
                recorded: recorded(record, name),
                replayed: place.map { said($0) }
            )
        }
    }

    private func divergence(
        at sequence: SequenceNumber,
        _ time: Timestamp,
        recorded: Said?,
        replayed: Said?
    ) -> Divergence {
        Divergence(
            sequence: sequence,
            time: time,
            cause: cause,
            recorded: recorded.map { ($0.stream, $0.bytes) },
            replayed: replayed.map { ($0.stream, $0.bytes) },
            parser: parser
        )
    }
}
