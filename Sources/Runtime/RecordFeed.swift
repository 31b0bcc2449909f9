import Bybit
import JSON
import Journal
import Market
import Trading

/// Feeds records to the engine that their `session/start` describes, one by one.
///
/// A class, so that the engine is changed where it lies. One owner, one thread.
final class RecordFeed {
    /// `nil` before the first `session/start`.
    private(set) var made: EngineStart?
    /// What the exchange said beside what the engine's state holds.
    private(set) var facts = AccountFacts()
    /// Called with each input before the engine takes it in.
    var before: ((Event, RecordHeader, Engine) -> Void)?

    private let registry: StrategyRegistry
    private let parser = JSONParser()
    /// By the stream's id, so that a record costs no look-up.
    private var streams: [(name: StreamName, route: StreamRoute)?] = []
    private var outputs = Outputs()
    private var checkpoints: CheckpointStore?

    /// Before the first record of a recording.
    init(_ recording: Recording, registry: StrategyRegistry) throws(ReplayError) {
        self.registry = registry
        let beginning = try recording.beginning(registry: registry, parser: parser)
        made = beginning.map { EngineStart($0) }
        if let beginning { facts = beginning.facts }
    }

    /// Behind the record of a kept state.
    init(_ state: KeptState, registry: StrategyRegistry) {
        self.registry = registry
        made = EngineStart(state)
        facts = state.facts
    }

    /// Leaves states there from here on.
    func keep(in checkpoints: CheckpointStore?, behind sequence: SequenceNumber) {
        self.checkpoints = checkpoints
        checkpoints?.begin(behind: sequence)
    }

    /// Takes the next record in, and shows it.
    ///
    /// - Returns: false when `visit` gave false.
    func take(
        _ record: Record,
        _ cursor: Cursor,
        _ visit: (Walk.Step, Engine) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> Bool {
        let stream = stream(record.stream, cursor)
        let header = RecordHeader(
            sequence: record.sequence,
            time: record.time,
            stream: stream.name
        )
        let kind = stream.name.kind
        if kind == .sessionStart {
            made = try EngineStart(
                record,
                after: made?.stepper,
                registry: registry,
                parser: parser
            )
            // A run that begins anew is told everything anew.
            if made?.start.continues == nil { facts = AccountFacts() }
        }
        guard made != nil else { throw .noStart(record.sequence) }
        let isInput = !kind.isOutput && !kind.isEvidence
        outputs.removeAll()
        if isInput { step(header, stream.route, record.payload) }
        if isInput { made?.tell(&facts) }
        let outputs = outputs.elements
        let goesOn =
            try made?.show(header, record.payload, isInput: isInput, outputs, visit) ?? true
        if isInput, let checkpoints, checkpoints.isDue(record.sequence) {
            made?.keep(facts, in: checkpoints, behind: record)
        }
        return goesOn
    }

    private func step(
        _ header: RecordHeader,
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer
    ) {
        guard let before else {
            made?.stepper.step(header, route: route, payload: payload, outputs: &outputs)
            return
        }
        made?.stepper.step(
            header,
            route: route,
            payload: payload,
            outputs: &outputs,
            before: before
        )
    }

    private func stream(_ id: StreamID, _ cursor: Cursor) -> (name: StreamName, route: StreamRoute)
    {
        let place = Int(id.value)
        while streams.count <= place { streams.append(nil) }
        if let known = streams[place] { return known }
        let name = cursor.name(of: id)
        let made = (name, StreamRoute(name))
        streams[place] = made
        return made
    }
}

extension EngineStart {
    /// Shows the record that the engine took last.
    ///
    /// Changes nothing: it is `mutating` so that the engine, with all that it holds, is shown where it lies. Taken out of the
    /// feed for it, it would be copied for each record, which costs more than most records.
    fileprivate mutating func show(
        _ header: RecordHeader,
        _ payload: UnsafeRawBufferPointer,
        isInput: Bool,
        _ outputs: [Output],
        _ visit: (Walk.Step, Engine) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> Bool {
        try visit(
            Walk.Step(
                header: header,
                payload: payload,
                event: isInput ? stepper.event : nil,
                outputs: outputs,
                start: start
            ),
            stepper.engine
        )
    }

    /// Likewise.
    fileprivate mutating func tell(_ facts: inout AccountFacts) { facts.take(stepper.event) }

    /// Likewise.
    fileprivate mutating func keep(
        _ facts: AccountFacts,
        in checkpoints: CheckpointStore,
        behind record: Record
    ) {
        checkpoints.keep(stepper.engine, facts, start, behind: record)
    }
}
