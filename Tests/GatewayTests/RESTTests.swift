import Bybit
import CCrypto
import Glibc
import Market
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

private let key = "CANARYKEY7e1f02c9"
private let secret = "CANARYSECRET55d1e7a90b3c4f6682aa01"

private func credentials() throws -> Credentials {
    Credentials(
        name: "main",
        environment: "loopback",
        signer: try Signer(key: key, secret: secret)
    )
}

private func client(
    _ base: String,
    trust: Trust = .system,
    change: (inout RESTClient.Settings) -> Void = { _ in }
) throws -> RESTClient {
    var settings = try RESTClient.Settings(
        destination: .endpoint(base: base),
        credentials: credentials(),
        trust: trust
    )
    change(&settings)
    return try RESTClient(settings: settings, clock: SessionClock())
}

private func get(_ query: String, timeout: Int64 = 10_000_000_000) -> RESTCall {
    RESTCall(RESTRequest(endpoint: .openOrders, query: query), timeout: timeout)
}

/// Longer than any test: what is held back must not end by itself.
private let patience: Int64 = 600_000_000_000

private func create(_ body: String, key: String = "") -> RESTCall {
    RESTCall(
        RESTRequest(endpoint: .createOrder, body: Array(body.utf8)),
        orderingKey: key,
        timeout: patience
    )
}

private func cancel(_ body: String, key: String) -> RESTCall {
    RESTCall(
        RESTRequest(endpoint: .cancelOrder, body: Array(body.utf8)),
        orderingKey: key,
        timeout: patience
    )
}

/// A server that answers all but some requests, which wait until they are let go; tells requests by their bodies.
private struct HoldingServer {
    let seen = Watch<String>()
    private let held = Watch<UncheckedBox<() -> Void>>()
    let server: TestServer

    init(holding isHeld: @escaping @Sendable (String) -> Bool) async throws {
        let seen = seen
        let held = held
        server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            let body = String(decoding: request.body, as: UTF8.self)
            guard isHeld(body) else {
                seen.add(body)
                return peer.respond(200)
            }
            let bound = NIOLoopBound(peer, eventLoop: peer.loop)
            held.add(UncheckedBox({ bound.eventLoop.execute { bound.value.respond(200) } }))
            seen.add(body)
        }
    }

    func letGo() { for item in held.items { item.value() } }
}

/// Hands calls over in their order; each that has ended is told as its key and why it was not answered.
private func handOver(_ calls: [RESTCall], to client: RESTClient) async throws -> Watch<String> {
    let ended = Watch<String>()
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    try await loop.submit {
        for call in calls {
            client.send(call, on: loop) { ended.add("\($0.call.orderingKey):\($0.reason)") }
        }
    }.get()
    return ended
}

/// HMAC-SHA256 as the exchange computes it, written apart from the signer.
private func expectedSignature(_ request: TestRequest) -> String {
    let query = request.target.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    let content = request.method == "GET" ? Array(query.utf8) : request.body
    let head =
        (request.headers["x-bapi-timestamp"] ?? "") + key
        + (request.headers["x-bapi-recv-window"] ?? "")
    let text = Array(head.utf8) + content
    var digest = [UInt8](repeating: 0, count: 32)
    _ = HMAC(
        EVP_sha256(),
        Array(secret.utf8),
        Int32(secret.utf8.count),
        text,
        text.count,
        &digest,
        nil
    )
    return digest.map { (String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)) }.joined()
}

