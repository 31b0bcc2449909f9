import Market

/// What a run has come to.
struct Report {
    struct Row {
        var what: String
        var found: String
        var bar: String
        var isGood: Bool
    }

    private(set) var rows: [Row] = []
    private(set) var notes: [String] = []

    var isGood: Bool { rows.allSatisfy(\.isGood) }

    mutating func add(_ what: String, _ found: String, bar: String, _ isGood: Bool) {
        rows.append(Row(what: what, found: found, bar: bar, isGood: isGood))
    }

    mutating func note(_ text: String) { notes.append(text) }

    var table: String {
        var text = "| What | Found | Bar | |\n| --- | --- | --- | --- |\n"
        for row in rows {
            text += "| \(row.what) | \(row.found) | \(row.bar) | \(row.isGood ? "yes" : "NO") |\n"
        }
        return text + notes.map { "\n" + $0 }.joined()
    }

    var line: String {
        var json = JSONWriter()
        json.object {
            $0.field("soak", isGood ? "good" : "not good")
            $0.field(
                "rows",
                array: { json in
                    for row in rows {
                        json.object {
                            $0.field("what", row.what)
                            $0.field("found", row.found)
                            $0.field("bar", row.bar)
                            $0.field("good", row.isGood)
                        }
                    }
                }
            )
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// With so many digits behind the point.
    static func text(_ number: Double, _ digits: Int = 1) -> String {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let whole = Int((number * factor).rounded())
        guard digits > 0 else { return String(whole) }
        let sign = whole < 0 ? "-" : ""
        let rest = String(whole.magnitude % UInt(factor))
        let zeros = String(repeating: "0", count: digits - rest.count)
        return "\(sign)\(whole.magnitude / UInt(factor)).\(zeros)\(rest)"
    }
}
