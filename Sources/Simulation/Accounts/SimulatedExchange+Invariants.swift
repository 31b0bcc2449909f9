import Market

extension SimulatedExchange {
    /// The first rule that a book of orders or an account breaks, in words; `nil` when all hold.
    ///
    /// No negative quantity, no crossed book, no order in two states, no sum that is not that of its parts. Walks
    /// everything: for tests and long runs.
    public func brokenBooks() -> String? { brokenInvariant() ?? brokenAccountInvariant() }

    /// The first rule that an account breaks, in words; `nil` when all hold.
    ///
    /// Walks everything and computes each sum anew: for tests.
    package func brokenAccountInvariant() -> String? {
        for account in accountStates.indices {
            if let broken = brokenOrders(account) ?? brokenSums(account) {
                return "account \(account): \(broken)"
            }
        }
        return nil
    }

    private func brokenOrders(_ account: Int) -> String? {
        let state = accountStates[account]
        var buys = state.positions.map { _ in Int64(0) }
        var sells = buys
        var active = states.map { _ in 0 }
        var waiting = active
        for slot in state.orders.indices {
            let order = state.orders[slot]
            guard order.isOpen else { continue }
            let rests = order.handle != MatchingBook.none
            let place = OrderPlace(account: account, slot: slot)
            let waits = states[order.listing].waiting.contains(place)
            if rests == waits {
                return "\(identifiers.id(of: order)) both rests and waits, or neither"
            }
            if order.leaves <= 0 { return "\(identifiers.id(of: order)) is open with nothing left" }
            if waits {
                waiting[order.listing] += 1
                if order.status != .untriggered {
                    return "\(identifiers.id(of: order)) waits in another state"
                }
                continue
            }
            active[order.listing] += 1
            let resting = states[order.listing].book[order.handle]
            if resting.owner != account || resting.key != slot || resting.leaves != order.leaves
                || resting.price != order.price || resting.side != order.side
            {
                return "\(identifiers.id(of: order)) rests as another order than it is"
            }
            guard !order.reduceOnly else { continue }
            if order.side == .buy {
                buys[order.positionPlace] += order.leaves
            } else {
                sells[order.positionPlace] += order.leaves
            }
        }
        if active != state.activeCount || waiting != state.waitingCount {
            return "orders are miscounted"
        }
        for place in state.positions.indices where facts[place / 2].isContract {
            let position = state.positions[place]
            if position.openBuys != buys[place] || position.openSells != sells[place] {
                return "open quantities of position \(place) are miscounted"
            }
            if position.size == 0, !position.entryValue.isZero || position.exitOrders > 0 {
                return "position \(place) is flat and yet holds something"
            }
            if position.entryValue < .zero { return "position \(place) has a negative entry" }
        }
        return nil
    }

    private func brokenSums(_ account: Int) -> String? {
        let state = accountStates[account]
        for coin in state.coins.indices {
            var sums = CoinState()
            for place in state.positions.indices
            where facts[place / 2].isContract && facts[place / 2].settleCoin == coin {
                if share(account, place) != state.positions[place].share {
                    return "position \(place) is valued at an old price"
                }
                sums.replace(PositionShare(), with: state.positions[place].share)
            }
            if sums.shares != state.coins[coin].shares {
                return "sums of \(books.coins[coin]) are not those of the positions"
            }
            if state.coins[coin].locked < .zero { return "less than nothing is locked" }
        }
        return nil
    }
}
