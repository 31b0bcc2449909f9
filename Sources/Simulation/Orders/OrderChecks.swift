import Market

extension Refusal: Error {}

extension SimulatedExchange {
    /// Open orders of one account and symbol.
    static let openOrdersMax = 500
    /// Largest value of one order in the settle coin: with it no sum of an account can leave its
    /// range.
    static let orderValueMax = Amount(units: PowerOfTen.int128(Amount.decimals + 12))

    /// Judges a new order in the sequence: words, numbers, filters, link id, reduce-only, open
    /// orders, margin.
    func check(
        _ request: OrderRequest,
        _ options: OrderOptions,
        for account: Int
    ) throws(Refusal) -> AccountOrder {
        guard let index = index(of: request.instrument) else { throw .unknownSymbol }
        guard quotes[index].isLive else { throw .notLive }
        guard !quotes[index].isHalted else { throw .halted }
        let state = facts[index]
        let words = try checkWords(request)
        var order = AccountOrder(
            account: account,
            listing: index,
            orderLinkID: request.orderLinkID,
            side: request.side,
            type: words.type,
            timeInForce: words.timeInForce,
            price: 0,
            quantity: 0,
            reduceOnly: request.reduceOnly,
            createdMilliseconds: now.milliseconds
        )
        order.closeOnTrigger = options.closeOnTrigger
        order.positionIndex = try checkPositionIndex(
            options.positionIndex,
            request,
            account,
            index
        )
        order.selfMatch = options.selfMatch
        order.lastPrice = states[index].statistics.last
        try checkKind(order.type, request, options, state)
        // In hedge mode the side that does not open closes.
        let opens: Side = order.positionIndex == 2 ? .sell : .buy
        if order.positionIndex != 0, request.side != opens { order.reduceOnly = true }
        if let stop = try checkTrigger(request, options, state) { order.wait(for: stop) }
        if order.type == .market {
            order.price = protectionPrice(request.side, on: index)
        } else if let limit = request.price {
            order.price = try limited(
                checkPrice(limit, state),
                request.side,
                index,
                isConditional: order.isWaiting
            )
        } else {
            throw .parameter("price is required for a limit order")
        }
        try checkSize(&order, request, options, account, state)
        if accountStates[account].isUsed(link: request.orderLinkID) { throw .duplicateLink }
        if let exits = try checkExits(options, order, state) { order.exits = exits }
        try checkRoom(account, index, isConditional: order.isWaiting)
        if order.isWaiting {
            order.locksWhileWaiting = state.category == .spot && options.filter == .exits
            if order.locksWhileWaiting {
                try checkBalance(
                    account,
                    index,
                    order.side,
                    quantity: order.quantity,
                    price: order.price
                )
            }
        } else {
            try checkFunds(order, account)
        }
        return order
    }

    /// Margin or coins for an order that is about to become active.
    func checkFunds(_ order: AccountOrder, _ account: Int) throws(Refusal) {
        switch facts[order.listing].category {
        case .spot:
            if let budget = order.budget, order.side == .buy {
                guard available(account, facts[order.listing].settleCoin) >= budget else {
                    throw .balance
                }
                return
            }
            if order.budget != nil { return }
            try checkBalance(
                account,
                order.listing,
                order.side,
                quantity: order.leaves,
                price: order.price
            )
        case .spread:
            try checkLegs(
                account,
                order.listing,
                order.side,
                quantity: order.leaves,
                price: order.price
            )
        case .linear, .inverse, .option:
            guard !order.reduceOnly else { return }
            try checkMargin(
                account,
                order.positionPlace,
                order.side,
                adding: order.leaves,
                at: order.price
            )
        }
    }

    /// A spot order needs what it gives, in full.
    func checkBalance(
        _ account: Int,
        _ index: Int,
        _ side: Side,
        quantity: Int64,
        price: Int64
    ) throws(Refusal) {
        let state = facts[index]
        if side == .buy {
            let cost = state.valuation.worth(price: price, quantity: quantity)
            guard available(account, state.settleCoin) >= cost else { throw .balance }
        } else {
            let given = Amount.scaledClamping(
                Int128(quantity),
                decimals: state.scale.quantityDecimals
            )
            guard available(account, state.baseCoin) >= given else { throw .balance }
        }
    }

    private func checkPositionIndex(
        _ wanted: Int,
        _ request: OrderRequest,
        _ account: Int,
        _ index: Int
    ) throws(Refusal) -> Int8 {
        let isHedged = accountStates[account].hedged[index]
        guard isHedged ? wanted == 1 || wanted == 2 : wanted == 0 else { throw .positionIndex }
        return Int8(wanted)
    }

