public import Market

/// What a ``SyntheticUniverse`` lists.
public struct UniverseConfiguration: Hashable, Sendable {
    /// Perpetuals in USDT, 1 to 1,000, the largest coins first.
    public var symbols: Int
    /// Price levels a side of a perpetual's or spot pair's book, 25 to 1,000.
    public var levels: Int
    public var regimes: RegimePlan
    public var categories: Set<Category>
    /// Strikes above and below the price, 0 to 20.
    public var strikesPerSide: Int
    /// Orders a second, in hundredths of what was seen in a calm hour; 1 to 100,000.
    public var ratePercent: Int64
    /// How far prices go, in hundredths of what was seen; 1 to 100,000.
    public var volatilityPercent: Int64

    public init(
        symbols: Int = 20,
        levels: Int = 200,
        regimes: RegimePlan = .changing,
        categories: Set<Category> = Set(Category.allCases),
        strikesPerSide: Int = 4,
        ratePercent: Int64 = 100,
        volatilityPercent: Int64 = 100
    ) {
        self.symbols = min(max(1, symbols), 1_000)
        self.levels = min(max(25, levels), 1_000)
        self.regimes = regimes
        self.categories = categories
        self.strikesPerSide = min(max(0, strikesPerSide), 20)
        self.ratePercent = min(max(1, ratePercent), 100_000)
        self.volatilityPercent = min(max(1, volatilityPercent), 100_000)
    }
}

/// A synthetic market over every category: perpetuals in USDT and USDC, dated futures, inverse contracts, spot pairs,
/// options on a surface of strikes and expiries, and combinations of two legs.
///
/// All contracts of a coin follow one price, and all prices have a part in common. Contracts that expire are followed
/// by new ones at 08:00 UTC of each day.
public struct SyntheticUniverse: ListingCalendar {
    let configuration: UniverseConfiguration
    let coins: [CoinRow]
    private(set) var instruments: [InstrumentID: Instrument] = [:]
    /// What each series is listed like, by the symbol's beginning.
    var futures: [Listing] = []
    var options: [Listing] = []
    var strikeSteps: [Int64] = []
    var combinations: [Listing] = []
    private var opening: [Listing] = []
    private var due: Timestamp

    /// Coins with USDC perpetuals, futures, and combinations.
    static let datedCoins = 3
    static let inverseCoins = 3
    static let spotCoins = 10
    static let optionCoins = 2

    /// - Parameter start: of the exchange: what is listed first depends on the date.
    public init(
        _ configuration: UniverseConfiguration,
        start: Timestamp
    ) throws(NumberError) {
        self.configuration = configuration
        coins = CoinCatalog.rows(configuration.symbols)
        due = start
        for coin in coins { opening.append(try perpetual(coin)) }
        for (number, coin) in coins.enumerated() {
            if number < SyntheticUniverse.datedCoins {
                opening.append(try dollarPerpetual(coin))
                futures.append(try future(coin))
                combinations.append(try combination(coin))
            }
            if number < SyntheticUniverse.spotCoins { opening.append(try spot(coin)) }
            if number < SyntheticUniverse.inverseCoins { opening.append(try inverse(coin)) }
            if number < SyntheticUniverse.optionCoins {
                options.append(try option(coin))
                strikeSteps.append(number == 0 ? 1_000 : 250)
            }
        }
        opening.removeAll { !configuration.categories.contains($0.instrument.id.category) }
        for listing in opening where listing.instrument.id.category == .linear {
            instruments[listing.instrument.id] = listing.instrument
        }
        let first = opening
        opening += dated(
            at: start,
            index: { id in first.first { $0.instrument.id == id }?.startPrice },
            isListed: { id in first.contains { $0.instrument.id == id } }
        )
        due = ExpiryDates.days(after: start, count: 1)[0]
    }

    /// What is listed from the start, legs before their combinations.
    public var listings: [Listing] { opening }

    public var next: Timestamp? { due }

    public mutating func list(
        index: (InstrumentID) -> Price?,
        isListed: (InstrumentID) -> Bool
    ) -> [Listing] {
        let new = dated(at: due, index: index, isListed: isListed)
        due = ExpiryDates.days(after: due, count: 1)[0]
        return new
    }

    /// Whatever should be listed at that time and is not.
    private func dated(
        at time: Timestamp,
        index: (InstrumentID) -> Price?,
        isListed: (InstrumentID) -> Bool
    ) -> [Listing] {
        var new: [Listing] = []
        if configuration.categories.contains(.linear) {
            for series in futures {
                for date in ExpiryDates.fridays(after: time, count: 2)
                    + ExpiryDates.quarters(after: time, count: 2)
                {
                    new.append(future(series, date, from: time))
                }
            }
        }
        if configuration.categories.contains(.option) {
            for place in options.indices { new += chain(place, at: time, index: index) }
        }
        if configuration.categories.isSuperset(of: [.spread, .linear, .spot]) {
            for series in combinations { new += pairs(series, at: time) }
        }
        // A quarter's Friday may be one of the next two.
        var seen: Set<InstrumentID> = []
        return new.filter { !isListed($0.instrument.id) && seen.insert($0.instrument.id).inserted }
    }

    /// The listing's coin by its name, for texts.
    func base(_ listing: Listing) -> String { listing.instrument.baseCoin }

    /// Orders a second of a market that has `rate` of them in a calm hour.
    func rate(_ rate: Int64) -> Int64 {
        min(max(1, rate * configuration.ratePercent / 100), 1_000_000)
    }
}

extension Listing {
    /// Price of the coin at the beginning, where the market is synthetic.
    var startPrice: Price? {
        guard case .synthetic(let parameters) = market else { return nil }
        return parameters.price
    }

    var parameters: SyntheticParameters? {
        get {
            guard case .synthetic(let parameters) = market else { return nil }
            return parameters
        }
        set { if let newValue { market = .synthetic(newValue) } }
    }
}
