import Market
import NIOCore

/// Exchange time as a function of the machine's monotonic clock, for the paces that follow it.
struct MarketClock {
    private var origin = NIODeadline.now()
    private var start: Timestamp
    /// Exchange seconds a second.
    private let factor: Int64
    private(set) var isRunning = true

    init(start: Timestamp, factor: Int) {
        self.start = start
        self.factor = Int64(max(1, factor))
    }

    var time: Timestamp {
        guard isRunning else { return start }
        let elapsed = (NIODeadline.now() - origin).nanoseconds
        let (scaled, overflow) = elapsed.multipliedReportingOverflow(by: factor)
        return start.advanced(nanoseconds: overflow ? .max : scaled)
    }

    /// Stands still at `now`, or goes on from there.
    mutating func setRunning(_ isRunning: Bool, at now: Timestamp) {
        self.isRunning = isRunning
        start = now
        origin = .now()
    }

    func wait(until event: Timestamp) -> TimeAmount {
        guard isRunning else { return .seconds(1) }
        let (distance, overflow) = event.nanoseconds
            .subtractingReportingOverflow(time.nanoseconds)
        return .nanoseconds(overflow ? .max : distance / factor)
    }
}
