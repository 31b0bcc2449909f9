public import Market
public import Trading

/// The first record at which a recording and today's code, or two recordings, part.
public struct BisectResult: Sendable {
    /// An input around the difference.
    public struct Frame: Hashable, Sendable {
        public var sequence: SequenceNumber
        public var time: Timestamp
        public var stream: String
        /// Cut at 4 KiB.
        public var payload: String
        /// The input that is answered differently.
        public var isCause: Bool
    }

    /// The state on both sides, `left` of the recording, or of the first one.
    public struct StateDifference: Hashable, Sendable {
        /// The last input in both states.
        public var behind: SequenceNumber
        public var fields: [FieldDifference]
    }

    /// Where all components of the state are equal again.
    public enum Meeting: Hashable, Sendable {
        case at(SequenceNumber, Timestamp)
        /// Not up to this record, with the components that still differed there.
        case notUpTo(SequenceNumber, components: [String])
        /// No report of the state lies behind the difference.
        case unknown
    }

    /// `nil` where nothing differs.
    public var divergence: Divergence?
    /// Of two recordings: whether it is an input that differs, and no answer.
    public var isInput = false
    public var state: StateDifference?
    public var frames: [Frame] = []
    public var meeting: Meeting?
    /// Places at which hashes were compared.
    public var probes = 0
    /// Records that were read in all.
    public var records: UInt64 = 0
    /// Records of the recording.
    public var total: UInt64 = 0
    public var notes: [String] = []

    public init() {}
}
