public import Market

/// What a ``Verifier`` found.
public struct Verification: Sendable {
    public enum State: String, Hashable, Sendable {
        /// Everything that is there proves itself. Exit status 0.
        case sound
        /// Sound up to `last`; bytes behind it, past HEAD, do not form a record. Exit status 1.
        case cut
        /// Bytes below HEAD or in a sealed segment have changed or are missing. Exit status 2.
        case damaged
    }

    /// A run of numbers that is missing or cannot be read.
    public struct Gap: Hashable, Sendable {
        public var first: SequenceNumber
        public var last: SequenceNumber

        public init(first: SequenceNumber, last: SequenceNumber) {
            self.first = first
            self.last = last
        }
    }

    public var state: State
    public var id: String
    public var isSealed: Bool
    /// First and last number that proved themselves; `none` when there is no record.
    public var first: SequenceNumber
    public var last: SequenceNumber
    public var records: UInt64
    public var chunks: Int
    public var segments: Int
    /// The last number that HEAD says is durable; `nil` when HEAD is missing or unreadable.
    public var durable: SequenceNumber?
    public var gaps: [Gap]
    /// Everything that did not prove itself, in the order of the files.
    public var findings: [JournalError]
    /// Files beside it that are not part of it, and say nothing against it.
    public var strays: [JournalError] = []
    /// Why it begins where it does.
    public var beginning = Beginning.whole
    /// The operator's signature, where there is one; what does not hold of it is among `findings`.
    public var signature: Signature?
    /// What was looked at, in the words of the format's page: a file of another origin has no chain, and a single
    /// segment neither manifest nor deletions.
    public var covered: [String] = []
    /// Its place in a row of recordings; `nil` where it is in none.
    public var row: RowLink?
    /// Chain value after the last chunk.
    public var chain: ChainValue

    init(id: String, isSealed: Bool) {
        state = .sound
        self.id = id
        self.isSealed = isSealed
        first = .none
        last = .none
        records = 0
        chunks = 0
        segments = 0
        gaps = []
        findings = []
        chain = ChainValue(words: (0, 0, 0, 0))
    }

    /// As `tapedeck verify` ends.
    public var exitStatus: Int32 {
        switch state {
        case .sound: 0
        case .cut: 1
        case .damaged: 2
        }
    }
}
