import Foundation
import Testing

/// `check`: everything that is wrong, where it is, and what the session would be.
@Suite(.serialized) struct CheckTests {
    private static func check(
        _ text: String,
        _ options: [String] = ["--offline"],
        in folder: TemporaryFolder
    ) async throws -> Program.Outcome {
        try text.write(toFile: folder.path + "/s.yaml", atomically: true, encoding: .utf8)
        return try await Program.run(["check", "s.yaml", "--json"] + options, in: folder.path)
    }

    private static func problems(_ outcome: Program.Outcome) -> [[String]] {
        (outcome.object["problems"] as? [[String: String]] ?? []).map {
            [$0["where"] ?? "", $0["what"] ?? "", $0["todo"] ?? ""]
        }
    }

    @Test func `what is no session file is told as what it is`() async throws {
        let folder = try TemporaryFolder()
        let made = try await Program.run(["init", "desk"], in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        try Data([0xff, 0xfe, 0xc0]).write(to: URL(filePath: folder.path + "/bytes.yaml"))
        for (file, what, todo) in [
            ("desk", "a folder is no session file", "desk/session.yaml"),
            ("nothing.yaml", "there is no such session file", "tapedeck init"),
            ("bytes.yaml", "the session file is no text", "UTF-8"),
        ] {
            for command in [["check", file], ["record", file, "--out", "out"]] {
                let outcome = try await Program.run(command, in: folder.path)
                let text = outcome.output + outcome.errors
                #expect(outcome.status == 78, "\(command): \(text)")
                #expect(text.contains(what) && text.contains(todo), "\(command): \(text)")
            }
        }
    }

    @Test(arguments: ["option:tickers.*", "option:publicTrade.*-C", "option:tickers.top:30"])
    func `a rule of options that names no coin is refused by its line, with what to write`(
        rule: String
    ) async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Self.check(
            "endpoint: http://127.0.0.1:1\npublic:\n  - linear:tickers.*USDT\n  - \(rule)\n",
            in: folder
        )
        #expect(outcome.status == 78, "\(outcome.output)")
        let problem = try #require(Self.problems(outcome).first)
        #expect(problem[0] == "s.yaml:4:5", "\(problem)")
        #expect(problem[1].contains("names no coin"), "\(problem)")
        #expect(problem[2].contains("option:tickers.BTC-* within:30d"), "\(problem)")
    }

    @Test func `every wrong key and value is named, with line, column and what was meant`()
        async throws
    {
        let folder = try TemporaryFolder()
        let outcome = try await Self.check(
            """
            enviroment: testnet
            public:
              - linear:tickers.BTCUSDT
              - linnear:tickers.ETHUSDT
            sockets:
              redundancy: 9
              status: ignore
            private: [greeks, order]
            journal:
              queue_byte: 1
              when_full: spill
            disk:
              keep: soon
            strategies:
              maker:
                offset_tick: 3
                levels: 99
            limits:
              order_valu: 5
              open_orders: many
            """,
            in: folder
        )
        #expect(outcome.status == 78, "\(outcome.output) \(outcome.errors)")
        let problems = Self.problems(outcome)
        let wanted: [(place: String, what: String, todo: String)] = [
            ("s.yaml:1:1", "enviroment", "Did you mean environment?"),
            ("s.yaml:4:5", "linnear", "Write linear"),
            ("s.yaml:6:15", "sockets.redundancy is 9", "1 to 3"),
            ("s.yaml:7:11", "sockets.status is ignore", "follow"),
            ("s.yaml:8:11", "private topics need a key", "Give credentials"),
            ("s.yaml:8:19", "order is no topic that may be added", "greeks, strategy"),
            ("s.yaml:10:3", "journal.queue_byte", "Did you mean journal.queue_bytes?"),
            ("s.yaml:11:14", "journal.when_full is spill", "stall or shed"),
            ("s.yaml:13:9", "disk.keep is soon", ""),
            ("s.yaml:16:5", "offset_tick", "Did you mean offset_ticks?"),
            ("s.yaml:17:13", "levels", ""),
            ("s.yaml:19:3", "order_valu", "Did you mean order_value?"),
            ("s.yaml:20:16", "open_orders", ""),
        ]
        #expect(problems.count == wanted.count, "\(problems)")
        for (problem, want) in zip(problems, wanted) {
            #expect(problem[0] == want.place, "\(problem)")
            #expect(problem[1].contains(want.what), "\(problem)")
            #expect(want.todo.isEmpty || problem[2].contains(want.todo), "\(problem)")
        }
        let text = try await Program.run(["check", "s.yaml", "--offline"], in: folder.path)
        #expect(text.status == 78)
        #expect(text.output.contains("s.yaml:10:3: journal.queue_byte is not a setting"))
    }

    @Test func `a proxy's password in the session file is refused, and not repeated`() async throws
    {
        let folder = try TemporaryFolder()
        let text = "environment: testnet\nproxy: http://desk:CANARYproxy5d0e@proxy.example:3128\n"
        let outcome = try await Self.check(text, in: folder)
        #expect(outcome.status == 78, "\(outcome.output)")
        let problem = try #require(Self.problems(outcome).first)
        #expect(problem[0] == "s.yaml:2:8", "\(problem)")
        #expect(problem[1].contains("section [proxy] of the credentials file"), "\(problem)")
        #expect(!(outcome.output + outcome.errors).contains("CANARY"), "\(outcome.output)")
    }

