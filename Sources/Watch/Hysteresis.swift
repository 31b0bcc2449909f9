/// What is measured of one alert at one moment.
struct Signal: Sendable {
    enum Level: Hashable, Sendable {
        /// Beyond the threshold.
        case bad
        /// Between the two thresholds, or nothing is known: whatever was so stays so.
        case between
        /// Well on the other side of it.
        case good
    }

    var level: Level
    var value = ""
    var threshold = ""
    var text = ""
}

/// Begins when it was bad long enough, ends when it was good long enough: what swings about a threshold is one alert.
struct Hysteresis: Sendable {
    enum Change: Hashable, Sendable {
        case began
        case ended
    }

    /// Nanoseconds.
    var beginsAfter: Int64
    var endsAfter: Int64
    private(set) var isFiring = false
    /// When it was first bad, while it is bad or lasts.
    private(set) var since: Int64?
    private var goodSince: Int64?

    init(beginsAfter: Int64 = 0, endsAfter: Int64) {
        self.beginsAfter = beginsAfter
        self.endsAfter = endsAfter
    }

    mutating func look(_ level: Signal.Level, at now: Int64) -> Change? {
        guard isFiring else {
            guard level == .bad else {
                since = nil
                return nil
            }
            let began = since ?? now
            since = began
            guard now - began >= beginsAfter else { return nil }
            isFiring = true
            goodSince = nil
            return .began
        }
        guard level == .good else {
            // Between the two it neither ends nor begins to.
            goodSince = nil
            return nil
        }
        let better = goodSince ?? now
        goodSince = better
        guard now - better >= endsAfter else { return nil }
        isFiring = false
        since = nil
        goodSince = nil
        return .ended
    }
}
