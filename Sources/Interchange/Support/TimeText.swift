import Market

/// RFC 3339 in UTC, to the nanosecond, without a calendar library.
enum TimeText {
    /// Reads `2019-08-01T08:52:00.1324272Z` with up to nine digits of a second, `Z` or `+00:00` at the end.
    static func read(_ text: UnsafeRawBufferPointer) -> Timestamp? {
        guard text.count >= 20, text[4] == 0x2d, text[7] == 0x2d, text[10] == 0x54,
            text[13] == 0x3a, text[16] == 0x3a,
            let year = digits(text, 0, 4), let month = digits(text, 5, 2),
            let day = digits(text, 8, 2), let hour = digits(text, 11, 2),
            let minute = digits(text, 14, 2), let second = digits(text, 17, 2),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if text[at] == 0x2e {
            at += 1
            let first = at
            while at < text.count, (0x30...0x39).contains(text[at]) { at += 1 }
            guard (1...9).contains(at - first), let value = digits(text, first, at - first) else {
                return nil
            }
            fraction = Int64(value) * PowerOfTen.int64(9 - (at - first))
        }
        let zone = text[at...]
        guard zone.elementsEqual("Z".utf8) || zone.elementsEqual("+00:00".utf8),
            let days = days(year, month, day)
        else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        return timestamp(seconds: seconds, nanoseconds: fraction)
    }

    /// `nil` outside 1677 … 2262.
    static func timestamp(seconds: Int64, nanoseconds: Int64) -> Timestamp? {
        let (product, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(nanoseconds)
        return over || carry ? nil : Timestamp(nanoseconds: sum)
    }

    static func digits(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int? {
        guard start + count <= text.count else { return nil }
        var value = 0
        for index in start..<(start + count) {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 0x30)
        }
        return value
    }

    /// Days since 1970-01-01 of a date of the Gregorian calendar; `nil` where there is no such day.
    static func days(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), day >= 1, day <= lengths[month - 1] else { return nil }
        // Years that begin on 1 March, in eras of 400.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Writes times one after another; the text of a second is made once.
struct TimeWriter {
    private var second: Int64 = .min
    /// As `2026-11-22T20:18:05.`, with the point.
    private var prefix: [UInt8] = []

    /// Appends the time with that many digits of a second; the rest is cut off, never rounded.
    mutating func append(_ time: Timestamp, digits: Int = 9, to text: inout [UInt8]) {
        var (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 {
            seconds -= 1
            rest += 1_000_000_000
        }
        if seconds != second {
            second = seconds
            prefix = Array(time.description.utf8.dropLast(10))
        }
        text.append(contentsOf: prefix)
        var divisor: Int64 = 100_000_000
        for _ in 0..<digits {
            text.append(UInt8(0x30 + rest / divisor % 10))
            divisor /= 10
        }
        text.append(0x5a)
    }
}
