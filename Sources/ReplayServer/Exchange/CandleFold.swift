import Market

/// An interval of candles; the exchange keeps minutes, and the rest is folded from them.
///
/// - Source: bybit-v5 §3.4.
enum CandleInterval: String, Hashable, CaseIterable {
    case one = "1"
    case three = "3"
    case five = "5"
    case fifteen = "15"
    case thirty = "30"
    case hour = "60"
    case twoHours = "120"
    case fourHours = "240"
    case sixHours = "360"
    case twelveHours = "720"
    case day = "D"
    case week = "W"
    case month = "M"

    /// The first millisecond of the interval that a moment lies in; weeks begin on Monday, all by UTC.
    func start(of milliseconds: Int64) -> Int64 {
        switch self {
        case .month: return CandleInterval.monthStart(milliseconds)
        case .week:
            // 1970 began on a Thursday.
            let offset = 3 * CandleInterval.dayLength
            let length = 7 * CandleInterval.dayLength
            return (milliseconds + offset) / length * length - offset
        default: return milliseconds / width * width
        }
    }

    /// The last millisecond of the interval that begins at `start`.
    func end(from start: Int64) -> Int64 {
        switch self {
        case .month:
            // Some day of the next month.
            return CandleInterval.monthStart(start + 40 * CandleInterval.dayLength) - 1
        case .week: return start + 7 * CandleInterval.dayLength - 1
        default: return start + width - 1
        }
    }

    private static let dayLength: Int64 = 86_400_000

    private var width: Int64 {
        Int64(rawValue).map { $0 * 60_000 } ?? CandleInterval.dayLength
    }

    /// Days since 1970 to a date and back, by eras of 400 years from a first of March.
    private static func monthStart(_ milliseconds: Int64) -> Int64 {
        let days = milliseconds / dayLength + 719_468
        let era = days / 146_097
        let ofEra = days - era * 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * month + 2) / 5
        return (milliseconds / dayLength - dayOfMonth) * dayLength
    }
}

/// One candle that grows by whole minutes and the one that is open.
struct CandleFold {
    let interval: CandleInterval
    /// The whole minutes of the interval; `nil` before the first.
    private var whole: Candle?

    init(_ interval: CandleInterval) { self.interval = interval }

    /// - Parameter minutes: one-minute candles, newest first, the first of them open.
    init(_ interval: CandleInterval, minutes: [Candle]) {
        self.interval = interval
        guard let open = minutes.first else { return }
        let start = interval.start(of: open.startMilliseconds)
        for minute in minutes.dropFirst().prefix(while: { $0.startMilliseconds >= start })
            .reversed()
        {
            whole = joined(minute)
        }
    }

    /// What is pushed when a minute was pushed; a confirmed one that ends the interval confirms it.
    mutating func add(_ minute: Candle) -> Candle {
        if let whole, interval.start(of: minute.startMilliseconds) != whole.startMilliseconds {
            self.whole = nil
        }
        var candle = joined(minute)
        guard minute.isConfirmed else { return candle }
        candle.isConfirmed = minute.endMilliseconds == candle.endMilliseconds
        whole = candle.isConfirmed ? nil : candle
        return candle
    }

    /// The whole minutes and one more.
    func joined(_ minute: Candle) -> Candle {
        guard var candle = whole else {
            var first = minute
            first.interval = interval.rawValue
            first.startMilliseconds = interval.start(of: minute.startMilliseconds)
            first.endMilliseconds = interval.end(from: first.startMilliseconds)
            if interval != .one { first.isConfirmed = false }
            return first
        }
        candle.close = minute.close
        // All of them stand in the instrument's scale.
        if minute.high.mantissa > candle.high.mantissa { candle.high = minute.high }
        if minute.low.mantissa < candle.low.mantissa { candle.low = minute.low }
        candle.volume = (try? candle.volume.adding(minute.volume)) ?? candle.volume
        candle.turnover = (try? candle.turnover.adding(minute.turnover)) ?? candle.turnover
        if minute.timeMilliseconds > minute.startMilliseconds {
            candle.timeMilliseconds = minute.timeMilliseconds
        }
        return candle
    }

    /// Candles of an interval from minutes, newest first; the oldest may be cut where the minutes begin.
    static func fold(_ minutes: [Candle], to interval: CandleInterval) -> [Candle] {
        guard interval != .one else { return minutes }
        var fold = CandleFold(interval)
        var candles: [Candle] = []
        for minute in minutes.reversed() {
            let candle = fold.add(minute)
            if candles.last?.startMilliseconds == candle.startMilliseconds { candles.removeLast() }
            candles.append(candle)
        }
        return candles.reversed()
    }
}
