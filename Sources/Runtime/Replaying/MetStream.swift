import Bybit
import Journal
import Market

/// A stream that a reader of a recording has met, with what its name says worked out once.
struct MetStream {
    enum Role {
        /// No record of it has come.
        case unmet
        /// Neither fed nor compared.
        case evidence
        /// Compared.
        case output
        /// Fed; an engine is made from it.
        case start
        /// Fed.
        case input
    }

    let role: Role
    let route: StreamRoute
    /// Of its last record, of a replay of its last input; the stream in it is always this one.
    var header: RecordHeader

    /// Its records are fed to the engine.
    var isInput: Bool { role == .input || role == .start }

    /// Stands where no stream was met.
    init() { self.init(StreamName(""), .unmet) }

    init(_ name: StreamName) { self.init(name, MetStream.role(name.kind)) }

    private init(_ name: StreamName, _ role: Role) {
        self.role = role
        route = StreamRoute(name)
        header = RecordHeader(sequence: .none, time: .zero, stream: name)
    }

    private static func role(_ kind: StreamKind) -> Role {
        if kind.isEvidence { return .evidence }
        if kind.isOutput { return .output }
        return kind == .sessionStart ? .start : .input
    }
}
