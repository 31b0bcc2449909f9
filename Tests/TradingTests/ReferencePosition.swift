import Market

/// A position by the textbook, in exact fractions: the slow half of the comparison with the ledger's.
///
/// Value and P&L share one denominator, which grows with each division until the position is flat: nothing is ever
/// rounded or reduced.
struct ReferencePosition {
    var isInverse = false
    /// 10⁻⁸ of the base coin, or of a contract.
    private(set) var size: Int128 = 0
    private var costAbove = BigInteger(0)
    private var realisedAbove = BigInteger(0)
    private var below = BigInteger(1)

    /// Average entry price × size of the open part; in 10⁻¹⁸ of the settle coin.
    var cost: Rational { Rational(costAbove, below) }
    /// Since ``beginTrip(value:)``.
    var realised: Rational { Rational(realisedAbove, below) }

    init(isInverse: Bool) { self.isInverse = isInverse }

    /// Forgets what was earned, and the digits of the open part beyond `value`.
    mutating func beginTrip(value: Int128) {
        costAbove = BigInteger(value)
        realisedAbove = BigInteger(0)
        below = BigInteger(1)
    }

    private mutating func scale(by factor: Int128) {
        let factor = BigInteger(factor)
        costAbove = costAbove * factor
        realisedAbove = realisedAbove * factor
        below = below * factor
    }

    /// `price` in 10⁻², `quantity` in 10⁻⁸.
    mutating func fill(_ side: Side, _ quantity: Int128, at price: Int64) {
        let signed = side == .buy ? quantity : -quantity
        let held = abs(size)
        let isIncrease = size == 0 || (size > 0) == (signed > 0)
        let closed = isIncrease ? 0 : min(held, quantity)
        let opened = isIncrease ? quantity : quantity - closed
        if closed > 0 { scale(by: held) }
        // The values of both parts above the common denominator.
        let unit =
            isInverse ? BigInteger(1_000_000_000_000) : BigInteger(Int128(price) * 100_000_000)
        let valueBelow = below
        if isInverse { scale(by: Int128(price)) }
        let paid = unit * BigInteger(closed) * valueBelow
        let added = unit * BigInteger(opened) * valueBelow
        if closed > 0 {
            // The cost was scaled by what is held, so that the part of it comes out even.
            let released = costAbove.dividedExactly(by: held) * BigInteger(closed)
            let isRising = (size > 0) != isInverse
            realisedAbove = realisedAbove + (isRising ? paid - released : released - paid)
            costAbove = closed == held ? BigInteger(0) : costAbove - released
        }
        costAbove = costAbove + added
        size += signed
    }
}
