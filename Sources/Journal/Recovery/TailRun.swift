import Market

/// Records that only tails or reserve hold, one number after the other.
///
/// `@unchecked Sendable`: filled by its maker, then only read.
final class TailRun: @unchecked Sendable {
    let first: SequenceNumber
    var count: UInt64 = 0
    /// Messages, each channel's Channel before its first.
    var buffer = ByteBuffer(capacity: 4096)

    init(first: SequenceNumber) { self.first = first }

    /// The number behind its last.
    var next: SequenceNumber { SequenceNumber(first.value + count) }
}
