import Market

/// A running sum of amounts that never overflows: parts are added and taken away again, in any order, exactly.
///
/// The sum of many orders may pass 128 bits for a while; only who asks for it as an ``Amount`` learns that it does.
struct WideSum: Hashable, Sendable {
    private var high: Int64 = 0
    private var low: UInt128 = 0

    var isZero: Bool { high == 0 && low == 0 }

    mutating func add(_ amount: Amount) {
        let (sum, carry) = low.addingReportingOverflow(UInt128(truncatingIfNeeded: amount.units))
        low = sum
        high &+= (amount.units < 0 ? -1 : 0) + (carry ? 1 : 0)
    }

    mutating func subtract(_ amount: Amount) {
        let (rest, borrow) = low.subtractingReportingOverflow(
            UInt128(truncatingIfNeeded: amount.units)
        )
        low = rest
        high &-= (amount.units < 0 ? -1 : 0) + (borrow ? 1 : 0)
    }

    /// One part of the sum is another amount now.
    mutating func replace(_ was: Amount, by now: Amount) {
        subtract(was)
        add(now)
    }

    /// The sum, or the error that it passes the range of an amount.
    func amount() throws(NumberError) -> Amount {
        let units = Int128(truncatingIfNeeded: low)
        guard high == (units < 0 ? -1 : 0) else { throw .overflow }
        return Amount(units: units)
    }
}
