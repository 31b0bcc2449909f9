import Foundation
import Gateway
import Testing

/// `tapedeck proxy` between clients of every manner and the exchange in a box.
@Suite(.serialized) struct ProxyTests {
    private static func count(_ lines: [String], _ part: String) -> Int {
        lines.count { $0.contains(part) }
    }

    @Test
    func `orders and frames go through as they are and are all recorded, under the key's alias`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let proxy = try await StartedProxy(exchange: exchange, in: folder)
        let bot = try SignedBot(port: proxy.port, share: 100)
        try bot.connect(["order", "execution", "position", "wallet"])
        let control = try RawSocket(port: exchange)
        let price = try SignedBot.restingPrice(control)

        // On one connection, kept alive: what comes through is what the exchange says itself.
        let direct = try RawSocket(port: exchange)
        let through = try RawSocket(port: proxy.port)
        let target = "/v5/market/instruments-info?category=linear&limit=1000"
        for _ in 0..<3 {
            let one = try direct.request("GET", target)
            let other = try through.request("GET", target)
            #expect(Self.withoutTime(one) == Self.withoutTime(other))
            #expect(one.utf8.count > 500)
        }
        let placed = await bot.place("proxied-1", price: price)
        #expect(String(decoding: placed.body, as: UTF8.self).contains(#""retCode":0"#))
        let bought = await bot.post(
            "/v5/order/create",
            #"{"category":"linear", "symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01","orderLinkId":"proxied-2"}"#
        )
        #expect(String(decoding: bought.body, as: UTF8.self).contains(#""retCode":0"#))

        let socket = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        try socket.send(
            #"{"op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT"],"req_id":"p"}"#
        )
        var texts: [String] = []
        while texts.count < 100 { texts.append(try socket.text()) }
        _ = try await proxy.wait { ($0["requests"] as? Int ?? 0) >= 5 }
        let outcome = try await proxy.seal()
        #expect(outcome.object["lost"] as? Int == 0)

