import Market

/// The simulation's only source of chance: SplitMix64, the same in every process and build.
///
/// Each thing that happens draws from a generator of its own, keyed by what it is and its number, so that one
/// thing more (an order of ours) never shifts what all later ones draw.
struct Chance: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator for event `number` of the thing that `seed` names.
    init(seed: UInt64, number: UInt64) { state = Mix.combine(seed, number) }

    mutating func next() -> UInt64 {
        let value = Mix.spread(state)
        state &+= 0x9e37_79b9_7f4a_7c15
        return value
    }

    /// A number in 0 ..< `bound`; 0 when the bound is.
    mutating func below(_ bound: Int64) -> Int64 {
        guard bound > 0 else { return 0 }
        // The high half of the product: no loop, and a bias below 2⁻³².
        return Int64(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True `count` times in `total`.
    mutating func happens(_ count: Int64, in total: Int64) -> Bool { below(total) < count }

    /// A bell-shaped number with mean 0 and a standard deviation of `deviation`.
    ///
    /// The sum of four uniforms; one draw in sixteen is three times as wide, which makes the tails fat.
    mutating func noise(deviation: Int64) -> Int64 {
        let bits = next()
        var sum: Int64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 16) {
            sum += Int64((bits >> shift) & 0xffff) - 0x8000
        }
        if happens(1, in: 16) { sum *= 3 }
        // √4 · 2¹⁶ ÷ √12 · √(15/16 + 9/16), the deviation of what stands above.
        let product = Int128(sum) * Int128(deviation) / 46_341
        return Int64(clamping: product)
    }

    /// A number in 1 ..< 2^`exponentMax` + 1 whose logarithm is spread evenly: many small, few
    /// large.
    mutating func heavyTailed(exponentMax: Int64) -> Int64 {
        let power = Int64(1) << below(exponentMax)
        return power + below(power)
    }
}
