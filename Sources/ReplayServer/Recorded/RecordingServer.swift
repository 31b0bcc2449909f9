public import Journal
public import Logging
public import Market
import NIOCore

/// What ``RecordingServer`` is started with.
public struct RecordingServerConfiguration: Sendable {
    /// 0 takes a free one.
    public var port = 0
    /// Without TLS.
    public var isPlain = false
    public var pace = RecordedPace.multiplied(1)
    public var limits = ServerLimits()
    /// How long a request of the recording is waited for before it is missing.
    public var patienceMilliseconds = 5_000
    /// Where a bot finds its virtual clock; `nil` gives it none.
    public var clockFile: String?
    /// Says of a request's name, `GET /v5/position/list` or `order.create`, whether it is left out of comparing.
    public var ignored: @Sendable (String) -> Bool = { _ in false }

    public init() {}
}

/// How fast a recording is served.
public enum RecordedPace: Hashable, Sendable {
    /// So many times as fast as it was; 1 is real time.
    case multiplied(Int)
    /// As fast as the clients read and ask.
    case asRead
    /// A delivery at each `POST /tapedeck/step?n=1`.
    case step

    var factor: Int64? {
        if case .multiplied(let factor) = self { return Int64(max(1, factor)) }
        return nil
    }
}

/// How far a client has followed the recording.
public struct RecordingProgress: Sendable {
    /// Requests of the bot in the recording that are compared.
    public var expected = 0
    /// Requests that came and were the same.
    public var same = 0
    /// The last record that was delivered.
    public var position = SequenceNumber.none
    /// Where the client left the recording first.
    public var departure: Departure?
    public var departures = 0
    /// Requests behind the end of a recording whose bot had not left.
    public var behindEnd = 0
    /// Frames for sockets that the client has closed.
    public var undelivered = 0
    /// The client lives by the virtual clock; `nil` before its first request.
    public var usesClock: Bool?
    /// All has been delivered, and all requests have come.
    public var isOver = false
    /// Why the recording read no further.
    public var failure: JournalError?
    var bound: Set<Int> = []

    public init() {}
}

/// Serves a recording strictly: a client gets what was recorded, and nothing else.
///
/// A recording of `proxy` holds a bot's requests: they are compared with those that come. One of `record` or `trade`
/// holds none: then topics are pushed to whoever subscribes, and the session's own questions are answered.
public final class RecordingServer: Sendable {
    public let address: ServerAddress
    private let host: ServerHost<RecordedVenue>
    /// Requests of the bot that are compared; 0 in a recording without one.
    public let requests: Int
    /// Somebody's bot passed a proxy in it.
    public let hasBot: Bool

    private init(_ host: ServerHost<RecordedVenue>, requests: Int, hasBot: Bool) {
        self.host = host
        self.requests = requests
        self.hasBot = hasBot
        address = host.address
    }

    /// Reads the recording once for its requests, then listens.
    public static func start(
        _ configuration: RecordingServerConfiguration,
        recording: Recording,
        logger: Logger
    ) async throws -> RecordingServer {
        let session = try RecordedSession(recording, ignoring: configuration.ignored)
        let host = try await ServerHost.start(
            port: configuration.port,
            isPlain: configuration.isPlain,
            limits: configuration.limits,
            answerDelayMilliseconds: 0
        ) { loop in RecordedVenue(recording, session, configuration, loop: loop) }
        if let failure = await host.run({ $0.clockFailure }) ?? nil {
            await host.stop()
            throw failure
        }
        logger.info(
            "serving a recording",
            metadata: ["base": "\(host.address.base)", "requests": "\(session.requests.count)"]
        )
        return RecordingServer(
            host,
            requests: session.requests.count { !$0.isIgnored },
            hasBot: session.hasBot
        )
    }

    public func progress() async -> RecordingProgress {
        await host.run { $0.progress } ?? RecordingProgress()
    }

    /// The first request that has not come, as a departure: for a client that has ended.
    public func missing(_ why: String) async -> Departure? {
        await host.run { $0.expectations.missing(why) } ?? nil
    }

    public func counters() async -> ServerCounters {
        await host.run { $0.counters } ?? ServerCounters()
    }

    /// Closes all sockets and gives the port back; a second call does nothing.
    public func stop() async { await host.stop() }
}
