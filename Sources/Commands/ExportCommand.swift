import ArgumentParser
import Glibc
import Interchange
import Journal
import Market
import Runtime

/// The formats of `export`.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case jsonl, mcap, tardis, hftbacktest, columns
}

struct ExportCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a recording, or a part of it, in another format.",
        discussion: """
            jsonl: an object a record with schema, sequence, time, stream and payload, from which `import` makes the \
            same records again; a payload that is no UTF-8 stands in payload_base64. mcap: a standard MCAP file; \
            --indexed adds the message index that readers in Go and TypeScript need. columns: tables as column buffers \
            in Arrow's memory layout, decoded on all cores, which the Python package tapedeck-reader reads. tardis, hftbacktest: the frames \
            of one category's public socket, a line each with its time; tardis has seven digits of a second, the rest \
            is cut off. What a format has no place for is counted by stream on standard error.

            Streams that tell of an account (private and trade sockets, its REST, what strategies decided) are left out \
            unless --with-private. --pseudonymise puts other ids in the place of all that say whose it is.

            Without -o it writes to standard output. A file that is there is never written over (73).

            Status 0: all that was chosen is written. 1: some of it has no place in the format. 2: some of the \
            recording could not be read.
            """
    )

    @OptionGroup var options: RecordingOptions
    @OptionGroup var range: RangeOptions
    @OptionGroup var streams: StreamOptions

    @Option(help: "What to write.")
    var format: ExportFormat

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The file to make; gzip for hftbacktest's *.gz.", valueName: "file")
    )
    var output: String?

    @Flag(help: "mcap: with a message index, 16 bytes a message.")
    var indexed = false

    @OptionGroup var columns: ColumnsOptions

    @Flag(help: "With the streams that tell of an account.")
    var withPrivate = false

    @OptionGroup var pseudonyms: PseudonymOptions

    func judge() throws -> ExitStatus {
        guard pseudonyms.pseudonymise else { return try judge(options.open()) }
        let folder = try TemporaryCopy()
        let made = try PseudonymisedCopy.make(
            of: options.openSound(),
            in: folder
        )
        for line in made.report.reviews { Printing.note("review: \(line)") }
        return try withExtendedLifetime(folder) { try judge(made.copy) }
    }

    private func judge(_ recording: Recording) throws -> ExitStatus {
        let choice = streams.choice
        let privacy = PrivateStreams(areTaken: withPrivate, choice?.passes)
        let selection = try range.selection(in: recording, privacy.passes)
        defer {
            if privacy.noteLeftOut() { choice?.noteIfNothingMatched() }
        }
        guard format == .mcap || !indexed else {
            throw Failure(.usage, "--indexed is for mcap alone", do: "Leave it out.")
        }
        if format == .columns {
            return try columns.write(recording, selection, output: output)
        }
        guard !columns.isGiven else {
            throw Failure(
                .usage,
                "--table, --depth, --every and --floats are for columns alone",
                do: "Leave them out, or give --format columns."
            )
        }
        do throws(InterchangeError) {
            let sink = try makeSink()
            let summary = try write(recording, selection, to: sink)
            try sink.finish()
            report(summary)
            return Self.status(summary)
        } catch {
            if error.reason == .closedPipe { return .yes }
            throw Failure(error)
        }
    }

    private func makeSink() throws(InterchangeError) -> ByteSink {
        guard let output else { return ByteSink() }
        return try ByteSink(path: output, compresses: format == .hftbacktest)
    }

    private func write(
        _ recording: Recording,
        _ selection: RecordSelection,
        to sink: ByteSink
    ) throws(InterchangeError) -> ExportSummary {
        switch format {
        case .jsonl: try JSONLinesExport.write(recording, selection, to: sink)
        case .mcap:
            try MCAPExport.write(recording, selection, isIndexed: indexed, to: sink)
        case .columns: preconditionFailure("columns are written by ColumnsOptions")
        case .tardis: try WireLinesExport.write(recording, selection, .tardis, to: sink)
        case .hftbacktest: try WireLinesExport.write(recording, selection, .hftbacktest, to: sink)
        }
    }

    private static func status(_ summary: ExportSummary) -> ExitStatus {
        if !summary.damage.allSatisfy(\.isKnownLoss) { return .undecided }
        if !summary.damage.isEmpty { return .no }
        return summary.leftOut.isEmpty && !summary.hidesUnknownArrival ? .yes : .no
    }

    /// To standard error: standard output may be the export itself.
    private func report(_ summary: ExportSummary) {
        for item in summary.leftOut {
            let records = item.records == 1 ? "1 record" : "\(item.records) records"
            Printing.note("left out: \(records) of \(item.stream): \(item.reason)")
        }
        if summary.hidesUnknownArrival {
            Printing.note(
                "left out: that \(Manifest.arrivalUnknown): the times are the exchange's, and the format has no place to"
                    + " say so; no latency can be told from them"
            )
        }
        for error in summary.damage.prefix(20) { Printing.note("not read: \(error)") }
        if summary.damage.count > 20 {
            Printing.note("not read: \(summary.damage.count - 20) more places")
        }
        guard let output else { return }
        if options.json {
            Printing.json(schema: "export") {
                $0.field("file", output)
                $0.field("format", format.rawValue)
                $0.field("records", Int64(clamping: summary.records))
                $0.field("arrival_times_hidden", summary.hidesUnknownArrival)
                $0.field(
                    "left_out",
                    array: { rows in
                        for item in summary.leftOut {
                            rows.object {
                                $0.field("stream", item.stream)
                                $0.field("records", Int64(clamping: item.records))
                                $0.field("reason", item.reason)
                            }
                        }
                    }
                )
                $0.field(
                    "damage",
                    array: { rows in
                        for error in summary.damage { rows.value(error.description) }
                    }
                )
            }
        } else {
            Printing.result("wrote \(Columns.grouped(summary.records)) records to \(output)")
        }
    }
}

extension RangeOptions {
    func selection(
        in recording: Recording,
        _ streams: (@Sendable (StreamName) -> Bool)?
    ) throws -> RecordSelection {
        let (from, to) = try resolved(in: recording)
        let end: RecordSelection.End? =
            switch to {
            case .sequence(let number): .sequence(number)
            case .time(let time): .time(time)
            case nil: nil
            }
        return RecordSelection(from: from?.cursorStart ?? .beginning, to: end, streams: streams)
    }
}

extension Failure {
    /// An interchange error with its place and advice, under the status that fits.
    init(_ error: InterchangeError) {
        let status: ExitStatus
        switch error.reason {
        case .journal(let journal):
            self.init(journal)
            return
        case .system("read", EISDIR):
            self.init(
                .format,
                "it is a directory, and not a file in the format",
                at: error.place,
                do: "Name the files that lie in it."
            )
            return
        case .system(let call, let code):
            // A file that is not there is the user's word for it, not the disk's fault.
            status = call == "open" && code == 2 ? .notFound : .disk
        case .exists: status = .exists
        case .closedPipe: status = .yes
        case .notInFormat: status = .format
        case .unsupported: status = .usage
        }
        let advice =
            error.advice.isEmpty && status == .disk
            ? "Check the disk, and the rights of the file." : error.advice
        self.init(status, error.what, at: error.place, do: advice)
    }
}
