/// A whole number of any size, in limbs of 32 bits: slow and plain, to check fast arithmetic by.
struct BigInteger {
    private(set) var isNegative = false
    /// Lowest first, without leading zeros.
    private var limbs: [UInt32] = []

    init(_ value: Int128) {
        isNegative = value < 0
        var rest = value.magnitude
        while rest > 0 {
            limbs.append(UInt32(truncatingIfNeeded: rest))
            rest >>= 32
        }
    }

    private init(_ limbs: [UInt32], isNegative: Bool) {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        self.limbs = limbs
        self.isNegative = isNegative && !limbs.isEmpty
    }

    var isZero: Bool { limbs.isEmpty }
    var magnitude: BigInteger { BigInteger(limbs, isNegative: false) }

    static prefix func - (value: BigInteger) -> BigInteger {
        BigInteger(value.limbs, isNegative: !value.isNegative)
    }

    static func + (left: BigInteger, right: BigInteger) -> BigInteger {
        if left.isNegative == right.isNegative {
            return BigInteger(sum(left.limbs, right.limbs), isNegative: left.isNegative)
        }
        return isLess(left.limbs, right.limbs)
            ? BigInteger(difference(right.limbs, left.limbs), isNegative: right.isNegative)
            : BigInteger(difference(left.limbs, right.limbs), isNegative: left.isNegative)
    }

    static func - (left: BigInteger, right: BigInteger) -> BigInteger { left + (-right) }

    static func * (left: BigInteger, right: BigInteger) -> BigInteger {
        if left.isZero || right.isZero { return BigInteger(0) }
        var limbs = [UInt32](repeating: 0, count: left.limbs.count + right.limbs.count)
        for (i, a) in left.limbs.enumerated() {
            var carry: UInt64 = 0
            for (j, b) in right.limbs.enumerated() {
                let next = UInt64(a) * UInt64(b) + UInt64(limbs[i + j]) + carry
                limbs[i + j] = UInt32(truncatingIfNeeded: next)
                carry = next >> 32
            }
            limbs[i + right.limbs.count] = UInt32(truncatingIfNeeded: carry)
        }
        return BigInteger(limbs, isNegative: left.isNegative != right.isNegative)
    }

    /// The quotient by a small divisor that leaves no rest.
    func dividedExactly(by divisor: Int128) -> BigInteger {
        let by = UInt64(divisor)
        var result = limbs
        var rest: UInt128 = 0
        for place in limbs.indices.reversed() {
            let value = rest << 32 | UInt128(limbs[place])
            result[place] = UInt32(value / UInt128(by))
            rest = value % UInt128(by)
        }
        precondition(rest == 0, "the divisor divides the number")
        return BigInteger(result, isNegative: isNegative)
    }

    static func < (left: BigInteger, right: BigInteger) -> Bool { (left - right).isNegative }

    private static func sum(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var carry: UInt64 = 0
        for place in 0..<max(left.count, right.count) {
            let a = place < left.count ? UInt64(left[place]) : 0
            let b = place < right.count ? UInt64(right[place]) : 0
            let next = a + b + carry
            result.append(UInt32(truncatingIfNeeded: next))
            carry = next >> 32
        }
        result.append(UInt32(carry))
        return result
    }

    private static func difference(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var borrow: Int64 = 0
        for place in left.indices {
            let b = place < right.count ? Int64(right[place]) : 0
            let next = Int64(left[place]) - b - borrow
            borrow = next < 0 ? 1 : 0
            result.append(UInt32(truncatingIfNeeded: next))
        }
        return result
    }

    private static func isLess(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        if left.count != right.count { return left.count < right.count }
        for place in left.indices.reversed() where left[place] != right[place] {
            return left[place] < right[place]
        }
        return false
    }
}

/// An exact fraction of big whole numbers; never reduced, so that nothing in it can be wrong but the four sums.
struct Rational {
    var numerator: BigInteger
    var denominator: BigInteger

    init(_ value: Int128, over denominator: Int128 = 1) {
        numerator = BigInteger(denominator < 0 ? -value : value)
        self.denominator = BigInteger(denominator < 0 ? -denominator : denominator)
    }

    init(_ numerator: BigInteger, _ denominator: BigInteger) {
        self.numerator = numerator
        self.denominator = denominator
    }

    static func + (left: Rational, right: Rational) -> Rational {
        Rational(
            left.numerator * right.denominator + right.numerator * left.denominator,
            left.denominator * right.denominator
        )
    }

    static prefix func - (value: Rational) -> Rational {
        Rational(-value.numerator, value.denominator)
    }

    static func - (left: Rational, right: Rational) -> Rational { left + (-right) }

    static func * (left: Rational, right: Rational) -> Rational {
        Rational(left.numerator * right.numerator, left.denominator * right.denominator)
    }

    /// True when the two are no further apart than `bound`.
    func isWithin(_ bound: Rational, of other: Rational) -> Bool {
        let distance = (self - other)
        let magnitude = Rational(distance.numerator.magnitude, distance.denominator)
        return !(bound - magnitude).numerator.isNegative
    }
}
