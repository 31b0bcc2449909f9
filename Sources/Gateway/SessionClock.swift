import Glibc
public import Market

/// The session's clock: wall time at the run's start plus monotonic time since.
///
/// It never goes back, whatever is done to the wall clock. What the wall clock does beside it is recorded
/// as `session/clock`.
public struct SessionClock: Sendable {
    /// The wall clock when the run started.
    public let start: Timestamp
    /// `CLOCK_MONOTONIC` at the same moment, nanoseconds.
    public let monotonicStart: Int64

    public init() {
        monotonicStart = SessionClock.monotonic()
        start = SessionClock.wall()
    }

    /// For tests: a clock that began at another time.
    public init(start: Timestamp, monotonicStart: Int64) {
        self.start = start
        self.monotonicStart = monotonicStart
    }

    /// The session's time.
    public func now() -> Timestamp { at(monotonic: SessionClock.monotonic()) }

    /// The session's time at a moment of the monotonic clock, nanoseconds.
    public func at(monotonic: Int64) -> Timestamp {
        start.advanced(nanoseconds: monotonic &- monotonicStart)
    }

    /// Wall minus session time in nanoseconds: what the wall clock was stepped or slewed by since the start.
    public func drift() -> Int64 { SessionClock.wall().nanoseconds &- now().nanoseconds }

    /// `CLOCK_MONOTONIC`, nanoseconds.
    public static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    /// `CLOCK_REALTIME`.
    public static func wall() -> Timestamp { Timestamp(nanoseconds: read(CLOCK_REALTIME)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Cannot fail for these two clocks and a valid pointer.
        _ = clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
