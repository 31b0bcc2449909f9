import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// The one loop of a session: everything that happens is appended, decoded, applied and carried out here, in order.
///
/// Confined to its event loop. Nothing in it waits.
final class SessionLoop {
    let loop: any EventLoop
    let clock = SessionClock()
    let recorder: Recorder
    let configuration: SessionConfiguration
    let logger: Logger
    let rest: RESTClient
    var stepper: Stepper
    private var streams: StreamTable
    private(set) var sockets: [Socket] = []
    private var slots: [SocketSlot] = []
    private var scanner = SecretScanner()
    private var outputs: [Output] = []
    private var writer = JSONWriter()
    private var timers: [String: Scheduled<Void>] = [:]
    private var repeated: [RepeatedTask] = []
    private var clockOffset = ClockOffset()
    /// Public frames that found no room in the queue, by socket; told in a record as soon as there is room.
    private var shed: [Int: Int64] = [:]
    private var isStalled = false
    private(set) var isFailed = false
    /// Requests that were handed to the gateway and have not ended.
    private(set) var requestsOpen = 0
    /// Monotonic time of the last private frame or REST answer.
    private(set) var lastPrivate: Int64 = 0
    private(set) var counts = SessionCounts()

    init(
        configuration: SessionConfiguration,
        wiring: Wiring,
        registry: StrategyRegistry,
        recorder: Recorder,
        loop: any EventLoop,
        logger: Logger
    ) throws(SessionError) {
        self.configuration = configuration
        self.recorder = recorder
        self.loop = loop
        self.logger = logger
        streams = StreamTable(recorder: recorder, origin: wiring.destination.description)
        let engine: EngineConfiguration
        startRecord = SessionLoop.start(configuration, recorder, clock)
        engine = startRecord.engineConfiguration
        do throws(EngineError) {
            stepper = Stepper(engine: try Engine(configuration: engine, registry: registry))
        } catch {
            throw .engine(error)
        }
        do throws(GatewayError) {
            var settings = try RESTClient.Settings(
                destination: wiring.destination,
                credentials: wiring.credentials,
                account: configuration.account
            )
            settings.trust = wiring.trust
            rest = try RESTClient(settings: settings, clock: clock)
            if let signer = wiring.credentials?.signer { scanner.watch(signer) }
            try makeSockets(wiring)
        } catch {
            throw SessionError(error)
        }
    }

    private let startRecord: SessionStart

