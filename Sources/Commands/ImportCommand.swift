import ArgumentParser
import Interchange
import Journal
import Market
import Runtime

/// The formats of `import`.
enum ImportFormat: String, ExpressibleByArgument, CaseIterable {
    case jsonl, tardis, hftbacktest, bybit
}

struct ImportCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a recording of files in another format.",
        discussion: """
            jsonl: as `export` writes it; a whole recording becomes the same records again. tardis, hftbacktest: \
            lines of a time and a public socket's frame, plain or .gz. bybit: its public history, told apart by the \
            first line: order book dumps (*_ob500.data), trade CSV and kline CSV, plain or .gz. Of a CSV row the \
            message is made that Bybit would have pushed; what the row lacks is left out. MetaTrader klines are read \
            as UTC+3, which is their clock.

            Several files are merged by time. Of public history the time is the exchange's, and the manifest says \
            `imported: arrival times are not known`; so does that of jsonl whose lines say it. Commands refuse to tell \
            latencies of such a recording.

            A line that is no record is named with file and line, and is a record on session/import.

            The recording numbers its records from 1 without holes. A whole jsonl file keeps \
            its numbers; a part, several files, or lines of another hand do not, which is said. Each hole in a file's \
            numbers is named: what records behind it name as their cause is another record, and `replay` will differ.

            Status 0: every line is in the recording. 1: some lines are no records, or numbers have holes.
            """
    )

    @Argument(help: ArgumentHelp("The files.", valueName: "file"))
    var files: [String]

    @Option(help: "What the files are.")
    var format: ImportFormat

    @Option(
        help: ArgumentHelp(
            "spot, linear, inverse, option: which socket the frames are of; all but jsonl need it.",
            valueName: "category"
        )
    )
    var category: String?

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp(
            "The recording to make; by default a new one in recordings/.",
            valueName: "dir"
        )
    )
    var output: String?

    @Flag(help: "Print JSON: one object.")
    var json = false

    func judge() throws -> ExitStatus {
        let path = output ?? "recordings/" + Archive.newName()
        var options = Import.Options(try importFormat()) { id, time in
            SessionStart(
                session: id,
                run: 1,
                program: Version.number,
                build: Version.commit,
                account: "",
                strategies: [],
                limits: [],
                configuration: [],
                wall: time,
                monotonicNanoseconds: 0
            ).payload()
        }
        options.labels = [Label("program", "tapedeck \(Version.number) (\(Version.commit))")]
        let summary: Import.Summary
        do throws(InterchangeError) {
            summary = try Import.run(files, to: path, options)
        } catch {
            throw Failure(error)
        }
        report(summary, path)
        return summary.badLineCount == 0 && summary.holeCount == 0 ? .yes : .no
    }

    private func importFormat() throws -> Import.Format {
        if format == .jsonl {
            guard category == nil else {
                throw Failure(.usage, "--category has no meaning for jsonl", do: "Leave it out.")
            }
            return .jsonLines
        }
        guard let name = category, let category = Category(name: name) else {
            throw Failure(
                .usage,
                category.map { "\($0) is no category" } ?? "--category is missing",
                do: "The files do not say it: give --category spot, linear, inverse or option."
            )
        }
        switch format {
        case .tardis: return .tardis(category)
        case .hftbacktest: return .hftbacktest(category)
        default: return .bybit(category)
        }
    }

    private func report(_ summary: Import.Summary, _ path: String) {
        for line in summary.badLines { Printing.note("no record: \(line)") }
        let more = summary.badLineCount - UInt64(summary.badLines.count)
        if more > 0 {
            Printing.note(
                "no record: \(more) more lines; see tapedeck cat \(path) --stream session/import"
            )
        }
        for hole in summary.holes { Printing.note("hole: \(hole)") }
        if summary.holeCount > UInt64(summary.holes.count) {
            Printing.note("hole: \(summary.holeCount - UInt64(summary.holes.count)) more")
        }
        if summary.isNumberedAnew {
            Printing.note(
                "records have other numbers than in the file; causes they name may be other records"
            )
        }
        if summary.raised > 0 {
            Printing.note(
                "\(summary.raised) records have a time before that of the record before them; they have its time"
            )
        }
        if summary.renumbered > 0 {
            Printing.note("\(summary.renumbered) streams have another number than in the file")
        }
        guard json else {
            return Printing.result(
                "imported \(Columns.grouped(summary.records)) records into \(path);"
                    + " next: tapedeck info \(path)"
            )
        }
        Printing.json(schema: "import") {
            $0.field("recording", path)
            $0.field("records", Int64(clamping: summary.records))
            $0.field("bad_lines", Int64(clamping: summary.badLineCount))
            $0.field("numbered_anew", summary.isNumberedAnew)
            $0.field("number_holes", Int64(clamping: summary.holeCount))
            $0.field(
                "holes",
                array: { rows in
                    for hole in summary.holes {
                        rows.object {
                            $0.field("file", hole.file)
                            $0.field("line", hole.line)
                            $0.field("expected", hole.expected)
                            $0.field("seen", hole.seen)
                        }
                    }
                }
            )
            $0.field("raised_times", Int64(clamping: summary.raised))
            $0.field("renumbered_streams", Int64(clamping: summary.renumbered))
            $0.field("arrival_times_known", summary.manifest.knowsArrivalTimes)
        }
    }
}
