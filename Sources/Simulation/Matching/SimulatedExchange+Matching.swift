import Market

extension SimulatedExchange {
    /// An order on its way through the other side of the book.
    struct Taker: Sendable {
        var side: Side
        var limit: Int64
        var quantity: Int64
        /// The account's order; `nil` for the background.
        var order: OrderPlace?
        var reduceOnly = false
        /// Place of the position that a reduce-only order closes.
        var position = 0
        var selfMatch = SelfMatchPrevention.none
        /// Of a spot order by value: what it may still spend or shall still earn.
        var budget: Amount?
    }

    /// Does what a market source wishes.
    mutating func carryOut(
        _ action: MarketAction,
        on index: Int,
        into output: inout ExchangeOutput
    ) {
        guard quotes[index].isLive else { return }
        switch action {
        case .cancel(let key):
            removeBackground(key: key, on: index)
        case .take(let side, let quantity, let limit):
            guard quantity.units > 0 else { return }
            begin(on: index)
            _ = match(
                Taker(side: side, limit: limit.units, quantity: quantity.units),
                on: index,
                into: &output
            )
            report(into: &output)
            runTriggers(on: index, into: &output)
        case .place(let key, let side, let price, let quantity):
            guard quantity.units > 0, (0..<65_536).contains(key),
                price.units > 0 || facts[index].category == .spread
            else { return }
            removeBackground(key: key, on: index)
            begin(on: index)
            let left = match(
                Taker(side: side, limit: price.units, quantity: quantity.units),
                on: index,
                into: &output
            )
            if left > 0 { insertBackground(key, side, price.units, left, on: index) }
            report(into: &output)
            runTriggers(on: index, into: &output)
        }
    }

    private mutating func insertBackground(
        _ key: Int,
        _ side: Side,
        _ price: Int64,
        _ quantity: Int64,
        on index: Int
    ) {
        while states[index].handles.count <= key { states[index].handles.append(MatchingBook.none) }
        states[index].handles[key] = states[index].book.insert(
            side: side,
            price: price,
            quantity: quantity,
            owner: MatchingBook.background,
            key: Int32(key)
        )
    }

    private mutating func removeBackground(key: Int, on index: Int) {
        guard states[index].handles.indices.contains(key) else { return }
        let handle = states[index].handles[key]
        guard handle != MatchingBook.none else { return }
        begin(on: index)
        states[index].book.remove(handle)
        states[index].handles[key] = MatchingBook.none
    }

    /// A new action of the matching engine: what follows shares its `seq` and time.
    mutating func begin(on index: Int) {
        states[index].sequence += 1
        states[index].matchMilliseconds = now.milliseconds
    }

    /// Fills `taker` from the other side, best price first, oldest order first; answers what is
    /// left of it.
    ///
    /// Money and positions move with each fill; order states, positions and wallets are told by ``report(into:)``.
    mutating func match(
        _ taker: Taker,
        on index: Int,
        into output: inout ExchangeOutput
    ) -> Int64 {
        var left = taker.quantity
        var budget = taker.budget
        if !trades.isEmpty { trades.removeAll(keepingCapacity: true) }
        let isCombination = facts[index].legs != nil
        while left > 0 {
            let handle = states[index].book.best(taker.side.opposite)
            guard handle != MatchingBook.none else { break }
            let maker = states[index].book[handle]
            guard taker.side == .buy ? maker.price <= taker.limit : maker.price >= taker.limit
            else { break }
            if taker.selfMatch != .none, let place = taker.order,
                maker.owner == Int32(place.account)
            {
                nameSelfMatch(of: place, with: maker, taker.selfMatch)
                if taker.selfMatch != .cancelTaker {
                    cancelMaker(maker, on: index, .selfMatch, .selfMatch)
                }
                guard taker.selfMatch == .cancelMaker else {
                    preventedSelfMatch = true
                    break
                }
                continue
            }
            var quantity = min(left, maker.leaves)
            if let rest = budget {
                quantity = min(quantity, affordable(rest, at: maker.price, on: index))
                guard quantity > 0 else { break }
            }
            if taker.reduceOnly, let place = taker.order {
                let closable = accountStates[place.account].positions[taker.position]
                    .closable(by: taker.side)
                quantity = min(quantity, closable)
                guard quantity > 0 else { break }
            }
            if maker.owner != MatchingBook.background {
                quantity = min(quantity, fillable(maker))
                guard quantity > 0 else {
                    cancelMaker(maker, on: index, .reduceOnly, .none)
                    continue
                }
            }
            if isCombination {
                if maker.owner != MatchingBook.background,
                    !canCarry(Int(maker.owner), maker.side, quantity, maker.price, index)
                {
                    cancelMaker(maker, on: index, .rebalance, .none)
                    continue
                }
                if let place = taker.order,
                    !canCarry(place.account, taker.side, quantity, maker.price, index)
                {
                    // What is left would cross the book: it ends.
                    cannotCarry = true
                    break
                }
            }
            fill(maker, handle, by: taker, price: maker.price, quantity, on: index, &output)
            left -= quantity
            if let rest = budget {
                let value = facts[index].valuation.worth(price: maker.price, quantity: quantity)
                budget = rest.minus(value)
            }
        }
        publishTrades(on: index, into: &output)
        return left
    }

