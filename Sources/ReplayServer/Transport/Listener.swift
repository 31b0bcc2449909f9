import Market
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Listens on loopback: HTTP/1.1 and WebSocket on one port, over TLS or plain, all on one event loop.
final class Listener: Sendable {
    let port: Int
    /// PEM of the authority that signed the server's certificate; `nil` when plain.
    let authority: String?
    private let sockets: [any Channel]

    private init(port: Int, authority: String?, sockets: [any Channel]) {
        self.port = port
        self.authority = authority
        self.sockets = sockets
    }

    static func start<Host: Venue>(
        port: Int,
        isPlain: Bool,
        limits: ServerLimits,
        answerDelay: TimeAmount,
        loop: any EventLoop,
        venue: NIOLoopBound<Host>,
        children: NIOLoopBound<ChildSockets>
    ) async throws(ServerError) -> Listener {
        let certificate = isPlain ? nil : try Certificate.make()
        let tls = try certificate.map { (made) throws(ServerError) in try context(of: made) }
        let counter = NIOLoopBoundBox.makeBoxSendingValue(UInt64(0), eventLoop: loop)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    children.value.add(channel)
                    try prepare(channel, tls, limits, answerDelay, venue.value, counter)
                }
            }
        let first: any Channel
        do {
            first = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
        } catch {
            throw .port(port, reason: "\(error)")
        }
        let bound = first.localAddress?.port ?? port
        // The same port on ::1 where the machine has it, for clients that try it first.
        let second = try? await bootstrap.bind(host: "::1", port: bound).get()
        return Listener(
            port: bound,
            authority: certificate?.authority,
            sockets: [first] + (second.map { [$0] } ?? [])
        )
    }

    func stop() async {
        for socket in sockets { try? await socket.close().get() }
    }

    private static func prepare(
        _ channel: any Channel,
        _ tls: NIOSSLContext?,
        _ limits: ServerLimits,
        _ answerDelay: TimeAmount,
        _ venue: any Venue,
        _ counter: NIOLoopBoundBox<UInt64>
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerBytesMax
        decoderLimits.maxHeaderListSize = limits.headerBytesMax
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .forwardBytes,
            limitConfiguration: decoderLimits
        )
        let rest = RESTHandler(venue: venue, limits: limits) { handshake in
            guard venue.accepts(handshake.path) else { return nil }
            counter.value += 1
            return Client(
                number: counter.value,
                path: handshake.path,
                venue: venue,
                limits: limits,
                answerDelay: answerDelay,
                idleMax: handshake.idleMax
            )
        }
        try pipeline.addHandlers([
            HTTPResponseEncoder(),
            ByteToMessageHandler(decoder),
            HTTPServerPipelineHandler(),
            NIOHTTPResponseHeadersValidator(),
            HTTPServerProtocolErrorHandler(),
            rest,
        ])
    }

    private static func context(of certificate: Certificate) throws(ServerError) -> NIOSSLContext {
        do {
            let leaf = try NIOSSLCertificate(bytes: Array(certificate.leaf.utf8), format: .pem)
            let authority = try NIOSSLCertificate(
                bytes: Array(certificate.authority.utf8),
                format: .pem
            )
            let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: [.certificate(leaf), .certificate(authority)],
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tls("\(error)")
        }
    }
}
