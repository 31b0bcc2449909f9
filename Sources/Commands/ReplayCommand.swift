import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct ReplayCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Feed a recording to today's strategy and risk code, and compare what it does.",
        discussion: """
            Every input comes from the recording; every command and every outcome of risk is compared with the \
            recorded one. Status 0: identical. 1: they differ, and the first record that does is named with \
            both commands. 2: nothing to judge: no command in the recording, damage, or a strategy that this \
            program does not have.

            Example: tapedeck replay last --set strategies.maker.offset_ticks=3
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp(
            "Change a strategy's parameter: strategies.NAME.PARAMETER=VALUE. Repeatable.",
            valueName: "path=value"
        )
    )
    var set: [String] = []

    @Option(
        help: ArgumentHelp("Stop here, this record included.", valueName: "position")
    )
    var until: String?

    func judge() throws -> ExitStatus {
        let path = try options.path()
        try Sandbox.denyOutgoing()
        var replay = Replay(registry: TapedeckMain.strategies)
        replay.overrides = try set.map(ReplayCommand.override)
        let started = ContinuousClock.now
        let result: ReplayResult
        do {
            let recording = try Recording.open(path)
            RecordingOptions.tellStrays(recording)
            try RecordingOptions.checkSound(recording)
            let manifest = recording.manifest
            if let position = try until.map({ try ResolvedPosition($0, in: recording) }) {
                replay.isPast = { position.isBefore($0, $1) }
            }
            var bar = ProgressBar("replaying", total: manifest.last.value)
            replay.progress = { bar.update($0.value) }
            defer { bar.finish() }
            result = try replay.run(recording)
        } catch let error as JournalError {
            throw ReplayCommand.undecided(error)
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        }
        let elapsed = ContinuousClock.now - started
        if options.json {
            printJSON(result, path: path)
        } else {
            printText(result, path: path, elapsed: elapsed)
        }
        return switch result.outcome {
        case .identical: .yes
        case .differs: .no
        case .nothingToJudge: .undecided
        }
    }

    static func override(_ text: String) throws -> Replay.Override {
        let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let path = (pair.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard pair.count == 2, path.count == 3, path[0] == "strategies" else {
            throw Failure(
                .usage,
                "--set \(text) is not strategies.NAME.PARAMETER=VALUE",
                do: "Write it as --set strategies.maker.offset_ticks=3."
            )
        }
        return Replay.Override(
            strategy: String(path[1]),
            parameter: String(path[2]),
            value: String(pair[1])
        )
    }

    /// Damage cannot be judged (2); all else keeps its own status.
    static func undecided(_ error: JournalError) -> Failure {
        var failure = Failure(error)
        switch error.reason {
        case .damaged, .malformed: failure.status = .undecided
        default: break
        }
        return failure
    }

    static func failure(_ error: ReplayError) -> Failure {
        switch error {
        case .journal(let journal): undecided(journal)
        case .newer: Failure(.format, error.description)
        case .start, .noStart, .checkpoint, .merged: Failure(.undecided, error.description)
        case .changedPast: Failure(.usage, error.description)
        case .engine(_, let engine, _):
            Failure(ReplayCommand.isUsage(engine) ? .usage : .undecided, error.description)
        }
    }

    /// A parameter or strategy that the user named is wrong usage; one that the recording names is not.
    private static func isUsage(_ error: EngineError) -> Bool {
        switch error {
        case .setting(let setting): setting.name != "kind"
        case .strategyName: true
        case .state, .checkpoint: false
        }
    }

    private func printText(_ result: ReplayResult, path: String, elapsed: Duration) {
        switch result.outcome {
        case .identical: Printing.result("replay: identical")
        case .differs(let divergence):
            Printing.result("replay: differs")
            Printing.results(divergence.description)
        case .nothingToJudge(let why): Printing.result("replay: nothing to judge: \(why)")
        }
        Printing.result(
            "compared   \(result.commands.equal) of \(result.commands.recorded) commands,"
                + " \(result.verdicts.equal) of \(result.verdicts.recorded) verdicts,"
                + " \(result.findings.equal) of \(result.findings.recorded) findings,"
                + " \(result.states.equal) of \(result.states.recorded) states"
        )
        let nanoseconds = Int64(elapsed / .nanoseconds(1))
        let rate = nanoseconds > 0 ? Int64(result.records) * 1_000_000_000 / nanoseconds : 0
        Printing.result(
            "read       \(Columns.grouped(result.records)) records up to \(result.last),"
                + " \(Columns.grouped(rate)) a second"
        )
        Printing.result("state      \(StateReport.hexadecimal(result.stateHash))")
        if case .identical = result.outcome, let other = result.firstOtherDifference {
            Printing.result("also       findings or state differ from record \(other.sequence)")
        }
        for note in result.notes { Printing.result("note       \(note)") }
    }

    private func printJSON(_ result: ReplayResult, path: String) {
        Printing.json(schema: "replay") {
            $0.field("recording", path)
            $0.field("result", result.word)
            $0.field("records", Int64(clamping: result.records))
            $0.nested("commands") { ReplayCommand.write(result.commands, &$0) }
            $0.nested("verdicts") { ReplayCommand.write(result.verdicts, &$0) }
            $0.nested("findings") { ReplayCommand.write(result.findings, &$0) }
            $0.nested("states") { ReplayCommand.write(result.states, &$0) }
            $0.field("state_hash", StateReport.hexadecimal(result.stateHash))
            $0.key("divergence")
            if case .differs(let divergence) = result.outcome {
                ReplayCommand.write(divergence, &$0)
            } else {
                $0.null()
            }
            if case .nothingToJudge(let why) = result.outcome { $0.field("why", why) }
            $0.field("notes", array: { for note in result.notes { $0.value(note) } })
        }
    }

    private static func write(_ count: ReplayResult.Count, _ writer: inout JSONWriter) {
        writer.field("recorded", Int64(clamping: count.recorded))
        writer.field("replayed", Int64(clamping: count.replayed))
        writer.field("compared", Int64(clamping: count.equal))
    }

    private static func write(_ divergence: Divergence, _ writer: inout JSONWriter) {
        writer.object {
            $0.field("sequence", divergence.sequence)
            $0.field("time", divergence.time.description)
            $0.field("cause", divergence.cause)
            $0.field("cause_stream", divergence.causeStream)
            $0.field("recorded", divergence.recorded ?? "")
            $0.field("replayed", divergence.replayed ?? "")
            $0.field(
                "fields",
                array: { fields in
                    for field in divergence.fields {
                        fields.object {
                            $0.field("path", field.path)
                            $0.field("recorded", field.recorded ?? "")
                            $0.field("replayed", field.replayed ?? "")
                        }
                    }
                }
            )
        }
    }
}