    @Test(arguments: [
        ("public: [\n", "s.yaml:2:1"), ("a\n", "s.yaml"), ("", "s.yaml"),
        ("public: &a\n  - x\nproxy: *a\n", "s.yaml:"),
    ])
    func `what is no session file at all is said with its place`(
        text: String,
        place: String
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let outcome = try await Self.check(text, in: folder)
        #expect(outcome.status == 78, "\(outcome.output)")
        let problem = try #require(Self.problems(outcome).first)
        #expect(problem[0].hasPrefix(place), "\(problem)")
    }

    @Test
    func `rules are resolved by the exchange's lists, and the key is named by its fingerprint`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        try ControlledMarket.writeSession(
            endpoint: port,
            topics: [
                "linear:tickers.top:2", "spread:orderbook.25.*", "linear:orderbook.50.BTCUSDT",
                "linear:orderbook.50.BTCUSD",
            ],
            settings: "disk:\n  keep: 7d\n  max_size: 20GiB\n",
            in: folder
        )
        let outcome = try await Program.run(["check", "session.yaml", "--json"], in: folder.path)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let parts = try #require(outcome.object["subscriptions"] as? [[String: Any]])
        let linear = try #require(parts.first { $0["category"] as? String == "linear" })
        let topics = try #require(linear["topics"] as? [String])
        #expect(topics.count { $0.hasPrefix("tickers.") } == 2, "\(topics)")
        #expect(topics.contains("orderbook.50.BTCUSDT"))
        let spread = try #require(parts.first { $0["category"] as? String == "spread" })
        #expect((spread["topics"] as? [String])?.isEmpty == false)
        #expect(outcome.object["unlisted"] as? [String] == ["linear:orderbook.50.BTCUSD"])
        #expect((outcome.object["unanswered"] as? [String])?.isEmpty == true)
        let key = try #require(outcome.object["key"] as? [String: Any])
        #expect(key["name"] as? String == "main" && key["mode"] as? String == "600")
        #expect((key["fingerprint"] as? String)?.count == 8)
        let rate = try #require(
            (outcome.object["messages_per_second"] as? String).flatMap { Decimal(string: $0) }
        )
        #expect(rate > 15)
        #expect(outcome.object["is_estimate"] as? Bool == true)
        // Each topic's figure says where it is from: tickers were counted in a session, books of these depths on the built-in exchange.
        let sources = try #require(outcome.object["estimated_from"] as? [String: Int])
        #expect(sources["session"] == 2 && sources["assumed"] == 0, "\(sources)")
        let all = parts.reduce(0) { $0 + (($1["topics"] as? [String])?.count ?? 0) }
        #expect(sources.values.reduce(0, +) == all)
        #expect((outcome.object["disk_rule"] as? String)?.contains("7 d") == true)
        #expect((outcome.object["free_bytes"] as? Int ?? 0) > 0)
        let pair = ControlledMarket.account.split(separator: ":")
        for word in pair {
            #expect(!outcome.output.contains(word) && !outcome.errors.contains(word))
        }
        // The exchange is not asked, so that rules pick nothing, and no socket was ever opened.
        let offline = try await Program.run(
            ["check", "session.yaml", "--offline", "--json"],
            in: folder.path
        )
        #expect(offline.status == 0)
        let some = try #require(offline.object["subscriptions"] as? [[String: Any]])
        #expect((some.first?["topics"] as? [String])?.count == 2)
        server.kill()
        let gone = try await Program.run(["check", "session.yaml", "--json"], in: folder.path)
        #expect(gone.status == 0)
        #expect((gone.object["unanswered"] as? [String])?.isEmpty == false)
    }

    @Test
    func `a credentials file that others can read is refused, and one that is not there is wrong`()
        async throws
    {
        let folder = try TemporaryFolder()
        let text = """
            endpoint: http://127.0.0.1:9
            credentials: main
            credentials_file: credentials
            public: [linear:tickers.BTCUSDT]
            """
        let missing = try await Self.check(text, in: folder)
        #expect(missing.status == 78)
        #expect(Self.problems(missing).first?[0] == "s.yaml:2:14", "\(missing.output)")
        let lines = Data("[main]\nkey = a\nsecret = b\nenvironment = loopback\n".utf8)
        let path = folder.path + "/credentials"
        #expect(
            FileManager.default.createFile(
                atPath: path,
                contents: lines,
                attributes: [.posixPermissions: 0o644]
            )
        )
        let open = try await Self.check(text, in: folder)
        #expect(open.status == 77, "\(open.output)")
        #expect((open.object["refused"] as? String)?.contains("chmod 600") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let good = try await Self.check(text, in: folder)
        #expect(good.status == 0, "\(good.output)")
        let other = try await Self.check(
            text.replacing("endpoint: http://127.0.0.1:9", with: "environment: testnet"),
            in: folder
        )
        #expect(other.status == 77, "a key of another environment: \(other.output)")
    }
}
