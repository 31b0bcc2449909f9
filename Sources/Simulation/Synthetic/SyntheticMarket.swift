import Market

/// Background participants around a fair value that moves.
///
/// Makers keep orders in slots; now and then some look at their orders, and move them to where the fair value is by then
/// or change their size. Takers send orders of many sizes. Whoever sees a resting order beyond the fair value takes
/// it: that is how a slow maker, ours included, loses money.
///
/// What is wished for is a function of seed and time; only what comes of it depends on the book.
struct SyntheticMarket: MarketSource {
    /// Keys above the makers' slots: limit orders that crossed and left a rest.
    static let crossingKeys = 32

    let parameters: SyntheticParameters
    let instrument: Instrument
    let seed: UInt64
    private(set) var driver: PriceDriver
    private(set) var value: FairValue
    /// When, Unix nanoseconds.
    private var valuedAt: Int64 = 0
    private(set) var reference = ReferencePrices(mark: Price(units: 0), index: Price(units: 0))
    private var nextStep: Int64 = 0
    private var nextOrder: Int64
    private var number: UInt64 = 0
    private var burst: Int64 = 0
    private var premium: Int64 = 0
    /// Fine index price of ``reference``.
    private var told: Int64 = 0
    /// Acts for which takers follow one another.
    private var excitement = 0
    private(set) var steps: UInt64 = 0
    var crossingKey = 0
    let reachWeight: Int64
    let distances: [Int32]
    /// Price last quoted in each slot; buy slots first.
    ///
    /// 0 for none.
    var quoted: [Int64]

    /// - Parameter start: of the exchange.
    init(parameters: SyntheticParameters, instrument: Instrument, seed: UInt64, start: Timestamp) {
        self.init(
            parameters: parameters,
            instrument: instrument,
            seed: seed,
            driver: PriceDriver(seed: seed, parameters: parameters, start: start),
            now: start
        )
    }

    /// A market that begins later than the exchange.
    ///
    /// - Parameter driver: of its coin, as it stands or stood.
    init(
        parameters: SyntheticParameters,
        instrument: Instrument,
        seed: UInt64,
        driver: PriceDriver,
        now: Timestamp
    ) {
        self.parameters = parameters
        self.instrument = instrument
        self.seed = Mix.combine(
            Mix.combine(seed, instrument.id.symbol.fixedHash),
            UInt64(instrument.id.category.rawValue)
        )
        self.driver = driver
        while self.driver.next <= now.nanoseconds { self.driver.advance() }
        nextOrder = now.nanoseconds
        quoted = Array(repeating: 0, count: 2 * parameters.slotsPerSide)
        distances = parameters.texture.distances(parameters.slotsPerSide)
        reachWeight = parameters.texture.reaches.reduce(0) { $0 + $1.weight }
        value = parameters.model.value(
            start: parameters.price,
            level: self.driver.level,
            at: now.nanoseconds
        )
        valuedAt = now.nanoseconds
        steps = self.driver.step
        reference = prices()
        told = value.fineIndex
        scheduleStep()
        scheduleOrder()
    }

    var next: Timestamp? { Timestamp(nanoseconds: min(nextStep, nextOrder)) }

    /// The level is still the one that ``value`` was computed from.
    var figures: OptionFigures? {
        parameters.model.figures(
            start: parameters.price,
            decimals: instrument.scale.priceDecimals,
            level: driver.level,
            at: valuedAt
        )
    }

    /// Four digits more.
    var dollarIndex: Numeral? {
        let decimals = instrument.scale.priceDecimals + 4
        let units = Int128(told) * 10_000 / Int128(FairValue.fine)
        guard decimals <= 18, let mantissa = Int64(exactly: units) else { return nil }
        return Numeral(mantissa: mantissa, decimals: UInt8(decimals))
    }

    var isHalted: Bool { driver.regime == .halt }

    func fundingRate(period: Int64) -> Int64 {
        var chance = Chance(seed: seed ^ 0x66_756e_6469_6e67, number: UInt64(bitPattern: period))
        let most = parameters.fundingRateMax
        let rate = chance.below(2 * most + 1) - most
        return rate == 0 ? min(1, most) : rate
    }

