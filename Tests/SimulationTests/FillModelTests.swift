import Market
import Testing

@testable import Simulation

/// A market whose every order is known, against what models make of its 50 levels and its trades.
@Suite struct FillModelTests {
    struct Outcome {
        var placed = 0
        var filled = 0
        /// Orders filled in both the truth and the model, and in one of them alone.
        var both = 0
        var onlyOne = 0
        var price: Int64 = 0
        var delay: Int64 = 0
    }

    /// Fills by client order id: when, Unix nanoseconds, and at what price in ticks.
    typealias Fills = [String: (time: Int64, price: Int64)]

    static let lifetime: Int64 = 5_000_000_000

    static func configuration(_ listings: [Listing]) throws -> SimulationConfiguration {
        SimulationConfiguration(
            seed: 11,
            start: start,
            listings: listings,
            accounts: [AccountConfiguration(alias: "main", deposits: try paidIn("1000000"))]
        )
    }

    static func request(
        _ link: String,
        _ side: Side,
        _ price: Price,
        _ scale: Scale
    ) -> OrderRequest {
        OrderRequest(
            instrument: btc,
            orderLinkID: link,
            side: side,
            timeInForce: .postOnly,
            quantity: scale.numeral(Quantity(units: 1)),
            price: scale.numeral(price)
        )
    }

    /// What the truth and all models see: one order of the smallest quantity each 250 ms at a touch, for five seconds.
    static func run(
        seconds: Int64,
        models: [QueueModel]
    ) throws -> (truth: Fills, predicted: [Fills], naive: Fills, placed: Int) {
        let listing = try #require(
            try Listing.standard(eventsPerSecond: 200).first { $0.instrument.id == btc }
        )
        var truth = try SimulatedExchange(configuration([listing]))
        truth.activate(.book(btc, depth: 50))
        truth.activate(.trades(btc))
        var recorded = listing
        recorded.terms.priceLimitRatioX = .zero
        recorded.terms.priceLimitRatioY = .zero
        let prices = try #require(truth.reference(btc))
        recorded.market = .given(RecordedSource(reference: prices))
        var twins = try models.map { _ in try SimulatedExchange(configuration([recorded])) }
        var book = Book(scale: listing.instrument.scale)
        var feeds = FillModelFeed(truth.accounts[0])
        var output = ExchangeOutput()
        var fills = Fills()
        var predicted: [Fills] = models.map { _ in Fills() }
        var naive = Fills()
        var placed = 0
        var waiting: [(end: Int64, link: String, side: Side, price: Int64)] = []
        let scale = listing.instrument.scale
        let step: Int64 = 20_000_000
        for count in 1...(seconds * 50) {
            output.removeAll()
            truth.advance(to: start.advanced(nanoseconds: count * step), into: &output)
            for told in output.events {
                try feeds.take(told, truth, scale, &book, &twins, models, &predicted, &fills)
            }
            let now = start.nanoseconds + count * step
            for order in waiting where naive[order.link] == nil {
                let isTouched =
                    order.side == .buy
                    ? feeds.low <= order.price || (book.bestAsk?.price.units ?? .max) <= order.price
                    : feeds.high >= order.price
                        || (book.bestBid?.price.units ?? .min) >= order.price
                if isTouched { naive[order.link] = (now, order.price) }
            }
            feeds.low = .max
            feeds.high = .min
            for order in waiting where order.end <= now {
                let cancel = CancelRequest(instrument: btc, orderLinkID: order.link)
                _ = truth.cancel(cancel, for: truth.accounts[0], into: &feeds.own)
                for place in twins.indices {
                    _ = twins[place].cancel(cancel, for: twins[place].accounts[0], into: &feeds.own)
                }
                feeds.own.removeAll()
            }
            waiting.removeAll { $0.end <= now }
            guard count % 12 == 0, let bid = book.bestBid, let ask = book.bestAsk else { continue }
            for (side, price) in [(Side.buy, bid.price), (.sell, ask.price)] {
                placed += 1
                let link = "o\(placed)"
                let request = request(link, side, price, scale)
                _ = truth.place(request, for: truth.accounts[0], into: &feeds.own)
                for place in twins.indices {
                    _ = twins[place].place(request, for: twins[place].accounts[0], into: &feeds.own)
                }
                feeds.own.removeAll()
                waiting.append((now + lifetime, link, side, price.units))
            }
        }
        return (fills, predicted, naive, placed)
    }

    static func compare(_ truth: Fills, _ model: Fills, placed: Int) -> Outcome {
        var outcome = Outcome()
        outcome.placed = placed
        outcome.filled = model.count
        for link in Set(truth.keys).union(model.keys).sorted() {
            guard let right = truth[link], let ours = model[link] else {
                outcome.onlyOne += 1
                continue
            }
            outcome.both += 1
            outcome.price += abs(right.price - ours.price)
            outcome.delay += abs(right.time - ours.time) / 1_000_000
        }
        return outcome
    }

    @Test func `fills predicted from fifty levels, against the order-by-order truth, by model`()
        throws
    {
        let models: [QueueModel] = [
            .riskAverse, .power(hundredths: 100), .power(hundredths: 200), .power(hundredths: 300),
            .logarithmic,
        ]
        let run = try Self.run(seconds: 60, models: models)
        func row(_ name: String, _ fills: Fills) -> String {
            let outcome = Self.compare(run.truth, fills, placed: run.placed)
            let wrong = Int64(outcome.onlyOne) * 1_000 / Int64(max(1, run.truth.count))
            return "\(name): filled \(fills.count) of \(run.placed) (truth \(run.truth.count)),"
                + " both \(outcome.both), one alone \(outcome.onlyOne) (\(wrong) per mille of the true fills),"
                + " mean price error \(outcome.price * 100 / Int64(max(1, outcome.both))) hundredths of a tick,"
                + " mean time error \(outcome.delay / Int64(max(1, outcome.both))) ms"
        }
        var table = ["truth: filled \(run.truth.count) of \(run.placed)"]
        for (model, fills) in zip(models, run.predicted) { table.append(row("\(model)", fills)) }
        table.append(row("naive", run.naive))
        print(table.joined(separator: "\n"))
        #expect(run.truth.count > 30)
        let naive = Self.compare(run.truth, run.naive, placed: run.placed)
        for (model, fills) in zip(models, run.predicted) {
            let outcome = Self.compare(run.truth, fills, placed: run.placed)
            #expect(outcome.onlyOne < naive.onlyOne, "\(model)")
        }
    }
}

