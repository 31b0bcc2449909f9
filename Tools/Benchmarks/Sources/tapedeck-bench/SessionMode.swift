import Bybit
import Journal
import Market
import Runtime
import Simulation
import Trading

/// A session made of the kit's messages: the maker trades, risk judges, everything is recorded, and it is replayed.
enum SessionMode {
    static let path = RecordMode.directory + "tapedeck-session"
    /// The core's clock between ticks.
    private static let second: Int64 = 1_000_000_000

    /// Records the session; not measured.
    ///
    /// - Parameters:
    ///   - rounds: how often the messages are played, one round behind the other.
    ///   - registry: has the strategy `maker`.
    static func record(
        _ workload: Workload,
        path: String = SessionMode.path,
        rounds: Int = 1,
        registry: StrategyRegistry = .standard
    ) throws -> String {
        try RecordMode.remove(path)
        let first = RecordMode.first(workload)
        var session = try Session(path: path, first: first, registry: registry)
        try session.open(tickers: tickers(of: workload))
        let last = workload.messages.last?.time ?? first
        let span = last.nanoseconds - first.nanoseconds + second
        for round in 0..<rounds {
            for message in workload.messages {
                try session.pass(to: message.time.advanced(nanoseconds: Int64(round) * span))
                try session.feed(workload.streams[message.stream], message.payload)
            }
        }
        try session.recorder.seal()
        return "recorded \(session.recorder.statistics.records) records, "
            + "\(session.commands) commands"
    }

    /// A snapshot of each ticker at the price of its first book: the kit's tickers begin in the middle.
    private static func tickers(
        of workload: Workload
    ) -> [(stream: StreamName, payload: [UInt8])] {
        let decoder = MessageDecoder()
        var event = Event()
        var seen: Set<Symbol> = []
        var tickers: [(stream: StreamName, payload: [UInt8])] = []
        for message in workload.messages where seen.count < Contracts.table.count {
            decoder.decode(workload.streams[message.stream], message.payload, into: &event)
            guard event.kind == .book, let bid = event.book.bids.first,
                seen.insert(event.symbol).inserted
            else { continue }
            var ticker = TickerUpdate()
            ticker.isSnapshot = true
            ticker.lastPrice = bid.price
            ticker.markPrice = bid.price
            let symbol = event.symbol
            let time = event.exchangeMilliseconds
            tickers.append(
                (
                    stream: StreamName("public/linear/tickers.\(symbol)"),
                    payload: MessageWriter.message { writer in
                        writer.ticker(ticker, category: .linear, symbol: symbol, ts: time)
                    }
                )
            )
        }
        return tickers
    }

    /// Cursor, decoding, engine with strategy, risk and state hashes, and the comparison of all outputs.
    ///
    /// - Parameter ahead: decodes on a second core.
    static func replay(
        count: Int,
        ahead: Bool = false,
        path: String = SessionMode.path
    ) throws -> String {
        let measurement = Measurement()
        let recording = try Recording.open(path)
        var replay = Replay(registry: .standard)
        replay.decodesAhead = ahead
        let result = try replay.run(recording)
        let line = measurement.line(
            mode: ahead ? "ahead" : "replay",
            count: count,
            extra: [
                ("result", result.word), ("state", String(result.stateHash)),
                ("inputs", String(result.inputs)),
                ("commands", String(result.commands.equal)),
                ("verdicts", String(result.verdicts.equal)),
                ("findings", String(result.findings.equal)),
                ("states", String(result.states.equal)),
            ]
        )
        guard case .identical = result.outcome, result.inputs >= UInt64(count)
        else {
            throw BenchError("the session's replay is not identical: \(line)")
        }
        return line
    }

    /// The maker of that session, re-quoting every 100 ms, on its market against the simulated exchange: constant latency of
    /// 2 ms each way and the risk-averse queue, as the kit gives its peer.
    static var plan: SimulationPlan {
        var plan = SimulationPlan()
        plan.queue = .riskAverse
        plan.latency = .constant(entry: 2_000_000, response: 2_000_000)
        plan.overrides = [
            Replay.Override(strategy: "maker", parameter: "requote_ms", value: "100")
        ]
        return plan
    }

    /// One run of it, the recording opened and surveyed for it.
    static func simulate(count: Int, path: String = SessionMode.path) throws -> String {
        let measurement = Measurement()
        let result = try Simulator(registry: .standard).run(Recording.open(path), plan)
        guard !result.orders.isEmpty else { throw BenchError("the maker asked for no order") }
        return measurement.line(
            mode: "simulate",
            count: count,
            extra: [
                ("orders", String(result.orders.count)), ("fills", String(result.fills)),
                ("digest", String(result.digest)),
            ]
        )
    }

    /// The way of one datum, with the exchange's part played by ``Exchange``.
    private struct Session {
        let recorder: Recorder
        var stepper: Stepper
        var exchange: Exchange
        var commands = 0
        private var time: Timestamp
        private var nextTick: Timestamp
        private let start: SessionStart
        private var streams: [String: (id: StreamID, name: StreamName, route: StreamRoute)] = [:]
        private var timers: [(strategy: String, name: String, due: Timestamp)] = []
        private var outputs = Outputs()

