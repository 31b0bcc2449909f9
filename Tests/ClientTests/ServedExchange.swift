import Logging
import Market
import NIOCore
import NIOPosix
import ReplayServer
import Simulation
import TapedeckClient
import Testing

/// A running exchange with one account, and clients of it.
struct ServedExchange {
    static let account = ServerAccount(
        alias: "main",
        key: "canaryKeyMain00001",
        secret: Array(secret.utf8)
    )
    static let secret = "canarySecretMain0000000000000000001"
    static let book = "orderbook.50.BTCUSDT"

    let server: ExchangeServer

    /// Starts, runs `body`, stops.
    static func run(
        isPlain: Bool = true,
        start: Timestamp? = nil,
        hasCombinations: Bool = false,
        _ body: (ServedExchange) async throws -> Void
    ) async throws {
        var configuration = ExchangeServerConfiguration()
        configuration.isPlain = isPlain
        configuration.rateLimits = .unlimited
        // A clock of its own stands still, and is what the exchange judges signatures by.
        if start != nil { configuration.pace = .virtual }
        configuration.accounts = [account]
        let began = start ?? SessionClock.wall()
        let exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 7,
                start: began,
                listings: hasCombinations
                    ? SyntheticUniverse(UniverseConfiguration(), start: began).listings
                    : Listing.standard(eventsPerSecond: 200),
                fundingInterval: 3_600_000_000_000
            )
        )
        let server = try await ExchangeServer.start(
            configuration,
            exchange: exchange,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        do {
            try await body(ServedExchange(server: server))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    static func credentials(
        secret: String = secret,
        environment: String = "loopback"
    ) throws -> Credentials {
        let signer = try Signer(key: account.key, secret: secret)
        return Credentials(name: "main", environment: environment, signer: signer)
    }

    func client(
        secret: String? = ServedExchange.secret,
        _ change: (inout ClientConfiguration) -> Void = { _ in }
    ) throws -> BybitClient {
        var configuration = ClientConfiguration(
            try .endpoint(base: server.address.base),
            credentials: try secret.map { try ServedExchange.credentials(secret: $0) }
        )
        if let authority = server.address.authority {
            configuration.trust = .authority(pem: Array(authority.utf8))
        }
        change(&configuration)
        return try BybitClient(configuration)
    }

    /// The book as the exchange's pushes have made it, with the `u` of the last.
    func book(depth: Int) async throws -> (bids: [LevelNumerals], asks: [LevelNumerals], u: Int64) {
        let id = try InstrumentID(.linear, named: "BTCUSDT")
        let found = await server.inspect { $0.bookSnapshot(id, depth: depth) }
        let book = try #require(found ?? nil)
        return (book.bids, book.asks, book.updateID)
    }

    /// Orders a manner at the control endpoint.
    func order(_ manner: String) async throws {
        let answer = try await post("/tapedeck/manners", manner)
        #expect(answer.contains("carried_out"), "\(answer)")
    }

    private func post(_ path: String, _ body: String) async throws -> String {
        let (chunks, continuation) = AsyncStream<ByteBuffer>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Inbox(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: server.address.port).get()
        let request =
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            + body
        try await channel.writeAndFlush(ByteBuffer(string: request)).get()
        var answer = ""
        for await chunk in chunks {
            answer += String(buffer: chunk)
            if answer.contains("\r\n\r\n"), answer.last == "}" { break }
        }
        try? await channel.close().get()
        return answer
    }
}

private final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<ByteBuffer>.Continuation

    init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}

/// Waits until something holds; two minutes without it fail the test.
func wait(
    _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let limit = ContinuousClock.now + .seconds(120)
    while try await !holds() {
        guard ContinuousClock.now < limit else {
            Issue.record("it never came: \(what)", sourceLocation: sourceLocation)
            throw NeverCame(what: what)
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct NeverCame: Error { var what: String }

extension ClientEvents.Iterator {
    /// The next event that `pick` takes something from; those before it are let go.
    mutating func first<Value>(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ pick: (ClientEvent) -> Value?
    ) async throws -> Value {
        while let event = try await next() {
            if let value = pick(event) { return value }
        }
        Issue.record("the sequence ended", sourceLocation: sourceLocation)
        throw NeverCame(what: "the event")
    }

    /// Lets events go until one of which `holds` is true.
    mutating func until(_ holds: (ClientEvent) -> Bool) async throws {
        _ = try await first { holds($0) ? $0 : nil }
    }

    mutating func book() async throws -> BookState {
        try await first { if case .book(let book) = $0.content { book } else { nil } }
    }

    mutating func subscribed(_ topic: String) async throws {
        try await until { event in
            if case .subscribed = event.content { event.topic == topic } else { false }
        }
    }
}