    private mutating func fill(
        _ maker: MatchingBook.Order,
        _ handle: Int32,
        by taker: Taker,
        price: Int64,
        _ quantity: Int64,
        on index: Int,
        _ output: inout ExchangeOutput
    ) {
        let facts = facts[index]
        let isOption = facts.category == .option
        states[index].book.reduce(handle, by: quantity)
        states[index].tradeNumber += 1
        states[index].statistics.trade(price: price, quantity: quantity)
        states[index].openInterest.trade(quantity, number: states[index].tradeNumber)
        trades.append(
            PublicTradeRecord(
                number: states[index].tradeNumber,
                price: price,
                quantity: quantity,
                side: taker.side,
                milliseconds: now.milliseconds,
                crossSequence: states[index].sequence,
                tickDirection: isOption || facts.category == .spot
                    ? "" : states[index].statistics.tickDirection,
                option: isOption
                    ? facts.optionTrade(at: price, quotes[index], sources[index].figures) : nil
            )
        )
        if maker.owner == MatchingBook.background {
            if quantity == maker.leaves {
                states[index].handles[Int(maker.key)] = MatchingBook.none
            }
        } else {
            let place = OrderPlace(account: Int(maker.owner), slot: Int(maker.key))
            release(quantity, of: place, on: index)
            settle(place, on: index, price: price, quantity: quantity, isMaker: true, &output)
        }
        if let place = taker.order {
            settle(place, on: index, price: price, quantity: quantity, isMaker: false, &output)
        }
    }

    private mutating func publishTrades(on index: Int, into output: inout ExchangeOutput) {
        guard !trades.isEmpty else { return }
        for trade in trades { states[index].recentTrades.append(trade) }
        guard states[index].sendsTrades else { return }
        let rows = trades.map { publicTrade($0, on: index) }
        output.append(.trades(facts[index].id, rows), at: now)
    }

    func publicTrade(_ trade: PublicTradeRecord, on index: Int) -> PublicTrade {
        let scale = facts[index].scale
        var row = PublicTrade(
            symbol: facts[index].id.symbol,
            price: scale.numeral(Price(units: trade.price)),
            size: scale.numeral(Quantity(units: trade.quantity)),
            side: trade.side,
            timeMilliseconds: trade.milliseconds,
            id: tradeID(trade.number, on: index),
            crossSequence: trade.crossSequence,
            tickDirection: trade.tickDirection
        )
        if let option = trade.option {
            var terms = OptionTradeTerms()
            terms.markPrice = scale.numeral(Price(units: option.mark))
            terms.indexPrice = scale.numeral(Price(units: option.index))
            terms.markVolatility = option.markVolatility
            terms.volatility = option.volatility
            row.terms = terms
        }
        return row
    }

    private func tradeID(_ number: Int64, on index: Int) -> String {
        facts[index].category == .spot
            ? Identifiers.spotTrade(place: index, number: number)
            : identifiers.text(.trade, place: index, number: number)
    }

    /// The largest quantity on a step that is worth at most `budget`.
    private func affordable(_ budget: Amount, at price: Int64, on index: Int) -> Int64 {
        let state = facts[index]
        let spare = Amount.decimals - state.scale.priceDecimals - state.scale.quantityDecimals
        guard price > 0, spare >= 0 else { return 0 }
        let units = budget.units / PowerOfTen.int128(spare) / Int128(price)
        let step = state.instrument.quantityStep.units
        return Int64(clamping: units) / step * step
    }

    private func canCarry(
        _ account: Int,
        _ side: Side,
        _ quantity: Int64,
        _ price: Int64,
        _ index: Int
    ) -> Bool {
        do throws(Refusal) {
            try checkLegs(account, index, side, quantity: quantity, price: price)
            return true
        } catch { return false }
    }

    /// How much of a resting order of an account may trade: a reduce-only one no more than it
    /// closes.
    private func fillable(_ maker: MatchingBook.Order) -> Int64 {
        let account = Int(maker.owner)
        let slot = Int(maker.key)
        guard accountStates[account].orders[slot].reduceOnly else { return maker.leaves }
        let place = accountStates[account].orders[slot].positionPlace
        let closable = accountStates[account].positions[place].closable(by: maker.side)
        return min(maker.leaves, closable)
    }

    /// Whichever order ends knows the other.
    @inline(never)
    private mutating func nameSelfMatch(
        of taker: OrderPlace,
        with maker: MatchingBook.Order,
        _ prevention: SelfMatchPrevention
    ) {
        let account = taker.account
        let other = Int(maker.key)
        let incoming = accountStates[account].orders[taker.slot]
        let resting = accountStates[account].orders[other]
        if prevention != .cancelTaker {
            accountStates[account].orders[other].selfMatchID = identifiers.id(of: incoming)
        }
        if prevention != .cancelMaker {
            accountStates[account].orders[taker.slot].selfMatchID = identifiers.id(of: resting)
        }
    }

    private mutating func cancelMaker(
        _ maker: MatchingBook.Order,
        on index: Int,
        _ cause: CancelType,
        _ reason: RejectReason
    ) {
        take(
            OrderPlace(account: Int(maker.owner), slot: Int(maker.key)),
            on: index,
            cancelType: cause,
            rejectReason: reason
        )
    }
}
