import Bybit
import Glibc
import Market
import NIOCore
import Testing

@testable import Gateway

/// Answers subscriptions and pings as linear does, then sends `greeting` once.
private func exchange(
    greeting: [[UInt8]] = [],
    also: @escaping TestScript = { _, _ in }
) -> TestScript {
    { peer, event in
        if case .text(let text) = event {
            if text.contains(#""op":"subscribe""#) || text.contains(#""op":"unsubscribe""#) {
                peer.send(reply(to: text))
                for frame in greeting { peer.write(frame) }
            }
        }
        also(peer, event)
    }
}

/// The success of whatever `text` asks for.
private func reply(to text: String) -> String {
    let id = text.split(separator: "\"").dropFirst(3).first ?? ""
    let operation = text.contains("unsubscribe") ? "unsubscribe" : "subscribe"
    return
        #"{"success":true,"ret_msg":"","conn_id":"c","req_id":"\#(id)","op":"\#(operation)"}"#
}

private func settings(
    _ server: TestServer,
    base: String? = nil,
    trust: Trust? = nil
) throws -> Socket.Settings {
    let trust = trust ?? server.certificate.map { Trust.authority(pem: $0.authority) }
    var settings = try Socket.Settings(
        slot: SocketSlot(.publicData(.linear)),
        number: 3,
        destination: .endpoint(base: base ?? server.base),
        tls: try server.certificate.flatMap { _ in try trust?.makeContext() }
    )
    // A machine that stands still for some seconds is no silence of the server's: no pings but where a test is about them.
    settings.state.heartbeat = .max / 4
    settings.state.quiet = .max / 4
    settings.state.stale = .max / 4
    return settings
}

/// What a server must not send, by name: the bytes of some are too many to be printed as an argument.
private enum BadFrame: CaseIterable {
    case masked
    case reservedBits
    case lonelyContinuation
    case messageInMessage
    case longFrame
    case longMessage
    case goodbye

    private static let x = Array("x".utf8)

    var bytes: [UInt8] {
        switch self {
        case .masked: TestFrame.frame(opcode: 1, BadFrame.x, mask: [1, 2, 3, 4])
        case .reservedBits: TestFrame.frame(opcode: 1, BadFrame.x, reserved: 4)
        case .lonelyContinuation: TestFrame.frame(opcode: 0, BadFrame.x)
        case .messageInMessage:
            TestFrame.frame(opcode: 1, BadFrame.x, isLast: false)
                + TestFrame.frame(opcode: 1, BadFrame.x)
        case .longFrame: [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]
        case .longMessage:
            TestFrame.frame(opcode: 1, [UInt8](repeating: 65, count: 6 << 20), isLast: false)
                + TestFrame.frame(opcode: 0, [UInt8](repeating: 65, count: 5 << 20))
        case .goodbye: TestFrame.frame(opcode: 8, [3, 232] + Array("by\u{7}e".utf8))
        }
    }

    var reason: String {
        switch self {
        case .masked: "the server masked a frame"
        case .reservedBits: "a frame has reserved bits"
        case .lonelyContinuation: "a continuation came without a beginning"
        case .messageInMessage: "a message began inside another"
        case .longFrame: "a frame is longer than 10485760 bytes"
        case .longMessage: "a message is longer than 10485760 bytes"
        case .goodbye: "closed by the server (1000): by?e"
        }
    }
}