    private static func start(
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

    private func makeSockets(_ wiring: Wiring) throws(GatewayError) {
        let tls = wiring.destination.publicStream.isSecure ? try wiring.trust.makeContext() : nil
        var topics: [Category: [String]] = [:]
        for item in configuration.subscriptions {
            topics[item.category, default: []].append(item.topic)
        }
        for category in topics.keys.sorted() {
            try add(SocketSlot(.publicData(category)), topics[category] ?? [], wiring, tls, nil)
        }
        if wiring.credentials != nil {
            try add(
                SocketSlot(.privateData(account: configuration.account)),
                ["order", "execution", "position", "wallet"],
                wiring,
                tls,
                wiring.credentials
            )
        }
    }

    private func add(
        _ slot: SocketSlot,
        _ topics: [String],
        _ wiring: Wiring,
        _ tls: TLSContext?,
        _ credentials: Credentials?
    ) throws(GatewayError) {
        let settings = try Socket.Settings(
            slot: slot,
            number: sockets.count,
            destination: wiring.destination,
            tls: tls,
            credentials: credentials
        )
        let socket = Socket(settings: settings, loop: loop, clock: clock) { [unowned self] in
            happened($0)
        }
        socket.want(topics)
        sockets.append(socket)
        slots.append(slot)
    }

    // MARK: - Life

    /// The first record, then the questions that everything else waits for, then the sockets.
    func start(whenReady: @escaping () -> Void) {
        do throws(JournalError) {
            let payload = startRecord.payload()
            let sequence = try recorder.start(time: clock.now(), payload: payload)
            let name = StreamName("session/start")
            step(
                RecordHeader(sequence: sequence, time: recorder.lastTime, stream: name),
                StreamRoute(name),
                payload
            )
        } catch {
            failed(error)
        }
        every(seconds: 1) { $0.tick() }
        every(seconds: 60) { $0.measureClock() }
        var questions: [LookUp] = [.serverTime]
        questions += configuration.categories.map { .instruments($0) }
        var open = questions.count
        for question in questions {
            ask(question) { [unowned self] in
                open -= 1
                guard open == 0 else { return }
                for socket in sockets { socket.start() }
                whenReady()
            }
        }
    }

    /// Closes the sockets and lets what is under way end; the recorder is the owner's to seal.
    func stop(reason: String) {
        for task in repeated { task.cancel() }
        for timer in timers.values { timer.cancel() }
        for socket in sockets { socket.stop(reason: reason) }
        writer.reset()
        writer.object { $0.field("reason", reason) }
        ingest(named: "session/end", time: clock.now(), payload: writer.bytes)
    }

    private func every(seconds: Int64, _ body: @escaping (SessionLoop) -> Void) {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        repeated.append(
            loop.scheduleRepeatedTask(initialDelay: .seconds(seconds), delay: .seconds(seconds)) {
                _ in
                bound.value.1(bound.value.0)
            }
        )
    }

    private func tick() {
        writer.reset()
        writer.object { $0.field("monotonic", String(SessionClock.monotonic())) }
        ingest(named: "session/tick", time: clock.now(), payload: writer.bytes)
        relieve()
    }

    private func measureClock() { ask(.serverTime) {} }

    // MARK: - The one door in

    /// An operator's request: a record first, then what the engine makes of it.
    func request(verb: String, reason: String) {
        writer.reset()
        writer.object {
            $0.field("verb", verb)
            $0.field("reason", reason)
        }
        ingest(named: "desk/operator", time: clock.now(), payload: writer.bytes)
    }

    private func happened(_ message: GatewayMessage) {
        let slot = slots[message.socket]
        switch message.content {
        case .received(let bytes):
            bytes.withUnsafeReadableBytes { received($0, message, slot) }
        case .sent(let bytes):
            record(named: slot.sentStream.text, time: message.time, payload: bytes)
        case .link(let event):
            writer.reset()
            event.write(into: &writer)
            logger.info(
                "link",
                metadata: [
                    "socket": "\(slot)", "change": "\(event.change.rawValue)",
                    "reason": "\(event.reason)",
                ]
            )
            if event.change == .disconnected { counts.disconnects += 1 }
            ingest(named: slot.linkStream.text, time: message.time, payload: writer.bytes)
        }
    }

    private func received(
        _ frame: UnsafeRawBufferPointer,
        _ message: GatewayMessage,
        _ slot: SocketSlot
    ) {
        counts.frames += 1
        if case .privateData = slot.name { lastPrivate = SessionClock.monotonic() }
        do throws(JournalError) {
            let entry = try streams.entry(of: frame, from: slot, number: message.socket)
            if !scanner.isIdle, scanner.finds(in: frame) {
                var clean = Array(frame)
                counts.blanked += Int64(scanner.blank(&clean))
                logger.critical(
                    "the exchange sent a key or signature of ours; it was blanked before recording",
                    metadata: ["stream": "\(entry.name)"]
                )
                request(verb: "halt", reason: "a secret came back from the exchange")
                try ingest(entry, message.time, clean)
                return
            }
            guard shed[message.socket] == nil || slot.isPrivate,
                recorder.hasRoom(for: frame.count, on: entry.id)
            else {
                shed[message.socket, default: 0] += 1
                return
            }
            try ingest(entry, message.time, frame)
            if recorder.queuedBytes > SessionLoop.stallBytes { stall() }
        } catch {
            failed(error)
        }
    }

    /// Half of the recorder's queue: from here on the sockets are not read until it is shorter.
    private static let stallBytes = 16 << 20

    private func stall() {
        guard !isStalled else { return }
        isStalled = true
        logger.warning("the disk is slower than the market: reading waits")
        for (number, socket) in sockets.enumerated() where !slots[number].isPrivate {
            socket.pause()
        }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { [weak self] in self?.relieve() }
    }

    /// Reads again when the queue is short, and says in a record what was not kept.
    private func relieve() {
        if isStalled {
            guard recorder.queuedBytes < SessionLoop.stallBytes / 2 else {
                loop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { [weak self] in
                    self?.relieve()
                }
                return
            }
            isStalled = false
            for socket in sockets { socket.resume() }
        }
        for (number, count) in shed.sorted(by: { $0.key < $1.key })
        where recorder.queuedBytes < SessionLoop.stallBytes {
            shed[number] = nil
            var event = LinkEvent()
            event.change = .shed
            event.socket = slots[number].description
            event.reason = "the queue towards the disk was full"
            event.count = count
            counts.shed += count
            writer.reset()
            event.write(into: &writer)
            ingest(named: slots[number].linkStream.text, time: clock.now(), payload: writer.bytes)
            // Books are stale now; a new snapshot of each comes only when asked for.
            for item in configuration.subscriptions
            where slots[number].name == .publicData(item.category) {
                sockets[number].resubscribe(item.topic)
            }
        }
    }

    private func ingest(named name: String, time: Timestamp, payload: [UInt8]) {
        do throws(JournalError) {
            let entry = try streams.entry(named: name)
            try ingest(entry, time, payload)
        } catch {
            failed(error)
        }
    }

    /// A record that is evidence only: appended, not fed.
    private func record(named name: String, time: Timestamp, payload: [UInt8]) {
        do throws(JournalError) {
            try recorder.append(try streams.entry(named: name).id, time: time, payload: payload)
        } catch {
            failed(error)
        }
    }

    private func ingest(
        _ entry: StreamTable.Entry,
        _ time: Timestamp,
        _ payload: UnsafeRawBufferPointer
    ) throws(JournalError) {
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        // The recorder raises a time that went back; the core sees what a replay will see.
        let header = RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name)
        outputs.removeAll(keepingCapacity: true)
        stepper.step(header, route: entry.route, payload: payload, outputs: &outputs)
        try carryOut()
    }

