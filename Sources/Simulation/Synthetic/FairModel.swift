public import Market

/// How the fair value of a listing follows the price of its coin.
public enum FairModel: Hashable, Sendable {
    /// The coin itself, or a contract that leads or lags it by its ``Carry``.
    case outright(Carry)
    /// An option on the coin's forward, priced with Black-76.
    case option(OptionTerms, delivery: Timestamp, VolatilitySurface)
    /// The first leg less the second.
    case combination(Carry, Carry)
}

/// What a contract costs more than its coin.
public struct Carry: Hashable, Sendable {
    /// In 10⁻⁶ of the coin's price.
    public var basis: Int64
    /// In 10⁻⁶ of the coin's price for each year until ``delivery``.
    public var yearly: Int64
    /// Zero for what is not delivered.
    public var delivery: Timestamp

    public init(basis: Int64 = 0, yearly: Int64 = 0, delivery: Timestamp = .zero) {
        self.basis = basis
        self.yearly = yearly
        self.delivery = delivery
    }

    /// In 10⁻⁶ of the coin's price.
    func premium(at nanoseconds: Int64) -> Int64 {
        guard delivery > .zero else { return basis }
        let left = max(0, delivery.nanoseconds - nanoseconds)
        return basis
            + Int64(clamping: Int128(yearly) * Int128(left) / Int128(VolatilitySurface.year))
    }
}

/// Volatilities by strike and time to expiry.
public struct VolatilitySurface: Hashable, Sendable {
    /// Nanoseconds of 365 days.
    static let year: Int64 = 365 * 86_400_000_000_000

    /// At the money, in 10⁻⁶: 450,000 is 45 %.
    public var atTheMoney: Int64
    /// What the forward costs more than the coin.
    public var carry: Carry

    public init(atTheMoney: Int64, carry: Carry = Carry()) {
        self.atTheMoney = atTheMoney
        self.carry = carry
    }

    /// A smile that is higher on the side of low strikes: σ = a × (1 − 0.1 m + 0.1 m²), where m = ln(K ÷ F) ÷ √T, held
    /// within ±2.
    func volatility(
        strike: FixedPoint,
        forward: FixedPoint,
        years: FixedPoint
    ) -> FixedPoint {
        let middle = FixedPoint(Int128(atTheMoney), over: 1_000_000)
        guard years > .zero, forward > .zero, strike > .zero else { return middle }
        let distance = FixedPoint.ln(strike / forward) / FixedPoint.sqrt(years)
        let two = FixedPoint(2)
        let bounded = min(max(distance, -two), two)
        let tenth = FixedPoint(1, over: 10)
        return middle * (.one - tenth * bounded + tenth * bounded * bounded)
    }
}

/// What an option's ticker says beside its prices.
public struct OptionFigures: Hashable, Sendable {
    /// Volatility of a year at the mark price; 0.45 is 45 %.
    public var volatility: Numeral
    /// The forward of the option's expiry.
    public var underlyingPrice: Numeral
    /// Change of the price with the forward.
    public var delta: Numeral
    public var gamma: Numeral
    /// Change of the price with a point (0.01) of volatility.
    public var vega: Numeral
    /// Change of the price in a day.
    public var theta: Numeral
}

/// A listing's values at one moment.
struct FairValue: Sendable {
    /// Units of ``fair`` in one unit of the price.
    static let fine: Int64 = 1_024

    /// In 1/1024 of a price unit.
    var fair: Int64
    /// The coin's price, in price units.
    var index: Int64
    /// The same in 1/1024 of a price unit.
    var fineIndex: Int64
}

extension FairModel {
    /// - Parameters:
    ///   - start: the coin's price at level 1, in price units.
    ///   - level: in units of ``PriceDriver/unit``.
    func value(start: Price, level: Int64, at time: Int64) -> FairValue {
        let coin = FairModel.coin(start, level)
        let index = Int64(clamping: coin / Int128(FairValue.fine))
        switch self {
        case .outright(let carry):
            let premium = carry.premium(at: time)
            let fair = premium == 0 ? coin : coin + coin * Int128(premium) / 1_000_000
            return FairValue(
                fair: Int64(clamping: fair),
                index: max(1, index),
                fineIndex: Int64(clamping: coin)
            )
        case .combination(let first, let second):
            let premium = first.premium(at: time) - second.premium(at: time)
            let fair = Int64(clamping: coin * Int128(premium) / 1_000_000)
            return FairValue(fair: fair, index: fair / FairValue.fine, fineIndex: fair)
        case .option(let terms, let delivery, let surface):
            let option = PricedOption(
                terms,
                coin,
                max(0, delivery.nanoseconds - time),
                surface,
                time
            )
            let price = Black76.price(
                isCall: option.isCall,
                forward: option.forward,
                strike: option.strike,
                years: option.years,
                volatility: option.volatility
            )
            let fair = (price * FixedPoint(FairValue.fine)).units / FixedPoint.unit
            return FairValue(
                fair: Int64(clamping: fair),
                index: max(1, index),
                fineIndex: Int64(clamping: coin)
            )
        }
    }

    /// What an option's ticker says at that moment; `nil` of what is none.
    ///
    /// Apart from ``value(start:level:at:)`` because the market needs the price at each step, and these only when
    /// somebody looks.
    func figures(start: Price, decimals: Int, level: Int64, at time: Int64) -> OptionFigures? {
        guard case .option(let terms, let delivery, let surface) = self else { return nil }
        let coin = FairModel.coin(start, level)
        let option = PricedOption(terms, coin, max(0, delivery.nanoseconds - time), surface, time)
        let greeks = Black76(
            isCall: option.isCall,
            forward: option.forward,
            strike: option.strike,
            years: option.years,
            volatility: option.volatility
        )
        let scale = FixedPoint(units: FixedPoint.unit / PowerOfTen.int128(decimals))
        func numeral(_ value: FixedPoint) -> Numeral {
            Numeral(mantissa: value.rounded(decimals: 8), decimals: 8)
        }
        return OptionFigures(
            volatility: Numeral(mantissa: option.volatility.rounded(decimals: 4), decimals: 4),
            underlyingPrice: numeral(option.forward * scale).trimmed,
            delta: numeral(greeks.delta),
            // Per unit of the coin's price, not of the price's last digit.
            gamma: numeral(greeks.gamma / scale),
            vega: numeral(greeks.vega * scale),
            theta: numeral(greeks.theta * scale)
        )
    }

    /// The coin's price in 1/1024 of a price unit.
    private static func coin(_ start: Price, _ level: Int64) -> Int128 {
        Int128(start.units) * Int128(FairValue.fine) * Int128(level) / Int128(PriceDriver.unit)
    }
}

/// What an option is priced from, in price units, so that nothing is lost between scales.
private struct PricedOption {
    let isCall: Bool
    let forward: FixedPoint
    let strike: FixedPoint
    let years: FixedPoint
    let volatility: FixedPoint

    init(
        _ terms: OptionTerms,
        _ coin: Int128,
        _ left: Int64,
        _ surface: VolatilitySurface,
        _ time: Int64
    ) {
        isCall = terms.isCall
        forward = FixedPoint(
            coin + coin * Int128(surface.carry.premium(at: time)) / 1_000_000,
            over: Int128(FairValue.fine)
        )
        strike = FixedPoint(terms.strike.units)
        years = FixedPoint(Int128(left), over: Int128(VolatilitySurface.year))
        volatility = surface.volatility(strike: strike, forward: forward, years: years)
    }
}
