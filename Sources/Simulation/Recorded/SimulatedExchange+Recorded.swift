public import Market

/// A listing that is moved by a recording: its levels, its trades and its prices.
///
/// The background is one block of quantity a level, parted only by the orders of accounts that rest in it. All of it goes
/// through the same matching as any order.
extension SimulatedExchange {
    /// One level of the recorded book: what the background has there now.
    public struct RecordedLevel: Hashable, Sendable {
        public var side: Side
        public var price: Price
        /// Zero: nothing.
        public var quantity: Quantity

        public init(_ side: Side, _ price: Price, _ quantity: Quantity) {
            self.side = side
            self.price = price
            self.quantity = quantity
        }
    }

    /// Brings levels to what a recorded push says.
    ///
    /// First what went goes, then what came comes: a level that comes at or through the price of an account's resting
    /// order fills it, as far as its quantity reaches.
    ///
    /// - Parameters:
    ///   - levels: as of the push, without orders of the recorded session; each price once.
    ///   - isWhole: levels that are not named have nothing.
    ///   - worst: the last price of the push's book on each side where it is full: a level past it has only gone out of
    ///     sight, and stays as it was where an account has an order in it.
    public mutating func recordLevels(
        _ levels: [RecordedLevel],
        of id: InstrumentID,
        isWhole: Bool,
        worst: (bid: Price?, ask: Price?),
        _ model: QueueModel,
        into output: inout ExchangeOutput
    ) {
        guard let index = index(of: id), quotes[index].isLive else { return }
        if states[index].handles.isEmpty { states[index].handles = [MatchingBook.none] }
        begin(on: index)
        if isWhole { removeUnnamed(levels, on: index) }
        for level in levels {
            let isOut =
                level.side == .buy
                ? worst.bid.map { level.price < $0 } ?? false
                : worst.ask.map { level.price > $0 } ?? false
            shrink(level, isOut, on: index, model)
        }
        var hasTraded = false
        for level in levels where level.quantity.units > 0 {
            if grow(level, on: index, &output) { hasTraded = true }
        }
        guard hasTraded else { return }
        report(into: &output)
        runTriggers(on: index, into: &output)
    }

    /// A recorded trade of others: an aggressor of that quantity at that price.
    ///
    /// What the background still shows at better prices cannot have been there and goes.
    ///
    /// - Parameter side: the taker's.
    public mutating func recordTrade(
        _ side: Side,
        _ quantity: Quantity,
        at price: Price,
        of id: InstrumentID,
        into output: inout ExchangeOutput
    ) {
        guard let index = index(of: id), quotes[index].isLive, quantity.units > 0 else { return }
        if states[index].handles.isEmpty { states[index].handles = [MatchingBook.none] }
        begin(on: index)
        removeBetter(than: price.units, side.opposite, on: index)
        _ = match(
            Taker(side: side, limit: price.units, quantity: quantity.units),
            on: index,
            into: &output
        )
        report(into: &output)
        runTriggers(on: index, into: &output)
    }

    /// True where an account has an order that a taker of `side` down or up to `price` would meet.
    public func rests(against side: Side, to price: Price, of id: InstrumentID) -> Bool {
        guard let index = index(of: id) else { return false }
        let book = states[index].book
        for level in (side == .buy ? book.asks : book.bids).reversed() {
            guard side == .buy ? level.price <= price.units : level.price >= price.units else {
                return false
            }
            if own(level, on: index) > 0 { return true }
        }
        return false
    }

    /// Mark and index price, and the rate of the next funding stamp in 10⁻⁸, as a ticker told them.
    public mutating func recordPrices(
        _ reference: ReferencePrices,
        fundingRate: Int64?,
        of id: InstrumentID,
        into output: inout ExchangeOutput
    ) {
        guard let index = index(of: id), quotes[index].isLive,
            var source = sources[index] as? RecordedSource
        else { return }
        source.reference = reference
        if let fundingRate { source.rate = fundingRate }
        sources[index] = source
        quotes[index].follow(reference, isHalted: false)
        revalue(index, into: &output)
        report(into: &output)
    }

    /// What stands ahead of an account's resting order, in quantity units; `nil` where there is no such order.
    public func queueAhead(_ account: AccountID, orderLinkID: String) -> Quantity? {
        guard accountStates.indices.contains(account.index),
            let slot = accountStates[account.index].slot(orderLinkID: orderLinkID)
        else { return nil }
        let order = accountStates[account.index].orders[slot]
        let levels =
            order.side == .buy
            ? states[order.listing].book.bids : states[order.listing].book.asks
        guard let level = levels.first(where: { $0.price == order.price }) else { return nil }
        var sum: Int64 = 0
        var handle = level.head
        while handle != MatchingBook.none {
            let other = states[order.listing].book[handle]
            if other.owner == Int32(account.index), other.key == Int32(slot) {
                return Quantity(units: sum)
            }
            sum += other.leaves
            handle = other.next
        }
        return nil
    }

    // MARK: - Levels

