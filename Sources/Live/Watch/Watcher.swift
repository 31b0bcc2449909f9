import Gateway
import Journal
import Logging
import Market
import NIOCore
import NIOPosix
import Synchronization
import Watch

/// Watches one session from a thread of its own, so that it can tell that the session's does not turn any more.
///
/// The session hands it a ``Watch/Reading`` each second; everything that waits for others (a scraper, a program, an
/// address, the disk) is here or on threads that it starts.
final class Watcher: Sendable {
    let pulse = Pulse(at: SessionClock.monotonic())
    /// Where `/metrics` and `/health` are served; `nil`: nowhere.
    let port: Int?
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let core: NIOLoopBound<WatchLoop>
    private let server: MetricsServer?

    private init(
        group: MultiThreadedEventLoopGroup,
        core: NIOLoopBound<WatchLoop>,
        server: MetricsServer?
    ) {
        self.group = group
        loop = core.eventLoop
        self.core = core
        self.server = server
        port = server?.port
    }

    /// Listens where the settings say; nothing is judged before ``attach(_:)``.
    static func start(
        _ settings: WatchSettings,
        logger: Logger
    ) async throws(SessionError) -> Watcher {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        do {
            let core = try await loop.submit {
                NIOLoopBound(WatchLoop(settings, loop: loop, logger: logger), eventLoop: loop)
            }.get()
            var server: MetricsServer?
            if let address = settings.metrics {
                let answer = try await loop.submit {
                    NIOLoopBound({ path in core.value.answer(path) }, eventLoop: loop)
                }.get()
                server = try await MetricsServer.start(address, loop: loop, answer: answer)
                logger.notice(
                    "metrics are served",
                    metadata: ["host": "\(address.host)", "port": "\(server?.port ?? 0)"]
                )
            }
            return Watcher(group: group, core: core, server: server)
        } catch {
            try? await group.shutdownGracefully()
            let address = settings.metrics
            throw .gateway(
                "metrics: \(address?.host ?? "") port \(address?.port ?? 0) cannot be listened on: \(error)",
                status: 75
            )
        }
    }

    /// The session that is watched from now on.
    struct Subject: Sendable {
        /// The recorder of now: another after each roll.
        var current: CurrentRecorder
        var version: String
        var commit: String
        /// Makes a record of what is given.
        var record: @Sendable ([UInt8]) -> Void

        var recorder: Recorder { current.value }
        var identity: Identity {
            let recorder = recorder
            return Identity(
                recording: recorder.id,
                run: recorder.run,
                version: version,
                commit: commit
            )
        }
    }

    func attach(_ subject: Subject) {
        let core = core
        let pulse = pulse
        loop.execute { core.value.attach(subject, pulse) }
    }

    /// What the session says of itself now.
    func take(_ reading: Reading) {
        let core = core
        loop.execute { core.value.take(reading) }
    }

    /// Something that is in no reading, such as a recording that does not verify; `nil` when it is over.
    func tell(_ alert: AlertName, problem: String?) {
        let core = core
        loop.execute { core.value.tell(alert, problem) }
    }

    /// Other thresholds and other sinks from now on.
    func change(_ settings: WatchSettings) {
        let core = core
        loop.execute { core.value.change(settings) }
    }

    /// Judges nothing any more: the session ends, and what is silent now is so on purpose.
    func quiet() {
        let core = core
        loop.execute { core.value.quiet() }
    }

    /// Lets sinks take what they have not for a second at most, says what they did not, and ends.
    func stop() async {
        let core = core
        for _ in 0..<20 {
            let isDone = try? await loop.submit { core.value.isDelivered }.get()
            if isDone != false { break }
            try? await Task.sleep(for: .milliseconds(50))
        }
        await server?.stop()
        try? await loop.submit { core.value.stop() }.get()
        try? await group.shutdownGracefully()
    }
}
