public import Market

/// All that a ``SimulatedExchange`` is made from.
///
/// The same configuration and the same requests at the same times give the same events.
public struct SimulationConfiguration: Sendable {
    /// Seed of everything that is drawn.
    public var seed: UInt64
    /// The exchange's clock at the beginning; not before 1970.
    public var start: Timestamp
    public var listings: [Listing]
    public var accounts: [AccountConfiguration]
    /// Nanoseconds between funding stamps, which are its multiples since 1970.
    ///
    /// Where listings name different intervals it stands for the longest one that divides them all, and a listing pays at
    /// every so manieth stamp as its own is longer; see ``fundingInterval(of:)``.
    public var fundingInterval: Int64
    /// Deliberate mistakes of the exchange's accounts; for tests of the comparison, empty
    /// otherwise.
    public var faults: [AccountingFault]
    /// Closed orders, executions, log rows and postings kept per account (public trades per
    /// listing: a thousandth, at least 1,000).
    ///
    /// Older ones are forgotten, as the exchange forgets.
    public var historyMax: Int
    /// What the insurance of each coin begins with.
    public var insurance: [AccountConfiguration.Deposit]
    /// Cheaper rates by traded volume, rising; empty: each account keeps its own.
    public var feeTiers: [FeeTier]
    /// Who list new instruments as time passes; empty for a list that only shrinks.
    public var calendars: [any ListingCalendar]
    /// Accounts of the exchange's own that bet with the largest leverage and are liquidated now and then; 0 to 1,000.
    public var speculators: Int

    /// Eight hours.
    public static let usualFundingInterval: Int64 = 8 * 3_600 * 1_000_000_000

    public init(
        seed: UInt64,
        start: Timestamp,
        listings: [Listing],
        accounts: [AccountConfiguration] = [],
        fundingInterval: Int64 = SimulationConfiguration.usualFundingInterval,
        faults: [AccountingFault] = [],
        historyMax: Int = 200_000,
        insurance: [AccountConfiguration.Deposit] = [],
        feeTiers: [FeeTier] = [],
        calendars: [any ListingCalendar] = [],
        speculators: Int = 0
    ) {
        self.seed = seed
        self.start = start
        self.listings = listings
        self.accounts = accounts
        self.fundingInterval = fundingInterval
        self.faults = faults
        self.historyMax = historyMax
        self.insurance = insurance
        self.feeTiers = feeTiers
        self.calendars = calendars
        self.speculators = min(max(0, speculators), 1_000)
    }
}

extension SimulationConfiguration {
    /// The interval at which each listing's funding falls due in its own minutes: the longest that divides those of all.
    ///
    /// - Returns: nanoseconds; ``usualFundingInterval`` where no listing has funding.
    public static func fundingInterval(of listings: [Listing]) -> Int64 {
        let minutes = listings.reduce(0) { shared($0, $1.instrument.fundingIntervalMinutes) }
        guard minutes > 0 else { return usualFundingInterval }
        let (interval, overflow) = Int64(minutes).multipliedReportingOverflow(by: 60_000_000_000)
        return overflow ? .max / 2 : min(interval, .max / 2)
    }

    /// The greatest common divisor of an interval in minutes and one more listing's; 0 is divided by everything.
    static func shared(_ minutes: Int, _ other: Int?) -> Int {
        guard let other else { return minutes }
        var (large, small) = (max(1, other), minutes)
        while small != 0 { (large, small) = (small, large % small) }
        return large
    }

    /// A market over every category, with insurance, and background accounts that are liquidated now and then.
    public static func universe(
        seed: UInt64,
        start: Timestamp,
        _ universe: UniverseConfiguration = UniverseConfiguration(),
        accounts: [AccountConfiguration] = [],
        fundingInterval: Int64 = SimulationConfiguration.usualFundingInterval,
        speculators: Int = 12
    ) throws(NumberError) -> SimulationConfiguration {
        let market = try SyntheticUniverse(universe, start: start)
        func deposit(_ coin: String, _ amount: Int64) -> AccountConfiguration.Deposit {
            AccountConfiguration.Deposit(
                coin: coin,
                amount: Amount(units: Int128(amount) * PowerOfTen.int128(Amount.decimals))
            )
        }
        return SimulationConfiguration(
            seed: seed,
            start: start,
            listings: market.listings,
            accounts: accounts,
            fundingInterval: fundingInterval,
            insurance: [
                deposit("USDT", 20_000_000), deposit("USDC", 20_000_000), deposit("BTC", 1_000),
                deposit("ETH", 20_000), deposit("SOL", 500_000),
            ],
            calendars: [market],
            speculators: speculators
        )
    }
}

