import FaultProxy
import NIOCore
import Testing

@testable import Gateway

/// A relay between bots and an exchange that do what networks, hosts and programs do to each other.
@Suite struct RelayTests {
    private static let question = "GET /v5/market/time HTTP/1.1\r\nHost: x\r\n\r\n"

    /// An exchange that answers each request with so many bytes.
    private static func exchange(
        _ bytes: Int,
        seen: Count = Count(),
        headers: [String: String] = [:],
        closes: Bool = false
    ) async throws -> TestServer {
        try await TestServer { peer, event in
            guard case .request = event else { return }
            seen.add()
            peer.respond(200, headers: headers, body: [UInt8](repeating: 0x61, count: bytes))
            if closes { peer.closeWhenSent() }
        }
    }

    @Test(arguments: [["Connection": "close"], [:]])
    func `what a slow bot has not taken yet is not lost when the exchange closes`(
        headers: [String: String]
    ) async throws {
        let size = 8 << 20
        let server = try await Self.exchange(size, headers: headers, closes: true)
        let rig = try await RelayRig(to: server.base)
        let bot = try PlainSocket(port: rig.port, window: 64 << 10)
        try bot.write(Self.question)
        _ = try await rig.told.wait(for: "ended GET /v5/market/time answered 200")
        try await Task.sleep(for: .milliseconds(800))
        #expect(try bot.answer().body == size)
        try await rig.end()
        try await server.stop()
    }

