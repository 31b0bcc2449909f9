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
    /// The first of the holes in the files' numbers, and how many there are.
    private(set) var holes: [NumberHole] = []
    private(set) var holeCount: UInt64 = 0
    /// Some record has another number than in its file.
    private(set) var isNumberedAnew = false
    /// By file.
    private var lastNumbers: [String: SequenceNumber] = [:]

    init(
        _ path: String,
        _ options: Import.Options,
        _ files: [String],
        _ knowsArrivalTimes: Bool
    ) throws(InterchangeError) {
        self.options = options
        var recording = RecorderOptions()
        recording.labels =
            options.labels
            + ImportLabels.labels(
                options.format,
                files: files,
                knowsArrivalTimes: knowsArrivalTimes
            )
        do throws(JournalError) {
            recorder = try Recorder.open(path, options: recording, files: options.files)
        } catch {
            throw InterchangeError(error)
        }
    }

    func append(_ record: ImportedRecord) throws(InterchangeError) {
        let before = recorder.lastTime
        if hasStarted, record.time < before { raised += 1 }
        compare(record)
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
                if let seen = record.sequence, seen != number { isNumberedAnew = true }
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

    /// Notes where a record's number does not follow that of the record before it in its file.
    private func compare(_ record: ImportedRecord) {
        guard let seen = record.sequence else { return }
        if let last = lastNumbers[record.file], seen.value != last.value &+ 1 {
            holeCount += 1
            if holes.count < Import.badLinesKept {
                holes.append(
                    NumberHole(
                        file: record.file,
                        line: record.line,
                        expected: SequenceNumber(last.value &+ 1),
                        seen: seen
                    )
                )
            }
        }
        lastNumbers[record.file] = seen
    }

    @discardableResult
    private func put(
        _ payload: [UInt8],
        on stream: String,
        at time: Timestamp
    ) throws(JournalError) -> SequenceNumber {
        let id = try self.id(of: stream)
        // The disk sets the pace: nothing is shed from an import. One that is full, or has failed, sets none.
        while !recorder.hasRoom(for: payload.count, on: id) {
            switch recorder.health {
            case .full(let error), .failed(let error): throw error
            case .sound, .degraded: usleep(200)
            }
        }
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
