import Market

extension SimulatedExchange {
    // MARK: - What one action has touched

    mutating func touch(_ place: OrderPlace) {
        guard accountStates[place.account].orders[place.slot]?.isTouched == false else { return }
        accountStates[place.account].orders[place.slot]?.isTouched = true
        touchedOrders.append(place)
    }

    mutating func touchPosition(_ account: Int, _ listing: Int) {
        let place = PositionPlace(account: account, listing: listing)
        if !touchedPositions.contains(place) { touchedPositions.append(place) }
    }

    mutating func touchWallet(_ account: Int) {
        if !touchedWallets.contains(account) { touchedWallets.append(account) }
    }

    /// Tells order states, then positions, then wallets, and lets go of closed orders.
    mutating func report(into output: inout ExchangeOutput) {
        if touchedOrders.isEmpty, touchedPositions.isEmpty { return }
        for place in touchedPositions { trimReduceOnly(place) }
        for place in touchedOrders { tell(place, into: &output) }
        touchedOrders.removeAll(keepingCapacity: true)
        for place in touchedPositions {
            let row = positionRow(place.account, place.listing)
            output.append(.position(accountStates[place.account].id, row), at: now)
        }
        touchedPositions.removeAll(keepingCapacity: true)
        for account in touchedWallets {
            let id = accountStates[account].id
            output.append(.wallet(id, wallet(id)), at: now)
        }
        touchedWallets.removeAll(keepingCapacity: true)
    }

    private mutating func tell(_ place: OrderPlace, into output: inout ExchangeOutput) {
        accountStates[place.account].orders[place.slot]?.isTouched = false
        guard let order = accountStates[place.account].orders[place.slot] else { return }
        let row = order.row(states[order.listing].instrument)
        output.append(.order(accountStates[place.account].id, row), at: now)
        if order.status.isClosed { accountStates[place.account].close(slot: place.slot, row: row) }
    }

    // MARK: - Orders in and out of the book

    /// Rests what is open of an order.
    mutating func rest(_ place: OrderPlace, on index: Int) {
        guard let order = accountStates[place.account].orders[place.slot] else { return }
        let handle = states[index].book.insert(
            side: order.side,
            price: order.price,
            quantity: order.leaves,
            owner: Int32(place.account),
            key: Int32(place.slot)
        )
        accountStates[place.account].orders[place.slot]?.handle = handle
        if order.reduceOnly {
            accountStates[place.account].positions[index].reduceOnlyOrders += 1
        } else {
            count(order.leaves, order.side, place.account, index)
        }
    }

    /// Takes an order out of the book without a word about its state.
    mutating func lift(_ place: OrderPlace, on index: Int) {
        guard let order = accountStates[place.account].orders[place.slot],
            order.handle != MatchingBook.none
        else { return }
        states[index].book.remove(order.handle)
        accountStates[place.account].orders[place.slot]?.handle = MatchingBook.none
        if order.reduceOnly {
            accountStates[place.account].positions[index].reduceOnlyOrders -= 1
        } else {
            count(-order.leaves, order.side, place.account, index)
        }
    }

    /// Takes an order out of the book for good.
    mutating func take(
        _ place: OrderPlace,
        on index: Int,
        cancelType: String,
        rejectReason: String
    ) {
        lift(place, on: index)
        end(place, cancelType: cancelType, rejectReason: rejectReason)
    }

    /// Closes an order that does not rest.
    mutating func end(_ place: OrderPlace, cancelType: String, rejectReason: String) {
        guard var order = accountStates[place.account].orders[place.slot] else { return }
        order.status = .cancelled
        order.cancelType = cancelType
        order.rejectReason = rejectReason
        order.updatedMilliseconds = now.milliseconds
        accountStates[place.account].orders[place.slot] = order
        touch(place)
    }

    /// A resting order has traded `quantity`, which the book has already let go of.
    mutating func release(_ quantity: Int64, of place: OrderPlace, on index: Int) {
        guard let order = accountStates[place.account].orders[place.slot] else { return }
        let isDone = quantity == order.leaves
        if isDone { accountStates[place.account].orders[place.slot]?.handle = MatchingBook.none }
        if !order.reduceOnly {
            count(-quantity, order.side, place.account, index)
        } else if isDone {
            accountStates[place.account].positions[index].reduceOnlyOrders -= 1
        }
    }

    func isCrossing(_ side: Side, _ price: Int64, on index: Int) -> Bool {
        if side == .buy { return states[index].book.bestAsk.map { $0 <= price } ?? false }
        return states[index].book.bestBid.map { $0 >= price } ?? false
    }

    mutating func count(_ quantity: Int64, _ side: Side, _ account: Int, _ index: Int) {
        if side == .buy {
            accountStates[account].positions[index].openBuys += quantity
        } else {
            accountStates[account].positions[index].openSells += quantity
        }
    }

    /// Resting reduce-only orders shrink to what they can still close, or go.
    private mutating func trimReduceOnly(_ place: PositionPlace) {
        let position = accountStates[place.account].positions[place.listing]
        guard position.reduceOnlyOrders > 0 else { return }
        for slot in accountStates[place.account].openSlots {
            guard let order = accountStates[place.account].orders[slot],
                order.reduceOnly, order.listing == place.listing,
                order.handle != MatchingBook.none
            else { continue }
            let closable = position.closable(by: order.side)
            let here = OrderPlace(account: place.account, slot: slot)
            if closable == 0 {
                take(
                    here,
                    on: place.listing,
                    cancelType: "CancelByReduceOnly",
                    rejectReason: "EC_NoError"
                )
            } else if order.leaves > closable {
                states[place.listing].book.reduce(order.handle, by: order.leaves - closable)
                accountStates[place.account].orders[slot]?.quantity = order.filled + closable
                accountStates[place.account].orders[slot]?.updatedMilliseconds = now.milliseconds
                touch(here)
            }
        }
    }
}
