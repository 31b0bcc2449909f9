import Foundation
import Market
import Testing

@testable import Gateway

/// `serve RECORDING --simulated`: a recorded market, traded on over real sockets.
@Suite(.serialized) struct ServedSimulationTests {
    private static let book = "orderbook.50.BTCUSDT"

    private static func serve(
        _ recording: String,
        pace: String,
        in folder: TemporaryFolder
    ) async throws -> (running: Running, port: Int) {
        let running = try Program.start(
            [
                "serve", recording, "--simulated", "--plain", "--json", "--pace", pace,
                "--rate-limits", "off", "--account", ControlledMarket.account,
            ],
            in: folder.path
        )
        let port = try await running.line { StartedProxy.object($0)?["port"] as? Int }
        return (running, port)
    }

    private static func data(_ text: String) -> [[String: Any]] {
        StartedProxy.object(text)?["data"] as? [[String: Any]] ?? []
    }

    /// The first row of the topic's next message.
    private static func first(of topic: String, on socket: RawSocket) throws -> [String: Any] {
        while true {
            let text = try socket.text()
            guard text.contains("\"topic\":\"\(topic)\"") else { continue }
            return try #require(data(text).first)
        }
    }

    private static func subscribe(_ socket: RawSocket, _ topics: [String]) throws -> String {
        let list = topics.map { "\"\($0)\"" }.joined(separator: ",")
        try socket.send(#"{"op":"subscribe","args":[\#(list)],"req_id":"s"}"#)
        return try socket.text()
    }

    @Test func `orders meet the recorded book, and its frames are pushed step by step`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let (running, port) = try await Self.serve(demo, pace: "step", in: folder)
        let control = try RawSocket(port: port)
        let market = try RawSocket.open(port: port, "/v5/public/linear")
        #expect(
            try Self.subscribe(market, ["orderbook.50.NOTHERE"])
                .contains("handler not found,topic:orderbook.50.NOTHERE")
        )
        #expect(try Self.subscribe(market, [Self.book]).contains(#""success":true"#))
        // Nothing moves but by steps.
        #expect(try market.drain().isEmpty)
        let stepped = try control.request("POST", "/tapedeck/step?n=300")
        #expect(stepped.contains(#""over":false"#), "\(stepped)")
        let frames = try market.drain()
        #expect(frames.first?.contains(#""type":"snapshot""#) == true, "\(frames.first ?? "")")
        #expect(frames.count > 10 && frames.allSatisfy { $0.contains(Self.book) })

        // Who comes later begins where the others are.
        let late = try RawSocket.open(port: port, "/v5/public/linear")
        _ = try Self.subscribe(late, [Self.book])
        let first = try late.text()
        let pattern = #/"u":([0-9]+)/#
        #expect(first.contains(#""type":"snapshot""#))
        #expect(
            first.firstMatch(of: pattern)?.output.1
                == frames.last?.firstMatch(of: pattern)?.output.1
        )

        let bot = try SignedBot(port: port, share: 100)
        let account = try bot.login("/v5/private")
        #expect(
            try Self.subscribe(account, ["order", "execution", "wallet"])
                .contains(#""success":true"#)
        )
        let resting = try SignedBot.restingPrice(control)
        let placed = await bot.place("resting", price: resting)
        #expect(String(decoding: placed.body, as: UTF8.self).contains(#""retCode":0"#))
        let row = try Self.first(of: "order", on: account)
        #expect(row["orderLinkId"] as? String == "resting")
        #expect(row["orderStatus"] as? String == "New")

        // What is taken is what the recorded book has there.
        let there = try control.request(
            "GET",
            "/tapedeck/book?category=linear&symbol=BTCUSDT&depth=1"
        )
        let asks = try #require(StartedProxy.object(there)?["a"] as? [[String]], "\(there)")
        let taken = await bot.post(
            "/v5/order/create",
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","#
                + #""qty":"0.001","orderLinkId":"taken"}"#
        )
        #expect(String(decoding: taken.body, as: UTF8.self).contains(#""retCode":0"#))
        let fill = try Self.first(of: "execution", on: account)
        #expect(fill["execPrice"] as? String == asks.first?.first, "\(fill)")
        #expect(fill["isMaker"] as? Bool == false)

        // To the end, and the exchange is still there.
        let end = try control.request("POST", "/tapedeck/step?n=100000")
        #expect(end.contains(#""over":true"#), "\(end)")
        let cancelled = await bot.post(
            "/v5/order/cancel",
            #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"resting"}"#
        )
        #expect(String(decoding: cancelled.body, as: UTF8.self).contains(#""retCode":0"#))
        running.interrupt()
        let outcome = try await running.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let last = try #require(outcome.lines.last.flatMap(StartedProxy.object))
        #expect(last["over"] as? Bool == true)
        // The session's own orders were in the book, and are not any more.
        #expect((last["levels"] as? Int ?? 0) > 0)
    }

    @Test func `as fast as it is read all of it comes, in the client's present`() async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let (running, port) = try await Self.serve(demo, pace: "fast", in: folder)
        let market = try RawSocket.open(port: port, "/v5/public/linear")
        let began = SessionClock.wall().milliseconds
        _ = try Self.subscribe(market, [Self.book])
        let recorded = try await Program.run([
            "cat", demo, "--stream", "public/linear/" + Self.book, "--raw",
        ])
        .lines
        var frames: [String] = []
        while frames.count < recorded.count { frames.append(try market.text()) }
        // Each has the number of the recorded one, and a time of today.
        let number = #/"u":([0-9]+)/#
        #expect(
            frames.map { $0.firstMatch(of: number)?.output.1 }
                == recorded.map { $0.firstMatch(of: number)?.output.1 }
        )
        let time = try #require(
            frames[0].firstMatch(of: #/"ts":([0-9]+)/#).flatMap { Int64($0.output.1) }
        )
        #expect(time >= began - 1_000 && !recorded[0].contains("\(time)"))
        running.interrupt()
        #expect(try await running.end().status == 0)
    }

    @Test func `what cannot be served so is refused in words`() async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        for (words, status, part) in [
            (["serve", "--synthetic", "--simulated"], 64, "--simulated is of a recording"),
            (["serve", demo, "--queue", "log"], 64, "--queue of --simulated"),
            (["serve", demo, "--simulated", "--queue", "none"], 64, "--queue none is no model"),
            (["serve", demo, "--simulated", "--chaos", "1"], 64, "--chaos"),
            (["serve", demo, "--simulated", "--pace", "virtual"], 64, "virtual is not a pace"),
        ] as [([String], Int32, String)] {
            let outcome = try await Program.run(words, in: folder.path)
            #expect(outcome.status == status, "\(words): \(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(words): \(outcome.errors)")
        }
    }
}
