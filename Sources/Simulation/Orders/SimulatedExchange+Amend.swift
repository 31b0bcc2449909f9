public import Market

extension SimulatedExchange {
    /// Changes price, total quantity, trigger or exits of an open order.
    ///
    /// A new price or a larger quantity goes to the back of its level; a smaller quantity keeps its place. An order
    /// amended through the touch trades as a taker.
    ///
    /// - Returns: accepted with ids, or refused: 110001 not open; 110064 quantity at or below what is filled; 10001
    ///   nothing changes, or a number that does not fit; 110003, 110007, 110094 as for a new order.
    public mutating func amend(
        _ request: AmendRequest,
        _ options: AmendOptions = AmendOptions(),
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        let category = request.instrument.category
        guard let place = place(request.orderID, request.orderLinkID, request.instrument, account)
        else {
            let isLeg = combination(ofLeg: request.orderID, account) != nil
            return (isLeg ? Refusal.legOfCombination(isCancel: false) : .notFound(verb: "replace"))
                .reply(category, orderLinkID: request.orderLinkID)
        }
        let order = accountStates[place.account].orders[place.slot]
        do throws(Refusal) {
            guard !quotes[order.listing].isHalted else { throw .halted }
            let changed = try amended(order, request, options, account: place.account)
            if order.isWaiting {
                accountStates[place.account].orders[place.slot] = changed
                touch(place)
                touchPosition(place.account, order.positionPlace)
                report(into: &output)
            } else if changed.price == order.price, changed.quantity <= order.quantity {
                shrink(place, order, to: changed, into: &output)
            } else {
                lift(place, on: order.listing)
                accountStates[place.account].orders[place.slot].price = changed.price
                accountStates[place.account].orders[place.slot].quantity = changed.quantity
                accountStates[place.account].orders[place.slot].exits = changed.exits
                accountStates[place.account].orders[place.slot].updatedMilliseconds =
                    now.milliseconds
                work(place, into: &output)
            }
        } catch {
            return error.reply(category, orderLinkID: order.orderLinkID)
        }
        runTriggers(on: order.listing, into: &output)
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: identifiers.id(of: order),
            orderLinkID: order.orderLinkID
        )
    }

    /// The order as the request wants it, judged as a new one would be.
    private func amended(
        _ order: AccountOrder,
        _ request: AmendRequest,
        _ options: AmendOptions,
        account: Int
    ) throws(Refusal) -> AccountOrder {
        let state = facts[order.listing]
        var changed = order
        if let wanted = request.price {
            changed.price = try limited(
                checkPrice(wanted, state),
                order.side,
                order.listing,
                isConditional: order.isWaiting
            )
        }
        if let wanted = request.quantity {
            changed.quantity = try checkQuantity(wanted, state, isMarket: false)
            guard changed.quantity > order.filled else { throw .amendedBelowFilled }
        }
        if order.reduceOnly, !order.isWaiting {
            let closable = accountStates[account].positions[order.positionPlace]
                .closable(by: order.side)
            changed.quantity = min(changed.quantity, order.filled + closable)
            guard changed.quantity > order.filled else { throw .reduceOnlyWithoutPosition }
        }
        let hasNewStop = try amendStop(&changed, options, state)
        guard hasNewStop || changed.price != order.price || changed.quantity != order.quantity
        else { throw .unchanged }
        try checkValue(changed.price, changed.quantity, state, reduceOnly: order.reduceOnly)
        changed.updatedMilliseconds = now.milliseconds
        if !order.isWaiting, !order.reduceOnly { try checkMore(order, changed, account) }
        if order.isWaiting, order.locksWhileWaiting,
            changed.price != order.price || changed.quantity != order.quantity
        {
            throw .parameter("a waiting order that holds coins cannot change price or qty here")
        }
        return changed
    }

    /// - Returns: true when trigger or exits are others than before.
    private func amendStop(
        _ order: inout AccountOrder,
        _ options: AmendOptions,
        _ state: ListingFacts
    ) throws(Refusal) -> Bool {
        var isChanged = false
        if options.triggerPrice != nil || options.triggerBy != nil {
            guard order.isWaiting, var stop = order.stop, stop.kind != .trailing else {
                throw .parameter("the order waits for no trigger")
            }
            if let by = options.triggerBy { stop.by = by }
            if let wanted = options.triggerPrice {
                stop.price = try checkPrice(wanted, state)
            }
            try checkDirection(stop.price, rises: stop.rises, price(stop.by, state), state)
            isChanged = stop.price != order.stop?.price || stop.by != order.stop?.by
            order.stop = stop
        }
        guard options.takeProfit != nil || options.stopLoss != nil else { return isChanged }
        guard state.category == .linear || state.category == .inverse, !order.reduceOnly,
            order.filled == 0
        else { throw .exitInvalid("takeProfit and stopLoss of this order cannot be changed") }
        let mode = order.exits?.mode ?? .full
        let new = try checkExits(
            options.takeProfit,
            options.stopLoss,
            mode,
            isLong: order.side == .buy,
            entry: order.type == .market ? quotes[state.index].mark : order.price,
            state
        )
        var exits = order.exits ?? AccountOrder.Exits(mode: mode)
        if options.takeProfit != nil { exits.takeProfit = new.takeProfit }
        if options.stopLoss != nil { exits.stopLoss = new.stopLoss }
        order.exits = exits.takeProfit == nil && exits.stopLoss == nil ? nil : exits
        return true
    }

    /// Funds for what the amended order needs more.
    private func checkMore(
        _ order: AccountOrder,
        _ changed: AccountOrder,
        _ account: Int
    ) throws(Refusal) {
        let state = facts[order.listing]
        switch state.category {
        case .spread:
            try checkLegs(
                account,
                order.listing,
                order.side,
                quantity: changed.leaves,
                price: changed.price
            )
        case .spot:
            if order.side == .sell {
                let more = changed.quantity - order.quantity
                guard more > 0 else { return }
                try checkBalance(
                    account,
                    order.listing,
                    .sell,
                    quantity: more,
                    price: changed.price
                )
            } else {
                let cost = state.valuation.worth(price: changed.price, quantity: changed.leaves)
                    .minus(state.valuation.worth(price: order.price, quantity: order.leaves))
                guard cost <= .zero || available(account, state.settleCoin) >= cost else {
                    throw .balance
                }
            }
        case .option where order.side == .buy:
            let cost = state.valuation.worth(price: changed.price, quantity: changed.leaves)
                .minus(state.valuation.worth(price: order.price, quantity: order.leaves))
            guard cost <= .zero || available(account, state.settleCoin) >= cost else {
                throw .balance
            }
        case .linear, .inverse, .option:
            guard changed.quantity > order.quantity else { return }
            try checkMargin(
                account,
                order.positionPlace,
                order.side,
                adding: changed.quantity - order.quantity,
                at: changed.price
            )
        }
    }

    /// A smaller quantity at the same price, or other exits, keeps its place in the queue.
    private mutating func shrink(
        _ place: OrderPlace,
        _ order: AccountOrder,
        to changed: AccountOrder,
        into output: inout ExchangeOutput
    ) {
        begin(on: order.listing)
        let less = order.quantity - changed.quantity
        if less > 0 {
            states[order.listing].book.reduce(order.handle, by: less)
            if !order.reduceOnly { hold(-less, of: place) }
        }
        accountStates[place.account].orders[place.slot].quantity = changed.quantity
        accountStates[place.account].orders[place.slot].exits = changed.exits
        accountStates[place.account].orders[place.slot].updatedMilliseconds = now.milliseconds
        touch(place)
        touchPosition(place.account, order.positionPlace)
        report(into: &output)
    }
}
