import Market
import Simulation
import Trading

/// What the engine is fed, and what it says on its way to the exchange.
extension SimulatedRun {
    /// Something simulated, or a record of the market, for the engine.
    ///
    /// - Parameter event: not changed; the engine reads it where it lies, since a copy costs more than most events.
    func feed(_ event: inout Event, _ stream: StreamName) {
        sequence += 1
        outputs.removeAll()
        engine?.apply(
            &event,
            at: RecordHeader(
                sequence: SequenceNumber(sequence),
                time: Timestamp(nanoseconds: now),
                stream: stream
            ),
            outputs: &outputs
        )
        carryOut()
    }

    /// What the engine said, on its way.
    func carryOut() {
        for output in outputs.elements {
            switch output {
            case .command(let command): carryOut(command)
            case .verdict(let verdict): note(verdict)
            case .finding: result.findings += 1
            case .state: break
            }
        }
    }

    private func carryOut(_ command: Command) {
        let time = latency.at(now)
        let sent = Timestamp(nanoseconds: now)
        switch command.action {
        case .setTimer(let name, let due):
            var timer = TimerEvent()
            timer.strategy = command.strategy
            timer.name = name
            timer.due = due
            agenda.add(.timer(timer), at: max(now, due.nanoseconds))
            return
        case .place(let request):
            note(request, command.strategy, isSimulated: true)
            if plan.without.contains(request.orderLinkID) { return leaveOut(request) }
        case .amend: result.amends += 1
        case .cancel: result.cancels += 1
        case .lookUp, .resubscribe: break
        }
        agenda.add(
            .arrival(command.action, sent: sent, after: SequenceNumber(sequence)),
            at: now + time.entry
        )
    }

    /// The engine is told that the order was refused: as near as can be to its not having been.
    private func leaveOut(_ request: OrderRequest) {
        leftOut.insert(request.orderLinkID)
        let reply = OrderReply(
            code: 10_001,
            message: "left out of this run",
            orderLinkID: request.orderLinkID
        )
        deliver(
            answers.reply(
                .createOrder,
                reply,
                linkID: request.orderLinkID,
                sent: Timestamp(nanoseconds: now),
                after: SequenceNumber(sequence)
            ),
            answers.stream(.createOrder),
            at: now + latency.at(now).entry + latency.at(now).response
        )
    }

    func deliver(
        _ event: consuming Event,
        _ stream: StreamName,
        at time: Int64,
        isPush: Bool = false
    ) {
        agenda.add(
            .delivery(RunAgenda.Delivery(stream: stream, event: event, isPush: isPush)),
            at: time
        )
    }
}
