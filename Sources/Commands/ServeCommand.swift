import ArgumentParser
import Market
import ReplayServer
import Simulation

struct ServeCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Speak Bybit's v5 protocol on loopback, REST and WebSocket on one port.",
        discussion: """
            --synthetic: a seeded market with a matching engine, accounts and funding behind it; any bot can \
            trade on it. --messages FILE: the `recv` lines of a JSON Lines file, pushed as they are, in order. RECORDING: \
            what was recorded, and nothing else: a request is answered with what was recorded for it, pushes come in \
            recorded order, none before the request that it may be an effect of; a request that was not recorded is refused, \
            and the nearest recorded one named. Of a recording without a bot's traffic, topics are pushed to whoever \
            subscribes. `test-bot` runs a bot against it.

            RECORDING --simulated: the public frames are pushed as they were recorded, and what a client asks for is \
            answered by the matching engine, in which the recorded books and trades are the market; the recorded \
            session's own orders and fills are taken out of it. Every --account begins with what the recording tells first of \
            the session's balances and positions, or with 100,000 USDT. The market begins with the first subscription to \
            it, order or question about it. Nobody in it reacts to what a client does.

            TLS with a certificate made at start, unless --plain; the authority is written to --ca-out. Only \
            this machine can connect.

            A socket that is silent for ten minutes is dropped, a private or trade one after its max_active_time.

            --chaos SEED makes the exchange misbehave as exchanges do: late, broken, closed. A test orders the same \
            things one by one at the control endpoint, /tapedeck/ on the same port. --journal FILE tells what was \
            done to whom.

            Example: tapedeck serve --synthetic --seed 7 --port 8443
            """
    )

    @Argument(
        help: ArgumentHelp("A recording to serve: a directory, `last`, …", valueName: "recording")
    )
    var recording: String?

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "RECORDING: nothing but what was recorded; so it is without this flag too.")
    var strict = false

    @Flag(help: "RECORDING: its market, with a matching engine that the clients trade on.")
    var simulated = false

    @Option(
        help: ArgumentHelp(
            "--simulated: where in a level what left it had stood: risk-averse, log, power, power=N. (default: power=2)",
            valueName: "model"
        )
    )
    var queue: String?

    @Option(
        help: ArgumentHelp(
            "RECORDING: a poll that is answered and not compared, \"GET /v5/position/list\", with * and ?. Repeatable.",
            valueName: "request"
        )
    )
    var ignore: [String] = []

    @Option(
        help: ArgumentHelp(
            "RECORDING: how long a recorded request is waited for before the tape goes on without it.",
            valueName: "duration"
        )
    )
    var patience = "5s"

    @Flag(help: "A seeded synthetic market with a matching engine behind it.")
    var synthetic = false

    @Option(
        help: ArgumentHelp("The market's seed: the same seed, the same market.", valueName: "n")
    )
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Push the frames of this file: lines {\"t\":\"recv\",\"data\":\"<frame>\"}.",
            valueName: "file"
        )
    )
    var messages: String?

    @Option(help: ArgumentHelp("The port; 0 is a free one.", valueName: "n"))
    var port = 0

    @Flag(help: "Plain HTTP and WebSocket, without TLS.")
    var plain = false

    @Option(
        help: ArgumentHelp(
            "An account of the exchange; repeatable. Without it one is made.",
            valueName: "key:secret"
        )
    )
    var account: [String] = []

    @Option(
        help: ArgumentHelp(
            "--synthetic: real, xN (exchange seconds a second), fast (as the subscribers read) or virtual (the "
                + "control endpoint advances the clock). --messages: real or xN for the file's own times. RECORDING: real, "
                + "xN, fast (as the client reads) or step (POST /tapedeck/step?n=1).",
            valueName: "pace"
        )
    )
    var pace: String?

    @Option(
        help: ArgumentHelp(
            "When the market begins, RFC 3339; now, or 2026-01-01T00:00:00Z on a virtual clock.",
            valueName: "time"
        )
    )
    var start: String?

    @Option(
        help: ArgumentHelp(
            "Coins of the market, 1 to 1000: each has a USDT perpetual, the first ones more.",
            valueName: "n"
        )
    )
    var symbols = 20

    @Option(help: ArgumentHelp("Price levels on each side of a book, 25 to 1000.", valueName: "n"))
    var levels = 200

    @Option(
        help: ArgumentHelp(
            "What the market is like: calm, trend, jump, thin, halt, or changing.",
            valueName: "regime"
        )
    )
    var regime = "calm"

    @Option(
        help: ArgumentHelp(
            "What is listed, comma-separated: linear, inverse, spot, option, spread. Fewer make a faster market; option "
                + "needs linear, spread linear and spot. (default: all)",
            valueName: "categories"
        )
    )
    var categories: String?

    @Option(
        help: ArgumentHelp(
            "Misbehave by this seed: the same seed, the same faults.",
            valueName: "n"
        )
    )
    var chaos: UInt64?

    @Option(
        help: ArgumentHelp("Append what was done to whom to this file.", valueName: "file")
    )
    var journal: String?

    @Option(
        help: ArgumentHelp(
            "Rate limits: exchange (as Bybit has them), off, or xN for N times as many.",
            valueName: "limits"
        )
    )
    var rateLimits = "exchange"

    @Flag(help: "Print what the exchange assumes where Bybit's documentation is silent, and end.")
    var assumptions = false

    @Option(
        help: ArgumentHelp(
            "Where to write the authority of the TLS certificate.",
            valueName: "file"
        )
    )
    var caOut = "exchange-ca.pem"

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Stop after this long: 30s, 5m.", valueName: "duration")
    )
    var duration: String?

    @Option(help: ArgumentHelp("Another name for --for Ns.", valueName: "n"))
    var seconds: Int?

    @Flag(help: "Print a status object each second.")
    var json = false

    func judge() throws -> ExitStatus {
        if assumptions {
            Printing.result(Assumptions.page)
            return .yes
        }
        guard [synthetic, messages != nil, recording != nil].count(where: { $0 }) == 1 else {
            throw Failure(
                .usage,
                "it is not said what to serve",
                do: "Give RECORDING, --synthetic or --messages FILE, one of the three."
            )
        }
        guard (0...65_535).contains(port) else {
            throw Failure(.usage, "\(port) is not a port", do: "Write 0 to 65535.")
        }
        guard !simulated || recording != nil, simulated || queue == nil else {
            throw Failure(
                .usage,
                "--simulated is of a recording, and --queue of --simulated",
                do: "Name a recording, or leave them out."
            )
        }
        let nanoseconds =
            try duration.map(DurationText.nanoseconds) ?? seconds.map { Int64($0) * 1_000_000_000 }
        var exchange = try synthetic ? exchangeSettings() : nil
        exchange?.pace = try marketPace()
        let path = try recording.map { try Archive(archive).path(of: $0) }
        Interruption.watch()
        try Sandbox.denyOutgoing()
        do {
            if let exchange {
                try serve(exchange, nanoseconds)
            } else if let messages {
                try serve(file: messages, nanoseconds)
            } else if let path {
                return try simulated
                    ? serve(simulated: path, nanoseconds) : serve(recording: path, nanoseconds)
            }
        } catch let error as ServerError {
            throw Failure(.unavailable, "\(error)")
        }
        return .yes
    }

    // MARK: - A synthetic market

    private func serve(_ configuration: ExchangeServerConfiguration, _ nanoseconds: Int64?) throws {
        let exchange = try BuiltInExchange.universe(
            try universe(),
            seed: seed,
            start: try beginning(configuration.pace),
            accounts: configuration.accounts.map(\.alias)
        )
        let report = ServeReport(isJSON: json, authorityFile: caOut)
        try Blocking.run {
            let server = try await ExchangeServer.start(
                configuration,
                exchange: exchange,
                logger: Log.logger("exchange")
            )
            try report.announce(server.address, configuration, seed: seed)
            var last = await server.counters()
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                report.show(now, since: last)
                last = now
            }
            await server.stop()
        }
    }

    // MARK: - A file of messages

    private func serve(file: String, _ nanoseconds: Int64?) throws {
        guard chaos == nil, journal == nil, start == nil, account.isEmpty else {
            throw Failure(
                .usage,
                "--chaos, --journal, --start and --account are of a synthetic market",
                do: "Leave them out, or serve --synthetic."
            )
        }
        var configuration = MessagesServerConfiguration()
        configuration.port = port
        configuration.isPlain = plain
        switch pace.map(MarketPace.init) {
        case .none: configuration.pace = .asRead
        case .some(.times(1)): configuration.pace = .real
        case .some(.times(let factor)): configuration.pace = .multiplied(factor)
        default:
            throw Failure(.usage, "\(pace ?? "") is not a pace", do: "Write real, or x1 to x10000.")
        }
        let final = configuration
        let report = ServeReport(isJSON: json, authorityFile: caOut)
        try Blocking.run {
            let server = try await MessagesServer.start(
                final,
                file: file,
                logger: Log.logger("messages")
            )
            try report.announce(
                server.address,
                messages: server.messages,
                from: file,
                seed: seed
            )
            var last = await server.counters()
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                report.show(now, since: last)
                last = now
            }
            await server.stop()
        }
    }
}
