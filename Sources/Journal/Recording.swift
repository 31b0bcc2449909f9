public import Market

/// A recording as it lies on disk, opened for reading; a recorder may be writing to it.
///
/// An unclean recording is recovered in memory and nothing is written. A single `.mcap` file of any
/// origin is a recording of one segment.
public struct Recording: Sendable {
    public let path: String
    public let manifest: Manifest
    /// A recorder holds the lock now.
    public let isHeld: Bool

    public var id: String { manifest.id }
    public var state: Manifest.State { manifest.state }
    /// ``SequenceNumber/none`` when it holds no record.
    public var first: SequenceNumber { manifest.first }
    public var last: SequenceNumber { manifest.last }

    /// - Throws: ``JournalError``: missing, no recording, newer format, or damage where nothing is readable.
    public static func open(
        _ path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Recording {
        throw JournalError(.missing, file: path)
    }

    /// A cursor before the first record at or after `start` whose stream passes `filter`.
    ///
    /// - Parameter filter: asked once for each stream.
    public func cursor(
        from start: CursorStart = .beginning,
        streams filter: @escaping @Sendable (StreamName) -> Bool = { _ in true }
    ) throws(JournalError) -> Cursor {
        throw JournalError(.missing, file: path)
    }

    /// Every stream with how many records it has, in the order of ids.
    public func streams() throws(JournalError) -> [StreamSummary] { [] }

    /// The checkpoint that the segment beginning with `first` carries; empty when it has none.
    public func checkpoint(at first: SequenceNumber) throws(JournalError) -> [UInt8] { [] }
}

/// Where a cursor begins.
public enum CursorStart: Hashable, Sendable {
    case beginning
    /// The record with this number, or the next one that is there.
    case sequence(SequenceNumber)
    /// The first record whose `log_time` is this or later.
    case time(Timestamp)
}

/// One stream of a recording.
public struct StreamSummary: Hashable, Sendable {
    public var id: StreamID
    public var name: StreamName
    public var records: UInt64

    public init(id: StreamID, name: StreamName, records: UInt64) {
        self.id = id
        self.name = name
        self.records = records
    }
}