    mutating func open(into actions: inout [MarketAction]) {
        var chance = Chance(seed: seed, number: .max)
        for slot in 0..<parameters.slotsPerSide {
            quote(.buy, slot, &chance, into: &actions)
            quote(.sell, slot, &chance, into: &actions)
        }
    }

    mutating func act(touch: Touch, into actions: inout [MarketAction]) {
        if nextStep <= nextOrder {
            stepFairValue()
            if !isHalted { takeStale(touch, into: &actions) }
            return
        }
        number += 1
        if !isHalted {
            var chance = Chance(seed: seed, number: number)
            if chance.happens(takersPerThousand, in: 1_000) {
                takeAtWill(touch, &chance, into: &actions)
                excitement = 1 + (parameters.texture.wave?.excitedWaves ?? 0)
            } else if let wave = parameters.texture.wave {
                change(wave, touch, &chance, into: &actions)
            } else {
                requote(&chance, into: &actions)
            }
        }
        if excitement > 0 { excitement -= 1 }
        scheduleOrder()
    }

    /// A trade makes others trade.
    private var takersPerThousand: Int64 {
        excitement > 0
            ? min(1_000, 3 * parameters.takersPerThousand) : parameters.takersPerThousand
    }

    // MARK: - Fair value

    private mutating func stepFairValue() {
        var hasJumped = false
        for _ in 0..<parameters.texture.stepsPerMove {
            driver.advance()
            if driver.hasJumped { hasJumped = true }
        }
        let time = nextStep
        scheduleStep()
        let before = steps
        steps = driver.step
        value = parameters.model.value(
            start: parameters.price,
            level: driver.level,
            at: time
        )
        valuedAt = time
        if hasJumped { burst = 60 }
        // The mark strays from the fair value by some ticks, once a second.
        if steps / 50 != before / 50, instrument.id.category != .option {
            var chance = Chance(seed: seed ^ 0x7072_656d, number: steps)
            let tick = instrument.tickSize.units
            premium = min(max(premium + (chance.below(3) - 1) * tick, -6 * tick), 6 * tick)
        }
        let every = UInt64(parameters.texture.stepsPerReference)
        guard steps / every != before / every else { return }
        // One of ten comes late: it is told with the next one.
        if every > 1 {
            var chance = Chance(seed: seed ^ 0x6c_6174_65, number: steps)
            if chance.happens(1, in: 10) { return }
        }
        reference = prices()
        told = value.fineIndex
    }

    private func prices() -> ReferencePrices {
        let fair = FloorDivision.quotient(value.fair, FairValue.fine)
        guard instrument.id.category != .spread else {
            return ReferencePrices(mark: Price(units: fair), index: Price(units: value.index))
        }
        return ReferencePrices(
            mark: Price(units: max(1, fair + premium)),
            index: Price(units: value.index)
        )
    }

    private mutating func scheduleStep() {
        let more = Int64(parameters.texture.stepsPerMove - 1) * PriceDriver.stepNanoseconds
        nextStep = driver.next + more
    }

    private mutating func scheduleOrder() {
        var chance = Chance(seed: seed ^ 0x67_6170, number: number)
        // Bursts of about seventeen orders come ten times as fast; with them the mean rate is the one asked for.
        var mean = 1_250_000_000 * parameters.texture.ordersPerAct / parameters.eventsPerSecond
        if burst > 0 {
            burst -= 1
            mean /= 10
        } else if chance.happens(1, in: 60) {
            burst = 5 + chance.below(26)
        }
        nextOrder += max(1, chance.below(mean + 1) + chance.below(mean + 1))
        if let wave = parameters.texture.wave, wave.pausesPerThousand > 0,
            chance.happens(wave.pausesPerThousand, in: 1_000)
        {
            nextOrder += chance.below(1_000_000_000)
        }
    }
}

/// Division that rounds down, below zero too: prices of combinations are negative.
enum FloorDivision {
    /// - Parameter divisor: > 0.
    static func quotient(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
