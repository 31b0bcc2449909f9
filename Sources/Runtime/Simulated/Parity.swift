public import Journal
public import Market
public import Simulation
import Trading

/// How near a model comes to what happened, on the orders of one part of a session.
public struct ParityScore: Hashable, Sendable {
    /// By order, the smaller of both filled values over the larger one, summed, in 10⁻⁴: 10,000 is all equal, 0 nothing in
    /// common.
    public var fillScore = 0
    /// Orders with a fill in the model.
    public var filledOrders = 0
    /// Orders with a fill in both.
    public var both = 0
    public var fills = 0
    public var turnover = Amount.zero
    /// Mean distance of the average fill price of orders with a fill in both, in 10⁻⁸ of it.
    public var priceError = 0
    /// What the fills earned, less fees, open positions at the last mark price; `nil` past all bounds.
    public var earned: Amount?
    /// Distance of ``earned`` from what was earned, in 10⁻⁸ of the value that was traded.
    public var earnedError = 0

    public init() {}
}

/// A live session held against models of it: calibrated on its first part, scored on the rest.
public struct ParityReport: Sendable {
    public var queue = QueueModel.riskAverse
    public var latency = ""
    public var takesOut = true
    /// Orders before this moment have calibrated the models.
    public var split = Timestamp.zero
    public var acknowledgements = 0
    public var orders = 0
    public var liveFilled = 0
    public var live = ParityScore()
    public var model = ParityScore()
    public var naive = ParityScore()
    /// By queue model, on the calibrating part.
    public var candidates: [(queue: QueueModel, fillScore: Int)] = []
    public var attribution = Attribution()

    public init() {}
}

/// Measures how close simulated fills come to those of a recorded session.
public struct Parity {
    public var takesOut = true
    /// `nil` is calibrated.
    public var queue: QueueModel?
    public var latency = SimulationPlan.Latency.usual
    /// The market that was decoded before: it is read for each model.
    public var cache: MarketCache?
    /// Called before the first model runs, when it is known that there is something to compare.
    public var willRun: () -> Void = {}

    public init() {}

    private static let candidates: [QueueModel] = [
        .riskAverse, .power(hundredths: 100), .power(hundredths: 200), .power(hundredths: 300),
        .power(hundredths: 500), .logarithmic,
    ]

    /// - Returns: `nil` where the session has no order in either part, and so nothing to compare.
    public func measure(_ recording: Recording) throws(SimulatedError) -> ParityReport? {
        let survey = try Simulator.survey(recording)
        let orders = survey.requests.filter {
            if case .place = $0.command.action { true } else { false }
        }
        guard orders.count >= 2 else { return nil }
        var report = ParityReport()
        report.takesOut = takesOut
        report.split = orders[orders.count / 2].time
        let split = report.split
        let first = Set(orders.filter { $0.time < split }.map(\.command.action.orderLinkID))
        let second = Set(orders.filter { $0.time >= split }.map(\.command.action.orderLinkID))
        guard !first.isEmpty else { return nil }
        willRun()
        let latency: LatencyModel
        (latency, report.latency, report.acknowledgements) = try calibrated(survey, split)
        let live = Parity.tallies(survey.executions, first, second)
        var best: (queue: QueueModel, score: Int)?
        var bestFills: [ExecutionReport] = []
        var bestVenue: SimulatedVenue?
        for candidate in queue.map({ [$0] }) ?? Parity.candidates {
            let run = try RecordedRequests(
                survey: survey,
                queue: candidate,
                latency: latency,
                takesOut: takesOut
            ).run(recording, cache)
            let model = Parity.tallies(run.fills, first, second)
            let score = Parity.fillScore(live.first, model.first, first)
            report.candidates.append((candidate, score))
            if best.map({ score > $0.score }) ?? true {
                best = (candidate, score)
                bestFills = run.fills
                bestVenue = run.venue
            }
        }
        guard let best, let venue = bestVenue else { return nil }
        report.queue = best.queue
        report.attribution = venue.attribution
        func price(_ id: InstrumentID) -> Numeral? {
            guard let scale = survey.instruments[id]?.scale else { return nil }
            return venue.exchange.reference(id).map { scale.numeral($0.mark) }
        }
        let model = Parity.tallies(bestFills, first, second)
        let naive = try NaiveFills(survey: survey).run(recording, cache)
        report.orders = second.count
        report.live = Parity.score(live.second, live.second, second, price)
        report.liveFilled = report.live.filledOrders
        report.model = Parity.score(live.second, model.second, second, price)
        report.naive = Parity.score(live.second, naive.only(second), second, price)
        return report
    }

