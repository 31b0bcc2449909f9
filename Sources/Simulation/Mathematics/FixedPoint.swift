import Market

/// A real number of the market's models, counted in units of 10⁻¹⁸: integers only, the same on every machine.
///
/// For models (drift, option prices, volatility), never for money: prices and amounts that come of it are rounded to
/// their own steps first.
///
/// - Range: ±1.7 × 10²⁰; what goes beyond is held at its end.
package struct FixedPoint: Hashable, Comparable, Sendable {
    package var units: Int128

    /// 10¹⁸ units.
    package static let unit: Int128 = 1_000_000_000_000_000_000
    package static let zero = FixedPoint(units: 0)
    package static let one = FixedPoint(units: unit)
    package static let greatest = FixedPoint(units: .max)

    package init(units: Int128) { self.units = units }

    package init(_ whole: Int64) { units = Int128(whole) * FixedPoint.unit }

    /// `numerator` ÷ `denominator`, to the nearest; zero when the denominator is.
    package init(_ numerator: Int128, over denominator: Int128) {
        units = FixedPoint.ratio(numerator, FixedPoint.unit, denominator)
    }

    package static func < (left: FixedPoint, right: FixedPoint) -> Bool {
        left.units < right.units
    }

    package static func + (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        let (sum, overflow) = left.units.addingReportingOverflow(right.units)
        guard overflow else { return FixedPoint(units: sum) }
        return FixedPoint(units: left.units < 0 ? -.max : .max)
    }

    package static prefix func - (value: FixedPoint) -> FixedPoint {
        FixedPoint(units: value.units == .min ? .max : -value.units)
    }

    package static func - (left: FixedPoint, right: FixedPoint) -> FixedPoint { left + -right }

    package static func * (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(units: ratio(left.units, right.units, unit))
    }

    /// The quotient; zero when the divisor is, which no model here asks for.
    package static func / (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(units: ratio(left.units, unit, right.units))
    }

    package var magnitude: FixedPoint { units < 0 ? -self : self }

    /// The nearest multiple of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ, in those units; halves go to the even neighbour.
    package func rounded(decimals: Int) -> Int64 {
        Int64(clamping: FixedPoint.ratio(units, 1, PowerOfTen.int128(18 - decimals)))
    }

    /// `a` × `b` ÷ `divisor` with 256 bits in the middle, held at the end of the range.
    static func ratio(_ a: Int128, _ b: Int128, _ divisor: Int128) -> Int128 {
        guard divisor != 0 else { return 0 }
        if let exact = try? FullWidth.multiplyDivide(a, b, by: divisor, rounding: .halfEven) {
            return exact
        }
        return ((a < 0) != (b < 0)) != (divisor < 0) ? -.max : .max
    }
}
