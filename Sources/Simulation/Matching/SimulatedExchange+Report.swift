import Market

extension SimulatedExchange {
    // MARK: - What one action has touched

    mutating func touch(_ place: OrderPlace) {
        guard accountStates[place.account].orders[place.slot].isOpen,
            !accountStates[place.account].orders[place.slot].isTouched
        else { return }
        accountStates[place.account].orders[place.slot].isTouched = true
        touchedOrders.append(place)
    }

    /// - Parameter position: place of the position; two for each listing. Spot and combinations have none.
    mutating func touchPosition(_ account: Int, _ position: Int) {
        guard facts[position / 2].isContract else { return }
        let place = PositionPlace(account: account, position: position)
        if !touchedPositions.contains(place) { touchedPositions.append(place) }
    }

    mutating func touchWallet(_ account: Int) {
        if !touchedWallets.contains(account) { touchedWallets.append(account) }
    }

    /// Tells order states, then positions, then wallets, and lets go of closed orders.
    mutating func report(into output: inout ExchangeOutput) {
        if touchedOrders.isEmpty, touchedPositions.isEmpty, touchedWallets.isEmpty { return }
        for place in touchedPositions { trimReduceOnly(place) }
        // What is told may touch more: exits that orders bring with them.
        var next = 0
        while next < touchedOrders.count {
            tell(touchedOrders[next], into: &output)
            next += 1
        }
        if next > 0 { touchedOrders.removeAll(keepingCapacity: true) }
        if !touchedPositions.isEmpty {
            for place in touchedPositions {
                refresh(place.account, place.position)
                let record = positionRecord(place.account, place.position)
                output.append(.position(accountStates[place.account].id, record), at: now)
            }
            touchedPositions.removeAll(keepingCapacity: true)
        }
        if touchedWallets.isEmpty { return }
        for account in touchedWallets {
            let id = accountStates[account].id
            output.append(.wallet(id, wallet(id)), at: now)
        }
        touchedWallets.removeAll(keepingCapacity: true)
    }

    private mutating func tell(_ place: OrderPlace, into output: inout ExchangeOutput) {
        guard accountStates[place.account].orders[place.slot].isOpen else { return }
        accountStates[place.account].orders[place.slot].isTouched = false
        let order = accountStates[place.account].orders[place.slot]
        if order.exits != nil, order.filled > 0 { makeExits(of: place) }
        let id = accountStates[place.account].id
        let record = OrderRecord(order, facts[order.listing], identifiers)
        output.append(.order(id, record), at: now)
        let isClosed = order.status.isClosed
        if isClosed { accountStates[place.account].close(slot: place.slot, record) }
        guard order.hasLegs else { return }
        for leg in legRecords(order) {
            output.append(.order(id, leg), at: now)
            if isClosed { accountStates[place.account].remember(leg) }
        }
    }

    // MARK: - Orders in and out of the book

