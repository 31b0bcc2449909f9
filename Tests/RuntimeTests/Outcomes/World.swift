import Bybit
import DeskStrategies
import Journal
import Market
import Runtime
import Simulation
import Trading

@testable import Gateway

/// A session and its exchange on one virtual clock, with a network between them that does what a scenario says.
///
/// The session's parts are the real ones as far as they have no socket: decoder and engine (``Stepper``), the life of
/// a connection (`ConnectionState`), order entry by socket (`TradeQueue`), and the records of REST exchanges
/// (`RESTExchange`). What `Live` does between them with an event loop is done here with an ``Agenda``, in the same
/// order: record, step, record the outputs, carry out.
final class World {
    /// One record of the session.
    struct Recorded {
        var name: StreamName
        var sequence: UInt64
        var time: Timestamp
        var payload: [UInt8]
        var kind: Kind
    }

    enum Kind { case input, output, evidence }

    let scenario: Scenario
    let exchange: VirtualExchange
    var agenda = Agenda()
    /// Nanoseconds since 1970.
    var time = VirtualExchange.start.nanoseconds
    var chance: Chance
    let start: SessionStart

    var stepper: Stepper
    private(set) var records: [Recorded] = []
    private var sequence: UInt64 = 0
    private var lastTime = Timestamp.zero
    private var routes: [String: StreamRoute] = [:]
    private var timers: [String: Int] = [:]
    private var failure: (any Error)?

    var wires: [Wire] = []
    var trade: TradeQueue
    var tradeWake: Int64?
    var waiting: [[Waiting]] = RESTCall.Lane.allCases.map { _ in [] }
    var active: [Int: Active] = [:]
    var callNumber = 0
    /// Messages under way that were held up.
    var held = 0
    var noNetworkUntil: Int64 = 0
    /// Counts outages: what was under way when one began is lost.
    var epoch = 0
    /// Requests of each kind that have left.
    var left: [Endpoint: Int] = [:]
    var pushes: [String: Int] = [:]
    var questions = 0
    /// New orders that have left, by client order id.
    var creates: [String: Int] = [:]
    /// Something has befallen a message.
    var hasStruck = false
    /// Nothing befalls anything, whatever the scenario says.
    var isFaultless = false
    /// Where the records go as well; their numbers are then the recording's.
    var recorder: Recorder?
    /// Nanoseconds on the way.
    var ways: ClosedRange<Int64> = 1_000_000...2_999_999
    /// Nanoseconds that the exchange runs on at most before what it sent is taken.
    var longestStep: Int64 = 250_000_000

    static var registry: StrategyRegistry {
        var registry = StrategyRegistry()
        registry.register(Lifer.self)
        return registry
    }

    /// - Parameter path: where the session is recorded; `nil`: nowhere.
    init(_ scenario: Scenario, recording path: String? = nil) throws {
        self.scenario = scenario
        recorder = try path.map { try Recorder.open($0) }
        chance = Chance(seed: UInt64(scenario.number) &+ 0x5eed)
        exchange = try VirtualExchange(scenario)
        start = SessionStart(
            session: "outcome-\(scenario.number)",
            run: 1,
            program: "test",
            build: "test",
            account: "main",
            strategies: [
                StrategyConfiguration(
                    name: "lifer",
                    kind: Lifer.kind,
                    parameters: scenario.script.settings
                )
            ],
            limits: [],
            configuration: [],
            wall: VirtualExchange.start,
            monotonicNanoseconds: VirtualExchange.start.nanoseconds
        )
        stepper = Stepper(
            engine: try Engine(configuration: start.engineConfiguration, registry: World.registry)
        )
        var quotas = RateLimiter.Settings()
        quotas.assumesQuotas = false
        trade = TradeQueue(limiter: SharedLimiter(settings: quotas))
        makeWires()
    }

    /// A session of other strategies on another market.
    init(
        _ exchange: VirtualExchange,
        strategies: [StrategyConfiguration],
        limits: [Setting],
        topics: [String]
    ) throws {
        scenario = Scenario.plain
        isFaultless = true
        chance = Chance(seed: 0x7a9e)
        self.exchange = exchange
        start = SessionStart(
            session: "truth",
            run: 1,
            program: "test",
            build: "test",
            account: "main",
            strategies: strategies,
            limits: limits,
            configuration: [],
            wall: VirtualExchange.start,
            monotonicNanoseconds: VirtualExchange.start.nanoseconds
        )
        stepper = Stepper(
            engine: try Engine(configuration: start.engineConfiguration, registry: .standard)
        )
        var quotas = RateLimiter.Settings()
        quotas.assumesQuotas = false
        trade = TradeQueue(limiter: SharedLimiter(settings: quotas))
        makeWires(topics: topics)
    }

    var now: Timestamp { Timestamp(nanoseconds: time) }

    /// Milliseconds since the start.
    var elapsed: Int64 { (time - VirtualExchange.start.nanoseconds) / 1_000_000 }

    /// Nanoseconds on the way, one to three milliseconds.
    func latency() -> Int64 {
        ways.lowerBound + Int64(chance.below(Int(ways.upperBound - ways.lowerBound) + 1))
    }

    /// What cannot be said to a caller in between ends the scenario.
    func attempt(_ body: () throws -> Void) {
        do { try body() } catch { failure = failure ?? error }
    }

    // MARK: - Running

