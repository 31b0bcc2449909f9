import Measuring

/// Makes the Markdown table of the lines that `Tools/Benchmarks/reader` kept.
///
/// A line is `NAME {"mode":…}`.
struct ReaderTable {
    private let lines: KeptLines

    init(path: String) throws { lines = try KeptLines(path: path) }

    func markdown() throws -> String {
        var text = [
            "| | recording | Tapedeck | reference | ratio | bar |",
            "| --- | --- | ---: | ---: | ---: | ---: |",
        ]
        for name in lines.names {
            text += whole(name) + seeks(name) + rest(name)
        }
        return text.joined(separator: "\n")
    }

    private func whole(_ name: String) -> [String] {
        [("scan", "scan, CRC checked"), ("verify", "verify")].compactMap { mode, title in
            let ours = lines.values(name, mode, "cpu")
            let theirs = lines.values(name, "reference-\(mode)", "cpu")
            guard !ours.isEmpty, !theirs.isEmpty else { return nil }
            let ratios = zip(ours, theirs).map { $1 / $0 }
            return "| \(title) | \(name) | \(milliseconds(ours)) | \(milliseconds(theirs)) "
                + "| \(Figures.spread(ratios)) | ≥ 0.80 |"
        }
    }

    private func seeks(_ name: String) -> [String] {
        var rows: [String] = []
        for mode in ["seek-number", "seek-time"] {
            for (place, bar) in [("p50", "≤ 1.50"), ("p99", "≤ 4.00")] {
                let ours = lines.values(name, mode, place)
                // Both bars are of the typical chunk.
                let theirs = lines.values(name, "reference-chunk", "p50")
                guard !ours.isEmpty, !theirs.isEmpty else { continue }
                rows.append(
                    "| \(mode.replacing("-", with: " by ")), \(place) | \(name) "
                        + "| \(microseconds(ours)) | \(microseconds(theirs)) "
                        + "| \(Figures.spread(zip(ours, theirs).map { $0 / $1 })) | \(bar) |"
                )
            }
        }
        return rows
    }

    private func rest(_ name: String) -> [String] {
        var rows: [String] = []
        for (mode, title) in [("open", "warm"), ("open-cold", "not in the page cache")] {
            let opens = lines.values(name, mode, "wall")
            guard !opens.isEmpty else { continue }
            rows.append(
                "| open and read the last record, \(title) | \(name) "
                    + "| \(Figures.milliseconds(opens)) | | | |"
            )
        }
        for (field, title) in [
            ("opened_kib", "memory, opened"), ("scanned_kib", "… and scanned"),
            ("sought_kib", "… and 500 seeks"),
        ] {
            let kib = lines.values(name, "memory", field)
            guard !kib.isEmpty else { continue }
            rows.append("| \(title) | \(name) | \(Figures.mebibytes(kib)) | | | ≤ 16 MiB |")
        }
        return rows
    }

    private func milliseconds(_ seconds: [Double]) -> String {
        Figures.decimals(Figures.median(seconds) * 1_000) + " ms"
    }

    private func microseconds(_ nanoseconds: [Double]) -> String {
        Figures.decimals(Figures.median(nanoseconds) / 1_000) + " µs"
    }
}
