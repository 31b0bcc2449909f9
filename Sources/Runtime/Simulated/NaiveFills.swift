import Journal
import Market
import Trading

/// The model that everybody begins with: no latency, and an order is filled whole as soon as the price touches it.
///
/// A trade at its price or through it, or the other side's best price there. On the recorded market as it is.
struct NaiveFills {
    let survey: RecordingSurvey

    private struct Resting {
        var request: OrderRequest
        var price: Int64
        var quantity: Int64
    }

    func run(
        _ recording: Recording,
        _ cache: MarketCache? = nil
    ) throws(SimulatedError) -> FillTally {
        var tally = FillTally()
        var reader: MarketReader
        do throws(JournalError) {
            reader = try MarketReader(
                recording,
                MarketEdits(),
                keepsAccount: false,
                cache: cache,
                offset: { _ in 0 }
            )
        } catch {
            throw .replay(.journal(error))
        }
        var resting: [Resting] = []
        var feeds: [InstrumentID: BookFeed] = [:]
        var next = 0
        while true {
            guard let item = reader.arrival else {
                guard !reader.hasEnded else { break }
                try reader.readOn()
                continue
            }
            while next < survey.requests.count,
                survey.requests[next].time <= item.time
            {
                take(survey.requests[next].command.action, &resting, feeds, &tally)
                next += 1
            }
            while reader.market != nil { reader.dropMarket() }
            if item.role == .market { market(item, &resting, &feeds, &tally) }
            reader.dropArrival(item)
        }
        return tally
    }

    private func market(
        _ item: MarketItem,
        _ resting: inout [Resting],
        _ feeds: inout [InstrumentID: BookFeed],
        _ tally: inout FillTally
    ) {
        let event = item.event
        let symbol = event.symbol.isNone ? event.trades.first?.symbol ?? .none : event.symbol
        let id = InstrumentID(event.category, symbol)
        guard let scale = survey.instruments[id]?.scale else { return }
        var low = Int64.max
        var high = Int64.min
        switch event.kind {
        case .publicTrades:
            for trade in event.trades {
                guard let price = try? scale.price(trade.price).units else { continue }
                low = min(low, price)
                high = max(high, price)
            }
        case .book:
            guard event.book.depth == survey.depths[id] else { return }
            var errors: [(field: String, error: NumberError)] = []
            var feed =
                feeds[id] ?? BookFeed(depth: event.book.depth, topic: "", scale: scale)
            _ = feed.apply(event.book, slot: item.stream.slot, errors: &errors)
            feeds[id] = feed
            guard feed.freshness == .live, feed.book.scale == scale else { return }
            low = feed.book.bestAsk?.price.units ?? .max
            high = feed.book.bestBid?.price.units ?? .min
        default: return
        }
        resting.removeAll { order in
            guard order.request.instrument == id,
                order.request.side == .buy ? low <= order.price : high >= order.price
            else { return false }
            fill(order.request, order.price, order.quantity, isMaker: true, &tally)
            return true
        }
    }

    private func take(
        _ action: Command.Action,
        _ resting: inout [Resting],
        _ feeds: [InstrumentID: BookFeed],
        _ tally: inout FillTally
    ) {
        switch action {
        case .place(let request):
            guard let scale = survey.instruments[request.instrument]?.scale,
                let quantity = try? scale.quantity(request.quantity).units
            else { return }
            let book = feeds[request.instrument]?.book
            let other =
                request.side == .buy ? book?.bestAsk?.price.units : book?.bestBid?.price.units
            let price = request.price.flatMap { try? scale.price($0).units }
            if let other,
                price.map({ request.side == .buy ? other <= $0 : other >= $0 }) ?? true
            {
                guard request.timeInForce != .postOnly else { return }
                fill(request, other, quantity, isMaker: false, &tally)
                return
            }
            guard let price,
                request.timeInForce == .goodTillCancelled || request.timeInForce == .postOnly
            else { return }
            resting.append(Resting(request: request, price: price, quantity: quantity))
        case .amend(let request):
            guard
                let place = resting.firstIndex(where: {
                    $0.request.orderLinkID == request.orderLinkID
                }), let scale = survey.instruments[request.instrument]?.scale
            else { return }
            if let price = request.price, let units = try? scale.price(price).units {
                resting[place].price = units
            }
            if let quantity = request.quantity, let units = try? scale.quantity(quantity).units {
                resting[place].quantity = units
            }
        case .cancel(let request):
            resting.removeAll { $0.request.orderLinkID == request.orderLinkID }
        case .lookUp, .resubscribe, .setTimer: break
        }
    }

    private func fill(
        _ request: OrderRequest,
        _ price: Int64,
        _ quantity: Int64,
        isMaker: Bool,
        _ tally: inout FillTally
    ) {
        guard let scale = survey.instruments[request.instrument]?.scale,
            let value = try? scale.value(Price(units: price), Quantity(units: quantity)),
            let amount = try? Amount(scale.numeral(Quantity(units: quantity)))
        else { return }
        // The rates that the session itself has paid are not known before it trades: the usual ones.
        let rate = isMaker ? NaiveFills.makerRate : NaiveFills.takerRate
        let fee = (try? value.scaled(by: rate, over: 1_000_000, rounding: .halfEven)) ?? .zero
        tally.add(
            request.instrument,
            request.orderLinkID,
            request.side,
            quantity: amount,
            value: value,
            fee: fee
        )
    }

    /// Millionths.
    private static let makerRate: Int128 = 200
    private static let takerRate: Int128 = 550
}
