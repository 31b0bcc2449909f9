/// What the core says in answer to one input; appended right after it, before anything is sent.
public enum Output: Hashable, Sendable {
    case command(Command)
    case verdict(Verdict)
    case finding(Finding)
    case state(StateReport)

    /// The stream the output is recorded on.
    public var stream: String {
        switch self {
        case .command: "desk/command"
        case .verdict: "desk/verdict"
        case .finding: "desk/finding"
        case .state: "desk/state"
        }
    }
}

/// The answer of risk to one intent: allowed, or rejected by named limits.
public struct Verdict: Hashable, Sendable {
    /// One limit that was looked at, with what was observed; texts of exact numbers, with their unit.
    public struct Check: Hashable, Sendable {
        public var limit: String
        public var ceiling: String
        public var observed: String
        public var unit: String
        public var holds: Bool

        public init(limit: String, ceiling: String, observed: String, unit: String, holds: Bool) {
            self.limit = limit
            self.ceiling = ceiling
            self.observed = observed
            self.unit = unit
            self.holds = holds
        }
    }

    public var strategy: String
    public var cause: SequenceNumber
    /// Counts the intents of one cause; the command that follows an allowed one has the same ordinal.
    public var ordinal: Int
    public var instrument: InstrumentID
    /// What was wanted, in words of the wire: `place Buy 0.010 @ 90000.00`.
    public var intent: String
    public var checks: [Check]

    public init(
        strategy: String,
        cause: SequenceNumber,
        ordinal: Int,
        instrument: InstrumentID,
        intent: String,
        checks: [Check]
    ) {
        self.strategy = strategy
        self.cause = cause
        self.ordinal = ordinal
        self.instrument = instrument
        self.intent = intent
        self.checks = checks
    }

    public var isAllowed: Bool { checks.allSatisfy(\.holds) }
}

/// Something worth knowing that the core noticed: a field it could not read, a gap, a difference from the exchange.
public struct Finding: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A record, or one field of it, could not be decoded.
        case decode
        /// `u` did not follow on; the book is stale until a snapshot.
        case gap
        /// A push for a book without a snapshot, or an old one repeated.
        case ignored
        case crossedBook = "crossed-book"
        /// A number does not fit the instrument's scale or an exact sum.
        case number
        /// The exchange's state differs from ours.
        case audit
        /// Two clocks of the exchange alone say whether the answers that opened the ledger have an execution or a flow.
        ///
        /// Recordings of behaviour version 6 have it as `timing`.
        case openingTie = "opening-tie"
        /// A topic, endpoint or enumeration that this version does not know.
        case unknown
        /// An order whose fate is not known yet, or was settled by look-up.
        case orderUnknown = "order-unknown"
        /// The exchange refused a request.
        case refused
        case reconciled
        case strategy
    }

    public var kind: Kind
    public var cause: SequenceNumber
    /// Stream, instrument or field concerned.
    public var subject: String
    public var expected: String
    public var seen: String
    /// A sentence for people.
    public var note: String

    public init(
        kind: Kind,
        cause: SequenceNumber,
        subject: String,
        expected: String = "",
        seen: String = "",
        note: String = ""
    ) {
        self.kind = kind
        self.cause = cause
        self.subject = subject
        self.expected = expected
        self.seen = seen
        self.note = note
    }
}

/// The hashes of the engine's state after an input.
public struct StateReport: Hashable, Sendable {
    public struct Component: Hashable, Sendable {
        public var name: String
        public var version: Int
        public var hash: UInt64

        public init(name: String, version: Int, hash: UInt64) {
            self.name = name
            self.version = version
            self.hash = hash
        }
    }

    public var cause: SequenceNumber
    /// Over the bytes of all outputs so far: equal here means equal before.
    public var rollingHash: UInt64
    public var components: [Component]

    public init(cause: SequenceNumber, rollingHash: UInt64, components: [Component]) {
        self.cause = cause
        self.rollingHash = rollingHash
        self.components = components
    }
}
