import Foundation
import Testing

@testable import Gateway

/// `serve RECORDING` and `test-bot` with a bot that was recorded through the proxy.
@Suite(.serialized) struct ServedRecordingTests {
    /// Orders and a public socket, the same each time.
    private static func act(
        port: Int,
        price: String,
        quantity: String = "0.01",
        links: [String] = ["a", "b"]
    ) async throws -> [String] {
        let bot = try SignedBot(port: port, share: 100)
        try bot.connect(["order"])
        let socket = try RawSocket.open(port: port, "/v5/public/linear")
        try socket.send(#"{"op":"subscribe","args":["orderbook.50.BTCUSDT"],"req_id":"p"}"#)
        var answers: [String] = []
        while answers.count < 20 { answers.append(try socket.text()) }
        for (place, link) in links.enumerated() {
            let placed = await bot.place(
                link,
                price: price,
                quantity: place == 1 ? quantity : "0.01"
            )
            answers.append(String(decoding: placed.body, as: UTF8.self))
        }
        return answers
    }

    private static func record(_ folder: TemporaryFolder) async throws -> String {
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let price = try SignedBot.restingPrice(try RawSocket(port: exchange))
        let proxy = try await StartedProxy(exchange: exchange, in: folder)
        let answers = try await act(port: proxy.port, price: price)
        #expect(answers.last?.contains(#""retCode":0"#) == true, "\(answers)")
        _ = try await proxy.wait { ($0["requests"] as? Int ?? 0) >= 2 }
        _ = try await proxy.seal()
        return price
    }

    private static func serve(
        _ options: [String] = [],
        in folder: TemporaryFolder
    ) async throws -> (running: Running, port: Int) {
        let running = try Program.start(
            ["serve", "proxied", "--plain", "--json", "--pace", "fast"] + options,
            in: folder.path
        )
        let port = try await running.line { StartedProxy.object($0)?["port"] as? Int }
        return (running, port)
    }

    @Test
    func
        `a bot that asks for the same gets the recorded bytes under its own ids, and one that does not is refused`()
        async throws
    {
        let folder = try TemporaryFolder()
        let price = try await Self.record(folder)

        let same = try await Self.serve(in: folder)
        let answers = try await Self.act(
            port: same.port,
            price: price,
            links: ["other-a", "other-b"]
        )
        #expect(answers[20].contains(#""orderLinkId":"other-a""#), "\(answers[20])")
        let frames = try await StartedProxy.payloads("public/linear/orderbook*", in: folder)
        let books = answers.filter { $0.contains(#""topic":"orderbook"#) }
        #expect(books.count >= 19)
        // Times are of the client's clock; what the book says is not touched.
        let untimed = { (text: String) in text.replacing(#/1[0-9]{12}/#, with: "T") }
        #expect(books.map(untimed) == Array(frames.prefix(books.count)).map(untimed))
        same.running.interrupt()
        let end = try await same.running.end()
        #expect(end.status == 0, "\(end.output) \(end.errors)")

        let other = try await Self.serve(in: folder)
        let refused = try await Self.act(port: other.port, price: price, quantity: "0.02")
        #expect(
            refused.last?.contains(#"qty: expected \"0.01\", seen \"0.02\""#) == true,
            "\(refused)"
        )
        other.running.interrupt()
        let judged = try await other.running.end()
        #expect(judged.status == 1)
        #expect(
            judged.errors.contains("the client leaves the recording at record "),
            "\(judged.errors)"
        )
        #expect(judged.errors.contains("expected POST /v5/order/create"), "\(judged.errors)")

        // A question that nobody asked fails closed, with the nearest one.
        let third = try await Self.serve(in: folder)
        let raw = try RawSocket(port: third.port)
        let words = try raw.request("GET", "/v5/position/list?category=linear")
        #expect(words.contains("which was not recorded"), "\(words)")
        third.running.interrupt()
        #expect(try await third.running.end().status == 1)
    }

    @Test func `test-bot says what it cannot judge and what was written wrong`() async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        for (words, status, part) in [
            (["test-bot", demo, "--", "true"], 2, "no bot passed a proxy"),
            (["test-bot", demo], 64, "which bot to run"),
            (["test-bot", demo, "--pace", "fast", "--", "true"], 64, "no pace for a bot"),
            (["test-bot", "nowhere", "--", "true"], 66, "nowhere"),
        ] as [([String], Int32, String)] {
            let outcome = try await Program.run(words, in: folder.path)
            #expect(outcome.status == status, "\(words): \(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(words): \(outcome.errors)")
        }
    }

    @Test func `a bot that ends before it has asked for anything is told what was expected`()
        async throws
    {
        let folder = try TemporaryFolder()
        _ = try await Self.record(folder)
        let silent = try await Program.run(
            ["test-bot", "proxied", "--json", "--", "sh", "-c", "exit 3"],
            in: folder.path
        )
        #expect(silent.status == 1, "\(silent.errors)")
        let departure = try #require(silent.object["departure"] as? [String: Any])
        #expect(departure["kind"] as? String == "missing")
        #expect((departure["expected"] as? String)?.contains("auth") == true, "\(departure)")
        #expect((departure["difference"] as? String)?.contains("status 3") == true)
        let missing = try await Program.run(
            ["test-bot", "proxied", "--", "no-such-program-here"],
            in: folder.path
        )
        #expect(missing.status == 66, "\(missing.errors)")
    }

    @Test func `topics of a recording without a bot go to whoever subscribes`() async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let running = try Program.start(
            ["serve", demo, "--plain", "--json", "--pace", "fast"],
            in: folder.path
        )
        let port = try await running.line { StartedProxy.object($0)?["port"] as? Int }
        let socket = try RawSocket.open(port: port, "/v5/public/linear")
        try socket.send(#"{"op":"subscribe","args":["orderbook.50.NOTHERE"],"req_id":"1"}"#)
        #expect(try socket.text().contains("not in the recording: orderbook.50.NOTHERE"))
        try socket.send(#"{"op":"subscribe","args":["orderbook.50.BTCUSDT"],"req_id":"2"}"#)
        #expect(try socket.text().contains(#""success":true"#))
        #expect(try socket.text().contains(#""type":"snapshot""#))
        running.interrupt()
        #expect(try await running.end().status == 0)
    }
}
