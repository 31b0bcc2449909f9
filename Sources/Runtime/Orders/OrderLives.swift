import Bybit
import JSON
import Market
public import Trading

/// Folds a recording into the life of each order.
public struct OrderLives {
    /// In the order in which they became known.
    public private(set) var lives: [OrderLife] = []
    private var byLinkID: [String: Int] = [:]
    private var byOrderID: [String: Int] = [:]
    private var executions: Set<String> = []
    private let parser = JSONParser()

    public init() {}

    /// Takes in one record and what the engine says to it.
    public mutating func take(_ step: Walk.Step, _ engine: Engine) {
        if case .sent = step.header.stream.kind { sent(step) }
        guard let event = step.event else { return }
        switch event.kind {
        case .orders, .reply:
            if event.kind == .reply { answered(event.reply, step) }
            for row in event.orders { take(row, step, engine) }
            for row in event.executions { take(row, step, engine) }
            takeCombinations(event.details, step, engine)
        case .spreadOrders, .spreadExecutions: takeCombinations(event.details, step, engine)
        case .executions:
            for row in event.executions { take(row, step, engine) }
        default: break
        }
        for output in step.outputs {
            guard case .command(let command) = output else { continue }
            decided(command, step)
        }
    }

    // MARK: Ours

    private mutating func decided(_ command: Command, _ step: Walk.Step) {
        switch command.action {
        case .place(let order):
            let life = OrderLife(
                instrument: order.instrument,
                orderLinkID: order.orderLinkID,
                strategy: command.strategy,
                side: order.side,
                type: order.type,
                timeInForce: order.timeInForce,
                quantity: order.quantity,
                price: order.price
            )
            note(.decided, step, at: add(life))
        case .amend(let order):
            note(.amendDecided, step, at: place(order.orderLinkID, order.orderID))
        case .cancel(let order):
            note(.cancelDecided, step, at: place(order.orderLinkID, order.orderID))
        default: break
        }
    }

    /// A frame of ours on the trade socket; it names its order in the request's id.
    private mutating func sent(_ step: Walk.Step) {
        let request = try? parser.parse(step.payload) {
            root throws(JSONError) -> (id: String, operation: String)? in
            guard let id = root["reqId"]?.string, let operation = root["op"]?.string else {
                return nil
            }
            return (id, operation)
        }
        guard let request = request.flatMap({ $0 }),
            let point = request.id.lastIndex(of: ".")
        else { return }
        let what: OrderLife.Step
        switch request.operation {
        case "order.create": what = .sent
        case "order.amend": what = .amendSent
        case "order.cancel": what = .cancelSent
        default: return
        }
        note(what, step, at: place(String(request.id[..<point]), ""))
    }

    private mutating func answered(_ reply: Reply, _ step: Walk.Step) {
        let steps: (sent: OrderLife.Step, taken: OrderLife.Step)
        switch reply.endpoint {
        case .createOrder: steps = (.sent, .acknowledged)
        case .amendOrder: steps = (.amendSent, .amendAcknowledged)
        case .cancelOrder: steps = (.cancelSent, .cancelAcknowledged)
        default: return
        }
        guard let place = place(reply.orderLinkID, reply.orderID) else { return }
        if lives[place].orderID.isEmpty, !reply.orderID.isEmpty { know(reply.orderID, place) }
        // A REST record says when its request left; on the trade socket the frame was a record of its own.
        if reply.sent > .zero, reply.outcome != .notSent {
            lives[place].moments.append(
                OrderLife.Moment(
                    step: steps.sent,
                    sequence: step.header.sequence,
                    time: reply.sent,
                    note: ""
                )
            )
        }
        if reply.isSuccess {
            note(steps.taken, step, at: place)
        } else {
            let isAnswered = reply.outcome == .answered
            let words = isAnswered ? "\(reply.code) \(reply.message)" : reply.outcome.rawValue
            note(isAnswered ? .refused : .unanswered, step, at: place, words)
        }
    }

    // MARK: Theirs

    /// Orders on combinations and their fills; what their legs do belongs to the legs' own instruments.
    private mutating func takeCombinations(
        _ details: [Detail],
        _ step: Walk.Step,
        _ engine: Engine
    ) {
        guard !details.isEmpty else { return }
        for row in OrderUpdate.combinations(of: details) { take(row, step, engine) }
        for row in ExecutionReport.combinations(of: details) { take(row, step, engine) }
    }

    private mutating func take(_ row: OrderUpdate, _ step: Walk.Step, _ engine: Engine) {
        let place =
            place(row.orderLinkID, row.orderID)
            ?? add(
                OrderLife(
                    instrument: row.instrument,
                    orderLinkID: row.orderLinkID,
                    strategy: strategy(row.orderLinkID, engine),
                    side: row.side,
                    type: row.type,
                    timeInForce: row.timeInForce,
                    quantity: row.quantity,
                    price: row.price
                )
            )
        if lives[place].orderID.isEmpty { know(row.orderID, place) }
        // As the engine merges rows: one of before that comes late changes nothing, and a fill counts behind a cancel.
        let merged = engine.order(of: row)
        lives[place].quantity = merged?.quantity ?? row.quantity
        lives[place].price = row.type == .market ? nil : merged?.price ?? row.price
        let status = merged?.status ?? row.status
        // A row that says nothing new is no step.
        if lives[place].status == status { return }
        lives[place].status = status
        note(.row, step, at: place, status.name)
    }

    private mutating func take(_ row: ExecutionReport, _ step: Walk.Step, _ engine: Engine) {
        guard row.type.isFill, let place = place(row.orderLinkID, row.orderID),
            executions.insert("\(row.instrument) \(row.executionID)").inserted
        else { return }
        lives[place].fills += 1
        if let quantity = try? Amount(row.quantity),
            let sum = try? lives[place].filled.adding(quantity)
        {
            lives[place].filled = sum
        }
        note(.filled, step, at: place, "\(row.quantity) @ \(row.price)")
    }

    // MARK: Places

    private func strategy(_ linkID: String, _ engine: Engine) -> String {
        engine.order(orderLinkID: linkID)?.strategy ?? Order.external
    }

    private mutating func add(_ life: OrderLife) -> Int {
        lives.append(life)
        let place = lives.count - 1
        if !life.orderLinkID.isEmpty { byLinkID[life.orderLinkID] = place }
        if !life.orderID.isEmpty { byOrderID[life.orderID] = place }
        return place
    }

    private mutating func know(_ orderID: String, _ place: Int) {
        guard !orderID.isEmpty else { return }
        lives[place].orderID = orderID
        byOrderID[orderID] = place
    }

    private func place(_ linkID: String, _ orderID: String) -> Int? {
        if !orderID.isEmpty, let known = byOrderID[orderID] { return known }
        return linkID.isEmpty ? nil : byLinkID[linkID]
    }

    private mutating func note(
        _ what: OrderLife.Step,
        _ step: Walk.Step,
        at place: Int?,
        _ note: String = ""
    ) {
        guard let place else { return }
        lives[place].moments.append(
            OrderLife.Moment(
                step: what,
                sequence: step.header.sequence,
                time: step.header.time,
                note: note
            )
        )
    }
}
