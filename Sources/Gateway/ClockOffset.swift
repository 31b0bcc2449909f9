public import Market

/// How far the exchange's clock is from ours, learnt from replies of `/v5/market/time`.
///
/// A reply lies somewhere between its request's leaving and its own coming: the offset is taken at the middle, and
/// half of the round trip is its error. Of the last eight replies the one with the shortest round trip counts; a reply that
/// cannot be true beside it says that a clock was set, and those before it count no more.
public struct ClockOffset: Sendable, Equatable {
    public struct Sample: Sendable, Equatable {
        /// Exchange minus us, nanoseconds.
        public var offset: Int64
        /// Greatest error of `offset`, nanoseconds.
        public var uncertainty: Int64

        /// Whether one true offset explains both, and what clocks drift by between them.
        func agrees(with other: Sample) -> Bool {
            let (difference, overflow) = offset.subtractingReportingOverflow(other.offset)
            let (error, isHuge) = uncertainty.addingReportingOverflow(other.uncertainty)
            guard !overflow, !isHuge else { return isHuge }
            return difference.magnitude <= error.magnitude + UInt64(ClockOffset.drift)
        }
    }

    /// Nanoseconds: more than quartz makes of the minutes that the last eight replies span.
    private static let drift: Int64 = 50_000_000

    private var samples: [Sample] = []
    private static let kept = 8

    public init() {}

    /// Adds a reply; one that came before it was asked for, or says no time, changes nothing.
    @discardableResult
    public mutating func measure(
        sent: Timestamp,
        received: Timestamp,
        server: Timestamp
    ) -> Sample? {
        let (trip, overflow) = received.nanoseconds.subtractingReportingOverflow(sent.nanoseconds)
        guard !overflow, trip >= 0, server.nanoseconds > 0 else { return nil }
        let middle = sent.nanoseconds &+ trip / 2
        let (offset, far) = server.nanoseconds.subtractingReportingOverflow(middle)
        guard !far else { return nil }
        let sample = Sample(offset: offset, uncertainty: trip / 2)
        if let best, !sample.agrees(with: best) { samples.removeAll() }
        if samples.count == ClockOffset.kept { samples.removeFirst() }
        samples.append(sample)
        return sample
    }

    /// `nil` before the first measurement.
    public var best: Sample? { samples.min { $0.uncertainty < $1.uncertainty } }
}
