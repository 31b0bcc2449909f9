import Bybit
import Journal
import Market
import Runtime
import Simulation
import Trading

@testable import Gateway
@testable import ReplayServer

/// One account's session on the exchange of a day: its engine, its sockets, its recording on disk.
///
/// Decoder, engine and the records of REST exchanges are the real ones. Frames come without a network between, in the
/// order in which the exchange sent them; answers of REST take some milliseconds, so that what a request causes is often
/// pushed before it is answered.
final class DayDesk {
    typealias Holder = DayExchange.Holder

    private struct Wire {
        var slot: SocketSlot
        var path: SocketPath
        var topics: [String]
        var line: VirtualLine?
        /// When it comes back; `nil` while it is there.
        var back: Int64?
    }

    let holder: Holder
    let exchange: DayExchange
    let path: String
    let start: SessionStart
    private(set) var stepper: Stepper
    private(set) var records: UInt64 = 0
    private(set) var losses = 0
    var agenda = Agenda()
    var chance: Chance

    private let draft: RecordingDraft
    private var wires: [Wire] = []
    private var lastTime = Timestamp.zero
    private var routes: [String: (stream: StreamName, route: StreamRoute)] = [:]
    private var timers: [String: Int] = [:]

    static var registry: StrategyRegistry {
        var registry = StrategyRegistry()
        registry.register(DayTrader.self)
        return registry
    }

    private static let categories: [Market.Category] = [.linear, .inverse, .spot, .option, .spread]

    /// - Parameter trades: whether a strategy trades; without it all orders are other clients'.
    init(
        _ holder: Holder,
        on exchange: DayExchange,
        path: String,
        trades: Bool = true
    ) throws {
        self.holder = holder
        self.exchange = exchange
        self.path = path
        chance = Chance(seed: exchange.plan.seed &+ UInt64(holder.place))
        let products = exchange.products.filter { $0.id.category != .spread }
            .map { "\($0.id.category.name) \($0.id.symbol) \($0.lot)" }
        let categories = DayDesk.categories.map(\.name).joined(separator: " ")
        start = SessionStart(
            session: "day-\(holder.alias)",
            run: 1,
            program: "test",
            build: "test",
            account: holder.alias,
            strategies: trades
                ? [
                    StrategyConfiguration(
                        name: "trader",
                        kind: DayTrader.kind,
                        parameters: [
                            Setting("step_ms", String(exchange.plan.strategyStep / 1_000_000)),
                            Setting("products", products.joined(separator: ",")),
                        ]
                    )
                ] : [],
            limits: [Setting("open_orders", "40")],
            configuration: [Setting(SessionStart.reconciledCategories, categories)],
            wall: exchange.now,
            monotonicNanoseconds: exchange.now.nanoseconds
        )
        stepper = Stepper(
            engine: try Engine(
                configuration: start.engineConfiguration,
                registry: DayDesk.registry
            )
        )
        draft = try RecordingDraft(path, id: start.session)
        makeWires()
    }

    var engine: Engine { stepper.engine }
    private var now: Timestamp { exchange.now }

    private func makeWires() {
        var topics: [Market.Category: [String]] = [:]
        for product in exchange.products where product.id.category != .spread {
            let depth = product.id.category == .option ? 25 : 50
            topics[product.id.category, default: []] += [
                "orderbook.\(depth).\(product.id.symbol)", "tickers.\(product.id.symbol)",
            ]
        }
        for (category, names) in topics.sorted(by: { $0.key < $1.key }) {
            wires.append(
                Wire(
                    slot: SocketSlot(.publicData(category)),
                    path: .publicData(category),
                    topics: names
                )
            )
        }
        wires.append(
            Wire(
                slot: SocketSlot(.privateData(account: holder.alias)),
                path: .privateData,
                topics: [
                    "order", "execution", "position", "wallet", "spread.order",
                    "spread.execution",
                ]
            )
        )
    }

    // MARK: Life

    func begin() throws {
        try ingest("session/start", start.payload())
        for question in [LookUp.serverTime] + DayDesk.categories.map({ .instruments($0) }) {
            try ask(RESTRequest(question), after: .none)
        }
        try settle()
        for place in wires.indices { try connect(place) }
    }

    /// What is due now: answers, timers, what the exchange has sent.
    func turn() throws {
        for place in wires.indices {
            if let back = wires[place].back, back <= now.nanoseconds { try connect(place) }
        }
        try drain()
        while let due = agenda.next, due <= now.nanoseconds, let item = agenda.take() {
            item.body()
            if let failure { throw failure }
        }
        try drain()
    }

    private var failure: (any Error)?

    /// Waits for all answers that are on their way, at most a minute of the exchange's time.
    func settle() throws {
        let end = now.nanoseconds + 60_000_000_000
        while open > 0, now.nanoseconds < end {
            exchange.advance(to: now.advanced(nanoseconds: 5_000_000))
            try turn()
        }
    }

    func tick() throws {
        try ingest("session/tick") { $0.field("monotonic", String(now.nanoseconds)) }
    }

    func request(_ verb: String) throws {
        try ingest("desk/operator") {
            $0.field("verb", verb)
            $0.field("reason", "the day's plan")
        }
    }