    private func own(_ level: MatchingBook.PriceLevel, on index: Int) -> Int64 {
        var sum: Int64 = 0
        var handle = level.head
        while handle != MatchingBook.none {
            let order = states[index].book[handle]
            if order.owner != MatchingBook.background { sum += order.leaves }
            handle = order.next
        }
        return sum
    }

    private mutating func removeUnnamed(_ levels: [RecordedLevel], on index: Int) {
        for side in [Side.buy, .sell] {
            var named: [Int64] = []
            for level in levels where level.side == side { named.append(level.price.units) }
            named.sort()
            let there = side == .buy ? states[index].book.bids : states[index].book.asks
            for level in there where !MatchingBook.contains(level.price, in: named) {
                removeBackground(of: level, on: index)
            }
        }
    }

    private mutating func removeBetter(than price: Int64, _ side: Side, on index: Int) {
        let levels = side == .buy ? states[index].book.bids : states[index].book.asks
        for level in levels.reversed() {
            guard side == .buy ? level.price > price : level.price < price else { return }
            removeBackground(of: level, on: index)
        }
    }

    private mutating func removeBackground(of level: MatchingBook.PriceLevel, on index: Int) {
        var handle = level.head
        while handle != MatchingBook.none {
            let order = states[index].book[handle]
            if order.owner == MatchingBook.background { states[index].book.remove(handle) }
            handle = order.next
        }
    }

    /// Takes from a level what the push has less of.
    private mutating func shrink(
        _ wanted: RecordedLevel,
        _ isOut: Bool,
        on index: Int,
        _ model: QueueModel
    ) {
        guard let level = states[index].book.level(wanted.side, at: wanted.price.units) else {
            return
        }
        let own = own(level, on: index)
        guard own > 0 else {
            // Nobody's place is at stake.
            var left = level.total - wanted.quantity.units
            var handle = level.tail
            while left > 0, handle != MatchingBook.none {
                let order = states[index].book[handle]
                let part = min(left, order.leaves)
                states[index].book.reduce(handle, by: part)
                left -= part
                handle = order.previous
            }
            return
        }
        if wanted.quantity.units == 0, isOut { return }
        let decrease = level.total - own - wanted.quantity.units
        guard decrease > 0 else { return }
        take(decrease, from: level, on: index, model)
    }

    /// Shares a decrease between the parts of a level that the accounts' orders make.
    private mutating func take(
        _ decrease: Int64,
        from level: MatchingBook.PriceLevel,
        on index: Int,
        _ model: QueueModel
    ) {
        // Background quantity of each part, front to back.
        var parts: [Int64] = [0]
        var handle = level.head
        while handle != MatchingBook.none {
            let order = states[index].book[handle]
            if order.owner == MatchingBook.background {
                parts[parts.count - 1] += order.leaves
            } else {
                parts.append(0)
            }
            handle = order.next
        }
        let step = facts[index].instrument.quantityStep.units
        var behind = parts.reduce(0, +)
        var left = decrease
        var taken: [Int64] = []
        for (place, part) in parts.enumerated() {
            behind -= part
            guard place < parts.count - 1 else {
                taken.append(min(left, part))
                break
            }
            let share = model.ahead(of: left, front: part, back: behind, step: step)
            taken.append(share)
            left -= share
        }
        var part = 0
        handle = level.head
        while handle != MatchingBook.none {
            let order = states[index].book[handle]
            if order.owner != MatchingBook.background {
                part += 1
            } else if taken[part] > 0 {
                let some = min(taken[part], order.leaves)
                taken[part] -= some
                states[index].book.reduce(handle, by: some)
            }
            handle = order.next
        }
    }

    /// Adds behind a level what the push has more of; true when it met an account's order first.
    private mutating func grow(
        _ wanted: RecordedLevel,
        on index: Int,
        _ output: inout ExchangeOutput
    ) -> Bool {
        let price = wanted.price.units
        var more = wanted.quantity.units
        if let level = states[index].book.level(wanted.side, at: price) {
            more -= level.total - own(level, on: index)
        }
        guard more > 0 else { return false }
        var hasTraded = false
        let best = wanted.side == .buy ? states[index].book.bestAsk : states[index].book.bestBid
        if let best, wanted.side == .buy ? best <= price : best >= price {
            let left = match(
                Taker(side: wanted.side, limit: price, quantity: more),
                on: index,
                into: &output
            )
            hasTraded = left < more
            more = left
        }
        guard more > 0 else { return hasTraded }
        _ = states[index].book.insert(
            side: wanted.side,
            price: price,
            quantity: more,
            owner: MatchingBook.background,
            key: 0
        )
        return hasTraded
    }
}

extension MatchingBook {
    /// - Parameter sorted: rising.
    fileprivate static func contains(_ price: Int64, in sorted: [Int64]) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < price { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == price
    }
}

extension SimulatedExchange {
    /// Appends what an account has resting on an instrument, order by order.
    public mutating func appendResting(
        _ account: AccountID,
        on id: InstrumentID,
        to levels: inout [RecordedLevel]
    ) {
        guard accountStates.indices.contains(account.index), let index = index(of: id) else {
            return
        }
        accountStates[account.index].appendResting(on: index, to: &levels)
    }
}
