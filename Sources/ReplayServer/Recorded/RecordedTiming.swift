import Bybit
import Market
import NIOCore

/// Where the tape stands in time, and what it waits for.
struct RecordedTiming {
    /// The recording's time now.
    var now: Timestamp
    /// The recording's time at ``anchor``, from which it runs on.
    private var start: Timestamp
    private var anchor: NIODeadline
    /// Recorded nanoseconds a nanosecond; `nil` for no pace.
    let factor: Int64?
    var isBegun = false
    /// Requests that have come.
    var arrivals = 0
    var steps = 0
    /// Since when the same request has been waited for.
    var heldSince: NIODeadline?
    var heldFor = -1
    /// While a request is waited for, the clock goes no faster than the machine's: a bot that computes is not late.
    var isHeld = false
    var softSince: NIODeadline?
    var confirmSince: NIODeadline?
    var settling: Settling?
    var isPumping = false
    var isAskedAgain = false
    var ticket = 0

    /// A thread of the bot that was let go and has to come to its next wait.
    struct Settling {
        var sleeper: ClientClock.Sleeper?
        var sleeps: Int64
        var arrivals: Int
        var limit: NIODeadline
    }

    init(start: Timestamp, now: NIODeadline, factor: Int64?) {
        self.now = start
        self.start = start
        self.factor = factor
        anchor = now
    }

    /// The recording's time that the pace allows.
    func allowed(at real: NIODeadline) -> Timestamp {
        guard let factor else { return Timestamp(nanoseconds: .max) }
        let elapsed = (real - anchor).nanoseconds
        guard elapsed > 0 else { return start }
        let (scaled, overflow) = elapsed.multipliedReportingOverflow(by: isHeld ? 1 : factor)
        return overflow ? Timestamp(nanoseconds: .max) : start.advanced(nanoseconds: scaled)
    }

    /// From here on time runs on from where it stands.
    mutating func restart(at real: NIODeadline) {
        start = now
        anchor = real
    }
}
