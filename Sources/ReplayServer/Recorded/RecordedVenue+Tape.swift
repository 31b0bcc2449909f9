import Bybit
import Market
import NIOCore

extension RecordedVenue {
    /// The first request: the tape begins with it.
    func begin() {
        guard !timing.isBegun else { return }
        timing.isBegun = true
        progress.usesClock = clock?.isUsed == true
        let first = session.requests.first?.moment ?? session.first
        if let clock, clock.isUsed {
            // A bot that waited before its first word has a clock that is ahead.
            rewriter.shift = max(0, clock.time.nanoseconds - first.nanoseconds)
        } else {
            rewriter.shift = WallClock.now.nanoseconds - first.nanoseconds
        }
        timing.now = first
        timing.restart(at: .now())
        clock?.move(to: shifted(first))
    }

    private func shifted(_ time: Timestamp) -> Timestamp {
        time.advanced(nanoseconds: rewriter.shift)
    }

    enum Pause {
        case none
        case forEvent
        case nanoseconds(Int64)
    }

    /// Goes on as far as pace, requests and readers allow.
    func pump() {
        // What is sent may at once say that its socket takes more, or is gone.
        guard !timing.isPumping else {
            timing.isAskedAgain = true
            return
        }
        timing.isPumping = true
        defer { timing.isPumping = false }
        timing.ticket += 1
        let ticket = timing.ticket
        while true {
            timing.isAskedAgain = false
            switch step() {
            case .none: continue
            case .forEvent:
                if timing.isAskedAgain { continue }
                return
            case .nanoseconds(let wait):
                if timing.isAskedAgain { continue }
                loop.assumeIsolated().scheduleTask(in: .nanoseconds(max(50_000, wait))) {
                    [weak self] in
                    guard let self, self.timing.ticket == ticket else { return }
                    self.pump()
                }
                return
            }
        }
    }

    static let poll: Int64 = 200_000
    private static let tick: Int64 = 1_000_000
    /// How long a wait for the client leaves its clock standing.
    private static let standstill = TimeAmount.milliseconds(50)
    /// How long a frame is kept back that the bot may not have seen when it asked.
    private static let doubt = TimeAmount.milliseconds(20)

    private func step() -> Pause {
        let real = NIODeadline.now()
        let usesClock = clock?.isUsed == true
        guard timing.isBegun else { return idle(real, usesClock) }
        if let settling = timing.settling {
            guard isSettled(settling, real) else { return .nanoseconds(Self.poll) }
            timing.settling = nil
            timing.restart(at: real)
        }
        let held = hold(real, usesClock)
        if held, isOutOfPatience(real) { return .none }
        let item = held ? nil : tape.next
        let sleeper = usesClock ? nextSleeper() : nil
        if tape.next == nil, expectations.next == nil, !progress.isOver {
            progress.isOver = true
            progress.failure = tape.failure
        }
        let allowed = timing.allowed(at: real)
        guard let event = [item?.time, sleeper?.time].compactMap({ $0 }).min() else {
            if timing.factor != nil, usesClock { move(to: allowed) }
            if usesClock { return .nanoseconds(Self.tick) }
            return held ? .nanoseconds(patience.nanoseconds / 50) : .forEvent
        }
        if pace == .step, sleeper == nil, timing.steps == 0 { return .forEvent }
        guard event <= allowed else {
            move(to: allowed)
            let wait = (event.nanoseconds - allowed.nanoseconds) / (timing.factor ?? 1)
            return .nanoseconds(usesClock ? min(wait, Self.tick) : wait)
        }
        if let sleeper, sleeper.time == event, item.map({ $0.time > event }) ?? true {
            guard isConfirmed(real) else { return .nanoseconds(Self.poll) }
            move(to: event)
            return wake(sleeper.sleeper, real)
        }
        guard let item else { return .none }
        return deliver(item, real, usesClock)
    }

    /// Before the first request time stands still, but for threads that sleep.
    private func idle(_ real: NIODeadline, _ usesClock: Bool) -> Pause {
        guard let clock else { return .forEvent }
        guard usesClock, let next = clock.sleepers.map(\.until).min() else {
            timing.restart(at: real)
            return .nanoseconds(Self.tick)
        }
        move(to: min(next, timing.allowed(at: real)))
        for sleeper in clock.sleepers where sleeper.until <= timing.now { clock.wake(sleeper) }
        return .nanoseconds(Self.tick)
    }

