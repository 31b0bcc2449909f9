import ArgumentParser
import Live
import Market

struct ProxyCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Record a bot that is not ours: its traffic passes here unchanged.",
        discussion: """
            A bot in any language gets the flight recorder by changing its URLs: REST and every WebSocket path are \
            at one port, requests are signed by the bot itself and go on as they came. Keys, signatures, tokens and \
            cookies are not recorded; each key has an alias by its hash.

            Plain HTTP on loopback. It never waits for the disk. If it is killed, the same command line goes on \
            with the recording as its next run. With `roll: day` one recording is sealed and the next begun at \
            00:00 UTC, and no connection of a bot is touched: --out is then the folder of all. SIGINT and SIGTERM \
            seal; SIGHUP applies a changed session file.

            Example: tapedeck proxy --environment testnet --out bot & \
            eval "$(tapedeck proxy --env)"; python -m tapedeck run bot.py
            """
    )

    @Argument(help: ArgumentHelp("A session file (YAML).", valueName: "file"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Where bots find the exchange; 127.0.0.1:8446 without it.",
            valueName: "host:port"
        )
    )
    var listen: String?

    @Flag(
        help:
            "Listen also where other machines can connect: keys and orders then go over that network in the clear."
    )
    var listenRemote = false

    @Option(
        help: ArgumentHelp(
            "While the journal cannot record: pass, or refuse all changes but cancels.",
            valueName: "pass|refuse"
        )
    )
    var onJournalFailure: String?

    @Option(
        help: ArgumentHelp(
            "A read-only key of the bot's account, for private streams and questions of our own.",
            valueName: "credentials"
        )
    )
    var observe: String?

    @Flag(help: "Print the bot's URLs as shell exports, and end.")
    var env = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func judge() throws -> ExitStatus {
        if env {
            Printing.results(ProxySettings.exports(try ProxySettings.address(settings())))
            return .yes
        }
        let settings = try settings()
        let recording = ProxyRecording(
            out: output.out,
            address: try ProxySettings.address(settings),
            target: ["environment", "endpoint"].compactMap { settings.value($0)?.value }.first ?? ""
        )
        let path = try recording.path()
        let command = self
        return try ProxyRun.run(try configuration(path), recording: recording, output: output) {
            try command.configuration(path)
        }
    }

    /// The session file and the options.
    private func settings() throws -> Settings {
        var settings = try SessionSettings.read(file: file)
        try connection.apply(to: &settings)
        for (path, value, option) in [
            ("listen", listen, "--listen"), ("observe", observe, "--observe"),
            ("on-journal-failure", onJournalFailure, "--on-journal-failure"),
        ] {
            if let value { settings.set(path, value, place: option) }
        }
        if listenRemote { settings.set("listen_remote", "yes", place: "--listen-remote") }
        return settings
    }

    /// What they say now.
    private func configuration(_ path: String) throws -> SessionConfiguration {
        var settings = try settings()
        let address = try ProxySettings.address(settings)
        if let key = settings.value("credentials") {
            Printing.note(
                "\(key.place): credentials are not used here, the bot signs; a key to look with is observe: NAME"
            )
            settings.remove("credentials")
        }
        if let observe = settings.value("observe") {
            settings.set("credentials", observe.value, place: observe.place)
        }
        guard settings.value("environment") != nil || settings.value("endpoint") != nil else {
            throw Failure(
                .usage,
                "it is not said where the bot's traffic goes",
                do: "Give --environment mainnet, testnet or another, or --endpoint URL."
            )
        }
        var configuration = try SessionSettings.configuration(settings, path: path, target: nil)
        // The bot trades, not this program.
        configuration.strategies = []
        configuration.limits = []
        var relay = RelayConfiguration(host: address.host, port: address.port)
        relay.onJournalFailure = try ProxySettings.onJournalFailure(settings)
        configuration.relay = relay
        try output.place(&configuration)
        if output.out == nil, address.port != 0, configuration.roll != nil {
            // A folder of its own, in which its successor finds what it left.
            configuration.folder = ProxyRecording.folder(address)
            configuration.sharesFolder = false
        }
        return configuration
    }
}
