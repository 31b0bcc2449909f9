import Glibc
import JSON
import Journal
import Market

/// Puts imported records into a new recording, which announces its streams itself.
final class ImportWriter {
    private let recorder: Recorder
    private var ids: [String: StreamID] = [:]
    private let parser = JSONParser()
    private let options: Import.Options
    private var hasStarted = false
    private(set) var raised: UInt64 = 0
    private(set) var renumbered: UInt64 = 0
    /// The first of the places where numbers shift, and how many there are.
    private(set) var shifts: [NumberShift] = []
    private(set) var shiftCount: UInt64 = 0
    /// The last record's number here, less that of the file.
    private var distance: Int64 = 0

    init(_ path: String, _ options: Import.Options, _ files: [String]) throws(InterchangeError) {
        self.options = options
        var recording = RecorderOptions()
        recording.labels = options.labels + ImportLabels.labels(options.format, files: files)
        do throws(JournalError) {
            recorder = try Recorder.open(path, options: recording)
        } catch {
            throw InterchangeError(error)
        }
    }

    func append(_ record: ImportedRecord) throws(InterchangeError) {
        let before = recorder.lastTime
        if hasStarted, record.time < before { raised += 1 }
        do throws(JournalError) {
            switch record.stream {
            case "session/start" where !hasStarted:
                hasStarted = true
                try recorder.start(time: record.time, payload: record.payload)
            case "session/channel":
                try begin(record.time)
                try announce(record.payload)
            default:
                try begin(record.time)
                let number = try put(record.payload, on: record.stream, at: record.time)
                compare(record, number)
            }
        } catch {
            throw InterchangeError(error)
        }
    }

    /// A line that was no record, as a record of ours.
    func append(_ line: BadLine) throws(InterchangeError) {
        var json = JSONWriter()
        json.object {
            $0.field("file", line.file)
            $0.field("line", line.line)
            $0.field("why", line.why)
        }
        do throws(JournalError) {
            try put(json.bytes, on: Import.findingsStream, at: recorder.lastTime)
        } catch {
            throw InterchangeError(error)
        }
    }

    func seal() throws(InterchangeError) -> Manifest {
        do throws(JournalError) {
            return try recorder.seal()
        } catch {
            throw InterchangeError(error)
        }
    }

    private func begin(_ time: Timestamp) throws(JournalError) {
        guard !hasStarted else { return }
        hasStarted = true
        try recorder.start(time: time, payload: options.start(recorder.id, time))
    }

    /// Notes where a record's number differs from the file's by more or less than the last one's.
    private func compare(_ record: ImportedRecord, _ number: SequenceNumber) {
        guard let seen = record.sequence else { return }
        let own = Int64(clamping: number.value)
        let (new, overflow) = own.subtractingReportingOverflow(Int64(clamping: seen.value))
        guard !overflow, new != distance else { return }
        let (expected, isBeyond) = own.subtractingReportingOverflow(distance)
        let shift = NumberShift(
            file: record.file,
            line: record.line,
            expected: isBeyond ? .max : expected,
            seen: seen,
            number: number
        )
        distance = new
        shiftCount += 1
        if shifts.count < Import.badLinesKept { shifts.append(shift) }
    }

    @discardableResult
    private func put(
        _ payload: [UInt8],
        on stream: String,
        at time: Timestamp
    ) throws(JournalError) -> SequenceNumber {
        let id = try self.id(of: stream)
        // The disk sets the pace: nothing is shed from an import.
        while !recorder.hasRoom(for: payload.count, on: id) { usleep(200) }
        return try recorder.append(id, time: time, payload: payload)
    }

    private func id(of stream: String, origin: String = "") throws(JournalError) -> StreamID {
        if let id = ids[stream] { return id }
        let id = try recorder.stream(named: stream, origin: origin)
        ids[stream] = id
        return id
    }

    /// Looks the stream up, which announces it here as it was announced there.
    private func announce(_ payload: [UInt8]) throws(JournalError) {
        let announced = payload.withUnsafeBytes { bytes -> (String, String, Int64)? in
            guard let root = try? parser.root(bytes), let stream = root["stream"]?.string,
                let id = root["id"]?.int64
            else { return nil }
            return (stream, root["origin"]?.string ?? "", id)
        }
        guard let (stream, origin, number) = announced else {
            renumbered += 1
            return
        }
        // The recorder's own are announced behind its start.
        if Import.isRecorders(stream) { return }
        let id = try self.id(of: stream, origin: origin)
        if Int64(id.value) != number { renumbered += 1 }
    }
}

extension Import {
    static func isRecorders(_ stream: String) -> Bool {
        stream == "session/start" || stream == "session/channel" || stream == "session/commit"
    }
}
