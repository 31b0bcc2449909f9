import Bybit
import Gateway
import Journal
import Logging
import Market
import Trading

/// Clocks as records: wall, monotonic, and the offset to the exchange, each minute and when the wall clock is stepped.
extension SessionLoop {
    /// A wall clock that is further than this from where monotonic time says it is, nanoseconds, was set by somebody.
    static let leastStep: Int64 = 5_000_000

    /// Asks the exchange for its time; the clocks are a record also when it does not answer.
    func measureClock() {
        let asked = SessionClock.monotonic()
        ask(.serverTime) { [unowned self] in
            if lastClockRecord < asked, !isStopped { recordClocks() }
        }
    }

    /// Once a second: whether somebody has set the wall clock.
    func watchWallClock() {
        let drift = clock.drift()
        guard let before = lastDrift else {
            lastDrift = drift
            return
        }
        guard let step = drift.step(since: before, least: SessionLoop.leastStep) else { return }
        lastDrift = drift
        counts.clockSteps += 1
        logger.warning("the wall clock was set", metadata: ["nanoseconds": "\(step)"])
        recordClocks(step: step)
        // What the exchange's clock is from ours is another number now, if it was our wall clock that was wrong.
        measureClock()
    }

    /// - Parameter step: what the wall clock was just set by, nanoseconds.
    func recordClocks(step: Int64? = nil) {
        lastClockRecord = SessionClock.monotonic()
        let drift = clock.drift()
        let now = clock.now()
        let offset = clockOffset.best?.offset
        writer.reset()
        writer.object {
            $0.field("wall", String(now.advanced(nanoseconds: drift.nanoseconds).nanoseconds))
            $0.field("monotonic", String(lastClockRecord))
            $0.field("offset", offset.map { String($0) } ?? "")
            if let step { $0.field("step", String(step)) }
        }
        ingest(named: "session/clock", time: now, payload: writer.bytes)
    }
}
