import Journal
import Runtime
import Trading

/// Repeated runs on the market of the session that `record` left, as a sweep makes them: from its decoded events, or from the
/// recording each time.
enum SweepMode {
    private static let runs = 3

    /// The decoded events made, from nothing.
    static func keep(count: Int, path: String = SessionMode.path) throws -> String {
        let recording = try Recording.open(path)
        guard let cache = MarketCache(recording) else { throw BenchError("\(path) is not sealed") }
        try RecordMode.removeFile(cache.path)
        let measurement = Measurement()
        guard cache.make() else { throw BenchError("no cache was made: \(cache.notes)") }
        return measurement.line(
            mode: "keep",
            count: count,
            extra: [("bytes", String(RecordMode.size(cache.path)))]
        )
    }

    /// Three runs; what is read once for all of them is not measured.
    static func sweep(count: Int, caches: Bool, path: String = SessionMode.path) throws -> String {
        let recording = try Recording.open(path)
        let surveyed = try SurveyedRecording(
            recording,
            cache: caches ? MarketCache(recording) : nil
        )
        surveyed.cache?.make()
        let sweep = Sweep(
            axes: [],
            base: SessionMode.plan,
            baseText: "",
            registry: .standard
        )
        let point = sweep.points(recordings: 1)[0]
        let measurement = Measurement()
        var rows: [SweepRow] = []
        for _ in 0..<runs { rows.append(try sweep.run(point, on: surveyed, name: path)) }
        let line = measurement.line(
            mode: caches ? "sweep" : "resweep",
            count: count * runs,
            extra: rows[0].cells.filter { ["orders", "fills", "digest"].contains($0.name) }
                .map { ($0.name, $0.value) }
        )
        guard rows.allSatisfy({ $0 == rows[0] }) else { throw BenchError("runs differ: \(line)") }
        return line
    }
}
