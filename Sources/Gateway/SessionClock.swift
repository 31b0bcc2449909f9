import Glibc
public import Market
import Synchronization

/// The session's clock: wall time at the run's start plus monotonic time since.
///
/// It never goes back, whatever is done to the wall clock. What the wall clock does beside it is recorded
/// as `session/clock`.
public struct SessionClock: Sendable {
    /// The wall clock when the run started.
    public let start: Timestamp
    /// `CLOCK_MONOTONIC` at the same moment, nanoseconds.
    public let monotonicStart: Int64
    /// What tests have put it forward by; `nil` outside of them.
    private let advance: ClockAdvance?

    /// - Parameter advance: for tests that let days pass.
    public init(advance: ClockAdvance? = nil) {
        self.advance = advance
        monotonicStart = SessionClock.monotonic()
        start = SessionClock.wall()
    }

    /// For tests: a clock that began at another time.
    public init(start: Timestamp, monotonicStart: Int64) {
        self.start = start
        self.monotonicStart = monotonicStart
        advance = nil
    }

    /// The session's time.
    public func now() -> Timestamp { at(monotonic: SessionClock.monotonic()) }

    /// The session's time at a moment of the monotonic clock, nanoseconds.
    public func at(monotonic: Int64) -> Timestamp {
        let passed = start.advanced(nanoseconds: monotonic &- monotonicStart)
        guard let advance else { return passed }
        return passed.advanced(nanoseconds: advance.nanoseconds)
    }

    /// Wall minus session time: what the wall clock was stepped by since the start.
    public struct Drift: Hashable, Sendable {
        /// Nanoseconds; positive where the wall clock is ahead.
        public var nanoseconds: Int64
        /// Its greatest error: the two clocks cannot be read at once.
        public var uncertainty: Int64

        public init(nanoseconds: Int64, uncertainty: Int64) {
            self.nanoseconds = nanoseconds
            self.uncertainty = uncertainty
        }

        /// By how much the wall clock was stepped since `before`; `nil` where both may be the same within `least`.
        public func step(since before: Drift, least: Int64) -> Int64? {
            let change = nanoseconds &- before.nanoseconds
            let doubt = uncertainty &+ before.uncertainty
            return change.magnitude > UInt64(max(0, least &+ doubt)) ? change : nil
        }
    }

    /// The best of a few readings, since a thread may lose its processor between the two clocks.
    public func drift() -> Drift {
        var best = Drift(nanoseconds: 0, uncertainty: .max)
        for _ in 0..<4 {
            let before = SessionClock.monotonic()
            let wall = SessionClock.wall().nanoseconds &+ (advance?.wallNanoseconds ?? 0)
            let trip = max(0, SessionClock.monotonic() &- before)
            guard trip < best.uncertainty else { continue }
            best = Drift(
                nanoseconds: wall &- at(monotonic: before &+ trip / 2).nanoseconds,
                uncertainty: trip
            )
            if trip < 100_000 { break }
        }
        return best
    }

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

/// Puts a session's clock forward: a test lets a day pass in the time that it takes to say so.
///
/// Sockets, timers and back-off keep to the machine's own clock.
public final class ClockAdvance: Sendable {
    private let forward = Atomic<Int64>(0)
    private let stepped = Atomic<Int64>(0)

    public init() {}

    /// By how much the session's clock is ahead, nanoseconds.
    public var nanoseconds: Int64 { forward.load(ordering: .acquiring) }
    /// By how much the wall clock is: as much, and what it was stepped by.
    var wallNanoseconds: Int64 { nanoseconds &+ stepped.load(ordering: .acquiring) }

    /// Time passes, for the session's clock and the wall clock alike.
    public func pass(nanoseconds: Int64) {
        forward.wrappingAdd(max(0, nanoseconds), ordering: .acquiringAndReleasing)
    }

    /// Somebody sets the wall clock; monotonic time goes on as it did.
    public func stepWall(nanoseconds: Int64) {
        stepped.wrappingAdd(nanoseconds, ordering: .acquiringAndReleasing)
    }
}
