import Glibc
public import Journal
public import Market

/// Files of other formats become a recording of our own.
public enum Import {
    public enum Format: Hashable, Sendable {
        /// As `export --format jsonl` writes them.
        case jsonLines
        case tardis(Category)
        case hftbacktest(Category)
        /// Bybit's public history: order book dumps, trade and kline CSV, told apart by their first line.
        case bybit(Category)
    }

    /// What to do besides reading.
    public struct Options: Sendable {
        public var format: Format
        /// The owner's facts for the manifest; how the recording was imported is added.
        public var labels: [Label] = []
        /// The payload of `session/start` of the recording with this id, where the files have none.
        public var start: @Sendable (_ id: String, _ time: Timestamp) -> [UInt8]
        /// The disk; tests have others.
        var files: any JournalFiles = SystemFiles()
        /// Called now and then with the number of records so far.
        public var onProgress: @Sendable (UInt64) -> Void = { _ in }

        public init(
            _ format: Format,
            start: @escaping @Sendable (_ id: String, _ time: Timestamp) -> [UInt8]
        ) {
            self.format = format
            self.start = start
        }
    }

    public struct Summary: Sendable {
        public var manifest: Manifest
        /// Records of the files; the recording has more, since it announces its streams.
        public var records: UInt64
        /// How many lines were no records; each is a record on `session/import` too.
        public var badLineCount: UInt64
        /// The first of them.
        public var badLines: [BadLine]
        /// Records whose time lay before that of the record before them, and was raised to it.
        public var raised: UInt64
        /// `session/channel` records that gave another number to a stream than it has now.
        public var renumbered: UInt64
        /// Records whose number does not follow that of the record before them in their file.
        ///
        /// Records behind them that name another as their cause then name a wrong one.
        public var holeCount: UInt64
        /// The first of these.
        public var holes: [NumberHole]
        /// Some record has another number than in its file.
        public var isNumberedAnew: Bool
    }

    /// Bad lines that a summary names; all of them are in the recording.
    public static let badLinesKept = 20
    /// What `session/import` records say of lines that are no records.
    static let findingsStream = "session/import"

    /// Reads the files, merged by time, into a new recording at `path`.
    ///
    /// - Throws: ``InterchangeError``: `exists` when the directory holds a recording, `notInFormat` when a file has
    ///   no line in the format, and what disk and journal have to say.
    public static func run(
        _ files: [String],
        to path: String,
        _ options: Options
    ) throws(InterchangeError) -> Summary {
        try refuse(path)
        let findings = Findings()
        let sources = try files.map { (file) throws(InterchangeError) -> any ImportSource in
            try CheckedSource(source(file, options.format), file, findings)
        }
        let merged = try MergedSource(sources) { findings.add($0) }
        guard !merged.isEmpty else {
            throw InterchangeError(.notInFormat("there is no record"), file: files.first ?? "")
        }
        // Stands in the head of the first segment, which is written before the second record is read.
        let knowsArrivalTimes = merged.knowsArrivalTimes
        let writer = try ImportWriter(path, options, files, knowsArrivalTimes)
        var count: UInt64 = 0
        while let record = try merged.next() {
            guard record.knowsArrivalTime || !knowsArrivalTimes else { throw mixed(record) }
            try writer.append(record)
            for line in findings.take() { try writer.append(line) }
            count += 1
            if count % 8_192 == 0 { options.onProgress(count) }
        }
        for line in findings.take() { try writer.append(line) }
        let manifest = try writer.seal()
        return Summary(
            manifest: manifest,
            records: count,
            badLineCount: findings.count,
            badLines: findings.first,
            raised: writer.raised,
            renumbered: writer.renumbered,
            holeCount: writer.holeCount,
            holes: writer.holes,
            isNumberedAnew: writer.isNumberedAnew
        )
    }

    /// Going on would have latencies told of times that are not of an arrival.
    private static func mixed(_ record: ImportedRecord) -> InterchangeError {
        InterchangeError(
            .notInFormat("its time of arrival is not known, and that of the lines before it is"),
            file: record.file,
            line: record.line,
            advice: "Put the lines from here on in a file of their own, and import both at once."
        )
    }

    /// A directory that holds anything of a recording is left alone.
    private static func refuse(_ path: String) throws(InterchangeError) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name == "." || name == ".." else {
                throw InterchangeError(
                    .exists,
                    file: path,
                    advice: "Name a directory that is not there yet, or is empty."
                )
            }
        }
    }

    private static func source(
        _ file: String,
        _ format: Format
    ) throws(InterchangeError) -> any ImportSource {
        let lines = try LineReader(file)
        switch format {
        case .jsonLines: return LineSource(lines, JSONLinesFormat())
        case .tardis(let category): return LineSource(lines, WireLinesFormat(.tardis, category))
        case .hftbacktest(let category):
            return LineSource(lines, WireLinesFormat(.hftbacktest, category))
        case .bybit(let category): return try BybitHistory.source(lines, category)
        }
    }

    /// Bad lines on their way into the recording.
    final class Findings {
        private(set) var count: UInt64 = 0
        private(set) var first: [BadLine] = []
        private var waiting: [BadLine] = []

        func add(_ line: BadLine) {
            count += 1
            if first.count < badLinesKept { first.append(line) }
            waiting.append(line)
        }

        func take() -> [BadLine] {
            guard !waiting.isEmpty else { return [] }
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
    }

    /// A source whose first lines must hold a record: a file of another format is refused before anything is written.
    private final class CheckedSource: ImportSource {
        private let source: any ImportSource
        private let file: String
        private var hasRecord = false
        private var bad: [BadLine] = []
        private let findings: Findings
        private static let linesTried = 1_000

        init(_ source: any ImportSource, _ file: String, _ findings: Findings) {
            self.source = source
            self.file = file
            self.findings = findings
        }

        func next() throws(InterchangeError) -> ImportStep? {
            if hasRecord { return try source.next() }
            while bad.count < CheckedSource.linesTried, let step = try source.next() {
                switch step {
                case .bad(let line): bad.append(line)
                case .record:
                    hasRecord = true
                    for line in bad { findings.add(line) }
                    return step
                }
            }
            guard let first = bad.first else { return nil }
            throw InterchangeError(
                .notInFormat("\(first.why); no line is in the format"),
                file: file,
                line: first.line,
                advice: "See `tapedeck import --help` for the formats."
            )
        }
    }
}