/// One account at its opening.
public struct AccountConfiguration: Hashable, Sendable {
    /// The name by which a configuration and a server know it.
    public var alias: String
    public var deposits: [Deposit]
    public var fees: FeeSchedule
    /// 1 to 100, for every listing until it is set.
    public var leverage: Int
    /// Alias of the account whose sub-account this is; opened before it.
    public var parent: String?

    /// What is paid in at the opening.
    public struct Deposit: Hashable, Sendable {
        public var coin: String
        /// 0 to 10¹⁵ of the coin, so that no sum of flows can overflow.
        public var amount: Amount

        public init(coin: String, amount: Amount) {
            self.coin = coin
            self.amount = amount
        }
    }

    /// - Parameters:
    ///   - makerRate: of contracts; the other products' rates are ``FeeSchedule``'s usual ones.
    public init(
        alias: String,
        deposits: [Deposit],
        makerRate: Numeral = Numeral(mantissa: 2, decimals: 4),
        takerRate: Numeral = Numeral(mantissa: 55, decimals: 5),
        leverage: Int = 10,
        parent: String? = nil
    ) {
        self.alias = alias
        self.deposits = deposits
        fees = FeeSchedule(contract: FeeSchedule.Rates(maker: makerRate, taker: takerRate))
        self.leverage = leverage
        self.parent = parent
    }
}

/// A mistake the exchange's accounts make on request.
///
/// For tests of the comparison between these accounts and the desk's ledger: each one must be found. What the
/// order and execution rows say stays right; the money moves wrongly.
public enum AccountingFault: String, Hashable, Sendable, CaseIterable {
    /// Fees are credited instead of debited.
    case feeSign = "fee-sign"
    /// Funding is credited where it is due, and debited where it is earned.
    case fundingSign = "funding-sign"
    /// A reduction moves the average entry of what is left to the price of the fill.
    case entryPriceRule = "entry-price-rule"
}

/// Why a configuration cannot become an exchange.
public enum SimulationError: Error, Hashable, Sendable {
    case noListing
    case duplicateListing(InstrumentID)
    case duplicateAlias(String)
    case startBefore1970
    case fundingIntervalTooShort(nanoseconds: Int64)
    case depositOutOfRange(alias: String, coin: String)
    case leverageOutOfRange(alias: String, leverage: Int)
    case rateOutOfRange(alias: String)
    /// A synthetic market needs a start price and lot of at least one step, and at least one event
    /// a second.
    case marketOutOfRange(InstrumentID)
    /// A combination needs two listed legs of its own scales, listed before it.
    case legsInvalid(InstrumentID)
    /// An option needs strike and kind.
    case optionWithoutTerms(InstrumentID)
    case unknownParent(alias: String, parent: String)
}

extension SimulationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noListing: "the exchange lists nothing; give at least one listing"
        case .duplicateListing(let id): "\(id) is listed twice"
        case .duplicateAlias(let alias): "account \(alias) is opened twice"
        case .startBefore1970: "the exchange's clock cannot start before 1970"
        case .fundingIntervalTooShort(let nanoseconds):
            "a funding interval of \(nanoseconds) ns is too short; give at least 1,000,000"
        case .depositOutOfRange(let alias, let coin):
            "account \(alias): the deposit of \(coin) is not within 0 and 10^15"
        case .leverageOutOfRange(let alias, let leverage):
            "account \(alias): leverage \(leverage) is not within 1 and 100"
        case .legsInvalid(let id):
            "\(id): a combination needs two legs that are listed before it: a contract of a quote coin, and "
                + "another or a spot pair, with the same base and quote coin, and steps as fine as its own"
        case .optionWithoutTerms(let id): "\(id): an option needs a strike and a kind"
        case .unknownParent(let alias, let parent):
            "account \(alias): the account \(parent) above it is not open"
        case .rateOutOfRange(let alias):
            "account \(alias): a fee rate is not within -0.01 and 0.01, or has more than 8 decimals"
        case .marketOutOfRange(let id):
            "\(id): a synthetic market needs a price and a lot of at least one step, and 1 to "
                + "1,000,000 events a second"
        }
    }
}
