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
            price = Black76.gain(isCall, forward, strike)
            if price > .zero { delta = isCall ? .one : -.one }
            return
        }
        let first = Black76.distance(forward, strike, spread)
        let density = FixedPoint.normalDensity(first)
        (price, delta) = Black76.worth(isCall, forward, strike, first, first - spread)
        gamma = density / (forward * spread)
        vega = FixedPoint(units: (forward * density * root).units / 100)
        theta = FixedPoint(units: -(forward * density * volatility / root).units / 730)
    }

    /// The price alone, for whoever needs nothing else: the same as ``price``, at half the work.
    package static func price(
        isCall: Bool,
        forward: FixedPoint,
        strike: FixedPoint,
        years: FixedPoint,
        volatility: FixedPoint
    ) -> FixedPoint {
        let spread = volatility * FixedPoint.sqrt(years)
        guard forward > .zero, strike > .zero, spread.units > 0 else {
            return gain(isCall, forward, strike)
        }
        let first = distance(forward, strike, spread)
        return worth(isCall, forward, strike, first, first - spread).price
    }

    /// What exercising brings now.
    private static func gain(
        _ isCall: Bool,
        _ forward: FixedPoint,
        _ strike: FixedPoint
    ) -> FixedPoint {
        max(.zero, isCall ? forward - strike : strike - forward)
    }

    private static func distance(
        _ forward: FixedPoint,
        _ strike: FixedPoint,
        _ spread: FixedPoint
    ) -> FixedPoint {
        FixedPoint.ln(forward / strike) / spread + FixedPoint(units: spread.units / 2)
    }

    private static func worth(
        _ isCall: Bool,
        _ forward: FixedPoint,
        _ strike: FixedPoint,
        _ first: FixedPoint,
        _ second: FixedPoint
    ) -> (price: FixedPoint, delta: FixedPoint) {
        if isCall {
            let delta = FixedPoint.normal(first)
            return (max(.zero, forward * delta - strike * FixedPoint.normal(second)), delta)
        }
        let delta = -FixedPoint.normal(-first)
        return (max(.zero, strike * FixedPoint.normal(-second) + forward * delta), delta)
    }
}
