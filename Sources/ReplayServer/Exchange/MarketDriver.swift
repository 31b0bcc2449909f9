import Market
import NIOCore
import Simulation

/// Moves the simulated exchange through real time, a few milliseconds a step, on the server's loop.
///
/// What the exchange tells is handed to ``deliver`` after each step, so that outside a step nothing is pending and
/// the exchange's streams stand where the last push left them.
final class MarketDriver {
    private(set) var exchange: SimulatedExchange
    /// Sends what happened; set once, before the first step.
    var deliver: ([TimedEvent]) -> Void = { _ in }
    /// Called at each multiple of ``tickInterval`` of the exchange's clock, with nothing pending; set once.
    var tick: () -> Void = {}
    private var output = ExchangeOutput()
    private var clock: MarketClock
    private let loop: any EventLoop
    private var isStopped = false

    /// Real time between steps: the fastest topic is pushed every ten milliseconds.
    private static let stepMin = TimeAmount.milliseconds(2)
    private static let stepMax = TimeAmount.milliseconds(20)
    /// Exchange time that one step makes up for at most, so that the sockets get their turn in between.
    private static let stretchMax: Int64 = 250_000_000

    init(_ exchange: SimulatedExchange, pace: Int, loop: any EventLoop) {
        self.exchange = exchange
        self.loop = loop
        clock = MarketClock(start: exchange.now, pace: pace)
    }

    func start() { step() }
    func stop() { isStopped = true }

    var isRunning: Bool {
        get { clock.isRunning }
        set {
            catchUp()
            clock.setRunning(newValue, at: exchange.now)
        }
    }

    /// Brings the exchange to the present; a request acts there.
    func catchUp() {
        guard clock.isRunning else { return }
        let target = clock.time
        let reach = exchange.now.advanced(nanoseconds: MarketDriver.stretchMax)
        advance(to: min(target, reach))
    }

    /// Nanoseconds of exchange time.
    static let tickInterval: Int64 = 100_000_000

    /// Moves the exchange on, with a halt at each tick: what ticks send depends on the exchange's time alone.
    private func advance(to time: Timestamp) {
        while true {
            let past = exchange.now.nanoseconds / MarketDriver.tickInterval
            let due = Timestamp(nanoseconds: (past + 1) * MarketDriver.tickInterval)
            guard due <= time else { break }
            exchange.advance(to: due, into: &output)
            flush()
            tick()
        }
        exchange.advance(to: time, into: &output)
        flush()
    }

    /// Runs `body` on the exchange at the present; what it causes waits for ``flush()``, so that the answer to a
    /// request goes out before its pushes.
    func act<Result>(
        _ body: (inout SimulatedExchange, inout ExchangeOutput) -> Result
    ) -> Result {
        catchUp()
        return body(&exchange, &output)
    }

    /// The same where the exchange stands, for what a tick does.
    func actNow<Result>(
        _ body: (inout SimulatedExchange, inout ExchangeOutput) -> Result
    ) -> Result {
        body(&exchange, &output)
    }

    /// Changes or reads the exchange where it stands.
    func withExchange<Result>(_ body: (inout SimulatedExchange) -> Result) -> Result {
        body(&exchange)
    }

    func flush() {
        guard !output.events.isEmpty else { return }
        deliver(output.events)
        output.removeAll()
    }

    private func step() {
        guard !isStopped else { return }
        catchUp()
        let wait = min(MarketDriver.stepMax, max(MarketDriver.stepMin, clock.wait(until: exchange)))
        loop.assumeIsolated().scheduleTask(in: wait) { [weak self] in self?.step() }
    }
}

/// Exchange time as a function of the machine's monotonic clock.
struct MarketClock {
    private var origin = NIODeadline.now()
    private var start: Timestamp
    /// Exchange seconds a second.
    private let pace: Int64
    private(set) var isRunning = true

    init(start: Timestamp, pace: Int) {
        self.start = start
        self.pace = Int64(max(1, pace))
    }

    var time: Timestamp {
        guard isRunning else { return start }
        let elapsed = (NIODeadline.now() - origin).nanoseconds
        let (scaled, overflow) = elapsed.multipliedReportingOverflow(by: pace)
        return start.advanced(nanoseconds: overflow ? .max : scaled)
    }

    /// Stands still at `now`, or goes on from there.
    mutating func setRunning(_ isRunning: Bool, at now: Timestamp) {
        self.isRunning = isRunning
        start = now
        origin = .now()
    }

    func wait(until exchange: SimulatedExchange) -> TimeAmount {
        guard isRunning else { return .seconds(1) }
        let (distance, overflow) = exchange.nextEvent.nanoseconds
            .subtractingReportingOverflow(time.nanoseconds)
        return .nanoseconds(overflow ? .max : distance / pace)
    }
}
