import Bybit
import Glibc
import Market
import NIOCore
import Testing

@testable import Gateway

private let user = #"CORP\desk"#
private let password = "CANARY proxy:5d0e8b6a"
/// printf of both with a colon between, through base64.
private let authorization = "Basic Q09SUFxkZXNrOkNBTkFSWSBwcm94eTo1ZDBlOGI2YQ=="

/// Who comes to the proxy.
enum ProxyVisitor: CaseIterable {
    case known
    case wrong
    case nobody

    fileprivate var credentials: ProxyCredentials? {
        get throws {
            switch self {
            case .known: try ProxyCredentials(user: user, password: password)
            case .wrong: try ProxyCredentials(user: user, password: password + "x")
            case .nobody: nil
            }
        }
    }

    /// What such a one is told; `nil`: it is let through.
    fileprivate func refusal(_ proxy: String) -> String? {
        switch self {
        case .known: nil
        case .wrong:
            "the proxy \(proxy) does not take the user and password that it was given (407): "
                + "correct section [proxy] of the credentials file"
        case .nobody:
            "the proxy \(proxy) asks for a user and a password (407): write them in section "
                + "[proxy] of the credentials file, lines `user = ...` and `password = ...`"
        }
    }
}

private func expectNoSecret(
    _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for secret in [password, user, String(authorization.dropFirst(6))] {
        #expect(!text.contains(secret), "\(text)", sourceLocation: sourceLocation)
    }
}

