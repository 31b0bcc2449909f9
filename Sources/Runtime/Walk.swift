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

    private let registry: StrategyRegistry
    public var progress: (SequenceNumber) -> Void = { _ in }

    /// Gets the engine's state now and then; nil: nothing is kept.
    public var checkpoints: CheckpointStore?

    /// Called with the state that a recording begins with where it begins later than its session did.
    var opening: (EngineStart) throws(ReplayError) -> Void = { _ in }

    public init(registry: StrategyRegistry) { self.registry = registry }

    /// Calls `visit` for each record up to the first that is past `isPast`, or until `visit` gives false.
    ///
    /// - Parameter state: where to go on; nil: the recording's beginning. Its cursor is used up.
    /// - Returns: the engine and its last run's settings; nil when the recording holds no `session/start`.
    @discardableResult
    public func run(
        _ recording: Recording,
        from state: KeptState? = nil,
        isPast: (SequenceNumber, Timestamp) -> Bool = { _, _ in false },
        visit: (Step, Engine) throws(ReplayError) -> Bool
    ) throws(ReplayError) -> (engine: Engine, start: SessionStart)? {
        let parser = JSONParser()
        var streams: [StreamID: (name: StreamName, route: StreamRoute)] = [:]
        var made: EngineStart?
        let cursor: Cursor
        if let state {
            made = EngineStart(state)
            cursor = state.cursor
        } else {
            made = try recording.beginning(registry: registry, parser: parser).map {
                EngineStart($0)
            }
            if let made { try opening(made) }
            do throws(JournalError) {
                cursor = try recording.cursor()
            } catch {
                throw .journal(error)
            }
        }
        checkpoints?.begin(behind: state?.sequence ?? .none)
        var outputs = Outputs()
        while true {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .journal(error)
            }
            guard let record, !isPast(record.sequence, record.time) else { break }
            if streams[record.stream] == nil {
                let name = cursor.name(of: record.stream)
                streams[record.stream] = (name, StreamRoute(name))
            }
            guard let stream = streams[record.stream] else { continue }
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
            }
            guard made != nil else { throw .noStart(record.sequence) }
            let isInput = !kind.isOutput && !kind.isEvidence
            outputs.removeAll()
            if isInput {
                made?.stepper.step(
                    header,
                    route: stream.route,
                    payload: record.payload,
                    outputs: &outputs
                )
            }
            guard let now = made else { continue }
            let step = Step(
                header: header,
                payload: record.payload,
                event: isInput ? now.stepper.event : nil,
                outputs: outputs.elements,
                start: now.start
            )
            guard try visit(step, now.stepper.engine) else { break }
            if isInput, let checkpoints, checkpoints.isDue(record.sequence) {
                checkpoints.keep(now.stepper.engine, now.start, behind: record)
            }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        return made.map { ($0.stepper.engine, $0.start) }
    }
}