@Suite struct RESTTests {
    @Test(arguments: [false, true])
    func `requests are signed over the exact bytes that arrive, plain and over TLS`(
        isSecure: Bool
    )
        async throws
    {
        let seen = Watch<TestRequest>()
        let certificate = isSecure ? try TestCertificate() : nil
        let server = try await TestServer(certificate: certificate) { peer, event in
            guard case .request(let request) = event else { return }
            seen.add(request)
            peer.respond(200, body: Array(#"{"retCode":0}"#.utf8))
        }
        let trust = certificate.map { Trust.authority(pem: $0.authority) } ?? .system
        let client = try client(server.base, trust: trust)
        let body = #"{"category":"linear", "qty":"0.010","note":"é"}"#
        let posted = await client.exchange(create(body))
        let got = await client.exchange(get("category=linear&cursor=a%2Cb%3A1&symbol="))
        let unsigned = await client.exchange(
            RESTCall(RESTRequest(endpoint: .serverTime))
        )
        for exchange in [posted, got, unsigned] {
            #expect(exchange.outcome == .answered, "\(exchange.reason)")
            #expect(exchange.status == 200)
            #expect(exchange.body == Array(#"{"retCode":0}"#.utf8))
            #expect(exchange.received > exchange.sent)
        }
        let requests = seen.items
        #expect(requests.map(\.method) == ["POST", "GET", "GET"])
        #expect(requests[0].target == "/v5/order/create")
        #expect(requests[0].body == Array(body.utf8))
        #expect(requests[0].headers["content-type"] == "application/json")
        #expect(requests[1].target == "/v5/order/realtime?category=linear&cursor=a%2Cb%3A1&symbol=")
        for request in requests[..<2] {
            #expect(request.headers["x-bapi-api-key"] == key)
            #expect(request.headers["x-bapi-sign"] == expectedSignature(request))
            let timestamp = try #require(Int64(request.headers["x-bapi-timestamp"] ?? ""))
            #expect(abs(timestamp - SessionClock.wall().milliseconds) < 60_000)
        }
        #expect(requests[2].target == "/v5/market/time")
        #expect(requests[2].headers.keys.allSatisfy { !$0.hasPrefix("x-bapi") })
        #expect(posted.stream.text == "rest/main/POST/v5/order/create")
        #expect(unsigned.stream.text == "rest/public/GET/v5/market/time")
        #expect(server.connections == 1, "the connection is used again")
        client.stop()
        try await server.stop()
    }

    @Test func `timestamps follow the exchange's clock`() async throws {
        let seen = Watch<TestRequest>()
        let server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            seen.add(request)
            peer.respond(200)
        }
        let client = try client(server.base)
        client.setClockOffset(-7_200_000_000_000)
        _ = await client.exchange(get("category=linear"))
        let timestamp = try #require(Int64(seen.items[0].headers["x-bapi-timestamp"] ?? ""))
        let behind = SessionClock.wall().milliseconds - timestamp
        #expect((7_100_000...7_300_000).contains(behind))
        client.stop()
        try await server.stop()
    }

    @Test func `a record is one line of JSON, the body sent and the body received`() async throws {
        let server = try await TestServer { peer, event in
            guard case .request = event else { return }
            peer.respond(
                200,
                headers: [
                    "X-Bapi-Limit": "10", "x-bapi-limit-status": "9",
                    "X-BAPI-LIMIT-RESET-TIMESTAMP": "1800000000001", "Set-Cookie": "c=hidden",
                ],
                body: Array("answer".utf8)
            )
        }
        let client = try client(server.base)
        var call = create("{}")
        call.after = SequenceNumber(41)
        call.attempt = 2
        let exchange = await client.exchange(call)
        let line =
            #"{"method":"POST","path":"/v5/order/create","query":"","status":200,"#
            + #""outcome":"answered","sent":"\#(exchange.sent.nanoseconds)","#
            + #""received":"\#(exchange.received.nanoseconds)","after":41,"attempt":2,"#
            + #""limit":"10","limit_status":"9","limit_reset":"1800000000001","#
            + #""request":2,"response":6}"#
        #expect(String(decoding: exchange.payload, as: UTF8.self) == line + "\n{}answer")
        client.stop()
        try await server.stop()
    }

    @Test func `no answer in time is timed out, which leaves open whether it arrived`() async throws
    {
        let seen = Watch<TestRequest>()
        let server = try await TestServer { _, event in
            if case .request(let request) = event { seen.add(request) }
        }
        let client = try client(server.base)
        let exchange = await client.exchange(get("category=linear", timeout: 3_000_000_000))
        #expect(exchange.outcome == .timedOut)
        #expect(exchange.status == 0)
        #expect(
            String(decoding: exchange.payload, as: UTF8.self).contains(#""outcome":"timed-out""#)
        )
        #expect(String(decoding: exchange.payload, as: UTF8.self).contains(#","reason":"Op"#))
        #expect(seen.items.count == 1)
        client.stop()
        try await server.stop()
    }

    @Test func `nobody there means that nothing left`() async throws {
        let server = try await TestServer { _, _ in }
        try await server.stop()
        let client = try client(server.base)
        let exchange = await client.exchange(create("{}"))
        #expect(exchange.outcome == .notSent)
        #expect(exchange.reason.contains("onnect"))
        // Nothing that a question cannot do once more: the network may not be up yet.
        #expect(exchange.mayBeAskedAgain)
        client.stop()
    }

    @Test func `a connection that dies with the order on it leaves it open, and sends it once`()
        async throws
    {
        let seen = Watch<TestRequest>()
        let server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            seen.add(request)
            // The first is answered, so that the second goes over a connection used again.
            if request.body == Array("first".utf8) { peer.respond(200) } else { peer.close() }
        }
        let client = try client(server.base)
        #expect(await client.exchange(create("first")).outcome == .answered)
        let exchange = await client.exchange(create("second"))
        #expect(exchange.outcome == .failed)
        #expect(!exchange.reason.isEmpty)
        #expect(seen.items.map(\.body) == [Array("first".utf8), Array("second".utf8)])
        client.stop()
        try await server.stop()
    }

