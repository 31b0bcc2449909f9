public import Market

/// What a strategy sees and does: the market, its orders, its position, and the way to the exchange.
///
/// It is lent to the strategy for the time of one call. What is read is as of the record in hand; what is asked for
/// goes through risk at once, so that the next line already sees the order.
public struct Desk: Sendable {
    /// The core's clock: the time of the record in hand.
    public internal(set) var time = Timestamp.zero
    /// The record in hand.
    public internal(set) var cause = SequenceNumber.none
    /// The strategy whose turn it is.
    public internal(set) var strategy = Desk.own

    /// The name under which the core itself speaks: continuity, reconciliation, the end of a session.
    public static let own = "desk"

    let session: String
    let limits: RiskLimits
    /// What is reconciled; a session file that is read anew may add some.
    var categories: [Category]
    /// Beginnings of the client order ids of this session, by strategy.
    let prefixes: OrderedTable<String, String>

    var markets = MarketStates()
    var orderStore = OrderStore()
    var ledger: Ledger
    var risk = RiskState()
    var links = Links()
    var timers = Timers()

    /// What has been said in answer to the record in hand.
    var outputs: [Output] = []
    /// Counts intents and commands of the record in hand.
    var ordinal = 0
    /// What the ledger booked for the record in hand.
    var bookings: [ExecutionBooking] = []
    var flowBookings: [FlowBooking] = []
    /// What is to be told to strategies after the record's own occasion.
    var news: [News] = []

    init(
        session: String,
        limits: RiskLimits,
        categories: [Category],
        strategies: [String],
        fault: LedgerFault
    ) {
        self.session = session
        self.limits = limits
        self.categories = categories
        var prefixes = OrderedTable<String, String>()
        for name in strategies + [Desk.own] {
            prefixes[name] = ClientOrderID.prefix(session: session, strategy: name)
        }
        self.prefixes = prefixes
        ledger = Ledger(fault: fault)
    }
}

/// Something that concerns one strategy's orders.
enum News: Sendable {
    case order(serial: Int)
    case fill(Fill, strategy: String)
}

extension Desk {
    // MARK: The market

    /// `nil` until the exchange's list of instruments has come.
    public func instrument(_ id: InstrumentID) -> Instrument? { markets.instruments[id] }

    /// All instruments known, sorted.
    public var instruments: [Instrument] { markets.instruments.values }

    /// The deepest book subscribed to; `nil` while there is none or it is stale.
    ///
    /// The full book only where there is no other: it is stale for longer, and is asked for by its depth.
    public func book(_ id: InstrumentID) -> Book? {
        guard let place = markets.livePlace(id) else { return nil }
        // In place: a copy of the whole state of the instrument would cost more than all else here.
        return markets.states.values[place.market].feeds[place.feed].book
    }

    /// True while there is a book and it is not stale; cheaper than asking for the book.
    ///
    /// In line, so that not all of the desk is copied for a look at its markets.
    @inline(__always)
    public func hasBook(_ id: InstrumentID) -> Bool { markets.livePlace(id) != nil }

    /// The book of one depth; `nil` while there is none or it is stale.
    public func book(_ id: InstrumentID, depth: Int) -> Book? {
        guard let feed = markets.states[id]?.feeds.first(where: { $0.depth == depth }),
            feed.freshness == .live
        else { return nil }
        return feed.book
    }

    /// `nil` before the first snapshot and while its socket is down.
    public func ticker(_ id: InstrumentID) -> Ticker? {
        guard let ticker = markets.states[id]?.ticker, ticker.isLive else { return nil }
        return ticker
    }

    public func lastTrade(_ id: InstrumentID) -> Numeral? { markets.states[id]?.lastTrade }

    // MARK: The strategy's own

    /// Orders of this strategy that are not closed, oldest first.
    public var orders: [Order] {
        var result: [Order] = []
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial) else { continue }
            if orderStore[place].strategy == strategy, !orderStore[place].isClosed {
                result.append(orderStore[place])
            }
        }
        return result
    }

    /// An order of this strategy, closed ones for a while too.
    public func order(_ orderLinkID: String) -> Order? {
        guard let place = orderStore.place(linkID: orderLinkID, orderID: ""),
            orderStore[place].strategy == strategy
        else { return nil }
        return orderStore[place]
    }

    /// This strategy's own position.
    public func position(_ id: InstrumentID) -> Position { ledger.position(id, of: strategy) }

    /// The position of the whole account: other strategies and external orders included.
    public func accountPosition(_ id: InstrumentID) -> Position { ledger.position(id) }

    /// True while new orders are rejected for every instrument; cancels pass.
    public var isHalted: Bool { haltReason != nil }

    /// Why new orders are rejected; `nil` when they are not.
    public var haltReason: String? {
        if links.isStopping { return "the session ends" }
        if let operatorHalt = links.operatorHalt { return operatorHalt }
        if let journalHalt = links.journalHalt { return journalHalt }
        if !links.isPrivateReady { return "private socket down" }
        if !links.isReconciled { return "not reconciled" }
        return nil
    }

    /// Why new orders in this instrument are rejected; `nil` when they are not.
    public func haltReason(_ id: InstrumentID) -> String? {
        if let haltReason { return haltReason }
        guard let feed = markets.states[id]?.feed else { return "no book" }
        switch feed.freshness {
        case .live: return nil
        case .empty: return "no book"
        case .stale: return "book stale"
        }
    }
}
