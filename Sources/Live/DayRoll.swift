import Market

/// When a session that rolls by the day begins its next recording: what the calendar says, and nothing else.
struct DayRoll {
    static let day: Int64 = 86_400_000_000_000
    /// So long before midnight the next recording is made ready.
    static let lead: Int64 = 30_000_000_000
    /// So long after it could not be made it is tried again.
    static let pause: Int64 = 10_000_000_000

    enum Step: Equatable {
        case nothing
        /// Make the next recording ready; it is named by this time.
        case prepare(Timestamp)
        /// It is ready: look again in so many nanoseconds.
        case wait(Int64)
        /// Go on in the next recording now.
        case roll
    }

    private enum State {
        case idle
        case preparing
        case ready
    }

    /// The recording in hand ends at the first moment of this day that the session sees.
    private(set) var border: Timestamp
    private var state = State.idle
    /// Monotonic nanoseconds before which nothing is tried.
    private var notBefore = Int64.min

    /// - Parameter began: the time of the recording in hand.
    init(began: Timestamp) { border = DayRoll.midnight(after: began) }

    static func midnight(after time: Timestamp) -> Timestamp {
        let (days, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: day)
        return Timestamp(nanoseconds: (days + (rest < 0 ? 0 : 1)) * day)
    }

    /// - Parameters:
    ///   - now: the session's clock.
    ///   - monotonic: the machine's, nanoseconds.
    mutating func look(now: Timestamp, monotonic: Int64) -> Step {
        switch state {
        case .preparing: return .nothing
        case .ready:
            let left = border.nanoseconds - now.nanoseconds
            return left <= 0 ? .roll : .wait(left)
        case .idle:
            guard now.nanoseconds >= border.nanoseconds - DayRoll.lead, monotonic >= notBefore
            else { return .nothing }
            state = .preparing
            return .prepare(max(now, border))
        }
    }

    /// The recording in hand ends now, whatever the calendar says.
    mutating func hasten(now: Timestamp) {
        border = min(border, now)
        notBefore = .min
    }

    mutating func prepared() { state = .ready }

    /// It could not be made ready, or what was ready could not be used.
    mutating func failed(monotonic: Int64) {
        state = .idle
        notBefore = monotonic &+ DayRoll.pause
    }

    /// The session goes on in a recording that began now.
    mutating func rolled(now: Timestamp) {
        state = .idle
        notBefore = .min
        border = DayRoll.midnight(after: now)
    }
}
