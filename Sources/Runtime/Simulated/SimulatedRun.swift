import Bybit
import JSON
import Journal
import Market
import Simulation
import Trading

/// One run, while it lasts.
final class SimulatedRun {
    let plan: SimulationPlan
    let survey: RecordingSurvey
    let registry: StrategyRegistry
    let latency: LatencyModel
    let parser = JSONParser()
    var reader: MarketReader
    var venue: SimulatedVenue
    var engine: Engine?
    var outputs = Outputs()
    var agenda = RunAgenda()
    var answers = SimulatedAnswers(account: "main")
    /// Our clock, Unix nanoseconds.
    var now: Int64
    /// Counts what the engine was fed; recorded numbers while nothing differs.
    var sequence: UInt64 = 0
    /// The recorded record that came last.
    var record = SequenceNumber.none
    var isVerbatim: Bool
    /// The private socket is ready.
    var isPrivateReady = false
    /// Pushes keep their order.
    var lastPush: Int64 = 0
    /// Questions that the recording has not answered yet; only while nothing differs.
    var open: [LookUp] = []
    /// Of orders that were there when the simulation began: what they had filled.
    var carried: [String: Numeral] = [:]
    var result = SimulationResult()
    /// Places in the result's orders; look-ups only.
    var lines: [String: Int] = [:]
    var leftOut: Set<String> = []
    /// Fills and funding of the run, for the parity with what was.
    var executions: [ExecutionReport] = []
    /// Recorded rows come by push and by reply.
    var counted: Set<String> = []

    init(
        _ recording: Recording,
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey,
        _ registry: StrategyRegistry,
        cache: MarketCache? = nil
    ) throws(SimulatedError) {
        self.plan = plan
        self.survey = survey
        self.registry = registry
        isVerbatim = plan.beginsVerbatim
        (latency, result.latency) = try SimulatedRun.latency(plan, survey)
        now = survey.begins.nanoseconds
        result.queue = plan.queue
        result.takesOut = plan.takesOut
        let made: SimulatedVenue?
        do throws(SimulationError) {
            made = try SimulatedVenue(
                survey,
                queue: plan.queue,
                deposits: plan.beginsVerbatim ? [] : SimulatedRun.deposits(plan, survey),
                takesOut: plan.takesOut
            )
        } catch {
            throw .exchange(error)
        }
        guard let made else { throw .noMarket }
        venue = made
        do throws(JournalError) {
            reader = try MarketReader(
                recording,
                plan.edits,
                keepsAccount: plan.beginsVerbatim,
                cache: cache,
                offset: { survey.offset(at: $0) }
            )
        } catch {
            throw .replay(.journal(error))
        }
        if !isVerbatim {
            result.simulatedFrom = .first
            venue.openPositions(survey)
        }
    }

    // MARK: - Time

    func go(_ progress: (SequenceNumber) -> Void) throws(SimulatedError) {
        while true {
            try reader.fill(to: now)
            guard let arrival = reader.arrival else {
                guard !reader.hasEnded else { return }
                try reader.readOn()
                continue
            }
            let market = reader.market?.moment ?? .max
            let due = agenda.next ?? .max
            let comes = arrival.time.nanoseconds
            let next = min(market, due, comes)
            if next > now {
                now = next
                // What happened up to here may not have been read yet.
                continue
            }
            if market == next, let item = reader.market {
                reader.dropMarket()
                match(item)
            } else if due == next, due < comes || !agenda.isDelivery {
                perform()
            } else {
                try arrive(arrival)
                reader.dropArrival(arrival)
                if record.value % 4_096 == 0 { progress(record) }
            }
        }
    }

    /// The market's moment of a record, on the exchange's side.
    private func match(_ item: MarketItem) {
        item.isMatched = true
        venue.advance(to: now)
        guard isVerbatim else {
            venue.market(item, offset: 0)
            collect()
            return
        }
        // The engine still gets it as it was.
        let (book, trades, isWithheld) = (
            item.event.book, item.event.trades, item.isWithheld
        )
        venue.market(item, offset: 0)
        (item.event.book, item.event.trades, item.isWithheld) = (book, trades, isWithheld)
        collect()
    }

    private static let timerStream = StreamName("desk/timer")

    private func perform() {
        guard let task = agenda.take() else { return }
        switch task {
        case .arrival(let action, let sent, let after): request(action, sent: sent, after: after)
        case .delivery(let delivery):
            guard !delivery.isPush || isPrivateReady else { return }
            feed(&delivery.event, delivery.stream)
        case .timer(let timer):
            var event = Event()
            event.kind = .timer
            event.timer = timer
            feed(&event, SimulatedRun.timerStream)
        }
    }
}
