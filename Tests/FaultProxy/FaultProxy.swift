import NIOCore
import NIOPosix

/// A TCP proxy on loopback that does to connections what networks do, and writes down what it did.
///
/// To bytes, whatever they are, and to the frames that a server sends on a plain WebSocket. What it does comes from its
/// ``FaultPlan`` or from a test, one thing at a time.
public final class FaultProxy: Sendable {
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let hub: NIOLoopBound<Hub>

    private init(port: Int, group: MultiThreadedEventLoopGroup, hub: NIOLoopBound<Hub>) {
        self.port = port
        self.group = group
        self.hub = hub
        loop = hub.eventLoop
    }

    /// Listens on a free port and connects each client to `target` on loopback.
    ///
    /// - Parameter rewriter: changes what the server says; for plain HTTP and WebSockets.
    public static func start(
        to target: Int,
        plan: FaultPlan = FaultPlan(),
        rewriter: Rewriter? = nil
    ) async throws -> FaultProxy {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let hub = try await loop.submit {
            NIOLoopBound(
                Hub(target: target, plan: plan, rewriter: rewriter, loop: loop),
                eventLoop: loop
            )
        }.get()
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try hub.value.accept(channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FaultProxy(port: listener.localAddress?.port ?? 0, group: group, hub: hub)
    }

    public func stop() async throws { try await group.shutdownGracefully() }

    // MARK: - What was done

    /// Every connection so far, the open ones as they are now.
    public func connections() async throws -> [ConnectionReport] {
        try await on { hub in hub.lines.map(\.report) }
    }

    public func log() async throws -> [FaultEntry] { try await on(\.log) }

    /// Connections whose client has to make a new one, once it notices.
    public func cuts() async throws -> Int { try await on(\.cuts) }

    // MARK: - Orders

    /// A plan for what comes from now on; connections that are up keep what they were promised.
    public func follow(_ plan: FaultPlan) async throws { try await on { $0.plan = plan } }

    /// Ends WebSockets of this path in one of the ways that end a connection.
    ///
    /// - Returns: the numbers of the connections.
    @discardableResult
    public func cut(_ fault: Fault, path: String) async throws -> [Int] {
        try await each(path) { line in
            line.hub.cuts += 1
            line.hub.note(fault, line.number)
            line.cut(fault)
        }
    }

    /// Holds both directions for so long; `nil` until ``release(path:)``.
    @discardableResult
    public func stall(path: String, milliseconds: Int? = nil) async throws -> [Int] {
        try await each(path) { $0.stall(milliseconds) }
    }

    @discardableResult
    public func release(path: String) async throws -> [Int] {
        try await each(path) { $0.release() }
    }

    /// Each piece waits so long from now on.
    @discardableResult
    public func slow(path: String, milliseconds: Int) async throws -> [Int] {
        try await each(path) { $0.slow(milliseconds) }
    }

    @discardableResult
    public func narrow(path: String, bytesPerSecond: Int) async throws -> [Int] {
        try await each(path) { $0.narrow(bytesPerSecond) }
    }

    @discardableResult
    public func singleBytes(path: String) async throws -> [Int] {
        try await each(path) { $0.singleBytes() }
    }

    /// Servers of clients that are gone, of which they have heard nothing, hear it now.
    public func endGhosts() async throws {
        try await on { hub in for line in hub.lines where line.client == nil { line.finishServer() }
        }
    }

    /// Each open connection of this path; an empty one takes those that are no WebSocket, such as TLS.
    private func each(
        _ path: String,
        _ body: @escaping @Sendable (Line) -> Void
    ) async throws -> [Int] {
        try await on { hub in
            let chosen = hub.lines.filter { $0.path == path && $0.client != nil }
            for line in chosen { body(line) }
            return chosen.map(\.number)
        }
    }

    @discardableResult
    private func on<Value: Sendable>(
        _ body: @escaping @Sendable (Hub) -> Value
    ) async throws -> Value {
        let hub = hub
        return try await loop.submit { body(hub.value) }.get()
    }
}
