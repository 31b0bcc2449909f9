/// One ordered source of records, by its name: `public/linear/orderbook.50.BTCUSDT`, `desk/command`.
///
/// What a payload is follows from its stream, never from its bytes.
public struct StreamName: Hashable, Sendable {
    public var text: String
    /// Redundant connection: 1 is the first and is not written; a second is `…@2`.
    public var slot: Int
    public var kind: StreamKind

    /// The name without its slot.
    public var base: String { StreamName.splitSlot(text).0 }

    public init(_ text: String) {
        self.text = text
        let (base, slot) = StreamName.splitSlot(text)
        self.slot = slot
        self.kind = StreamKind(name: base)
    }

    private static func splitSlot(_ text: String) -> (String, Int) {
        guard let at = text.lastIndex(of: "@") else { return (text, 1) }
        guard let slot = Int(text[text.index(after: at)...]), slot >= 2 else { return (text, 1) }
        return (String(text[..<at]), slot)
    }
}

extension StreamName: CustomStringConvertible {
    public var description: String { text }
}

/// What the records of a stream are.
public enum StreamKind: Hashable, Sendable {
    /// A push of a public topic: `public/CATEGORY/TOPIC`.
    case publicTopic(Category, topic: String)
    /// Acks, pongs and all without a topic on a public socket: `public/CATEGORY/-`.
    case publicOther(Category)
    /// `private/ACCOUNT/TOPIC`.
    case privateTopic(account: String, topic: String)
    /// `private/ACCOUNT/-`.
    case privateOther(account: String)
    /// `trade/ACCOUNT`.
    case trade(account: String)
    /// One REST exchange: `rest/ACCOUNT/METHOD/PATH`; account `public` when unsigned.
    case rest(account: String, method: String, path: String)
    /// What we put on a socket: `sent/` with the same rest. Evidence, never fed.
    case sent(String)
    /// Connects, disconnects, subscriptions, what was shed: `link/…`.
    case link(String)
    case command
    case verdict
    case finding
    case state
    /// A strategy's timer that fired: `desk/timer`.
    case timer
    /// A request through the operator's door: `desk/operator`.
    case operatorRequest
    case sessionStart
    case sessionChannel
    case sessionTick
    case sessionClock
    case sessionCommit
    case sessionEnd
    /// What the session said of itself: `session/figures`, an input that the core takes no notice of.
    case sessionFigures
    /// A name that this version does not know.
    case unknown

    init(name: String) {
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self = .unknown
            return
        }
        let rest = parts[1]
        switch parts[0] {
        case "public":
            let pair = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let category = Category(name: pair[0]) else {
                self = .unknown
                return
            }
            self =
                pair[1] == "-"
                ? .publicOther(category) : .publicTopic(category, topic: String(pair[1]))
        case "private":
            let pair = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else {
                self = .unknown
                return
            }
            self =
                pair[1] == "-"
                ? .privateOther(account: String(pair[0]))
                : .privateTopic(account: String(pair[0]), topic: String(pair[1]))
        case "trade": self = .trade(account: String(rest))
        case "rest":
            let three = rest.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            guard three.count == 3 else {
                self = .unknown
                return
            }
            self = .rest(
                account: String(three[0]),
                method: String(three[1]),
                path: "/" + String(three[2])
            )
        case "sent": self = .sent(String(rest))
        case "link": self = .link(String(rest))
        case "desk":
            switch rest {
            case "command": self = .command
            case "verdict": self = .verdict
            case "finding": self = .finding
            case "state": self = .state
            case "timer": self = .timer
            case "operator": self = .operatorRequest
            default: self = .unknown
            }
        case "session":
            switch rest {
            case "start": self = .sessionStart
            case "channel": self = .sessionChannel
            case "tick": self = .sessionTick
            case "clock": self = .sessionClock
            case "commit": self = .sessionCommit
            case "end": self = .sessionEnd
            case "figures": self = .sessionFigures
            default: self = .unknown
            }
        default: self = .unknown
        }
    }

    /// What the engine's outputs are written to; all else is input or evidence.
    public var isOutput: Bool {
        switch self {
        case .command, .verdict, .finding, .state: true
        default: false
        }
    }

    /// Neither fed to the engine nor compared by a replay.
    public var isEvidence: Bool {
        switch self {
        case .sent, .sessionChannel, .sessionCommit: true
        default: false
        }
    }
}

/// What the journal knows of a record before anybody reads its payload.
public struct RecordHeader: Hashable, Sendable {
    public var sequence: SequenceNumber
    /// The core's clock: wall time at the run's start plus monotonic time since, never below the record before.
    public var time: Timestamp
    public var stream: StreamName

    public init(sequence: SequenceNumber, time: Timestamp, stream: StreamName) {
        self.sequence = sequence
        self.time = time
        self.stream = stream
    }
}
