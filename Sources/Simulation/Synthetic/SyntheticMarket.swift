import Market

/// Background participants around a fair value that moves.
///
/// Makers keep orders in slots, dense at the touch and sparse far out; now and then one looks at its order and moves it
/// to where the fair value is by then. Takers send orders of many sizes. Whoever sees a resting order beyond the
/// fair value takes it: that is how a slow maker, ours included, loses money.
///
/// What is wished for is a function of seed and time; only what comes of it depends on the book.
struct SyntheticMarket: MarketSource {
    /// Keys above the makers' slots: limit orders that crossed and left a rest.
    private static let crossingKeys = 32
    /// Fair value is kept in 1/1024 of a price unit.
    private static let fine: Int64 = 1_024

    private let parameters: SyntheticParameters
    private let instrument: Instrument
    private let seed: UInt64
    private var driver: PriceDriver
    private var nextStep: Int64
    private var nextOrder: Int64
    private var number: UInt64 = 0
    private var burst: Int64 = 0
    private var fair: Int64
    private var premium: Int64 = 0
    private var steps: UInt64 = 0
    private var crossingKey = 0
    /// Price last quoted in each slot; buy slots first.
    ///
    /// 0 for none.
    private var quoted: [Int64]

    init(parameters: SyntheticParameters, instrument: Instrument, seed: UInt64, start: Timestamp) {
        self.parameters = parameters
        self.instrument = instrument
        self.seed = Mix.combine(
            Mix.combine(seed, instrument.id.symbol.fixedHash),
            UInt64(instrument.id.category.rawValue)
        )
        driver = PriceDriver(seed: seed, parameters: parameters)
        fair = parameters.price.units * SyntheticMarket.fine
        let interval = PriceDriver.stepNanoseconds
        nextStep = (start.nanoseconds / interval + 1) * interval
        nextOrder = start.nanoseconds
        quoted = Array(repeating: 0, count: 2 * parameters.slotsPerSide)
        scheduleOrder()
    }

    var next: Timestamp? { Timestamp(nanoseconds: min(nextStep, nextOrder)) }

