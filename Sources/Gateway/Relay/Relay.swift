import Market
public import NIOCore
import NIOHTTP1
import NIOPosix

/// A port at which bots find the exchange: their REST and WebSocket traffic goes through unchanged, and its owner is
/// told of all of it before it goes on.
///
/// It lives on its owner's event loop: made, called and calling there. A bot's connection has connections to the
/// exchange of its own, so that the end of one is the end of the other.
public final class Relay {
    public private(set) var settings: RelaySettings
    public var secrets: BotSecrets
    /// Where it listens; 0 before.
    public private(set) var port = 0
    let loop: any EventLoop
    let clock: SessionClock
    weak var owner: (any RelayOwner)?
    private var listeners: [any Channel] = []
    private var bots: [ObjectIdentifier: any Channel] = [:]
    private var tunnels: [ObjectIdentifier: RelayTunnel] = [:]
    private var isStopped = false

    public init(
        settings: RelaySettings,
        secrets: consuming BotSecrets,
        loop: any EventLoop,
        clock: SessionClock,
        owner: any RelayOwner
    ) {
        self.settings = settings
        self.secrets = secrets
        self.loop = loop
        self.clock = clock
        self.owner = owner
    }

    /// Connections of bots now, and WebSockets among them.
    public var connections: (all: Int, sockets: Int) { (bots.count, tunnels.count) }

    /// Listens; `whenDone` gets why it cannot, or `nil`.
    public func listen(whenDone: @escaping (String?) -> Void) {
        let bound = NIOLoopBound((self, whenDone), eventLoop: loop)
        var bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: RelayLine.buffers)
            .childChannelOption(.writeBufferWaterMark, value: RelayLine.waterMark)
        for (option, value) in RelayLine.socketOptions {
            bootstrap = bootstrap.childChannelOption(option, value: value)
        }
        bootstrap.childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try bound.value.0.prepare(channel) }
        }
        .bind(host: settings.host, port: settings.port)
        .whenComplete { result in
            let (relay, whenDone) = bound.value
            switch result {
            case .failure(let error): whenDone(Words.why(error))
            case .success(let channel):
                relay.listeners.append(channel)
                relay.port = channel.localAddress?.port ?? relay.settings.port
                whenDone(nil)
            }
        }
    }

    /// What the HTTP proxy on the way to the exchange is told by connections from now on.
    public func renew(proxy credentials: ProxyCredentials?) {
        settings.proxyCredentials = credentials
    }

    /// Takes no connection more, says goodbye on all sockets, and ends them.
    public func stop(reason: String) {
        guard !isStopped else { return }
        isStopped = true
        for listener in listeners { listener.close(promise: nil) }
        for tunnel in Array(tunnels.values) { tunnel.stop(reason) }
        for bot in Array(bots.values) { bot.close(promise: nil) }
    }

    private func prepare(_ channel: any Channel) throws {
        guard !isStopped, bots.count < settings.connectionsMax else {
            channel.close(promise: nil)
            if !isStopped { owner?.relayIsFull() }
            return
        }
        let name = ObjectIdentifier(channel)
        bots[name] = channel
        let bound = NIOLoopBound(self, eventLoop: loop)
        channel.closeFuture.whenComplete { _ in bound.value.bots[name] = nil }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = settings.headerBytesMax
        limits.maxHeaderListSize = settings.headerBytesMax
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .forwardBytes,
            limitConfiguration: limits
        )
        try channel.pipeline.syncOperations.addHandlers([
            HTTPResponseEncoder(),
            ByteToMessageHandler(decoder),
            HTTPServerPipelineHandler(),
            HTTPServerProtocolErrorHandler(),
            RelayFront(relay: self),
        ])
    }

    // MARK: After a 403

    /// Why nothing may leave now; `nil` when it may.
    var refusal: String? {
        let now = SessionClock.monotonic()
        guard let until = settings.limiter?.quietUntil, now < until else { return nil }
        return RateLimiter.quietWords(until: until, now: now)
    }

    /// The exchange has shut out this address: neither bots nor the session go on at it.
    func wasShutOut() {
        settings.limiter?.shutOut(now: SessionClock.monotonic())
        owner?.relayWasShutOut()
    }

    // MARK: Sockets

    func opened(_ tunnel: RelayTunnel) {
        tunnels[ObjectIdentifier(tunnel)] = tunnel
        tunnel.socket.tunnel = tunnel
        tunnel.socket.wasOpened = true
        owner?.relay(opened: tunnel.socket)
    }

    func closed(_ tunnel: RelayTunnel, _ reason: String) {
        tunnels[ObjectIdentifier(tunnel)] = nil
        owner?.relay(closed: tunnel.socket, reason: reason)
    }

    func tell(
        _ message: UnsafeRawBufferPointer,
        _ socket: RelaySocket,
        _ time: Timestamp,
        isFromBot: Bool,
        _ forward: () -> Void
    ) {
        guard let owner else { return forward() }
        owner.relay(message: message, on: socket, at: time, isFromBot: isFromBot, forward: forward)
    }
}
