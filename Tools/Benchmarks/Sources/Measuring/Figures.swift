/// Numbers as a table shows them.
public enum Figures {
    public static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Two digits after the point.
    public static func decimals(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100)." + (rest.count == 1 ? "0" + rest : rest)
    }

    /// `1234567` as `1,234,567`.
    public static func grouped(_ value: Double) -> String {
        let digits = Array(String(Int(value.rounded())))
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Median and range of ratios.
    public static func spread(_ values: [Double]) -> String {
        spread(values, decimals)
    }

    /// Median and range, each as `text` writes it.
    public static func spread(_ values: [Double], _ text: (Double) -> String) -> String {
        guard values.count > 1 else { return text(median(values)) }
        return "\(text(median(values))) (\(text(values.min() ?? 0)) to \(text(values.max() ?? 0)))"
    }

    public static func milliseconds(_ seconds: [Double]) -> String {
        spread(seconds) { decimals($0 * 1_000) + " ms" }
    }

    public static func microseconds(_ nanoseconds: [Double]) -> String {
        spread(nanoseconds) { decimals($0 / 1_000) + " µs" }
    }

    public static func mebibytes(_ kib: [Double]) -> String {
        spread(kib) { decimals($0 / 1_024) + " MiB" }
    }
}

/// The lines that a script kept: `NAME {"mode":…}`, and of the kit's programs `{"mode":…}` alone.
public struct KeptLines {
    private var lines: [String: [[String: Double]]] = [:]
    /// In the order of their first line.
    public private(set) var names: [String] = []

    public init(path: String) throws(BenchError) {
        for line in try Files.text(path).split(separator: "\n") {
            guard let brace = line.firstIndex(of: "{") else { continue }
            let name = String(line[..<brace].filter { $0 != " " })
            var fields: [String: Double] = [:]
            var mode = ""
            for pair in line[brace...].split(separator: ",") {
                // A mode may have a colon of its own.
                guard let colon = pair.firstIndex(of: ":") else { continue }
                let key = String(pair[..<colon].filter { !"{\" ".contains($0) })
                let value = String(
                    pair[pair.index(after: colon)...].filter { !"}\" ".contains($0) }
                )
                if key == "mode" { mode = value } else { fields[key] = Double(value) }
            }
            if !names.contains(name) { names.append(name) }
            lines["\(name) \(mode)", default: []].append(fields)
        }
    }

    /// A field's values, in the order of repetitions.
    public func values(_ name: String, _ mode: String, _ field: String) -> [Double] {
        (lines["\(name) \(mode)"] ?? []).compactMap { $0[field] }
    }
}
