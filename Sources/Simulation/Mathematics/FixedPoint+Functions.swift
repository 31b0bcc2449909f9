/// Elementary functions in whole numbers; errors are stated against the true value.
extension FixedPoint {
    /// ln 2 in units of 10⁻¹⁸ and in units of 10⁻³⁶.
    private static let ln2: Int128 = 693_147_180_559_945_309
    /// What ``ln2`` cuts off, in units of 10⁻³⁶.
    private static let ln2Rest: Int128 = 417_232_121_458_176_568
    /// 2 ÷ √π in units of 10⁻¹⁸.
    private static let twoOverRootPi = FixedPoint(units: 1_128_379_167_095_512_574)

    /// eˣ.
    ///
    /// - Error: at most 10⁻¹⁶ of the value or 10⁻¹⁷, whichever is larger; beyond x = 46 it is ``greatest``, below
    ///   x = −42 zero.
    package static func exp(_ x: FixedPoint) -> FixedPoint {
        guard x.units < 46 * unit else { return greatest }
        guard x.units > -42 * unit else { return zero }
        // x = power × ln 2 + rest, |rest| ≤ ½ ln 2.
        let half = x.units < 0 ? -ln2 / 2 : ln2 / 2
        let power = (x.units + half) / ln2
        let rest = FixedPoint(units: x.units - power * ln2 - power * ln2Rest / unit)
        // 20 terms: the next one is below 10⁻²⁸.
        var sum = one
        var term = one
        for count in 1...20 {
            term = FixedPoint(units: (term * rest).units / Int128(count))
            if term.units == 0 { break }
            sum = sum + term
        }
        if power >= 0 { return FixedPoint(units: sum.units << power) }
        let shift = -power
        return FixedPoint(units: (sum.units + (1 << (shift - 1))) >> shift)
    }

    /// The natural logarithm; ``greatest`` below zero where there is none (x ≤ 0).
    ///
    /// - Error: at most 2 × 10⁻¹⁷ plus what 10⁻¹⁸ of `x` makes of it.
    package static func ln(_ x: FixedPoint) -> FixedPoint {
        guard x.units > 0 else { return -greatest }
        // x = 2^power × m with m within √½ and √2, so that the series below is short.
        var mantissa = x.units
        var power: Int128 = 0
        while mantissa > 1_414_213_562_373_095_049 {
            mantissa >>= 1
            power += 1
        }
        // Halving cuts bits: the exact mantissa is computed at once, not step by step.
        if power > 0 { mantissa = ratio(x.units, 1, 1 << power) }
        while mantissa < 707_106_781_186_547_524 {
            mantissa <<= 1
            power -= 1
        }
        // ln m = 2 artanh z, z = (m − 1) ÷ (m + 1), |z| < 0.172.
        let z = FixedPoint(units: ratio(mantissa - unit, unit, mantissa + unit))
        let square = z * z
        var sum: Int128 = 0
        var term = z
        var odd: Int128 = 1
        while term.units != 0 {
            sum += term.units / odd
            term = term * square
            odd += 2
        }
        return FixedPoint(units: power * ln2 + power * ln2Rest / unit + 2 * sum)
    }

    /// The square root; zero below zero.
    ///
    /// - Error: below 10⁻¹⁸ (the root of `units` × 10¹⁸, cut).
    package static func sqrt(_ x: FixedPoint) -> FixedPoint {
        guard x.units > 0 else { return zero }
        // A first guess above the root, then Newton downwards until it stands.
        let bits = (128 - x.units.leadingZeroBitCount + 60 + 1) / 2
        var root: Int128 = 1 << min(bits, 126)
        while true {
            let quotient = ratioCut(x.units, root)
            let next = (root + quotient) / 2
            if next >= root { return FixedPoint(units: root) }
            root = next
        }
    }

    /// `a` × 10¹⁸ ÷ `divisor`, cut.
    private static func ratioCut(_ a: Int128, _ divisor: Int128) -> Int128 {
        let product = a.magnitude.multipliedFullWidth(by: unit.magnitude)
        guard product.high < divisor.magnitude else { return .max >> 1 }
        return Int128(clamping: divisor.magnitude.dividingFullWidth(product).quotient)
    }

    /// The error function, 2 ÷ √π ∫₀ˣ e^(−t²) dt.
    ///
    /// - Error: at most 10⁻¹⁶.
    package static func erf(_ x: FixedPoint) -> FixedPoint {
        guard x.units != 0 else { return zero }
        let size = x.magnitude
        // 1 − erf(6) is 2.2 × 10⁻¹⁷.
        guard size.units < 6 * unit else { return x.units < 0 ? -one : one }
        // x × Σ (2x²)ⁿ ÷ (1 · 3 · 5 … (2n + 1)): positive terms only, so that nothing cancels.
        let double = FixedPoint(units: 2 * (size * size).units)
        var sum = size
        var term = size
        var odd: Int128 = 3
        while term.units != 0 {
            term = FixedPoint(units: (term * double).units / odd)
            sum = sum + term
            odd += 2
        }
        let value = twoOverRootPi * (sum / exp(size * size))
        return x.units < 0 ? -value : value
    }

    /// The probability that a standard normal variable is at most `x`.
    ///
    /// - Error: at most 10⁻¹⁶.
    package static func normal(_ x: FixedPoint) -> FixedPoint {
        FixedPoint(units: (unit + erf(x / rootTwo).units) / 2)
    }

    /// The density of a standard normal variable at `x`.
    package static func normalDensity(_ x: FixedPoint) -> FixedPoint {
        exp(FixedPoint(units: -(x * x).units / 2)) * oneOverRootTwoPi
    }

    private static let rootTwo = FixedPoint(units: 1_414_213_562_373_095_049)
    private static let oneOverRootTwoPi = FixedPoint(units: 398_942_280_401_432_678)
}
