import Journal
public import Market

/// One record on its way into a recording.
struct ImportedRecord {
    var time: Timestamp
    var stream: String
    var payload: [UInt8]
    /// The number that the file gives it; `nil` where the format has none.
    var sequence: SequenceNumber?
    /// Where it stands in the file, for those with a number and those without a time of arrival.
    var file = ""
    var line = 0
    /// False where the file says that its time is the exchange's.
    var knowsArrivalTime = true
}

extension ImportedRecord {
    /// What the journal would refuse is a line's fault and not the end of an import.
    func check() throws(LineError) {
        guard (1...1024).contains(stream.utf8.count),
            stream.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw LineError("`\(stream.prefix(64))` is no stream name") }
        guard stream != "session/commit" else {
            throw LineError("session/commit is written by the recorder alone")
        }
        let largest = RecorderOptions().largestPayload - 64
        guard payload.count <= largest else {
            throw LineError("a payload of \(payload.count) bytes, above the limit of \(largest)")
        }
    }
}

/// A line that is no record: which, and why.
public struct BadLine: Hashable, Sendable {
    public var file: String
    /// From 1.
    public var line: Int
    public var why: String

    public init(file: String, line: Int, why: String) {
        self.file = file
        self.line = line
        self.why = why
    }
}

extension BadLine: CustomStringConvertible {
    public var description: String { "\(file), line \(line): \(why)" }
}

/// A record whose number in its file is not the one after that of the record before it.
public struct NumberHole: Hashable, Sendable {
    public var file: String
    /// From 1.
    public var line: Int
    public var expected: SequenceNumber
    public var seen: SequenceNumber
}

extension NumberHole: CustomStringConvertible {
    public var description: String {
        "\(file), line \(line): record \(expected) was expected and \(seen) is there"
    }
}

/// What one step through a file gives.
enum ImportStep {
    case record(ImportedRecord)
    case bad(BadLine)
}

/// A file that is read as records, one after another.
///
/// Not Sendable: one owner, one thread.
protocol ImportSource: AnyObject {
    /// The next record or bad line; `nil` at the end.
    func next() throws(InterchangeError) -> ImportStep?
}

/// How a line becomes a record, for files where each line stands for itself.
protocol LineFormat {
    /// `nil` where the line says nothing, such as a heading.
    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord?
}

/// Why a line is no record.
struct LineError: Error {
    var why: String

    init(_ why: String) { self.why = why }
}

/// Lines of a file in one format.
final class LineSource<Format: LineFormat>: ImportSource {
    private let lines: LineReader
    private var format: Format

    init(_ lines: LineReader, _ format: Format) {
        self.lines = lines
        self.format = format
    }

    func next() throws(InterchangeError) -> ImportStep? {
        while true {
            let line: [UInt8]
            do throws(InterchangeError) {
                guard let next = try lines.next() else { return nil }
                line = next
            } catch {
                // The rest of the file cannot be had; what came before it stands.
                guard case .notInFormat(let why) = error.reason else { throw error }
                return bad(why, error.line ?? lines.line)
            }
            do throws(LineError) {
                if var record = try format.read(line, number: lines.line) {
                    try record.check()
                    if record.sequence != nil || !record.knowsArrivalTime {
                        record.file = lines.path
                        record.line = lines.line
                    }
                    return .record(record)
                }
            } catch {
                return bad(error.why, lines.line)
            }
        }
    }

    private func bad(_ why: String, _ line: Int) -> ImportStep {
        .bad(BadLine(file: lines.path, line: line, why: why))
    }
}