@Suite struct ProxyCredentialsTests {
    @Test(arguments: ProxyVisitor.allCases, [false, true])
    func `a proxy that demands Basic lets a WebSocket through with the right password alone`(
        visitor: ProxyVisitor,
        isSecure: Bool
    ) async throws {
        let certificate = isSecure ? try TestCertificate() : nil
        let server = try await TestServer(certificate: certificate) { peer, event in
            if case .opened = event { peer.send(#"{"topic":"t"}"#) }
        }
        let proxy = try TestProxy(demanding: authorization)
        proxy.serveOnce()
        let trust = certificate.map { Trust.authority(pem: $0.authority) }
        var settings = try Socket.Settings(
            slot: SocketSlot(.publicData(.linear)),
            number: 0,
            destination: .endpoint(base: server.base),
            tls: try trust?.makeContext()
        )
        let base = "http://127.0.0.1:\(proxy.port)"
        settings.proxy = try Address(base: base)
        settings.proxyCredentials = try visitor.credentials
        expectNoSecret("\(settings) \(String(reflecting: settings))")
        let socket = try await SocketUnderTest(settings)
        try await socket.on {
            $0.want(["t"])
            $0.start()
        }
        let refusal = visitor.refusal(base)
        let frame = Delivered.received(#"{"topic":"t"}"#)
        let last = refusal.map { Delivered.link("failed", reason: $0) } ?? frame
        let items = try await socket.delivered.wait(for: "its end") { $0.contains(last) }
        for item in items { expectNoSecret("\(item)") }
        #expect(server.connections == (refusal == nil ? 1 : 0))
        try await socket.stop()
        try await server.stop()
    }

    @Test(arguments: ProxyVisitor.allCases)
    func `and a request of REST, of which nothing else has left`(
        visitor: ProxyVisitor
    )
        async throws
    {
        let certificate = try TestCertificate()
        let server = try await TestServer(certificate: certificate) { peer, event in
            guard case .request(let request) = event else { return }
            // What was meant for the proxy stays there.
            peer.respond(request.headers["proxy-authorization"] == nil ? 200 : 500)
        }
        let proxy = try TestProxy(demanding: authorization)
        proxy.serveOnce()
        let exchange = try await Self.ask(
            server.base,
            trust: .authority(pem: certificate.authority),
            proxy: proxy,
            credentials: visitor.credentials
        )
        if let refusal = visitor.refusal("http://127.0.0.1:\(proxy.port)") {
            #expect(exchange.outcome == .notSent && exchange.reason == refusal)
            #expect(exchange.status == 0 && !exchange.mayBeAskedAgain)
        } else {
            #expect(exchange.outcome == .answered, "\(exchange.reason)")
            #expect(exchange.status == 200)
        }
        expectNoSecret(String(decoding: exchange.payload, as: UTF8.self))
        #expect(proxy.request == "CONNECT 127.0.0.1:\(server.port) HTTP/1.1")
        try await server.stop()
    }

    @Test(arguments: [ProxyVisitor.wrong, .nobody])
    func `in the clear the proxy's 407 is no answer of the exchange`(
        visitor: ProxyVisitor
    )
        async throws
    {
        let proxy = try TestProxy(demanding: authorization)
        proxy.serveOnce()
        let exchange = try await Self.ask(
            "http://127.0.0.1:9",
            trust: .system,
            proxy: proxy,
            credentials: visitor.credentials
        )
        #expect(exchange.outcome == .notSent)
        #expect(exchange.reason == visitor.refusal("http://127.0.0.1:\(proxy.port)"))
    }

    @Test func `a proxy that offers no Basic is told apart`() async throws {
        let proxy = try TestProxy(demanding: "NTLM x", challenge: "Negotiate")
        proxy.serveOnce()
        let exchange = try await Self.ask(
            "https://127.0.0.1:9",
            trust: .system,
            proxy: proxy,
            credentials: ProxyVisitor.known.credentials
        )
        #expect(exchange.reason.contains("does not take a user and a password as Basic (407)"))
    }

    private static func ask(
        _ base: String,
        trust: Trust,
        proxy: TestProxy,
        credentials: ProxyCredentials?
    ) async throws -> RESTExchange {
        var settings = try RESTClient.Settings(destination: .endpoint(base: base), trust: trust)
        settings.proxy = "http://127.0.0.1:\(proxy.port)"
        settings.proxyCredentials = credentials
        let client = try RESTClient(settings: settings, clock: SessionClock())
        let exchange = await client.exchange(RESTCall(RESTRequest(endpoint: .serverTime)))
        client.stop()
        return exchange
    }

    @Test func `nothing that prints shows them, and the scanner finds them`() throws {
        let credentials = try ProxyCredentials(user: user, password: password)
        #expect(credentials.authorization == authorization)
        var shown = "\(credentials) " + String(reflecting: credentials)
        dump([credentials], to: &shown)
        expectNoSecret(shown)
        var scanner = SecretScanner()
        scanner.watch(credentials)
        for text in ["a \(password) b", "Proxy-Authorization: \(authorization)"] {
            #expect(Array(text.utf8).withUnsafeBytes { scanner.finds(in: $0) }, "\(text)")
        }
        #expect(!Array("CANARY prox".utf8).withUnsafeBytes { scanner.finds(in: $0) })
    }

    @Test func `a password that is a word does not blank the market's frames`() throws {
        let credentials = try ProxyCredentials(user: "desk", password: "snapshot")
        var scanner = SecretScanner()
        scanner.watch(credentials)
        #expect(!Array(#"{"type":"snapshot"}"#.utf8).withUnsafeBytes { scanner.finds(in: $0) })
        let header = Array(credentials.authorization.utf8)
        #expect(header.withUnsafeBytes { scanner.finds(in: $0) })
    }

    @Test(arguments: [("a:b", "c"), ("", "c"), ("a", ""), ("a", "b\r\nHost: c"), ("a\n", "b")])
    func `what no header can carry is refused`(user: String, password: String) {
        #expect(throws: GatewayError.self) { try ProxyCredentials(user: user, password: password) }
    }
}

@Suite struct ProxySectionTests {
    private let text = """
        [desk]
        key = TESTKEY0000000001
        secret = TESTSECRET00000000000000000000000001
        environment = testnet

        [proxy]
        user = \(user)
        password = \(password)
        """

    @Test func `section [proxy] is read beside the keys, and is none of them`() throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials")
        let section = try ProxyCredentials.read(file: file) { _ in nil }
        let read = try #require(section)
        let written = try ProxyCredentials(user: user, password: password)
        #expect(read.isSame(as: written))
        #expect(try Credentials.all(file: file).map(\.name) == ["desk"])
        #expect(throws: CredentialsError.reservedName("proxy")) {
            try Credentials.read(name: "proxy", file: file)
        }
    }

    @Test func `without a section or a file there are none, and systemd's file needs no section`()
        throws
    {
        let directory = try TestDirectory()
        let file = try directory.write("[desk]\nkey = a\n", to: "credentials")
        let unnamed = try ProxyCredentials.read(file: file) { _ in nil }
        let absent = try ProxyCredentials.read { $0 == "HOME" ? directory.path : nil }
        #expect(unnamed == nil && absent == nil)
        try directory.write("user = a\npassword = b c\n", to: "proxy", mode: 0o440)
        let granted = try ProxyCredentials.read { name in
            name == "CREDENTIALS_DIRECTORY" ? directory.path : nil
        }
        let written = try ProxyCredentials(user: "a", password: "b c")
        #expect(granted?.isSame(as: written) == true)
    }

    @Test(arguments: [
        ("[proxy]\nuser = a\n", "section [proxy]: the line `password = …` is missing"),
        ("[proxy]\npassword = SECRETVALUE\n", "section [proxy]: the line `user = …` is missing"),
        ("[proxy]\nuser = a:SECRETVALUE\n", "line 2: a user has no colon"),
        ("[proxy]\nuser = a\npassword =\n", "line 3: the password is empty"),
        ("[proxy]\nkey = SECRETVALUE\n", "line 2: unknown name; allowed are user, password"),
        ("[proxy]\nSECRETVALUE\n", "line 2: write it as `key = …`"),
        ("[proxy]\nuser = a\n[proxy]\n", "line 3: [proxy] is there twice"),
    ])
    func `a wrong section is told by its place, and never quoted`(
        text: String,
        words: String
    )
        throws
    {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials")
        let error = try #require(throws: CredentialsError.self) {
            try ProxyCredentials.read(file: file) { _ in nil }
        }
        #expect(error.description.contains(words), "\(error)")
        #expect(!error.description.contains("SECRETVALUE"))
        #expect(error.status == 78)
    }

    @Test func `a file that others may read is refused`() throws {
        let directory = try TestDirectory()
        let file = try directory.write(text, to: "credentials", mode: 0o644)
        #expect(throws: CredentialsError.openToOthers(file: file, mode: 0o644)) {
            try ProxyCredentials.read(file: file) { _ in nil }
        }
    }

    @Test(arguments: [
        "http://desk:SECRETVALUE@a:3128", "desk:SECRETVALUE@a", "http://SECRETVALUE@a",
    ])
    func `an address with a user is refused without a word of it`(text: String) throws {
        let error = try #require(throws: AddressError.self) { try Address(base: text) }
        #expect(error == .userInfo && !error.description.contains("SECRETVALUE"))
    }
}
