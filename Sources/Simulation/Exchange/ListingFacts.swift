import Market

/// What of a listing never changes: behind one reference, so that nothing is copied where only a word of it is needed.
final class ListingFacts: Sendable {
    let listing: Listing
    let index: Int
    let instrument: Instrument
    let id: InstrumentID
    let category: Category
    let scale: Scale
    let valuation: Valuation
    /// The symbol as rows have it.
    let symbol: String
    /// Places of its coins in ``Books``; the base coin's is the settle coin's on contracts of a quote coin.
    let settleCoin: Int
    let baseCoin: Int
    /// Indices of a combination's legs.
    let legs: (first: Int, second: Int)?
    let hasFunding: Bool
    /// One USDT or USDC counts as one US dollar.
    let isQuotedInDollars: Bool
    /// Positions are kept in it.
    let isContract: Bool
    /// Sessions settle its P&L.
    let hasSessions: Bool
    /// Of its price limits, in units of 10⁻⁸.
    let limitRatios: (x: Int64, y: Int64)
    /// Nanoseconds of the second at which its candles are pushed.
    let candlePhase: Int64

    init(
        _ listing: Listing,
        index: Int,
        settleCoin: Int,
        baseCoin: Int,
        legs: (first: Int, second: Int)?
    ) {
        self.listing = listing
        self.index = index
        instrument = listing.instrument
        id = instrument.id
        category = id.category
        scale = instrument.scale
        valuation = Valuation(scale: scale, isInverse: category == .inverse)
        symbol = id.symbol.description
        self.settleCoin = settleCoin
        self.baseCoin = baseCoin
        self.legs = legs
        isQuotedInDollars = ["USDT", "USDC", "USD"].contains(instrument.quoteCoin)
        hasFunding = instrument.fundingIntervalMinutes != nil
        isContract = category == .linear || category == .inverse || category == .option
        limitRatios = (
            (try? listing.terms.priceLimitRatioX.units(decimals: 8)) ?? 0,
            (try? listing.terms.priceLimitRatioY.units(decimals: 8)) ?? 0
        )
        hasSessions = category == .linear && instrument.settleCoin == "USDC"
        let place = Mix.combine(id.symbol.fixedHash, UInt64(category.rawValue))
        candlePhase = Int64(place % 1_000) * 1_000_000
    }

    var terms: ContractTerms { listing.terms }

    /// A quantity of this combination in a leg's scale.
    func quantity(_ quantity: Int64, ofLeg leg: ListingFacts) -> Int64 {
        quantity * PowerOfTen.int64(leg.scale.quantityDecimals - scale.quantityDecimals)
    }
}

/// What of a listing comes from its source.
struct ListingQuote: Sendable {
    var mark: Int64
    var index: Int64
    /// Orders are refused.
    var isHalted: Bool
    /// False once it has been delivered.
    var isLive = true

    init(_ source: any MarketSource) {
        mark = source.reference.mark.units
        index = source.reference.index.units
        isHalted = source.isHalted
    }

    mutating func follow(_ reference: ReferencePrices, isHalted: Bool) {
        mark = reference.mark.units
        index = reference.index.units
        self.isHalted = isHalted
    }
}
