import ArgumentParser
import Glibc
import Journal
import Market

struct CatCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the records of a recording.",
        discussion: """
            One record a line: sequence number, time, stream, payload. --raw prints each payload as its \
            bytes, one to a line. --json prints one object a line with the payload as a string. --follow \
            goes on with what is being recorded, over restarts of the recorder, and ends at the seal. What does \
            not read is named on standard error, what is sound behind it is printed, and the status is 2. `-` \
            reads one MCAP file from standard input.
            """
    )

    @OptionGroup var options: RecordingOptions
    @OptionGroup var range: RangeOptions

    @Option(
        help: ArgumentHelp(
            "Only streams that match: `public/linear/*`, `desk/command`. Repeatable.",
            valueName: "glob"
        )
    )
    var stream: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only streams of symbols that match: `BTC*`. Repeatable.",
            valueName: "glob"
        )
    )
    var symbol: [String] = []

    @Flag(help: "Print each payload as its bytes, one to a line.")
    var raw = false

    @Flag(help: "Go on with what is being recorded, until the recording is sealed.")
    var follow = false

    private static let largestGaps = 1_000

    func judge() throws -> ExitStatus {
        if options.recording == "-" { return try judgePipe() }
        var gaps = 0
        let recording = try options.open()
        for damage in recording.damage {
            gaps += 1
            Printing.error(Failure(damage), json: options.json)
        }
        let (from, to) = try range.resolved(in: recording.manifest)
        let streams = stream.map(Glob.init)
        let symbols = symbol.map(Glob.init)
        // Without one every chunk is read, and every hole is met.
        var filter: (@Sendable (StreamName) -> Bool)?
        if !streams.isEmpty || !symbols.isEmpty {
            filter = { CatCommand.passes($0, streams, symbols) }
        }
        do throws(JournalError) {
            let cursor = try recording.cursor(
                from: from?.cursorStart ?? .beginning,
                streams: filter,
                follows: follow
            )
            while true {
                let record: Record?
                do throws(JournalError) {
                    record = try cursor.next()
                } catch {
                    if !error.isKnownLoss { gaps += 1 }
                    guard !follow, error.isDamage, gaps < CatCommand.largestGaps else {
                        throw error
                    }
                    Printing.error(Failure(error), json: options.json)
                    continue
                }
                if let record {
                    if let to, to.isBefore(record.sequence, record.time) { break }
                    show(record, cursor.name(of: record.stream))
                } else if cursor.isAtEnd {
                    break
                } else {
                    cursor.rest()
                }
            }
        } catch {
            throw Failure(error)
        }
        return gaps == 0 ? .yes : .undecided
    }

    /// One file out of a pipe: no seeking, so positions are passed over one by one.
    private func judgePipe() throws -> ExitStatus {
        guard !follow else {
            throw Failure(.usage, "a pipe is read to its end", do: "Leave --follow out.")
        }
        guard isatty(STDIN_FILENO) == 0 else {
            throw Failure(
                .usage,
                "standard input is a terminal",
                do: "Pipe a segment in: tapedeck cat - < 000000000001.mcap"
            )
        }
        let from = try range.from.map(RecordingPosition.init)
        let to = try range.to.map(RecordingPosition.init)
        guard from?.isAbsolute != false, to?.isAbsolute != false else {
            throw Failure(
                .usage,
                "where a pipe begins and ends is not known before it is read",
                do: "Give positions as sequence numbers or times."
            )
        }
        let begin = from?.resolved(first: .zero, last: .zero)
        let end = to?.resolved(first: .zero, last: .zero)
        let streams = stream.map(Glob.init)
        let symbols = symbol.map(Glob.init)
        do throws(JournalError) {
            let cursor = try PipeCursor(
                STDIN_FILENO,
                streams: { CatCommand.passes($0, streams, symbols) }
            )
            while let record = try cursor.next() {
                if let begin, begin.isAfter(record.sequence, record.time) { continue }
                if let end, end.isBefore(record.sequence, record.time) { break }
                show(record, cursor.name(of: record.stream))
            }
        } catch {
            throw Failure(error)
        }
        return .yes
    }

    private static func passes(_ name: StreamName, _ streams: [Glob], _ symbols: [Glob]) -> Bool {
        if !streams.isEmpty, !streams.contains(where: { $0.matches(name.text) }) { return false }
        if symbols.isEmpty { return true }
        guard case .publicTopic(_, let topic) = name.kind,
            let symbol = topic.split(separator: ".").last
        else { return false }
        return symbols.contains { $0.matches(String(symbol)) }
    }

    private func show(_ record: Record, _ name: StreamName) {
        if raw {
            Printing.result(bytes: Array(record.payload) + [0x0a])
        } else if options.json {
            Printing.json(schema: "cat") {
                $0.field("sequence", record.sequence)
                $0.field("time", record.time.description)
                $0.field("stream", name.text)
                $0.field("payload", String(decoding: record.payload, as: UTF8.self))
            }
        } else {
            let text = CatCommand.printable(record.payload)
            Printing.result("\(record.sequence)  \(record.time)  \(name)  \(text)")
        }
    }

    /// The payload on one line: control characters are escaped, so that no record can steer a terminal.
    private static func printable(_ payload: UnsafeRawBufferPointer) -> String {
        var text = ""
        for scalar in String(decoding: payload, as: UTF8.self).unicodeScalars {
            if scalar == "\n" {
                text += " "
            } else if scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) {
                text += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
