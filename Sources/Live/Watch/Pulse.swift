import Synchronization

/// When a session last did what it does all the time; written by its event loop, read from any thread.
///
/// Moments are monotonic nanoseconds.
final class Pulse: Sendable {
    private let turnedValue: Atomic<Int64>
    private let appendedValue: Atomic<Int64>

    init(at now: Int64) {
        turnedValue = Atomic(now)
        appendedValue = Atomic(now)
    }

    /// The event loop turned; it does so at least twenty times a second.
    var turned: Int64 { turnedValue.load(ordering: .relaxed) }
    /// A record was appended, as far as was seen at a turn; one is at least each second.
    var appended: Int64 { appendedValue.load(ordering: .relaxed) }

    func turned(at now: Int64, hasAppended: Bool) {
        turnedValue.store(now, ordering: .relaxed)
        if hasAppended { appendedValue.store(now, ordering: .relaxed) }
    }

    /// Both were at most so long ago.
    func beats(within nanoseconds: Int64, at now: Int64) -> Bool {
        now - turned < nanoseconds && now - appended < nanoseconds
    }
}
