import Market
import NIOCore
import Simulation

/// Moves the simulated exchange through its time, on the server's loop.
///
/// What the exchange tells is handed to ``deliver`` after each step, so that outside a step nothing is pending and
/// the exchange's streams stand where the last push left them.
final class MarketDriver {
    let pace: MarketPace
    /// A recorded market in the place of the exchange's own sources; it stands still until ``beginTape()``.
    let tape: PlayedTape?
    private(set) var exchange: SimulatedExchange
    /// Sends what happened; set once, before the first step.
    var deliver: ([TimedEvent]) -> Void = { _ in }
    /// Called around each step with all its ticks: what is delivered in between may be handed on together; set once.
    var beginStep: () -> Void = {}
    var endStep: () -> Void = {}
    /// Called at each multiple of ``tickInterval`` of the exchange's clock, with nothing pending; set once.
    var tick: () -> Void = {}
    /// False while a subscriber's socket is full, or there is none: paces that follow no clock wait for it.
    var mayGoOn: () -> Bool = { true }
    /// Somebody has kept the market waiting for ten seconds.
    var heldUp: () -> Void = {}
    /// Added to the time that REST tells and judges; nanoseconds.
    var clockOffset: Int64 = 0
    private var output = ExchangeOutput()
    private var clock: MarketClock
    private let loop: any EventLoop
    private var isStopped = false
    /// Exchange time of one step at the pace `fast`, fitted to two milliseconds of work.
    private var stretch: Int64 = 10_000_000
    private var heldSince: NIODeadline?
    /// What goes on when the sockets take more.
    private var waiting: (() -> Void)?
    private var waits = 0
    /// Wishes to advance a virtual clock, in the order they came.
    private var wishes: CircularBuffer<(target: Int64, done: () -> Void)> = []

    /// Real time between steps: the fastest topic is pushed every ten milliseconds.
    private static let stepMin = TimeAmount.milliseconds(2)
    /// Of a recorded market, whose pushes keep their timing.
    private static let tapeStepMin = TimeAmount.microseconds(200)
    private static let stepMax = TimeAmount.milliseconds(20)
    /// Exchange time that one step makes up for at most, so that the sockets get their turn in between.
    private static let stretchMax: Int64 = 250_000_000
    private static let stretchMin: Int64 = 1_000_000

    init(
        _ exchange: SimulatedExchange,
        pace: MarketPace,
        tape: PlayedTape? = nil,
        loop: any EventLoop
    ) {
        self.exchange = exchange
        self.pace = pace
        self.tape = tape
        self.loop = loop
        var factor = 1
        if case .times(let given) = pace { factor = given }
        clock = MarketClock(start: exchange.now, factor: factor)
        if pace == .fast || pace == .virtual || tape != nil {
            clock.setRunning(false, at: exchange.now)
        }
    }

    func start() {
        switch pace {
        case .times: step()
        case .fast: rush()
        case .virtual: break
        }
    }

    func stop() { isStopped = true }

    var isRunning: Bool {
        get { clock.isRunning }
        set {
            guard case .times = pace, tape?.isBegun != false else { return }
            catchUp()
            clock.setRunning(newValue, at: exchange.now)
        }
    }

    // MARK: what time it is

    /// The time that REST tells: the machine's, or the exchange's own where its clock is virtual.
    var now: Timestamp {
        (pace == .virtual ? exchange.now : WallClock.now).advanced(nanoseconds: clockOffset)
    }

    /// The time that a client's own is held against.
    ///
    /// Beside a virtual clock a client may go by its machine's or by the exchange's, as it learned to.
    func judge(_ milliseconds: Int64?) -> Timestamp {
        guard pace == .virtual, let milliseconds else { return now }
        let wall = WallClock.now.advanced(nanoseconds: clockOffset)
        let distance = milliseconds.subtractingReportingOverflow(wall.milliseconds)
        return !distance.overflow && distance.partialValue.magnitude <= 60_000 ? wall : now
    }

