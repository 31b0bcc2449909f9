import Bybit
import Logging
import Market
import Simulation
import Testing

@testable import ReplayServer

/// A running exchange with two accounts, and the ways of a client to it.
struct TestExchange {
    static let main = ServerAccount(
        alias: "main",
        key: "canaryKeyMain00001",
        secret: Array("canarySecretMain0000000000000000001".utf8)
    )
    static let other = ServerAccount(
        alias: "other",
        key: "canaryKeyOther0001",
        secret: Array("canarySecretOther000000000000000001".utf8)
    )
    static let bitcoin = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)

    let server: ExchangeServer

    /// Starts, runs `body`, stops.
    static func run(
        isPlain: Bool = true,
        pace: MarketPace = .times(1),
        rateLimits: RateLimits = .unlimited,
        limits: ServerLimits = ServerLimits(),
        eventsPerSecond: Int64 = 200,
        _ body: (TestExchange) async throws -> Void
    ) async throws {
        var configuration = ExchangeServerConfiguration()
        configuration.isPlain = isPlain
        configuration.pace = pace
        configuration.rateLimits = rateLimits
        configuration.limits = limits
        configuration.accounts = [main, other]
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 7,
                start: WallClock.now,
                listings: Listing.standard(eventsPerSecond: eventsPerSecond),
                fundingInterval: 3_600_000_000_000
            )
        )
        let server = try await ExchangeServer.start(
            configuration,
            exchange: exchange,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        do {
            try await body(TestExchange(server: server))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    func open(_ path: String) async throws -> TestSocket {
        try await TestSocket.open(server.address, path)
    }

    /// A private socket that is logged in.
    func openPrivate(_ account: ServerAccount = main) async throws -> TestSocket {
        let socket = try await open("/v5/private")
        _ = try await socket.ask(TestExchange.login(account))
        return socket
    }

    static func login(
        _ account: ServerAccount,
        expiresIn milliseconds: Int64 = 5_000,
        isText: Bool = false,
        spoil: Bool = false
    ) -> String {
        let expires = WallClock.now.milliseconds + milliseconds
        let signature = String(
            decoding: Signature.of(
                SocketRequest.textToSign(expires: expires),
                secret: spoil ? [1, 2, 3] : account.secret
            ),
            as: UTF8.self
        )
        let moment = isText ? "\"\(expires)\"" : "\(expires)"
        return #"{"req_id":"a1","op":"auth","args":["\#(account.key)",\#(moment),"\#(signature)"]}"#
    }

    /// One signed request on a connection of its own.
    func request(
        _ method: String,
        _ path: String,
        query: String = "",
        body: String = "",
        account: ServerAccount = main,
        offset: Int64 = 0,
        signing other: String? = nil,
        key: String? = nil
    ) async throws -> TestSocket.Response {
        let socket = try await TestSocket.connect(server.address)
        try await socket.write(
            TestExchange.signed(
                method,
                path,
                query: query,
                body: body,
                account: account,
                offset: offset,
                signing: other,
                key: key
            )
        )
        let response = try await socket.response(hasBody: true)
        await socket.close()
        return response
    }

    /// The bytes of a signed request.
    ///
    /// - Parameter other: what is signed in place of the query or body.
    static func signed(
        _ method: String,
        _ path: String,
        query: String = "",
        body: String = "",
        account: ServerAccount = main,
        offset: Int64 = 0,
        signing other: String? = nil,
        key: String? = nil
    ) -> [UInt8] {
        let timestamp = String(WallClock.now.milliseconds + offset)
        let name = key ?? account.key
        let text = timestamp + name + "5000" + (other ?? (method == "GET" ? query : body))
        let signature = Signature.of(Array(text.utf8), secret: account.secret)
        let target = query.isEmpty ? path : path + "?" + query
        var lines = [
            "\(method) \(target) HTTP/1.1", "Host: localhost", "X-BAPI-API-KEY: \(name)",
            "X-BAPI-TIMESTAMP: \(timestamp)", "X-BAPI-RECV-WINDOW: 5000",
            "X-BAPI-SIGN: " + String(decoding: signature, as: UTF8.self),
            "Content-Type: application/json",
        ]
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// The best prices of the exchange now, in the instrument's scale.
    func touch(_ id: InstrumentID = bitcoin) async -> (bid: Numeral, ask: Numeral)? {
        let found = await server.inspect { exchange -> [Numeral] in
            guard let book = exchange.orderBook(id, limit: 1), let bid = book.bids.first,
                let ask = book.asks.first
            else { return [] }
            return [bid.price, ask.price]
        }
        guard let found, found.count == 2 else { return nil }
        return (found[0], found[1])
    }

    /// A price for a buy that takes what there is, however the market moves in between.
    func marketable() async throws -> String {
        let ask = try #require(await touch()).ask
        return "\(Numeral(mantissa: ask.mantissa + 1_000, decimals: ask.decimals))"
    }

    /// Body of an order for BTCUSDT.
    static func order(
        _ side: String,
        quantity: String,
        price: String,
        link: String,
        timeInForce: String = "GTC"
    ) -> String {
        #"{"category": "linear", "symbol": "BTCUSDT", "side": "\#(side)", "orderType": "Limit", "#
            + #""qty": "\#(quantity)", "price": "\#(price)", "timeInForce": "\#(timeInForce)", "#
            + #""orderLinkId": "\#(link)"}"#
    }
}

/// Decodes frames with the client's decoder.
final class TestDecoder {
    private let decoder = MessageDecoder()
    private var event = Event()

    /// A push of the private socket.
    func decode(_ text: String) -> Event { decode(text, on: "private/main") }

    /// A push of a public socket.
    func decode(_ text: String, public category: String) -> Event {
        decode(text, on: "public/" + category)
    }

    private func decode(_ text: String, on socket: String) -> Event {
        let topic = text.firstMatch(of: #/"topic":"([^"]+)"/#).map { String($0.output.1) }
        let stream = StreamName(socket + "/" + (topic ?? "-"))
        var text = text
        text.withUTF8 { decoder.decode(stream, UnsafeRawBufferPointer($0), into: &event) }
        return event
    }
}
