import Foundation
import Testing
import Watch

/// The program's recorder on the program's exchange, which misbehaves on demand: each alert reaches a webhook, and clears.
@Suite(.serialized) struct AlertedSessionTests {
    private struct Scene {
        var folder: TemporaryFolder
        var receiver: AlertReceiver
        var server: Running
        var recorder: Running
        var port: Int
        var exchange: Int
        /// Writes hang for as long as this file is there.
        var stuck: String

        func order(_ body: String) throws {
            let answer = try RawSocket(port: exchange)
                .request("POST", "/tapedeck/manners", body: body)
            try #require(answer.contains("\"order\""), "\(answer)")
        }

        func forget() throws {
            _ = try RawSocket(port: exchange).request("DELETE", "/tapedeck/manners")
        }

        func metrics() throws -> String { try MetricsPage.get(port, "/metrics").body }

        func figure(_ name: String) throws -> String? {
            try metrics().split(separator: "\n").first { $0.hasPrefix(name + " ") }
                .map { String($0.dropFirst(name.count + 1)) }
        }

        /// Waits until this is the last word of its alert: where a machine stood still it may have begun and ended before.
        func until(_ word: String) async throws {
            let name = String(word.prefix { $0 != " " }) + " "
            for _ in 0..<6_000 {
                if receiver.words.last(where: { $0.hasPrefix(name) }) == word { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw Running.Missing(
                what: "\(word) did not come; there are \(receiver.words); \(recorder.errorsSoFar)"
            )
        }
    }

    private static func settings(_ receiver: AlertReceiver, _ folder: TemporaryFolder) -> String {
        """
        metrics: 127.0.0.1:0
        alerts:
          sinks:
            - webhook: \(receiver.url)
            - exec: [/bin/sh, -c, "cat >> \(folder.path)/paged"]
          stream-silent: {after: 3s}
          book-invalid: {after: 2s}
          reconnect-storm: {count: 3, within: 20s}
          queue-filling: {percent: 4}
          append-stalled: {after: 2s}
          key-expiring: {days: 90000}
        journal:
          queue_bytes: 1048576
        """
    }

    private func start() async throws -> Scene {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver(refusals: 1)
        let server = try ControlledMarket.serve(
            ["--categories", "linear", "--rate-limits", "off"],
            in: folder
        )
        let exchange = try await ControlledMarket.port(server)
        let late = try RawSocket(port: exchange).request(
            "POST",
            "/tapedeck/manners",
            body: #"{"manner":"clock-offset","milliseconds":2000}"#
        )
        #expect(late.contains("\"order\""), "\(late)")
        try ControlledMarket.writeSession(
            endpoint: exchange,
            topics: [
                "linear:orderbook.50.BTCUSDT", "linear:orderbook.200.ETHUSDT",
                "linear:publicTrade.BTCUSDT", "linear:tickers.BTCUSDT",
            ],
            settings: Self.settings(receiver, folder),
            in: folder
        )
        let stuck = folder.path + "/stuck"
        let library = try await Preload.build("stuck", Preload.stuckDisk, in: folder.path)
        let recorder = try Program.start(
            ["record", "session.yaml", "--out", "session", "--json", "--for", "3000s"],
            environment: ["LD_PRELOAD": library, "STUCK_DISK": stuck],
            in: folder.path
        )
        var port: Int?
        for _ in 0..<6_000 where port == nil {
            port = recorder.errorsSoFar.firstMatch(of: #/metrics on port (\d+)/#)
                .flatMap { Int($0.output.1) }
            try await Task.sleep(for: .milliseconds(20))
        }
        let _: Bool = try await recorder.line {
            $0.contains(#""sockets_ready":2"#) ? true : nil
        }
        return Scene(
            folder: folder,
            receiver: receiver,
            server: server,
            recorder: recorder,
            port: try #require(port, "\(recorder.errorsSoFar)"),
            exchange: exchange,
            stuck: stuck
        )
    }

    @Test(.timeLimit(.minutes(25)))
    func
        `each alert begins at a webhook when the exchange or the disk misbehaves, and ends when they do not`()
        async throws
    {
        let scene = try await start()
        defer {
            scene.recorder.kill()
            scene.server.kill()
            scene.receiver.stop()
        }
        // Measured at the start, and each minute: by the end of this test it is well again.
        try await scene.until("clock-offset firing")
        try await scene.until("key-expiring firing")
        try scene.order(#"{"manner":"clock-offset","milliseconds":0}"#)
        try await silence(scene)
        try await absence(scene)
        try await storm(scene)
        try await stuckDisk(scene)
        try await scene.until("clock-offset resolved")
        try await scene.until("reconnect-storm resolved")
        try await check(scene)
    }

    /// Pongs come, pushes do not.
    private func silence(_ scene: Scene) async throws {
        try scene.order(#"{"manner":"gap","path":"/v5/public/linear","times":1000000000}"#)
        try await scene.until("stream-silent firing")
        let health = try MetricsPage.get(scene.port, "/health")
        #expect(health.head.hasPrefix("HTTP/1.1 503 "))
        #expect(health.body.contains(#""name":"stream-silent""#))
        try scene.forget()
        try await scene.until("stream-silent resolved")
    }

    /// The exchange is away: books wait for a snapshot.
    private func absence(_ scene: Scene) async throws {
        try scene.order(#"{"manner":"maintenance","milliseconds":20000}"#)
        try await scene.until("book-invalid firing")
        #expect(try scene.figure("tapedeck_books_stale") == "2")
        try await scene.until("book-invalid resolved")
        #expect(try scene.figure("tapedeck_books_valid") == "2")
    }

    private func storm(_ scene: Scene) async throws {
        let name = #"tapedeck_socket_reconnects_total{socket="public/linear"}"#
        let ready = #"tapedeck_socket_ready{socket="public/linear"}"#
        // Three may take longer than the twenty seconds that count.
        for _ in 0..<20 where !scene.receiver.words.contains("reconnect-storm firing") {
            // One that is lost before it has been ready for three seconds is waited for ever longer.
            try await ProxiedSession.until("the socket is ready") {
                try scene.figure(ready) == "1"
            }
            try await Task.sleep(for: .seconds(4))
            let before = try scene.figure(name)
            try scene.order(#"{"manner":"disconnect","path":"/v5/public/linear"}"#)
            try await ProxiedSession.until("the socket comes again") {
                try scene.figure(name) != before
            }
        }
        try await scene.until("reconnect-storm firing")
    }

    private func stuckDisk(_ scene: Scene) async throws {
        try Data().write(to: URL(filePath: scene.stuck))
        try await scene.until("append-stalled firing")
        try await scene.until("queue-filling firing")
        try FileManager.default.removeItem(atPath: scene.stuck)
        try await scene.until("append-stalled resolved")
        try await scene.until("queue-filling resolved")
    }

    private func check(_ scene: Scene) async throws {
        // A key that expires in a hundred years is what this session was told to warn of.
        try await ProxiedSession.until("nothing else is warned of") {
            let body = try MetricsPage.get(scene.port, "/health").body
            let names = body.matches(of: #/"name":"([a-z-]+)"/#).map { String($0.output.1) }
            return names == ["key-expiring"]
        }
        let file = scene.folder.path + "/paged"
        try await ProxiedSession.until("the program has been told all that the webhook was") {
            let paged = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            return paged.split(separator: "\n").count == scene.receiver.words.count
        }
        let words = scene.receiver.words
        for name in Set(words.map { $0.prefix { $0 != " " } }) {
            let own = words.filter { $0.hasPrefix(name + " ") }.map { $0.dropFirst(name.count + 1) }
            for (place, state) in own.enumerated() {
                #expect(state == (place % 2 == 0 ? "firing" : "resolved"), "\(name): \(own)")
            }
        }
        let health = try MetricsPage.get(scene.port, "/health")
        #expect(health.head.hasPrefix("HTTP/1.1 503 "))
        #expect(health.body.contains(#""name":"key-expiring""#))
        let metrics = try scene.metrics()
        let log = scene.recorder.errorsSoFar
        scene.recorder.interrupt()
        let outcome = try await scene.recorder.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        for word in words {
            let name = String(word.prefix { $0 != " " })
            #expect(outcome.errors.contains("alert=\(name)"), "the log has \(word)")
        }
        let paged = try String(contentsOfFile: file, encoding: .utf8)
        #expect(paged.split(separator: "\n").count == words.count)
        let bodies = scene.receiver.alerts.map { "\($0)" }.joined()
        for text in [metrics, health.body, bodies, paged, log, outcome.errors, outcome.output] {
            for secret in ["TOKENTHATISASECRET", "PROXYKEY", "PROXYSECRET"] {
                #expect(!text.contains(secret))
            }
        }
        #expect(!bodies.contains("127.0.0.1") && !metrics.contains("127.0.0.1"))
        try await replays(scene)
    }

    /// The figures are records, and what they are made of replays as it was.
    private func replays(_ scene: Scene) async throws {
        let replay = try await Program.run(["replay", "session", "--json"], in: scene.folder.path)
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
        let findings = try #require(replay.object["findings"] as? [String: Int])
        #expect(findings["recorded"] == findings["replayed"], "\(replay.output)")
        #expect(findings["recorded"] == findings["compared"], "\(replay.output)")
        let cat = try await Program.run(
            ["cat", "session", "--stream", "session/figures", "--raw"],
            in: scene.folder.path
        )
        let records = try cat.lines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            )
        }
        #expect(records.count >= 2, "\(cat.output)")
        let last = try #require(records.last)
        #expect(last["books_valid"] is Int && last["alert_firing"] is [String: Any])
        #expect((last["socket_frames_total"] as? [String: Any])?["public/linear"] is Int)
        #expect(!cat.output.contains("TOKENTHATISASECRET"))
        let raw = try await Program.run(["cat", "session", "--raw"], in: scene.folder.path)
        #expect(!raw.output.contains("TOKENTHATISASECRET"))
        let state = try await Program.run(["verify", "session"], in: scene.folder.path)
        #expect(state.status == 0, "\(state.output)")
    }
}
