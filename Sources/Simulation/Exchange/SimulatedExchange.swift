public import Market

/// An exchange in memory: requests in, events out.
///
/// Every order, ours and those of the background, goes through one matching by price and then time; every depth,
/// trade, ticker and candle is derived from those orders. Accounts are double-entry books of the exchange's own.
///
/// Time is an input: nothing happens but in ``advance(to:into:)`` and in requests, which act at ``now``. The same
/// configuration with the same calls gives the same events, however finely `advance` is stepped.
///
/// - Not here: isolated and portfolio margin, borrowing, block trades, strategies.
public struct SimulatedExchange: Sendable {
    /// The exchange's clock.
    public private(set) var now: Timestamp
    /// Position and wallet rows with margins, exits and greeks: for whoever shows them, since they cost time.
    public var tellsDetails = false
    /// How long after a multiple of its interval funding falls due, nanoseconds; ``moveFunding(by:)`` sets it.
    var fundingPhase: Int64 = 0
    /// The longest time in minutes of which every listing's funding interval is a multiple: the configuration's
    /// interval stands for it; 0 without a listing that has funding.
    var fundingMinutes = 0
    let configuration: SimulationConfiguration
    let identifiers: Identifiers
    var facts: [ListingFacts] = []
    var quotes: [ListingQuote] = []
    var sources: [any MarketSource] = []
    var states: [ListingState] = []
    var accountStates: [AccountState] = []
    var books: Books
    var indexByInstrument: [InstrumentID: Int] = [:]
    private var indexByAlias: [String: Int] = [:]
    var timers = Timers()
    var bookFlushes = BookFlushes()
    private var actions: [MarketAction] = []
    var calendars: [any ListingCalendar]
    // What one match has touched, reported when it is over. Emptied each time; kept for their memory.
    var trades: [PublicTradeRecord] = []
    var touchedOrders: [OrderPlace] = []
    var touchedPositions: [PositionPlace] = []
    var touchedWallets: [Int] = []
    /// The last match ended at an order of the taker's own account.
    var preventedSelfMatch = false
    /// The last match ended because the taker could not carry the legs of one more fill.
    var cannotCarry = false

    var firstSpeculator = 0

    /// Where an account's open order is.
    struct OrderPlace: Hashable, Sendable {
        var account: Int
        var slot: Int
    }

    /// Where a position is.
    struct PositionPlace: Hashable, Sendable {
        var account: Int
        /// Two for each listing.
        var position: Int
    }

    public init(_ configuration: SimulationConfiguration) throws(SimulationError) {
        guard !configuration.listings.isEmpty else { throw .noListing }
        guard configuration.start >= .zero else { throw .startBefore1970 }
        guard configuration.fundingInterval >= 1_000_000 else {
            throw .fundingIntervalTooShort(nanoseconds: configuration.fundingInterval)
        }
        self.configuration = configuration
        now = configuration.start
        identifiers = Identifiers(seed: configuration.seed)
        books = Books(historyMax: configuration.historyMax)
        calendars = configuration.calendars
        for listing in configuration.listings { try add(listing) }
        for deposit in configuration.insurance {
            books.post(
                Posting(
                    time: now,
                    from: .outside,
                    to: .insurance,
                    coin: deposit.coin,
                    amount: deposit.amount,
                    reason: .deposit
                )
            )
        }
        for account in configuration.accounts { _ = try openAccount(account) }
        try openSpeculators()
        for index in states.indices { open(index) }
        timers.add(.funding, at: following(configuration.fundingInterval))
        timers.add(.session, at: following(SimulatedExchange.sessionInterval))
        timers.add(.sample, at: following(SimulatedExchange.sampleInterval))
        timers.add(.day, at: following(SimulatedExchange.dayInterval))
        if configuration.speculators > 0 {
            timers.add(.bet, at: following(SimulatedExchange.betInterval))
        }
        for (place, calendar) in calendars.enumerated() {
            guard let next = calendar.next else { continue }
            timers.add(.calendar(place: Int32(place)), at: next.nanoseconds)
        }
    }

    /// Nanoseconds between settlements of USDC sessions.
    static let sessionInterval: Int64 = 8 * 3_600 * 1_000_000_000
    /// Nanoseconds between samples of the premium.
    static let sampleInterval: Int64 = 1_000_000_000
    static let dayInterval: Int64 = 24 * 3_600 * 1_000_000_000

    /// Fills a book and sets the timers that always run.
    mutating func open(_ index: Int) {
        var nobody = ExchangeOutput()
        actions.removeAll(keepingCapacity: true)
        sources[index].open(into: &actions)
        for place in actions.indices { carryOut(actions[place], on: index, into: &nobody) }
        if let next = sources[index].next {
            timers.add(.market(listing: Int32(index)), at: next.nanoseconds)
        }
        timers.add(
            .closeCandle(listing: Int32(index)),
            at: following(TradeStatistics.minute * 1_000_000)
        )
        let delivery = facts[index].instrument.deliveryTime
        if delivery > now { timers.add(.deliver(listing: Int32(index)), at: delivery.nanoseconds) }
    }

    /// Wishes of market sources carried out since the start: orders that arrived, changed or left.
    public private(set) var marketEvents = 0

    // MARK: - Time

