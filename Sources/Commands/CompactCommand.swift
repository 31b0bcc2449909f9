import ArgumentParser
import Journal
import Market

struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Rewrite complete segments smaller; no record, link or signature changes.",
        discussion: """
            Each segment is written anew with 1 MiB chunks at a high level of zstd, read back, compared record by \
            record with the old one, and then renamed over it. It can be stopped at any moment. A recording \
            that is being made is refused (75); of one that was not sealed the last segment stays as it is.
            """
    )

    @OptionGroup var options: RecordingOptions

    @Flag(help: "Only say which segments would be rewritten.")
    var dryRun = false

    @Option(help: ArgumentHelp("zstd's level, 3 to 22.", valueName: "n"))
    var level: Int32 = Compactor().level

    func run() throws {
        let path = try options.directory()
        guard (3...22).contains(level) else {
            throw Failure(.usage, "--level is \(level)", do: "Write a number from 3 to 22.")
        }
        try Sandbox.denyOutgoing()
        var compactor = Compactor()
        compactor.level = level
        compactor.isDryRun = dryRun
        var bar = ProgressBar("compacting", total: 100)
        compactor.progress = { done, all in bar.update(done * 100 / max(all, 1)) }
        let outcomes: [Compactor.Outcome]
        do throws(JournalError) {
            outcomes = try compactor.compact(path)
            bar.finish()
        } catch {
            bar.finish()
            throw ReplayCommand.undecided(error)
        }
        let before = outcomes.reduce(0) { $0 + $1.bytesBefore }
        let after = outcomes.reduce(0) { $0 + $1.bytesAfter }
        if options.json {
            printJSON(outcomes, path, before, after)
        } else {
            for outcome in outcomes {
                Printing.result(
                    Columns.line([
                        (outcome.name, 20), (Columns.bytes(Int(outcome.bytesBefore)), -10),
                        (Columns.bytes(Int(outcome.bytesAfter)), -10),
                        (CompactCommand.words(outcome.action), 0),
                    ])
                )
            }
            Printing.result(
                dryRun
                    ? "nothing was changed"
                    : "\(Columns.bytes(Int(before))) became \(Columns.bytes(Int(after)))"
            )
        }
    }

    private static func words(_ action: Compactor.Outcome.Action) -> String {
        switch action {
        case .compacted: "compacted"
        case .planned: "would be compacted"
        case .already: "is compacted already"
        case .open: "is not complete: stays"
        }
    }

    private func printJSON(
        _ outcomes: [Compactor.Outcome],
        _ path: String,
        _ before: UInt64,
        _ after: UInt64
    ) {
        Printing.json(schema: "compact") {
            $0.field("recording", path)
            $0.field("bytes_before", Int64(clamping: before))
            $0.field("bytes_after", Int64(clamping: after))
            $0.field(
                "segments",
                array: { rows in
                    for outcome in outcomes {
                        rows.object {
                            $0.field("segment", outcome.name)
                            $0.field("action", outcome.action.rawValue)
                            $0.field("bytes_before", Int64(clamping: outcome.bytesBefore))
                            $0.field("bytes_after", Int64(clamping: outcome.bytesAfter))
                        }
                    }
                }
            )
        }
    }
}
