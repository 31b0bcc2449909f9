import Foundation
import Journal
import Live
import Market
import Trading

/// From settings (file, `--set`, options) to what a live session is told.
enum SessionSettings {
    /// Every path that a session file may have; `*` is a name of the user's own.
    static let allowed =
        [
            "environment", "endpoint", "ca_file", "account", "credentials", "credentials_file",
            "public", "private", "sockets.redundancy", "sockets.status", "proxy", "rest.share",
            "strategies.*.kind", "strategies.*.*", "limits.*", "durability.orders", "orders.entry",
            "dcp", "roll",
            "journal.queue_bytes", "journal.when_full", "journal.signing_key",
            "journal.segment_bytes", "disk.keep", "disk.max_size",
            "disk.budget", "disk.reserve", "disk.when_full",
            "listen", "listen_remote", "on-journal-failure", "observe",
        ] + WatchFile.allowed

    static let example = """
        # Where to trade: one of the two.
        endpoint: https://127.0.0.1:8443
        # environment: testnet
        ca_file: exchange-ca.pem
        credentials: main
        public:
          - linear:orderbook.50.BTCUSDT
          - linear:tickers.BTCUSDT
          # Rules: *USDT, top:30 by turnover in dollars, * for combinations; of options coin by coin BTC-* within:30d.
          # - option:tickers.BTC-* within:30d
        # Beside orders, executions, positions and wallet: greeks, strategy, execution.fast.
        # private: [greeks, execution.fast]
        strategies:
          maker:
            kind: maker
            symbols: BTCUSDT
            offset_ticks: 2
        limits:
          order_value: 2000
        durability:
          orders: written
        # New orders, amendments and cancels: rest, or socket for the trade WebSocket, with REST while that is away.
        # orders:
        #   entry: socket
        # Have the exchange cancel what is open when this process is gone (for accounts that have DCP).
        # dcp: arm
        journal:
          queue_bytes: 33554432
          when_full: stall
          # segment_bytes: 67108864
          # signing_key: signing.pem
        # At 00:00 UTC one recording is sealed and the next begun; --out then names the folder that they lie in.
        # roll: day
        # What may stay on the disk: budget of all recordings of the row, and what stays free on the file system.
        # when_full: prune (the oldest goes, noted in pruned.jsonl), shed-public (public data is counted and not
        # kept) or stop (seal, and end with status 74). keep: what is older goes; max_size: of one recording.
        # disk:
        #   budget: 200GiB
        #   reserve: 10GiB
        #   when_full: prune
        #   keep: 30d
        # Figures for Prometheus on /metrics, and /health; beyond this machine only with metrics_reach: anyone.
        # metrics: 127.0.0.1:9464
        # What the session warns of, once when it begins and once when it ends; the page Alerts has each name.
        # alerts:
        #   sinks:
        #     - webhook: https://alerts.example/tapedeck
        #     - exec: [/usr/local/bin/page-me, --desk]
        #   stream-silent: {after: 30s}
        #   rate-quota: off
        """

