import Market

/// A listing while the exchange runs.
struct ListingState: Sendable {
    private(set) var listing: Listing
    private(set) var instrument: Instrument
    let index: Int
    var book = MatchingBook()
    var source: any MarketSource
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
    let valuation: Valuation
    /// Places of its coins in ``Books``; the base coin's is the settle coin's on contracts of a quote coin.
    var settleCoin = 0
    var baseCoin = 0
    /// Indices of a combination's legs.
    var legs: (first: Int, second: Int)?
    /// Orders that wait for a price here, in order of arrival.
    var waiting: [SimulatedExchange.OrderPlace] = []
    /// Samples of the mid price less the reference price, one a second.
    var premiums: PremiumAverage
    /// False once it has been delivered.
    private(set) var isLive = true
    var openInterest: OpenInterest
    /// What the mark was when positions were last valued at it.
    var valuedAt = ReferencePrices(mark: Price(units: 0), index: Price(units: 0))
    var ticker = TickerStream()
    var sendsTrades = false
    var sendsLiquidations = false
    var sendsCandles = false
    var isCandleScheduled = false
    /// Of the last candle pushed: nothing is sent twice.
    var candleSent: Candle?

    init(listing: Listing, index: Int, source: any MarketSource, start: Timestamp, historyMax: Int)
    {
        self.listing = listing
        instrument = listing.instrument
        self.index = index
        self.source = source
        valuation = Valuation(
            scale: listing.instrument.scale,
            isInverse: listing.instrument.id.category == .inverse
        )
        premiums = PremiumAverage(
            count: listing.instrument.id.category == .spot ? 120 : 30
        )
        sequence = 1_000_000 * Int64(index + 1)
        matchMilliseconds = start.milliseconds
        statistics = TradeStatistics(
            price: source.reference.index.units,
            milliseconds: start.milliseconds,
            scale: listing.instrument.scale
        )
        recentTrades = History(limit: max(1_000, historyMax / 1_000))
        openInterest = OpenInterest(listing)
        let plans = DepthStream.plans(of: listing.instrument.id.category)
        streams = plans.enumerated().map { place, plan in
            DepthStream(
                plan,
                updateID: 1_000 * Int64(place + 1) + 10_000 * Int64(index + 1)
            )
        }
    }

    /// It trades no more; its book is empty.
    mutating func close() {
        isLive = false
        listing.instrument.status = "Closed"
        instrument.status = "Closed"
        book = MatchingBook()
        handles = []
    }

    var id: InstrumentID { instrument.id }
    var scale: Scale { instrument.scale }
    var mark: Int64 { source.reference.mark.units }
    var indexPrice: Int64 { source.reference.index.units }
    var hasFunding: Bool { instrument.fundingIntervalMinutes != nil }
    var category: Category { instrument.id.category }
    /// Positions are kept in it.
    var isContract: Bool { category == .linear || category == .inverse || category == .option }
    /// Sessions settle its P&L.
    var hasSessions: Bool { category == .linear && instrument.settleCoin == "USDC" }

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
            scale: scale,
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

extension ListingState {
    func optionTrade(at price: Int64) -> OptionTradeRecord? {
        guard category == .option, let figures = source.figures else { return nil }
        return OptionTradeRecord(
            mark: mark,
            index: indexPrice,
            markVolatility: figures.volatility,
            volatility: volatility(at: price, figures)
        )
    }
}
