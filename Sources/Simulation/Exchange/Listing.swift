public import Market

/// One instrument with the constants of its `instruments-info` row and where its market comes from.
public struct Listing: Sendable {
    public var instrument: Instrument
    public var terms: ContractTerms
    public var market: MarketPlan

    public init(instrument: Instrument, terms: ContractTerms, market: MarketPlan) {
        self.instrument = instrument
        self.terms = terms
        self.market = market
    }
}

/// What moves a listing from outside.
public enum MarketPlan: Sendable {
    /// Seeded background participants, made from the configuration's seed.
    case synthetic(SyntheticParameters)
    /// Any other source: a script, later a recording.
    case given(any MarketSource)
}

/// The part of an `instruments-info` row that is not in `Market.Instrument`: needed to write the
/// row, and for margin.
public struct ContractTerms: Hashable, Sendable {
    /// Unix milliseconds.
    public var launchMilliseconds: Int64
    public var symbolID: Int
    /// Digits after the point that the exchange states for prices.
    public var priceScale: Int
    public var leverageMin: Numeral
    public var leverageMax: Numeral
    public var leverageStep: Numeral
    public var upperFundingRate: Numeral
    public var lowerFundingRate: Numeral
    public var priceLimitRatioX: Numeral
    public var priceLimitRatioY: Numeral
    /// Fraction of the position's value that must stay.
    public var maintenanceMarginRate: Numeral
    /// Spot: step of an amount in the quote coin.
    public var quotePrecision: Numeral
    /// Strike and kind of an option.
    public var option: OptionTerms?
    /// The two legs of a combination.
    public var legs: SpreadLegs?
    /// Of the delivery value of dated futures; of the underlying of an option.
    public var deliveryFeeRate: Numeral
    /// Words of the row that say nothing here: `displayName`, `copyTrading`, `marginTrading`.
    public var displayName = ""
    public var copyTrading = "none"
    public var marginTrading = "none"
    /// Seconds after which an unchanged candle is sent again; 0 for never.
    public var candleRepeatSeconds: Int64 = 0

    public init(
        launchMilliseconds: Int64,
        symbolID: Int,
        priceScale: Int,
        leverageMin: Numeral = Numeral(mantissa: 1, decimals: 0),
        leverageMax: Numeral = Numeral(mantissa: 100_00, decimals: 2),
        leverageStep: Numeral = Numeral(mantissa: 1, decimals: 2),
        upperFundingRate: Numeral = Numeral(mantissa: 5, decimals: 3),
        lowerFundingRate: Numeral = Numeral(mantissa: -5, decimals: 3),
        priceLimitRatioX: Numeral = Numeral(mantissa: 1, decimals: 2),
        priceLimitRatioY: Numeral = Numeral(mantissa: 2, decimals: 2),
        maintenanceMarginRate: Numeral = Numeral(mantissa: 5, decimals: 3),
        quotePrecision: Numeral = Numeral(mantissa: 1, decimals: 8),
        option: OptionTerms? = nil,
        legs: SpreadLegs? = nil,
        deliveryFeeRate: Numeral = .zero
    ) {
        self.launchMilliseconds = launchMilliseconds
        self.symbolID = symbolID
        self.priceScale = priceScale
        self.leverageMin = leverageMin
        self.leverageMax = leverageMax
        self.leverageStep = leverageStep
        self.upperFundingRate = upperFundingRate
        self.lowerFundingRate = lowerFundingRate
        self.priceLimitRatioX = priceLimitRatioX
        self.priceLimitRatioY = priceLimitRatioY
        self.maintenanceMarginRate = maintenanceMarginRate
        self.quotePrecision = quotePrecision
        self.option = option
        self.legs = legs
        self.deliveryFeeRate = deliveryFeeRate
    }
}

/// What an option is a right to.
public struct OptionTerms: Hashable, Sendable {
    public var isCall: Bool
    /// In the option's price scale.
    public var strike: Price

    public init(isCall: Bool, strike: Price) {
        self.isCall = isCall
        self.strike = strike
    }
}

/// The legs of a combination: buying it buys the first and sells the second.
public struct SpreadLegs: Hashable, Sendable {
    public var first: InstrumentID
    public var second: InstrumentID

    public init(first: InstrumentID, second: InstrumentID) {
        self.first = first
        self.second = second
    }
}
