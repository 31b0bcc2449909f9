import Journal
import Market
import Simulation
import Trading

/// The recorded session's own requests, each at its time, on its own market: what the models make of them.
///
/// Nothing is decided anew, so that each order can be held against what became of it.
struct RecordedRequests {
    let survey: RecordingSurvey
    let queue: QueueModel
    let latency: LatencyModel
    var takesOut = true

    /// - Returns: fills, and the last mark price of each instrument.
    func run(
        _ recording: Recording,
        _ cache: MarketCache? = nil
    ) throws(SimulatedError) -> (fills: [ExecutionReport], venue: SimulatedVenue) {
        var venue: SimulatedVenue
        do throws(SimulationError) {
            let plan = SimulationPlan()
            let made = try SimulatedVenue(
                survey,
                queue: queue,
                // Margin is no part of the question.
                deposits: SimulatedRun.deposits(plan, survey).map {
                    AccountConfiguration.Deposit(
                        coin: $0.coin,
                        amount: Amount(units: min($0.amount.units * 1_000, RecordedRequests.most))
                    )
                },
                takesOut: takesOut
            )
            guard let made else { throw SimulationError.noListing }
            venue = made
        } catch {
            throw error == .noListing ? .noMarket : .exchange(error)
        }
        let survey = survey
        var reader: MarketReader
        do throws(JournalError) {
            reader = try MarketReader(
                recording,
                MarketEdits(),
                keepsAccount: false,
                cache: cache,
                offset: { survey.offset(at: $0) }
            )
        } catch {
            throw .replay(.journal(error))
        }
        let arrivals = self.arrivals()
        var next = 0
        var fills: [ExecutionReport] = []
        var now = survey.begins.nanoseconds
        while true {
            try reader.fill(to: now)
            guard let arrival = reader.arrival else {
                guard !reader.hasEnded else { break }
                try reader.readOn()
                continue
            }
            let market = reader.market?.moment ?? .max
            let due = next < arrivals.count ? arrivals[next].time : .max
            let first = min(market, due, arrival.time.nanoseconds)
            if first > now {
                now = first
                continue
            }
            venue.advance(to: now)
            if market == first, let item = reader.market {
                reader.dropMarket()
                venue.market(item, offset: 0)
            } else if due == first {
                switch arrivals[next].action {
                case .place(let request): _ = venue.place(request)
                case .amend(let request): _ = venue.amend(request)
                case .cancel(let request): _ = venue.cancel(request)
                case .lookUp, .resubscribe, .setTimer: break
                }
                next += 1
            } else {
                reader.dropArrival(arrival)
            }
            for told in venue.takeOutput() {
                if case .execution(_, let record) = told.event, record.row.type.isFill {
                    fills.append(record.row)
                }
            }
        }
        venue.finish(trades: survey.hasTrades)
        return (fills, venue)
    }

    private static let most = PowerOfTen.int128(Amount.decimals + 14)

    /// Requests by when they reach the exchange; those of one order keep their order.
    private func arrivals() -> [(time: Int64, action: Command.Action)] {
        var last: [String: Int64] = [:]
        var list: [(time: Int64, number: Int, action: Command.Action)] = []
        for (number, request) in survey.requests.enumerated() {
            let action = request.command.action
            let time = request.time.nanoseconds + latency.at(request.time.nanoseconds).entry
            let linkID = action.orderLinkID
            let arrives = max(time, last[linkID] ?? .min)
            last[linkID] = arrives
            list.append((arrives, number, action))
        }
        return list.sorted { ($0.time, $0.number) < ($1.time, $1.number) }
            .map { ($0.time, $0.action) }
    }
}
