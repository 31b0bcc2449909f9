import Market

extension SimulatedExchange {
    /// A dated contract ends: its orders go, its positions are closed at the index price (options: at what they are
    /// worth then), and it trades no more.
    mutating func deliver(_ index: Int, into output: inout ExchangeOutput) {
        guard quotes[index].isLive else { return }
        let isOption = facts[index].category == .option
        cancelEverybody(on: index, isOption ? .delivery : .settlement, into: &output)
        begin(on: index)
        let price = deliveryPrice(index)
        for account in accountStates.indices {
            for place in [2 * index, 2 * index + 1]
            where accountStates[account].positions[place].size != 0 {
                if isOption {
                    exercise(account, place, payoff: price, &output)
                } else {
                    deliver(account, place, at: price, &output)
                }
            }
        }
        report(into: &output)
        states[index].close()
        quotes[index].isLive = false
        output.append(.delivered(facts[index].id), at: now)
        for account in accountStates.indices {
            checkSolvency(account, coin: facts[index].settleCoin, into: &output)
        }
    }

    /// The index price; of an option its payoff at it.
    private func deliveryPrice(_ index: Int) -> Int64 {
        let price = quotes[index].index
        guard let terms = facts[index].terms.option else { return price }
        return max(0, terms.isCall ? price - terms.strike.units : terms.strike.units - price)
    }

    private mutating func deliver(
        _ account: Int,
        _ place: Int,
        at price: Int64,
        _ output: inout ExchangeOutput
    ) {
        let index = place / 2
        let isInverse = facts[index].category == .inverse
        var trade = event(
            isInverse ? .settle : .delivery,
            .delivery,
            account,
            place,
            TradeOrder(name: "\(now.milliseconds / 1_000)-\(account)-\(place)-delivery")
        )
        trade.side = trade.side.opposite
        trade.price = price
        close(trade, fee: facts[index].terms.deliveryFeeRate, &output)
    }

    /// Closes a position without an order: P&L against the house, a fee by `rate` of the value.
    mutating func close(
        _ trade: AccountTrade,
        fee rate: Numeral,
        _ output: inout ExchangeOutput
    ) {
        let account = trade.account
        let valuation = facts[trade.listing].valuation
        let value = valuation.worth(price: trade.price, quantity: trade.quantity)
        let fee = value.times(rate)
        let change = accountStates[account].positions[trade.position].fill(
            trade.side,
            price: trade.price,
            quantity: trade.quantity,
            worth: value,
            fee: fee,
            valuation: valuation,
            averagesOnReduction: false
        )
        accountStates[account].positions[trade.position].updatedMilliseconds = now.milliseconds
        var row = execution(trade, value: value, fee: fee, rate: rate)
        row.realisedPnL = change.realised
        row.closedQuantity = facts[trade.listing].scale.numeral(Quantity(units: trade.quantity))
        let told = tell(row, &output)
        let isOption = facts[trade.listing].category == .option
        // Closing a short option costs its price, a long one earns it.
        let cash = isOption ? (trade.side == .buy ? value.negated : value) : change.realised
        book(
            Flow(
                type: trade.logType,
                cash: cash,
                fee: fee,
                reason: isOption ? .premium : (trade.logType == .delivery ? .delivery : .realised)
            ),
            for: told,
            realised: change.realised.minus(fee)
        )
        touchPosition(account, trade.position)
        touchWallet(account)
    }

    /// Pays an option's worth and closes it; daily options are free of the fee.
    private mutating func exercise(
        _ account: Int,
        _ place: Int,
        payoff: Int64,
        _ output: inout ExchangeOutput
    ) {
        let index = place / 2
        var trade = event(
            .delivery,
            .delivery,
            account,
            place,
            TradeOrder(name: "\(now.milliseconds / 1_000)-\(account)-\(place)-delivery")
        )
        let isLong = trade.side == .buy
        trade.side = trade.side.opposite
        trade.price = payoff
        let valuation = facts[index].valuation
        let value = valuation.worth(price: payoff, quantity: trade.quantity)
        let rate = facts[index].terms.deliveryFeeRate
        let underlying = valuation.worth(
            price: quotes[index].index,
            quantity: trade.quantity
        )
        let fee = min(underlying.times(rate), value.times(125, over: 1_000))
        let change = accountStates[account].positions[place].fill(
            trade.side,
            price: payoff,
            quantity: trade.quantity,
            worth: value,
            fee: fee,
            valuation: valuation,
            averagesOnReduction: false
        )
        accountStates[account].positions[place].updatedMilliseconds = now.milliseconds
        var row = execution(trade, value: value, fee: fee, rate: rate)
        row.realisedPnL = change.realised
        row.closedQuantity = facts[trade.listing].scale.numeral(Quantity(units: trade.quantity))
        let told = tell(row, &output)
        book(
            Flow(
                type: .delivery,
                cash: isLong ? value : value.negated,
                fee: fee,
                reason: .exercise
            ),
            for: told,
            realised: change.realised.minus(fee)
        )
        touchPosition(account, place)
        touchWallet(account)
    }

    /// Cancels all orders on a listing that ends.
    private mutating func cancelEverybody(
        on index: Int,
        _ cause: CancelType,
        into output: inout ExchangeOutput
    ) {
        begin(on: index)
        for account in accountStates.indices {
            cancelOrders(of: account, cause) { $0.listing == index }
        }
        report(into: &output)
    }

    /// Cancels an account's orders that fit, oldest first, without a report.
    mutating func cancelOrders(
        of account: Int,
        _ cause: CancelType,
        where fits: (AccountOrder) -> Bool
    ) {
        guard accountStates[account].openCount > 0 else { return }
        for slot in accountStates[account].openSlots {
            let order = accountStates[account].orders[slot]
            guard order.isOpen, fits(order) else { continue }
            take(
                OrderPlace(account: account, slot: slot),
                on: order.listing,
                cancelType: cause,
                rejectReason: .none
            )
        }
    }
}
