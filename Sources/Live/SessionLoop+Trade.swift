import Bybit
import Gateway
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// Order entry on the trade socket, and by REST whenever that is not there.
extension SessionLoop {
    /// A call of order entry, by the way that the session file names.
    func enter(_ call: RESTCall) {
        guard tradeSocket != nil else { return submit(call) { _ in } }
        perform(trade.submit(call, now: SessionClock.monotonic()))
    }

    /// What happened to the trade socket; its record has been made.
    func tradeLink(_ event: LinkEvent) {
        let now = SessionClock.monotonic()
        switch event.change {
        case .ready: perform(trade.ready(now: now))
        case .disconnected, .failed: perform(trade.lost(reason: event.reason, now: now))
        case .connected, .shed, .rules, .absent: break
        }
    }

    /// A frame of the trade socket, after the core has seen it.
    func tradeFrame(_ frame: UnsafeRawBufferPointer) {
        guard let answer = TradeAnswer(frame) else { return }
        counts.requests += 1
        if answer.code == 10_002 { measureClockAgain() }
        noteAnswered(answer)
        perform(trade.received(answer, now: SessionClock.monotonic()))
        tellWaiter(
            200,
            answer.code,
            stepper.event.kind == .reply ? stepper.event.reply.message : ""
        )
    }

    private func tellWaiter(_ status: Int, _ code: Int64, _ message: String) {
        let waiter = tradeWaiter
        tradeWaiter = nil
        waiter?(SessionAnswer(status: status, code: code, message: message, body: []))
    }

    func perform(_ actions: [TradeQueue.Action]) {
        for action in actions {
            switch action {
            case .send(let request): send(request)
            case .elsewhere(let call):
                tellWaiter(0, -1, "the trade socket was not there, and it went by REST")
                submit(call) { [unowned self] _ in trade.endedElsewhere(call) }
            case .ended(let call, let outcome, let reason):
                ended(call, outcome, reason)
                tellWaiter(0, -1, reason)
            case .reconnect(let reason):
                if let tradeSocket { sockets[tradeSocket].disconnect(reason: reason) }
            }
        }
        scheduleTrade()
    }

    private func send(_ request: TradeRequest) {
        guard let tradeSocket else { return }
        let time = clock.now().advanced(nanoseconds: clockOffset.best?.offset ?? 0)
        let frame = request.bytes(timestamp: time.milliseconds)
        guard !sockets[tradeSocket].post(frame) else { return }
        // The connection ended within this turn; nothing waits for an answer that cannot come.
        perform(trade.lost(reason: "it is not open", now: SessionClock.monotonic()))
    }

    /// Recorded as a request of REST that came to the same end: the core looks the order up.
    private func ended(_ call: RESTCall, _ outcome: Reply.Outcome, _ reason: String) {
        var exchange = rest.unsent(call, at: clock.now(), reason: reason)
        exchange.outcome = outcome
        logger.warning(
            "order entry had no answer",
            metadata: ["outcome": "\(outcome.rawValue)", "reason": "\(reason)"]
        )
        ingest(named: exchange.stream.text, time: exchange.received, payload: exchange.payload)
    }

    /// One timer for what waits for a quota or an answer.
    private func scheduleTrade() {
        tradeTimer?.cancel()
        tradeTimer = nil
        guard let deadline = trade.deadline else { return }
        let wait = max(0, deadline - SessionClock.monotonic())
        tradeTimer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] in
            guard let self else { return }
            tradeTimer = nil
            perform(trade.wake(now: SessionClock.monotonic()))
        }
    }
}
