import Bybit
import Market

@testable import Gateway
@testable import ReplayServer

/// One WebSocket between the two: its life as the session's own state machine leads it.
final class Wire {
    let slot: SocketSlot
    let path: SocketPath
    var state: ConnectionState
    /// The exchange's end; `nil` while there is no connection.
    var line: VirtualExchange.Line?
    /// Counts connections: what was under way on a former one is lost.
    var generation = 0
    /// When the last message each way arrives: they keep their order.
    var outward: Int64 = 0
    var inward: Int64 = 0
    var wakeAt: Int64?
    var todo: [ConnectionState.Action] = []
    var isPerforming = false

    init(_ name: SocketName, _ path: SocketPath, topics: [String]) {
        slot = SocketSlot(name)
        self.path = path
        var settings = ConnectionState.Settings(name)
        // A quiet socket says less, so that a scenario has fewer records.
        settings.quiet = 20_000_000_000
        settings.stale = 45_000_000_000
        state = ConnectionState(settings: settings)
        _ = state.want(topics, now: 0)
    }
}

extension World {
    func makeWires(topics: [String] = ["orderbook.50.BTCUSDT"]) {
        wires = [
            Wire(.publicData(.linear), .publicData(.linear), topics: topics),
            Wire(
                .privateData(account: "main"),
                .privateData,
                topics: ["order", "execution", "position", "wallet"]
            ),
        ]
        if scenario.entry == .socket {
            wires.append(Wire(.trade(account: "main"), .trade, topics: []))
        }
    }

    private var tradeWire: Wire? { wires.count > 2 ? wires[2] : nil }

    /// As `Socket` does: what is asked for meanwhile comes after what is being carried out.
    func perform(_ actions: [ConnectionState.Action], on wire: Wire) {
        wire.todo += actions
        guard !wire.isPerforming else { return }
        wire.isPerforming = true
        var next = 0
        while next < wire.todo.count {
            carryOut(wire.todo[next], on: wire)
            next += 1
        }
        wire.todo.removeAll()
        wire.isPerforming = false
        schedule(wire)
    }

    private func carryOut(_ action: ConnectionState.Action, on wire: Wire) {
        switch action {
        case .connect: connect(wire)
        case .authenticate(let requestID):
            let expires = now.milliseconds + 5_000
            let signature = VirtualExchange.signature(SocketRequest.textToSign(expires: expires))
            let request = SocketRequest.auth(
                key: VirtualExchange.key,
                expires: expires,
                signature: signature
            )
            put(request.bytes(requestID: .text(requestID)), on: wire, record: [])
        case .send(let request, let requestID):
            let bytes = request.bytes(requestID: requestID.isEmpty ? .none : .text(requestID))
            put(bytes, on: wire, record: bytes)
        case .close: end(wire)
        case .report(let change, let reason):
            var event = LinkEvent()
            event.change = change
            event.socket = wire.slot.description
            event.reason = reason
            var writer = JSONWriter()
            event.write(into: &writer)
            ingest(wire.slot.linkStream.text, writer.bytes)
            if wire === tradeWire { tradeLink(event) }
        }
    }

    private func connect(_ wire: Wire) {
        wire.generation += 1
        let generation = wire.generation
        agenda.add(at: time + 3 * latency()) { [unowned self] in
            guard wire.generation == generation else { return }
            guard time >= noNetworkUntil else {
                return perform(
                    wire.state.closed(reason: "no network", now: time, chance: chance.next()),
                    on: wire
                )
            }
            attempt { wire.line = try exchange.open(wire.path) }
            perform(wire.state.opened(now: time), on: wire)
        }
    }

    private func end(_ wire: Wire) {
        wire.generation += 1
        if let line = wire.line { exchange.close(line) }
        wire.line = nil
    }

    /// The connection is gone; the session sees it a moment later.
    func lose(_ wire: Wire, _ reason: String) {
        guard wire.line != nil else { return }
        end(wire)
        let generation = wire.generation
        agenda.add(at: time + latency()) { [unowned self] in
            guard wire.generation == generation else { return }
            perform(
                wire.state.closed(reason: reason, now: time, chance: chance.next()),
                on: wire
            )
        }
    }

    private func schedule(_ wire: Wire) {
        guard let deadline = wire.state.deadline, wire.wakeAt.map({ deadline < $0 }) ?? true else {
            return
        }
        wire.wakeAt = deadline
        agenda.add(at: max(time, deadline)) { [unowned self] in
            guard wire.wakeAt == deadline else { return }
            wire.wakeAt = nil
            perform(wire.state.wake(now: time, chance: chance.next()), on: wire)
        }
    }

    // MARK: - Frames

    /// A frame of the session's on its way to the exchange.
    private func put(_ bytes: [UInt8], on wire: Wire, record: [UInt8]) {
        append(wire.slot.sentStream.text, record, .evidence)
        guard let line = wire.line else { return }
        let generation = wire.generation
        wire.outward = max(wire.outward + 1, time + latency())
        agenda.add(at: wire.outward) { [unowned self] in
            if wire.generation == generation { exchange.receive(bytes, on: line) }
        }
    }

    /// Takes what the exchange has sent, and lets it travel.
    func drain() {
        for wire in wires {
            guard let line = wire.line else { continue }
            attempt { for frame in try line.sent() { push(frame, on: wire) } }
        }
    }

