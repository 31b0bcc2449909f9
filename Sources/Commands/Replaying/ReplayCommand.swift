import ArgumentParser
import Glibc
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
            program does not have. State that differs while commands agree is told, and decides with --state.

            --pace is fast, real, xN or step (a line on standard input is one step, a number that many, c goes on, \
            q ends). --until takes a position or a condition: command, rejected, finding, fill, halt, or \
            stream:GLOB. --follow goes on with a recording that grows, until it is sealed.

            --twice starts this program again with another hash seed, --with another build of it, and both must \
            come to the same.

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

    @Option(help: ArgumentHelp("How fast: fast, real, xN, step.", valueName: "pace"))
    var pace = "fast"

    @Option(
        help: ArgumentHelp(
            "Stop here, this record included: a position, or a condition such as command or rejected.",
            valueName: "position"
        )
    )
    var until: String?

    @Flag(help: "A difference of the state decides too.")
    var state = false

    @Flag(help: "A difference in a verdict's figures decides too.")
    var verdicts = false

    @Flag(help: "Go on with what is being recorded, until the recording is sealed.")
    var follow = false

    @Flag(help: "Replay in a second process with another hash seed, and compare.")
    var twice = false

    @Option(
        help: ArgumentHelp(
            "Replay with another build of the program too, and compare.",
            valueName: "program"
        )
    )
    var with: String?

    @Option(
        help: ArgumentHelp(
            "Write the state at the end, as `bisect` compares it.",
            valueName: "file"
        )
    )
    var writeState: String?

    @Flag(help: "Decode on the core that the engine runs on.")
    var oneCore = false

    func validate() throws {
        guard !(twice || with != nil) || !(follow || pace != "fast") else {
            throw ValidationError(
                "--twice and --with replay as fast as it goes, and what has an end."
            )
        }
    }

    func judge() throws -> ExitStatus {
        let path = try options.path()
        let chosen = try ReplayPace(pace)
        try Sandbox.denyOutgoing()
        var replay = Replay(registry: TapedeckMain.strategies)
        replay.overrides = try set.map(ReplayCommand.override)
        replay.strictness = ReplayStrictness(state: state, verdicts: verdicts)
        replay.decodesAhead = !oneCore && sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1
        replay.follows = follow
        let started = ContinuousClock.now
        let result: ReplayResult
        do {
            let recording = try Recording.open(path)
            RecordingOptions.tellStrays(recording)
            try RecordingOptions.checkSound(recording)
            try tellBehaviour(of: recording)
            let condition = try stopping(&replay, recording)
            var bar = ProgressBar("replaying", total: recording.manifest.last.value)
            replay.progress = { bar.update($0.value) }
            defer { bar.finish() }
            let player = ReplayPlayer(chosen, until: condition, follows: follow, json: options.json)
            player.attach(to: &replay)
            result = try replay.run(recording)
        } catch let error as JournalError {
            throw ReplayCommand.undecided(error)
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        }
        if let writeState { try write(result, to: writeState) }
        let report = ReplayReport(result, path: path, elapsed: ContinuousClock.now - started)
        let others = try others(path: path, report)
        if options.json { report.printJSON(others) } else { report.printText(others) }
        return others.contains { !$0.isSame } && report.status != .undecided ? .no : report.status
    }

    /// Before anything else: what may be ours and not the user's.
    private func tellBehaviour(of recording: Recording) throws {
        guard let (behaviour, recorder) = try recording.recordedBehaviour(),
            behaviour != SessionStart.behaviourVersion
        else { return }
        let words =
            "recorded with behaviour version \(behaviour) by \(recorder), this program has"
            + " \(SessionStart.behaviourVersion): a difference may be ours; --with that program settles it"
        if options.json { Printing.note(words) } else { Printing.result("behaviour  " + words) }
    }

    private func stopping(
        _ replay: inout Replay,
        _ recording: Recording
    ) throws -> ReplayCondition? {
        guard let until else { return nil }
        if let condition = ReplayCondition(until) { return condition }
        let position = try RecordingPosition(until)
        guard !follow || position.isAbsolute else {
            throw Failure(
                .usage,
                "--until \(until): where a recording that grows will end is not known",
                do: "Give a sequence number, a time or a condition."
            )
        }
        let end =
            follow
            ? position.resolved(first: .zero, last: .zero)
            : try ResolvedPosition(until, in: recording)
        replay.isPast = { end.isBefore($0, $1) }
        return nil
    }

    private func write(_ result: ReplayResult, to path: String) throws {
        let bytes: [UInt8]
        do throws(EngineError) {
            bytes = try result.writtenState() ?? []
        } catch {
            throw Failure(.undecided, error.description)
        }
        guard let file = fopen(path, "wbx"), fwrite(bytes, 1, bytes.count, file) == bytes.count,
            fclose(file) == 0
        else {
            throw Failure(
                .disk,
                "the state cannot be written: \(String(cString: strerror(errno)))",
                at: path,
                do: "Name a new file in a folder that can be written."
            )
        }
    }

    /// The same replay by other processes.
    private func others(path: String, _ report: ReplayReport) throws -> [OtherReplay] {
        var words = ["replay", path, "--json"] + set.flatMap { ["--set", $0] }
        if let until { words += ["--until", until] }
        if state { words.append("--state") }
        if verdicts { words.append("--verdicts") }
        var others: [OtherReplay] = []
        if twice { others.append(try OtherReplay(again: words, as: report)) }
        if let with { others.append(try OtherReplay(with, words, as: report)) }
        return others
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
        case .start, .noStart, .checkpoint, .merged, .strategy:
            Failure(.undecided, error.description)
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
}
