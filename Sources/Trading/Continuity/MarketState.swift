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

    init() {}

    /// The deepest subscription; the full book only where there is no other.
    public var feed: BookFeed? { shownFeed.map { feeds[$0] } }

    var shownFeed: Int? {
        guard let last = feeds.indices.last else { return nil }
        return feeds[last].isFull && last > 0 ? last - 1 : last
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
    /// Where the last look-up ended; not part of the state.
    private var recent = 0

    init() {}

    mutating func index(of instrument: InstrumentID) -> Int {
        if recent < states.count, states.keys[recent] == instrument { return recent }
        recent = states.index(of: instrument, orInsert: MarketState())
        return recent
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

    /// A book or ticker of it is subscribed: the record of a change of rules takes both away.
    func isSubscribed(_ id: InstrumentID) -> Bool {
        guard let state = states[id] else { return false }
        return !state.feeds.isEmpty || state.ticker.isLive || state.ticker.askedAt != nil
    }

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
        recent = 0
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
