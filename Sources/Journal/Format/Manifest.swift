public import Market

/// A recording's page about itself: `manifest.json`, derived from the segments and rebuilt when lost.
public struct Manifest: Hashable, Sendable {
    /// How a recording stands.
    public enum State: String, Hashable, Sendable {
        /// Not sealed: a recorder writes to it, or its last run ended without a seal.
        case open
        case sealed
        /// Sealed, and at least one of its runs ended without a seal and was recovered.
        case recovered
        /// Bytes that were durable have changed.
        case damaged
    }

    /// One segment as the manifest lists it.
    public struct Segment: Hashable, Sendable {
        public var name: String
        public var first: SequenceNumber
        /// ``SequenceNumber/none`` below `first` when it holds no record.
        public var last: SequenceNumber
        /// Chain value before the first record, 32 bytes.
        public var chainFirst: ChainValue
        /// Chain value after the last record.
        public var chainLast: ChainValue

        public init(
            name: String,
            first: SequenceNumber,
            last: SequenceNumber,
            chainFirst: ChainValue,
            chainLast: ChainValue
        ) {
            self.name = name
            self.first = first
            self.last = last
            self.chainFirst = chainFirst
            self.chainLast = chainLast
        }
    }

    public var id: String
    public var state: State
    /// How many lives of the process it holds.
    public var runs: Int
    public var first: SequenceNumber
    public var last: SequenceNumber
    /// `log_time` of the first and last record; zero when there is none.
    public var started: Timestamp
    public var ended: Timestamp
    /// From the first record to the last, nanoseconds; times of another program's file may be as far apart as they like.
    public var duration: Int64 {
        let (difference, overflow) = ended.nanoseconds.subtractingReportingOverflow(
            started.nanoseconds
        )
        return overflow ? .max : difference
    }
    public var segments: [Segment]
    /// The owner's facts: program, configuration hash.
    public var labels: [Label]
    /// The operator's, where a key was configured when it was sealed.
    public var signature: Signature?

    public init(
        id: String,
        state: State,
        runs: Int,
        first: SequenceNumber,
        last: SequenceNumber,
        started: Timestamp,
        ended: Timestamp,
        segments: [Segment],
        labels: [Label],
        signature: Signature? = nil
    ) {
        self.id = id
        self.state = state
        self.runs = runs
        self.first = first
        self.last = last
        self.started = started
        self.ended = ended
        self.segments = segments
        self.labels = labels
        self.signature = signature
    }
}
