import Market

/// Days on which contracts expire, at 08:00 UTC.
enum ExpiryDates {
    static let day: Int64 = 86_400_000_000_000
    /// 08:00 UTC.
    static let hour: Int64 = 8 * 3_600_000_000_000
    private static let months = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]

    /// The first expiry after `time`, a whole number of days later.
    private static func expiry(after time: Timestamp, days: Int64) -> Timestamp {
        let today = (time.nanoseconds - hour) / day
        return Timestamp(nanoseconds: (today + 1 + days) * day + hour)
    }

    /// The next `count` days.
    static func days(after time: Timestamp, count: Int) -> [Timestamp] {
        (0..<count).map { expiry(after: time, days: Int64($0)) }
    }

    /// The next `count` Fridays.
    static func fridays(after time: Timestamp, count: Int) -> [Timestamp] {
        (0..<(7 * count)).map { expiry(after: time, days: Int64($0)) }.filter(isFriday)
    }

    /// The next `count` last Fridays of March, June, September and December that are more than two weeks away.
    static func quarters(after time: Timestamp, count: Int) -> [Timestamp] {
        var found: [Timestamp] = []
        var days: Int64 = 14
        while found.count < count {
            let date = expiry(after: time, days: days)
            days += 1
            let week = date.advanced(nanoseconds: 7 * day)
            guard isFriday(date), month(date) % 3 == 0, month(week) != month(date) else { continue }
            found.append(date)
        }
        return found
    }

    /// As it stands in symbols: `7AUG26`.
    static func text(_ date: Timestamp) -> String {
        let parts = parts(date)
        return "\(parts.day)" + months[parts.month - 1] + parts.year.suffix(2)
    }

    static func isFriday(_ date: Timestamp) -> Bool {
        // 1970-01-01 was a Thursday.
        (date.nanoseconds / day + 4) % 7 == 5
    }

    private static func month(_ date: Timestamp) -> Int { parts(date).month }

    private static func parts(_ date: Timestamp) -> (year: String, month: Int, day: Int) {
        let text = date.description.split(separator: "T")[0].split(separator: "-")
        return (String(text[0]), Int(text[1]) ?? 1, Int(text[2]) ?? 1)
    }
}
