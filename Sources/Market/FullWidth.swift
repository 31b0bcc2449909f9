/// How a division that does not come out even is rounded.
///
/// Every division of money names one.
public enum Rounding: Sendable {
    /// Towards zero: digits past the last are cut.
    case towardZero
    /// To the nearest; a half goes to the even neighbour.
    case halfEven
    /// To the nearest; a half goes away from zero.
    case halfUp
}

/// Products and quotients of `Int128` whose middle may need 256 bits.
public enum FullWidth {
    /// `a` × `b` ÷ `divisor`, rounded once, at the end.
    public static func multiplyDivide(
        _ a: Int128,
        _ b: Int128,
        by divisor: Int128,
        rounding: Rounding
    ) throws(NumberError) -> Int128 {
        guard divisor != 0 else { throw .divisionByZero }
        let isNegative = ((a < 0) != (b < 0)) != (divisor < 0)
        let by = divisor.magnitude
        var quotient: UInt128
        var remainder: UInt128
        // Mostly the product fits 128 bits, and product and division are several times as fast.
        let (short, isLong) = a.magnitude.multipliedReportingOverflow(by: b.magnitude)
        if isLong {
            let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
            guard product.high < by else { throw .overflow }
            (quotient, remainder) = by.dividingFullWidth(product)
        } else {
            (quotient, remainder) = FullWidth.divide(short, by: by)
        }
        if remainder != 0 {
            let isOverHalf = remainder > by - remainder
            let isHalf = remainder == by - remainder
            let up =
                switch rounding {
                case .towardZero: false
                case .halfEven: isOverHalf || (isHalf && quotient & 1 == 1)
                case .halfUp: isOverHalf || isHalf
                }
            if up {
                let (next, overflow) = quotient.addingReportingOverflow(1)
                guard !overflow else { throw .overflow }
                quotient = next
            }
        }
        guard quotient <= Int128.max.magnitude else { throw .overflow }
        return isNegative ? -Int128(quotient) : Int128(quotient)
    }

    /// One division instead of two: the rest follows from the quotient.
    @inline(__always)
    private static func divide(
        _ value: UInt128,
        by divisor: UInt128
    ) -> (quotient: UInt128, remainder: UInt128) {
        if value <= UInt128(UInt64.max), divisor <= UInt128(UInt64.max) {
            let short = UInt64(truncatingIfNeeded: value)
            let by = UInt64(truncatingIfNeeded: divisor)
            let quotient = short / by
            return (UInt128(quotient), UInt128(short &- quotient &* by))
        }
        let quotient = value / divisor
        return (quotient, value &- quotient &* divisor)
    }
}
