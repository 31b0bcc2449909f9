import Glibc

/// Makes the Markdown table of the lines that `Tools/Benchmarks/reader` kept.
///
/// A line is `NAME REPETITION {"mode":…}`.
struct ReaderTable {
    /// By name and mode, in the order of repetitions.
    private var lines: [String: [[String: Double]]] = [:]
    private var names: [String] = []

    init(path: String) throws {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchError("\(path) cannot be opened") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
        guard pread(file, &bytes, bytes.count, 0) == bytes.count else {
            throw BenchError("\(path) cannot be read")
        }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            let name = String(line[..<space])
            var fields: [String: Double] = [:]
            var mode = ""
            for pair in line[line.index(after: space)...].split(separator: ",") {
                let parts = pair.split(separator: ":").map { part in
                    String(part.filter { !"{}\" ".contains($0) })
                }
                guard parts.count == 2 else { continue }
                if parts[0] == "mode" {
                    mode = parts[1]
                } else {
                    fields[parts[0]] = Double(parts[1])
                }
            }
            if !names.contains(name) { names.append(name) }
            lines["\(name) \(mode)", default: []].append(fields)
        }
    }

    func markdown() throws -> String {
        var text = [
            "| | recording | Tapedeck | reference | ratio | bar |",
            "| --- | --- | ---: | ---: | ---: | ---: |",
        ]
        for name in names {
            for (mode, title) in [("scan", "scan, CRC checked"), ("verify", "verify")] {
                let ours = values(name, mode, "cpu")
                let theirs = values(name, "reference-\(mode)", "cpu")
                guard !ours.isEmpty, !theirs.isEmpty else { continue }
                let ratios = zip(ours, theirs).map { $1 / $0 }
                text.append(
                    "| \(title) | \(name) | \(milliseconds(ours)) | \(milliseconds(theirs)) "
                        + "| \(spread(ratios)) | ≥ 0.80 |"
                )
            }
            for mode in ["seek-number", "seek-time"] {
                for (place, bar) in [("p50", "≤ 1.50"), ("p99", "≤ 4.00")] {
                    let ours = values(name, mode, place)
                    // Both bars are of the typical chunk.
                    let theirs = values(name, "reference-chunk", "p50")
                    guard !ours.isEmpty, !theirs.isEmpty else { continue }
                    text.append(
                        "| \(mode.replacing("-", with: " by ")), \(place) | \(name) "
                            + "| \(microseconds(ours)) | \(microseconds(theirs)) "
                            + "| \(spread(zip(ours, theirs).map { $0 / $1 })) | \(bar) |"
                    )
                }
            }
            let opens = values(name, "open", "wall")
            if !opens.isEmpty {
                text.append(
                    "| open and read the last record | \(name) | \(milliseconds(opens)) | | | |"
                )
            }
            for (field, title) in [
                ("opened_kib", "memory, opened"), ("scanned_kib", "… and scanned"),
                ("sought_kib", "… and 500 seeks"),
            ] {
                let kib = values(name, "memory", field)
                guard !kib.isEmpty else { continue }
                text.append(
                    "| \(title) | \(name) | \(decimals(median(kib) / 1_024)) MiB | | | ≤ 16 MiB |"
                )
            }
        }
        return text.joined(separator: "\n")
    }

    private func values(_ name: String, _ mode: String, _ field: String) -> [Double] {
        (lines["\(name) \(mode)"] ?? []).compactMap { $0[field] }
    }

    private func milliseconds(_ seconds: [Double]) -> String {
        decimals(median(seconds) * 1_000) + " ms"
    }

    private func microseconds(_ nanoseconds: [Double]) -> String {
        decimals(median(nanoseconds) / 1_000) + " µs"
    }

    private func spread(_ ratios: [Double]) -> String {
        "\(decimals(median(ratios))) (\(decimals(ratios.min() ?? 0)) "
            + "to \(decimals(ratios.max() ?? 0)))"
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private func decimals(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100)." + (rest.count == 1 ? "0" + rest : rest)
    }
}
