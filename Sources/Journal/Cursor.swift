public import Market

/// A place in a recording that moves forward.
///
/// Memory is bounded by one chunk, whatever the file says. Each chunk's CRC is checked before its first
/// record is given. Commits are not records and are skipped. One cursor belongs to one thread at a time.
public final class Cursor {
    /// The next record, or `nil` at the end. Its payload is valid until the next call.
    ///
    /// - Throws: ``JournalError`` with file, offset and number. The cursor then stands behind the chunk
    ///   that could not be read, and the next call goes on there, when that place is known.
    public func next() throws(JournalError) -> Record? { nil }

    /// The name of a stream that this cursor has met.
    public func name(of stream: StreamID) -> StreamName { StreamName("") }
}
