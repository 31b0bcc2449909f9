public import Bybit
public import Market
public import Trading

/// The part of a session that live and replay share: one record in, the outputs it leads to out.
///
/// Decoding and the engine, nothing else. Whoever holds it appends the record before, and the outputs after.
public struct Stepper {
    public var engine: Engine
    /// What the last record meant; the buffer is used again for the next.
    public private(set) var event = Event()
    private let decoder = MessageDecoder()

    public init(engine: Engine) { self.engine = engine }

    /// - Parameters:
    ///   - route: what the record's stream says of its payload; made once a stream.
    ///   - outputs: gets what the core says, appended in the order in which it is to be recorded.
    public mutating func step(
        _ header: RecordHeader,
        route: StreamRoute,
        payload: UnsafeRawBufferPointer,
        outputs: inout Outputs
    ) {
        decoder.decode(route, payload, into: &event)
        engine.apply(&event, at: header, outputs: &outputs)
    }

    /// Shows what the last record meant, and the engine as it left it.
    ///
    /// By their places: both are large, and whoever looks at each record must not have them copied.
    public mutating func show<Result>(_ look: (Event, Engine) -> Result) -> Result {
        withUnsafePointer(to: &event) { event in
            withUnsafePointer(to: &engine) { engine in look(event.pointee, engine.pointee) }
        }
    }

    /// The same for a record that was decoded elsewhere; ``event`` stays as it is.
    ///
    /// - Parameter decoded: only read; lent for writing, since it would be copied else, list by list.
    mutating func step(
        _ header: RecordHeader,
        decoded: inout Event,
        outputs: inout Outputs
    ) {
        engine.apply(&decoded, at: header, outputs: &outputs)
    }

    /// The same, with a look at what the record says before the engine takes it in.
    mutating func step(
        _ header: RecordHeader,
        route: StreamRoute,
        payload: UnsafeRawBufferPointer,
        outputs: inout Outputs,
        before: (Event, RecordHeader, Engine) -> Void
    ) {
        decoder.decode(route, payload, into: &event)
        before(event, header, engine)
        engine.apply(&event, at: header, outputs: &outputs)
    }
}
