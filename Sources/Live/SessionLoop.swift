import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Projections
import Runtime
import Trading

/// The one loop of a session: everything that happens is appended, decoded, applied and carried out here, in order.
///
/// Confined to its event loop. Nothing in it waits.
final class SessionLoop {
    let loop: any EventLoop
    let clock: SessionClock
    var recorder: Recorder
    /// The same for those who are not on the loop.
    let current: CurrentRecorder
    /// Changes where the session file is read anew.
    var configuration: SessionConfiguration
    let logger: Logger
    let rest: RESTClient
    var stepper: Stepper
    var streams: StreamTable
    let hearing = TopicHearing()
    var sockets: [Socket] = []
    var slots: [SocketSlot] = []
    var scanner = SecretScanner()
    var outputs = Outputs()
    var writer = JSONWriter()
    var timers: [String: Scheduled<Void>] = [:]
    var repeated: [RepeatedTask] = []
    var clockOffset = ClockOffset()
    /// Monotonic time of the last measurement that a refusal asked for.
    var lastRemeasure = Int64.min / 2
    /// Public frames that found no room in the queue, by socket; told in a record as soon as there is room.
    var shed: [Int: Int64] = [:]
    /// When what was shed was told last, while it goes on.
    var shedToldAt: [Int: Int64] = [:]
    var isStalled = false
    var isAwaitingRelief = false
    var isFailed = false
    var journalWatch: JournalWatch
    /// Why the journal halts new orders now; `nil` when it does not.
    var journalHalt: String?
    /// Requests that were handed to the gateway and have not ended.
    var requestsOpen = 0
    /// Monotonic time of the last private frame or REST answer.
    var lastPrivate: Int64 = 0
    var counts = SessionCounts()
    /// Who is told of this session each second; `nil`: nobody.
    var watcher: Watcher?
    var taps = Taps()
    /// The last failure that was warned of, until the socket is complete again.
    var warned: [SocketSlot: String] = [:]
    /// What is to be subscribed, as the rules and the exchange's lists say.
    var plan: SubscriptionPlan
    /// Which public topic is on which socket, by category.
    var homes: [Category: PublicSockets] = [:]
    /// Topics are not subscribed as they should be: the pause in seconds, and when it is tried again.
    var rulesRetry: (pause: Int64, due: Timestamp)?
    /// Told once, when the sockets have begun or never will.
    private var whenReady: (() -> Void)?
    /// When lists of instruments, and the tickers by which `top` rules rank, are asked for.
    var listPolls = Polls<RESTRequest>(period: 300_000_000_000)
    var rankPolls = Polls<RESTRequest>(period: 86_400_000_000_000)
    /// Lists that are a part of their category's, as they came last, by their queries: options come coin by coin, and
    /// contracts before their launch apart from the others.
    var partLists: [String: [ListedSymbol]] = [:]
    var wiring: Wiring
    let tls: TLSContext?
    /// Monotonic time until which the exchange takes nothing, as said last.
    var quietUntil: Int64 = 0
    /// The note of other sessions of this host is being looked at.
    var isHeedingNote = false
    /// Such notes, and those of its own, that hold already.
    var heededNotes = HeededNotes()
    /// Place of the trade socket among ``sockets``; `nil` where order entry goes by REST.
    var tradeSocket: Int?
    var trade: TradeQueue
    var tradeTimer: Scheduled<Void>?
    /// Who waits for the next answer of the trade socket, beside the core.
    var tradeWaiter: ((SessionAnswer) -> Void)?
    /// The first questions were answered: sockets that are made from now on start at once.
    var isStarted = false
    /// The end has begun: nothing is asked any more.
    var isStopped = false
    /// An operator asked for the end, and strategies have been told.
    var isStopAsked = false
    /// The operator's door; `nil` where the session has none.
    var door: DoorServer?
    var host: SessionHost?
    /// Who waits to be told that the session has ended.
    var stopReplies: [(DoorAnswer) -> Void] = []
    /// The session file is being read anew.
    var isReloading = false
    var reloads = 0
    /// The calendar of a session that rolls; `nil` for any other.
    var dayRoll: DayRoll?
    var rollTimer: Scheduled<Void>?
    /// A record of this time or later, nanoseconds, belongs to the next recording, which stands ready.
    var rollAt = Int64.max
    /// The next recording, while it stands ready.
    var successor: Successor?
    /// How the next recording at a path is made.
    let successorOptions: @Sendable (String) throws(JournalError) -> RecorderOptions
    var rolls = SessionRolls()
    /// Bytes of the checkpoint that was made last.
    var lastCheckpoint = 0
    /// The last record before this run, until which a run before it recorded; `nil` where there was none.
    var absentSince: Timestamp?
    /// Candles that no socket brought.
    var missedCandles = MissedCandles()
    /// Sockets whose frames found no room since the last tick, and since when: Unix milliseconds of the exchange.
    var candlesShed: [Int: Int64] = [:]
    /// Public sockets whose absence between the runs was told.
    var absenceTold: Set<Int> = []
    /// How far the wall clock was from the session's when it was looked at last; `nil` before.
    var lastDrift: SessionClock.Drift?
    /// Monotonic time of the last record of the clocks.
    var lastClockRecord = Int64.min
    /// Directories of all recordings that this session has begun.
    var begunPaths: [String] = []
    var diskRate = DiskRate()
    var diskKeeper: DiskKeeper
    var isLookingAtDisk = false
    /// Monotonic time of the last look at the age of recordings.
    var lastAgeLook = Int64.min / 2
    /// The same of the last time that free memory was given back.
    var lastTrim = Int64.min / 2
    /// As it was last looked at; `nil` before.
    var diskForecast: DiskForecast?
    var diskProblem: String?
    /// Public data is not kept, because of the disk's budget.
    var isOverBudget = false
    /// Why the session has to end, by the rule for a full disk.
    var diskStop: String?
    /// Bytes of segments that recordings before this one took, since the session began.
    var earlierBytes: UInt64 = 0
    /// The core's own questions that have failed, and leave later.
    var lookUps = RepeatedQuestions()
    /// What is asked of the account beside the core's own questions.
    var account = AccountSnapshot()
    /// Bots whose traffic passes here; `nil` in a session of our own.
    var bots: BotTraffic?
    let registry: StrategyRegistry
    /// The tables of the account; `nil` where nobody has one, and from when they could not be kept up.
    var tables: DeskTables?
    /// What the exchange said that decides nothing; segments begin with it beside the engine's state.
    var facts = AccountFacts()
    /// The last record, until the tables have been told of it.
    var untold: RecordHeader?
    /// What is left to do for tables of recordings that are being sealed, by their paths.
    var tableEndings: [String: @Sendable (SequenceNumber) -> ProjectionError?] = [:]

