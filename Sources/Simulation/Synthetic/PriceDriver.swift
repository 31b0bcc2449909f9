import Market

/// The price of one coin: a random walk with drift, fat tails and jumps, of which a part is common to all coins.
///
/// Counted relative to the start, so that listings with other scales can follow the same path. Each step draws from
/// a generator of its own number: the path is a function of seed, coin and start alone, and a copy goes on as the
/// original does.
struct PriceDriver: Sendable {
    /// 50 steps a second.
    static let stepNanoseconds: Int64 = 20_000_000
    /// What the start price counts as: steps are whole 10⁻¹² of it.
    static let unit: Int64 = 1_000_000_000_000

    private let seed: UInt64
    private let factorSeed: UInt64
    /// Deviation of one step by regime, of the coin's own part and of the common one.
    private let deviations: [Int64]
    private let factorDeviations: [Int64]
    /// Steps between jumps; 0 for none.
    private let stepsBetweenJumps: Int64
    private let plan: RegimePlan
    /// Time of step 0.
    private let origin: Int64
    private(set) var regime: MarketRegime
    private(set) var level = PriceDriver.unit
    private(set) var hasJumped = false
    private var drift: Int64 = 0
    private(set) var step: UInt64 = 0

    /// - Parameter start: of the exchange; steps lie on multiples of ``stepNanoseconds`` after it.
    init(seed: UInt64, parameters: SyntheticParameters, start: Timestamp) {
        factorSeed = Mix.combine(seed, 0x66_6163_746f_72)
        var seed = Mix.combine(seed, 0x6472_6976_6572)
        for byte in parameters.driver.utf8 { seed = Mix.combine(seed, UInt64(byte)) }
        self.seed = seed
        // 10⁻⁹ to 10⁻¹², over √50; variances add up.
        let whole = MarketRegime.allCases.map { regime in
            regime.volatility(
                calm: parameters.volatility,
                stirred: parameters.stirredVolatility
            ) * 1_000_000 / 7_071
        }
        let share = FixedPoint(Int128(parameters.commonPerThousand), over: 1_000)
        func part(_ share: FixedPoint) -> [Int64] {
            let root = FixedPoint.sqrt(share)
            return whole.map { Int64(clamping: (root * FixedPoint($0)).units / FixedPoint.unit) }
        }
        factorDeviations = part(share)
        deviations = part(.one - share)
        stepsBetweenJumps = parameters.secondsBetweenJumps * 50
        plan = parameters.regimes
        origin = start.nanoseconds / PriceDriver.stepNanoseconds * PriceDriver.stepNanoseconds
        regime = plan.regime(seed: seed, at: start.nanoseconds)
    }

    /// Time of the next step.
    var next: Int64 { origin + (Int64(step) + 1) * PriceDriver.stepNanoseconds }

    mutating func advance() {
        step += 1
        let time = origin + Int64(step) * PriceDriver.stepNanoseconds
        if time % RegimePlan.epoch == 0 {
            regime = plan.regime(seed: seed, at: time)
            drift = 0
        }
        hasJumped = false
        guard regime != .halt else { return }
        var chance = Chance(seed: seed, number: step)
        let change = ownChange(&chance) + commonChange()
        // Back towards the start within a day or so: a demo's price stays believable for weeks.
        let pull = (level - PriceDriver.unit) >> 22
        level = min(max(level + change - pull, PriceDriver.unit / 4), PriceDriver.unit * 2)
    }

    private mutating func ownChange(_ chance: inout Chance) -> Int64 {
        let deviation = deviations[regime.place]
        // A trend lasts about twenty seconds and is weak beside the noise; the regime of that name is another matter.
        if chance.happens(1, in: 1_000) {
            drift = deviation == 0 ? 0 : chance.below(deviation / 4 + 1) - deviation / 8
        }
        var change = drift + chance.noise(deviation: deviation)
        if regime == .trend {
            var direction = Chance(seed: seed ^ 0x74_7265_6e64, number: step / 1_500)
            change += direction.happens(1, in: 2) ? deviation / 2 : -deviation / 2
        }
        let between = regime == .jump ? 250 : stepsBetweenJumps
        hasJumped = between > 0 && chance.happens(1, in: between)
        if hasJumped {
            let size = deviation * (15 + chance.below(50)) * (regime == .jump ? 5 : 1)
            change += chance.happens(1, in: 2) ? size : -size
        }
        return change
    }

    private func commonChange() -> Int64 {
        let deviation = factorDeviations[regime.place]
        guard deviation > 0 else { return 0 }
        var chance = Chance(
            seed: factorSeed,
            number: UInt64(origin / PriceDriver.stepNanoseconds) &+ step
        )
        return chance.noise(deviation: deviation)
    }
}