        init(path: String, first: Timestamp, registry: StrategyRegistry) throws {
            let maker = StrategyConfiguration(
                name: "maker",
                kind: "maker",
                parameters: [Setting("symbols", "BTCUSDT,ETHUSDT")]
            )
            start = SessionStart(
                session: "benchmark",
                run: 1,
                program: "benchmark",
                build: "",
                seed: "42",
                account: "main",
                strategies: [try registry.resolved(maker)],
                limits: [
                    Setting("order_quantity", "10"), Setting("order_value", "1000000"),
                    Setting("position_quantity", "100"), Setting("position_value", "10000000"),
                    Setting("open_orders", "100"), Setting("daily_loss", "1000000"),
                ],
                configuration: [],
                wall: first,
                monotonicNanoseconds: 0
            )
            exchange = Exchange(instruments: try Contracts.instruments())
            stepper = Stepper(
                engine: try Engine(configuration: start.engineConfiguration, registry: registry)
            )
            // The owner answers with the state at each roll; by itself a recorder would begin a segment without one.
            var options = RecorderOptions()
            options.rollsItself = false
            recorder = try Recorder.open(path, options: options)
            time = first
            nextTick = first.advanced(nanoseconds: SessionMode.second)
        }

        /// The start of the run, the instruments, both sockets ready, and the tickers.
        mutating func open(tickers: [(stream: StreamName, payload: [UInt8])]) throws {
            let payload = start.payload()
            let sequence = try recorder.start(time: time, payload: payload)
            let name = StreamName("session/start")
            try payload.withUnsafeBytes { bytes in
                try step(sequence, name, StreamRoute(name), bytes)
            }
            try perform(
                Command(
                    strategy: "desk",
                    cause: sequence,
                    ordinal: 0,
                    action: .lookUp(.instruments(.linear))
                )
            )
            for socket in ["public/linear", "private/main"] {
                for change in ["connected", "ready"] {
                    try feed("link/" + socket) {
                        $0.field("change", change)
                        $0.field("socket", socket)
                        $0.field("reason", "")
                        $0.field("count", 0)
                    }
                }
            }
            for ticker in tickers {
                try ticker.payload.withUnsafeBytes { try feed(ticker.stream, $0) }
            }
        }

        /// Fires the timers and ticks that are due on the way to `moment`.
        mutating func pass(to moment: Timestamp) throws {
            while true {
                let timer = timers.indices.min { timers[$0].due < timers[$1].due }
                let due = timer.map { timers[$0].due }
                if let timer, let due, due <= moment, due <= nextTick {
                    let fired = timers.remove(at: timer)
                    time = max(time, due)
                    try feed("desk/timer") {
                        $0.field("strategy", fired.strategy)
                        $0.field("name", fired.name)
                        $0.field("due", String(fired.due.nanoseconds))
                    }
                } else if nextTick <= moment {
                    time = max(time, nextTick)
                    let elapsed = nextTick.nanoseconds - start.wall.nanoseconds
                    nextTick = nextTick.advanced(nanoseconds: SessionMode.second)
                    try feed("session/tick") { $0.field("monotonic", String(elapsed)) }
                } else {
                    break
                }
            }
            time = max(time, moment)
        }

        private mutating func feed(
            _ stream: String,
            _ body: (inout JSONWriter) -> Void
        ) throws {
            var writer = JSONWriter()
            writer.object(body)
            try writer.bytes.withUnsafeBytes { try feed(StreamName(stream), $0) }
        }

        /// Appends an input, steps the engine, appends its outputs, and carries its commands out.
        mutating func feed(_ name: StreamName, _ payload: UnsafeRawBufferPointer) throws {
            let stream = try stream(name)
            let sequence = try append(stream.id, payload)
            try step(sequence, name, stream.route, payload)
            // As a live session does: the next segment begins with the state.
            if recorder.isRollDue {
                try recorder.roll(
                    checkpoint: SegmentCheckpoint.encode(start, stepper.engine)
                )
            }
        }

        private mutating func step(
            _ sequence: SequenceNumber,
            _ name: StreamName,
            _ route: StreamRoute,
            _ payload: UnsafeRawBufferPointer
        ) throws {
            outputs.removeAll()
            let header = RecordHeader(sequence: sequence, time: time, stream: name)
            stepper.step(header, route: route, payload: payload, outputs: &outputs)
            let said = outputs
            for (place, output) in said.elements.enumerated() {
                let stream = try stream(StreamName(output.stream))
                _ = try said.withPayload(place) { try append(stream.id, $0) }
            }
            for case .command(let command) in said.elements { try perform(command) }
        }

        private mutating func perform(_ command: Command) throws {
            commands += 1
            if case .setTimer(let name, let due) = command.action {
                timers.removeAll { $0.strategy == command.strategy && $0.name == name }
                timers.append((strategy: command.strategy, name: name, due: due))
                return
            }
            for answer in exchange.answer(command, at: time) {
                try answer.payload.withUnsafeBytes { try feed(answer.stream, $0) }
            }
        }

        private mutating func stream(
            _ name: StreamName
        ) throws -> (id: StreamID, name: StreamName, route: StreamRoute) {
            if let known = streams[name.text] { return known }
            let made = (
                id: try recorder.stream(named: name.text), name: name, route: StreamRoute(name)
            )
            streams[name.text] = made
            return made
        }

        private func append(
            _ stream: StreamID,
            _ payload: UnsafeRawBufferPointer
        ) throws -> SequenceNumber {
            while recorder.queuedBytes > RecorderOptions().queueBytes / 4 { RecordMode.rest() }
            return try recorder.append(stream, time: time, payload: payload)
        }
    }
}