    /// The middle latency of the acknowledgements of the first part; what was measured there must hold for the rest.
    private func calibrated(
        _ survey: RecordingSurvey,
        _ split: Timestamp
    ) throws(SimulatedError) -> (LatencyModel, String, Int) {
        let factor: Int64
        switch latency {
        case .recorded(let times) where survey.knowsArrivalTimes: factor = times
        case .usual where survey.knowsArrivalTimes: factor = 1
        case .recorded, .usual, .constant:
            var plan = SimulationPlan()
            plan.latency = latency
            let made = try SimulatedRun.latency(plan, survey)
            return (made.0, made.1, 0)
        }
        let samples = survey.samples.filter { $0.time < split.nanoseconds }
        guard !samples.isEmpty else {
            let usual = SimulationPlan.usualLatency * factor
            return (
                .constant(entry: usual, response: usual),
                "constant \(SimulatedRun.text(usual)) each way (no acknowledgement)", 0
            )
        }
        let model = LatencyModel.recorded(samples).median.multiplied(by: factor)
        let legs = model.at(0)
        let times = factor == 1 ? "" : ", \(factor) times as long"
        return (
            model,
            "median of \(samples.count) acknowledgements\(times):"
                + " \(SimulatedRun.text(legs.entry)) there, \(SimulatedRun.text(legs.response)) back",
            samples.count
        )
    }

    private static func tallies(
        _ rows: [ExecutionReport],
        _ first: Set<String>,
        _ second: Set<String>
    ) -> (first: FillTally, second: FillTally) {
        var tallies = (first: FillTally(), second: FillTally())
        for row in rows {
            if first.contains(row.orderLinkID) { tallies.first.add(row) }
            if second.contains(row.orderLinkID) { tallies.second.add(row) }
        }
        return tallies
    }

    /// By order: the smaller value over the larger one, summed.
    private static func fillScore(
        _ live: FillTally,
        _ model: FillTally,
        _ orders: Set<String>
    ) -> Int {
        var least: Int128 = 0
        var most: Int128 = 0
        for id in orders.sorted() {
            let left = live.orders[id]?.value.units ?? 0
            let right = model.orders[id]?.value.units ?? 0
            least += min(left, right) / 1_000_000
            most += max(left, right) / 1_000_000
        }
        guard most > 0 else { return 10_000 }
        return Int(least * 10_000 / most)
    }

    private static func score(
        _ live: FillTally,
        _ model: FillTally,
        _ orders: Set<String>,
        _ price: (InstrumentID) -> Numeral?
    ) -> ParityScore {
        var score = ParityScore()
        score.fillScore = fillScore(live, model, orders)
        score.fills = model.fills
        score.turnover = model.turnover
        var error: Int128 = 0
        for id in orders.sorted() {
            guard let ours = model.orders[id], ours.quantity > .zero else { continue }
            score.filledOrders += 1
            guard let theirs = live.orders[id], theirs.quantity > .zero,
                let left = average(ours), let right = average(theirs), right > 0
            else { continue }
            score.both += 1
            error += (left > right ? left - right : right - left) * 100_000_000 / right
        }
        if score.both > 0 { score.priceError = Int(error / Int128(score.both)) }
        score.earned = model.earned(price)
        if let ours = score.earned, let theirs = live.earned(price),
            let distance = try? ours.subtracting(theirs), live.turnover > .zero
        {
            let part = try? FullWidth.multiplyDivide(
                distance.units < 0 ? -distance.units : distance.units,
                100_000_000,
                by: live.turnover.units,
                rounding: .halfEven
            )
            score.earnedError = Int(clamping: part ?? Int128(Int64.max))
        }
        return score
    }

    /// Average price in 10⁻⁸ of the quote coin.
    private static func average(_ fills: OrderFills) -> Int128? {
        try? FullWidth.multiplyDivide(
            fills.value.units,
            100_000_000,
            by: fills.quantity.units,
            rounding: .halfEven
        )
    }
}