    @Test func `half an answer is a failure, with what came of it`() async throws {
        let server = try await TestServer { peer, event in
            guard case .request = event else { return }
            peer.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".utf8))
            peer.close()
        }
        let client = try client(server.base)
        let exchange = await client.exchange(create("{}"))
        #expect(exchange.outcome == .failed)
        #expect(exchange.status == 200)
        #expect(exchange.body == Array("half".utf8))
        client.stop()
        try await server.stop()
    }

    @Test func `a long answer is taken whole, and one beyond the bound is refused`() async throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
        let server = try await TestServer { peer, event in
            if case .request = event { peer.respond(200, body: long) }
        }
        let client = try client(server.base)
        #expect(await client.exchange(get("limit=1000")).body == long)
        client.stop()
        let narrow = try self.client2(server.base)
        let exchange = await narrow.exchange(get("limit=1000"))
        #expect(exchange.outcome == .failed)
        #expect(exchange.reason == "the answer is longer than 1048576 bytes")
        #expect(exchange.body.count <= 1 << 20)
        narrow.stop()
        try await server.stop()
    }

    private func client2(_ base: String) throws -> RESTClient {
        try client(base) { $0.bodyMax = 1 << 20 }
    }

    @Test func `an unknown authority and another host's certificate get nothing sent`() async throws
    {
        let seen = Watch<TestRequest>()
        let script: TestScript = { peer, event in
            guard case .request(let request) = event else { return }
            seen.add(request)
            peer.respond(200)
        }
        let server = try await TestServer(certificate: TestCertificate(), script: script)
        let elsewhere = try await TestServer(
            certificate: TestCertificate(names: "DNS:other.example"),
            script: script
        )
        let own = try #require(server.certificate).authority
        let theirs = try #require(elsewhere.certificate).authority
        for (base, trust) in [
            (server.base, Trust.system), (server.base, .authority(pem: theirs)),
            (elsewhere.base, .authority(pem: theirs)),
            ("https://localhost:\(elsewhere.port)", .authority(pem: theirs)),
        ] {
            let client = try client(base, trust: trust)
            let exchange = await client.exchange(create("{}"))
            #expect(exchange.outcome == .notSent, "\(base) \(exchange.reason)")
            client.stop()
        }
        #expect(seen.items.isEmpty)
        let client = try client("https://localhost:\(server.port)", trust: .authority(pem: own))
        #expect(await client.exchange(create("{}")).outcome == .answered)
        client.stop()
        try await server.stop()
        try await elsewhere.stop()
    }

    @Test func `many requests at a time all end, in the order they were sent on one connection`()
        async throws
    {
        let seen = Watch<String>()
        let server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            seen.add(String(decoding: request.body, as: UTF8.self))
            peer.respond(200, body: request.body)
        }
        let client = try client(server.base) { $0.orderConnections = 1 }
        let ended = Watch<String>()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            for number in 0..<200 {
                client.send(create("\(number)"), on: loop) { exchange in
                    loop.preconditionInEventLoop()
                    ended.add(String(decoding: exchange.body, as: UTF8.self))
                }
            }
        }.get()
        let numbers = (0..<200).map { "\($0)" }
        try await ended.wait(for: "all ends") { $0.count == 200 }
        #expect(ended.items == numbers)
        #expect(seen.items == numbers)
        #expect(server.connections == 1)
        #expect(client.pending == 0)
        client.stop()
        try await server.stop()
    }

    @Test func `a cancel waits for the order it cancels, and for no other`() async throws {
        let seen = Watch<String>()
        let held = Watch<UncheckedBox<() -> Void>>()
        let server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            let body = String(decoding: request.body, as: UTF8.self)
            seen.add(body)
            guard body == "create a" else { return peer.respond(200) }
            let bound = NIOLoopBound(peer, eventLoop: peer.loop)
            held.add(UncheckedBox({ bound.eventLoop.execute { bound.value.respond(200) } }))
        }
        let client = try client(server.base)
        async let first = client.exchange(create("create a", key: "a"))
        try await seen.wait(for: "the order") { $0 == ["create a"] }
        async let second = client.exchange(create("cancel a", key: "a"))
        async let third = client.exchange(create("create b", key: "b"))
        #expect(await third.outcome == .answered)
        #expect(seen.items == ["create a", "create b"])
        held.items[0].value()
        #expect(await first.outcome == .answered)
        #expect(await second.outcome == .answered)
        #expect(seen.items == ["create a", "create b", "cancel a"])
        client.stop()
        try await server.stop()
    }

    @Test func `orders that hang do not keep the cancel of another waiting`() async throws {
        let test = try await HoldingServer { $0.hasPrefix("create") }
        let client = try client(test.server.base)
        let orders = ["a", "b", "c", "d", "e"].map { create("create \($0)", key: $0) }
        let ended = try await handOver(orders, to: client)
        try await test.seen.wait(for: "four orders") { $0.count == 4 }
        #expect(await client.exchange(cancel("cancel x", key: "x")).outcome == .answered)
        #expect(test.seen.items.last == "cancel x" && test.seen.items.count == 5)
        #expect(ended.items.isEmpty && client.pending == 5)
        // A cancel of one of them waits for it all the same.
        let own = try await handOver([cancel("cancel a", key: "a")], to: client)
        #expect(await client.exchange(cancel("cancel y", key: "y")).outcome == .answered)
        #expect(own.items.isEmpty && !test.seen.items.contains("cancel a"))
        client.stop()
        try await test.server.stop()
    }

    @Test func `cancels leave before orders that wait, but not before their own`() async throws {
        let test = try await HoldingServer { $0 == "create a" }
        let client = try client(test.server.base) {
            $0.orderConnections = 1
            $0.cancelConnections = 0
        }
        let first = try await handOver([create("create a", key: "a")], to: client)
        try await test.seen.wait(for: "the order") { $0 == ["create a"] }
        let others = try await handOver(
            [
                create("create b", key: "b"), create("create c", key: "c"),
                cancel("cancel b", key: "b"), cancel("cancel x", key: "x"),
            ],
            to: client
        )
        test.letGo()
        try await others.wait(for: "all ends") { $0.count == 4 }
        try await first.wait(for: "the first") { $0 == ["a:"] }
        #expect(
            test.seen.items == ["create a", "cancel x", "create b", "cancel b", "create c"]
        )
        client.stop()
        try await test.server.stop()
    }

    /// After the journal failed: an order that leaves behind its own cancel would rest unseen.
    @Test func `of orders that wait only cancels are kept, and reductions that cannot rest`()
        async throws
    {
        let test = try await HoldingServer { $0 == "create a" }
        let client = try client(test.server.base) { $0.orderConnections = 1 }
        let first = try await handOver([create("create a", key: "a")], to: client)
        try await test.seen.wait(for: "the order") { $0 == ["create a"] }
        let reduction = try TradeQueueTests.reduction("r", .market)
        let others = try await handOver(
            [
                create("create b", key: "b"), reduction, try TradeQueueTests.reduction("l"),
                cancel("cancel a", key: "a"),
            ],
            to: client
        )
        client.keepOnlyCancels(reason: "the journal failed")
        try await others.wait(for: "what is given up") { $0.count == 2 }
        #expect(others.items == ["b:the journal failed", "l:the journal failed"])
        #expect(first.items.isEmpty && test.seen.items == ["create a"])
        let cancelled = try await handOver([cancel("cancel b", key: "b")], to: client)
        try await cancelled.wait(for: "a cancel without its order") { $0 == ["b:"] }
        test.letGo()
        try await others.wait(for: "all ends") { $0.count == 4 }
        #expect(
            test.seen.items == [
                "create a", "cancel b", "cancel a",
                String(decoding: reduction.request.body, as: UTF8.self),
            ]
        )
        client.stop()
        try await test.server.stop()
    }

    @Test func `a cancel that waits for its order leaves when the client stops`() async throws {
        let test = try await HoldingServer { $0 == "create a" }
        let client = try client(test.server.base)
        let order = try await handOver([create("create a", key: "a")], to: client)
        try await test.seen.wait(for: "the order") { $0 == ["create a"] }
        let others = try await handOver(
            [cancel("cancel a", key: "a"), create("create b", key: "a")],
            to: client
        )
        client.stop(grace: 5_000_000_000)
        #expect(test.seen.items == ["create a", "cancel a"])
        try await others.wait(for: "both ends") { $0.count == 2 }
        try await order.wait(for: "the order's end") { $0.count == 1 }
        #expect(others.items.sorted() == ["a:", "a:the client stopped"])
        try await test.server.stop()
    }

    @Test func `stopping ends what waits as not sent and what is under way as failed`() async throws
    {
        let seen = Watch<TestRequest>()
        let server = try await TestServer { _, event in
            if case .request(let request) = event { seen.add(request) }
        }
        let client = try client(server.base) { $0.orderConnections = 1 }
        let ended = Watch<Reply.Outcome>()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            for _ in 0..<3 { client.send(create("{}"), on: loop) { ended.add($0.outcome) } }
        }.get()
        try await seen.wait(for: "the first") { $0.count == 1 }
        client.stop()
        client.stop()
        try await ended.wait(for: "all ends") { $0.count == 3 }
        #expect(ended.items.sorted { $0.rawValue < $1.rawValue } == [.failed, .notSent, .notSent])
        #expect(await client.exchange(create("{}")).outcome == .notSent)
        try await server.stop()
    }

    @Test(arguments: [
        (RESTRequest(endpoint: .createOrder, body: Array("{}".utf8)), "no order entry to mainnet"),
        (RESTRequest(endpoint: .cancelOrder, body: Array("{}".utf8)), "no order entry to mainnet"),
        (
            RESTRequest(endpoint: .other("/v5/user/create-sub-api")),
            "this endpoint is never called"
        ),
        (
            RESTRequest(endpoint: .other("/v5/asset/withdraw/create")),
            "this endpoint is never called"
        ),
        (
            RESTRequest(endpoint: .other("/v5/market/x@evil.example/")),
            "not a request of this protocol"
        ),
        (RESTRequest(endpoint: .wallet, query: "a b"), "not a request of this protocol"),
        (RESTRequest(endpoint: .wallet), "no key to sign with"),
    ])
    func `what must not leave does not leave`(request: RESTRequest, reason: String) async throws {
        let settings = try RESTClient.Settings(destination: Destination(.mainnet))
        let client = try RESTClient(settings: settings, clock: SessionClock())
        let exchange = await client.exchange(RESTCall(request))
        #expect(exchange.outcome == .notSent)
        #expect(exchange.reason == reason)
        #expect(!exchange.mayBeAskedAgain)
        client.stop()
    }

    @Test func `neither key nor signature is in a record, even when the exchange quotes the key`()
        async throws
    {
        let signatures = Watch<String>()
        let server = try await TestServer { peer, event in
            guard case .request(let request) = event else { return }
            let signature = request.headers["x-bapi-sign"] ?? ""
            signatures.add(signature)
            peer.respond(
                200,
                body: Array(
                    #"{"retCode":10004,"retMsg":"origin_string[1\#(key)5000]","s":"\#(signature)"}"#
                        .utf8
                )
            )
        }
        let client = try client(server.base)
        let exchange = await client.exchange(create(#"{"a":1}"#))
        let text = String(decoding: exchange.payload, as: UTF8.self)
        #expect(exchange.blanked == 2)
        #expect(
            text.contains("origin_string[1" + String(repeating: "*", count: key.count) + "5000]")
        )
        #expect(!text.contains(key) && !text.contains(secret))
        #expect(!text.contains(signatures.items[0]))
        #expect(!"\(client.settings)".contains(key) && !"\(exchange)".contains(secret))
        client.stop()
        try await server.stop()
    }
}
