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
        func start() throws -> Running {
            try Program.start(
                ["record", "session.yaml", "--out", "session", "--json", "--for", "600s"],
                in: folder.path
            )
        }
        let first = try start()
        try await Self.until(receiver, "shut-out firing")
        let alert = try #require(receiver.alerts.first { $0["name"] == "shut-out" })
        #expect(
            alert["unit"] == "seconds" && (alert["text"] ?? "").contains("cancels cannot leave")
        )
        let session = folder.path + "/session"
        try await Program.wait(for: "the desk halts", on: "desk/operator", of: session) {
            $0.contains { $0.contains("HTTP 403") && $0.contains("halt") }
        }
        try await Program.wait(for: "sockets wait", on: "link/public/linear", of: session) {
            $0.contains { $0.contains("the exchange answered 403: nothing is sent for") }
        }
        first.interrupt()
        #expect(try await first.end().status == 0)

        // Whoever starts there next keeps to it.
        let second = try start()
        try await ProxiedSession.until("the second one is shut out too") {
            receiver.words.count { $0 == "shut-out firing" } == 2
        }
        try await Task.sleep(for: .seconds(2))
        second.interrupt()
        #expect(try await second.end().status == 0)
        let replies = try await Program.run(
            ["cat", "session", "--stream", "rest/*", "--raw"],
            in: folder.path
        )
        let answered = replies.lines.count { $0.contains(#""outcome":"answered""#) }
        #expect(answered == 1, "\(replies.output)")
        let links = try await Program.run(
            ["cat", "session", "--stream", "link/*", "--raw"],
            in: folder.path
        )
        #expect(!links.output.contains(#""change":"connected""#), "\(links.output)")
        let opened = try Self.seen(journal).filter { $0.contains(#""what":"opened""#) }
        #expect(opened.isEmpty, "\(opened)")
        #expect(try await Program.run(["verify", "session"], in: folder.path).status == 0)
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
        let end = try await proxy.seal()
        #expect(end.errors.contains("shut-out"), "\(end.errors)")
        let records = try await StartedProxy.payloads("rest/*/POST/*", in: folder)
        #expect(records.contains { $0.contains("the exchange answered 403: nothing is sent") })
        // At the exchange itself the second order is not known.
        let orders = try await SignedBot(port: port, share: 100).ask(.openOrders(.linear))
        #expect(
            orders.status == 200 && !String(decoding: orders.body, as: UTF8.self).contains("second")
        )
    }
}