    private func push(_ frame: [UInt8], on wire: Wire) {
        // It left on a connection that has been cut since.
        guard wire.line != nil else { return }
        let topic = frame.withUnsafeBytes { bytes in
            StreamNaming.topic(of: bytes).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        switch fate(ofPush: topic) {
        case .none: arrive(frame, on: wire)
        case .dropped: break
        case .late(let delay):
            hold(delay, lostWith: wire) { [unowned self] in received(frame, on: wire) }
        case .cut: if scenario.outage > 0 { beginOutage() } else { lose(wire, "reset") }
        }
    }

    private func arrive(_ frame: [UInt8], on wire: Wire) {
        let generation = wire.generation
        wire.inward = max(wire.inward + 1, time + latency())
        agenda.add(at: wire.inward) { [unowned self] in
            if wire.generation == generation { received(frame, on: wire) }
        }
    }

    /// As the session does: the record first, then order entry, then the connection.
    private func received(_ frame: [UInt8], on wire: Wire) {
        let stream = frame.withUnsafeBytes { wire.slot.stream(of: $0) }
        ingest(stream.text, frame)
        if wire === tradeWire, let answer = frame.withUnsafeBytes({ TradeAnswer($0) }) {
            perform(trade.received(answer, now: time))
        }
        guard let control = frame.withUnsafeBytes({ ControlFrame($0) }) else {
            return wire.state.heard(now: time)
        }
        perform(wire.state.received(control, now: time, chance: chance.next()), on: wire)
    }

    // MARK: - Order entry by socket

    private func tradeLink(_ event: LinkEvent) {
        switch event.change {
        case .ready: perform(trade.ready(now: time))
        case .disconnected, .failed: perform(trade.lost(reason: event.reason, now: time))
        case .connected, .shed, .rules, .absent: break
        }
    }

    func perform(_ actions: [TradeQueue.Action]) {
        for action in actions {
            switch action {
            case .send(let request): send(request)
            case .elsewhere(let call):
                submit(call) { [unowned self] _ in trade.endedElsewhere(call) }
            case .ended(let call, let outcome, let reason):
                var exchange = RESTExchange(call: call, account: "main", sent: now)
                exchange.reason = reason
                exchange.outcome = outcome
                ingest(exchange.stream.text, exchange.payload)
            case .reconnect(let reason): if let tradeWire { lose(tradeWire, reason) }
            }
        }
        guard let deadline = trade.deadline, tradeWake.map({ deadline < $0 }) ?? true else {
            return
        }
        tradeWake = deadline
        agenda.add(at: max(time, deadline)) { [unowned self] in
            guard tradeWake == deadline else { return }
            tradeWake = nil
            perform(trade.wake(now: time))
        }
    }

    private func send(_ request: TradeRequest) {
        guard let wire = tradeWire, wire.state.isReady else {
            return perform(trade.lost(reason: "it is not open", now: time))
        }
        let stamp = now.milliseconds
        let bytes = request.bytes(timestamp: stamp)
        append(wire.slot.sentStream.text, bytes, .evidence)
        let fates = fates(of: World.request(request))
        guard let line = wire.line else { return }
        let generation = wire.generation
        let arrived: () -> Void = { [unowned self] in
            take(request, stamp, fates, on: wire, line)
        }
        switch fates.way {
        case .none:
            wire.outward = max(wire.outward + 1, time + latency())
            agenda.add(at: wire.outward) { if wire.generation == generation { arrived() } }
        case .late(let delay): hold(delay, lostWith: wire, arrived)
        case .dropped: break
        case .cut: travel(latency()) { [unowned self] in cut(wire) }
        }
    }

    /// What the same request is on REST, to know it by.
    private static func request(_ request: TradeRequest) -> RESTRequest {
        let endpoint: Endpoint =
            switch request.operation {
            case "order.create": .createOrder
            case "order.amend": .amendOrder
            default: .cancelOrder
            }
        return RESTRequest(endpoint: endpoint, body: request.body)
    }

    private func cut(_ wire: Wire) {
        if scenario.outage > 0 { return beginOutage() }
        lose(wire, "the connection was reset")
    }

    /// The exchange has the frame in hand.
    private func take(
        _ request: TradeRequest,
        _ stamp: Int64,
        _ fates: Fates,
        on wire: Wire,
        _ line: VirtualExchange.Line
    ) {
        switch fates.taken {
        case .dropped: return
        case .late(let delay) where now.milliseconds - stamp <= 5_000:
            hold(delay, lostWith: nil) { [unowned self] in
                carryOut(request, now.milliseconds, fates, on: wire, line)
            }
            if fates.isCutWhileTaken { lose(wire, "the connection was reset") }
        case .none, .late: carryOut(request, stamp, fates, on: wire, line)
        case .cut:
            carryOut(request, stamp, fates, on: wire, line)
            cut(wire)
        }
    }

    private func carryOut(
        _ request: TradeRequest,
        _ stamp: Int64,
        _ fates: Fates,
        on wire: Wire,
        _ line: VirtualExchange.Line
    ) {
        // What it had sent before is not part of the answer.
        drain()
        exchange.receive(request.bytes(timestamp: stamp), on: line)
        attempt {
            let frames = try line.sent()
            // Done, although the connection is gone on which it was asked for.
            guard wire.line === line else { return }
            for frame in frames {
                let answer = fates.isServerError ? World.serverError(request, now) : frame
                switch fates.answer {
                case .none: arrive(answer, on: wire)
                case .late(let delay):
                    hold(delay, lostWith: wire) { [unowned self] in received(answer, on: wire) }
                case .dropped: break
                case .cut: travel(latency()) { [unowned self] in cut(wire) }
                }
            }
        }
        drain()
    }

    private static func serverError(_ request: TradeRequest, _ now: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field("reqId", request.requestID)
            $0.field("retCode", Int64(10_016))
            $0.field("retMsg", "Server error")
            $0.field("op", request.operation)
            $0.field("data", object: { _ in })
            $0.field("retExtInfo", object: { _ in })
            $0.field("header", object: { $0.field("Timenow", String(now.milliseconds)) })
            $0.field("connId", "c")
        }
        return json.bytes
    }
}
