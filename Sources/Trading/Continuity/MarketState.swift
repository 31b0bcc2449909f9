public import Market

/// What the public streams say of one instrument.
public struct MarketState: Sendable, Codable {
    /// By depth, shallow first.
    public internal(set) var feeds: [BookFeed] = []
    public internal(set) var ticker = Ticker()
    public internal(set) var lastTrade: Numeral?
    /// Depths that a change of rules has unsubscribed: what still comes of them is of no use.
    var droppedDepths: [Int] = []
    var isTickerDropped = false
    var trades = TradeFeed()
    /// A list of recent trades is on its way.
    var isTradeListAsked = false
    /// Of `orderbook.rpi`, without the sizes of improvements: kept to see whether anything is missing, and for nothing else.
    ///
    /// It is none of ``feeds``, where its depth would make it the book of 50.
    var improvement: BookFeed?
    /// A change of rules has unsubscribed it.
    ///
    /// `nil`, and never false, where not: a state without such a book is encoded as ever.
    var isImprovementDropped: Bool?
    /// How often it has been asked for of late.
    var improvementPause: Damage?

    init() {}

    /// The deepest subscription; the full book only where there is no other.
    public var feed: BookFeed? { shownFeed.map { feeds[$0] } }

    var shownFeed: Int? { MarketState.shown(feeds) }

    /// Its encoding has what none had before there were books of improvements.
    var hasImprovement: Bool { improvement != nil || isImprovementDropped != nil }

    /// Of the feeds alone: a look at a whole state copies it.
    static func shown(_ feeds: [BookFeed]) -> Int? {
        let last = feeds.count - 1
        guard last >= 0 else { return nil }
        return last > 0 && feeds[last].depth == BookUpdate.fullDepth ? last - 1 : last
    }
}

/// Instruments, books and tickers.
struct MarketStates: Sendable {
    private(set) var instruments = OrderedTable<InstrumentID, Instrument>()
    var states = OrderedTable<InstrumentID, MarketState>()
    /// Wrapping sum over instruments, kept up so that hundreds of them are not walked for each hash.
    private var instrumentsHash: UInt64 = 0
    /// Lists of instruments of which not all pages have come.
    var lists: [InstrumentList] = []
    /// Where look-ups ended, by a mix of the symbol, so that a place is tried before it is searched; not part of the state.
    private var recent = [Int](repeating: 0, count: 64)

    init() {}

    mutating func index(of instrument: InstrumentID) -> Int {
        let slot = MarketStates.slot(instrument)
        let known = recent[slot]
        if known < states.count, states.keys[known] == instrument { return known }
        let place = states.index(of: instrument, orInsert: MarketState())
        recent[slot] = place
        return place
    }

    /// `nil`: nothing is kept of it.
    func place(of instrument: InstrumentID) -> Int? {
        let known = recent[MarketStates.slot(instrument)]
        if known < states.count, states.keys[known] == instrument { return known }
        return states.index(of: instrument)
    }

    /// Where the deepest book is, while there is one that is not stale.
    func livePlace(_ id: InstrumentID) -> (market: Int, feed: Int)? {
        guard let place = place(of: id), let feed = MarketState.shown(states.values[place].feeds),
            states.values[place].feeds[feed].freshness == .live
        else { return nil }
        return (place, feed)
    }

    private static func slot(_ instrument: InstrumentID) -> Int {
        Int(instrument.symbol.mixed >> 58)
    }

    /// Takes in a row of instruments-info; books that count more coarsely follow.
    mutating func learn(_ instrument: Instrument) throws {
        let hash = try CanonicalEncoder().hash(instrument)
        if let known = instruments[instrument.id] {
            if known == instrument { return }
            instrumentsHash &-= try CanonicalEncoder().hash(known)
        }
        instruments[instrument.id] = instrument
        instrumentsHash &+= hash
        guard let place = states.index(of: instrument.id) else { return }
        for feed in states.values[place].feeds.indices {
            try states.values[place].feeds[feed].widen(to: instrument.scale)
        }
        try states.values[place].improvement?.widen(to: instrument.scale)
    }

    /// Everything of a category of which anything is kept, sorted.
    func known(_ category: Category) -> [InstrumentID] {
        var ids = instruments.keys.filter { $0.category == category }
        for id in states.keys where id.category == category && instruments.index(of: id) == nil {
            ids.append(id)
        }
        return ids.sorted()
    }

    /// By its listing, else by its name: those of options begin with the base coin.
    func isOf(_ baseCoin: String, _ id: InstrumentID) -> Bool {
        if let instrument = instruments[id] { return instrument.baseCoin == baseCoin }
        return id.category == .option && id.symbol.description.hasPrefix(baseCoin + "-")
    }

    /// A book or ticker of it is subscribed: the record of a change of rules takes them away.
    func isSubscribed(_ id: InstrumentID) -> Bool {
        guard let state = states[id] else { return false }
        return !state.feeds.isEmpty || state.improvement != nil || state.ticker.isLive
            || state.ticker.askedAt != nil
    }

    /// See ``MarketState/hasImprovement``.
    var hasImprovement: Bool { states.values.contains { $0.hasImprovement } }

    mutating func forget(_ id: InstrumentID) {
        if let known = instruments[id] {
            do {
                instrumentsHash &-= try CanonicalEncoder().hash(known)
                instruments[id] = nil
            } catch {
                // It was hashed when it was learned; what cannot be taken out of the sum stays.
                return
            }
        }
        states[id] = nil
    }

    func scale(of instrument: InstrumentID) -> Scale {
        instruments[instrument]?.scale ?? Scale(priceDecimals: 0, quantityDecimals: 0)
    }

    /// The price that a position is valued at: mark, else last trade, else the middle of nothing.
    func reference(_ instrument: InstrumentID) -> Numeral? {
        guard let state = states[instrument] else { return nil }
        return state.ticker.markPrice ?? state.ticker.lastPrice ?? state.lastTrade
    }
}

extension MarketStates: Codable {
    private enum Key: String, CodingKey { case instruments, instrumentsHash, states, lists }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        instruments = try container.decode(
            OrderedTable<InstrumentID, Instrument>.self,
            forKey: .instruments
        )
        instrumentsHash = try container.decode(UInt64.self, forKey: .instrumentsHash)
        states = try container.decode(
            OrderedTable<InstrumentID, MarketState>.self,
            forKey: .states
        )
        lists = try container.decode([InstrumentList].self, forKey: .lists)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !CanonicalPurpose.isHash(encoder) {
            try container.encode(instruments, forKey: .instruments)
        }
        try container.encode(instrumentsHash, forKey: .instrumentsHash)
        try container.encode(states, forKey: .states)
        try container.encode(lists, forKey: .lists)
    }
}
