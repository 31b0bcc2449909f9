import Gateway
import Glibc
import JSON
import Market
import Synchronization

/// Drives exchange and session through the same virtual time: first the exchange's clock, then the session's behind it.
///
/// On a thread of its own. The session's clock never leads: what it signs is not from the exchange's future.
final class Pace: Sendable {
    /// Between two steps.
    private static let step: Int64 = 5_000_000
    /// Virtual time of one step at most: a machine that was busy elsewhere is made up for by and by.
    private static let stretch: Int64 = 2_000_000_000

    private let advance: ClockAdvance
    private let clock: SessionClock
    private let factor: Int64
    private let isStopped = Atomic<Bool>(false)
    private let isEnded = Atomic<Bool>(false)
    private let passed = Atomic<Int64>(0)
    private let failure = Mutex("")

    /// - Parameter clock: one that `advance` puts forward.
    init(factor: Int64, advance: ClockAdvance, clock: SessionClock) {
        self.factor = factor
        self.advance = advance
        self.clock = clock
    }

    /// Nanoseconds of exchange time since the beginning.
    var virtual: Int64 { passed.load(ordering: .relaxed) }
    /// Why it ended by itself; empty while it has not.
    var problem: String { failure.withLock { $0 } }

    func start(port: Int) {
        Thread.start { [self] in
            do {
                try drive(ControlLine(port: port))
            } catch {
                failure.withLock { $0 = "\(error)" }
            }
            isEnded.store(true, ordering: .releasing)
        }
    }

    /// Lets no more time pass; all that was sent until then is with the sockets.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        while !isEnded.load(ordering: .acquiring) { usleep(1_000) }
    }

    private func drive(_ line: ControlLine) throws {
        let began = SessionClock.monotonic()
        while !isStopped.load(ordering: .acquiring) {
            let now = SessionClock.monotonic()
            let due = (now - began) * factor - virtual
            if due > 0 {
                let span = min(due, Pace.stretch)
                let milliseconds = try line.ask(
                    "POST",
                    "/tapedeck/advance",
                    "{\"nanoseconds\":\(span)}"
                ) { try $0.int64("exchange_milliseconds") }
                passed.wrappingAdd(span, ordering: .relaxed)
                let behind = milliseconds * 1_000_000 - clock.now().nanoseconds
                advance.pass(nanoseconds: behind)
            }
            let rest = now + Pace.step - SessionClock.monotonic()
            if rest > 0 { usleep(UInt32(rest / 1_000)) }
        }
    }
}