    private func ingest(
        _ entry: StreamTable.Entry,
        _ time: Timestamp,
        _ payload: [UInt8]
    ) throws(JournalError) {
        let sequence = try recorder.append(entry.id, time: time, payload: payload)
        step(
            RecordHeader(sequence: sequence, time: recorder.lastTime, stream: entry.name),
            entry.route,
            payload
        )
    }

    private func step(_ header: RecordHeader, _ route: StreamRoute, _ payload: [UInt8]) {
        outputs.removeAll(keepingCapacity: true)
        payload.withUnsafeBytes {
            stepper.step(header, route: route, payload: $0, outputs: &outputs)
        }
        do throws(JournalError) {
            try carryOut()
        } catch {
            failed(error)
        }
    }

    /// Appends the outputs of this turn, then has the commands leave: orders when written, cancels at once.
    private func carryOut() throws(JournalError) {
        guard !outputs.isEmpty else { return }
        var last = SequenceNumber.none
        var commands: [Command] = []
        for output in outputs {
            writer.reset()
            output.write(into: &writer)
            let entry = try streams.entry(named: output.stream)
            last = try recorder.append(entry.id, time: recorder.lastTime, payload: writer.bytes)
            counts.add(output)
            if case .command(let command) = output { commands.append(command) }
        }
        var waiting: [Command] = []
        for command in commands {
            switch command.action {
            case .place, .amend: waiting.append(command)
            case .cancel, .lookUp: send(command, after: last)
            case .resubscribe(let instrument, let topic):
                for (number, slot) in slots.enumerated()
                where slot.name == .publicData(instrument.category) {
                    sockets[number].resubscribe(topic)
                }
            case .setTimer(let name, let due): setTimer(command.strategy, name, due)
            }
        }
        guard !waiting.isEmpty else { return }
        let bound = NIOLoopBound((self, waiting), eventLoop: loop)
        let loop = loop
        let final = last
        let act: @Sendable (Bool) -> Void = { isKept in
            loop.execute {
                let (session, commands) = bound.value
                for command in commands {
                    if isKept {
                        session.send(command, after: final)
                    } else {
                        session.logger.error("an order was not sent: its record could not be kept")
                    }
                }
            }
        }
        switch configuration.orderDurability {
        case .written: recorder.whenWritten(last, act)
        case .durable: recorder.whenDurable(last, act)
        }
    }

