import Market

extension SyntheticMarket {
    // MARK: - Who looks at an order

    /// Looks at two orders, chosen near the touch most often, and moves the one further from its
    /// place.
    mutating func requote(_ chance: inout Chance, into actions: inout [MarketAction]) {
        let side: Side = chance.happens(1, in: 2) ? .buy : .sell
        let first = anySlot(&chance)
        let second = anySlot(&chance)
        let slot = displacement(side, first) >= displacement(side, second) ? first : second
        if chance.happens(1, in: 12) {
            withdraw(key(side, slot), into: &actions)
        } else {
            quote(side, slot, &chance, into: &actions)
        }
    }

    /// Changes several quotes at once; first of all those that the fair value has passed, and a touch that it has left or
    /// that takers have emptied.
    mutating func change(
        _ wave: BookTexture.Wave,
        _ touch: Touch,
        _ chance: inout Chance,
        into actions: inout [MarketAction]
    ) {
        var count = chance.heavyTailed(exponentMax: wave.exponent)
        for side in [Side.buy, .sell] where isPassed(side, touch) {
            let fair = value.fair
            for slot in 0..<parameters.slotsPerSide {
                // Static: a method would copy the whole market for each slot.
                let price = quoted[key(side, slot)]
                guard SyntheticMarket.isPassed(side, price, fair) else { continue }
                quote(side, slot, &chance, into: &actions)
            }
        }
        for side in [Side.buy, .sell] where isBehind(side, touch) {
            for slot in 0..<min(4, parameters.slotsPerSide) {
                quote(side, slot, &chance, into: &actions)
            }
        }
        while count > 0 {
            count -= 1
            let side: Side = chance.happens(1, in: 2) ? .buy : .sell
            let slot = anySlot(&chance)
            let key = key(side, slot)
            let isKept = !chance.happens(wave.movesPerThousand, in: 1_000)
            if isKept, quoted[key] != 0, displacement(side, slot) <= reachOfStay(slot) {
                actions.append(
                    .place(
                        key: key,
                        side: side,
                        price: Price(units: quoted[key]),
                        quantity: size(slot, &chance)
                    )
                )
            } else {
                quote(side, slot, &chance, into: &actions)
            }
        }
    }

    /// True when whoever takes the best price of a side gains by it.
    private func isPassed(_ side: Side, _ touch: Touch) -> Bool {
        guard let best = side == .buy ? touch.bid : touch.ask else { return false }
        return SyntheticMarket.isPassed(side, best.units, value.fair)
    }

    private static func isPassed(_ side: Side, _ price: Int64, _ fair: Int64) -> Bool {
        guard price != 0 else { return false }
        let price = price * FairValue.fine
        return side == .buy ? price > fair : price <= fair
    }

    /// True when the best price of a side is worse than the fair value lets it be.
    private func isBehind(_ side: Side, _ touch: Touch) -> Bool {
        guard quotes(0) else { return false }
        let best = side == .buy ? touch.bid?.units : touch.ask?.units
        let home = place(side, distance: Int64(distances[0]))
        guard home >= least else { return false }
        guard let best else { return true }
        return side == .buy ? best < home : best > home
    }

    /// Ticks that a quote may be off without being moved.
    private func reachOfStay(_ slot: Int) -> Int64 { 2 + Int64(distances[slot]) / 16 }

    private func anySlot(_ chance: inout Chance) -> Int {
        let all = Int64(parameters.slotsPerSide)
        var draw = chance.below(reachWeight)
        for reach in parameters.texture.reaches {
            if draw < reach.weight { return Int(chance.below(min(all, reach.slots))) }
            draw -= reach.weight
        }
        return 0
    }

    func key(_ side: Side, _ slot: Int) -> Int {
        side == .buy ? slot : parameters.slotsPerSide + slot
    }

    /// Ticks between a slot's order and its place; an empty slot is far off.
    private func displacement(_ side: Side, _ slot: Int) -> Int64 {
        let price = quoted[key(side, slot)]
        guard price != 0 else { return 1_000 }
        let home = place(side, distance: Int64(distances[slot]))
        return abs(price - home) / instrument.tickSize.units
    }

    // MARK: - Where it goes

    /// The lowest price that can be quoted.
    var least: Int64 {
        instrument.id.category == .spread
            ? instrument.priceMin?.units ?? -Int64.max >> 16 : instrument.tickSize.units
    }

    /// The price at `distance` quarters of a tick from the fair value, rounded away from it to a
    /// tick.
    func place(_ side: Side, distance: Int64) -> Int64 {
        let tick = instrument.tickSize.units
        let step = tick * FairValue.fine
        var offset = distance * step / 4
        if parameters.texture.widthPerThousand > 0, distance > 0 {
            offset += abs(value.fair) / 1_000 * parameters.texture.widthPerThousand
        }
        if driver.regime == .thin { offset *= 4 }
        guard distance > 0 else {
            // Nothing between the two sides: neighbouring ticks around the fair value.
            let below = FloorDivision.quotient(value.fair, step) * tick
            return side == .buy ? below : below + tick
        }
        return side == .buy
            ? FloorDivision.quotient(value.fair - offset, step) * tick
            : FloorDivision.quotient(value.fair + offset + step - 1, step) * tick
    }

    /// In a thin book three of four makers have left.
    private func quotes(_ slot: Int) -> Bool { driver.regime != .thin || slot % 4 == 0 }

    mutating func quote(
        _ side: Side,
        _ slot: Int,
        _ chance: inout Chance,
        into actions: inout [MarketAction]
    ) {
        let home = Int64(distances[slot])
        let jitter = parameters.texture.zone(of: slot).jitter
        let stray = jitter == 0 ? 0 : chance.below(2 * jitter + 1) - jitter
        let price = place(side, distance: max(min(home, 1), home + stray))
        let quantity = size(slot, &chance)
        let key = key(side, slot)
        guard quotes(slot), price >= least else { return withdraw(key, into: &actions) }
        quoted[key] = price
        actions.append(
            .place(key: key, side: side, price: Price(units: price), quantity: quantity)
        )
    }

    private mutating func withdraw(_ key: Int, into actions: inout [MarketAction]) {
        quoted[key] = 0
        actions.append(.cancel(key: key))
    }

    // MARK: - How much

    private func size(_ slot: Int, _ chance: inout Chance) -> Quantity {
        let lots = parameters.texture.zone(of: slot).sizes.lots(slot: slot, &chance)
        return size(lots: lots, &chance)
    }

    /// Some lots and a bit: sizes are no round numbers where the step is finer than the lot.
    func size(lots: Int64, _ chance: inout Chance) -> Quantity {
        let step = instrument.quantityStep.units
        let bit = chance.below(parameters.lot.units / step) * step
        let most = instrument.quantityMax?.units ?? .max
        let whole = lots.multipliedReportingOverflow(by: parameters.lot.units)
        return Quantity(units: whole.overflow ? most : min(whole.partialValue + bit, most))
    }
}