    init(
        configuration: SessionConfiguration,
        wiring: Wiring,
        registry: StrategyRegistry,
        current: CurrentRecorder,
        began: Timestamp?,
        signingKey: SigningKey?,
        successorOptions:
            @escaping @Sendable (String) throws(JournalError) -> RecorderOptions,
        loop: any EventLoop,
        logger: Logger
    ) throws(SessionError) {
        self.configuration = configuration
        self.registry = registry
        self.current = current
        self.successorOptions = successorOptions
        recorder = current.value
        if current.value.lastTime > .zero { absentSince = current.value.lastTime }
        begunPaths = [current.value.path]
        diskKeeper = DiskKeeper(
            folder: configuration.roll == nil ? nil : configuration.folder,
            isShared: configuration.sharesFolder,
            limits: configuration.diskLimits,
            keep: configuration.disk.keep,
            key: signingKey
        )
        clock = SessionClock(advance: configuration.advance)
        if configuration.roll == .day { dayRoll = DayRoll(began: began ?? clock.now()) }
        journalWatch = JournalWatch(longestWait: configuration.longestWait)
        self.loop = loop
        self.logger = logger
        plan = try SessionLoop.plan(configuration)
        self.wiring = wiring
        do throws(GatewayError) {
            tls = wiring.destination.publicStream.isSecure ? try wiring.trust.makeContext() : nil
        } catch {
            throw SessionError(error)
        }
        streams = StreamTable(
            recorder: recorder,
            origin: wiring.destination.description,
            hearing: hearing
        )
        let engine: EngineConfiguration
        startRecord = SessionLoop.start(configuration, recorder, clock)
        startRecord.strategyVersions = configuration.strategies.map {
            registry.type(of: $0.kind)?.encodingVersion ?? 1
        }
        engine = startRecord.engineConfiguration
        do throws(EngineError) {
            stepper = Stepper(engine: try Engine(configuration: engine, registry: registry))
        } catch {
            throw .engine(error)
        }
        do throws(GatewayError) {
            trade = TradeQueue(limiter: wiring.limiter)
            rest = try wiring.client(
                wiring.credentials,
                account: configuration.account,
                clock: clock
            )
            if let signer = wiring.credentials?.signer { scanner.watch(signer) }
            if let proxy = wiring.proxyCredentials { scanner.watch(proxy) }
            try makeSockets(wiring)
        } catch {
            throw SessionError(error)
        }
        if let relay = configuration.relay {
            bots = BotTraffic(session: self, configuration: relay)
        }
    }

    var startRecord: SessionStart

    static func start(
        _ configuration: SessionConfiguration,
        _ recorder: Recorder,
        _ clock: SessionClock
    ) -> SessionStart {
        SessionStart(
            session: recorder.id,
            run: recorder.run,
            program: configuration.program,
            build: configuration.build,
            seed: configuration.seed,
            account: configuration.account,
            strategies: configuration.strategies,
            limits: configuration.limits,
            configuration: configuration.settings,
            wall: clock.start,
            monotonicNanoseconds: clock.monotonicStart
        )
    }

