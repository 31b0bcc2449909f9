import Gateway
public import Journal
public import Logging
import Market
import NIOCore
import NIOPosix
import Runtime
public import Trading

/// A live session: connects, records, and, where it has strategies, trades.
///
/// All of it happens on one event loop; these functions hop there and wait.
public final class Session: Sendable {
    public let recorder: Recorder
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let core: NIOLoopBound<SessionLoop>
    private let logger: Logger

    private init(
        recorder: Recorder,
        group: MultiThreadedEventLoopGroup,
        core: NIOLoopBound<SessionLoop>,
        logger: Logger
    ) {
        self.recorder = recorder
        self.group = group
        self.loop = core.eventLoop
        self.core = core
        self.logger = logger
    }

    /// Opens the recording and starts: asks for the clock and the instruments, then connects every socket.
    ///
    /// Checks key and destination before anything is written. Returns when the first questions were answered or
    /// failed; sockets connect from then on, and come back by themselves.
    public static func start(
        _ configuration: SessionConfiguration,
        registry: StrategyRegistry,
        logger: Logger
    ) async throws -> Session {
        let wiring = try Wiring(configuration)
        var configuration = configuration
        configuration.strategies = try resolved(configuration.strategies, registry)
        let relay = HealthRelay()
        let recorder = try makeRecorder(configuration, relay, logger)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let final = configuration
        do {
            let core = try await loop.submit {
                NIOLoopBound(
                    try SessionLoop(
                        configuration: final,
                        wiring: wiring,
                        registry: registry,
                        recorder: recorder,
                        loop: loop,
                        logger: logger
                    ),
                    eventLoop: loop
                )
            }.get()
            let session = Session(recorder: recorder, group: group, core: core, logger: logger)
            relay.connect { health in loop.execute { core.value.journal(health) } }
            let ready = loop.makePromise(of: Void.self)
            // Bots need not wait for what the session asks first.
            let listening = loop.makePromise(of: Void.self)
            loop.execute {
                core.value.start { ready.succeed() }
                core.value.openRelay(listening)
            }
            try await listening.futureResult.get()
            if final.relay == nil { try await ready.futureResult.get() }
            return session
        } catch {
            try? recorder.close()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func resolved(
        _ strategies: [StrategyConfiguration],
        _ registry: StrategyRegistry
    ) throws(SessionError) -> [StrategyConfiguration] {
        var result: [StrategyConfiguration] = []
        for strategy in strategies {
            do throws(EngineError) {
                result.append(try registry.resolved(strategy))
            } catch {
                throw .engine(error)
            }
        }
        return result
    }

    private static func makeRecorder(
        _ configuration: SessionConfiguration,
        _ relay: HealthRelay,
        _ logger: Logger
    ) throws(SessionError) -> Recorder {
        var options = RecorderOptions()
        // Each segment begins with the engine's state, so that it can be read without those before it.
        options.rollsItself = false
        options.queueBytes = configuration.queueBytes
        options.segmentBytes = configuration.segmentBytes
        options.disk = configuration.disk
        options.onPrune = { Session.log($0, logger) }
        options.onHealth = { relay.tell($0) }
        options.labels = [
            Label("program", "tapedeck \(configuration.program) (\(configuration.build))"),
            Label("environment", configuration.targetName),
            Label("strategies", configuration.strategies.map(\.name).joined(separator: ",")),
        ]
        do throws(JournalError) {
            options.signingKey = try configuration.signingKey.map { file throws(JournalError) in
                try SigningKey(file: file)
            }
            return try Recorder.open(configuration.path, options: options)
        } catch {
            throw .journal(error)
        }
    }

    private static func log(_ pruned: Result<Pruner.Plan, JournalError>, _ logger: Logger) {
        switch pruned {
        case .success(let plan):
            logger.notice(
                "old segments were deleted by the rule `disk:`",
                metadata: [
                    "segments": "\(plan.going.count + plan.unfinished.count)",
                    "begins": "\(plan.begins)", "bytes": "\(plan.bytesFreed)",
                ]
            )
        case .failure(let error):
            logger.error("old segments could not be deleted", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - While it runs

    public struct Status: Sendable {
        public var counts: SessionCounts
        public var watermarks: Watermarks
        public var health: RecorderHealth
        /// Records wait too long for the disk.
        public var isSlow: Bool
        /// Why new orders are halted; `nil` when they are not.
        public var haltReason: String?
        public var openOrders: Int
        /// Sockets that are complete: authenticated where needed, and subscribed.
        public var socketsReady: Int
        public var sockets: Int
        /// The exchange cancels what is open when this process is gone: topics that it has confirmed.
        public var armed: [String]
        /// What has passed of bots; `nil` in a session of our own.
        public var bots: BotCounts?
    }

    public func status() async -> Status {
        let recorder = recorder
        return await onLoop { core in
            Status(
                counts: core.counts,
                watermarks: recorder.watermarks,
                health: recorder.health,
                isSlow: core.journalWatch.isSlow,
                haltReason: core.stepper.engine.haltReason,
                openOrders: core.stepper.engine.openOrders.count,
                socketsReady: core.sockets.count { $0.state.isReady },
                sockets: core.sockets.count,
                armed: core.sockets.flatMap(\.state.subscribed).filter { $0.hasPrefix("dcp.") },
                bots: core.bots?.status
            )
        }
    }

    /// Waits until every socket is complete, at most `seconds`; false when one is not by then.
    public func waitUntilReady(seconds: Int) async -> Bool {
        for _ in 0..<(seconds * 20) {
            let status = await status()
            if status.socketsReady == status.sockets { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    /// Puts an operator's request on record and carries it out: `stop`, `audit`, `halt`, `resume`, `mark`.
    public func request(_ verb: String, reason: String) async {
        await onLoop { $0.request(verb: verb, reason: reason) }
    }

    /// Waits until no order is open, no request is under way, and the private stream is whole and silent.
    ///
    /// Silent is half a second without a frame or an answer. Waits `seconds` at most; false when it never was.
    ///
    /// Silence is counted from the call on: what the exchange did just before it may still be on its way.
    public func waitUntilQuiet(seconds: Int, ordersClosed: Bool = true) async -> Bool {
        let called = SessionClock.monotonic()
        for _ in 0..<(seconds * 20) {
            let isQuiet = await onLoop { core in
                let silence = SessionClock.monotonic() - max(core.lastPrivate, called)
                let isWhole =
                    core.configuration.key == nil || core.stepper.engine.isReconciled
                let isAnswered = core.requestsOpen == 0 && core.trade.pending == 0
                return isAnswered && silence > 500_000_000 && isWhole
                    && (!ordersClosed || core.stepper.engine.openOrders.isEmpty)
            }
            if isQuiet { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    // MARK: - The end

    /// Strategies end, their orders are cancelled, and the exchange is asked what it has; then the recording is sealed.
    public func stop(reason: String) async throws -> Manifest {
        let trades = await onLoop { !$0.configuration.strategies.isEmpty && !$0.isFailed }
        if trades {
            await request("stop", reason: reason)
            if await !waitUntilQuiet(seconds: 5) {
                logger.error(
                    "orders were still open after five seconds; see the recording's last records"
                )
            }
            await request("audit", reason: reason)
            _ = await waitUntilQuiet(seconds: 5, ordersClosed: false)
        }
        return try await seal(reason: reason)
    }

    /// The same of a session that only looks on: with a key it asks once more what the account has, for the audit.
    public func stopObserving(reason: String) async throws -> Manifest {
        if await onLoop({ $0.configuration.key != nil && !$0.isFailed }) {
            await request("audit", reason: reason)
            _ = await waitUntilQuiet(seconds: 3, ordersClosed: false)
        }
        return try await seal(reason: reason)
    }

    /// Closes the sockets and seals; nothing is cancelled.
    public func seal(reason: String) async throws -> Manifest {
        await onLoop { $0.stop(reason: reason) }
        let rest = await onLoop { $0.rest }
        await Session.offLoop { rest.stop(grace: 1_000_000_000) }
        // What ended in the meantime was handed to the loop: let it be recorded before the seal.
        await onLoop { _ in }
        let recorder = recorder
        let outcome = await Session.offLoop { () -> Result<Manifest, JournalError> in
            do throws(JournalError) {
                return .success(try recorder.seal())
            } catch {
                return .failure(error)
            }
        }
        try await group.shutdownGracefully()
        return try outcome.mapError { SessionError.journal($0) }.get()
    }

    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (SessionLoop) -> Value
    ) async -> Value {
        let core = core
        return await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: body(core.value)) }
        }
    }

    /// Work that blocks, on a thread of its own.
    private static func offLoop<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in continuation.resume(returning: body()) }
        }
    }
}
