public import Market

/// How a synthetic market looks and moves.
///
/// Prices and quantities are in the instrument's scale.
public struct SyntheticParameters: Hashable, Sendable {
    /// Price of the coin at the beginning.
    public var price: Price
    /// Unit of order sizes; a multiple of the quantity step.
    public var lot: Quantity
    /// Listings of one driver (`BTC` spot and perpetual) follow one fair value.
    public var driver: String
    /// Mean rate of orders that arrive, change or leave, 1 to 1,000,000; bursts included.
    public var eventsPerSecond: Int64
    /// Of 1,000 events, those that take: market orders and crossing limit orders.
    public var takersPerThousand: Int64
    /// Orders that makers keep on each side, 1 to 20,000.
    public var slotsPerSide: Int
    /// Standard deviation of the fair value over one second, in 10⁻⁹ of the price.
    public var volatility: Int64
    /// The same in a trend and with jumps; half of it in a thin book.
    public var stirredVolatility: Int64
    /// Mean seconds between jumps of the fair value; 0 for none.
    public var secondsBetweenJumps: Int64
    /// Largest funding rate either way, in 10⁻⁸.
    public var fundingRateMax: Int64
    /// Of 1,000 parts of the variance, those that all drivers have in common.
    public var commonPerThousand: Int64
    /// What is quoted, as a function of the coin's price.
    public var model: FairModel
    public var texture: BookTexture
    public var regimes: RegimePlan

    public init(
        price: Price,
        lot: Quantity,
        driver: String,
        eventsPerSecond: Int64 = 200,
        takersPerThousand: Int64 = 30,
        slotsPerSide: Int = 420,
        volatility: Int64,
        stirredVolatility: Int64? = nil,
        secondsBetweenJumps: Int64 = 8,
        fundingRateMax: Int64 = 50_000,
        commonPerThousand: Int64 = 0,
        model: FairModel = .outright(Carry()),
        texture: BookTexture = .lively,
        regimes: RegimePlan = .always(.calm)
    ) {
        self.price = price
        self.lot = lot
        self.driver = driver
        self.eventsPerSecond = eventsPerSecond
        self.takersPerThousand = takersPerThousand
        self.slotsPerSide = slotsPerSide
        self.volatility = volatility
        self.stirredVolatility = stirredVolatility ?? volatility
        self.secondsBetweenJumps = secondsBetweenJumps
        self.fundingRateMax = fundingRateMax
        self.commonPerThousand = commonPerThousand
        self.model = model
        self.texture = texture
        self.regimes = regimes
    }

    /// True when both have the same price of the coin, relative to their start.
    func follows(_ other: SyntheticParameters) -> Bool {
        driver == other.driver && volatility == other.volatility
            && stirredVolatility == other.stirredVolatility
            && secondsBetweenJumps == other.secondsBetweenJumps
            && commonPerThousand == other.commonPerThousand && regimes == other.regimes
    }

    func isValid(for instrument: Instrument) -> Bool {
        price.units > 0 && (instrument.id.category != .linear || price >= instrument.tickSize)
            && texture.isValid && (0...1_000).contains(commonPerThousand)
            && lot >= instrument.quantityStep
            && lot.units % instrument.quantityStep.units == 0
            && (1...1_000_000).contains(eventsPerSecond) && (0...1_000).contains(takersPerThousand)
            && (1...20_000).contains(slotsPerSide) && (0...1_000_000_000).contains(volatility)
            && (0...1_000_000_000).contains(stirredVolatility)
            && (0...1_000_000).contains(secondsBetweenJumps)
            && (0...1_000_000).contains(fundingRateMax)
            // Sizes reach a few thousand lots, prices twice the start: their product must stay an `Int128`
            // amount, and a price times 2¹⁰ an `Int64`.
            && price.units < Int64.max >> 16 && lot.units < Int64.max >> 24
    }
}