    @Test func `after a 403 no bot's request or handshake leaves, and each is told why`()
        async throws
    {
        let seen = Count()
        let server = try await TestServer { peer, event in
            guard case .request = event else { return }
            seen.add()
            peer.respond(403, body: Array("403: access too frequent".utf8))
        }
        let limiter = SharedLimiter(settings: RateLimiter.Settings())
        let rig = try await RelayRig(to: server.base) { $0.limiter = limiter }
        // That says nothing of the address.
        let odd = try PlainSocket(port: rig.port)
        try odd.write("GET /v5/market/time HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        #expect(try odd.answer().head.contains(" 403 "))
        #expect(!rig.told.all.contains("shut out"))
        try odd.write(Self.question)
        #expect(try odd.answer().head.contains(" 403 "))
        _ = try await rig.told.wait(for: "shut out")
        #expect(seen.value == 2)
        let other = try PlainSocket(port: rig.port)
        try other.write("POST /v5/order/cancel HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        #expect(try other.answer().head.contains(" 403 "))
        _ = try await rig.told.wait(
            for: "ended POST /v5/order/cancel not-sent 0 the exchange answered 403: nothing is sent"
        )
        #expect(try PlainSocket(port: rig.port).upgrade("/v5/private").contains(" 403 "))
        _ = try await rig.told.wait(for: "closed the exchange answered 403: nothing is sent")
        #expect(seen.value == 2 && server.connections == 1)
        try await rig.end()
        try await server.stop()
    }

    @Test func `a handshake of a bot that is answered 403 is told`() async throws {
        let server = try await TestServer(upgrade: .refuse(status: 403)) { _, _ in }
        let limiter = SharedLimiter(settings: RateLimiter.Settings())
        let rig = try await RelayRig(to: server.base) { $0.limiter = limiter }
        #expect(try PlainSocket(port: rig.port).upgrade("/v5/public/linear").contains(" 403 "))
        _ = try await rig.told.wait(for: "closed handshake refused: HTTP 403")
        _ = try await rig.told.wait(for: "shut out")
        #expect(limiter.quietUntil > SessionClock.monotonic())
        try await rig.end()
        try await server.stop()
    }

    @Test func `who asks on and on and reads no answer is asked for no more than it takes`()
        async throws
    {
        let seen = Count()
        let server = try await Self.exchange(512 << 10, seen: seen)
        let rig = try await RelayRig(to: server.base)
        let bot = try PlainSocket(port: rig.port, window: 64 << 10)
        let count = 60
        try bot.write(String(repeating: Self.question, count: count))
        try await Task.sleep(for: .milliseconds(700))
        // What the kernel and the relay hold, and not 30 MiB.
        #expect(seen.value < 30, "\(seen.value)")
        for _ in 0..<count { #expect(try bot.answer().body == 512 << 10) }
        #expect(seen.value == count)
        try await rig.end()
        try await server.stop()
    }

    @Test func `an answer that does not come in time is one all the same, and the next goes on`()
        async throws
    {
        let seen = Count()
        let server = try await TestServer { peer, event in
            guard case .request = event else { return }
            seen.add()
            if seen.value > 1 { peer.respond(200, body: Array("{}".utf8)) }
        }
        let rig = try await RelayRig(to: server.base) { $0.replyTimeout = 5_000_000_000 }
        let bot = try PlainSocket(port: rig.port)
        try bot.write("POST /v5/order/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        let late = try bot.answer()
        #expect(late.head.contains(" 504 "), "\(late)")
        _ = try await rig.told.wait(for: "ended POST /v5/order/create timed-out")
        #expect(seen.value == 1, "an order is never sent twice")
        try bot.write(Self.question)
        #expect(try bot.answer().head.contains(" 200 "))
        #expect(server.connections == 2)
        try await rig.end()
        try await server.stop()
    }

    @Test func `an HTTP proxy that takes the connection and says nothing is given up`()
        async throws
    {
        let silent = try await TestServer { _, _ in }
        let rig = try await RelayRig(to: "http://127.0.0.1:9") {
            $0.proxy = try? Address(base: silent.base)
            $0.connectTimeout = 200_000_000
        }
        let bot = try PlainSocket(port: rig.port)
        try bot.write(Self.question)
        #expect(try bot.answer().head.contains(" 502 "))
        _ = try await rig.told.wait(for: "ended", "not-sent", "within the time")
        try await rig.end()
        try await silent.stop()
    }

    @Test func `what is answered here is told too, without a stream for each method`()
        async throws
    {
        let server = try await Self.exchange(2)
        let rig = try await RelayRig(to: server.base) {
            $0.requestBodyMax = 8
            $0.connectionsMax = 2
        }
        let long = try PlainSocket(port: rig.port)
        try long.write(
            "POST /v5/order/create HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{      }."
        )
        #expect(try long.answer().head.contains(" 413 "))
        _ = try await rig.told.wait(for: "ended POST /v5/order/create not-sent", "longer than 8")
        let odd = try PlainSocket(port: rig.port)
        try odd.write("PROPFIND /v5/x HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try odd.answer().head.contains(" 405 "))
        _ = try await rig.told.wait(for: "ended OTHER /v5/x", "PROPFIND")
        let astray = try PlainSocket(port: rig.port)
        #expect(try astray.upgrade("/v5/nowhere").contains(" 404 "))
        _ = try await rig.told.wait(for: "ended GET /v5/nowhere not-sent")
        // The first was closed, so two are open: the third is one too many.
        let other = try PlainSocket(port: rig.port)
        let third = try PlainSocket(port: rig.port)
        #expect(third.readToEnd().isEmpty || other.readToEnd().isEmpty)
        _ = try await rig.told.wait(for: "full")
        try await rig.end()
        try await server.stop()
    }

    // MARK: WebSockets

    /// An exchange that writes down what it is told, and says `hello`.
    private static func socketServer(_ heard: RelayRig.Told) async throws -> TestServer {
        try await TestServer { peer, event in
            switch event {
            case .opened: peer.send("hello")
            case .text("close"): peer.write(TestFrame.frame(opcode: 8, [0x0f, 0xa1, 0x21]))
            case .text(let text):
                heard.add("text " + text)
                peer.send("echo " + text)
            case .closed(let code): heard.add("closed \(code ?? 0)")
            default: break
            }
        }
    }

    private static let mask: [UInt8] = [1, 2, 3, 4]

    @Test func `close codes of both ends arrive as they are`() async throws {
        let heard = RelayRig.Told()
        let server = try await Self.socketServer(heard)
        let rig = try await RelayRig(to: server.base)
        let bot = try PlainSocket(port: rig.port)
        #expect(try bot.upgrade("/v5/public/linear").contains(" 101 "))
        try bot.write(TestFrame.frame(opcode: 8, [0x0f, 0xa2], mask: Self.mask))
        _ = try await heard.wait(for: "closed 4002")
        bot.shut()
        _ = try await rig.told.wait(for: "closed closed by the bot (4002)")
        let other = try PlainSocket(port: rig.port)
        _ = try other.upgrade("/v5/private")
        try other.write(TestFrame.frame(opcode: 1, Array("close".utf8), mask: Self.mask))
        #expect(try other.read(12).suffix(5) == [0x88, 3, 0x0f, 0xa1, 0x21])
        other.shut()
        _ = try await rig.told.wait(for: "closed closed by the exchange (4001): !")
        try await rig.end()
        try await server.stop()
    }

    @Test func `a relay that goes puts no word of its own into a frame of a bot`() async throws {
        let heard = RelayRig.Told()
        let server = try await Self.socketServer(heard)
        let rig = try await RelayRig(to: server.base)
        let bot = try PlainSocket(port: rig.port)
        _ = try bot.upgrade("/v5/trade")
        let frame = TestFrame.frame(opcode: 1, Array("0123456789".utf8), mask: Self.mask)
        try bot.write(frame)
        _ = try await heard.wait(for: "text 0123456789")
        // Two bytes of the next are missing.
        try bot.write(Array(frame.dropLast(2)))
        try await Task.sleep(for: .milliseconds(200))
        let whole = try PlainSocket(port: rig.port)
        _ = try whole.upgrade("/v5/trade")
        _ = try whole.read(7)
        try await rig.stop()
        // The one between two frames is told, at both ends.
        _ = try await heard.wait(for: "closed 1001")
        #expect(whole.readToEnd().suffix(4) == [0x88, 2, 0x03, 0xe9])
        #expect(heard.all == ["text 0123456789", "closed 1001"], "\(heard.all)")
        try await rig.end()
        try await server.stop()
    }

    @Test(arguments: [Fault.reset, .close, .torn, .serverGone])
    func `a connection that networks end, or lose, ends for the bot and is told once`(
        fault: Fault
    ) async throws {
        let heard = RelayRig.Told()
        let server = try await Self.socketServer(heard)
        let network = try await FaultProxy.start(to: server.port)
        let rig = try await RelayRig(to: "http://127.0.0.1:\(network.port)")
        let bot = try PlainSocket(port: rig.port)
        _ = try bot.upgrade("/v5/public/linear")
        #expect(try bot.read(7).suffix(5) == Array("hello".utf8))
        try bot.write(TestFrame.frame(opcode: 1, Array("one".utf8), mask: Self.mask))
        #expect(try bot.read(17).suffix(8) == Array("echo one".utf8))
        try await network.cut(fault, path: "/v5/public/linear")
        if fault == .serverGone {
            // Nobody is told anything. The bot, whose pings get no answer, is the one who knows.
            try bot.write(TestFrame.frame(opcode: 9, [], mask: Self.mask))
            try await Task.sleep(for: .milliseconds(300))
            #expect(rig.told.all.count { $0.hasPrefix("closed") } == 0)
            bot.shut()
        } else {
            if fault == .torn {
                try bot.write(TestFrame.frame(opcode: 1, Array("two".utf8), mask: Self.mask))
            }
            let rest = bot.readToEnd()
            // Nothing that the exchange did not send: no close frame behind half of one.
            #expect(!rest.dropFirst(17).contains(0x88), "\(rest)")
        }
        _ = try await rig.told.wait(for: "closed")
        try await Task.sleep(for: .milliseconds(100))
        #expect(rig.told.all.count { $0.hasPrefix("closed") } == 1, "\(rig.told.all)")
        try await rig.end()
        try await network.stop()
        try await server.stop()
    }

    @Test func `byte by byte, late and through a narrow line everything arrives in its order`()
        async throws
    {
        let heard = RelayRig.Told()
        let server = try await Self.socketServer(heard)
        let network = try await FaultProxy.start(to: server.port)
        let rig = try await RelayRig(to: "http://127.0.0.1:\(network.port)")
        let bot = try PlainSocket(port: rig.port)
        _ = try bot.upgrade("/v5/public/linear")
        try await network.singleBytes(path: "/v5/public/linear")
        try await network.slow(path: "/v5/public/linear", milliseconds: 2)
        var expected = 7
        for number in 0..<20 {
            let text = Array("message \(number)".utf8)
            try bot.write(TestFrame.frame(opcode: 1, text, mask: Self.mask))
            expected += 2 + 5 + text.count
        }
        _ = try bot.read(expected)
        #expect(heard.all == (0..<20).map { "text message \($0)" })
        let echoes = rig.told.all.filter { $0.hasPrefix("exchange echo") }
        #expect(echoes == (0..<20).map { "exchange echo message \($0)" })
        try await rig.end()
        try await network.stop()
        try await server.stop()
    }

    @Test
    func `an exchange that stands still is a late answer, and one that is reset a failed one`()
        async throws
    {
        let server = try await Self.exchange(2)
        let network = try await FaultProxy.start(to: server.port)
        let rig = try await RelayRig(to: "http://127.0.0.1:\(network.port)") {
            $0.replyTimeout = 5_000_000_000
        }
        let bot = try PlainSocket(port: rig.port)
        try bot.write(Self.question)
        #expect(try bot.answer().head.contains(" 200 "))
        try await network.stall(path: "")
        try bot.write("POST /v5/order/cancel HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        #expect(try bot.answer().head.contains(" 504 "))
        _ = try await rig.told.wait(for: "ended POST /v5/order/cancel timed-out")
        try bot.write(Self.question)
        #expect(try bot.answer().head.contains(" 200 "))
        // An idle connection that is reset: the bot's ends too, and it comes back.
        try await network.cut(.reset, path: "")
        #expect(bot.readToEnd().isEmpty)
        let again = try PlainSocket(port: rig.port)
        try again.write(Self.question)
        #expect(try again.answer().head.contains(" 200 "))
        try await rig.end()
        try await network.stop()
        try await server.stop()
    }
}