@Suite struct SocketTests {
    @Test(arguments: [false, true])
    func `through an HTTP proxy, plain and TLS`(isSecure: Bool) async throws {
        let server = try await TestServer(
            certificate: isSecure ? TestCertificate() : nil,
            script: exchange(greeting: [TestFrame.text(#"{"topic":"t"}"#)])
        )
        let proxy = try TestProxy()
        proxy.serveOnce()
        var settings = try settings(server)
        settings.proxy = try Address(base: "http://127.0.0.1:\(proxy.port)")
        let socket = try await SocketUnderTest(settings)
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        _ = try await socket.delivered.wait(for: "a frame") { items in
            items.contains(.received(#"{"topic":"t"}"#))
        }
        #expect(proxy.request == "CONNECT 127.0.0.1:\(server.port) HTTP/1.1")
    }

    @Test func `a proxy that refuses is the reason of the failure`() async throws {
        let server = try await TestServer(script: exchange())
        let proxy = try TestProxy(answer: "HTTP/1.1 403 Forbidden\r\n\r\n")
        proxy.serveOnce()
        var settings = try settings(server)
        settings.proxy = try Address(base: "http://127.0.0.1:\(proxy.port)")
        let socket = try await SocketUnderTest(settings)
        try await socket.on { $0.start() }
        let refused = "the proxy refused: HTTP/1.1 403 Forbidden"
        _ = try await socket.delivered.wait(for: "the refusal") { items in
            items.contains(.link("failed", reason: refused))
        }
        #expect(server.connections == 0)
    }

    @Test(arguments: [false, true])
    func `over plain and TLS, what comes is delivered byte for byte and in order`(
        isSecure: Bool
    )
        async throws
    {
        let frames = (0..<300).map { #"{"topic":"t","n":\#($0),"e":"é\u0000"}"# }
        let server = try await TestServer(
            certificate: isSecure ? TestCertificate() : nil,
            script: exchange(greeting: frames.map { TestFrame.text($0) })
        )
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        let items = try await socket.delivered.wait(for: "all frames") { items in
            items.count == 304
        }
        #expect(items[0] == .link("connected", reason: ""))
        #expect(items[1] == .sent(#"{"req_id":"r1","op":"subscribe","args":["t"]}"#))
        #expect(items[2] == .received(reply(to: #"{"req_id":"r1","op":"subscribe"}"#)))
        #expect(items[3].isReady)
        #expect(items[4...].map { $0 } == frames.map { .received($0) })
        try await socket.stop()
        #expect(socket.delivered.items.last == .link("disconnected", reason: "stopped"))
        try await server.stop()
    }

    @Test func `frames in the same segment as the 101 are not lost`() async throws {
        let frames = (0..<20).map { #"{"topic":"early","n":\#($0)}"# }
        let server = try await TestServer(
            upgrade: .accept(with: frames.flatMap { TestFrame.text($0) }),
            script: exchange()
        )
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "early frames") { $0.count >= 22 }
        #expect(items.prefix(2) == [.link("connected", reason: ""), .link("ready", reason: "")])
        #expect(Array(items[2...]) == frames.map { .received($0) })
        try await socket.stop()
        try await server.stop()
    }

    @Test func `fragments become one message, with a ping answered in between`() async throws {
        let pongs = Watch<String>()
        let server = try await TestServer { peer, event in
            switch event {
            case .opened:
                peer.write(TestFrame.frame(opcode: 1, Array("{\"topic\"".utf8), isLast: false))
                peer.write(TestFrame.frame(opcode: 9, Array("are you there".utf8)))
                peer.write(TestFrame.frame(opcode: 0, Array(":\"x\"".utf8), isLast: false))
                // One byte at a time, as a slow network may.
                for byte in TestFrame.frame(opcode: 0, Array("}".utf8)) { peer.write([byte]) }
                peer.send("next")
            case .pong(let text): pongs.add(text)
            default: break
            }
        }
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "both messages") { $0.count >= 4 }
        #expect(Array(items[2...]) == [.received(#"{"topic":"x"}"#), .received("next")])
        try await pongs.wait(for: "the pong") { $0 == ["are you there"] }
        try await socket.stop()
        try await server.stop()
    }

    @Test(arguments: BadFrame.allCases)
    fileprivate func `what breaks the protocol ends the connection with its reason`(
        bad: BadFrame
    ) async throws {
        let bytes = bad.bytes
        let reason = bad.reason
        let closes = Watch<Int?>()
        let server = try await TestServer { peer, event in
            switch event {
            case .opened: peer.write(bytes)
            case .closed(let code): closes.add(code)
            default: break
            }
        }
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "the end") { items in
            items.contains { if case .link("disconnected", _) = $0 { true } else { false } }
        }
        #expect(items.contains(.link("disconnected", reason: reason)))
        try await closes.wait(for: "a close frame") { !$0.isEmpty }
        try await socket.stop()
        try await server.stop()
    }

    @Test(arguments: [true, false])
    func `after a reset or a close it is back with its subscriptions`(isReset: Bool) async throws {
        let server = try await TestServer(
            script: exchange { peer, event in
                guard case .text(let text) = event, text.contains("subscribe") else { return }
                peer.send(#"{"topic":"t"}"#)
                if isReset { peer.reset() } else { peer.close() }
            }
        )
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        let items = try await socket.delivered.wait(for: "three lives") { items in
            items.count(where: \.isReady) >= 3
        }
        let ends = items.count { if case .link("disconnected", _) = $0 { true } else { false } }
        #expect(ends >= 2)
        #expect(items.count { $0 == .received(#"{"topic":"t"}"#) } >= 2)
        try await socket.stop()
        try await server.stop()
    }

    @Test func `a private socket authenticates, and its key is not in what it delivers`()
        async throws
    {
        let key = "CANARYKEY7e1f02c9"
        let secret = "CANARYSECRET55d1e7a90b3c4f6682aa01"
        let signer = try Signer(key: key, secret: secret)
        let frames = Watch<String>()
        let server = try await TestServer { peer, event in
            guard case .text(let text) = event else { return }
            frames.add(text)
            let id = text.split(separator: "\"").dropFirst(3).first ?? ""
            let operation = text.contains(#""op":"auth""#) ? "auth" : "subscribe"
            peer.send(#"{"success":true,"ret_msg":"","req_id":"\#(id)","op":"\#(operation)"}"#)
        }
        let settings = try Socket.Settings(
            slot: SocketSlot(.privateData(account: "main")),
            number: 0,
            destination: .endpoint(base: server.base),
            tls: nil,
            credentials: Credentials(name: "main", environment: "loopback", signer: signer)
        )
        let socket = try await SocketUnderTest(settings)
        try await socket.on {
            $0.clockOffset = 3_600_000_000_000
            $0.want(["order"])
            $0.start()
        }
        let items = try await socket.delivered.wait(for: "ready") { $0.contains(where: \.isReady) }
        let seen = frames.items
        let parts = seen[0].split(separator: "\"").map(String.init)
        let expires = try #require(
            parts.firstRange(of: [key]).flatMap { range in
                Int64(parts[range.upperBound].split(separator: ",").first ?? "")
            }
        )
        #expect(seen[0].contains(signer.sign(Array("GET/realtime\(expires)".utf8))))
        let ahead = expires - SessionClock.wall().milliseconds
        #expect((3_500_000...3_700_000).contains(ahead))
        #expect(
            items[1]
                == .sent(
                    #"{"op":"auth","req_id":"r1","expires":\#(expires),"key":"\#(signer.fingerprint)"}"#
                )
        )
        var scanner = SecretScanner()
        scanner.watch(signer)
        for item in items {
            let bytes = Array("\(item)".utf8)
            #expect(!bytes.withUnsafeBytes { scanner.finds(in: $0) })
        }
        // The scanner does find it in the frame that left.
        #expect(Array(seen[0].utf8).withUnsafeBytes { scanner.finds(in: $0) })
        try await socket.stop()
        try await server.stop()
    }

    @Test func `a refused handshake says the status, and it is tried again`() async throws {
        let server = try await TestServer(upgrade: .refuse(status: 503)) { _, _ in }
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        let refusal = Delivered.link("failed", reason: "handshake refused: HTTP 503")
        try await socket.delivered.wait(for: "two attempts") { items in
            items.count { $0 == refusal } >= 2
        }
        try await socket.stop()
        try await server.stop()
    }

    @Test func `after a handshake that was answered 403 nothing leaves, whoever asks`() async throws
    {
        let server = try await TestServer(upgrade: .refuse(status: 403)) { _, _ in }
        let limiter = SharedLimiter(settings: RateLimiter.Settings())
        var settings = try settings(server)
        settings.limiter = limiter
        let socket = try await SocketUnderTest(settings)
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "it waits for its end") { $0.count >= 3 }
        #expect(
            items.prefix(2) == [
                .shutOut, .link("failed", reason: "handshake refused: HTTP 403"),
            ]
        )
        guard case .link("failed", let reason) = items[2] else {
            throw SocketUnderTest.Missing(items: items)
        }
        #expect(
            reason.wholeMatch(of: #/the exchange answered 403: nothing is sent for 59\d s more/#)
                != nil
        )
        #expect(server.connections == 1)
        let now = SessionClock.monotonic()
        for verdict in [
            limiter.connect(to: try Address(base: server.base), now: now),
            limiter.take(RESTRequest(.serverTime), .urgent, now: now),
        ] {
            guard case .quiet(let until) = verdict else {
                throw SocketUnderTest.Missing(items: items)
            }
            #expect(until - now > 500_000_000_000)
        }
        // Another socket of the same owner does not try at all.
        let other = try await SocketUnderTest(settings)
        try await other.on { $0.start() }
        try await other.delivered.wait(for: "it waits too") { !$0.isEmpty }
        #expect(server.connections == 1)
        guard case .waiting(let until) = try await other.on({ $0.state.phase }) else {
            throw SocketUnderTest.Missing(items: other.delivered.items)
        }
        #expect(until >= limiter.quietUntil && until < limiter.quietUntil + 1_000_000_000)
        try await socket.stop()
        try await other.stop()
        try await server.stop()
    }

    @Test func `connections wait for their turn, and those that reached nobody count for nothing`()
        async throws
    {
        let server = try await TestServer(upgrade: .refuse(status: 503)) { _, _ in }
        var quotas = RateLimiter.Settings()
        quotas.connections = 3
        let limiter = SharedLimiter(settings: quotas)
        // Where nobody listens.
        let gone = try await TestServer { _, _ in }
        try await gone.stop()
        var nowhere = try settings(gone)
        nowhere.limiter = limiter
        let lost = try await SocketUnderTest(nowhere)
        try await lost.on { $0.start() }
        try await lost.delivered.wait(for: "five attempts") { $0.count >= 5 }
        #expect(!lost.delivered.items.contains { "\($0)".contains("five minutes") })
        try await lost.stop()

        var settings = try settings(server)
        settings.limiter = limiter
        let sockets = [try await SocketUnderTest(settings), try await SocketUnderTest(settings)]
        for socket in sockets { try await socket.on { $0.start() } }
        for socket in sockets {
            try await socket.delivered.wait(for: "it waits for room") { items in
                items.contains { "\($0)".contains("takes no more connections within five minutes") }
            }
            guard case .waiting(let until) = try await socket.on({ $0.state.phase }) else {
                throw SocketUnderTest.Missing(items: socket.delivered.items)
            }
            #expect(until - SessionClock.monotonic() > 200_000_000_000)
        }
        #expect(server.connections == 3)
        for socket in sockets { try await socket.stop() }
        try await server.stop()
    }

    @Test func `a socket is stopped while the handshake is still unanswered`() async throws {
        // The kernel takes the connection into its backlog; nobody answers the request on it.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 4) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        try #require(isListening)
        let port = UInt16(bigEndian: address.sin_port)
        let socket = try await SocketUnderTest(
            Socket.Settings(
                slot: SocketSlot(.publicData(.linear)),
                number: 0,
                destination: try Destination.endpoint(base: "http://127.0.0.1:\(port)"),
                tls: nil
            )
        )
        try await socket.on { $0.start() }
        try await Task.sleep(for: .milliseconds(200))
        try await socket.stop()
        let phase = try await socket.on { $0.state.phase }
        #expect(phase == .idle)
    }

    @Test func `nobody there is told as the network says it`() async throws {
        let server = try await TestServer { _, _ in }
        let settings = try settings(server)
        try await server.stop()
        let socket = try await SocketUnderTest(settings)
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "a failure") { !$0.isEmpty }
        guard case .link("failed", let reason) = items[0] else {
            Issue.record("\(items[0])")
            return
        }
        #expect(reason.contains("refused"))
        try await socket.stop()
    }

    @Test func `an authority that is not ours and a name that is not theirs are refused`()
        async throws
    {
        let server = try await TestServer(certificate: TestCertificate(), script: exchange())
        let stranger = try TestCertificate()
        let elsewhere = try await TestServer(
            certificate: TestCertificate(names: "DNS:other.example,IP:127.0.0.9"),
            script: exchange()
        )
        let named = "https://localhost:\(elsewhere.port)"
        for settings in [
            try settings(server, trust: .authority(pem: stranger.authority)),
            try settings(server, trust: .system),
            try settings(elsewhere), try settings(elsewhere, base: named),
        ] {
            let socket = try await SocketUnderTest(settings)
            try await socket.on { $0.start() }
            let items = try await socket.delivered.wait(for: "a failure") { !$0.isEmpty }
            guard case .link("failed", let reason) = items[0] else {
                Issue.record("\(items[0])")
                return
            }
            #expect(reason.contains("handshake failed"))
            try await socket.stop()
        }
        // The same server with the right authority, by name and by address.
        for base in [server.base, "https://localhost:\(server.port)"] {
            let socket = try await SocketUnderTest(settings(server, base: base))
            try await socket.on { $0.start() }
            try await socket.delivered.wait(for: "ready") { $0.contains(where: \.isReady) }
            try await socket.stop()
        }
        try await server.stop()
        try await elsewhere.stop()
    }

    @Test func `a paused socket takes nothing, and loses nothing`() async throws {
        let server = try await TestServer(
            script: exchange(
                greeting: (0..<2_000).map { TestFrame.text(#"{"topic":"t","n":\#($0)}"#) }
            )
        )
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        try await socket.delivered.wait(for: "ready") { $0.contains(where: \.isReady) }
        try await socket.on {
            $0.want(["t"])
            $0.pause()
        }
        // What it sends may be told at any time.
        func received() -> Int {
            socket.delivered.items.count { if case .received = $0 { true } else { false } }
        }
        try await Task.sleep(for: .milliseconds(50))
        let before = received()
        try await Task.sleep(for: .milliseconds(50))
        #expect(received() == before)
        try await socket.on { $0.resume() }
        let items = try await socket.delivered.wait(for: "all") { items in
            items.last == .received(#"{"topic":"t","n":1999}"#)
        }
        #expect(items.count { if case .received = $0 { true } else { false } } == 2_001)
        try await socket.stop()
        try await server.stop()
    }

    @Test func `a silent peer is given up and its socket comes back`() async throws {
        let server = try await TestServer { _, _ in }
        var quick = try settings(server)
        quick.state.quiet = 20_000_000
        quick.state.stale = 600_000_000
        let socket = try await SocketUnderTest(quick)
        try await socket.on { $0.start() }
        let items = try await socket.delivered.wait(for: "a second life") { items in
            items.count(where: \.isReady) >= 2
        }
        #expect(items.contains(.sent(#"{"op":"ping"}"#)))
        #expect(items.contains { $0.isGivenUp })
        try await socket.stop()
        try await server.stop()
    }

    @Test func `what the owner asks for in a delivery comes after what is under way`() async throws
    {
        let server = try await TestServer(script: exchange())
        let socket = try await SocketUnderTest(settings(server)) { message, socket in
            guard case .link(let event) = message.content, event.change == .connected else {
                return
            }
            socket?.stop(reason: "enough")
        }
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        let items = try await socket.delivered.wait(for: "the end") { $0.count >= 3 }
        #expect(
            items == [
                .link("connected", reason: ""),
                .sent(#"{"req_id":"r1","op":"subscribe","args":["t"]}"#),
                .link("disconnected", reason: "enough"),
            ]
        )
        try await server.stop()
    }

    @Test func `an exercise drops the connection and it comes back`() async throws {
        let server = try await TestServer(script: exchange())
        let socket = try await SocketUnderTest(settings(server))
        try await socket.on { $0.start() }
        try await socket.delivered.wait(for: "ready") { $0.contains(where: \.isReady) }
        try await socket.on { $0.disconnect(reason: "exercise") }
        let items = try await socket.delivered.wait(for: "a second life") { items in
            items.count(where: \.isReady) >= 2
        }
        #expect(
            items.map { "\($0)" }
                == [
                    Delivered.link("connected", reason: ""), .link("ready", reason: ""),
                    .link("disconnected", reason: "exercise"), .link("connected", reason: ""),
                    .link("ready", reason: ""),
                ].map { "\($0)" }
        )
        try await socket.stop()
        try await server.stop()
    }
}
