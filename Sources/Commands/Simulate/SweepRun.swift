import Foundation
import Glibc
import Journal
import Market
import Runtime
import Synchronization
import Trading

/// A sweep on all cores, which goes on where it was stopped.
struct SweepRun {
    private let sweep: Sweep
    private let workers: Int
    private let out: String?
    private let caches: Bool

    static func axis(_ text: String) throws -> Sweep.Axis {
        guard let axis = Sweep.Axis(text: text) else {
            throw Failure(
                .usage,
                "--sweep \(text) is not path=value,value",
                do: "Write --sweep strategies.maker.offset_ticks=1,2,3."
            )
        }
        return axis
    }

    init(
        axes: [Sweep.Axis],
        plan: SimulationPlan,
        planText: String,
        workers: Int?,
        out: String?,
        caches: Bool
    ) {
        sweep = Sweep(
            axes: axes,
            base: plan,
            baseText: planText,
            registry: TapedeckMain.strategies
        )
        self.workers = workers ?? max(1, ProcessInfo.processInfo.activeProcessorCount)
        self.out = out
        // What begins as recorded is read with the account's records, which are in the recording alone.
        self.caches = caches && !plan.beginsVerbatim
    }

    /// All rows in the order of the grid.
    func rows(_ paths: [String]) throws -> [SweepRow] {
        let points = sweep.points(recordings: paths.count)
        // A wrong path or value is told before anything runs.
        do throws(SettingError) {
            for point in points { _ = try sweep.plan(point) }
        } catch {
            throw Failure(.usage, "\(error)")
        }
        let file = try out.map { try SweepFile($0) }
        var surveyed: [SurveyedRecording?] = Array(repeating: nil, count: paths.count)
        var keys: [String] = []
        var done: [String: SweepRow] = file?.rows ?? [:]
        let recordings = try paths.map { try SimulateCommand.open($0) }
        for point in points where !recordings[point.recording].manifest.knowsArrivalTimes {
            guard case .recorded = try sweep.plan(point).latency else { continue }
            throw SimulateCommand.failure(.arrivalUnknown)
        }
        for point in points { keys.append(sweep.key(point, recordings[point.recording])) }
        let missing = points.indices.filter { done[keys[$0]] == nil }
        if missing.count < points.count {
            Printing.note(
                "\(points.count - missing.count) of \(points.count) runs are done already"
            )
        }
        defer { for recording in surveyed { recording?.cache?.tell() } }
        for place in missing {
            let recording = points[place].recording
            guard surveyed[recording] == nil else { continue }
            let cache = caches ? MarketCache(recordings[recording]) : nil
            do throws(SimulatedError) {
                surveyed[recording] = try SurveyedRecording(recordings[recording], cache: cache)
            } catch {
                throw SimulateCommand.failure(error)
            }
            // For one run it is not worth its making.
            if missing.count(where: { points[$0].recording == recording }) > 1 {
                cache?.makeWithProgress(recordings[recording])
            }
        }
        let new = try run(missing, points, surveyed, paths, file)
        for row in new { done[row.key] = row }
        return keys.compactMap { done[$0] }
    }

    private func run(
        _ places: [Int],
        _ points: [Sweep.Point],
        _ surveyed: [SurveyedRecording?],
        _ paths: [String],
        _ file: SweepFile?
    ) throws -> [SweepRow] {
        let (sweep, workers) = (sweep, workers)
        let bar = Mutex(ProgressBar("sweeping", total: UInt64(places.count)))
        defer { bar.withLock { $0.finish() } }
        return try Blocking.run {
            try await withThrowingTaskGroup(of: SweepRow?.self) { group in
                var waiting = places[...]
                var rows: [SweepRow] = []
                func startNext() {
                    guard let place = waiting.popFirst() else { return }
                    let point = points[place]
                    guard let recording = surveyed[point.recording] else { return }
                    let name = paths[point.recording]
                    group.addTask {
                        do {
                            return try sweep.run(point, on: recording, name: name)
                        } catch let error as SimulatedError {
                            throw SimulateCommand.failure(error)
                        }
                    }
                }
                for _ in 0..<workers { startNext() }
                while let row = try await group.next() {
                    if let row {
                        try file?.append(row)
                        rows.append(row)
                    }
                    let count = rows.count
                    bar.withLock { $0.update(UInt64(count)) }
                    startNext()
                }
                return rows
            }
        }
    }

    func print(_ rows: [SweepRow], json: Bool, csv: Bool) {
        if json {
            for row in rows { Printing.result(bytes: row.line) }
            return
        }
        var columns: [String] = []
        for row in rows {
            for cell in row.cells where !columns.contains(cell.name) { columns.append(cell.name) }
        }
        let table =
            [columns]
            + rows.map { row in
                columns.map { name in row.cells.first { $0.name == name }?.value ?? "" }
            }
        if csv {
            for line in table {
                Printing.result(
                    bytes: Array((line.map(SweepRun.quoted).joined(separator: ",") + "\n").utf8)
                )
            }
            return
        }
        let widths = columns.indices.map { column in
            table.map { $0[column].count }.max() ?? 0
        }
        for line in table {
            let cells = line.indices.map {
                ($0 == 0 ? line[$0].padded(widths[$0]) : line[$0].led(widths[$0]))
            }
            Printing.result(cells.joined(separator: "  "))
        }
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
            return text
        }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\""
            ) + "\""
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    fileprivate func led(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}

/// The rows of a sweep on disk, one a line, each durable before it counts as done.
struct SweepFile: Sendable {
    private let path: String
    private let descriptor: Int32
    /// By key; look-ups only.
    let rows: [String: SweepRow]

    /// Opens it, or makes it; a last line that was cut short is cut off.
    init(_ path: String) throws {
        self.path = path
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SweepFile.failure("open", path) }
        descriptor = file
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        let end = bytes.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        var rows: [String: SweepRow] = [:]
        var number = 0
        for line in bytes[..<end].split(separator: 0x0a) {
            number += 1
            guard let row = SweepRow(line: String(decoding: line, as: UTF8.self)) else {
                throw Failure(
                    .format,
                    "line \(number) is not a row of a sweep",
                    at: path,
                    do: "Name another file in --out, or remove the line."
                )
            }
            rows[row.key] = row
        }
        self.rows = rows
        guard ftruncate(file, off_t(end)) == 0, lseek(file, 0, SEEK_END) >= 0 else {
            throw SweepFile.failure("ftruncate", path)
        }
    }

    func append(_ row: SweepRow) throws {
        let line = row.line
        var offset = 0
        while offset < line.count {
            let count = line.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SweepFile.failure("write", path) }
            offset += count
        }
        guard fdatasync(descriptor) == 0 else { throw SweepFile.failure("fdatasync", path) }
    }

    private static func failure(_ call: String, _ path: String) -> Failure {
        Failure(.disk, "\(call): \(String(cString: strerror(errno)))", at: path)
    }
}
