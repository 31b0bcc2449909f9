import ArgumentParser
import Live
import Market
import Trading

struct TradeCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "trade",
        abstract: "Run strategies and record everything they see and do.",
        discussion: """
            Orders go to a loopback address, testnet or demo only; every other host is refused (77). On SIGINT \
            or SIGTERM strategies end, their orders are cancelled, the exchange is asked what it has, and the \
            recording is sealed. SIGHUP applies a changed session file: subscriptions and credentials. \
            `tapedeck desk` speaks to it.

            A session file:

            \(SessionSettings.example)

            Example: tapedeck serve --synthetic --seed 7 & then
              tapedeck trade --endpoint https://127.0.0.1:8443 --ca-file exchange-ca.pem \
            --credentials main --strategy maker --for 1m
            """
    )

    @Argument(help: ArgumentHelp("A session file (YAML).", valueName: "file"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Run a strategy of this kind under its own name. Repeatable.",
            valueName: "kind"
        )
    )
    var strategy: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func judge() throws -> ExitStatus {
        let path = output.path()
        let command = self
        return try LiveRun.run(try configuration(path), output: output, command: "trade") {
            try command.configuration(path)
        }
    }

    /// What the session file and the options say now.
    private func configuration(_ path: String) throws -> SessionConfiguration {
        var settings = try SessionSettings.read(file: file)
        for kind in strategy where settings.value("strategies.\(kind).kind") == nil {
            settings.append("strategies.\(kind).kind", kind, place: "--strategy")
        }
        try connection.apply(to: &settings)
        var configuration = try SessionSettings.configuration(
            settings,
            path: path,
            target: nil
        )
        configuration.mayTrade = true
        guard !configuration.strategies.isEmpty else {
            throw Failure(
                .usage,
                "no strategy is named",
                do:
                    "Give --strategy maker, or a session file with `strategies:`. This program has: "
                    + TapedeckMain.strategies.kinds.joined(separator: ", ") + "."
            )
        }
        guard configuration.redundancy == 1 else {
            throw Failure(
                .sessionFile,
                "sockets.redundancy is \(configuration.redundancy), and strategies would see each trade so often",
                at: settings.value("sockets.redundancy")?.place ?? "",
                do: "Trade with 1; `record` takes more."
            )
        }
        guard configuration.key != nil else {
            throw Failure(
                .usage,
                "no key is named",
                do: "Give --credentials NAME: a section of $XDG_CONFIG_HOME/tapedeck/credentials."
            )
        }
        if configuration.subscriptions.isEmpty {
            configuration.subscriptions = TradeCommand.topics(of: configuration.strategies)
        }
        try output.place(&configuration)
        return configuration
    }

    /// What strategies with a parameter `symbols` look at, where the session file does not say.
    static func topics(
        of strategies: [StrategyConfiguration]
    ) -> [SessionConfiguration.Subscription] {
        let registry = TapedeckMain.strategies
        var topics: [SessionConfiguration.Subscription] = []
        for strategy in strategies {
            let own = strategy.parameters.first { $0.name == "symbols" }?.value
            let standard = registry.parameters(of: strategy.kind).first { $0.name == "symbols" }?
                .value
            for symbol in (own ?? standard ?? "").split(separator: ",") {
                for topic in ["orderbook.50", "publicTrade", "tickers", "kline.1"] {
                    let subscription = SessionConfiguration.Subscription(
                        .linear,
                        "\(topic).\(symbol)"
                    )
                    if !topics.contains(subscription) { topics.append(subscription) }
                }
            }
        }
        return topics
    }
}