    func makeSockets(_ wiring: Wiring) throws(GatewayError) {
        try applyRules()
        if wiring.credentials != nil {
            let number = try add(
                SocketSlot(.privateData(account: configuration.account)),
                wiring.credentials
            )
            sockets[number].want(configuration.privateTopics)
            if configuration.orderEntry == .socket, configuration.mayTrade {
                let slot = SocketSlot(.trade(account: configuration.account))
                tradeSocket = try add(slot, wiring.credentials)
            }
        }
    }

    /// A socket more; its place in ``sockets``.
    func add(
        _ slot: SocketSlot,
        _ credentials: Credentials?,
        path: String? = nil
    ) throws(GatewayError) -> Int {
        var settings = try Socket.Settings(
            slot: slot,
            number: sockets.count,
            destination: wiring.destination,
            tls: tls,
            credentials: credentials
        )
        settings.proxy = wiring.proxy
        settings.proxyCredentials = wiring.proxyCredentials
        settings.limiter = wiring.limiter
        settings.path = path
        let socket = Socket(settings: settings, loop: loop, clock: clock) { [unowned self] in
            happened($0)
        }
        socket.clockOffset = clockOffset.best?.offset ?? 0
        sockets.append(socket)
        slots.append(slot)
        return sockets.count - 1
    }

    // MARK: - Life

    /// The first record, then the questions that everything else waits for, then the sockets.
    ///
    /// - Parameter check: what the key may do, asked before anything was recorded.
    func start(_ check: KeyCheck, whenReady: @escaping () -> Void) {
        self.whenReady = whenReady
        begin()
        take(check)
        every(.seconds(1)) { $0.tick() }
        every(.seconds(60)) {
            $0.measureClock()
            $0.askTransactionLog()
        }
        every(.seconds(SessionLoop.diskInterval)) { $0.lookAtDisk() }
        lookAtDisk()
        every(.milliseconds(SessionLoop.journalWatchMilliseconds)) { $0.watchJournal() }
        beWatched()
        var open = 3
        let done = { [unowned self] in
            open -= 1
            guard open == 0 else { return }
            guard !isStopped else { return }
            isStarted = true
            followRules()
            for (number, socket) in sockets.enumerated()
            where account.isPermitted || !slots[number].isPrivate {
                socket.start()
            }
            if configuration.followsStatus { followStatus() }
            beReady()
        }
        ask(.serverTime, whenDone: done)
        askLists(whenDone: done)
        askRankings(whenDone: done)
    }

    /// Whoever waits for the sockets goes on: they have begun, or the session ends before.
    private func beReady() {
        whenReady?()
        whenReady = nil
    }

    /// The first record of a run, and of a recording that goes on behind another.
    func begin() {
        do throws(JournalError) {
            let payload = startRecord.payload()
            let sequence = try recorder.start(time: clock.now(), payload: payload)
            beginTables(first: sequence)
            let name = StreamName("session/start")
            step(
                RecordHeader(sequence: sequence, time: recorder.lastTime, stream: name),
                StreamRoute(name),
                payload
            )
        } catch {
            failed(error)
        }
    }

    /// Closes the sockets and lets what is under way end; the recorder is the owner's to seal.
    func stop(reason: String) {
        isStopped = true
        for task in repeated { task.cancel() }
        for timer in timers.values { timer.cancel() }
        tradeTimer?.cancel()
        rollTimer?.cancel()
        for socket in sockets { socket.stop(reason: reason) }
        bots?.stop(reason: reason)
        tellAllShed()
        writer.reset()
        writer.object { $0.field("reason", reason) }
        ingest(named: "session/end", time: clock.now(), payload: writer.bytes)
        // What the exchange was asked first may go unanswered for ever.
        beReady()
    }

    func every(_ interval: TimeAmount, _ body: @escaping (SessionLoop) -> Void) {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        repeated.append(
            loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                bound.value.1(bound.value.0)
            }
        )
    }

    func tick() {
        lookAtDay()
        writer.reset()
        writer.object { $0.field("monotonic", String(SessionClock.monotonic())) }
        ingest(named: "session/tick", time: clock.now(), payload: writer.bytes)
        watchWallClock()
        heedOthersShutOut()
        // On a full disk there is no segment that a state could stand in.
        if recorder.isRollDue, !recorder.isDiskFull { roll() }
        letLookUpsGo()
        followExposure()
        followClock()
        retryRules()
        askDueLists()
        followCandles()
        door?.keepOpen()
        followAccount()
    }

    /// A new segment, which begins with the engine's state.
    private func roll() {
        var checkpoint: [UInt8] = []
        do throws(EngineError) {
            checkpoint = try SegmentCheckpoint.encode(startRecord, stepper.engine, facts: facts)
            lastCheckpoint = checkpoint.count
        } catch {
            logger.error("a segment begins without a checkpoint", metadata: ["error": "\(error)"])
        }
        do throws(JournalError) {
            try recorder.roll(checkpoint: checkpoint)
        } catch {
            failed(error)
        }
    }
}
