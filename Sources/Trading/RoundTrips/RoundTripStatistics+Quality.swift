import Market

extension RoundTripStatistics {
    /// Sharpe and Sortino of the samples, without binary floating point.
    ///
    /// The samples are cut to 32 bits of the largest of them, so that the squares can be summed: an error of 2⁻³² of the
    /// largest in each. Beyond 2²⁰ samples there is no figure.
    static func quality(_ nets: [Amount]) -> (sharpe: Ratio?, sortino: Ratio?) {
        let largest = nets.reduce(UInt128(0)) { max($0, $1.units.magnitude) }
        guard nets.count <= 1 << 20, largest > 0 else { return (nil, nil) }
        let shift = max(0, 128 - largest.leadingZeroBitCount - 32)
        var sum: Int128 = 0
        var squares: Int128 = 0
        var losses: Int128 = 0
        for net in nets {
            // A shift of a negative number rounds down; cut the magnitude, so that both signs lose alike.
            let cut = Int128(net.units.magnitude >> shift)
            let value = net.units < 0 ? -cut : cut
            sum += value
            squares += value * value
            if value < 0 { losses += value * value }
        }
        let count = Int128(nets.count)
        // Sharpe² = (Σx)² (n − 1) ÷ (n (n Σx² − (Σx)²)).
        let spread = count * squares - sum * sum
        let sharpe =
            nets.count > 1 && spread > 0
            ? root(of: sum * sum, times: count - 1, over: spread, and: count) : nil
        // Sortino² = (Σx)² ÷ (n Σ min(x, 0)²).
        let sortino = losses > 0 ? root(of: sum * sum, times: 1, over: losses, and: count) : nil
        return (
            sharpe.map { Ratio(millionths: sum < 0 ? -$0 : $0) },
            sortino.map { Ratio(millionths: sum < 0 ? -$0 : $0) }
        )
    }

    /// √(a × b ÷ (c × d)) in millionths, cut; nil past all bounds.
    private static func root(
        of a: Int128,
        times b: Int128,
        over c: Int128,
        and d: Int128
    ) -> Int64? {
        do throws(NumberError) {
            // Twelve decimals of the square are six of the root.
            let part = try FullWidth.multiplyDivide(
                a,
                b * 1_000_000_000_000,
                by: c,
                rounding: .towardZero
            )
            return Int64(exactly: squareRoot(UInt128(part / d)))
        } catch {
            return nil
        }
    }

    /// The largest whole number whose square is no larger.
    static func squareRoot(_ value: UInt128) -> UInt128 {
        guard value > 1 else { return value }
        // Newton's method from above: falls until it has the root.
        var root = UInt128(1) << ((129 - value.leadingZeroBitCount) / 2 + 1)
        while true {
            let next = (root + value / root) / 2
            if next >= root { return root }
            root = next
        }
    }
}