    /// What a category does not know is refused, not ignored.
    private func checkKind(
        _ type: OrderKind,
        _ request: OrderRequest,
        _ options: OrderOptions,
        _ state: ListingFacts
    ) throws(Refusal) {
        switch state.category {
        case .spot:
            guard !request.reduceOnly, !options.closeOnTrigger else {
                throw .parameter("reduceOnly and closeOnTrigger are not for spot")
            }
            guard options.takeProfit == nil, options.stopLoss == nil else {
                throw .parameter("takeProfit and stopLoss of a spot order are not available here")
            }
            guard (options.triggerPrice != nil) == (options.filter != .order) else {
                throw .parameter("orderFilter and triggerPrice do not go together")
            }
        case .option:
            if request.orderLinkID.isEmpty { throw .parameter("orderLinkId is required") }
            guard options.triggerPrice == nil, options.takeProfit == nil, options.stopLoss == nil
            else { throw .parameter("options have no conditional orders here") }
        case .spread:
            guard options == OrderOptions(), !request.reduceOnly else {
                throw .parameter("a combination takes limit and market orders only")
            }
        case .linear, .inverse: break
        }
        if options.isQuoteQuantity != nil, state.category != .spot || type != .market {
            throw .parameter("marketUnit is for spot market orders")
        }
    }

    private func checkWords(
        _ request: OrderRequest
    ) throws(Refusal) -> (type: OrderKind, timeInForce: Lifetime) {
        let link = request.orderLinkID.utf8
        let isWord = link.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        let most = request.instrument.category == .spread ? 45 : 36
        guard link.count <= most, isWord else {
            throw .parameter("orderLinkId must be at most \(most) of letters, digits, - and _")
        }
        let type: OrderKind
        switch request.type {
        case .limit: type = .limit
        case .market: type = .market
        case .other(let name): throw .parameter("orderType \(name) invalid")
        }
        switch request.timeInForce {
        case .fillOrKill: return (type, .fillOrKill)
        // A market order is always immediate.
        case .goodTillCancelled:
            return (type, type == .market ? .immediateOrCancel : .goodTillCancelled)
        case .postOnly: return (type, type == .market ? .immediateOrCancel : .postOnly)
        case .immediateOrCancel: return (type, .immediateOrCancel)
        case .other(let name): throw .parameter("timeInForce \(name) invalid")
        }
    }

    // MARK: - Sizes

    private func checkSize(
        _ order: inout AccountOrder,
        _ request: OrderRequest,
        _ options: OrderOptions,
        _ account: Int,
        _ state: ListingFacts
    ) throws(Refusal) {
        let byValue = options.isQuoteQuantity ?? (request.side == .buy)
        if state.category == .spot, order.type == .market, byValue {
            try checkBudget(&order, request, account, state)
            return
        }
        let closable = accountStates[account].positions[order.positionPlace]
            .closable(by: request.side)
        if request.quantity.isZero, request.reduceOnly, options.closeOnTrigger {
            // Zero closes the position, as far as one order may.
            let most =
                order.type == .market
                ? state.instrument.marketQuantityMax : state.instrument.quantityMax
            order.quantity = min(closable, most?.units ?? .max)
            guard order.quantity > 0 else { throw .reduceOnlyWithoutPosition }
            return
        }
        order.quantity = try checkQuantity(
            request.quantity,
            state,
            isMarket: order.type == .market
        )
        if order.reduceOnly, !order.isWaiting {
            guard closable > 0 else { throw .reduceOnlyWithoutPosition }
            order.quantity = min(order.quantity, closable)
        }
        try checkValue(order.price, order.quantity, state, reduceOnly: order.reduceOnly)
    }

    /// A spot market order by value: its amount is what it may spend, or shall earn.
    private func checkBudget(
        _ order: inout AccountOrder,
        _ request: OrderRequest,
        _ account: Int,
        _ state: ListingFacts
    ) throws(Refusal) {
        guard let amount = try? Amount(request.quantity), amount > .zero,
            let step = try? Amount(state.terms.quotePrecision), step > .zero,
            amount.units % step.units == 0
        else { throw .quantityDecimals("\(request.quantity)") }
        if let least = state.instrument.valueMin, amount < least {
            throw .valueTooSmall("\(least)\(state.instrument.quoteCoin)")
        }
        guard amount <= SimulatedExchange.orderValueMax else {
            throw .quantityTooLarge("\(request.quantity)")
        }
        order.budget = amount
        order.quantity = state.instrument.marketQuantityMax?.units ?? Int64.max >> 20
        guard request.side == .sell else { return }
        // No more than there is to sell.
        let spare = PowerOfTen.int128(Amount.decimals - state.scale.quantityDecimals)
        let there = Int64(clamping: available(account, state.baseCoin).units / spare)
        let units = state.instrument.quantityStep.units
        order.quantity = min(order.quantity, there / units * units)
        guard order.quantity > 0 else { throw .balance }
    }

