import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// Out to the exchange, and its answers back in.
extension SessionLoop {
    func send(_ command: Command, after: SequenceNumber) {
        if case .lookUp(let question) = command.action {
            for request in HistoryWindows.requests(question, now: exchangeMilliseconds) {
                let call = RESTCall(request, after: after)
                // The end waits for what is asked, and it has seconds.
                let now = SessionClock.monotonic()
                if lookUps.mayLeave(call, at: now, all: isStopAsked) { lookUp(call) }
            }
            return
        }
        guard let call = call(for: command, after: after) else { return }
        call.orderingKey.isEmpty ? submit(call) { _ in } : leave(call)
    }

    private func lookUp(_ call: RESTCall) {
        submit(call) { [weak self] exchange in
            let now = SessionClock.monotonic()
            self?.lookUps.ended(exchange.call, isSuccess: exchange.isSuccess, at: now)
        }
    }

    /// Once a second: questions of the core that have waited, since they had failed, leave when they are due.
    func letLookUpsGo() {
        guard !isStopped else { return }
        for call in lookUps.take(at: SessionClock.monotonic(), all: isStopAsked) { lookUp(call) }
    }

    /// The call that carries a command out; those of an order have its client order id as their key.
    func call(for command: Command, after: SequenceNumber) -> RESTCall? {
        guard let request = request(for: command.action) else { return nil }
        let key: String
        switch command.action {
        case .place(let order): key = order.orderLinkID
        case .amend(let order): key = order.orderLinkID
        case .cancel(let order): key = order.orderLinkID
        default: key = ""
        }
        return RESTCall(request, orderingKey: key, after: after)
    }

    /// Of a new order that reduces in hedge mode it says more than the command does, by what the exchange has told of the
    /// contract until now.
    private func request(for action: Command.Action) -> RESTRequest? {
        guard case .place(let order) = action, order.reduceOnly else { return RESTRequest(action) }
        let isHedged = stepper.show { _, engine in engine.isHedged(order.instrument) }
        return RESTRequest(action, isHedged: isHedged)
    }

    /// A question of the session itself, such as the clock; not an answer to a record.
    func ask(_ question: LookUp, whenDone: @escaping () -> Void) {
        ask(RESTRequest(question), whenDone: whenDone)
    }

    /// The same for any question: one that got no answer, or was refused for the moment, is asked again a few times.
    ///
    /// Nothing but questions is: an order that is sent again could be placed twice.
    func ask(_ request: RESTRequest, attempt: Int = 1, whenDone: @escaping () -> Void) {
        precondition(request.method == "GET", "only questions are asked again")
        let call = RESTCall(request, after: recorder.watermarks.appended, attempt: attempt)
        submit(call) { [unowned self] exchange in
            guard exchange.mayBeAskedAgain, attempt < RESTCall.attemptsMax, !isStopped else {
                return whenDone()
            }
            let wait = RESTCall.pause(after: attempt)
            loop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] in
                guard let self, !isStopped else { return whenDone() }
                ask(request, attempt: attempt + 1, whenDone: whenDone)
            }
        }
    }

    func submit(_ call: RESTCall, whenDone: @escaping (RESTExchange) -> Void) {
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
            noteEnded(exchange)
            // A clock was set: what is signed is refused until its offset is measured anew.
            if stepper.event.kind == .reply, stepper.event.reply.code == 10_002 {
                measureClockAgain()
            }
            if exchange.status == 403 { shutOut() }
            whenDone(exchange)
        }
    }

    /// Once a second at most, however many requests were refused.
    func measureClockAgain() {
        let now = SessionClock.monotonic()
        guard now - lastRemeasure >= 1_000_000_000, !isStopped else { return }
        lastRemeasure = now
        measureClock()
    }

    func measured(_ reply: Reply) {
        guard reply.isSuccess else { return }
        taps.clock =
            clockOffset.measure(
                sent: reply.sent,
                received: reply.received,
                server: reply.serverTime
            ) ?? taps.clock
        let offset = clockOffset.best?.offset
        if let offset {
            rest.setClockOffset(offset)
            for socket in sockets { socket.clockOffset = offset }
        }
        recordClocks()
    }

    func setTimer(_ strategy: String, _ name: String, _ due: Timestamp) {
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
}
