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

    /// Whether the engine says what its state comes to.
    private let reportsState: Bool
    private let registry: StrategyRegistry
    private let parser = JSONParser()
    /// By the stream's id, so that a record costs no look-up.
    private var streams: [MetStream] = []
    private var outputs = Outputs()
    private var checkpoints: CheckpointStore?

    /// Before the first record of a recording.
    init(
        _ recording: Recording,
        registry: StrategyRegistry,
        reportsState: Bool = true
    ) throws(ReplayError) {
        self.registry = registry
        self.reportsState = reportsState
        let beginning = try recording.beginning(registry: registry, parser: parser)
        made = beginning.map { EngineStart($0) }
        made?.stepper.engine.reportsState = reportsState
        if let beginning { facts = beginning.facts }
    }

    /// Behind the record of a kept state.
    init(_ state: KeptState, registry: StrategyRegistry) {
        self.registry = registry
        reportsState = true
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
        let place = place(of: record.stream, cursor)
        try advance(record, place)
        let stream = streams[place]
        let outputs = outputs.elements
        let goesOn =
            try made?.show(stream, record.payload, outputs, visit) ?? true
        keep(record, place)
        return goesOn
    }

    /// Takes the next record in, and shows it where it is fed to the engine.
    ///
    /// Where it lies: a record of the market costs little more than the copy of what it means.
    ///
    /// - Returns: false when `visit` gave false.
    func takeInput(
        _ record: Record,
        _ cursor: Cursor,
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool {
        let place = place(of: record.stream, cursor)
        try advance(record, place)
        guard streams[place].isInput else { return true }
        let goesOn =
            try RecordFeed.show(&streams[place].header, &made, outputs.elements, visit) ?? true
        keep(record, place)
        return goesOn
    }

    /// The name of a stream, before its first record that was decoded elsewhere.
    func register(_ stream: StreamID, _ name: StreamName) {
        let place = Int(stream.value)
        while streams.count <= place { streams.append(MetStream()) }
        streams[place] = MetStream(name)
    }

    /// The same as ``takeInput(_:_:_:)`` for a record that was decoded elsewhere, of a stream that was registered.
    ///
    /// - Parameters:
    ///   - record: its payload is looked at where an engine is made from it, and nowhere else.
    ///   - decoded: `nil` of what is no input.
    func takeInput(
        _ record: Record,
        decoded: UnsafeMutablePointer<Event>?,
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool {
        let place = Int(record.stream.value)
        try advance(record, place, decoded)
        guard let decoded, streams[place].isInput else { return true }
        return try RecordFeed.show(
            &streams[place].header,
            &decoded.pointee,
            &made,
            outputs.elements,
            visit
        ) ?? true
    }

    /// Feeds the next record to the engine where it is an input.
    ///
    /// - Parameter decoded: what it means, where that is known already.
    private func advance(
        _ record: Record,
        _ place: Int,
        _ decoded: UnsafeMutablePointer<Event>? = nil
    ) throws(ReplayError) {
        streams[place].header.sequence = record.sequence
        streams[place].header.time = record.time
        if streams[place].role == .start {
            made = try EngineStart(
                record,
                after: made?.stepper,
                registry: registry,
                parser: parser
            )
            made?.stepper.engine.reportsState = reportsState
            // A run that begins anew is told everything anew.
            if made?.start.continues == nil { facts = AccountFacts() }
        }
        guard made != nil else { throw .noStart(record.sequence) }
        outputs.removeAll()
        guard streams[place].isInput else { return }
        if let decoded {
            RecordFeed.step(&streams[place], &decoded.pointee, before, &made, &outputs)
            facts.take(decoded.pointee)
            return
        }
        RecordFeed.step(&streams[place], record.payload, before, &made, &outputs)
        made?.tell(&facts)
    }

    /// All in place, as ``show(_:_:_:_:)``.
    private static func step(
        _ stream: inout MetStream,
        _ payload: UnsafeRawBufferPointer,
        _ before: ((Event, RecordHeader, Engine) -> Void)?,
        _ made: inout EngineStart?,
        _ outputs: inout Outputs
    ) {
        guard let before else {
            made?.stepper.step(
                stream.header,
                route: stream.route,
                payload: payload,
                outputs: &outputs
            )
            return
        }
        made?.stepper.step(
            stream.header,
            route: stream.route,
            payload: payload,
            outputs: &outputs,
            before: before
        )
    }

    /// Likewise.
    private static func step(
        _ stream: inout MetStream,
        _ event: inout Event,
        _ before: ((Event, RecordHeader, Engine) -> Void)?,
        _ made: inout EngineStart?,
        _ outputs: inout Outputs
    ) {
        if let before { made?.show(event, stream.header, before) }
        made?.stepper.step(stream.header, decoded: &event, outputs: &outputs)
    }

    private static func show(
        _ header: inout RecordHeader,
        _ event: inout Event,
        _ made: inout EngineStart?,
        _ outputs: [Output],
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool? {
        try made?.show(header, &event, outputs, visit)
    }

    private static func show(
        _ header: inout RecordHeader,
        _ made: inout EngineStart?,
        _ outputs: [Output],
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool? {
        try made?.show(header, outputs, visit)
    }

    private func keep(_ record: Record, _ place: Int) {
        guard let checkpoints, streams[place].isInput, checkpoints.isDue(record.sequence) else {
            return
        }
        made?.keep(facts, in: checkpoints, behind: record)
    }

    private func place(of id: StreamID, _ cursor: Cursor) -> Int {
        let place = Int(id.value)
        while streams.count <= place { streams.append(MetStream()) }
        if streams[place].role == .unmet { streams[place] = MetStream(cursor.name(of: id)) }
        return place
    }
}

extension EngineStart {
    /// Shows the record that the engine took last.
    ///
    /// Changes nothing: it is `mutating` so that the engine, with all that it holds, is shown where it lies. Taken out of the
    /// feed for it, it would be copied for each record, which costs more than most records.
    fileprivate mutating func show(
        _ stream: MetStream,
        _ payload: UnsafeRawBufferPointer,
        _ outputs: [Output],
        _ visit: (Walk.Step, Engine) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> Bool {
        try visit(
            Walk.Step(
                header: stream.header,
                payload: payload,
                event: stream.isInput ? stepper.event : nil,
                outputs: outputs,
                start: start
            ),
            stepper.engine
        )
    }

    /// Likewise.
    fileprivate mutating func show(
        _ header: RecordHeader,
        _ outputs: [Output],
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool {
        try visit(header, stepper.event, outputs, start, stepper.engine)
    }

    /// Likewise, of a record that was decoded elsewhere.
    fileprivate mutating func show(
        _ header: RecordHeader,
        _ event: inout Event,
        _ outputs: [Output],
        _ visit: Walk.InputVisit
    ) throws(ReplayError) -> Bool {
        try visit(header, event, outputs, start, stepper.engine)
    }

    /// Likewise, before the engine takes the record in.
    fileprivate mutating func show(
        _ event: Event,
        _ header: RecordHeader,
        _ before: (Event, RecordHeader, Engine) -> Void
    ) {
        before(event, header, stepper.engine)
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
