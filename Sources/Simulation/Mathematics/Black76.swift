/// What a European option on a forward is worth, and how that moves.
///
/// Without interest: the discount factor is one.
package struct Black76: Hashable, Sendable {
    /// In the unit of forward and strike.
    package var price = FixedPoint.zero
    /// Change of the price with the forward.
    package var delta = FixedPoint.zero
    /// Change of ``delta`` with the forward.
    package var gamma = FixedPoint.zero
    /// Change of the price with a point (0.01) of volatility.
    package var vega = FixedPoint.zero
    /// Change of the price with a day of 24 hours, as a rule negative.
    package var theta = FixedPoint.zero

    /// - Parameters:
    ///   - years: of 365 days until it expires; at zero or below the option is worth what exercising it brings.
    ///   - volatility: of a year; 0.6 is 60 %.
    /// - Error: of the price, at most 10⁻¹⁵ of forward + strike.
    package init(
        isCall: Bool,
        forward: FixedPoint,
        strike: FixedPoint,
        years: FixedPoint,
        volatility: FixedPoint
    ) {
        let root = FixedPoint.sqrt(years)
        let spread = volatility * root
        guard forward > .zero, strike > .zero, spread.units > 0 else {
            let gain = isCall ? forward - strike : strike - forward
            if gain > .zero {
                price = gain
                delta = isCall ? .one : -.one
            }
            return
        }
        let half = FixedPoint(units: spread.units / 2)
        let first = FixedPoint.ln(forward / strike) / spread + half
        let second = first - spread
        let density = FixedPoint.normalDensity(first)
        if isCall {
            delta = FixedPoint.normal(first)
            price = forward * delta - strike * FixedPoint.normal(second)
        } else {
            delta = -FixedPoint.normal(-first)
            price = strike * FixedPoint.normal(-second) + forward * delta
        }
        if price < .zero { price = .zero }
        gamma = density / (forward * spread)
        vega = FixedPoint(units: (forward * density * root).units / 100)
        theta = FixedPoint(units: -(forward * density * volatility / root).units / 730)
    }
}
