import Market

/// Orders that wait for a price.
extension SimulatedExchange {
    /// Puts an order among those that wait.
    mutating func wait(_ place: OrderPlace) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else { return }
        states[order.listing].waiting.append(place)
        if order.locksWhileWaiting { hold(order.leaves, of: place) }
        if order.stop?.kind.isExit == true {
            accountStates[place.account].positions[order.positionPlace].exitOrders += 1
        }
        touch(place)
        touchPosition(place.account, order.positionPlace)
    }

    /// Takes an order from among those that wait; one that does not wait is left alone.
    mutating func stopWaiting(_ place: OrderPlace) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen, order.isWaiting,
            let position = states[order.listing].waiting.firstIndex(of: place)
        else { return }
        states[order.listing].waiting.remove(at: position)
        if order.locksWhileWaiting { hold(-order.leaves, of: place) }
        if order.stop?.kind.isExit == true {
            accountStates[place.account].positions[order.positionPlace].exitOrders -= 1
        }
    }

    /// Sets off what its price has reached, oldest first, until nothing more is.
    ///
    /// Ends: each round takes one order from those that wait, and an exit that a round makes waits on the far side of
    /// the price.
    mutating func runTriggers(on index: Int, into output: inout ExchangeOutput) {
        while !states[index].waiting.isEmpty {
            followTrailing(on: index)
            let state = facts[index]
            let reached = states[index].waiting.first { place in
                guard let stop = accountStates[place.account].orders[place.slot].stop,
                    stop.kind != .trailing || stop.isFollowing
                else { return false }
                let price = price(stop.by, state)
                return stop.rises ? price >= stop.price : price <= stop.price
            }
            guard let reached else { return }
            trigger(reached, into: &output)
        }
    }

    /// Trailing stops move with the last price, once it has been at their activation.
    private mutating func followTrailing(on index: Int) {
        let last = states[index].statistics.last
        for place in states[index].waiting {
            guard var stop = accountStates[place.account].orders[place.slot].stop,
                stop.kind == .trailing
            else { continue }
            if !stop.isFollowing {
                // While it waits for its activation the price is that of the activation.
                guard stop.rises ? last <= stop.price : last >= stop.price else { continue }
                stop.isFollowing = true
                stop.price = last + (stop.rises ? stop.distance : -stop.distance)
            }
            let price = last + (stop.rises ? stop.distance : -stop.distance)
            stop.price = stop.rises ? min(stop.price, price) : max(stop.price, price)
            accountStates[place.account].orders[place.slot].stop = stop
        }
    }

    /// A waiting order becomes an active one, or ends where it cannot.
    private mutating func trigger(_ place: OrderPlace, into output: inout ExchangeOutput) {
        let waiting = accountStates[place.account].orders[place.slot]
        guard waiting.isOpen else { return }
        let index = waiting.listing
        let account = place.account
        stopWaiting(place)
        accountStates[account].waitingCount[index] -= 1
        accountStates[account].activeCount[index] += 1
        var order = waiting
        order.isWaiting = false
        order.status = .triggered
        order.updatedMilliseconds = now.milliseconds
        if let stop = order.stop { order.createType = stop.kind.createType }
        if order.type == .market { order.price = protectionPrice(order.side, on: index) }
        accountStates[account].orders[place.slot] = order
        let record = OrderRecord(order, facts[index], identifiers)
        output.append(.order(accountStates[account].id, record), at: now)
        if let pair = order.stop?.pair, pair != 0 { cancelTwin(account, pair, order.serial) }
        order.status = .new
        let position = accountStates[account].positions[order.positionPlace]
        let closable = position.closable(by: order.side)
        if order.reduceOnly || order.closeOnTrigger {
            order.reduceOnly = true
            let whole =
                order.stop?.kind == .takeProfit || order.stop?.kind == .stopLoss
                || order.stop?.kind == .trailing
            order.quantity = whole ? closable : min(order.quantity, closable)
            accountStates[account].orders[place.slot] = order
            guard closable > 0 else {
                end(place, cancelType: .reduceOnly, rejectReason: .none)
                report(into: &output)
                return
            }
        }
        accountStates[account].orders[place.slot] = order
        do throws(Refusal) {
            let price = try limited(order.price, order.side, index, isConditional: false)
            accountStates[account].orders[place.slot].price = price
            try checkFunds(order, account)
        } catch {
            end(place, cancelType: .cannotAfford, rejectReason: .others)
            accountStates[account].orders[place.slot].status = .rejected
            report(into: &output)
            return
        }
        work(place, into: &output)
    }

    // MARK: - Exits

    /// The fills of an order with exits make orders of them: of a whole position, or of what was filled.
    mutating func makeExits(of place: OrderPlace) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen,
            let exits = order.exits
        else { return }
        let position = accountStates[place.account].positions[order.positionPlace]
        if exits.mode == .partial {
            // Once, when it is known how much was filled.
            guard order.status.isClosed else { return }
        }
        accountStates[place.account].orders[place.slot].exits = nil
        guard position.closable(by: order.side.opposite) > 0 else { return }
        setExits(
            place.account,
            order.positionPlace,
            order.positionIndex,
            exits,
            quantity: exits.mode == .full ? abs(position.size) : order.filled,
            pair: exits.mode == .full ? 0 : order.serial,
            parent: order.orderLinkID
        )
    }

    /// Makes exit orders; those of a whole position replace the ones it had.
    mutating func setExits(
        _ account: Int,
        _ position: Int,
        _ positionIndex: Int8,
        _ exits: AccountOrder.Exits,
        quantity: Int64,
        pair: Int64,
        parent: String = ""
    ) {
        let isFull = exits.mode == .full
        let isLong = accountStates[account].positions[position].size > 0
        if let exit = exits.takeProfit {
            let kind = isFull ? StopKind.takeProfit : .partialTakeProfit
            if isFull { removeExits(account, position, kind) }
            let stop = AccountOrder.Stop(kind, exit, rises: isLong, pair: pair, parent: parent)
            add(stop, limit: exit.limit, account, position, positionIndex, quantity)
        }
        if let exit = exits.stopLoss {
            let kind = isFull ? StopKind.stopLoss : .partialStopLoss
            if isFull { removeExits(account, position, kind) }
            let stop = AccountOrder.Stop(kind, exit, rises: !isLong, pair: pair, parent: parent)
            add(stop, limit: exit.limit, account, position, positionIndex, quantity)
        }
    }

    /// A waiting order that closes position.
    mutating func add(
        _ stop: AccountOrder.Stop,
        limit: Int64?,
        _ account: Int,
        _ position: Int,
        _ positionIndex: Int8,
        _ quantity: Int64
    ) {
        let side: Side = accountStates[account].positions[position].size > 0 ? .sell : .buy
        var order = AccountOrder(
            account: account,
            listing: position / 2,
            orderLinkID: "",
            side: side,
            type: limit == nil ? .market : .limit,
            timeInForce: limit == nil ? .immediateOrCancel : .goodTillCancelled,
            price: limit ?? protectionPrice(side, on: position / 2),
            quantity: quantity,
            reduceOnly: true,
            createdMilliseconds: now.milliseconds
        )
        order.closeOnTrigger = true
        order.positionIndex = positionIndex
        order.createType = stop.kind.createType
        order.lastPrice = states[order.listing].statistics.last
        order.wait(for: stop)
        wait(accept(order))
    }

    /// Cancels the exits of one kind.
    mutating func removeExits(_ account: Int, _ position: Int, _ kind: StopKind) {
        for place in states[position / 2].waiting where place.account == account {
            let order = accountStates[account].orders[place.slot]
            guard order.isOpen,
                order.positionPlace == position, order.stop?.kind == kind
            else { continue }
            take(place, on: position / 2, cancelType: .exitsCleared, rejectReason: .none)
        }
    }

    /// The position is flat: nothing is left to exit from.
    mutating func clearExits(_ place: PositionPlace) {
        for other in states[place.position / 2].waiting where other.account == place.account {
            let order = accountStates[other.account].orders[other.slot]
            guard order.isOpen,
                order.positionPlace == place.position, order.stop?.kind.isExit == true
            else { continue }
            take(other, on: place.position / 2, cancelType: .exitsCleared, rejectReason: .none)
        }
    }

    private mutating func cancelTwin(_ account: Int, _ pair: Int64, _ serial: Int64) {
        for slot in accountStates[account].openSlots {
            let order = accountStates[account].orders[slot]
            guard order.isOpen, order.serial != serial,
                order.isWaiting, order.stop?.pair == pair
            else { continue }
            take(
                OrderPlace(account: account, slot: slot),
                on: order.listing,
                cancelType: .exitsCleared,
                rejectReason: .none
            )
        }
    }
}

extension AccountOrder.Stop {
    fileprivate init(
        _ kind: StopKind,
        _ exit: AccountOrder.Exit,
        rises: Bool,
        pair: Int64,
        parent: String
    ) {
        self.init(
            kind: kind,
            price: exit.price,
            rises: rises,
            by: exit.by,
            pair: pair,
            parentLinkID: parent
        )
    }
}