    var reference: ReferencePrices {
        let index = max(1, fair / SyntheticMarket.fine)
        return ReferencePrices(
            mark: Price(units: max(1, index + premium)),
            index: Price(units: index)
        )
    }

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
            nextStep += PriceDriver.stepNanoseconds
            stepFairValue()
            takeStale(touch, into: &actions)
            return
        }
        number += 1
        var chance = Chance(seed: seed, number: number)
        if chance.happens(parameters.takersPerThousand, in: 1_000) {
            takeAtWill(touch, &chance, into: &actions)
        } else {
            requote(&chance, into: &actions)
        }
        scheduleOrder()
    }

    // MARK: - Fair value

    private mutating func stepFairValue() {
        driver.advance()
        steps += 1
        let fine = Int128(parameters.price.units) * Int128(SyntheticMarket.fine)
        fair = Int64(clamping: fine * Int128(driver.level) / Int128(PriceDriver.unit))
        if driver.hasJumped { burst = 60 }
        // The mark strays from the index by some ticks, once a second.
        if steps % 50 == 0 {
            var chance = Chance(seed: seed ^ 0x7072_656d, number: steps)
            let tick = instrument.tickSize.units
            premium = min(max(premium + (chance.below(3) - 1) * tick, -6 * tick), 6 * tick)
        }
    }

    private mutating func scheduleOrder() {
        var chance = Chance(seed: seed ^ 0x67_6170, number: number)
        // Bursts of about seventeen orders come ten times as fast; with them the mean rate is the one asked for.
        var mean = 1_250_000_000 / parameters.eventsPerSecond
        if burst > 0 {
            burst -= 1
            mean /= 10
        } else if chance.happens(1, in: 60) {
            burst = 5 + chance.below(26)
        }
        nextOrder += max(1, chance.below(mean + 1) + chance.below(mean + 1))
    }

    // MARK: - Makers

    /// Looks at two orders, chosen near the touch most often, and moves the one further from its
    /// place.
    private mutating func requote(_ chance: inout Chance, into actions: inout [MarketAction]) {
        let side: Side = chance.happens(1, in: 2) ? .buy : .sell
        let first = anySlot(&chance)
        let second = anySlot(&chance)
        let slot = displacement(side, first) >= displacement(side, second) ? first : second
        if chance.happens(1, in: 12) {
            quoted[key(side, slot)] = 0
            actions.append(.cancel(key: key(side, slot)))
        } else {
            quote(side, slot, &chance, into: &actions)
        }
    }

    private func anySlot(_ chance: inout Chance) -> Int {
        let all = Int64(parameters.slotsPerSide)
        let reach: Int64 =
            switch chance.below(10) {
            case 0..<5: 16
            case 5..<8: 64
            default: all
            }
        return Int(chance.below(min(all, reach)))
    }

    private func key(_ side: Side, _ slot: Int) -> Int {
        side == .buy ? slot : parameters.slotsPerSide + slot
    }

    /// Ticks between a slot's order and its place; an empty slot is far off.
    private func displacement(_ side: Side, _ slot: Int) -> Int64 {
        let price = quoted[key(side, slot)]
        guard price > 0 else { return 1_000 }
        let home = place(side, distance: distance(slot))
        return abs(price - home) / instrument.tickSize.units
    }

    /// Distance of a slot from the fair value in quarters of a tick.
    ///
    /// Two orders a tick on the first fifteen ticks, then one a tick up to 85, then one each three ticks.
    private func distance(_ slot: Int) -> Int64 {
        let slot = Int64(slot)
        if slot < 30 { return 2 + 2 * slot }
        if slot < 100 { return 62 + 4 * (slot - 30) }
        return 342 + 12 * (slot - 100)
    }

    /// The price at `distance` quarters of a tick from the fair value, rounded away from it to a
    /// tick.
    private func place(_ side: Side, distance: Int64) -> Int64 {
        let tick = instrument.tickSize.units
        let step = tick * SyntheticMarket.fine
        let offset = distance * step / 4
        let price =
            side == .buy
            ? (fair - offset) / step * tick : (fair + offset + step - 1) / step * tick
        return max(tick, price)
    }

    private mutating func quote(
        _ side: Side,
        _ slot: Int,
        _ chance: inout Chance,
        into actions: inout [MarketAction]
    ) {
        let home = distance(slot)
        let jitter = slot < 30 ? chance.below(3) - 1 : chance.below(9) - 4
        let price = place(side, distance: max(1, home + jitter))
        // About twenty lots at the touch, more further out, and sometimes a large one.
        var lots = 1 + chance.below(30 + Int64(slot) / 2)
        if chance.happens(1, in: 10) { lots *= 4 }
        let key = key(side, slot)
        quoted[key] = price
        actions.append(
            .place(
                key: key,
                side: side,
                price: Price(units: price),
                quantity: size(lots: lots, &chance)
            )
        )
    }

    /// Some lots and a bit: sizes are no round numbers where the step is finer than the lot.
    private func size(lots: Int64, _ chance: inout Chance) -> Quantity {
        let step = instrument.quantityStep.units
        let bit = chance.below(parameters.lot.units / step) * step
        let most = instrument.quantityMax?.units ?? .max
        return Quantity(units: min(lots * parameters.lot.units + bit, most))
    }

    // MARK: - Takers

    private mutating func takeAtWill(
        _ touch: Touch,
        _ chance: inout Chance,
        into actions: inout [MarketAction]
    ) {
        let quantity = size(lots: chance.heavyTailed(exponentMax: 10), &chance)
        let side = informedSide(touch, &chance)
        if chance.happens(4, in: 5) {
            // A market order, protected forty ticks beyond the fair value.
            actions.append(
                .take(side: side, quantity: quantity, limit: Price(units: beyond(side, ticks: 40)))
            )
        } else {
            crossingKey = (crossingKey + 1) % SyntheticMarket.crossingKeys
            actions.append(
                .place(
                    key: 2 * parameters.slotsPerSide + crossingKey,
                    side: side,
                    price: Price(units: beyond(side, ticks: chance.below(3))),
                    quantity: quantity
                )
            )
        }
    }

    private func beyond(_ side: Side, ticks: Int64) -> Int64 {
        let tick = instrument.tickSize.units
        let nearest = place(side.opposite, distance: 0)
        return max(tick, nearest + side.sign * ticks * tick)
    }

    /// Takers lean towards the side on which the fair value stands from the middle of the touch.
    private func informedSide(_ touch: Touch, _ chance: inout Chance) -> Side {
        let draw = chance.below(100)
        guard let bid = touch.bid?.units, let ask = touch.ask?.units else {
            return draw < 50 ? .buy : .sell
        }
        let middle = (bid + ask) * (SyntheticMarket.fine / 2)
        return draw < (fair > middle ? 60 : 40) ? .buy : .sell
    }

    /// Takes orders that the fair value has passed: a little at a time, more the further it is.
    private func takeStale(_ touch: Touch, into actions: inout [MarketAction]) {
        let tick = instrument.tickSize.units
        let edge = tick * SyntheticMarket.fine / 2
        var chance = Chance(seed: seed ^ 0x73_7461_6c65, number: steps)
        guard chance.happens(3, in: 5) else { return }
        if let ask = touch.ask?.units, ask * SyntheticMarket.fine + edge <= fair {
            let ticks = (fair / SyntheticMarket.fine - ask) / tick
            let lots = chance.heavyTailed(exponentMax: 5 + min(ticks / 3, 4))
            let limit = fair / (tick * SyntheticMarket.fine) * tick
            actions.append(
                .take(side: .buy, quantity: size(lots: lots, &chance), limit: Price(units: limit))
            )
        } else if let bid = touch.bid?.units, bid * SyntheticMarket.fine - edge >= fair {
            let ticks = (bid - fair / SyntheticMarket.fine) / tick
            let lots = chance.heavyTailed(exponentMax: 5 + min(ticks / 3, 4))
            let step = tick * SyntheticMarket.fine
            let limit = (fair + step - 1) / step * tick
            actions.append(
                .take(side: .sell, quantity: size(lots: lots, &chance), limit: Price(units: limit))
            )
        }
    }
}
