import NIOCore
import NIOPosix

/// One attempt to reach the exchange, through an HTTP proxy where one is set; it lives until it has said how it ended.
final class RelayDial {
    private let address: Address
    private let settings: RelaySettings
    private let build: (any Channel) throws -> Void
    private let done: (Result<any Channel, Failure>) -> Void
    private var isDone = false
    private var limit: Scheduled<Void>?

    struct Failure: Error { var reason: String }

    /// - Parameters:
    ///   - build: adds what stands behind TLS.
    ///   - done: called once, on the loop.
    init(
        to address: Address,
        settings: RelaySettings,
        build: @escaping (any Channel) throws -> Void,
        done: @escaping (Result<any Channel, Failure>) -> Void
    ) {
        self.address = address
        self.settings = settings
        self.build = build
        self.done = done
    }

    func connect(on loop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let next = settings.proxy ?? address
        ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(settings.connectTimeout))
            .relayOptions()
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.begin(channel) }
            }
            .connect(host: next.host, port: next.port)
            .whenComplete { result in
                switch result {
                case .failure(let error): bound.value.finish(.failure(Failure(Words.why(error))))
                case .success(let channel):
                    guard bound.value.settings.proxy != nil else {
                        return bound.value.finish(.success(channel))
                    }
                    // A proxy that takes the connection and says nothing would hold the bot for ever.
                    bound.value.limit = channel.eventLoop.scheduleTask(
                        in: .nanoseconds(bound.value.settings.connectTimeout)
                    ) {
                        bound.value.finish(
                            .failure(Failure("the proxy did not answer within the time"))
                        )
                        channel.close(promise: nil)
                    }
                    channel.closeFuture.whenComplete { _ in
                        bound.value.finish(.failure(Failure("the proxy closed the connection")))
                    }
                }
            }
    }

    private func begin(_ channel: any Channel) throws {
        guard let proxy = settings.proxy else { return try stack(channel) }
        let handshake = ProxyHandshake(
            target: address.hostAndPort,
            proxy: proxy,
            credentials: settings.proxyCredentials,
            established: { [self] in
                do {
                    try stack(channel)
                    finish(.success(channel))
                } catch {
                    finish(.failure(Failure(Words.why(error))))
                }
            },
            failed: { [self] in finish(.failure(Failure($0))) }
        )
        try channel.pipeline.syncOperations.addHandler(handshake)
    }

    private func stack(_ channel: any Channel) throws {
        if address.isSecure {
            guard let tls = settings.tls else { throw GatewayError.library("no TLS was set up") }
            try channel.pipeline.syncOperations.addHandler(try tls.makeHandler(host: address))
        }
        try build(channel)
    }

    private func finish(_ result: Result<any Channel, Failure>) {
        guard !isDone else { return }
        isDone = true
        limit?.cancel()
        done(result)
    }
}

extension RelayDial.Failure {
    init(_ reason: String) { self.reason = reason }
}

extension ClientBootstrap {
    /// What both ends of a relay have: no delay, and a peer that is gone is found within half a minute.
    fileprivate func relayOptions() -> ClientBootstrap {
        var bootstrap = channelOption(.tcpOption(.tcp_nodelay), value: 1)
        for (option, value) in RelayLine.socketOptions {
            bootstrap = bootstrap.channelOption(option, value: value)
        }
        return
            bootstrap
            .channelOption(.recvAllocator, value: RelayLine.buffers)
            .channelOption(.writeBufferWaterMark, value: RelayLine.waterMark)
    }
}