    // MARK: - Out to the exchange

    private func send(_ command: Command, after: SequenceNumber) {
        guard let request = RESTRequest(command.action) else { return }
        let isOrder: Bool
        let key: String
        switch command.action {
        case .place(let order): (isOrder, key) = (true, order.orderLinkID)
        case .amend(let order): (isOrder, key) = (true, order.orderLinkID)
        case .cancel(let order): (isOrder, key) = (true, order.orderLinkID)
        default: (isOrder, key) = (false, "")
        }
        if isOrder, !configuration.mayTrade {
            logger.critical("an order was not sent: this session may not trade")
            return
        }
        submit(RESTCall(request, orderingKey: key, after: after)) {}
    }

    /// A question of the session itself, such as the clock; not an answer to a record.
    private func ask(_ question: LookUp, whenDone: @escaping () -> Void) {
        submit(
            RESTCall(RESTRequest(question), after: recorder.watermarks.appended),
            whenDone: whenDone
        )
    }

    private func submit(_ call: RESTCall, whenDone: @escaping () -> Void) {
        requestsOpen += 1
        rest.send(call, on: loop) { [weak self] exchange in
            guard let self else { return }
            requestsOpen -= 1
            if exchange.call.request.isSigned { lastPrivate = SessionClock.monotonic() }
            counts.requests += 1
            ingest(named: exchange.stream.text, time: exchange.received, payload: exchange.payload)
            if stepper.event.kind == .reply, stepper.event.reply.endpoint == .serverTime {
                measured(stepper.event.reply)
            }
            whenDone()
        }
    }

    private func measured(_ reply: Reply) {
        guard reply.isSuccess else { return }
        clockOffset.measure(sent: reply.sent, received: reply.received, server: reply.serverTime)
        let offset = clockOffset.best?.offset
        if let offset {
            rest.setClockOffset(offset)
            for socket in sockets { socket.clockOffset = offset }
        }
        writer.reset()
        writer.object {
            $0.field("wall", String(SessionClock.wall().nanoseconds))
            $0.field("monotonic", String(SessionClock.monotonic()))
            $0.field("offset", offset.map { String($0) } ?? "")
        }
        ingest(named: "session/clock", time: clock.now(), payload: writer.bytes)
    }

    private func setTimer(_ strategy: String, _ name: String, _ due: Timestamp) {
        let key = strategy + "/" + name
        timers[key]?.cancel()
        let delay = max(0, due.nanoseconds - clock.now().nanoseconds)
        timers[key] = loop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) { [weak self] in
            guard let self else { return }
            timers[key] = nil
            writer.reset()
            writer.object {
                $0.field("strategy", strategy)
                $0.field("name", name)
                $0.field("due", String(due.nanoseconds))
            }
            ingest(named: "desk/timer", time: clock.now(), payload: writer.bytes)
        }
    }

    // MARK: - When the journal fails

    private func failed(_ error: JournalError) {
        guard !isFailed else { return }
        isFailed = true
        counts.failure = error.description
        logger.critical(
            "the journal failed: no new order leaves; cancels do",
            metadata: ["error": "\(error)"]
        )
        // Nothing can be recorded any more: what is open is cancelled without a record.
        for order in stepper.engine.openOrders {
            let cancel = CancelRequest(
                instrument: order.instrument,
                orderLinkID: order.orderLinkID,
                orderID: order.orderID
            )
            guard configuration.mayTrade, let request = RESTRequest(.cancel(cancel)) else {
                continue
            }
            rest.send(RESTCall(request), on: loop) { _ in }
        }
    }
}
