import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A venue on an event loop of its own, with its listener: what each server of the module is made of.
///
/// All of the venue's state is touched on that loop alone.
final class ServerHost<Host: Venue>: Sendable {
    let address: ServerAddress
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let venue: NIOLoopBound<Host>
    private let listener: Listener
    private let children: NIOLoopBound<ChildSockets>
    private let isStopped = NIOLockedValueBox(false)

    private init(
        group: MultiThreadedEventLoopGroup,
        loop: any EventLoop,
        venue: NIOLoopBound<Host>,
        children: NIOLoopBound<ChildSockets>,
        listener: Listener
    ) {
        self.group = group
        self.loop = loop
        self.venue = venue
        self.children = children
        self.listener = listener
        address = ServerAddress(port: listener.port, authority: listener.authority)
    }

    /// - Parameter make: builds the venue, on its loop.
    static func start(
        port: Int,
        isPlain: Bool,
        limits: ServerLimits,
        answerDelayMilliseconds: Int,
        make: @escaping @Sendable (any EventLoop) -> Host
    ) async throws(ServerError) -> ServerHost<Host> {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        do {
            let made = try await loop.submit {
                (
                    NIOLoopBound(make(loop), eventLoop: loop),
                    NIOLoopBound(ChildSockets(), eventLoop: loop)
                )
            }.get()
            let listener = try await Listener.start(
                port: port,
                isPlain: isPlain,
                limits: limits,
                answerDelay: .milliseconds(Int64(max(0, answerDelayMilliseconds))),
                loop: loop,
                venue: made.0,
                children: made.1
            )
            return ServerHost(
                group: group,
                loop: loop,
                venue: made.0,
                children: made.1,
                listener: listener
            )
        } catch {
            try? await group.shutdownGracefully()
            throw error as? ServerError ?? .port(port, reason: "\(error)")
        }
    }

    /// Runs `body` with the venue on its loop; `nil` once the server is stopped.
    func run<Result: Sendable>(_ body: @escaping @Sendable (Host) -> Result) async -> Result? {
        let venue = venue
        return try? await loop.submit { body(venue.value) }.get()
    }

    func stop() async {
        let isFirst = isStopped.withLockedValue { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        await listener.stop()
        let children = children
        try? await loop.submit { children.value.closeAll() }.get()
        try? await group.shutdownGracefully()
    }
}

/// The accepted sockets of a listener, so that stopping it closes them.
final class ChildSockets {
    private var channels: [ObjectIdentifier: any Channel] = [:]

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels[id] = channel
        channel.closeFuture.assumeIsolated().whenComplete { [weak self] _ in
            self?.channels[id] = nil
        }
    }

    func closeAll() {
        for channel in channels.values { channel.close(promise: nil) }
    }
}
