import Foundation
import Gateway
import Market
import Testing

/// An exchange that answers HTTP 403: nothing is sent for ten minutes, whoever would, and an alert says so.
@Suite(.serialized) struct ShutOutTests {
    private static func order(_ body: String, _ port: Int) throws {
        let answer = try RawSocket(port: port).request("POST", "/tapedeck/manners", body: body)
        try #require(answer.contains("\"order\""), "\(answer)")
    }

    private static func until(_ receiver: AlertReceiver, _ word: String) async throws {
        try await ProxiedSession.until("\(word) at the webhook") { receiver.words.contains(word) }
    }

    /// Everything that the exchange saw of one start, but for what the test itself asks.
    private static func seen(_ journal: String) throws -> [String] {
        try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `one answer of 403 stops REST, sockets and the next start, and is an alert`()
        async throws
    {
        let folder = try TemporaryFolder()
        let receiver = try AlertReceiver()
        defer { receiver.stop() }
        let journal = folder.path + "/journal.jsonl"
        let server = try ControlledMarket.serve(
            ["--rate-limits", "off", "--journal", journal],
            in: folder
        )
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        // The first question of all, about the clock.
        try Self.order(#"{"manner":"forbidden"}"#, port)
        try ControlledMarket.writeSession(
            endpoint: port,
            topics: ["linear:orderbook.50.BTCUSDT"],
            settings: "alerts:\n  sinks:\n    - webhook: \(receiver.url)\n",
            in: folder
        )
        func start(_ out: String) throws -> Running {
            try Program.start(
                ["record", "session.yaml", "--out", out, "--json", "--for", "600s"],
                in: folder.path
            )
        }
        func end(_ recorder: Running) async throws {
            recorder.interrupt()
            let outcome = try await recorder.end()
            #expect(outcome.status == 69 && outcome.errors.contains("the exchange answered 403"))
        }
        let first = try start("first")
        try await Self.until(receiver, "shut-out firing")
        let alert = try #require(receiver.alerts.first { $0["name"] == "shut-out" })
        #expect(
            alert["unit"] == "seconds" && (alert["text"] ?? "").contains("cancels cannot leave")
        )
        let session = folder.path + "/first"
        try await Program.wait(for: "the desk halts", on: "desk/operator", of: session) {
            $0.contains { $0.contains("HTTP 403") && $0.contains("halt") }
        }
        try await Program.wait(for: "sockets wait", on: "link/public/linear", of: session) {
            $0.contains { $0.contains("the exchange answered 403: nothing is sent for") }
        }
        try await end(first)

        // Whoever starts beside it next keeps to it.
        let second = try start("second")
        try await ProxiedSession.until("the second one is shut out too") {
            receiver.words.count { $0 == "shut-out firing" } == 2
        }
        try await Program.wait(
            for: "its sockets wait",
            on: "link/public/linear",
            of: folder.path + "/second"
        )
        try await end(second)
        var answered = 0
        for name in ["first", "second"] {
            let replies = try await Program.run(
                ["cat", name, "--stream", "rest/*", "--raw"],
                in: folder.path
            )
            answered += replies.lines.count { $0.contains(#""outcome":"answered""#) }
            let links = try await Program.run(
                ["cat", name, "--stream", "link/*", "--raw"],
                in: folder.path
            )
            #expect(!links.output.contains(#""change":"connected""#), "\(links.output)")
            #expect(try await Program.run(["verify", name], in: folder.path).status == 0)
        }
        // The one that said so.
        #expect(answered == 1)
        let opened = try Self.seen(journal).filter { $0.contains(#""what":"opened""#) }
        #expect(opened.isEmpty, "\(opened)")
    }

    @Test func `a program that runs elsewhere on this host keeps to it too`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        func start(_ place: TemporaryFolder) throws -> Running {
            try ControlledMarket.writeSession(
                endpoint: port,
                topics: ["linear:orderbook.50.BTCUSDT"],
                in: place
            )
            return try Program.start(
                ["record", "session.yaml", "--out", "out", "--json", "--for", "600s"],
                environment: ["TAPEDECK_HOST_NOTES": folder.path + "/notes"],
                in: place.path
            )
        }
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        let early = try start(first)
        try await Program.wait(for: "frames", on: "public/*", of: first.path + "/out")
        // Whichever of the two asks next is told.
        try Self.order(#"{"manner":"forbidden"}"#, port)
        let late = try start(second)
        for place in [first, second] {
            try await Program.wait(for: "a halt", on: "desk/operator", of: place.path + "/out") {
                $0.contains { $0.contains("HTTP 403") && $0.contains("halt") }
            }
        }
        var refused = 0
        for (running, place) in [(early, first), (late, second)] {
            running.interrupt()
            _ = try await running.end()
            let replies = try await Program.run(
                ["cat", "out", "--stream", "rest/*", "--raw"],
                in: place.path
            )
            refused += replies.lines.count { $0.contains(#""status":403"#) }
            #expect(try await Program.run(["verify", "out"], in: place.path).status == 0)
        }
        #expect(refused == 1)
    }

    @Test func `a bot's 403 stops the bots and what is asked beside them`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        let proxy = try await StartedProxy(exchange: port, in: folder)
        let bot = try SignedBot(port: proxy.port, share: 100)
        let books = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        try books.send(#"{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}"#)
        _ = try books.text()
        try Self.order(#"{"manner":"forbidden","path":"/v5/order/create"}"#, port)
        let price = try SignedBot.restingPrice(try RawSocket(port: port))
        let first = await bot.place("first", price: price)
        #expect(first.status == 403, "\(first)")
        // The bot's own client would not ask again either.
        let other = try SignedBot(port: proxy.port, share: 100)
        let second = await other.place("second", price: price)
        #expect(second.status == 403)
        #expect(String(decoding: second.body, as: UTF8.self).contains(#""retCode":10018"#))
        #expect(throws: RawSocket.Closed.self) {
            _ = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        }
        // What is open stays open.
        for _ in 0..<20 { _ = try books.text() }
        let path = folder.path + "/proxied"
        try await Program.wait(for: "it is on record", on: "desk/operator", of: path) {
            $0.contains { $0.contains("HTTP 403") }
        }
        try await ProxiedSession.until("the alert begins") {
            proxy.running.errorsSoFar.contains("shut-out")
        }
        _ = try await proxy.seal()
        let records = try await StartedProxy.payloads("rest/*/POST/*", in: folder)
        #expect(records.contains { $0.contains("the exchange answered 403: nothing is sent") })
        // At the exchange itself the second order is not known.
        let orders = try await SignedBot(port: port, share: 100).ask(.openOrders(.linear))
        #expect(
            orders.status == 200 && !String(decoding: orders.body, as: UTF8.self).contains("second")
        )
    }
}
