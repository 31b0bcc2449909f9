import Glibc
import JSON

/// Makes the Markdown table of the lines that one run of `Tools/Benchmarks/run` kept.
struct Table {
    /// One of ours, its reference in the kit, and what both do.
    struct Pair {
        var title: String
        var ours: String
        var reference: String
    }

    static let pairs = [
        Pair(title: "append", ours: "append", reference: "z3_64k:write"),
        Pair(title: "scan", ours: "scan", reference: "z3_64k:scan"),
        Pair(title: "decode and book", ours: "decode", reference: "ond_flat"),
        Pair(title: "verbatim replay", ours: "replay", reference: "replay_ond"),
    ]

    /// Below this share of its reference a row fails.
    static let floor = 0.3

    private struct Run {
        var count: Double
        var cpu: Double
        var digest: String?

        var rate: Double { count / max(cpu, 1e-9) }
    }

    private var runs: [String: [Run]] = [:]

    init(path: String) throws {
        let parser = JSONParser()
        for line in try Table.lines(of: path) {
            let (mode, run) = try parser.read(line) { root in
                guard let mode = root["mode"]?.string,
                    let count = root["n"].flatMap({ Table.number($0) }),
                    let cpu = root["cpu"].flatMap({ Table.number($0) })
                else { throw BenchError("\(path): a line has no mode, n and cpu") }
                return (mode, Run(count: count, cpu: cpu, digest: root["digest"]?.string))
            }
            runs[mode, default: []].append(run)
        }
    }

    /// The table, and whether every row reaches the floor and all books agree.
    func markdown() throws -> (text: String, isGood: Bool) {
        var lines = [
            "| | messages | Tapedeck, messages per CPU second | reference | its messages per CPU second "
                + "| ratio |",
            "| --- | ---: | ---: | --- | ---: | ---: |",
        ]
        var isGood = true
        for pair in Table.pairs {
            guard let ours = runs[pair.ours], let theirs = runs[pair.reference] else { continue }
            guard ours.count == theirs.count, let first = ours.first else {
                throw BenchError("\(pair.ours) and \(pair.reference) did not run equally often")
            }
            let ratios = zip(ours, theirs).map { $0.rate / $1.rate }
            let ratio = Table.median(ratios)
            let digests = Set((ours + theirs).compactMap(\.digest))
            if ratio < Table.floor || digests.count > 1 { isGood = false }
            lines.append(
                "| \(pair.title) | \(Table.grouped(first.count)) | \(Table.spread(ours.map(\.rate))) "
                    + "| `\(pair.reference)` | \(Table.spread(theirs.map(\.rate))) "
                    + "| \(Table.decimals(ratio)) (\(Table.decimals(ratios.min() ?? 0)) "
                    + "to \(Table.decimals(ratios.max() ?? 0))) |"
            )
            if digests.count > 1 {
                lines.append("| the books of \(pair.title) differ from the reference's | | | | | |")
            }
        }
        return (lines.joined(separator: "\n"), isGood)
    }

    /// Median and range.
    private static func spread(_ rates: [Double]) -> String {
        guard rates.count > 1 else { return grouped(median(rates)) }
        return "\(grouped(median(rates))) (\(grouped(rates.min() ?? 0)) "
            + "to \(grouped(rates.max() ?? 0)))"
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// `1234567` as `1,234,567`.
    private static func grouped(_ value: Double) -> String {
        let digits = Array(String(Int(value.rounded())))
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    private static func decimals(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100)." + (rest.count == 1 ? "0" + rest : rest)
    }

    private static func number(_ value: JSONValue) -> Double? {
        Double(String(decoding: value.raw, as: UTF8.self))
    }

    private static func lines(of path: String) throws -> [[UInt8]] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw BenchError("\(path) cannot be opened") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else {
            throw BenchError("\(path) cannot be read")
        }
        return bytes.split(separator: 10).map { Array($0) }
    }
}
