import Market

/// The fair value behind a synthetic market: a random walk with drift, fat tails and jumps.
///
/// Counted relative to the start, so that listings with other scales can follow the same path. Each step draws from
/// a generator of its own number: the path is a function of the seed alone.
struct PriceDriver: Sendable {
    /// 50 steps a second.
    static let stepNanoseconds: Int64 = 20_000_000
    /// What the start price counts as: steps are whole 10⁻¹² of it.
    static let unit: Int64 = 1_000_000_000_000

    private let seed: UInt64
    /// Deviation of one step.
    private let deviation: Int64
    /// Steps between jumps; 0 for none.
    private let stepsBetweenJumps: Int64
    private(set) var level = PriceDriver.unit
    private(set) var hasJumped = false
    private var drift: Int64 = 0
    private var step: UInt64 = 0

    init(seed: UInt64, parameters: SyntheticParameters) {
        var seed = Mix.combine(seed, 0x6472_6976_6572)
        for byte in parameters.driver.utf8 { seed = Mix.combine(seed, UInt64(byte)) }
        self.seed = seed
        // 10⁻⁹ to 10⁻¹², over √50.
        deviation = parameters.volatility * 1_000_000 / 7_071
        stepsBetweenJumps = parameters.secondsBetweenJumps * 50
    }

    mutating func advance() {
        step += 1
        var chance = Chance(seed: seed, number: step)
        // A trend lasts about twenty seconds and is weak beside the noise.
        if chance.happens(1, in: 1_000) {
            drift = deviation == 0 ? 0 : chance.below(deviation / 4 + 1) - deviation / 8
        }
        var change = drift + chance.noise(deviation: deviation)
        hasJumped = stepsBetweenJumps > 0 && chance.happens(1, in: stepsBetweenJumps)
        if hasJumped {
            let size = deviation * (15 + chance.below(50))
            change += chance.happens(1, in: 2) ? size : -size
        }
        // Back towards the start within a day or so: a demo's price stays believable for weeks.
        change -= (level - PriceDriver.unit) >> 22
        level = min(max(level + change, PriceDriver.unit / 4), PriceDriver.unit * 2)
    }
}
