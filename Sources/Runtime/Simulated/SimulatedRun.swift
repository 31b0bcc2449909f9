import Bybit
import JSON
public import Journal
public import Market
import Simulation
public import Trading

/// Runs strategies on a recorded market against the simulated exchange.
///
/// Two sides, each in its own time: the exchange's, where the market is at the moment it says of itself and requests
/// arrive after their latency; and the client's, where everything comes when it came, or after its latency. The engine is
/// the one that trades live, and gets what the simulated exchange says as the same kinds of event.
public struct Simulator {
    private let registry: StrategyRegistry
    public var progress: (SequenceNumber) -> Void = { _ in }

    public init(registry: StrategyRegistry) { self.registry = registry }

    public func run(
        _ recording: Recording,
        _ plan: SimulationPlan
    ) throws(SimulatedError) -> SimulationResult {
        let survey = try Simulator.survey(recording)
        return try run(recording, plan, survey)
    }

    func run(
        _ recording: Recording,
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) throws(SimulatedError) -> SimulationResult {
        let run = try SimulatedRun(recording, plan, survey, registry)
        try run.go(progress)
        return try run.finish()
    }

    static func survey(_ recording: Recording) throws(SimulatedError) -> RecordingSurvey {
        if let sources = recording.manifest.labels.first(where: { $0.key == Recording.mergeLabel })
        {
            throw .replay(.merged(sources.value))
        }
        guard recording.first <= .first else { throw .beginsLate(recording.first) }
        do throws(ReplayError) {
            return try RecordingSurvey(recording)
        } catch {
            throw .replay(error)
        }
    }
}

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
        _ registry: StrategyRegistry
    ) throws(SimulatedError) {
        self.plan = plan
        self.survey = survey
        self.registry = registry
        isVerbatim = plan.beginsVerbatim
        (latency, result.latency) = SimulatedRun.latency(plan, survey)
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
                offset: { survey.offset(at: $0) }
            )
        } catch {
            throw .replay(.journal(error))
        }
        if !isVerbatim {
            result.simulatedFrom = .first
            openPositions()
        }
    }

    static func latency(
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) -> (LatencyModel, String) {
        switch plan.latency {
        case .constant(let entry, let response):
            return (
                .constant(entry: entry, response: response),
                "constant \(text(entry)) there, \(text(response)) back"
            )
        case .recorded(let factor):
            guard !survey.samples.isEmpty else {
                let usual = SimulationPlan.usualLatency * factor
                return (
                    .constant(entry: usual, response: usual),
                    "constant \(text(usual)) there, \(text(usual)) back"
                        + " (the recording has no acknowledgement of an order)"
                )
            }
            let times = factor == 1 ? "" : ", \(factor) times as long"
            return (
                LatencyModel.recorded(survey.samples).multiplied(by: factor),
                "recorded, of \(survey.samples.count) acknowledgements, interpolated\(times)"
            )
        }
    }

    /// Nanoseconds as whole microseconds or milliseconds.
    static func text(_ nanoseconds: Int64) -> String {
        nanoseconds % 1_000_000 == 0
            ? "\(nanoseconds / 1_000_000) ms" : "\(nanoseconds / 1_000) us"
    }

    static func deposits(
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) -> [AccountConfiguration.Deposit] {
        if let deposits = plan.deposits {
            return deposits.map { AccountConfiguration.Deposit(coin: $0.coin, amount: $0.amount) }
        }
        let told = survey.wallets.filter { $0.walletBalance > .zero }
        guard told.isEmpty else {
            return told.map {
                AccountConfiguration.Deposit(coin: $0.coin, amount: $0.walletBalance)
            }
        }
        return [AccountConfiguration.Deposit(coin: "USDT", amount: SimulationPlan.usualDeposit)]
    }

    private func openPositions() {
        for row in survey.positions {
            guard let instrument = survey.instruments[row.instrument],
                let size = try? instrument.scale.quantity(row.size), let entry = row.entryPrice
            else { continue }
            let value =
                row.positionValue ?? (try? Amount.value(entry, try Amount(row.size))) ?? .zero
            let signed = Quantity(units: row.side == .sell ? -size.units : size.units)
            venue.open(signed, entryValue: value, of: row.instrument)
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
                try perform()
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

    private func perform() throws(SimulatedError) {
        guard let task = agenda.take() else { return }
        switch task {
        case .arrival(let action, let sent, let after): request(action, sent: sent, after: after)
        case .delivery(let delivery):
            guard !delivery.isPush || isPrivateReady else { return }
            try feed(delivery.event, delivery.stream)
        case .timer(let timer):
            var event = Event()
            event.kind = .timer
            event.timer = timer
            try feed(event, StreamName("desk/timer"))
        }
    }

    // MARK: - The engine

    /// Something simulated, or a record of the market, for the engine.
    func feed(_ event: Event, _ stream: StreamName) throws(SimulatedError) {
        sequence += 1
        outputs.removeAll()
        engine?.apply(
            event,
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

    func deliver(_ event: Event, _ stream: StreamName, at time: Int64, isPush: Bool = false) {
        agenda.add(
            .delivery(RunAgenda.Delivery(stream: stream, event: event, isPush: isPush)),
            at: time
        )
    }

    // MARK: - The exchange

    /// A request is there.
    private func request(_ action: Command.Action, sent: Timestamp, after: SequenceNumber) {
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
            guard topic.hasPrefix("orderbook."), let update = venue.snapshot(id) else { return }
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
    private func collect() {
        for told in venue.takeOutput() {
            var event = Event()
            event.exchangeMilliseconds = told.time.milliseconds
            let topic: String
            switch told.event {
            case .order(_, let record):
                event.kind = .orders
                event.orders = [record.row]
                rewrite(&event.orders[0])
                topic = "order"
            case .execution(_, let record):
                event.kind = .executions
                event.executions = [record.row]
                note(event.executions[0])
                topic = "execution"
            case .position(_, let record):
                event.kind = .positions
                event.positions = [record.row]
                topic = "position"
            case .wallet(_, let report):
                event.kind = .wallets
                event.wallets = report.coins
                topic = "wallet"
            default: continue
            }
            let way = latency.at(told.time.nanoseconds).response + plan.edits.privateDelay
            lastPush = max(lastPush, told.time.nanoseconds + way)
            deliver(event, answers.push(topic), at: max(now, lastPush), isPush: true)
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
