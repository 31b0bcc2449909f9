/// Words and numbers in columns for people.
enum Columns {
    /// Fields side by side; a negative width sets the text to the right, zero leaves it as it is.
    static func line(_ fields: [(text: String, width: Int)]) -> String {
        var line = ""
        for (index, field) in fields.enumerated() {
            if index > 0 { line += "  " }
            let width = abs(field.width)
            let padding = String(repeating: " ", count: max(0, width - field.text.count))
            line += field.width < 0 ? padding + field.text : field.text + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// `1234567` as `1,234,567`.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number)
        var result = ""
        for (index, digit) in digits.enumerated() {
            let rest = digits.count - index
            if index > 0, rest % 3 == 0, result != "-" { result += "," }
            result.append(digit)
        }
        return result
    }

    /// `1 segment`, `2 segments`.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `1536` as `1.5 KiB`.
    static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var tenths = count * 10
        var unit = 0
        while tenths >= 10_240, unit < units.count - 1 {
            tenths /= 1_024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    static func duration(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        if seconds < 60 { return "\(seconds).\(nanoseconds / 100_000_000 % 10) s" }
        if seconds < 3_600 { return "\(seconds / 60) m \(seconds % 60) s" }
        if seconds < 86_400 { return "\(seconds / 3_600) h \(seconds / 60 % 60) m" }
        return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
    }
}
