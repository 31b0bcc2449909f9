import Market
import Simulation
import Trading

/// Requests that arrive at the exchange, and what it tells.
extension SimulatedRun {
    /// A request is there.
    func request(_ action: Command.Action, sent: Timestamp, after: SequenceNumber) {
        venue.advance(to: now)
        let back = now + latency.at(now).response
        func answer(_ endpoint: Endpoint, _ reply: OrderReply, _ linkID: String) {
            if !reply.isAccepted { result.refused += 1 }
            deliver(
                answers.reply(endpoint, reply, linkID: linkID, sent: sent, after: after),
                answers.stream(endpoint),
                at: back
            )
        }
        switch action {
        case .place(let request):
            answer(.createOrder, venue.place(request), request.orderLinkID)
        case .amend(var request):
            if let filled = carried[request.orderLinkID], let quantity = request.quantity {
                request.quantity = SimulatedRun.difference(quantity, filled)
            }
            answer(.amendOrder, venue.amend(request), request.orderLinkID)
        case .cancel(let request):
            answer(.cancelOrder, venue.cancel(request), request.orderLinkID)
        case .lookUp(let question):
            let event = answers.answer(question, venue, sent: sent, after: after) { rewrite(&$0) }
            if let event { deliver(event, answers.stream(event.reply.endpoint), at: back) }
        case .resubscribe(let id, let topic):
            // The book of price improvements is none of the exchange's here: its snapshots are those recorded.
            guard topic.hasPrefix("orderbook."), !topic.hasPrefix("orderbook.rpi."),
                let update = venue.snapshot(id)
            else { return }
            var event = Event()
            event.kind = .book
            event.category = id.category
            event.symbol = id.symbol
            event.book = update
            deliver(event, StreamName("public/\(id.category.name)/\(topic)"), at: back)
        case .setTimer: break
        }
        collect()
    }

    /// What the exchange has told goes on its way to the client.
    func collect() {
        for told in venue.takeOutput() {
            var event = Event()
            event.exchangeMilliseconds = told.time.milliseconds
            let stream: StreamName
            switch told.event {
            case .order(_, let record):
                event.kind = .orders
                event.orders = [record.row]
                rewrite(&event.orders[0])
                stream = answers.pushes.order
            case .execution(_, let record):
                event.kind = .executions
                event.executions = [record.row]
                note(event.executions[0])
                stream = answers.pushes.execution
            case .position(_, let record):
                event.kind = .positions
                event.positions = [record.row]
                stream = answers.pushes.position
            case .wallet(_, let report):
                event.kind = .wallets
                event.wallets = report.coins
                stream = answers.pushes.wallet
            default: continue
            }
            let way = latency.at(told.time.nanoseconds).response + plan.edits.privateDelay
            lastPush = max(lastPush, told.time.nanoseconds + way)
            deliver(event, stream, at: max(now, lastPush), isPush: true)
        }
    }

    /// An order that was there before: its row speaks of what is left of it.
    private func rewrite(_ row: inout OrderUpdate) {
        guard let filled = carried[row.orderLinkID] else { return }
        row.quantity = SimulatedRun.sum(row.quantity, filled)
        row.filledQuantity = SimulatedRun.sum(row.filledQuantity, filled)
    }

    static func sum(_ left: Numeral, _ right: Numeral) -> Numeral {
        let decimals = max(left.decimals, right.decimals)
        guard let a = try? left.units(decimals: Int(decimals)),
            let b = try? right.units(decimals: Int(decimals))
        else { return left }
        return Numeral(mantissa: a + b, decimals: decimals)
    }

    static func difference(_ left: Numeral, _ right: Numeral) -> Numeral {
        sum(left, Numeral(mantissa: -right.mantissa, decimals: right.decimals))
    }
}
