import Market

extension MatchingBook {
    /// The first rule that the book breaks, in words; `nil` when all hold.
    ///
    /// Walks everything: for tests.
    func brokenInvariant() -> String? {
        if let bid = bestBid, let ask = bestAsk, bid >= ask {
            return "the best bid \(bid) is not below the best ask \(ask)"
        }
        var seen = 0
        for (side, levels) in [(Side.buy, bids), (Side.sell, asks)] {
            for (index, level) in levels.enumerated() {
                if index > 0 {
                    let worse = levels[index - 1].price
                    guard side == .buy ? worse < level.price : worse > level.price else {
                        return "\(side.name) levels are not sorted at \(level.price)"
                    }
                }
                var total: Int64 = 0
                var handle = level.head
                var previous = MatchingBook.none
                var lastID: Int64 = 0
                while handle != MatchingBook.none {
                    let order = self[handle]
                    guard order.leaves > 0 else { return "order \(order.id) rests with nothing" }
                    guard order.price == level.price, order.side == side else {
                        return "order \(order.id) rests on another level than its own"
                    }
                    guard order.previous == previous else {
                        return "order \(order.id) does not know the one before it"
                    }
                    guard order.id > lastID else { return "order \(order.id) stands out of turn" }
                    total += order.leaves
                    lastID = order.id
                    previous = handle
                    handle = order.next
                    seen += 1
                }
                guard level.tail == previous else { return "level \(level.price) has a wrong end" }
                guard total == level.total, total > 0 else {
                    return "level \(level.price) says \(level.total) and holds \(total)"
                }
            }
        }
        return seen == count ? nil : "the book counts \(count) orders and holds \(seen)"
    }
}
