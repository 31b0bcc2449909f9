import ArgumentParser
import Foundation
import Glibc
import Journal
import Market

struct CatCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the records of a recording.",
        discussion: """
            One record a line: sequence number, time, stream, payload. --raw prints each payload as its \
            bytes, one to a line. --json prints one object a line with the payload as a string; one that is no UTF-8 stands in payload_base64. --follow \
            goes on with what is being recorded, over restarts of the recorder, and ends at the seal. What does \
            not read is named on standard error, what is sound behind it is printed, and the status is 2. `-` \
            reads one MCAP file from standard input.
            """
    )

    @OptionGroup var options: RecordingOptions
    @OptionGroup var range: RangeOptions

    @OptionGroup var streams: StreamOptions

    @Flag(help: "Print each payload as its bytes, one to a line.")
    var raw = false

    @Flag(help: "Go on with what is being recorded, until the recording is sealed.")
    var follow = false

    private static let largestGaps = 1_000

    func judge() throws -> ExitStatus {
        guard !raw || !options.json else {
            throw Failure(
                .usage,
                "--raw and --json are two ways to print a record",
                do: "Give one of them."
            )
        }
        if options.recording == "-" { return try judgePipe() }
        var gaps = 0
        let recording = try options.open()
        for damage in recording.damage {
            gaps += 1
            Printing.error(Failure(damage), json: options.json)
        }
        let (from, to) = try range.resolved(in: recording, follows: follow)
        let choice = streams.choice
        do throws(JournalError) {
            let cursor = try recording.cursor(
                from: from?.cursorStart ?? .beginning,
                streams: choice?.passes,
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
        choice?.noteIfNothingMatched()
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
        try RangeOptions.check(from: begin, to: end)
        let choice = streams.choice
        var gaps = 0
        var isEmpty = true
        do throws(JournalError) {
            let cursor = try PipeCursor(STDIN_FILENO, streams: choice?.passes)
            while true {
                let record: Record?
                do throws(JournalError) {
                    record = try cursor.next()
                } catch {
                    gaps += 1
                    guard error.isDamage, gaps < CatCommand.largestGaps else { throw error }
                    Printing.error(Failure(error), json: options.json)
                    continue
                }
                guard let record else { break }
                if let begin, begin.isAfter(record.sequence, record.time) { continue }
                isEmpty = false
                if let end, end.isBefore(record.sequence, record.time) { break }
                show(record, cursor.name(of: record.stream))
            }
        } catch {
            throw Failure(error)
        }
        choice?.noteIfNothingMatched()
        guard gaps == 0 else { return .undecided }
        if isEmpty, let text = range.from, choice == nil {
            throw Failure(
                .notFound,
                "no record lies at or behind \(text)",
                at: "stdin",
                do: "Choose a position inside."
            )
        }
        return .yes
    }

    private func show(_ record: Record, _ name: StreamName) {
        if raw {
            Printing.result(bytes: Array(record.payload) + [0x0a])
        } else if options.json {
            Printing.json(schema: "cat") {
                $0.field("sequence", record.sequence)
                $0.field("time", record.time.description)
                $0.field("stream", name.text)
                if let text = String(validating: record.payload, as: UTF8.self) {
                    $0.field("payload", text)
                } else {
                    $0.field("payload_base64", Data(record.payload).base64EncodedString())
                }
            }
        } else {
            // Line ends are often part of JSON, and say nothing there.
            let text = String(decoding: record.payload, as: UTF8.self)
                .replacing("\n", with: " ")
            Printing.result("\(record.sequence)  \(record.time)  \(name)  \(text)")
        }
    }
}
