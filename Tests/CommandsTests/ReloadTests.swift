import Foundation
import Testing

/// A session file that changes under a running session: all of it is applied, or nothing.
@Suite struct ReloadTests {
    private static let topics = ["linear:publicTrade.BTCUSDT", "linear:orderbook.50.BTCUSDT"]

    /// What was asked on the sockets of a category, as `subscribe TOPIC,…`.
    private func asked(_ session: DeskedSession, _ category: String) async throws -> [String] {
        try await session.records("sent/public/" + category).compactMap { frame in
            guard let operation = frame["op"] as? String, let topics = frame["args"] as? [String]
            else { return nil }
            return operation + " " + topics.joined(separator: ",")
        }
    }

    private func hangUp(_ session: DeskedSession, until words: String) async throws {
        kill(session.recorder.process.processIdentifier, SIGHUP)
        for _ in 0..<6_000 where !session.recorder.errorsSoFar.contains(words) {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(session.recorder.errorsSoFar.contains(words), "\(session.recorder.errorsSoFar)")
    }

    @Test func `SIGHUP adds and drops topics without touching what stays`() async throws {
        let session = try await DeskedSession(topics: Self.topics)
        try session.write([Self.topics[1], "linear:tickers.ETHUSDT", "spot:tickers.BTCUSDT"])
        try await hangUp(session, until: "SIGHUP: the session file was applied at record")
        let status = try await session.status()
        #expect(status["disconnects"] as? Int == 0 && status["reloads"] as? Int == 1)
        for _ in 0..<6_000 {
            if try await session.status()["sockets_ready"] as? Int == 2 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        // A second time there is nothing to do, and no record of it.
        let again = try await session.desk("reload", session.path)
        #expect(again.status == 0 && again.output.contains("nothing has changed"), "\(again)")
        #expect(try await session.desk("stop", session.path).status == 0)
        #expect(try await session.recorder.end().status == 0)

        #expect(
            try await asked(session, "linear") == [
                "subscribe publicTrade.BTCUSDT,orderbook.50.BTCUSDT",
                "unsubscribe publicTrade.BTCUSDT", "subscribe tickers.ETHUSDT",
            ]
        )
        #expect(try await asked(session, "spot") == ["subscribe tickers.BTCUSDT"])
        for stream in ["public/linear/tickers.ETHUSDT", "public/spot/tickers.BTCUSDT"] {
            #expect(try await !session.records(stream).isEmpty, "\(stream)")
        }
        let lost = try await session.records("link/public/*").filter {
            $0["change"] as? String == "disconnected"
        }
        #expect(lost.count == 2, "at the end alone: \(lost)")
        let requests = try await session.requests()
        #expect(requests.map { $0["verb"] as? String } == ["reload", "stop"])
        let change = try #require(requests.first)
        #expect(change["uid"] == nil && change["reason"] as? String == "SIGHUP")
        let arguments = try #require(change["arguments"] as? [String: String])
        #expect(
            arguments["public.added"] == "linear:tickers.ETHUSDT, spot:tickers.BTCUSDT"
                && arguments["public.removed"] == Self.topics[0],
            "\(arguments)"
        )
        let start = try #require(try await session.records("session/start").first)
        #expect(arguments["settings.old"] == start["configuration_hash"] as? String)
        #expect(arguments["settings.new"] == status["configuration_hash"] as? String)
        #expect(arguments["settings.new"] != arguments["settings.old"])
        // The record comes before what it leads to.
        let order = try await Program.run(["cat", session.path])
        let places = ["desk/operator", "unsubscribe"].map { word in
            order.lines.firstIndex { $0.contains(word) } ?? -1
        }
        #expect(places[0] >= 0 && places[0] < places[1], "\(places)")
        let replay = try await Program.run(["replay", session.path, "--json"])
        #expect(replay.object["result"] as? String == "nothing-to-judge", "\(replay.output)")
    }

