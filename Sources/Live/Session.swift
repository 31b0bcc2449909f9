import CHeap
import Gateway
public import Journal
public import Logging
public import Market
import NIOCore
import NIOPosix
import Runtime
import Synchronization
public import Trading

/// A live session: connects, records, and, where it has strategies, trades.
///
/// All of it happens on one event loop; these functions hop there and wait.
public final class Session: Sendable {
    /// The recorder that it writes to now; another after each roll.
    public var recorder: Recorder { current.value }
    let current: CurrentRecorder
    private let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    let core: NIOLoopBound<SessionLoop>
    private let logger: Logger
    private let lock: FolderLock?
    let watcher: Watcher

    private init(
        current: CurrentRecorder,
        group: MultiThreadedEventLoopGroup,
        core: NIOLoopBound<SessionLoop>,
        watcher: Watcher,
        logger: Logger,
        lock: FolderLock?
    ) {
        self.watcher = watcher
        self.current = current
        self.group = group
        self.loop = core.eventLoop
        self.core = core
        self.logger = logger
        self.lock = lock
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
        let (session, ready) = try await open(configuration, registry, logger, host: nil)
        // Bots need not wait for what the session asks first.
        if configuration.relay == nil { try await ready.get() }
        return session
    }

    /// The same without waiting for the first answers, and with the operator's door.
    public static func begin(
        _ configuration: SessionConfiguration,
        registry: StrategyRegistry,
        logger: Logger,
        host: SessionHost
    ) async throws -> Session {
        try await open(configuration, registry, logger, host: host).session
    }