    /// Runs until all has been quiet for a while, or `limit` virtual seconds.
    ///
    /// - Returns: whether it became quiet.
    func run(limit: Int64 = 150) throws -> Bool {
        begin()
        var quiet = 0
        var tick = time + 1_000_000_000
        while elapsed < limit * 1_000 {
            let next = min(agenda.next ?? .max, tick)
            advance(to: next)
            if let failure { throw failure }
            if let due = agenda.next, due <= time, let item = agenda.take() {
                item.body()
                drain()
                continue
            }
            guard time >= tick else { continue }
            tick += 1_000_000_000
            ingest("session/tick") { $0.field("monotonic", String(time)) }
            quiet = isQuiet ? quiet + 1 : 0
            if quiet == 9 { return true }
        }
        return false
    }

    private func advance(to next: Int64) {
        while exchange.now.nanoseconds < next {
            // Market steps are met exactly, so that what they cause is sent in their moment.
            let market = scenario.market.lazy
                .map { VirtualExchange.start.nanoseconds + Int64($0.milliseconds) * 1_000_000 }
                .first { $0 > self.exchange.now.nanoseconds }
            let step = min(next, market ?? .max, exchange.now.nanoseconds + longestStep)
            time = max(time, step)
            exchange.advance(to: step)
            drain()
            // A push may be due before what was next.
            if let due = agenda.next, due < next { return advance(to: due) }
        }
        time = max(time, next)
    }

    /// Nothing is under way, asked, or owed.
    private var isQuiet: Bool {
        let engine = stepper.engine
        let last = scenario.market.last.map { Int64($0.milliseconds) } ?? 0
        return elapsed > max(12_000, last + 1_000) && active.isEmpty && held == 0
            && trade.pending == 0 && time >= noNetworkUntil && engine.isReconciled
            && engine.timers.isEmpty && engine.isAnswered
            && waiting.allSatisfy(\.isEmpty)
    }

    private func begin() {
        ingest("session/start", start.payload())
        var open = 2
        for question in [LookUp.serverTime, .instruments(.linear)] {
            submit(RESTCall(RESTRequest(question))) { [unowned self] _ in
                open -= 1
                guard open == 0 else { return }
                for wire in wires { perform(wire.state.start(now: time), on: wire) }
            }
        }
    }

    // MARK: - Records

    func ingest(_ name: String, _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.object { write(&$0) }
        ingest(name, writer.bytes)
    }

    /// Record, step, record the outputs, carry out: as `SessionLoop` does.
    func ingest(_ name: String, _ payload: [UInt8]) {
        let stream = append(name, payload, .input)
        let header = RecordHeader(
            sequence: SequenceNumber(sequence),
            time: lastTime,
            stream: stream
        )
        var outputs = Outputs()
        payload.withUnsafeBytes {
            stepper.step(header, route: route(stream), payload: $0, outputs: &outputs)
        }
        carryOut(outputs)
    }

    @discardableResult
    func append(_ name: String, _ payload: [UInt8], _ kind: Kind) -> StreamName {
        lastTime = max(lastTime, now)
        let stream = StreamName(name)
        sequence += 1
        if let recorder { attempt { sequence = try append(stream, payload, to: recorder) } }
        records.append(
            Recorded(
                name: stream,
                sequence: sequence,
                time: lastTime,
                payload: payload,
                kind: kind
            )
        )
        return stream
    }

    private func append(
        _ stream: StreamName,
        _ payload: [UInt8],
        to recorder: Recorder
    ) throws -> UInt64 {
        if stream.kind == .sessionStart {
            return try recorder.start(time: lastTime, payload: payload).value
        }
        let id = try recorder.stream(named: stream.text)
        return try payload.withUnsafeBytes {
            try recorder.append(id, time: lastTime, payload: $0).value
        }
    }

    /// Ends the recording.
    func seal() throws { _ = try recorder?.seal() }

    func route(_ stream: StreamName) -> StreamRoute {
        if let known = routes[stream.text] { return known }
        let route = StreamRoute(stream)
        routes[stream.text] = route
        return route
    }

    /// Cancels and questions leave at once, new orders and amendments when their record is written.
    private func carryOut(_ outputs: Outputs) {
        var commands: [Command] = []
        for (place, output) in outputs.elements.enumerated() {
            append(output.stream, outputs.payload(place), .output)
            if case .command(let command) = output { commands.append(command) }
        }
        let last = SequenceNumber(sequence)
        for command in commands {
            switch command.action {
            case .place(let order) where order.reduceOnly: send(command, after: last)
            case .place, .amend:
                agenda.add(at: time + Int64(chance.below(900_000))) { [unowned self] in
                    send(command, after: last)
                }
            case .cancel, .lookUp: send(command, after: last)
            case .resubscribe(_, let topic):
                perform(wires[0].state.resubscribe(topic, now: time), on: wires[0])
            case .setTimer(let name, let due): setTimer(command.strategy, name, due)
            }
        }
    }

    private func send(_ command: Command, after: SequenceNumber) {
        guard let request = RESTRequest(command.action) else { return }
        let key: String
        switch command.action {
        case .place(let order): key = order.orderLinkID
        case .amend(let order): key = order.orderLinkID
        case .cancel(let order): key = order.orderLinkID
        default: key = ""
        }
        let call = RESTCall(request, orderingKey: key, after: after)
        if key.isEmpty || scenario.entry == .rest {
            submit(call) { _ in }
        } else {
            perform(trade.submit(call, now: time))
        }
    }

    private func setTimer(_ strategy: String, _ name: String, _ due: Timestamp) {
        let key = strategy + "/" + name
        timers[key, default: 0] += 1
        let number = timers[key]
        agenda.add(at: max(time, due.nanoseconds)) { [unowned self] in
            guard timers[key] == number else { return }
            ingest("desk/timer") {
                $0.field("strategy", strategy)
                $0.field("name", name)
                $0.field("due", String(due.nanoseconds))
            }
        }
    }
}
