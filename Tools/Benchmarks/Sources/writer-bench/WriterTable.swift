import Measuring

/// Makes the Markdown table of the lines that `Tools/Benchmarks/writer` and `Tools/Benchmarks/recovery` kept.
struct WriterTable {
    private let lines: KeptLines

    init(path: String) throws { lines = try KeptLines(path: path) }

    func markdown() throws -> String {
        var text = [
            "| | Tapedeck | reference | its figure | ratio | bar |",
            "| --- | ---: | --- | ---: | ---: | ---: |",
        ]
        text += speeds() + sizes() + latencies() + memory() + recovery()
        return text.joined(separator: "\n")
    }

    private func values(_ mode: String, _ field: String) -> [Double] {
        lines.values("", mode, field)
    }

    /// Messages a second of CPU time or on the wall, each run beside the reference's of the same repetition.
    private func speeds() -> [String] {
        let rows = [
            ("append, per CPU second", "z3_64k:write", "cpu", "≥ 0.65"),
            ("append, on the wall", "z3_64k:write", "wall", ""),
            ("append, on the wall", "sqlite_normal:write", "wall", "≥ 0.75"),
            ("append, on the wall", "redis:write", "wall", "≥ 1.30"),
        ]
        return rows.compactMap { title, reference, field, bar in
            let ours = rates("append", field)
            let theirs = rates(reference, field)
            guard !ours.isEmpty, ours.count == theirs.count else { return nil }
            return "| \(title) | \(Figures.grouped(Figures.median(ours))) | `\(reference)` "
                + "| \(Figures.grouped(Figures.median(theirs))) "
                + "| \(Figures.spread(zip(ours, theirs).map { $0 / $1 })) | \(bar) |"
        }
    }

    private func rates(_ mode: String, _ field: String) -> [Double] {
        zip(values(mode, "n"), values(mode, field)).map { $0 / max($1, 1e-9) }
    }

    private func sizes() -> [String] {
        let rows = [
            ("bytes, live", "append", "z3_64k:write", "≤ 1.13"),
            ("bytes, live", "append", "sqlite_normal:write", "≤ 0.27"),
            ("bytes, compacted", "compact", "z9_1m:write", "≤ 1.18"),
        ]
        var text = rows.compactMap { title, ours, reference, bar -> String? in
            guard let mine = values(ours, "out").last, let theirs = values(reference, "out").last
            else { return nil }
            return "| \(title) | \(Figures.grouped(mine)) | `\(reference)` "
                + "| \(Figures.grouped(theirs)) | \(Figures.decimals(mine / theirs)) | \(bar) |"
        }
        if let out = values("session", "out").last, let raw = values("session", "in").last {
            text.append(
                "| bytes, the real session at its pace | \(Figures.grouped(out)) | its raw bytes "
                    + "| \(Figures.grouped(raw)) | \(Figures.decimals(out / raw)) | ≤ 0.25 |"
            )
        }
        return text
    }

    private func latencies() -> [String] {
        var text: [String] = []
        for mode in ["latency-paced", "latency-flat"] {
            guard let rate = values(mode, "rate").last else { continue }
            let clock = Figures.median(values(mode, "clock_p50"))
            let place = "one `append`, \(Figures.grouped(rate)) messages/s"
            for (field, title, bar) in [
                ("p50", "median", "≤ 150 ns"), ("p99", "p99", ""), ("p999", "p99.9", "≤ 5,000 ns"),
                ("max", "longest", ""),
            ] {
                let figure = Figures.spread(values(mode, field)) { Figures.grouped($0) + " ns" }
                text.append(
                    "| \(place), \(title) | \(figure) | two looks at the clock "
                        + "| \(Figures.grouped(clock)) ns | | \(bar) |"
                )
            }
        }
        return text
    }

    private func memory() -> [String] {
        var text: [String] = []
        for (mode, title) in [
            ("memory-paced", "at 10,000 messages/s"), ("memory-flat", "as fast as it takes them"),
        ] {
            let all = values(mode, "appended_kib")
            let queued = values(mode, "queued_kib")
            guard !all.isEmpty, all.count == queued.count else { continue }
            let bare = Figures.mebibytes(values(mode, "bare_kib"))
            text.append(
                "| memory, \(title) | \(Figures.mebibytes(all)) | the process before `open` "
                    + "| \(bare) | | |"
            )
            text.append(
                "| … of it the queue | \(Figures.mebibytes(queued)) | `queueBytes` | 32.00 MiB | | |"
            )
            text.append(
                "| … all else | \(Figures.mebibytes(zip(all, queued).map { $0 - $1 })) "
                    + "| | | | ≤ 16 MiB |"
            )
        }
        return text
    }

    private func recovery() -> [String] {
        var text: [String] = []
        for (mode, title) in [("open", "open by a reader"), ("recover", "open by the next run")] {
            for name in lines.names where !lines.values(name, mode, "wall").isEmpty {
                text.append(
                    "| \(title), \(name) | \(Figures.milliseconds(lines.values(name, mode, "wall"))) "
                        + "| | | | ≤ 1,000 ms |"
                )
            }
        }
        return text
    }
}