    func move(to time: Timestamp) {
        timing.now = max(timing.now, time)
        clock?.move(to: shifted(timing.now))
    }

    // MARK: What is waited for

    /// True while the next delivery must not go out: it may be an effect of a request that has not come, or the bot had
    /// not seen it when it made one.
    private func hold(_ real: NIODeadline, _ usesClock: Bool) -> Bool {
        guard let request = expectations.next else { return release(real) }
        guard let item = tape.next else { return keep(real) }
        if item.sequence > request.after { return keep(real) }
        guard usesClock, item.time > request.moment,
            case .frame(_, _, _, .publicData) = item.content
        else {
            timing.softSince = nil
            return release(real)
        }
        if timing.softSince == nil { timing.restart(at: real + Self.doubt) }
        let since = timing.softSince ?? real
        timing.softSince = since
        if real - since < Self.doubt { return true }
        // It was the cause, or came between cause and request.
        timing.softSince = real - (Self.doubt - .milliseconds(4))
        return release(real)
    }

    private func keep(_ real: NIODeadline) -> Bool {
        if timing.heldSince == nil || timing.heldFor != expectations.firstUnmet {
            timing.heldSince = real
            timing.heldFor = expectations.firstUnmet
            timing.isHeld = true
            timing.restart(at: real + Self.standstill)
        }
        return true
    }

    private func release(_ real: NIODeadline) -> Bool {
        if timing.heldSince != nil {
            timing.heldSince = nil
            timing.isHeld = false
            timing.restart(at: real)
        }
        return false
    }

    private func isOutOfPatience(_ real: NIODeadline) -> Bool {
        guard let since = timing.heldSince, real - since > patience,
            let departure = expectations.missing(
                "it did not come within \(patience.nanoseconds / 1_000_000) ms"
            )
        else { return false }
        timing.heldSince = nil
        timing.isHeld = false
        progress.departures += 1
        if progress.departure == nil { progress.departure = departure }
        expectations.giveUp()
        return true
    }

    /// The thread whose sleep ends first, and when in the recording it goes on.
    private func nextSleeper() -> (sleeper: ClientClock.Sleeper, time: Timestamp)? {
        guard let sleeper = clock?.sleepers.min(by: { $0.until < $1.until }) else { return nil }
        let time = sleeper.until.advanced(nanoseconds: -rewriter.shift)
        // The recorded bot took some time of its own from waking to asking, and saw what came meanwhile.
        if let moment = expectations.next?.moment, time <= moment,
            moment.nanoseconds - time.nanoseconds <= 25_000_000
        {
            return (sleeper, max(moment, timing.now))
        }
        return (sleeper, max(time, timing.now))
    }

    private func wake(_ sleeper: ClientClock.Sleeper, _ real: NIODeadline) -> Pause {
        clock?.wake(sleeper)
        settle(sleeper, real + .milliseconds(40))
        return .none
    }

    func settle(_ sleeper: ClientClock.Sleeper?, _ limit: NIODeadline) {
        timing.settling = RecordedTiming.Settling(
            sleeper: sleeper,
            sleeps: clock?.sleeps ?? 0,
            arrivals: timing.arrivals,
            limit: limit
        )
    }

    private func isSettled(_ settling: RecordedTiming.Settling, _ real: NIODeadline) -> Bool {
        if real >= settling.limit || timing.arrivals != settling.arrivals { return true }
        guard let clock else { return true }
        if let sleeper = settling.sleeper { return clock.hasSettled(sleeper) }
        return clock.sleeps != settling.sleeps
    }

    /// Whether the bot has read all that was sent to it; asks it where that is not known.
    func isConfirmed(_ real: NIODeadline) -> Bool {
        var isConfirmed = true
        for peer in bound.values where peer.confirmed < peer.sent && peer.client.isOpen {
            isConfirmed = false
            guard peer.pinged < peer.sent else { continue }
            peer.pinged = peer.sent
            peer.client.send(WebSocketFrames.ping(Array(String(peer.sent).utf8)))
            peer.client.flush()
        }
        if isConfirmed {
            timing.confirmSince = nil
            return true
        }
        let since = timing.confirmSince ?? real
        timing.confirmSince = since
        // A thread that waits for an answer to its request reads nothing meanwhile.
        let limit = TimeAmount.milliseconds(pending.isEmpty ? 250 : 20)
        guard real - since > limit else { return false }
        for peer in bound.values { peer.confirmed = peer.sent }
        timing.confirmSince = nil
        return true
    }
}
