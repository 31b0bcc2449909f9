/// The place of a record in its recording: whole numbers from 1 without gaps.
///
/// It is the order of processing and the order of replay; a timestamp never is.
public struct SequenceNumber: Hashable, Comparable, Sendable {
    public var value: UInt64

    @inlinable
    public init(_ value: UInt64) { self.value = value }

    /// Before the first record.
    public static let none = SequenceNumber(0)
    public static let first = SequenceNumber(1)

    @inlinable
    public var next: SequenceNumber { SequenceNumber(value + 1) }

    @inlinable
    public static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        left.value < right.value
    }
}

extension SequenceNumber: CustomStringConvertible {
    public var description: String { String(value) }
}
