public import Logging
import NIOCore
import NIOPosix

/// What ``MessagesServer`` is started with.
public struct MessagesServerConfiguration: Hashable, Sendable {
    /// 0 takes a free one.
    public var port = 0
    /// Without TLS.
    public var isPlain = false
    public var pace: MessagePace = .asRead
    public var limits = ServerLimits()

    public init() {}
}

/// Serves the frames of a file to whoever subscribes: `serve --messages`.
///
/// Answers subscribe, ping and auth itself. Every socket of a public path then gets each `recv` frame of the file,
/// byte for byte and in order, no faster than it reads, and stays open. REST knows `/v5/market/time` alone.
public final class MessagesServer: Sendable {
    public let address: ServerAddress
    /// Frames in the file.
    public let messages: Int
    private let host: ServerHost<MessagesVenue>

    private init(host: ServerHost<MessagesVenue>, messages: Int) {
        self.host = host
        self.messages = messages
        address = host.address
    }

    /// Reads the file whole, then listens.
    public static func start(
        _ configuration: MessagesServerConfiguration,
        file path: String,
        logger: Logger
    ) async throws(ServerError) -> MessagesServer {
        let file = try MessagesFile(path: path)
        let pace = configuration.pace
        let host = try await ServerHost.start(
            port: configuration.port,
            isPlain: configuration.isPlain,
            limits: configuration.limits,
            answerDelayMilliseconds: 2
        ) { loop in MessagesVenue(file: file, pace: pace, loop: loop) }
        logger.info(
            "serving messages",
            metadata: ["base": "\(host.address.base)", "messages": "\(file.count)"]
        )
        return MessagesServer(host: host, messages: file.count)
    }

    public func counters() async -> ServerCounters {
        await host.run { $0.counters } ?? ServerCounters()
    }

    /// Drops every socket of that path as a broken line does; how many there were.
    public func disconnectAll(_ path: SocketPath) async -> Int {
        await host.run { $0.disconnectAll(path) } ?? 0
    }

    /// Closes all sockets and gives the port back; a second call does nothing.
    public func stop() async { await host.stop() }
}
