import ArgumentParser
import Glibc
import Journal
import Market
import ReplayServer

struct TestBotCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-bot",
        abstract: "Run a bot against a recording of it, and say whether it asks for the same.",
        discussion: """
            The recording is one of `tapedeck proxy`. The bot finds the recorded exchange at $TAPEDECK_REST_URL and \
            $TAPEDECK_WS_URL; what it asks is compared with what it asked then. Requests are the same when method, path and \
            parameters are, apart from times, signatures, reqId and client order ids, which must map one to one; order \
            counts within each endpoint and symbol. Status 0: all the same. 1: the bot left the recording, and the \
            record, the expected request and the seen one are named. 2: nothing to compare.

            `python -m tapedeck run` (and the library of Tools/clock for other languages, with --clock-library) gives \
            the bot the recording's clock: its sleeps end where the recording is, at any --pace. Without it only the \
            real pace is right.

            It cannot test what depends on a race: which of two threads was first, or whether a decision came within a \
            millisecond before or after a frame that bears on it. Nor time-outs of sockets, which stay real.

            Example: tapedeck test-bot last --pace x20 -- python -m tapedeck run bot.py
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp(
            "real, or xN: N times as fast; needs the virtual clock.",
            valueName: "pace"
        )
    )
    var pace = "real"

    @Option(
        help: ArgumentHelp(
            "A poll that is not compared, as METHOD /PATH or an op: \"GET /v5/position/list\", with * and ?. Repeatable.",
            valueName: "request"
        )
    )
    var ignore: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long a recorded request is waited for before it is missing.",
            valueName: "duration"
        )
    )
    var patience = "5s"

    @Option(
        help: ArgumentHelp(
            "LD_PRELOAD of the bot: what Tools/clock/build makes.",
            valueName: "file"
        )
    )
    var clockLibrary: String?

    @Argument(parsing: .postTerminator, help: "The bot and its arguments, behind --.")
    var command: [String] = []

    func judge() throws -> ExitStatus {
        guard !command.isEmpty else {
            throw Failure(
                .usage,
                "it is not said which bot to run",
                do: "Write tapedeck test-bot RECORDING -- COMMAND ..."
            )
        }
        var configuration = RecordingServerConfiguration()
        configuration.isPlain = true
        configuration.pace = try ServeCommand.recordedPace(pace)
        guard case .multiplied = configuration.pace else {
            throw Failure(
                .usage,
                "\(pace) is no pace for a bot",
                do: "Write real, or x2 to x10000."
            )
        }
        configuration.patienceMilliseconds = Int(
            clamping: try DurationText.nanoseconds(patience) / 1_000_000
        )
        configuration.ignored = ServeCommand.ignoring(ignore)
        let path = try options.path()
        Interruption.watch()
        let bot = try BotProcess(command)
        // The bot must connect; what reads the recording must not.
        try Sandbox.denyOutgoing()
        let recording = try options.openSound()
        let folder = try ClockFolder()
        configuration.clockFile = folder.file
        let report = try run(bot, recording, configuration, folder)
        return try report.tell(json: options.json, path: path)
    }

    private func run(
        _ bot: BotProcess,
        _ recording: Recording,
        _ configuration: RecordingServerConfiguration,
        _ folder: ClockFolder
    ) throws -> BotReport {
        let library = clockLibrary
        // This thread waits until the task has ended, and touches the process neither meanwhile nor after.
        nonisolated(unsafe) let bot = bot
        return try Blocking.run {
            let server = try await ServeCommand.start(configuration, recording)
            guard server.requests > 0 else {
                await server.stop()
                throw Failure(
                    .undecided,
                    server.hasBot
                        ? "every request of the bot in it is ignored, so nothing can differ"
                        : "no bot passed a proxy in this recording, so nothing can differ",
                    at: recording.path,
                    do:
                        "Record one with `tapedeck proxy`; `tapedeck replay` judges strategies of ours."
                )
            }
            var variables = [
                ("TAPEDECK_REST_URL", server.address.base),
                ("TAPEDECK_WS_URL", server.address.webSocketBase),
                ("TAPEDECK_CLOCK", folder.file),
            ]
            if let library { variables.append(("LD_PRELOAD", library)) }
            bot.start(variables)
            let report = await BotWatch(bot: bot, server: server, pace: configuration.pace).report()
            await server.stop()
            return report
        }
    }
}

/// A folder of this run's own for the bot's clock; it goes with it.
final class ClockFolder: Sendable {
    private let path: String
    var file: String { path + "/clock" }

    init() throws {
        var template = Array((Environment.variable("TMPDIR") ?? "/tmp").utf8CString.dropLast())
        template += Array("/tapedeck-clock-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(
                .disk,
                "no folder for the bot's clock: \(String(cString: strerror(errno)))",
                do: "Free space in /tmp, or name another folder in $TMPDIR."
            )
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink(file)
        rmdir(path)
    }
}