    // MARK: by the clock

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
        beginStep()
        defer { endStep() }
        while true {
            let past = exchange.now.nanoseconds / MarketDriver.tickInterval
            let due = Timestamp(nanoseconds: (past + 1) * MarketDriver.tickInterval)
            guard due <= time else { break }
            run(to: due)
            tick()
        }
        run(to: time)
    }

    private func run(to time: Timestamp) {
        if let tape { play(tape, to: time) }
        exchange.advance(to: time, into: &output)
        flush()
    }

    // MARK: a recorded market

    /// The recording's first moment is the present from now on; a second call does nothing.
    func beginTape() {
        guard let tape, !tape.isBegun else { return }
        exchange.advance(to: max(exchange.now, WallClock.now), into: &output)
        flush()
        tape.begin(&exchange)
        if case .times = pace { clock.setRunning(true, at: exchange.now) }
    }

    private func play(_ tape: PlayedTape, to time: Timestamp) {
        guard let shift = tape.shift else { return }
        let limit = time.advanced(nanoseconds: -shift)
        while tape.allowance > 0,
            let push = tape.market.next(to: limit, shift: shift, &exchange, &output)
        {
            // What the exchange has told up to here comes before it.
            flush()
            tape.send(push)
        }
        tape.flush()
    }

    /// Plays so many pushes, and everything that happens before the last of them.
    func play(pushes: Int) {
        guard let tape else { return }
        beginTape()
        guard let shift = tape.shift else { return }
        tape.allowance = pushes
        while tape.allowance > 0, let next = tape.market.nextPush() {
            advance(to: max(exchange.now, next.advanced(nanoseconds: shift)))
        }
        tape.allowance = .max
    }

    private func step() {
        guard !isStopped else { return }
        catchUp()
        let next =
            tape?.next.map { min($0, exchange.nextEvent) } ?? exchange.nextEvent
        let least = tape == nil ? MarketDriver.stepMin : MarketDriver.tapeStepMin
        let wait = min(MarketDriver.stepMax, max(least, clock.wait(until: next)))
        loop.assumeIsolated().scheduleTask(in: wait) { [weak self] in self?.step() }
    }

    // MARK: as fast as it goes

    private func rush() {
        // Behind the end of a recording time goes on no further.
        guard !isStopped, tape?.market.isOver != true else { return }
        guard tape?.isBegun != false, mayGoOn() else {
            return wait { [weak self] in self?.rush() }
        }
        heldSince = nil
        let start = NIODeadline.now()
        advance(to: exchange.now.advanced(nanoseconds: stretch))
        let work = (NIODeadline.now() - start).nanoseconds
        if work < 1_000_000 {
            stretch = min(MarketDriver.stretchMax, stretch * 2)
        } else if work > 4_000_000 {
            stretch = max(MarketDriver.stretchMin, stretch / 2)
        }
        afterSockets { [weak self] in self?.rush() }
    }

    /// Runs `body` once the sockets had their turn.
    ///
    /// The loop runs whatever is due before it looks at a socket, what has become due meanwhile included: work that
    /// calls for itself at once would keep every client out for good.
    private func afterSockets(_ body: @escaping () -> Void) {
        loop.assumeIsolated().scheduleTask(in: MarketDriver.socketTurn, body)
    }

    /// Longer than the loop needs to see that nothing is due.
    private static let socketTurn = TimeAmount.microseconds(20)

    /// Goes on with `body` when a socket takes bytes again, and looks for itself every two milliseconds.
    private func wait(_ body: @escaping () -> Void) {
        let now = NIODeadline.now()
        let since = heldSince ?? now
        heldSince = since
        if now - since > .seconds(10) {
            heldSince = nil
            heldUp()
        }
        waits += 1
        waiting = body
        loop.assumeIsolated().scheduleTask(in: .milliseconds(2)) { [weak self, waits] in
            if self?.waits == waits { self?.resume() }
        }
    }

    /// A socket that was full takes bytes again.
    func resume() {
        guard let body = waiting else { return }
        waiting = nil
        loop.assumeIsolated().execute(body)
    }

    // MARK: by order

    /// Moves a virtual clock on and calls `done` when everything up to there has been handed to the sockets.
    func advance(nanoseconds: Int64, _ done: @escaping () -> Void) {
        let last = wishes.last?.target ?? exchange.now.nanoseconds
        wishes.append((last + nanoseconds, done))
        if wishes.count == 1 { goOn() }
    }

    private func goOn() {
        guard !isStopped, let wish = wishes.first else { return }
        guard mayGoOn() else { return wait { [weak self] in self?.goOn() } }
        heldSince = nil
        let reach = exchange.now.advanced(nanoseconds: MarketDriver.stretchMax)
        advance(to: min(Timestamp(nanoseconds: wish.target), reach))
        if exchange.now.nanoseconds >= wish.target {
            wishes.removeFirst()
            wish.done()
        }
        guard !wishes.isEmpty else { return }
        afterSockets { [weak self] in self?.goOn() }
    }

    // MARK: requests

    /// Runs `body` on the exchange at the present, where a recorded market begins at the latest; what it causes waits for ``flush()``, so that the answer to a
    /// request goes out before its pushes.
    func act<Result>(
        _ body: (inout SimulatedExchange, inout ExchangeOutput) -> Result
    ) -> Result {
        beginTape()
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
}
