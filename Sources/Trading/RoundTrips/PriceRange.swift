import Market

/// The lowest and the highest price that was seen.
struct PriceRange: Hashable, Sendable {
    private(set) var low: Numeral?
    private(set) var high: Numeral?

    mutating func see(_ price: Numeral) {
        if low.map({ PriceRange.isLess(price, $0) }) ?? true { low = price }
        if high.map({ PriceRange.isLess($0, price) }) ?? true { high = price }
    }

    mutating func see(_ other: PriceRange) {
        if let low = other.low { see(low) }
        if let high = other.high { see(high) }
    }

    /// Compares the numbers, whatever their decimals.
    static func isLess(_ left: Numeral, _ right: Numeral) -> Bool {
        left.decimals == right.decimals
            ? left.mantissa < right.mantissa : Amount(exactly: left) < Amount(exactly: right)
    }
}

/// Ranges of the stretches between two fills, so that the range since any of them is known: the front only moves on.
///
/// Lots are closed in the order in which they were opened, which is a window that slides; of each stretch only what no
/// later one exceeds is kept.
struct SlidingRange: Sendable {
    private var lows: [(stretch: Int64, price: Numeral)] = []
    private var highs: [(stretch: Int64, price: Numeral)] = []
    private var lowsBegin = 0
    private var highsBegin = 0

    mutating func append(_ range: PriceRange, stretch: Int64) {
        guard let low = range.low, let high = range.high else { return }
        while lows.count > lowsBegin, let last = lows.last, !PriceRange.isLess(last.price, low) {
            lows.removeLast()
        }
        lows.append((stretch, low))
        while highs.count > highsBegin, let last = highs.last, !PriceRange.isLess(high, last.price)
        {
            highs.removeLast()
        }
        highs.append((stretch, high))
    }

    /// The range of this stretch and all later ones; earlier ones are forgotten.
    mutating func since(_ stretch: Int64) -> PriceRange {
        while lowsBegin < lows.count, lows[lowsBegin].stretch < stretch { lowsBegin += 1 }
        while highsBegin < highs.count, highs[highsBegin].stretch < stretch { highsBegin += 1 }
        SlidingRange.tidy(&lows, &lowsBegin)
        SlidingRange.tidy(&highs, &highsBegin)
        var range = PriceRange()
        if lowsBegin < lows.count { range.see(lows[lowsBegin].price) }
        if highsBegin < highs.count { range.see(highs[highsBegin].price) }
        return range
    }

    private static func tidy(
        _ entries: inout [(stretch: Int64, price: Numeral)],
        _ begin: inout Int
    ) {
        guard begin > 64, begin * 2 > entries.count else { return }
        entries.removeFirst(begin)
        begin = 0
    }
}
