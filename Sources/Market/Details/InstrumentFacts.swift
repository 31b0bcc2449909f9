/// What a list of contracts says beside an ``Instrument``: leverage, the bounds of funding, price limits, a launch.
///
/// For whoever asks the exchange by the client. The core keeps thousands of instruments and decides nothing by these, so
/// they are in none of them. A number that is not told is `nil`, and so is one that cannot be read, with a finding.
///
/// - Source: `GET /v5/market/instruments-info`, one row of `result.list`; bybit-v5 §6.3.
public struct InstrumentFacts: Hashable, Sendable {
    public var instrument: InstrumentID
    /// Leverage of futures, from the least to the most in steps.
    public var leverageMin: Numeral?
    public var leverageMax: Numeral?
    public var leverageStep: Numeral?
    /// Bounds of one funding's rate, as fractions: `0.00375` and `-0.00375`.
    public var fundingRateMax: Numeral?
    public var fundingRateMin: Numeral?
    /// X and Y of the rule that limits prices of orders, as fractions (bybit-v5 §6.9).
    public var priceLimitRatioX: Numeral?
    public var priceLimitRatioY: Numeral?
    /// Unix milliseconds; `nil` of spot.
    public var launchMilliseconds: Int64?
    /// `Call`, `Put`; empty but of options.
    public var optionType = ""
    /// Before its launch: a contract of the pre-market.
    public var isPreListing = false
    /// How far the auction before a launch is, such as `CallAuction`; empty of any contract without one.
    public var auctionPhase = ""
    /// When each phase of that auction begins and ends, in their order.
    public var auctionPhases: [AuctionPhase] = []

    public init(instrument: InstrumentID) { self.instrument = instrument }
}

/// A phase of the auction before a contract's launch.
///
/// - Source: an item of `preListingInfo.phases`.
public struct AuctionPhase: Hashable, Sendable {
    /// `CallAuction`, `CallAuctionNoCancel`, `CrossMatching`, `ContinuousTrading`; unknown words are kept.
    public var name = ""
    /// Unix milliseconds.
    public var startMilliseconds: Int64?
    /// `nil` of one whose end is not set, as the last.
    public var endMilliseconds: Int64?

    public init() {}
}