        let streams = try await StartedProxy.streams(in: folder)
        let found = streams.compactMap { $0.firstMatch(of: #/^private/(k[0-9a-f]{8})/order$/#) }
        let alias = String(try #require(found.first, "\(streams.sorted())").output.1)
        for name in [
            "private/\(alias)/execution", "private/\(alias)/-", "sent/private/\(alias)",
            "link/private/\(alias)", "rest/\(alias)/POST/v5/order/create",
            "sent/rest/\(alias)/POST/v5/order/create", "rest/public/GET/v5/market/instruments-info",
            "sent/public/linear", "public/linear/-", "link/public/linear",
        ] { #expect(streams.contains(name), "\(name) of \(streams.sorted())") }
        // Nobody observes: what the bot has an order or a position in is not followed.
        #expect(!streams.contains { $0.hasSuffix("/tickers.BTCUSDT") }, "\(streams.sorted())")

        // Each frame that the bot got is there, in its order; a few more may have come to the proxy.
        let recorded = try await StartedProxy.payloads("public/linear/*", in: folder)
        #expect(Array(recorded.prefix(texts.count)) == texts)
        let orders = try await StartedProxy.payloads("rest/\(alias)/POST/*", in: folder)
        #expect(Self.count(orders, #""outcome":"answered""#) == 2)
        #expect(Self.count(orders, #"{"category":"linear", "symbol""#) == 1)
        let lists = try await StartedProxy.payloads(
            "rest/public/GET/v5/market/instruments*",
            in: folder
        )
        #expect(Self.count(lists, #""by":"bot""#) == 3)

        try await Self.judge(folder)
        let state = try await Program.run(["state", "proxied"], in: folder.path)
        #expect(state.output.contains("proxied-1"), "\(state.output) \(state.errors)")
        let gains = try await Program.run(["pnl", "proxied"], in: folder.path)
        #expect(gains.output.contains("BTCUSDT"), "\(gains.output) \(gains.errors)")
    }

    /// What every proxied recording is: sound, and with nothing of ours to judge.
    private static func judge(_ folder: TemporaryFolder, _ path: String = "proxied") async throws {
        let verify = try await Program.run(["verify", path], in: folder.path)
        #expect(verify.status == 0, "\(verify.output) \(verify.errors)")
        let replay = try await Program.run(["replay", path, "--json"], in: folder.path)
        #expect(
            replay.object["result"] as? String == "nothing-to-judge",
            "\(replay.output) \(replay.errors)"
        )
    }

    private static func withoutTime(_ body: String) -> String {
        body.replacing(#/"time":\d+/#, with: "")
    }

    @Test func `a proxy that is killed costs one reconnect, and the next goes on as the next run`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        // Between the two nobody listens there, and nobody else may.
        let held = try HeldPort()
        defer { withExtendedLifetime(held) {} }
        let first = try await StartedProxy(exchange: exchange, listen: held.port, in: folder)
        let bot = try SignedBot(port: first.port, share: 100)
        try bot.connect(["order"])
        let control = try RawSocket(port: exchange)
        let price = try SignedBot.restingPrice(control)
        _ = await bot.place("before", price: price)
        _ = try await first.wait { ($0["written"] as? Int ?? 0) > 20 }
        first.running.kill()
        _ = try await first.running.end()
        let lost = await bot.place("between", price: price)
        #expect(lost.status == 0, "nobody listens")

        let second = try await StartedProxy(exchange: exchange, listen: first.port, in: folder)
        #expect(second.port == first.port)
        let again = await bot.place("after", price: price)
        #expect(String(decoding: again.body, as: UTF8.self).contains(#""retCode":0"#))
        try bot.connect(["order"])
        _ = await bot.place("last", price: price)
        _ = try await second.wait { ($0["frames_received"] as? Int ?? 0) >= 3 }
        _ = try await second.seal()
        let starts = try await StartedProxy.payloads("session/start", in: folder)
        #expect(starts.compactMap { StartedProxy.object($0)?["run"] as? Int } == [1, 2])
        let orders = try await StartedProxy.payloads("rest/*/POST/*", in: folder).joined()
        for link in ["before", "after", "last"] { #expect(orders.contains("\"\(link)\"")) }
        #expect(!orders.contains("\"between\""))
        try await Self.judge(folder)
    }

    @Test func `without --out the next proxy at the same address takes up what was left open`()
        async throws
    {
        let folder = try TemporaryFolder()
        func start(_ port: Int) throws -> Running {
            try Program.start(
                [
                    "proxy", "--endpoint", "http://127.0.0.1:9", "--listen", "127.0.0.1:\(port)",
                    "--json",
                ],
                in: folder.path
            )
        }
        func recording(_ running: Running) async throws -> String {
            try await running.line { StartedProxy.object($0)?["recording"] as? String }
        }
        let held = try HeldPort()
        defer { withExtendedLifetime(held) {} }
        let first = try start(held.port)
        let path = try await recording(first)
        first.kill()
        _ = try await first.end()
        let second = try start(held.port)
        #expect(try await recording(second) == path)
        second.terminate()
        #expect(try await second.end().status == 0)
        let third = try start(held.port)
        #expect(try await recording(third) != path)
        third.terminate()
        #expect(try await third.end().status == 0)
    }

    @Test func `rubbish, fragments and offers of compression hurt nobody else`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let proxy = try await StartedProxy(exchange: exchange, in: folder)
        let well = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        try well.send(#"{"op":"subscribe","args":["publicTrade.BTCUSDT"],"req_id":"w"}"#)
        #expect(try well.text().contains(#""success":true"#))

        // No mask, reserved bits, an unknown opcode, a length beyond all bounds, not HTTP at all.
        let rubbish: [[UInt8]] = [
            [0x81, 0x01, 0x78], [0xc1, 0x81, 0, 0, 0, 0, 0x78], [0x83, 0x81, 0, 0, 0, 0, 0x78],
            [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ]
        for bytes in rubbish {
            let socket = try RawSocket.open(port: proxy.port, "/v5/public/linear")
            try socket.write(bytes)
            #expect(throws: RawSocket.Closed.self) { while true { _ = try socket.text() } }
        }
        let nonsense = try RawSocket(port: proxy.port)
        try nonsense.write(Array("\u{1}\u{2}rubbish\r\n\r\n".utf8))
        #expect(try nonsense.rest().contains("400"))
        let wrong = try RawSocket(port: proxy.port)
        #expect(throws: RawSocket.Closed.self) {
            try wrong.upgrade("/v5/nowhere", headers: [])
        }
        #expect(wrong.seen.contains(" 404 ") && wrong.seen.contains(#""retCode":10017"#))

        // In fragments of one byte, each in a write of its own, with a ping between.
        let slow = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        let request = Array(#"{"op":"ping","req_id":"f"}"#.utf8)
        for (place, byte) in request.enumerated() {
            let isLast = place == request.count - 1
            for part in [
                [(place == 0 ? 1 : 0) | (isLast ? 0x80 : 0)], [0x81], [1, 2, 3, 4], [byte ^ 1],
            ]
                as [[UInt8]]
            {
                try slow.write(part)
            }
            if place == 5 { try slow.write([0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]) }
        }
        var answers: [String] = []
        while answers.count < 2 { answers.append(try slow.text()) }
        #expect(answers.contains("hi") && answers.contains { $0.contains("pong") }, "\(answers)")

        // An offer of compression is not passed on, so that no answer to it can come.
        let offering = try RawSocket(port: proxy.port)
        let head = try offering.upgrade(
            "/v5/public/linear",
            headers: [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
        )
        #expect(!head.lowercased().contains("extensions"), "\(head)")
        try offering.send(#"{"op":"ping","req_id":"o"}"#)
        #expect(try offering.text().contains("pong"))

        // A body in pieces arrives whole.
        let chunked = try RawSocket(port: proxy.port)
        try chunked.write(
            Array(
                ("POST /v5/order/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                    + "Content-Type: application/json\r\n\r\n9\r\n{\"symbol\"\r\n5\r\n:\"X\"}\r\n0\r\n\r\n")
                    .utf8
            )
        )
        #expect(try chunked.reply().contains("retCode"))

        // A body that waits to be asked for is asked for.
        let asking = try RawSocket(port: proxy.port)
        try asking.write(
            Array(
                ("POST /v5/order/create HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                    + "Content-Length: 14\r\n\r\n").utf8
            )
        )
        #expect(try asking.reply().isEmpty && asking.seen.contains(" 100 "))
        try asking.write(Array(#"{"symbol":"E"}"#.utf8))
        #expect(try asking.reply().contains("retCode"))

        // The one that did nothing wrong is still served.
        try well.send(#"{"op":"ping","req_id":"end"}"#)
        while try !well.text().contains(#""req_id":"end""#) {}
        _ = try await proxy.seal()
        let links = try await StartedProxy.payloads("link/public/linear*", in: folder)
        for reason in ["no mask", "reserved bits", "unknown opcode", "longer than"] {
            #expect(Self.count(links, reason) == 1, "\(reason): \(links)")
        }
        let sent = try await StartedProxy.payloads("sent/public/linear*", in: folder)
        #expect(sent.contains(#"{"op":"ping","req_id":"f"}"#))
        let posts = try await StartedProxy.payloads("rest/public/POST/*", in: folder)
        #expect(posts.contains { $0.contains(#"{"symbol":"X"}"#) }, "\(posts)")
        #expect(posts.contains { $0.contains(#"{"symbol":"E"}"#) }, "\(posts)")
        try await Self.judge(folder)
    }

    @Test func `an exchange that is not there is an answer in its own form, on record`()
        async throws
    {
        let folder = try TemporaryFolder()
        let nobody = try HeldPort()
        defer { withExtendedLifetime(nobody) {} }
        let proxy = try await StartedProxy(exchange: nobody.port, in: folder)
        let socket = try RawSocket(port: proxy.port)
        for _ in 0..<2 {
            let body = try socket.request("POST", "/v5/order/create", body: "{}")
            let answer = try #require(StartedProxy.object(body), "\(body)")
            #expect(answer["retCode"] as? Int == 10_016)
            #expect(Set(answer.keys) == ["retCode", "retMsg", "result", "retExtInfo", "time"])
        }
        #expect(String(decoding: socket.received, as: UTF8.self).contains(" 502 "))
        let other = try RawSocket(port: proxy.port)
        #expect(throws: RawSocket.Closed.self) { try other.upgrade("/v5/private", headers: []) }
        #expect(other.seen.contains(" 502 "))
        _ = try await proxy.seal()
        let posts = try await StartedProxy.payloads("rest/public/POST/*", in: folder)
        #expect(Self.count(posts, #""outcome":"not-sent""#) == 2, "\(posts)")
        #expect(try await StartedProxy.payloads("link/private/*", in: folder).count == 1)
    }

    @Test(arguments: [
        (["--listen", "0.0.0.0:0"], 77), (["--listen", "nowhere"], 64),
        (["--on-journal-failure", "shrug"], 64), ([], 0),
    ])
    func `options are judged before anything listens`(options: [String], status: Int) async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(
            ["proxy", "--endpoint", "http://127.0.0.1:9", "--for", "100ms", "--out", "r"]
                + (options.isEmpty ? ["--listen", "127.0.0.1:0"] : options),
            in: folder.path
        )
        #expect(outcome.status == status, "\(outcome.output) \(outcome.errors)")
    }

    @Test func `--env prints what a shell takes up`() async throws {
        let outcome = try await Program.run(["proxy", "--env", "--listen", "127.0.0.1:7001"])
        #expect(outcome.status == 0)
        #expect(
            outcome.lines == [
                "export TAPEDECK_REST_URL=http://127.0.0.1:7001",
                "export TAPEDECK_WS_URL=ws://127.0.0.1:7001",
            ]
        )
    }
}
