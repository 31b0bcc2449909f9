/// Where alerts are sent.
public enum AlertSink: Hashable, Sendable {
    /// A program with its arguments; the alert comes on its standard input.
    case exec(program: String, arguments: [String])
    /// An `http[s]://` address that takes a POST. It may hold a secret of its own, so it is never shown.
    case webhook(url: String)

    /// Its kind: the name that figures and log lines have is this and its place, `webhook-1`.
    public var kind: String {
        switch self {
        case .exec: "exec"
        case .webhook: "webhook"
        }
    }
}

/// What one sink has done, for the figures.
public struct SinkCount: Hashable, Sendable {
    public var name: String
    public var sent: Int64 = 0
    /// Attempts, each followed by another one.
    public var failed: Int64 = 0
    /// Alerts that found no room.
    public var dropped: Int64 = 0
    public var waiting: Int64 = 0

    public init(name: String) { self.name = name }
}

/// The alerts that one sink has not taken yet, in order, as a pure state machine.
///
/// The first is tried until it is taken, with pauses that grow; those behind it wait. When there is no room the oldest one
/// that is not under way is given up, and whoever adds is told which.
public struct DeliveryQueue: Sendable {
    public static let capacity = 256
    /// Nanoseconds after the first failure; twice as many after each that follows.
    static let pause: Int64 = 1_000_000_000
    static let pauseMax: Int64 = 60_000_000_000

    public private(set) var counts: SinkCount
    private var waiting: [Alert] = []
    private var isBusy = false
    private var failures = 0
    private var nextAttempt = Int64.min

    public init(name: String) { counts = SinkCount(name: name) }

    /// Its place among the sinks is another one.
    public mutating func rename(_ name: String) { counts.name = name }

    /// The alert that was given up for this one, if any.
    public mutating func add(_ alert: Alert) -> Alert? {
        var dropped: Alert?
        if waiting.count == DeliveryQueue.capacity {
            dropped = waiting.remove(at: isBusy ? 1 : 0)
            counts.dropped += 1
        }
        waiting.append(alert)
        counts.waiting = Int64(waiting.count)
        return dropped
    }

    /// What is to be sent now; ``ended(isTaken:at:)`` follows.
    public mutating func next(at now: Int64) -> Alert? {
        guard !isBusy, now >= nextAttempt, let first = waiting.first else { return nil }
        isBusy = true
        return first
    }

    /// The attempt has ended.
    public mutating func ended(isTaken: Bool, at now: Int64) {
        guard isBusy else { return }
        isBusy = false
        guard isTaken else {
            counts.failed += 1
            let shift = Int64(min(failures, 10))
            nextAttempt = now + min(DeliveryQueue.pauseMax, DeliveryQueue.pause << shift)
            failures += 1
            return
        }
        counts.sent += 1
        failures = 0
        nextAttempt = .min
        waiting.removeFirst()
        counts.waiting = Int64(waiting.count)
    }

    /// Alerts that were not taken, the one under way included.
    public var undelivered: [Alert] { waiting }
}