/// Carries the truth's public messages to the twins, without the probing orders.
struct FillModelFeed {
    let account: AccountID
    var low = Int64.max
    var high = Int64.min
    var own = ExchangeOutput()
    private var output = ExchangeOutput()
    private var resting: [SimulatedExchange.RecordedLevel] = []

    init(_ account: AccountID) { self.account = account }

    mutating func take(
        _ told: TimedEvent,
        _ truth: SimulatedExchange,
        _ scale: Scale,
        _ book: inout Book,
        _ twins: inout [SimulatedExchange],
        _ models: [QueueModel],
        _ predicted: inout [FillModelTests.Fills],
        _ fills: inout FillModelTests.Fills
    ) throws {
        switch told.event {
        case .execution(_, let record):
            let row = record.row
            fills[row.orderLinkID] = (told.time.nanoseconds, try scale.price(row.price).units)
        case .trades(_, let trades):
            for trade in trades {
                let price = try scale.price(trade.price)
                low = min(low, price.units)
                high = max(high, price.units)
                let quantity = try scale.quantity(trade.size)
                for place in twins.indices {
                    twins[place].recordTrade(
                        trade.side,
                        quantity,
                        at: price,
                        of: btc,
                        into: &output
                    )
                }
            }
        case .book(_, let update):
            if update.isSnapshot { book.removeAll() }
            var levels: [SimulatedExchange.RecordedLevel] = []
            resting.removeAll()
            var truth = truth
            truth.appendResting(account, on: btc, to: &resting)
            for (side, rows) in [(Side.buy, update.bids), (.sell, update.asks)] {
                for row in rows {
                    let price = try scale.price(row.price)
                    let size = try scale.quantity(row.size)
                    book.set(side, price: price, size: size)
                    var left = size.units
                    for own in resting where own.side == side && own.price == price {
                        left -= own.quantity.units
                    }
                    levels.append(.init(side, price, Quantity(units: max(0, left))))
                }
            }
            book.trim(depth: 50)
            for place in twins.indices {
                twins[place].recordLevels(
                    levels,
                    of: btc,
                    isWhole: update.isSnapshot,
                    worst: (
                        book.bids.count >= 50 ? book.bids.last?.price : nil,
                        book.asks.count >= 50 ? book.asks.last?.price : nil
                    ),
                    models[place],
                    into: &output
                )
            }
        default: return
        }
        // One clock for all.
        for place in twins.indices {
            var moved = ExchangeOutput()
            twins[place].advance(to: told.time, into: &moved)
        }
        collect(told.time, &twins, scale, &predicted)
    }

    private mutating func collect(
        _ time: Timestamp,
        _ twins: inout [SimulatedExchange],
        _ scale: Scale,
        _ predicted: inout [FillModelTests.Fills]
    ) {
        output.removeAll()
        for place in twins.indices {
            for row in twins[place].executions(twins[place].accounts[0], RowQuery(limit: 20)).rows {
                guard predicted[place][row.orderLinkID] == nil,
                    let price = try? scale.price(row.price).units
                else { continue }
                predicted[place][row.orderLinkID] = (time.nanoseconds, price)
            }
        }
    }
}
