import ArgumentParser
import Foundation
import Journal
import Market

struct PruneCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Delete whole old segments, each noted in pruned.jsonl before.",
        discussion: """
            Segments go from the front: by age, by size, or before a position; the last one always stays, and so \
            does one that what follows could not be replayed without. At a terminal the plan is shown and you are \
            asked; elsewhere --yes is needed. With a session file, its rule `disk: {keep: 7d, max_size: 20GiB}` is \
            taken. Afterwards `verify` still says sound, and where the recording now begins.

            Example: tapedeck prune last --older-than 7d --dry-run
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp("Segments whose last record is older.", valueName: "duration")
    )
    var olderThan: String?

    @Option(
        help: ArgumentHelp("Until its segments take no more than this.", valueName: "size")
    )
    var keepSize: String?

    @Option(help: ArgumentHelp("Segments that end before it.", valueName: "position"))
    var before: String?

    @Option(
        help: ArgumentHelp(
            "Take the rule `disk:` and the signing key from this session file.",
            valueName: "file"
        )
    )
    var session: String?

    @Option(
        help: ArgumentHelp("Sign the notes with this private key.", valueName: "file")
    )
    var signingKey: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Only show the plan.")
    var dryRun = false

    func judge() throws -> ExitStatus {
        let path = try options.directory()
        let settings = try SessionSettings.read(file: session)
        let rule = try rule(settings, path)
        guard !rule.isEmpty else {
            throw Failure(
                .usage,
                "it is not said what to delete",
                do: "Give --older-than 7d, --keep-size 20GiB, --before POSITION, or --session FILE."
            )
        }
        try Sandbox.denyOutgoing()
        var pruner = Pruner()
        pruner.who = "\(NSUserName()), tapedeck \(Version.number)"
        let plan: Pruner.Plan
        do throws(JournalError) {
            let file = signingKey ?? settings.value("journal.signing_key")?.value
            pruner.key = try file.map { file throws(JournalError) in try SigningKey(file: file) }
            plan = try pruner.plan(path, rule: rule, now: WallTime.now())
        } catch {
            throw ReplayCommand.undecided(error)
        }
        let isEmpty = plan.going.isEmpty && plan.unfinished.isEmpty
        if dryRun || isEmpty {
            show(plan, path, isDone: false)
            return .yes
        }
        if !yes {
            guard isatty(STDIN_FILENO) == 1, !options.json else {
                throw Failure(
                    .usage,
                    "nobody is there to be asked",
                    do: "Look at --dry-run, then give --yes."
                )
            }
            show(plan, path, isDone: false)
            Printing.note("Delete \(Columns.bytes(Int(plan.bytesFreed))) for good? Type yes:")
            guard readLine() == "yes" else {
                Printing.note("nothing was deleted")
                return .no
            }
        }
        let done: Pruner.Plan
        do throws(JournalError) {
            done = try pruner.prune(path, rule: rule, now: WallTime.now())
        } catch {
            throw ReplayCommand.undecided(error)
        }
        // Sums and the decoded market include what is gone; they are made again from what is there.
        let derived = [
            "desk.sqlite", "desk.sqlite-wal", "desk.sqlite-shm", "market.events",
            "market.unfinished", "market.lock",
        ]
        for name in derived {
            try? FileManager.default.removeItem(atPath: path + "/derived/" + name)
        }
        show(done, path, isDone: true)
        return .yes
    }

    private func rule(_ settings: Settings, _ path: String) throws -> DiskRule {
        try settings.checkPaths(allowed: SessionSettings.allowed)
        var rule = try SessionSettings.disk(settings)
        if let olderThan { rule.keep = try DurationText.nanoseconds(olderThan) }
        if let keepSize { rule.maxSize = try SizeText.bytes(keepSize) }
        if let before {
            let manifest = try options.open().manifest
            switch try RecordingPosition(before).resolved(
                first: manifest.started,
                last: manifest.ended
            ) {
            case .sequence(let number): rule.before = number
            case .time(let time): rule.beforeTime = time
            }
        }
        return rule
    }

    private func show(_ plan: Pruner.Plan, _ path: String, isDone: Bool) {
        if options.json { return printJSON(plan, path, isDone: isDone) }
        for name in plan.unfinished {
            Printing.result("\(isDone ? "deleted" : "delete")    \(name), noted before")
        }
        for entry in plan.going {
            Printing.result(
                "\(isDone ? "deleted" : "delete")    \(entry.name)  \(entry.first) to \(entry.last)"
                    + "  until \(entry.ended)  \(Columns.bytes(Int(entry.bytes)))"
            )
        }
        for name in plan.held {
            Printing.result("stays     \(name): what follows could not be replayed without it")
        }
        if plan.going.isEmpty, plan.unfinished.isEmpty { Printing.result("nothing to delete") }
        Printing.result(
            "begins    at record \(plan.begins); \(Columns.bytes(Int(plan.bytesFreed)))"
                + (isDone ? " freed, " : " to free, ")
                + "\(Columns.bytes(Int(plan.bytesKept))) stay"
        )
    }

    private func printJSON(_ plan: Pruner.Plan, _ path: String, isDone: Bool) {
        Printing.json(schema: "prune") {
            $0.field("recording", path)
            $0.field("done", isDone)
            $0.field("begins", plan.begins)
            $0.field("bytes_freed", Int64(clamping: plan.bytesFreed))
            $0.field("bytes_kept", Int64(clamping: plan.bytesKept))
            $0.field(
                "segments",
                array: { rows in
                    for entry in plan.going {
                        rows.object {
                            $0.field("segment", entry.name)
                            $0.field("first", entry.first)
                            $0.field("last", entry.last)
                            $0.field("ended", entry.ended.description)
                            $0.field("bytes", Int64(clamping: entry.bytes))
                        }
                    }
                }
            )
            $0.field("unfinished", array: { for name in plan.unfinished { $0.value(name) } })
            $0.field("held", array: { for name in plan.held { $0.value(name) } })
        }
    }
}
