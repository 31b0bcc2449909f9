import Bybit
import DeskStrategies
import Market
import Runtime

@testable import Trading

extension Engine {
    /// Nothing is owed: no order whose fate is open, none with a request under way, no question for later.
    var isAnswered: Bool {
        desk.links.deferred.isEmpty && desk.links.reconciliation == nil
            && desk.orderStore.orders.allSatisfy { order in
                (order.phase == .open || order.isClosed) && !order.isBusy && order.lack == nil
            }
    }
}

/// What a scenario came to: what is wrong with it, and what happened on the way.
struct Judgement: Sendable {
    var problems: [String] = []
    /// Orders that were unknown at some time, by the desk's own word.
    var unknown = 0
    /// Of them those that the exchange turned out to have, and those that were never placed.
    var found = 0
    var notPlaced = 0
    var lookUps = 0
    var hasStruck = false
    /// Orders of the intent beyond the first.
    var replaced = 0
    var fills = 0
    var records = 0

    /// Runs a scenario, compares both sides, and replays its records.
    init(_ scenario: Scenario) throws {
        let world = try World(scenario)
        let isQuiet = try world.run()
        if !isQuiet { problems.append("not quiet after 150 s: \(Judgement.open(world))") }
        hasStruck = world.hasStruck
        records = world.records.count
        compareOrders(world)
        comparePositions(world)
        replay(world)
        count(world)
    }

    private static func open(_ world: World) -> String {
        let orders = world.stepper.engine.orders.filter {
            $0.phase != .open && !$0.isClosed || $0.isBusy || $0.lack != nil
        }
        return "\(orders) held \(world.held) active \(world.active.count)"
            + " deferred \(world.stepper.engine.desk.links.deferred)"
            + " halted \(world.stepper.engine.haltReason ?? "no")"
    }

    // MARK: - Two sides

    private mutating func compareOrders(_ world: World) {
        let engine = world.stepper.engine
        let theirs = world.exchange.orders
        for (id, count) in world.creates.sorted(by: { $0.key < $1.key }) where count > 1 {
            problems.append("\(id) was sent \(count) times")
        }
        // Lifer places another order only when it was told that there is none.
        if theirs.count > 1 { problems.append("\(theirs.count) orders for one intent") }
        var known: Set<String> = []
        for row in theirs {
            guard known.insert(row.orderLinkID).inserted else {
                problems.append("the exchange has \(row.orderLinkID) twice")
                continue
            }
            let all = engine.orders.filter { $0.orderLinkID == row.orderLinkID }
            guard let ours = all.first, all.count == 1 else {
                problems.append("the desk has \(row.orderLinkID) \(all.count) times")
                continue
            }
            compare(ours, row)
        }
        for order in engine.orders where !known.contains(order.orderLinkID) {
            let isNone =
                order.isClosed && (order.status == nil || order.status == .rejected)
                && order.filled.isZero && order.executed.isZero
            if !isNone {
                problems.append("the exchange has no \(order.orderLinkID): \(order)")
            }
        }
    }

    private mutating func compare(_ ours: Order, _ row: OrderUpdate) {
        func check(_ what: String, _ left: some Equatable, _ right: some Equatable) {
            if "\(left)" != "\(right)" {
                problems.append("\(what): the desk says \(left), the exchange \(right)")
            }
        }
        check("id", ours.orderID, row.orderID)
        check("status", ours.status?.name ?? "none", row.status.name)
        check("phase", ours.phase, row.status.isClosed ? Order.Phase.closed : .open)
        check("filled", ours.filled, Amount(exactly: row.filledQuantity))
        check("executed", ours.executed, Amount(exactly: row.filledQuantity))
        check("quantity", Amount(exactly: ours.quantity), Amount(exactly: row.quantity))
        let price = row.price.map { Amount(exactly: $0) } ?? .zero
        check("price", ours.price.map { Amount(exactly: $0) } ?? .zero, price)
        check("pending", ours.isBusy, false)
    }

    private mutating func comparePositions(_ world: World) {
        let engine = world.stepper.engine
        let row = world.exchange.position
        let size = row.map { Amount(exactly: $0.size) } ?? .zero
        let theirs = row?.side == .sell ? size.negated : size
        for (what, ours) in [
            ("position", engine.ledger.position(Lifer.instrument).size),
            ("share", engine.ledger.position(Lifer.instrument, of: "lifer").size),
        ] where ours != theirs {
            problems.append("\(what): the desk says \(ours), the exchange \(theirs)")
        }
        let balance = engine.ledger.wallets["USDT"]?.balance
        if balance != world.exchange.balance {
            let ours = balance.map { "\($0)" } ?? "none"
            problems.append(
                "balance: the desk says \(ours), the exchange \(world.exchange.balance)"
            )
        }
        let fills = (engine.seats.first?.logic as? Lifer)?.fills ?? []
        if Set(fills).count != fills.count { problems.append("a fill was told twice") }
    }

    // MARK: - Once more from the records

    /// The same records lead a fresh engine to the same outputs and the same state.
    private mutating func replay(_ world: World) {
        do {
            var stepper = Stepper(
                engine: try Engine(
                    configuration: world.start.engineConfiguration,
                    registry: World.registry
                )
            )
            var expected: [[UInt8]] = []
            for record in world.records where record.kind != .evidence {
                if record.kind == .output {
                    guard expected.first == record.payload else {
                        problems.append("record \(record.sequence) is replayed otherwise")
                        return
                    }
                    expected.removeFirst()
                    continue
                }
                if !expected.isEmpty {
                    problems.append("record \(record.sequence): more outputs in the replay")
                    return
                }
                let header = RecordHeader(
                    sequence: SequenceNumber(record.sequence),
                    time: record.time,
                    stream: record.name
                )
                var outputs = Outputs()
                record.payload.withUnsafeBytes {
                    stepper.step(
                        header,
                        route: world.route(record.name),
                        payload: $0,
                        outputs: &outputs
                    )
                }
                expected = outputs.elements.indices.map { outputs.payload($0) }
            }
            if stepper.engine.stateReport() != world.stepper.engine.stateReport() {
                problems.append("the replay's state differs")
            }
        } catch {
            problems.append("the replay failed: \(error)")
        }
    }

    private mutating func count(_ world: World) {
        for record in world.records where record.kind == .output {
            let text = String(decoding: record.payload, as: UTF8.self)
            if record.name.text == "desk/finding" {
                if text.contains("settled: the exchange has") { found += 1 }
                if text.contains("so not placed") { notPlaced += 1 }
            }
            if text.contains(#""order-history""#) || text.contains("orderHistory") { lookUps += 1 }
        }
        let engine = world.stepper.engine
        unknown = found + notPlaced
        replaced = max(0, engine.orders.count - 1)
        fills = (engine.seats.first?.logic as? Lifer)?.fills.count ?? 0
    }
}