    private static func open(
        _ configuration: SessionConfiguration,
        _ registry: StrategyRegistry,
        _ logger: Logger,
        host: SessionHost?
    ) async throws -> (session: Session, ready: EventLoopFuture<Void>) {
        // Before there are threads with arenas of their own.
        tapedeck_heap_settle()
        let wiring = try Wiring(configuration)
        try configuration.relay?.checkPort()
        // What the run before this one was told holds for this one too.
        let note = ShutOutNote(configuration, wiring.destination)
        note.warn(logger)
        let wall = SessionClock.wall()
        let left = note.left(at: wall)
        let noted = note.heardOfHost(at: wall).until
        if left > 0 { wiring.limiter.beQuiet(until: SessionClock.monotonic() + left) }
        // Before the recording is opened: nothing of an account whose key is refused is written.
        let check = try await KeyCheck.ask(configuration, wiring)
        var configuration = configuration
        configuration.strategies = try resolved(configuration.strategies, registry)
        let relay = HealthRelay()
        let key = try signingKey(configuration)
        let watcher = try await Watcher.start(configuration.watch, logger: logger)
        let row: SessionRow?
        let recorder: Recorder
        do {
            row = try placeInRow(&configuration, key, logger)
            recorder = try makeRecorder(configuration, row, relay, logger)
        } catch {
            await watcher.stop()
            throw error
        }
        let current = CurrentRecorder(recorder)
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
                        current: current,
                        began: row?.began,
                        signingKey: key,
                        successorOptions: { path throws(JournalError) in
                            try recorderOptions(final, path, relay, logger)
                        },
                        loop: loop,
                        logger: logger
                    ),
                    eventLoop: loop
                )
            }.get()
            let session = Session(
                current: current,
                group: group,
                core: core,
                watcher: watcher,
                logger: logger,
                lock: row?.lock
            )
            session.beWatched(final)
            relay.connect { health, path in
                loop.execute { core.value.journal(health, path) }
            }
            let ready = loop.makePromise(of: Void.self)
            // Bots need not wait for what the session asks first.
            let listening = loop.makePromise(of: Void.self)
            loop.execute {
                if let host { core.value.openDoor(host) }
                core.value.heededNotes.know(noted)
                core.value.start(check) { ready.succeed() }
                core.value.openRelay(listening)
            }
            try await listening.futureResult.get()
            return (session, ready.futureResult)
        } catch {
            try? recorder.close()
            await watcher.stop()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func signingKey(
        _ configuration: SessionConfiguration
    ) throws(SessionError) -> SigningKey? {
        do throws(JournalError) {
            return try configuration.signingKey.map { file throws(JournalError) in
                try SigningKey(file: file)
            }
        } catch {
            throw .journal(error)
        }
    }

    /// Where a session that rolls goes on; `nil` for one that does not.
    private static func placeInRow(
        _ configuration: inout SessionConfiguration,
        _ key: SigningKey?,
        _ logger: Logger
    ) throws(SessionError) -> SessionRow? {
        guard configuration.roll != nil, let folder = configuration.folder else { return nil }
        do throws(JournalError) {
            let row = try SessionRow(
                in: folder,
                isShared: configuration.sharesFolder,
                now: SessionClock(advance: configuration.advance).now(),
                key: key,
                logger: logger
            )
            configuration.path = row.path
            return row
        } catch {
            throw .journal(error)
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
        _ row: SessionRow?,
        _ relay: HealthRelay,
        _ logger: Logger
    ) throws(SessionError) -> Recorder {
        do throws(JournalError) {
            var options = try recorderOptions(configuration, configuration.path, relay, logger)
            options.row = row?.link
            options.notBefore = row?.notBefore ?? .zero
            return try Recorder.open(configuration.path, options: options)
        } catch {
            throw .journal(error)
        }
    }

    /// How the session's recording at a path is written, the first and each that follows it.
    private static func recorderOptions(
        _ configuration: SessionConfiguration,
        _ path: String,
        _ relay: HealthRelay,
        _ logger: Logger
    ) throws(JournalError) -> RecorderOptions {
        var options = RecorderOptions()
        // Each segment begins with the engine's state, so that it can be read without those before it.
        options.rollsItself = false
        options.queueBytes = configuration.queueBytes
        options.segmentBytes = configuration.segmentBytes
        options.disk = configuration.disk
        options.allowance = configuration.allowance
        options.onPrune = { Session.log($0, logger) }
        options.onHealth = { relay.tell($0, of: path) }
        options.labels = [
            Label("program", "tapedeck \(configuration.program) (\(configuration.build))"),
            Label("environment", configuration.targetName),
            Label("strategies", configuration.strategies.map(\.name).joined(separator: ",")),
        ]
        options.signingKey = try configuration.signingKey.map { file throws(JournalError) in
            try SigningKey(file: file)
        }
        return options
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

    public typealias Status = SessionStatus

    public func status() async -> Status { await onLoop { $0.status() } }

    /// Reads the session file anew and applies what may change while the session runs: all of it, or nothing.
    public func reload(reason: String) async -> Result<ReloadReport, RequestRefusal> {
        let core = core
        return await withCheckedContinuation { continuation in
            loop.execute {
                core.value.reload(ReloadOrder(uid: nil, reason: reason)) {
                    continuation.resume(returning: $0)
                }
            }
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

    /// Whether the end takes its time: orders are cancelled first, and the exchange is asked what it has.
    public var cancelsAtEnd: Bool {
        get async { await onLoop { !$0.configuration.strategies.isEmpty && !$0.isFailed } }
    }

    /// Strategies end, their orders are cancelled, and the exchange is asked what it has; then the recording is sealed.
    ///
    /// Without strategies it is sealed at once, within two seconds whatever the exchange does.
    public func stop(reason: String) async throws -> Manifest {
        if await cancelsAtEnd {
            // At the operator's door it has been asked for already.
            await onLoop { core in
                guard !core.isStopAsked else { return }
                core.isStopAsked = true
                core.request(verb: "stop", reason: reason)
            }
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
        await askLastFlows()
        let trades = await cancelsAtEnd
        watcher.quiet()
        // Whoever records here next makes a door of its own, and may do so from the seal on.
        await onLoop { core in
            core.door?.close()
            core.stop(reason: reason)
        }
        let rest = await onLoop { $0.rest }
        await Session.offLoop { rest.stop(grace: trades ? 1_000_000_000 : 500_000_000) }
        // What ended in the meantime was handed to the loop: let it be recorded before the seal.
        await onLoop { _ in }
        await endRolls()
        let recorder = recorder
        let tables = await onLoop { $0.endTables() }
        let logger = logger
        let outcome = await Session.offLoop { () -> Result<Manifest, JournalError> in
            do throws(JournalError) {
                let manifest = try recorder.seal()
                if let error = tables?(manifest.last) {
                    logger.warning("tables are not complete", metadata: ["reason": "\(error)"])
                }
                return .success(manifest)
            } catch {
                return .failure(error)
            }
        }
        await onLoop { $0.stopped(outcome) }
        await watcher.stop()
        await end()
        return try outcome.mapError { SessionError.journal($0) }.get()
    }

    /// Ends what is left; all is sealed, so that nobody waits long for an exchange that does not say goodbye.
    private func end() async {
        let group = group
        let core = core
        await Session.wait(atMost: .milliseconds(500)) {
            await withCheckedContinuation { continuation in
                core.eventLoop.execute {
                    core.value.door?.end()
                    continuation.resume()
                }
            }
            try? await group.shutdownGracefully()
        }
    }

    /// Waits for the end of `body`, but no longer than so; it goes on by itself.
    private static func wait(
        atMost limit: Duration,
        _ body: @escaping @Sendable () async -> Void
    ) async {
        let first = Once()
        await withCheckedContinuation { continuation in
            Task.detached {
                await body()
                if first.take() { continuation.resume() }
            }
            Task.detached {
                try? await Task.sleep(for: limit)
                if first.take() { continuation.resume() }
            }
        }
    }

    /// True for the first who asks.
    private final class Once: Sendable {
        private let isTaken = Atomic(false)

        func take() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }
    }

    /// Waits until recordings that were rolled are sealed, and takes away one that stands ready in vain.
    private func endRolls() async {
        let spare = await onLoop { core in
            defer { core.successor = nil }
            return core.successor
        }
        if let spare { await Session.offLoop { spare.abandon() } }
        for _ in 0..<600 {
            if await onLoop({ $0.rolls.sealing }) == 0 { return }
            try? await Task.sleep(for: .milliseconds(50))
        }
        logger.error("a recording that was rolled is still not sealed; the next start recovers it")
    }

    /// How fast the disk fills, and how long that can go on, as it was last looked at; `nil` before.
    public func diskForecast() async -> DiskForecast? { await onLoop { $0.diskForecast } }

    /// Looks at the calendar now instead of at the next second, for tests that let days pass.
    public func lookAtDay() async { await onLoop { $0.lookAtDay() } }

    /// Ends the recording and goes on in the next as soon as that is ready, as at midnight; only where the session rolls.
    public func roll() async {
        await onLoop { core in
            core.dayRoll?.hasten(now: core.clock.now())
            core.lookAtDay()
        }
    }

    /// The account's flows up to now, so that they are in the recording; waits 0.7 s at most.
    private func askLastFlows() async {
        guard await onLoop({ $0.askLastTransactionLog() }) else { return }
        for _ in 0..<35 {
            if await onLoop({ !$0.account.isAskingLog && $0.requestsOpen == 0 }) { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What the key may do and until when it is good, asked now and recorded; `nil` without a key or an answer.
    public func keyDescription() async -> KeyDescription? {
        await onLoopLater { core, done in
            guard core.wiring.credentials != nil, !core.isStopped else { return done(nil) }
            core.askKey(whenDone: done)
        }
    }

    /// The same for what ends later.
    func onLoopLater<Value: Sendable>(
        _ body: @escaping @Sendable (SessionLoop, @escaping (Value) -> Void) -> Void
    ) async -> Value {
        let core = core
        return await withCheckedContinuation { continuation in
            loop.execute { body(core.value) { continuation.resume(returning: $0) } }
        }
    }

    func onLoop<Value: Sendable>(
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
