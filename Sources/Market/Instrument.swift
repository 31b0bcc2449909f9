/// A contract as `instruments-info` lists it: what it counts in, and the limits of its orders.
///
/// - Source: `GET /v5/market/instruments-info`, one row of `result.list`.
public struct Instrument: Hashable, Sendable {
    public var id: InstrumentID
    public var baseCoin: String
    public var quoteCoin: String
    /// The coin of fees and P&L; the quote coin for spot.
    public var settleCoin: String
    /// `Trading`, `PreLaunch`, `Delivering`, `Closed`; unknown words are kept.
    public var status: String
    /// `LinearPerpetual`, `LinearFutures`, …; empty for spot and option.
    public var contractType: String
    /// Decimals of prices and quantities, taken from the steps below.
    public var scale: Scale
    /// Smallest step of a price, in the instrument's price scale; at least 1.
    public var tickSize: Price
    /// Smallest step of a quantity, in the instrument's quantity scale; at least 1.
    public var quantityStep: Quantity
    /// Limits of one limit order; `nil` where the exchange names none.
    public var quantityMin: Quantity?
    public var quantityMax: Quantity?
    public var marketQuantityMax: Quantity?
    /// Smallest value of one order, in the quote coin.
    public var valueMin: Amount?
    public var priceMin: Price?
    public var priceMax: Price?
    /// Minutes between fundings; `nil` where there is none.
    public var fundingIntervalMinutes: Int?
    /// Zero for perpetual and spot.
    public var deliveryTime: Timestamp
    /// Of a contract before its launch how far its auction is, such as `ContinuousTrading`; empty for any other.
    ///
    /// Whoever subscribes by the list goes by it. No state is made of it: it is in no encoding and no hash.
    public var auctionPhase = ""

    public init(
        id: InstrumentID,
        baseCoin: String,
        quoteCoin: String,
        settleCoin: String,
        status: String = "Trading",
        contractType: String = "",
        tickSize: Numeral,
        quantityStep: Numeral,
        quantityMin: Numeral? = nil,
        quantityMax: Numeral? = nil,
        marketQuantityMax: Numeral? = nil,
        valueMin: Amount? = nil,
        priceMin: Numeral? = nil,
        priceMax: Numeral? = nil,
        fundingIntervalMinutes: Int? = nil,
        deliveryTime: Timestamp = .zero
    ) throws(NumberError) {
        let tick = tickSize.trimmed
        let step = quantityStep.trimmed
        guard tick.mantissa > 0, step.mantissa > 0 else { throw .divisionByZero }
        // Limits may be finer than the step (a minimum of 0.0001 beside a step of 0.001): the scale holds all.
        let priceDecimals =
            [tick, priceMin?.trimmed, priceMax?.trimmed].compactMap { $0?.decimals }
            .max() ?? 0
        let quantityDecimals =
            [
                step, quantityMin?.trimmed, quantityMax?.trimmed, marketQuantityMax?.trimmed,
            ].compactMap { $0?.decimals }.max() ?? 0
        let scale = Scale(
            priceDecimals: Int(priceDecimals),
            quantityDecimals: Int(quantityDecimals)
        )
        self.id = id
        self.baseCoin = baseCoin
        self.quoteCoin = quoteCoin
        self.settleCoin = settleCoin
        self.status = status
        self.contractType = contractType
        self.scale = scale
        self.tickSize = try scale.price(tick)
        self.quantityStep = try scale.quantity(step)
        self.quantityMin = try Instrument.optional(quantityMin, scale.quantity)
        self.quantityMax = try Instrument.optional(quantityMax, scale.quantity)
        self.marketQuantityMax = try Instrument.optional(marketQuantityMax, scale.quantity)
        self.valueMin = valueMin
        self.priceMin = try Instrument.optional(priceMin, scale.price)
        self.priceMax = try Instrument.optional(priceMax, scale.price)
        self.fundingIntervalMinutes = fundingIntervalMinutes
        self.deliveryTime = deliveryTime
    }

    private static func optional<Value>(
        _ numeral: Numeral?,
        _ convert: (Numeral) throws(NumberError) -> Value
    ) throws(NumberError) -> Value? {
        guard let numeral else { return nil }
        return try convert(numeral)
    }
}