    /// Rests what is open of an order.
    mutating func rest(_ place: OrderPlace, on index: Int) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else { return }
        let handle = states[index].book.insert(
            side: order.side,
            price: order.price,
            quantity: order.leaves,
            owner: Int32(place.account),
            key: Int32(place.slot)
        )
        accountStates[place.account].orders[place.slot].handle = handle
        if order.reduceOnly {
            accountStates[place.account].positions[order.positionPlace].reduceOnlyOrders += 1
        } else {
            hold(order.leaves, of: place)
        }
    }

    /// Takes an order out of the book without a word about its state.
    mutating func lift(_ place: OrderPlace, on index: Int) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen,
            order.handle != MatchingBook.none
        else { return }
        states[index].book.remove(order.handle)
        accountStates[place.account].orders[place.slot].handle = MatchingBook.none
        if order.reduceOnly {
            accountStates[place.account].positions[order.positionPlace].reduceOnlyOrders -= 1
        } else {
            hold(-order.leaves, of: place)
        }
    }

    /// Takes an order out of the book, or from among those that wait, for good.
    mutating func take(
        _ place: OrderPlace,
        on index: Int,
        cancelType: CancelType,
        rejectReason: RejectReason
    ) {
        lift(place, on: index)
        stopWaiting(place)
        guard accountStates[place.account].orders[place.slot].isOpen else { return }
        end(place, cancelType: cancelType, rejectReason: rejectReason)
        touchPosition(
            place.account,
            accountStates[place.account].orders[place.slot].positionPlace
        )
    }

    /// Closes an order that does not rest.
    mutating func end(_ place: OrderPlace, cancelType: CancelType, rejectReason: RejectReason) {
        var order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else { return }
        let isSpot = facts[order.listing].category == .spot
        if order.isWaiting {
            // Of derivatives either word is seen; exits that go with their position are deactivated.
            order.status = isSpot || cancelType == .exitsCleared ? .deactivated : .cancelled
        } else {
            order.status = isSpot && order.filled > 0 ? .partiallyFilledCanceled : .cancelled
        }
        order.cancelType = cancelType
        order.rejectReason = rejectReason
        order.updatedMilliseconds = now.milliseconds
        accountStates[place.account].orders[place.slot] = order
        touch(place)
    }

    /// A resting order has traded `quantity`, which the book has already let go of.
    mutating func release(_ quantity: Int64, of place: OrderPlace, on index: Int) {
        let (account, slot) = (place.account, place.slot)
        let isDone = quantity == accountStates[account].orders[slot].leaves
        if isDone { accountStates[account].orders[slot].handle = MatchingBook.none }
        if !accountStates[account].orders[slot].reduceOnly {
            hold(-quantity, of: place)
        } else if isDone {
            let position = accountStates[account].orders[slot].positionPlace
            accountStates[account].positions[position].reduceOnlyOrders -= 1
        }
    }

    func isCrossing(_ side: Side, _ price: Int64, on index: Int) -> Bool {
        if side == .buy { return states[index].book.bestAsk.map { $0 <= price } ?? false }
        return states[index].book.bestBid.map { $0 >= price } ?? false
    }

    /// Holds margin or coins for `quantity` (negative: lets go of them) of an order that may open position.
    ///
    /// A combination holds nothing: its legs are checked when it arrives and again when it trades.
    mutating func hold(_ quantity: Int64, of order: OrderPlace) {
        let account = order.account
        let side = accountStates[account].orders[order.slot].side
        let price = accountStates[account].orders[order.slot].price
        let place = accountStates[account].orders[order.slot].positionPlace
        let state = facts[place / 2]
        switch state.category {
        case .spread: return
        case .spot:
            let isBuy = side == .buy
            let coin = isBuy ? state.settleCoin : state.baseCoin
            let amount =
                isBuy
                ? state.valuation.worth(price: price, quantity: quantity)
                : Amount.scaledClamping(Int128(quantity), decimals: state.scale.quantityDecimals)
            let locked = accountStates[account].coins[coin].locked.plus(amount)
            accountStates[account].coins[coin].locked = locked
            touchWallet(account)
        case .linear, .inverse, .option:
            if side == .buy {
                accountStates[account].positions[place].openBuys += quantity
                guard state.category == .option else { return }
                let value = state.valuation.worth(price: price, quantity: quantity)
                let sum = accountStates[account].positions[place].openBuyValue.plus(value)
                accountStates[account].positions[place].openBuyValue = sum
            } else {
                accountStates[account].positions[place].openSells += quantity
            }
        }
    }

    /// Resting reduce-only orders shrink to what they can still close, or go; exits go with their position.
    private mutating func trimReduceOnly(_ place: PositionPlace) {
        let position = accountStates[place.account].positions[place.position]
        if position.exitOrders > 0, position.size == 0 { clearExits(place) }
        guard position.reduceOnlyOrders > 0 else { return }
        let index = place.position / 2
        for slot in accountStates[place.account].openSlots {
            let order = accountStates[place.account].orders[slot]
            guard order.isOpen,
                order.reduceOnly, order.positionPlace == place.position,
                order.handle != MatchingBook.none
            else { continue }
            let closable = position.closable(by: order.side)
            let here = OrderPlace(account: place.account, slot: slot)
            if closable == 0 {
                take(here, on: index, cancelType: .reduceOnly, rejectReason: .none)
            } else if order.leaves > closable {
                states[index].book.reduce(order.handle, by: order.leaves - closable)
                accountStates[place.account].orders[slot].quantity = order.filled + closable
                accountStates[place.account].orders[slot].updatedMilliseconds = now.milliseconds
                touch(here)
            }
        }
    }
}
