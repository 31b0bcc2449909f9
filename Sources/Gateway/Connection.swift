import Market
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// One WebSocket connection, from its attempt to its end, on its owner's event loop.
///
/// It knows bytes and time, nothing of what they mean. All of it is called, and calls, on the loop.
final class Connection {
    struct Settings {
        var address: Address
        /// With its query, if any.
        var path: String
        /// `nil` for plain `ws`.
        var tls: TLSContext?
        /// Longest whole message, bytes; Bybit's longest are books of 1000 levels, below 200 KB.
        var messageMax = 10 << 20
        /// An HTTP proxy through which the connection is made; `nil`: none.
        var proxy: Address?
        /// For a proxy that asks for them.
        var proxyCredentials: ProxyCredentials?
    }

    /// What happens on it, in order; exactly one `closed` is the last.
    enum Happening {
        case opened
        case message(ByteBuffer, Timestamp)
        /// A ping or pong of the WebSocket protocol.
        case heard
        /// The handshake was answered with this HTTP status; the end follows.
        case refused(status: UInt)
        case closed(String)
    }

    private let settings: Settings
    private let loop: any EventLoop
    private let clock: SessionClock
    private let happened: (Happening) -> Void
    private var channel: (any Channel)?
    private var isClosed = false
    /// It stands as far as its host, which has counted it.
    private(set) var hasReached = false
    /// The handshake is through: frames may be written.
    private var isOpened = false
    private var isPaused = false

    init(
        settings: Settings,
        loop: any EventLoop,
        clock: SessionClock,
        happened: @escaping (Happening) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.clock = clock
        self.happened = happened
    }

    func connect() {
        loop.preconditionInEventLoop()
        let bound = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(10))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // One read at a time: what was read before a pause must still find room in the journal's queue.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4 << 10,
                    initial: 64 << 10,
                    maximum: 64 << 10
                )
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.begin(channel) }
            }
            .connect(host: nextHop.host, port: nextHop.port)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    if bound.value.settings.proxy == nil {
                        bound.value.connected(channel)
                    } else {
                        bound.value.tunnelling(channel)
                    }
                case .failure(let error): bound.value.finish(Words.why(error))
                }
            }
    }

    private var nextHop: Address { settings.proxy ?? settings.address }

    /// With a proxy only its handshake stands in the pipeline at first: TLS begins inside the tunnel.
    private func begin(_ channel: any Channel) throws {
        guard let proxy = settings.proxy else { return try build(channel) }
        let handshake = ProxyHandshake(
            target: settings.address.hostAndPort,
            proxy: proxy,
            credentials: settings.proxyCredentials,
            established: { [weak self] in
                do {
                    try self?.build(channel)
                    self?.connected(channel)
                } catch {
                    self?.finish(Words.why(error))
                }
            },
            failed: { [weak self] in self?.finish($0) }
        )
        try channel.pipeline.syncOperations.addHandler(handshake)
    }

    /// The proxy is reached, the tunnel not yet: the end of the channel is the end of the attempt.
    private func tunnelling(_ channel: any Channel) {
        guard !isClosed else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        let bound = NIOLoopBound(self, eventLoop: loop)
        channel.closeFuture.whenComplete { _ in bound.value.finish("connection lost") }
    }

    /// Puts a text frame on the wire; after the end it does nothing.
    func send(_ bytes: [UInt8]) {
        guard let channel, !isClosed else { return }
        let buffer = channel.allocator.buffer(bytes: bytes)
        let frame = WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: buffer)
        channel.writeAndFlush(frame, promise: nil)
    }

    /// Stops or resumes reading; the kernel's buffer and then the peer's wait.
    func setPaused(_ isPaused: Bool) {
        self.isPaused = isPaused
        guard let channel, !isClosed else { return }
        _ = channel.setOption(.autoRead, value: !isPaused)
    }

    /// Says goodbye and ends the connection; nothing happens on it any more, `closed` neither.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        guard let channel else { return }
        guard isOpened else {
            // Before the handshake is through there is nobody to say goodbye to, and nobody who takes a frame.
            channel.close(promise: nil)
            return
        }
        var reason = channel.allocator.buffer(capacity: 2)
        reason.write(webSocketErrorCode: .normalClosure)
        let frame = WebSocketFrame(
            fin: true,
            opcode: .connectionClose,
            maskKey: .random(),
            data: reason
        )
        channel.writeAndFlush(frame).whenComplete { _ in channel.close(promise: nil) }
    }

    private func build(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let stamp = ReadStamp(clock: clock)
        try pipeline.addHandler(stamp)
        if let tls = settings.tls {
            try pipeline.addHandler(try tls.makeHandler(host: settings.address))
        }
        let happened: (Happening) -> Void = { [weak self] in self?.pass($0) }
        let reader = NIOLoopBound(
            MessageReader(messageMax: settings.messageMax, stamp: stamp, happened: happened),
            eventLoop: channel.eventLoop
        )
        let upgrader = NIOWebSocketClientUpgrader(
            maxFrameSize: settings.messageMax,
            automaticErrorHandling: false
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(reader.value)
            }
        }
        let refusal = HandshakeRefusal(happened: happened)
        let bound = NIOLoopBound(refusal, eventLoop: channel.eventLoop)
        // Frames may come in the same segment as the 101: the default would lose them.
        try pipeline.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
                }
            )
        )
        try pipeline.addHandler(refusal)
    }

    private func connected(_ channel: any Channel) {
        guard !isClosed else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        hasReached = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        channel.closeFuture.whenComplete { _ in bound.value.finish("connection lost") }
        if isPaused { setPaused(true) }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: settings.path)
        head.headers.add(name: "Host", value: settings.address.authority)
        head.headers.add(name: "User-Agent", value: "tapedeck")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private func pass(_ happening: Happening) {
        guard !isClosed else { return }
        switch happening {
        case .closed(let reason): return finish(reason)
        case .opened: isOpened = true
        case .heard, .message, .refused: break
        }
        happened(happening)
    }

    /// The first reason is the one told.
    private func finish(_ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        channel?.close(promise: nil)
        happened(.closed(reason))
    }
}
