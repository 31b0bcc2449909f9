import ArgumentParser
import Foundation
import Market
import ReplayServer
import Simulation

struct ServeCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Speak Bybit's v5 protocol on loopback, REST and WebSocket on one port.",
        discussion: """
            --synthetic: a seeded market with a matching engine, accounts and funding behind it; any bot can \
            trade on it. --messages FILE: the `recv` lines of a JSON Lines file, pushed as they are, in order.

            TLS with a certificate made at start, unless --plain; the authority is written to --ca-out. Only \
            this machine can connect.

            Example: tapedeck serve --synthetic --seed 7 --port 8443
            """
    )

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
            "An account of the built-in exchange; repeatable. Without it one is made.",
            valueName: "key:secret"
        )
    )
    var account: [String] = []

    @Option(
        help: ArgumentHelp(
            "--synthetic: xN, exchange seconds a second. --messages: `real` for the file's own times.",
            valueName: "pace"
        )
    )
    var pace: String?

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
        guard synthetic != (messages != nil) else {
            throw Failure(
                .usage,
                "it is not said what to serve",
                do: "Give --synthetic or --messages FILE, one of the two."
            )
        }
        guard (0...65_535).contains(port) else {
            throw Failure(.usage, "\(port) is not a port", do: "Write 0 to 65535.")
        }
        let nanoseconds =
            try duration.map(DurationText.nanoseconds) ?? seconds.map { Int64($0) * 1_000_000_000 }
        Interruption.watch()
        try Sandbox.denyOutgoing()
        do {
            if let messages {
                try serve(file: messages, nanoseconds)
            } else {
                try serveSynthetic(nanoseconds)
            }
        } catch let error as ServerError {
            throw Failure(.unavailable, "\(error)")
        }
        return .yes
    }

    // MARK: - A synthetic market

    private func serveSynthetic(_ nanoseconds: Int64?) throws {
        let accounts = try serverAccounts()
        var configuration = ExchangeServerConfiguration()
        configuration.port = port
        configuration.isPlain = plain
        configuration.accounts = accounts
        configuration.pace = try factor()
        let exchange = try BuiltInExchange.make(
            seed: seed,
            accounts: accounts.map(\.alias),
            fundingInterval: BuiltInExchange.eightHours
        )
        let final = configuration
        try Blocking.run {
            let server = try await ExchangeServer.start(
                final,
                exchange: exchange,
                logger: Log.logger("exchange")
            )
            try announce(server.address)
            for account in accounts where !json {
                Printing.result("account    \(account.alias); for the credentials file:")
                Printing.result("           [\(account.alias)]")
                Printing.result("           key = \(account.key)")
                Printing.result(
                    "           secret = \(String(decoding: account.secret, as: UTF8.self))"
                )
                Printing.result("           environment = loopback")
            }
            var last = await server.counters()
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                show(now, since: last)
                last = now
            }
            await server.stop()
        }
    }

    private func serverAccounts() throws -> [ServerAccount] {
        if account.isEmpty { return [ServerAccount.generated(alias: "main")] }
        return try account.enumerated().map { index, text in
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw Failure(.usage, "--account is not KEY:SECRET")
            }
            return ServerAccount(
                alias: index == 0 ? "main" : "main\(index + 1)",
                key: String(text[..<colon]),
                secret: Array(text[text.index(after: colon)...].utf8)
            )
        }
    }

    private func factor() throws -> Int {
        guard let pace else { return 1 }
        guard pace.hasPrefix("x"), let factor = Int(pace.dropFirst()), (1...10_000).contains(factor)
        else {
            throw Failure(.usage, "\(pace) is not a pace", do: "Write x1 to x10000.")
        }
        return factor
    }

    // MARK: - A file of messages

    private func serve(file: String, _ nanoseconds: Int64?) throws {
        var configuration = MessagesServerConfiguration()
        configuration.port = port
        configuration.isPlain = plain
        switch pace {
        case nil: configuration.pace = .asRead
        case "real": configuration.pace = .real
        default: configuration.pace = .multiplied(try factor())
        }
        let final = configuration
        try Blocking.run {
            let server = try await MessagesServer.start(
                final,
                file: file,
                logger: Log.logger("messages")
            )
            try announce(server.address)
            if !json { Printing.result("messages   \(server.messages) from \(file)") }
            var last = await server.counters()
            await Interruption.wait(nanoseconds: nanoseconds) {
                let now = await server.counters()
                show(now, since: last)
                last = now
            }
            await server.stop()
        }
    }

    // MARK: - What it says

    private func announce(_ address: ServerAddress) throws {
        if let authority = address.authority {
            guard FileManager.default.createFile(atPath: caOut, contents: Data(authority.utf8))
            else {
                throw Failure(
                    .disk,
                    "the authority of the certificate could not be written",
                    at: caOut,
                    do: "Name another file with --ca-out, or serve with --plain."
                )
            }
        }
        if json {
            Printing.json(schema: "serve") {
                $0.field("endpoint", address.base)
                $0.field("websocket", address.webSocketBase)
                $0.field("port", address.port)
                $0.field("ca_file", address.authority == nil ? "" : caOut)
                $0.field("seed", String(seed))
            }
        } else {
            Printing.result("endpoint   \(address.base)")
            Printing.result(
                "websocket  \(address.webSocketBase)/v5/public/linear, /v5/private, ..."
            )
            if address.authority != nil { Printing.result("authority  \(caOut)") }
            if synthetic { Printing.result("seed       \(seed)") }
        }
    }

    private func show(_ now: ServerCounters, since last: ServerCounters) {
        if json {
            Printing.json(schema: "serve") {
                $0.field("clients", now.clients)
                $0.field("subscriptions", now.subscriptions)
                $0.field("pushes", now.pushes)
                $0.field("requests", now.requests)
                $0.field("orders", now.orders)
            }
        } else if Printing.showsProgress {
            Printing.progress(
                "\(now.clients) clients, \(now.subscriptions) subscriptions,"
                    + " \(now.pushes - last.pushes) pushes/s, \(now.orders - last.orders) orders/s"
            )
        }
    }
}
