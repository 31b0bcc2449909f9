import Journal
import Market
import Runtime
import Trading

/// What happened in the demo, counted from the recording alone.
struct DemoTally {
    var orders = 0
    var fills = 0
    var partialFills = 0
    var cancels = 0
    var amends = 0
    var rejectedByRisk = 0
    var rejectedByExchange = 0
    var throughZero = 0
    var fundings = 0
    /// Disconnects by socket: `public/linear` → 1.
    var disconnects: [String: Int] = [:]
    /// Times that a private socket came back and everything was looked up and merged.
    var reconciliations = 0
    private var wasReconciled = false
    private var lostPrivate = false
    private var isEnding = false

    init(_ recording: Recording, registry: StrategyRegistry) throws(ReplayError) {
        var tally = DemoTally()
        try Walk(registry: registry).run(recording) { step, engine throws(ReplayError) in
            if let event = step.event { tally.take(event, engine) }
            for output in step.outputs { tally.take(output) }
            return true
        }
        self = tally
    }

    private init() {}

    private mutating func take(_ event: Event, _ engine: Engine) {
        switch event.kind {
        case .executions: for row in event.executions { take(row) }
        case .orders:
            for row in event.orders where row.status == .cancelled || row.status == .rejected {
                if row.rejectReason.hasPrefix("EC_PostOnly") { rejectedByExchange += 1 }
            }
        case .reply:
            switch event.reply.endpoint {
            case .createOrder:
                if event.reply.isSuccess { orders += 1 } else { rejectedByExchange += 1 }
            case .amendOrder:
                if event.reply.isSuccess { amends += 1 } else { rejectedByExchange += 1 }
            case .cancelOrder:
                if event.reply.isSuccess { cancels += 1 } else { rejectedByExchange += 1 }
            default: break
            }
        case .link:
            if event.link.change == .disconnected, !isEnding {
                disconnects[event.link.socket, default: 0] += 1
                if event.link.socket.hasPrefix("private/") { lostPrivate = true }
            }
        // What closes after the strategies were stopped is the orderly end.
        case .operatorRequest: isEnding = isEnding || event.operatorRequest.verb == "stop"
        default: break
        }
        if engine.isReconciled, !wasReconciled, lostPrivate {
            reconciliations += 1
            lostPrivate = false
        }
        wasReconciled = engine.isReconciled
    }

    private mutating func take(_ row: ExecutionReport) {
        if row.type == .funding {
            fundings += 1
        } else if row.type.isFill {
            fills += 1
            if let leaves = row.leavesQuantity, !leaves.isZero { partialFills += 1 }
            if let closed = row.closedQuantity, !closed.isZero, closed != row.quantity {
                throughZero += 1
            }
        }
    }

    private mutating func take(_ output: Output) {
        if case .verdict(let verdict) = output, !verdict.isAllowed { rejectedByRisk += 1 }
    }

    /// Counts that are below what a run of 15 s and more must hold, in words.
    func tooFew(sockets: [String]) -> [String] {
        var missing: [String] = []
        for (name, count, floor) in [
            ("orders", orders, 100), ("fills", fills, 20), ("partial fills", partialFills, 3),
            ("cancels", cancels, 20), ("amends", amends, 5),
            ("rejections by risk", rejectedByRisk, 3),
            ("rejections by the exchange", rejectedByExchange, 1),
            ("positions through zero", throughZero, 1), ("funding settlements", fundings, 1),
            ("reconciliations", reconciliations, 1),
        ] where count < floor {
            missing.append("\(name): \(count), at least \(floor)")
        }
        for socket in sockets where disconnects[socket, default: 0] < 1 {
            missing.append("disconnects of \(socket): 0, at least 1")
        }
        return missing
    }
}