    @Test func `rules that go by lists and ranks are asked for before they are applied`()
        async throws
    {
        let session = try await DeskedSession(topics: Self.topics)
        try session.write(Self.topics + ["linear:tickers.top:2", "option:tickers.BTC-*"])
        let reload = try await session.desk("reload", session.path, "--reason", "more", "--json")
        #expect(reload.status == 0, "\(reload.errors)")
        #expect(reload.object["topics_added"] as? Int ?? 0 > 2, "\(reload.output)")
        #expect(reload.object["topics_removed"] as? Int == 0)
        for _ in 0..<6_000 {
            let status = try await session.status()
            if status["sockets_ready"] as? Int == 2 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        // The same in another order is on record, and asks for nothing.
        try session.write(["option:tickers.BTC-*", "linear:tickers.top:2"] + Self.topics)
        let again = try await session.desk("reload", session.path, "--json")
        #expect(again.object["changed"] as? Bool == true, "\(again.output) \(again.errors)")
        #expect(again.object["topics_added"] as? Int == 0)
        #expect(try await session.status()["reloads"] as? Int == 2)
        let hash = try await session.status()["configuration_hash"] as? String
        #expect(hash == again.object["configuration_hash"] as? String)
        #expect(try await session.desk("stop", session.path).status == 0)
        let ranked = try await asked(session, "linear").dropFirst()
        #expect(ranked.count == 1 && ranked.first?.hasPrefix("subscribe tickers.") == true)
        #expect(try await !asked(session, "option").isEmpty)
        let changes = try await session.records("link/public/linear").compactMap {
            $0["change"] as? String
        }
        #expect(changes.filter { $0 == "connected" }.count == 1, "\(changes)")
    }

    @Test func `what cannot change is named with its line, and nothing is applied`() async throws {
        let session = try await DeskedSession(
            topics: Self.topics,
            settings: "journal:\n  queue_bytes: 1048576\n"
        )
        let before = try await session.status()
        for (topics, settings, words, place) in [
            (
                Self.topics + ["linear:tickers.ETHUSDT"], "journal:\n  queue_bytes: 2097152\n",
                "journal.queue_bytes was 1048576 and is 2097152", "session.yaml:7:16"
            ),
            (Self.topics, "", "journal.queue_bytes was 1048576 and is absent", nil),
            (
                Self.topics, "journal:\n  queue_bytes: 1048576\nrest:\n  share: 5\n",
                "rest.share was absent and is 5", "session.yaml:8:10"
            ),
            (Self.topics, "colour: red", "colour is not a setting", "session.yaml:5:1"),
            (["linear:bogus topic here"], "", "is not CATEGORY:TOPIC", "session.yaml:3:5"),
            (["linear"], "", "is not CATEGORY:TOPIC", "session.yaml:3:5"),
            (Self.topics, "journal: [", "did not find expected node content", "session.yaml:6:1"),
            (
                Self.topics,
                "journal:\n  queue_bytes: 1048576\ncredentials: nobody\ncredentials_file: none\n",
                "no such credentials file", "none"
            ),
        ] as [([String], String, String, String?)] {
            try session.write(topics, settings)
            let reload = try await session.desk("reload", session.path, "--json")
            #expect(reload.status == 1, "\(settings): \(reload.output)")
            let object = DeskedSession.object(reload.errors) ?? [:]
            let error = try #require(object["error"] as? [String: String], "\(reload.errors)")
            #expect(error["what"]?.contains(words) == true, "\(error)")
            #expect(place.map { error["where"]?.contains($0) == true } ?? true, "\(error)")
        }
        try FileManager.default.removeItem(atPath: session.folder.path + "/session.yaml")
        let gone = try await session.desk("reload", session.path)
        #expect(gone.status == 1, "\(gone.errors)")
        #expect(gone.errors.contains("there is no such session file"), "\(gone.errors)")
        try await hangUp(session, until: "SIGHUP: nothing was changed: session.yaml")
        let after = try await session.status()
        for key in ["configuration_hash", "reloads", "sockets", "connects"] {
            #expect("\(after[key] ?? "")" == "\(before[key] ?? "")", "\(key)")
        }
        #expect(try await asked(session, "linear").count == 1)
        #expect(try await session.requests().isEmpty)
    }

    @Test func `a key is read anew: a wrong one changes nothing, one that works signs`()
        async throws
    {
        let keyed = "credentials: main\ncredentials_file: credentials\n"
        let folder = try TemporaryFolder()
        func write(_ main: String) throws {
            try DeskedSession.writeCredentials(["main": main], in: folder.path)
        }
        func serve(_ account: String, port: Int) async throws -> Running {
            let server = try Program.start(
                [
                    "serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--for", "600s",
                    "--account", account, "--port", "\(port)",
                ],
                in: folder.path
            )
            _ = try await server.line { Endpoint($0) }
            return server
        }
        try write(DeskedSession.account)
        // Between the two exchanges nobody listens there, and nobody else may.
        let held = try HeldPort()
        defer { withExtendedLifetime(held) {} }
        let first = try await serve(DeskedSession.account, port: held.port)
        let endpoint = try await first.line { Endpoint($0) }.url
        try DeskedSession.writeFile(endpoint, Self.topics, keyed, in: folder.path)
        let recorder = try Program.start(
            ["record", "session.yaml", "--out", "one", "--json", "--status-every", "50ms"],
            in: folder.path
        )
        defer {
            recorder.kill()
            first.kill()
        }
        func desk(_ arguments: String...) async throws -> Program.Outcome {
            try await Program.run(["desk"] + arguments + ["one", "--json"], in: folder.path)
        }
        func waitUntilReady() async throws {
            for _ in 0..<6_000 {
                let status = try await desk("status").object
                if status["sockets_ready"] as? Int == 2 { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("the sockets are not ready: \(recorder.errorsSoFar)")
        }
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":2"#) ? true : nil }
        let old = try await desk("status").object["key"] as? String

        // A key that the exchange does not know.
        try write(DeskedSession.other)
        let wrong = try await desk("reload")
        #expect(wrong.status == 1 && wrong.errors.contains("does not take the new key"), "\(wrong)")
        // A file that others may read.
        chmod(folder.path + "/credentials", 0o644)
        let open = try await desk("reload")
        #expect(open.status == 1 && open.errors.contains("credentials"), "\(open.errors)")
        chmod(folder.path + "/credentials", 0o600)
        #expect(try await desk("status").object["key"] as? String == old)
        #expect(try await desk("status").object["disconnects"] as? Int == 0)

        // The old key is gone at the exchange, the new one is there.
        first.kill()
        _ = try await first.end()
        let second = try await serve(DeskedSession.other, port: held.port)
        defer { second.kill() }
        let renewed = try await desk("reload", "--reason", "rotated")
        #expect(renewed.status == 0, "\(renewed.errors)")
        #expect(renewed.object["key"] as? String == "new")
        try await waitUntilReady()
        let new = try await desk("status").object["key"] as? String
        #expect(new != old && new?.hasPrefix("main (") == true)
        #expect(try await desk("stop").status == 0)
        #expect(try await recorder.end().status == 0)
        // No key and no secret anywhere.
        for file in try TemporaryFolderFiles.below(folder.path + "/one") {
            let text = String(decoding: file, as: UTF8.self)
            for word in ["DESKKEY", "DESKSECRET", "OTHERKEY", "OTHERSECRET"] {
                #expect(!text.contains(word))
            }
        }
        let cat = try await Program.run(["cat", "one", "--raw"], in: folder.path)
        for word in ["DESKKEY", "DESKSECRET", "OTHERKEY", "OTHERSECRET"] {
            #expect(!cat.output.contains(word) && !recorder.errorsSoFar.contains(word), "\(word)")
        }
        let requests = try await Program.run(
            ["cat", "one", "--raw", "--stream", "desk/operator"],
            in: folder.path
        )
        let own = requests.lines.filter { !$0.contains(#""verb":"journal-"#) }
        #expect(own.count == 2, "\(requests.output)")
        #expect(own.first?.contains(#""credentials":"main","key":""#) == true)
    }

    @Test func `a key of another account is refused while the old one says whose it is`()
        async throws
    {
        let keyed = "credentials: main\ncredentials_file: credentials\n"
        let session = try await DeskedSession(topics: Self.topics, settings: keyed) { path in
            let folder = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            try DeskedSession.writeCredentials(
                ["main": DeskedSession.account, "second": DeskedSession.other],
                in: folder.path
            )
        }
        try session.write(Self.topics, "credentials: second\ncredentials_file: credentials\n")
        let reload = try await session.desk("reload", session.path)
        #expect(reload.status == 1, "\(reload.output)")
        #expect(reload.errors.contains("belongs to another account"), "\(reload.errors)")
        #expect(try await session.status()["disconnects"] as? Int == 0)
        // From public data alone to an account is another session.
        try session.write(Self.topics)
        let public_ = try await session.desk("reload", session.path)
        #expect(public_.status == 1, "\(public_.output)")
        #expect(public_.errors.contains("credentials was there and is absent"), "\(public_.errors)")
    }

    @Test func `a trading session with mark, reload and stop replays identically`() async throws {
        let settings = """
            credentials: main
            credentials_file: credentials
            strategies:
              maker:
                kind: maker
            journal:
              segment_bytes: 65536

            """
        let topics = ["linear:orderbook.50.BTCUSDT", "linear:tickers.BTCUSDT"]
        let session = try await DeskedSession(
            topics: topics,
            settings: settings,
            // A market that moves: segments fill up.
            market: ["--regime", "jump"],
            command: ["trade"]
        ) { path in
            let folder = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            try DeskedSession.writeCredentials(["main": DeskedSession.account], in: folder.path)
        }
        func wait(_ key: String, above count: Int) async throws {
            for _ in 0..<6_000 {
                if try await session.status()[key] as? Int ?? 0 > count { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("no more \(key): \(session.recorder.errorsSoFar)")
        }
        try await wait("commands", above: 5)
        #expect(try await session.desk("mark", "before", session.path).status == 0)
        try session.write(topics + ["spot:orderbook.50.BTCUSDT"], settings)
        let reload = try await session.desk("reload", session.path, "--json")
        #expect(reload.status == 0, "\(reload.errors)")
        let sequence = try #require(reload.object["sequence"] as? Int)
        func later() throws -> Int? {
            try FileManager.default.contentsOfDirectory(atPath: session.path)
                .compactMap { $0.hasSuffix(".mcap") ? Int($0.dropLast(5)) : nil }.sorted()
                .first { $0 > sequence }
        }
        try await ProxiedSession.until("a segment after the reload") { try later() != nil }
        let commands = try await session.status()["commands"] as? Int ?? 0
        try await wait("commands", above: commands + 5)
        let stop = try await session.desk("stop", session.path, "--reason", "enough", "--json")
        #expect(stop.status == 0, "\(stop.errors)")
        #expect(stop.object["open_orders"] as? Int == 0, "\(stop.output)")
        let end = try await session.recorder.end()
        #expect(end.status == 0, "\(end.errors)")
        #expect(end.errors.contains("open orders are cancelled"), "\(end.errors)")

        let requests = try await session.requests()
        let verbs = requests.compactMap { $0["verb"] as? String }
        #expect(verbs == ["mark", "reload", "stop", "audit"])
        let change = try #require(requests.first { $0["verb"] as? String == "reload" })
        let arguments = change["arguments"] as? [String: String]
        #expect(arguments?["account.categories"] == "spot linear", "\(change)")
        // The engine reconciles the new category from here on: its questions are commands of this record.
        let asked = try await session.records("desk/command").filter {
            $0["cause"] as? Int == sequence
        }
        #expect(asked.contains { "\($0)".contains("spot") }, "\(asked)")
        let replay = try await Program.run(["replay", session.path, "--json"])
        #expect(replay.status == 0, "\(replay.output) \(replay.errors)")
        #expect(replay.object["result"] as? String == "identical")

        // And from the checkpoint of a segment behind the reload, which holds what it changed.
        let segment = try #require(try later())
        let prune = try await Program.run(
            ["prune", session.path, "--before", "\(segment)", "--yes"]
        )
        #expect(prune.status == 0, "\(prune.errors)")
        let rest = try await Program.run(["replay", session.path, "--json"])
        #expect(rest.status == 0, "\(rest.output) \(rest.errors)")
        #expect(rest.object["result"] as? String == "identical")
    }
}

/// The bytes of every file below a folder.
enum TemporaryFolderFiles {
    static func below(_ path: String) throws -> [Data] {
        try FileManager.default.contentsOfDirectory(atPath: path).compactMap {
            FileManager.default.contents(atPath: path + "/" + $0)
        }
    }
}
