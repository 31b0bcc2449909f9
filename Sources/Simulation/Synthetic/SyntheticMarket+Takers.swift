import Market

extension SyntheticMarket {
    mutating func takeAtWill(
        _ touch: Touch,
        _ chance: inout Chance,
        into actions: inout [MarketAction]
    ) {
        let quantity = size(
            lots: parameters.texture.takerSizes.lots(slot: 0, &chance),
            &chance
        )
        let side = informedSide(touch, &chance)
        if chance.happens(4, in: 5) {
            // A market order, protected forty ticks beyond the fair value.
            take(side, quantity, upTo: beyond(side, ticks: 40), into: &actions)
        } else {
            crossingKey = (crossingKey + 1) % SyntheticMarket.crossingKeys
            let price = beyond(side, ticks: chance.below(3))
            guard price >= least else { return }
            actions.append(
                .place(
                    key: 2 * parameters.slotsPerSide + crossingKey,
                    side: side,
                    price: Price(units: price),
                    quantity: quantity
                )
            )
        }
    }

    private func take(
        _ side: Side,
        _ quantity: Quantity,
        upTo limit: Int64,
        into actions: inout [MarketAction]
    ) {
        actions.append(.take(side: side, quantity: quantity, limit: Price(units: limit)))
    }

    private func beyond(_ side: Side, ticks: Int64) -> Int64 {
        let tick = instrument.tickSize.units
        let nearest = place(side.opposite, distance: ticks == 40 && hasWidth ? 1 : 0)
        return max(least, nearest + side.sign * ticks * tick)
    }

    private var hasWidth: Bool { parameters.texture.widthPerThousand > 0 }

    /// Takers lean towards the side on which the fair value stands from the middle of the touch.
    private func informedSide(_ touch: Touch, _ chance: inout Chance) -> Side {
        let draw = chance.below(100)
        guard let bid = touch.bid?.units, let ask = touch.ask?.units else {
            return draw < 50 ? .buy : .sell
        }
        let middle = (bid + ask) * (FairValue.fine / 2)
        return draw < (value.fair > middle ? 60 : 40) ? .buy : .sell
    }

    /// Takes orders that the fair value has passed: a little at a time, more the further it is.
    func takeStale(_ touch: Touch, into actions: inout [MarketAction]) {
        let tick = instrument.tickSize.units
        let edge = tick * FairValue.fine / 2
        let step = tick * FairValue.fine
        let fair = value.fair
        var chance = Chance(seed: seed ^ 0x73_7461_6c65, number: steps)
        guard chance.happens(3, in: 5) else { return }
        if let ask = touch.ask?.units, ask * FairValue.fine + edge <= fair {
            let ticks = (FloorDivision.quotient(fair, FairValue.fine) - ask) / tick
            let lots = chance.heavyTailed(exponentMax: 5 + min(ticks / 3, 4))
            let limit = FloorDivision.quotient(fair, step) * tick
            take(.buy, size(lots: lots, &chance), upTo: limit, into: &actions)
        } else if let bid = touch.bid?.units, bid * FairValue.fine - edge >= fair {
            let ticks = (bid - FloorDivision.quotient(fair, FairValue.fine)) / tick
            let lots = chance.heavyTailed(exponentMax: 5 + min(ticks / 3, 4))
            let limit = FloorDivision.quotient(fair + step - 1, step) * tick
            take(.sell, size(lots: lots, &chance), upTo: limit, into: &actions)
        }
    }
}