    func seal() throws -> Recording {
        try draft.seal()
        return try Recording.open(path)
    }

    // MARK: Sockets

    private func connect(_ place: Int) throws {
        wires[place].back = nil
        let line = try exchange.open(wires[place].path)
        wires[place].line = line
        try link(place, .connected)
        if wires[place].slot.isPrivate { exchange.receive(exchange.login(holder), on: line) }
        let requests = SocketRequest.subscriptions(
            wires[place].topics,
            on: wires[place].slot.name
        )
        for (number, request) in requests.enumerated() {
            exchange.receive(request.bytes(requestID: .text("s\(number)")), on: line)
        }
        try drain()
        try link(place, .ready)
    }

    /// Loses one connection, which comes back after some seconds; what is sent meanwhile is sent to nobody.
    func lose() throws {
        let place = chance.below(3) == 0 ? chance.below(wires.count) : wires.count - 1
        guard let line = wires[place].line else { return }
        losses += 1
        line.client.disconnect()
        wires[place].line = nil
        wires[place].back = now.nanoseconds + Int64(1 + chance.below(20)) * 1_000_000_000
        try link(place, .disconnected)
    }

    private func link(_ place: Int, _ change: LinkEvent.Change) throws {
        var event = LinkEvent()
        event.change = change
        event.socket = wires[place].slot.description
        event.reason = change == .disconnected ? "reset" : ""
        var writer = JSONWriter()
        event.write(into: &writer)
        try ingest(wires[place].slot.linkStream.text, writer.bytes)
    }

    private func drain() throws {
        for place in wires.indices {
            guard let line = wires[place].line else { continue }
            let slot = wires[place].slot
            for frame in try line.sent() {
                try ingest(frame.withUnsafeBytes { slot.stream(of: $0) }.text, frame)
            }
        }
    }

    // MARK: Requests

    /// Answers that are on their way.
    private(set) var open = 0

    private func ask(_ request: RESTRequest, after: SequenceNumber) throws {
        var done = RESTExchange(
            call: RESTCall(request, after: after),
            account: request.isSigned ? holder.alias : "public",
            sent: now
        )
        let answer = exchange.answer(request, of: holder)
        done.outcome = .answered
        done.status = answer.status
        done.body = answer.body
        open += 1
        let delay = 1_000_000 + Int64(chance.below(30_000_000))
        agenda.add(at: now.nanoseconds + delay) { [unowned self] in
            open -= 1
            done.received = now
            attempt { try ingest(done.stream.text, done.payload) }
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch { failure = failure ?? error }
    }

    // MARK: Records

    private func ingest(_ name: String, _ write: (inout JSONWriter) -> Void) throws {
        var writer = JSONWriter()
        writer.object { write(&$0) }
        try ingest(name, writer.bytes)
    }

    /// Record, step, record the outputs, carry out.
    private func ingest(_ name: String, _ payload: [UInt8]) throws {
        let (stream, route) = stream(name)
        let header = try append(stream, payload)
        var outputs = Outputs()
        payload.withUnsafeBytes {
            stepper.step(header, route: route, payload: $0, outputs: &outputs)
        }
        var commands: [Command] = []
        for (place, output) in outputs.elements.enumerated() {
            try append(self.stream(output.stream).stream, outputs.payload(place))
            if case .command(let command) = output { commands.append(command) }
        }
        let last = SequenceNumber(records)
        for command in commands { try carryOut(command, after: last) }
    }

    private func stream(_ name: String) -> (stream: StreamName, route: StreamRoute) {
        if let known = routes[name] { return known }
        let stream = StreamName(name)
        let made = (stream, StreamRoute(stream))
        routes[name] = made
        return made
    }

    @discardableResult
    private func append(_ stream: StreamName, _ payload: [UInt8]) throws -> RecordHeader {
        records += 1
        lastTime = max(lastTime, now)
        try draft.add(stream.text, time: lastTime, payload: payload)
        return RecordHeader(
            sequence: SequenceNumber(records),
            time: lastTime,
            stream: stream
        )
    }

    private func carryOut(_ command: Command, after: SequenceNumber) throws {
        switch command.action {
        case .setTimer(let name, let due): setTimer(command.strategy, name, due)
        case .resubscribe(let instrument, let topic):
            guard
                let place = wires.firstIndex(where: { $0.path == .publicData(instrument.category) }
                ),
                let line = wires[place].line
            else { return }
            for request in [SocketRequest.unsubscribe([topic]), .subscribe([topic])] {
                exchange.receive(request.bytes(requestID: .text("r")), on: line)
            }
        case .place, .amend, .cancel, .lookUp:
            guard let request = RESTRequest(command.action) else { return }
            try ask(request, after: after)
        }
    }

    private func setTimer(_ strategy: String, _ name: String, _ due: Timestamp) {
        let key = strategy + "/" + name
        timers[key, default: 0] += 1
        let number = timers[key]
        agenda.add(at: max(now.nanoseconds, due.nanoseconds)) { [unowned self] in
            guard timers[key] == number else { return }
            attempt {
                try ingest("desk/timer") {
                    $0.field("strategy", strategy)
                    $0.field("name", name)
                    $0.field("due", String(due.nanoseconds))
                }
            }
        }
    }
}