    static func read(file: String?) throws -> Settings {
        guard let file else { return Settings() }
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw unreadable(file)
        }
        let settings = try Settings(yaml: text, name: file)
        return settings
    }

    /// Why a session file cannot be read, and what to do.
    private static func unreadable(_ file: String) -> Failure {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
            return Failure(
                .sessionFile,
                "there is no such session file",
                at: file,
                do: "`tapedeck init DIR` writes one."
            )
        }
        guard !isFolder.boolValue else {
            let inside = URL(filePath: file).appending(path: "session.yaml").relativePath
            return Failure(
                .sessionFile,
                "a folder is no session file",
                at: file,
                do: "Name the file in it, \(inside)."
            )
        }
        guard FileManager.default.isReadableFile(atPath: file) else {
            return Failure(
                .sessionFile,
                "the session file may not be read",
                at: file,
                do: "Give its owner's account the right, or run as it."
            )
        }
        return Failure(
            .sessionFile,
            "the session file is no text",
            at: file,
            do: "Save it as UTF-8; `tapedeck init DIR` writes one."
        )
    }

    /// Makes the configuration of a session that records into `path`.
    static func configuration(
        _ settings: Settings,
        path: String,
        target fallback: SessionConfiguration.Target?
    ) throws -> SessionConfiguration {
        try settings.checkPaths(allowed: allowed)
        guard let target = try target(settings) ?? fallback else {
            throw Failure(
                .usage,
                "it is not said where to trade",
                do: "Give --endpoint on a loopback address, or --environment testnet or demo."
            )
        }
        var configuration = SessionConfiguration(target: target, path: path)
        configuration.program = Version.number
        configuration.build = Version.commit
        configuration.authority = try settings.value("ca_file").map(authority)
        if let account = settings.value("account") {
            let isAlias = account.value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard isAlias, !account.value.isEmpty, account.value != "public" else {
                throw Failure(
                    .sessionFile,
                    "account \(account.value) is not an alias",
                    at: account.place,
                    do: "Write letters and digits, such as main."
                )
            }
            configuration.account = account.value
        }
        configuration.credentialsFile = settings.value("credentials_file")?.value
        if let name = settings.value("credentials") {
            configuration.key = .named(name.value, file: settings.value("credentials_file")?.value)
        }
        configuration.lines = settings.entries.map {
            SettingLine(path: $0.path, value: $0.value, place: $0.place)
        }
        configuration.strategies = strategies(settings)
        configuration.limits = settings.names(below: "limits").compactMap { name in
            settings.value("limits." + name).map { Setting(name, $0.value) }
        }
        configuration.subscriptions = try subscriptions(settings)
        configuration.extraPrivateTopics = try privateTopics(settings)
        configuration.followsStatus = try word("sockets.status", settings) == News.follow
        configuration.orderDurability =
            try word("durability.orders", settings) ?? configuration.orderDurability
        configuration.orderEntry = try word("orders.entry", settings) ?? configuration.orderEntry
        configuration.armsDisconnectProtection =
            try word("dcp", settings) == SessionSettings.Protection.arm
        configuration.roll = try word("roll", settings)
        try journal(settings, &configuration)
        try connections(settings, &configuration)
        configuration.watch = try WatchFile.read(settings)
        return configuration
    }

    /// What `dcp:` may say.
    private enum Protection: String, CaseIterable {
        case arm
    }

    /// One of a few words; `nil` where the file has none.
    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ path: String,
        _ settings: Settings
    ) throws -> Word? {
        guard let entry = settings.value(path) else { return nil }
        if let word = Word(rawValue: entry.value) { return word }
        throw Failure(
            .sessionFile,
            "\(path) is \(entry.value)",
            at: entry.place,
            do: "Write " + Word.allCases.map(\.rawValue).joined(separator: " or ")
                + ", or leave it out."
        )
    }

    /// What may stay on the disk: `disk: {keep: 7d, max_size: 20GiB}`.
    static func disk(_ settings: Settings) throws -> DiskRule {
        var rule = DiskRule()
        for (path, take) in [
            ("disk.keep", { text in rule.keep = try DurationText.nanoseconds(text) }),
            ("disk.max_size", { text in rule.maxSize = try SizeText.bytes(text) }),
        ] as [(String, (String) throws -> Void)] {
            guard let entry = settings.value(path) else { continue }
            do {
                try take(entry.value)
            } catch let failure as Failure {
                throw Failure(
                    .sessionFile,
                    "\(path) is \(entry.value)",
                    at: entry.place,
                    do: failure.todo
                )
            }
        }
        return rule
    }

    /// What all recordings may take: `disk: {budget: 200GiB, reserve: 10GiB, when_full: prune}`.
    static func diskLimits(_ settings: Settings) throws -> DiskLimits {
        var limits = DiskLimits()
        for path in ["disk.budget", "disk.reserve"] {
            guard let entry = settings.value(path) else { continue }
            do {
                let bytes = try SizeText.bytes(entry.value)
                if path == "disk.budget" { limits.budget = bytes } else { limits.reserve = bytes }
            } catch let failure as Failure {
                throw Failure(
                    .sessionFile,
                    "\(path) is \(entry.value)",
                    at: entry.place,
                    do: failure.todo
                )
            }
        }
        limits.whenFull = try word("disk.when_full", settings) ?? limits.whenFull
        if let entry = settings.value("disk.when_full"), limits.isEmpty {
            throw Failure(
                .sessionFile,
                "disk.when_full is \(entry.value), and nothing says when the disk is full",
                at: entry.place,
                do: "Give disk.budget, disk.reserve or both."
            )
        }
        return limits
    }

    private static func journal(
        _ settings: Settings,
        _ configuration: inout SessionConfiguration
    ) throws {
        if let entry = settings.value("journal.queue_bytes") {
            let range = SessionConfiguration.queueRange
            guard let bytes = Int(entry.value), range.contains(bytes) else {
                throw Failure(
                    .sessionFile,
                    "journal.queue_bytes is \(entry.value)",
                    at: entry.place,
                    do: "Write bytes from \(range.lowerBound) to \(range.upperBound)."
                )
            }
            configuration.queueBytes = bytes
        }
        configuration.disk = try disk(settings)
        configuration.diskLimits = try diskLimits(settings)
        configuration.signingKey = settings.value("journal.signing_key")?.value
        if let entry = settings.value("journal.segment_bytes") {
            let range = SessionConfiguration.segmentRange
            guard let bytes = UInt64(entry.value), range.contains(bytes) else {
                throw Failure(
                    .sessionFile,
                    "journal.segment_bytes is \(entry.value)",
                    at: entry.place,
                    do: "Write bytes from \(range.lowerBound) to \(range.upperBound)."
                )
            }
            configuration.segmentBytes = bytes
        }
        configuration.whenFull = try word("journal.when_full", settings) ?? configuration.whenFull
    }

    private static func connections(
        _ settings: Settings,
        _ configuration: inout SessionConfiguration
    ) throws {
        if let entry = settings.value("proxy") {
            // Here already: what differs at a reload is told with its value.
            if let problem = SessionConfiguration.problem(ofProxy: entry.value) {
                throw Failure(.sessionFile, problem, at: entry.place)
            }
            configuration.proxy = entry.value
        }
        if let entry = settings.value("sockets.redundancy") {
            guard let count = Int(entry.value), (1...3).contains(count) else {
                throw Failure(
                    .sessionFile,
                    "sockets.redundancy is \(entry.value)",
                    at: entry.place,
                    do: "Write how many connections carry the same public streams, 1 to 3."
                )
            }
            configuration.redundancy = count
        }
        if let entry = settings.value("rest.share") {
            guard let share = Int(entry.value), (1...100).contains(share) else {
                throw Failure(
                    .sessionFile,
                    "rest.share is \(entry.value)",
                    at: entry.place,
                    do: "Write percent of the request quotas, 1 to 100."
                )
            }
            configuration.quotaShare = share
        }
    }

    private static func target(_ settings: Settings) throws -> SessionConfiguration.Target? {
        let environment = settings.value("environment")
        let endpoint = settings.value("endpoint")
        if let environment, endpoint != nil {
            throw Failure(
                environment.place.hasPrefix("--") ? .usage : .sessionFile,
                "both an environment and an endpoint are given",
                at: environment.place,
                do: "Give one of the two."
            )
        }
        return environment.map { .environment($0.value) } ?? endpoint.map { .endpoint($0.value) }
    }

    private static func authority(_ entry: Settings.Entry) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: entry.value) else {
            throw Failure(
                .sessionFile,
                "the certificate authority \(entry.value) cannot be read",
                at: entry.place,
                do: "`tapedeck serve` says where it wrote its own."
            )
        }
        return Array(data)
    }

    private static func strategies(_ settings: Settings) -> [StrategyConfiguration] {
        settings.names(below: "strategies").map { name in
            let path = "strategies." + name
            let parameters = settings.names(below: path).filter { $0 != "kind" }
            return StrategyConfiguration(
                name: name,
                kind: settings.value(path + ".kind")?.value ?? name,
                parameters: parameters.compactMap { parameter in
                    settings.value(path + "." + parameter).map { Setting(parameter, $0.value) }
                }
            )
        }
    }

    /// `CATEGORY:TOPIC`, several with commas.
    static func subscriptions(
        _ settings: Settings
    ) throws -> [SessionConfiguration.Subscription] {
        var subscriptions: [SessionConfiguration.Subscription] = []
        for entry in settings.values("public") {
            for part in entry.value.split(separator: ",") {
                let pair = part.split(separator: ":", maxSplits: 1)
                guard pair.count == 2, let category = Category(name: pair[0]),
                    pair[1].utf8.count <= 128
                else {
                    throw Failure(
                        entry.place.hasPrefix("--") ? .usage : .sessionFile,
                        "\(part) is not CATEGORY:TOPIC",
                        at: entry.place,
                        do:
                            "Write linear:orderbook.50.BTCUSDT; categories are spot, linear, inverse,"
                            + " option, spread."
                    )
                }
                let subscription = SessionConfiguration.Subscription(category, String(pair[1]))
                if let problem = subscription.problem {
                    throw Failure(
                        entry.place.hasPrefix("--") ? .usage : .sessionFile,
                        problem,
                        at: entry.place,
                        do:
                            "Write linear:orderbook.50.BTCUSDT, linear:tickers.top:30 or"
                            + " option:tickers.BTC-* within:30d."
                    )
                }
                if !subscriptions.contains(subscription) { subscriptions.append(subscription) }
            }
        }
        return subscriptions
    }
}
