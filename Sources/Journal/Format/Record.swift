public import Market

/// A stream within its recording: its MCAP channel id, the same in every segment.
public struct StreamID: Hashable, Comparable, Sendable {
    public var value: UInt16

    @inlinable
    public init(_ value: UInt16) { self.value = value }

    @inlinable
    public static func < (left: StreamID, right: StreamID) -> Bool { left.value < right.value }
}

/// One record as a ``Cursor`` gives it, valid until the cursor moves.
public struct Record {
    public var sequence: SequenceNumber
    public var time: Timestamp
    public var stream: StreamID
    /// The bytes as they came.
    ///
    /// At least 64 more bytes are readable behind them, of any value,
    /// so that a parser which reads past the end needs no copy.
    public var payload: UnsafeRawBufferPointer

    @inlinable
    public init(
        sequence: SequenceNumber,
        time: Timestamp,
        stream: StreamID,
        payload: UnsafeRawBufferPointer
    ) {
        self.sequence = sequence
        self.time = time
        self.stream = stream
        self.payload = payload
    }
}