    func checkQuantity(
        _ numeral: Numeral,
        _ facts: ListingFacts,
        isMarket: Bool
    ) throws(Refusal) -> Int64 {
        let units = try? facts.scale.quantity(numeral).units
        guard let units, units > 0, units % facts.instrument.quantityStep.units == 0 else {
            throw .quantityDecimals("\(numeral)")
        }
        if let least = facts.instrument.quantityMin, units < least.units {
            throw .quantityTooSmall("\(numeral)")
        }
        let most = isMarket ? facts.instrument.marketQuantityMax : facts.instrument.quantityMax
        if let most, units > most.units { throw .quantityTooLarge("\(numeral)") }
        return units
    }

    func checkPrice(_ numeral: Numeral, _ facts: ListingFacts) throws(Refusal) -> Int64 {
        let units = try? facts.scale.price(numeral).units
        guard let units, units > 0 || facts.category == .spread else {
            if units == nil { throw .priceDecimals("\(numeral)") }
            throw .parameter("price \(numeral) invalid")
        }
        if let least = facts.instrument.priceMin, units < least.units { throw .priceOutOfRange }
        if let most = facts.instrument.priceMax, units > most.units { throw .priceOutOfRange }
        guard units % facts.instrument.tickSize.units == 0 else {
            throw .priceDecimals("\(numeral)")
        }
        return units
    }

    /// The price the exchange takes: contracts' prices beyond the limits are moved to them, spot ones refused.
    func limited(
        _ price: Int64,
        _ side: Side,
        _ index: Int,
        isConditional: Bool
    ) throws(Refusal) -> Int64 {
        guard !isConditional, let limits = priceLimits(on: index) else { return price }
        if side == .buy, price > limits.highestBuy.units {
            if facts[index].category == .spot { throw .priceAboveLimit }
            return limits.highestBuy.units
        }
        if side == .sell, price < limits.lowestSell.units {
            if facts[index].category == .spot { throw .priceBelowLimit }
            return limits.lowestSell.units
        }
        return price
    }

    func checkValue(
        _ price: Int64,
        _ quantity: Int64,
        _ state: ListingFacts,
        reduceOnly: Bool
    ) throws(Refusal) {
        // Of an inverse contract the value is its number of dollars.
        let value =
            state.category == .inverse
            ? Amount.scaledClamping(Int128(quantity), decimals: state.scale.quantityDecimals)
            : state.valuation.worth(price: abs(price), quantity: quantity)
        guard value <= SimulatedExchange.orderValueMax else {
            throw .parameter("the order's value exceeds the maximum")
        }
        if !reduceOnly, state.category != .spread, let least = state.instrument.valueMin,
            value < least
        {
            throw .valueTooSmall("\(least)\(state.instrument.quoteCoin)")
        }
    }

    /// How far a market order may go: five percent from the mark price (spot: the index price), on a tick.
    func protectionPrice(_ side: Side, on index: Int) -> Int64 {
        let state = facts[index]
        let tick = state.instrument.tickSize.units
        if state.category == .spread {
            let most = state.instrument.priceMax?.units ?? (Int64.max >> 16) / tick * tick
            let least = state.instrument.priceMin?.units ?? -most
            return side == .buy ? most : least
        }
        let mark = state.category == .spot ? quotes[state.index].index : quotes[state.index].mark
        // An option's price may double within a moment.
        let reach = state.category == .option ? max(mark, 20 * tick) : mark / 20
        let limit = mark + side.sign * reach
        return max(tick, limit / tick * tick)
    }

    private func checkRoom(
        _ account: Int,
        _ index: Int,
        isConditional: Bool
    ) throws(Refusal) {
        let isSpot = facts[index].category == .spot
        if isConditional {
            guard accountStates[account].waitingCount[index] < (isSpot ? 30 : 10) else {
                throw .tooManyConditionals
            }
            return
        }
        switch facts[index].category {
        case .linear, .inverse:
            guard accountStates[account].activeCount[index] < SimulatedExchange.openOrdersMax else {
                throw .tooManyOrders
            }
        case .spot, .option, .spread:
            let most = facts[index].category == .spot ? 500 : 50
            guard accountStates[account].openCount >= most else { return }
            var count = 0
            for other in states.indices
            where facts[other].category == facts[index].category
                && (isSpot || facts[other].baseCoin == facts[index].baseCoin)
            {
                count += accountStates[account].activeCount[other]
            }
            guard count < most else { throw .tooManyOrders }
        }
    }
}
