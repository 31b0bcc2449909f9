import Market

/// Conditional orders and exits: are their prices on the right side?
extension SimulatedExchange {
    /// What a conditional order waits for; `nil` for an active one.
    func checkTrigger(
        _ request: OrderRequest,
        _ options: OrderOptions,
        _ state: ListingFacts
    ) throws(Refusal) -> AccountOrder.Stop? {
        guard let wanted = options.triggerPrice else { return nil }
        let price = try checkPrice(wanted, state)
        let isSpot = state.category == .spot
        let by = isSpot ? TriggerSource.last : options.triggerBy
        let current = self.price(by, state)
        let rises: Bool
        switch options.triggerDirection {
        case 1: rises = true
        case 2: rises = false
        case 0 where isSpot: rises = price > current
        default: throw .parameter("triggerDirection is required for a conditional order")
        }
        try checkDirection(price, rises: rises, current, state)
        return AccountOrder.Stop(
            kind: options.filter == .exits ? .exits : .stop,
            price: price,
            rises: rises,
            by: by
        )
    }

    func checkDirection(
        _ price: Int64,
        rises: Bool,
        _ current: Int64,
        _ state: ListingFacts
    ) throws(Refusal) {
        guard rises ? price <= current : price >= current else { return }
        let scale = state.scale
        let prices =
            "trigger_price[\(scale.numeral(Price(units: price)))] "
            + "\(rises ? "<=" : ">=") current[\(scale.numeral(Price(units: current)))]"
        throw rises ? .triggerNotAbove(prices) : .triggerNotBelow(prices)
    }

    func price(_ source: TriggerSource, _ state: ListingFacts) -> Int64 {
        switch source {
        case .last: states[state.index].statistics.last
        case .index: quotes[state.index].index
        case .mark: quotes[state.index].mark
        }
    }

    /// Exits of a new order must lie beyond its price on the right sides.
    func checkExits(
        _ options: OrderOptions,
        _ order: AccountOrder,
        _ state: ListingFacts
    ) throws(Refusal) -> AccountOrder.Exits? {
        guard options.takeProfit != nil || options.stopLoss != nil else { return nil }
        guard !order.reduceOnly else {
            throw .exitInvalid("takeProfit and stopLoss do not go with reduceOnly")
        }
        // A market order is judged by the mark price: its own is only the protection.
        let entry = order.type == .market ? quotes[state.index].mark : order.price
        return try checkExits(
            options.takeProfit,
            options.stopLoss,
            options.exitMode,
            isLong: order.side == .buy,
            entry: entry,
            state
        )
    }

    func checkExits(
        _ takeProfit: ExitTerms?,
        _ stopLoss: ExitTerms?,
        _ mode: ExitMode,
        isLong: Bool,
        entry: Int64,
        _ state: ListingFacts
    ) throws(Refusal) -> AccountOrder.Exits {
        func exit(_ terms: ExitTerms?, above: Bool) throws(Refusal) -> AccountOrder.Exit? {
            guard let terms, !terms.price.isZero else { return nil }
            guard terms.limit == nil || mode == .partial else {
                throw .exitInvalid("a limit order as exit needs tpslMode Partial")
            }
            let price = try checkPrice(terms.price, state)
            guard above ? price > entry : price < entry else {
                throw .exitInvalid(
                    above == isLong
                        ? "takeProfit is on the wrong side of the price"
                        : "stopLoss is on the wrong side of the price"
                )
            }
            var limit: Int64?
            if let wanted = terms.limit { limit = try checkPrice(wanted, state) }
            return AccountOrder.Exit(price: price, by: terms.by, limit: limit)
        }
        return AccountOrder.Exits(
            takeProfit: try exit(takeProfit, above: isLong),
            stopLoss: try exit(stopLoss, above: !isLong),
            mode: mode
        )
    }
}
