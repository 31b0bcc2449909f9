import Market

/// A listing while the exchange runs.
struct ListingState: Sendable {
    let facts: ListingFacts
    var book = MatchingBook()
    /// Book handles of the source's orders, by key.
    var handles: [Int32] = []
    /// `seq`: rises with each action of the matching engine; all that one match causes shares it.
    var sequence: Int64
    /// `cts`: when the book last changed, Unix milliseconds.
    var matchMilliseconds: Int64
    var statistics: TradeStatistics
    var tradeNumber: Int64 = 0
    var recentTrades: History<PublicTradeRecord>
    var streams: [DepthStream]
    /// Orders that wait for a price here, in order of arrival.
    var waiting: [SimulatedExchange.OrderPlace] = []
    /// Samples of the mid price less the reference price, one a second.
    var premiums: PremiumAverage
    var openInterest: OpenInterest
    /// What the mark was when positions were last valued at it.
    var valuedAt = ReferencePrices(mark: Price(units: 0), index: Price(units: 0))
    var ticker = TickerStream()
    var sendsTrades = false
    var sendsLiquidations = false
    var candles = CandleStream()

    /// - Parameter index: price at which it begins.
    init(_ facts: ListingFacts, index price: Int64, start: Timestamp, historyMax: Int) {
        self.facts = facts
        let index = facts.index
        premiums = PremiumAverage(count: facts.category == .spot ? 120 : 30)
        sequence = 1_000_000 * Int64(index + 1)
        matchMilliseconds = start.milliseconds
        statistics = TradeStatistics(
            price: price,
            milliseconds: start.milliseconds,
            scale: facts.scale
        )
        recentTrades = History(limit: max(1_000, historyMax / 1_000))
        openInterest = OpenInterest(facts.listing)
        let plans = DepthStream.plans(of: facts.category)
        streams = plans.enumerated().map { place, plan in
            DepthStream(
                plan,
                updateID: 1_000 * Int64(place + 1) + 10_000 * Int64(index + 1)
            )
        }
    }

    /// It trades no more; its book is empty.
    mutating func close() {
        book = MatchingBook()
        handles = []
    }

    var touch: Touch {
        Touch(
            bid: book.bestBid.map { Price(units: $0) },
            ask: book.bestAsk.map { Price(units: $0) }
        )
    }

    /// Place of a depth among the streams; `nil` where the category has no such topic.
    func place(depth: Int, isImprovement: Bool = false) -> Int? {
        streams.firstIndex { $0.depth == depth && $0.isImprovement == isImprovement }
    }

    func moment(_ now: Int64) -> DepthStream.Moment {
        DepthStream.Moment(
            scale: facts.scale,
            crossSequence: sequence,
            matchMilliseconds: matchMilliseconds,
            now: now
        )
    }
}

/// A public trade as it is kept: its text is made when somebody asks.
struct PublicTradeRecord: Sendable {
    var number: Int64
    var price: Int64
    var quantity: Int64
    var side: Side
    var milliseconds: Int64
    var crossSequence: Int64
    var tickDirection: String
    var option: OptionTradeRecord?
}

/// Where an option stood when it traded.
struct OptionTradeRecord: Sendable {
    var mark: Int64
    var index: Int64
    var markVolatility: Numeral
    var volatility: Numeral
}

extension ListingFacts {
    func optionTrade(
        at price: Int64,
        _ quote: ListingQuote,
        _ figures: OptionFigures?
    ) -> OptionTradeRecord? {
        guard let figures else { return nil }
        return OptionTradeRecord(
            mark: quote.mark,
            index: quote.index,
            markVolatility: figures.volatility,
            volatility: figures.volatility(at: price, mark: quote.mark, scale.priceDecimals)
        )
    }
}
