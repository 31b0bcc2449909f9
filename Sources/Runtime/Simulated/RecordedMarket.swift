import Market
import Simulation
import Trading

/// A recorded market on its way into a simulated exchange: books and trades without the recorded session's own orders and
/// fills, and what of it a client is shown.
///
/// It keeps no exchange of its own, so that whoever drives one can have its market from here.
struct RecordedMarket {
    let queue: QueueModel
    /// As the exchange is made of them.
    let listings: [Listing]
    /// Whose resting orders pushes show.
    var accounts: [AccountID] = []
    var attribution = Attribution()
    var markets: [VenueMarket]
    /// Look-ups only.
    private var places: [InstrumentID: Int] = [:]
    var levels: [SimulatedExchange.RecordedLevel] = []
    var resting: [SimulatedExchange.RecordedLevel] = []
    private let takesOut: Bool

    /// - Parameter takesOut: the recorded session's own orders and fills are taken out; false for tests of what that is
    ///   worth.
    /// - Returns: `nil` where nothing can be traded.
    init?(_ survey: RecordingSurvey, queue: QueueModel, takesOut: Bool) {
        self.queue = queue
        self.takesOut = takesOut
        markets = []
        var listings: [Listing] = []
        for (id, depth) in zip(survey.depths.keys, survey.depths.values) {
            // Without a depth in sight there is no queue to stand in; options and combinations are not simulated.
            guard depth != BookUpdate.fullDepth, id.category != .option, id.category != .spread,
                let instrument = survey.instruments[id], let price = survey.prices[id]
            else { continue }
            var terms = Simulation.ContractTerms(
                launchMilliseconds: 0,
                symbolID: listings.count + 1,
                priceScale: instrument.scale.priceDecimals
            )
            // Not recorded, so that none are assumed.
            terms.priceLimitRatioX = .zero
            terms.priceLimitRatioY = .zero
            listings.append(
                Listing(
                    instrument: instrument,
                    terms: terms,
                    market: .given(RecordedSource(reference: price))
                )
            )
            places[id] = markets.count
            markets.append(
                VenueMarket(
                    instrument,
                    depth: depth,
                    own: takesOut ? survey.own : OwnActivity(),
                    feed: survey.feeds[id]?.first { $0.depth == depth },
                    isUnmarked: !survey.marked.contains(id)
                )
            )
        }
        guard !listings.isEmpty else { return nil }
        self.listings = listings
        attribution.unreadable = takesOut ? survey.own.unreadable : 0
    }

    /// Puts the books into the exchange that stood before the recording's first record.
    mutating func begin(in exchange: inout SimulatedExchange, _ output: inout ExchangeOutput) {
        for place in markets.indices where markets[place].feed.freshness == .live {
            while markets[place].nextChange < markets[place].changes.count,
                markets[place].changes[markets[place].nextChange].milliseconds == 0
            {
                markets[place].apply(markets[place].changes[markets[place].nextChange])
                markets[place].nextChange += 1
            }
            guard markets[place].feed.book.scale == markets[place].instrument.scale else {
                continue
            }
            var update = BookUpdate()
            update.isSnapshot = true
            levels.removeAll(keepingCapacity: true)
            recordBook(update, isWhole: true, place, &exchange, &output)
        }
    }

    func place(of id: InstrumentID) -> Int? { places[id] }

    func simulates(_ id: InstrumentID) -> Bool { places[id] != nil }

    /// Own fills that are left without a public trade, once the market has gone by.
    mutating func finish(trades: Set<InstrumentID>) {
        for market in markets where trades.contains(market.instrument.id) {
            attribution.fillsNotFound += market.fills.count { !$0.isTaken }
        }
    }

    /// The market's moment of a record: matched, and rewritten into what a client would have been sent.
    mutating func take(
        _ item: MarketItem,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        let id = InstrumentID(
            item.event.category,
            item.event.symbol.isNone
                ? item.event.trades.first?.symbol ?? .none : item.event.symbol
        )
        guard let place = places[id] else { return }
        switch item.event.kind {
        case .book: book(item, place, &exchange, &output)
        case .publicTrades: trades(item, place, &exchange, &output)
        case .ticker: ticker(item.event.ticker, place, &exchange, &output)
        default: break
        }
    }

    private mutating func ticker(
        _ ticker: TickerUpdate,
        _ place: Int,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        let instrument = markets[place].instrument
        guard ticker.markPrice != nil || ticker.indexPrice != nil || ticker.fundingRate != nil,
            let before = exchange.reference(instrument.id)
        else { return }
        var prices = before
        if let mark = ticker.markPrice {
            let units = ReferencePrices.units(mark, instrument)
            if units > 0 { prices.mark = Price(units: units) }
        }
        if let index = ticker.indexPrice {
            let units = ReferencePrices.units(index, instrument)
            if units > 0 { prices.index = Price(units: units) }
        }
        let rate = ticker.fundingRate.flatMap { try? $0.units(decimals: 8) }
        exchange.recordPrices(prices, fundingRate: rate, of: instrument.id, into: &output)
    }
}