    /// When something next happens by itself; for whoever wants to sleep until then.
    public var nextEvent: Timestamp { Timestamp(nanoseconds: timers.first?.time ?? .max) }

    /// Runs the clock to `time` and appends what happens on the way.
    ///
    /// A time before ``now`` changes nothing.
    public mutating func advance(to time: Timestamp, into output: inout ExchangeOutput) {
        while let entry = timers.first, entry.time <= time.nanoseconds {
            if entry.time > now.nanoseconds { now = Timestamp(nanoseconds: entry.time) }
            if case .calendar(let place) = entry.task {
                timers.removeFirst()
                listDue(Int(place), into: &output)
                continue
            }
            // Nothing else that runs here adds a timer, so the entry is still the first one.
            if let next = run(entry.task, into: &output) {
                timers.moveFirst(to: max(next, entry.time))
            } else {
                timers.removeFirst()
            }
        }
        if time > now { now = time }
    }

    /// Does what is due and says when it is due again.
    private mutating func run(_ task: ScheduledTask, into output: inout ExchangeOutput) -> Int64? {
        switch task {
        case .market(let listing):
            let index = Int(listing)
            actions.removeAll(keepingCapacity: true)
            guard quotes[index].isLive else { return nil }
            sources[index].act(touch: states[index].touch, into: &actions)
            quotes[index].follow(sources[index].reference, isHalted: sources[index].isHalted)
            marketEvents += actions.count
            revalue(index, into: &output)
            for place in actions.indices { carryOut(actions[place], on: index, into: &output) }
            return quotes[index].isLive ? sources[index].next?.nanoseconds : nil
        case .session:
            settleSessions(into: &output)
            return following(SimulatedExchange.sessionInterval)
        case .bet:
            bet(into: &output)
            return following(SimulatedExchange.betInterval)
        case .sample:
            for index in states.indices where quotes[index].isLive { samplePremium(index) }
            return following(SimulatedExchange.sampleInterval)
        case .day:
            turnDay()
            return following(SimulatedExchange.dayInterval)
        case .deliver(let listing):
            deliver(Int(listing), into: &output)
            return nil
        case .calendar: return nil
        case .funding:
            // One that was set before the stamps were moved.
            guard isFundingStamp else { return nil }
            settleFunding(into: &output)
            return followingStamp
        case .closeCandle(let listing):
            guard quotes[Int(listing)].isLive else { return nil }
            closeCandle(Int(listing))
            return now.nanoseconds + TradeStatistics.minute * 1_000_000
        case .pushCandle(let listing):
            return pushCandle(Int(listing), into: &output)
        case .flushBooks: return flushBooks(into: &output)
        case .pushTicker(let listing):
            return pushTicker(Int(listing), into: &output)
        }
    }

    /// The next multiple of `interval` after now.
    func following(_ interval: Int64) -> Int64 {
        let (multiple, overflow) = (now.nanoseconds / interval + 1)
            .multipliedReportingOverflow(by: interval)
        return overflow ? .max : multiple
    }

    mutating func schedule(_ task: ScheduledTask, every interval: Int64) {
        timers.add(task, at: following(interval))
    }

    // MARK: - Listings and accounts

    func index(of id: InstrumentID) -> Int? { indexByInstrument[id] }

    public var accounts: [AccountID] { accountStates.map(\.id) }

    public func account(alias: String) -> AccountID? {
        indexByAlias[alias].map { AccountID(index: $0) }
    }

    /// Empty for an account that does not exist.
    public func alias(of account: AccountID) -> String {
        accountStates.indices.contains(account.index) ? accountStates[account.index].alias : ""
    }

    /// Opens an account and pays its deposits in.
    public mutating func openAccount(
        _ account: AccountConfiguration
    ) throws(SimulationError) -> AccountID {
        guard indexByAlias[account.alias] == nil else { throw .duplicateAlias(account.alias) }
        try SimulatedExchange.check(account)
        var parent: AccountID?
        if let name = account.parent {
            parent = self.account(alias: name)
            guard parent != nil else {
                throw .unknownParent(alias: account.alias, parent: name)
            }
        }
        let id = AccountID(index: accountStates.count)
        indexByAlias[account.alias] = id.index
        accountStates.append(
            AccountState(
                id: id,
                configuration: account,
                parent: parent,
                listings: states.count,
                historyMax: configuration.historyMax
            )
        )
        books.addWallet()
        accountStates[id.index].coins = books.coins.map { _ in CoinState() }
        for deposit in account.deposits { pay(in: deposit, to: id) }
        return id
    }

    private static func check(_ account: AccountConfiguration) throws(SimulationError) {
        guard (1...100).contains(account.leverage) else {
            throw .leverageOutOfRange(alias: account.alias, leverage: account.leverage)
        }
        for rate in account.fees.all {
            guard let units = try? rate.units(decimals: 8), abs(units) <= 1_000_000 else {
                throw .rateOutOfRange(alias: account.alias)
            }
        }
        let most = PowerOfTen.int128(Amount.decimals + 15)
        for deposit in account.deposits {
            guard !deposit.coin.isEmpty, (0...most).contains(deposit.amount.units) else {
                throw .depositOutOfRange(alias: account.alias, coin: deposit.coin)
            }
        }
    }
}
