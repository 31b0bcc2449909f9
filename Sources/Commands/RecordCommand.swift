import ArgumentParser
import Live

struct RecordCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record streams of the exchange, as the bytes that come.",
        discussion: """
            Without --environment or --endpoint it records the mainnet, public data only. If --out holds an \
            unsealed recording, that is recovered and goes on as its next run; a sealed one is refused (73). \
            SIGINT and SIGTERM seal it; SIGHUP applies a changed session file. `tapedeck desk` speaks to it.

            With `roll: day` in the session file, or --set roll=day, one recording is sealed and the next begun at \
            00:00 UTC, each in a folder named by its time. --out is then the folder that they lie in, and belongs \
            to this session: started again it goes on where it ended, in the newest recording while that is not \
            sealed, else in one behind it. Without --out it begins a row of its own in recordings/. \
            `tapedeck verify --chain DIR` checks the row.

            Example: tapedeck record --public linear:orderbook.50.BTCUSDT,linear:publicTrade.BTCUSDT --for 5m
            """
    )

    @Argument(help: ArgumentHelp("A session file (YAML).", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("public"),
        help: ArgumentHelp(
            "Public topics to record, with commas. Repeatable.",
            valueName: "category:topic,..."
        )
    )
    var topics: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func judge() throws -> ExitStatus {
        let path = output.path()
        let command = self
        return try LiveRun.run(try configuration(path), output: output, command: "record") {
            try command.configuration(path)
        }
    }

    /// What the session file and the options say now.
    private func configuration(_ path: String) throws -> SessionConfiguration {
        var settings = try SessionSettings.read(file: file)
        try connection.apply(to: &settings)
        if !topics.isEmpty {
            settings.remove("public")
            for topic in topics { settings.append("public", topic, place: "--public") }
        }
        var configuration = try SessionSettings.configuration(
            settings,
            path: path,
            target: .environment("mainnet")
        )
        // Recording places no order, whatever strategies the file names.
        configuration.strategies = []
        configuration.limits = []
        guard !configuration.subscriptions.isEmpty || configuration.key != nil else {
            throw Failure(
                .usage,
                "it is not said what to record",
                do: "Give --public linear:orderbook.50.BTCUSDT, or a session file with `public:`."
            )
        }
        try output.place(&configuration)
        return configuration
    }
}
