import Gateway
import Glibc
import Logging
import Market
import NIOCore
import NIOPosix

/// The operator's door of a session: a Unix socket in the recording's directory, for the session's own user.
///
/// It has a life apart from the recording's writer: ``move(to:)`` takes it to the directory of the next recording, and
/// whoever is connected stays so. A door that cannot be opened does not end a session: that is told, and it is tried
/// again. Confined to the session's loop.
final class DoorServer {
    /// Peers at the same time; one more takes the place of the one that has been silent for longest.
    static let peersMax = 16
    /// Nanoseconds between attempts to open it.
    private static let retry: Int64 = 10_000_000_000

    /// From the end of the file to the end of listening.
    private static let lastMoment = TimeAmount.milliseconds(200)

    private(set) var directory: String
    private let loop: any EventLoop
    private let logger: Logger
    private let handle: (DoorRequest, @escaping (DoorAnswer) -> Void) -> Void
    private var listener: Listener?
    private var peers: [ObjectIdentifier: DoorPeer] = [:]
    private var isWanted = false
    private var retryAt: Int64 = 0
    /// The failure that was told last.
    private var told = ""
    private var strangers: Set<UInt32> = []

    private struct Listener {
        var socket: DoorSocket
        var channel: EventLoopFuture<any Channel>
    }

    init(
        directory: String,
        loop: any EventLoop,
        logger: Logger,
        handle: @escaping (DoorRequest, @escaping (DoorAnswer) -> Void) -> Void
    ) {
        self.directory = directory
        self.loop = loop
        self.logger = logger
        self.handle = handle
    }

    var isOpen: Bool { listener != nil }

    // MARK: Life

    func open() {
        isWanted = true
        keepOpen()
    }

    /// Once a second: opens it where that failed before.
    func keepOpen() {
        let now = SessionClock.monotonic()
        guard isWanted, listener == nil, now >= retryAt else { return }
        do throws(DoorError) {
            listener = listen(try DoorSocket(listeningIn: directory))
            told = ""
        } catch {
            retryAt = now + DoorServer.retry
            guard told != error.description else { return }
            told = error.description
            logger.error(
                "the operator's door cannot be opened: `tapedeck desk` does not reach this session",
                metadata: [
                    "path": "\(DoorAddress.path(in: directory))", "error": "\(error)",
                ]
            )
        }
    }

    /// Opens it in the directory of the next recording, then takes it away here; peers stay connected.
    func move(to directory: String) {
        let old = listener
        listener = nil
        self.directory = directory
        retryAt = 0
        keepOpen()
        old.map(remove)
    }

    /// Lets nobody in any more and takes the file away; peers stay connected.
    func close() {
        isWanted = false
        listener.map(remove)
        listener = nil
    }

    /// Ends all connections.
    func end() {
        close()
        for peer in peers.values { peer.end() }
    }

    /// Nobody finds it any more; who has connected and was not welcomed yet still is.
    private func remove(_ listener: Listener) {
        listener.socket.unlinkFile()
        let channel = listener.channel
        loop.scheduleTask(in: DoorServer.lastMoment) {
            channel.whenSuccess { $0.close(promise: nil) }
        }
    }

    private func listen(_ socket: DoorSocket) -> Listener {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let channel = ServerBootstrap(group: loop)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: 4_096)
            )
            .childChannelInitializer { bound.value.admit($0) }
            .withBoundSocket(socket.descriptor)
        channel.whenFailure { error in bound.value.lost(socket, "\(error)") }
        channel.whenSuccess { channel in
            channel.closeFuture.whenComplete { _ in bound.value.lost(socket, "it was closed") }
        }
        return Listener(socket: socket, channel: channel)
    }

    /// It listens no more, though nobody closed it.
    private func lost(_ socket: DoorSocket, _ why: String) {
        guard listener?.socket.descriptor == socket.descriptor else { return }
        logger.warning("the operator's door closed by itself", metadata: ["reason": "\(why)"])
        socket.unlinkFile()
        listener = nil
    }

    // MARK: Peers

    /// `struct ucred` of Linux, what `SO_PEERCRED` gives.
    private struct Credentials: Sendable {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    private func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.close()
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let asked: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        )
        return asked.flatMap { peer in
            channel.eventLoop.makeCompletedFuture {
                guard peer.user == geteuid() else { return bound.value.refuse(channel, peer.user) }
                try bound.value.welcome(channel, peer.user)
            }
        }
    }

    private func welcome(_ channel: any Channel, _ uid: UInt32) throws {
        makeRoom()
        let peer = DoorPeer(
            uid: uid,
            now: SessionClock.monotonic,
            handle: handle,
            left: { [weak self] in self?.peers[ObjectIdentifier($0)] = nil }
        )
        try channel.pipeline.syncOperations.addHandler(peer)
        peers[ObjectIdentifier(peer)] = peer
    }

    private func makeRoom() {
        guard peers.count >= DoorServer.peersMax else { return }
        let idle = peers.values.filter { !$0.isBusy }
        let silent = (idle.isEmpty ? Array(peers.values) : idle).min { $0.lastHeard < $1.lastHeard }
        guard let silent else { return }
        peers[ObjectIdentifier(silent)] = nil
        silent.end()
    }

    private func refuse(_ channel: any Channel, _ uid: UInt32) {
        if strangers.count < 100, strangers.insert(uid).inserted {
            logger.warning(
                "another user stood before the operator's door and was refused",
                metadata: ["uid": "\(uid)"]
            )
        }
        let refusal = RequestRefusal(
            "refused",
            "this session belongs to uid \(geteuid()), and uid \(uid) may not ask it anything",
            do: "Ask as its own user."
        )
        let line = DoorAnswer.refused(refusal).line(to: nil)
        channel.writeAndFlush(channel.allocator.buffer(bytes: line)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
