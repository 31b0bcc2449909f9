import Market

/// The orders of one instrument, one by one, by price and then by time.
///
/// Orders lie in a pool and are linked to their price level in order of arrival; levels lie in flat arrays with the
/// best one last, where most changes are. Nothing is allocated for an order once the pool has grown.
struct MatchingBook: Sendable {
    /// A resting order.
    struct Order: Sendable {
        /// Number of arrival in this book, from 1; unique.
        var id: Int64
        var price: Int64
        /// Open quantity, > 0 while it rests.
        var leaves: Int64
        var next: Int32
        var previous: Int32
        /// Account index, or −1 for a background participant.
        var owner: Int32
        /// The owner's own number of the order: slot of an account's order, key of a market source.
        var key: Int32
        var side: Side
    }

    /// All orders of one price.
    struct PriceLevel: Sendable {
        var price: Int64
        var total: Int64
        var head: Int32
        var tail: Int32
    }

    /// Index of no order.
    static let none: Int32 = -1
    /// Owner of background orders.
    static let background: Int32 = -1

    private(set) var orders: [Order] = []
    /// Best last: highest bid, lowest ask.
    private(set) var bids: [PriceLevel] = []
    private(set) var asks: [PriceLevel] = []
    /// Rises with each change of a level.
    private(set) var changes: UInt64 = 0
    /// Prices at which ``bids`` and ``asks`` have changed last.
    private(set) var bidLog = PriceLog()
    private(set) var askLog = PriceLog()
    private(set) var count = 0
    private var free: Int32 = MatchingBook.none
    private var lastID: Int64 = 0

    subscript(handle: Int32) -> Order { orders[Int(handle)] }

    var bestBid: Int64? { bids.last?.price }
    var bestAsk: Int64? { asks.last?.price }

    /// All orders of one price; `nil` where there are none.
    ///
    /// Changes nothing: it is `mutating` so that the book is read where it lies.
    mutating func level(_ side: Side, at price: Int64) -> PriceLevel? {
        side == .buy
            ? MatchingBook.level(at: price, in: bids, descending: true)
            : MatchingBook.level(at: price, in: asks, descending: false)
    }

    /// First order at the best price of `side`.
    func best(_ side: Side) -> Int32 {
        (side == .buy ? bids.last?.head : asks.last?.head) ?? MatchingBook.none
    }

    /// Quantity on `side` at `limit` or better, counted up to `enough`.
    ///
    /// - Parameters:
    ///   - owner: whose orders do not count.
    ///   - stops: the count ends at the first of them.
    func available(
        _ side: Side,
        limit: Int64,
        enough: Int64,
        except owner: Int32? = nil,
        stops: Bool = false
    ) -> Int64 {
        var sum: Int64 = 0
        for level in (side == .buy ? bids : asks).reversed() {
            guard side == .buy ? level.price >= limit : level.price <= limit else { break }
            if let owner {
                var handle = level.head
                while handle != MatchingBook.none {
                    let order = self[handle]
                    if order.owner != owner {
                        sum += order.leaves
                    } else if stops {
                        return sum
                    }
                    handle = order.next
                }
            } else {
                sum += level.total
            }
            if sum >= enough { break }
        }
        return sum
    }

    /// Puts an order behind those of its price; it must not cross.
    mutating func insert(
        side: Side,
        price: Int64,
        quantity: Int64,
        owner: Int32,
        key: Int32
    ) -> Int32 {
        lastID += 1
        let order = Order(
            id: lastID,
            price: price,
            leaves: quantity,
            next: MatchingBook.none,
            previous: MatchingBook.none,
            owner: owner,
            key: key,
            side: side
        )
        let handle: Int32
        if free == MatchingBook.none {
            handle = Int32(orders.count)
            orders.append(order)
        } else {
            handle = free
            free = orders[Int(handle)].next
            orders[Int(handle)] = order
        }
        if side == .buy {
            bidLog.note(price)
            MatchingBook.link(handle, into: &bids, descending: true, orders: &orders)
        } else {
            askLog.note(price)
            MatchingBook.link(handle, into: &asks, descending: false, orders: &orders)
        }
        count += 1
        changes &+= 1
        return handle
    }

    /// Takes `quantity` (at most what is open) from an order; an order with nothing left leaves the
    /// book.
    mutating func reduce(_ handle: Int32, by quantity: Int64) {
        changes &+= 1
        let price = orders[Int(handle)].price
        let isGone: Bool
        if orders[Int(handle)].side == .buy {
            bidLog.note(price)
            isGone = MatchingBook.reduce(
                handle,
                by: quantity,
                in: &bids,
                descending: true,
                &orders
            )
        } else {
            askLog.note(price)
            isGone = MatchingBook.reduce(
                handle,
                by: quantity,
                in: &asks,
                descending: false,
                &orders
            )
        }
        guard isGone else { return }
        // A free place: `leaves` 0 says so, `next` is the next free one.
        orders[Int(handle)].leaves = 0
        orders[Int(handle)].next = free
        free = handle
        count -= 1
    }

    /// Takes an order out of the book.
    mutating func remove(_ handle: Int32) {
        reduce(handle, by: orders[Int(handle)].leaves)
    }

    /// - Returns: true when nothing is left and the order has been unlinked.
    private static func reduce(
        _ handle: Int32,
        by quantity: Int64,
        in levels: inout [PriceLevel],
        descending: Bool,
        _ orders: inout [Order]
    ) -> Bool {
        let order = orders[Int(handle)]
        let index = place(of: order.price, in: levels, descending: descending)
        levels[index].total -= quantity
        guard quantity == order.leaves else {
            orders[Int(handle)].leaves -= quantity
            return false
        }
        if order.previous == none {
            levels[index].head = order.next
        } else {
            orders[Int(order.previous)].next = order.next
        }
        if order.next == none {
            levels[index].tail = order.previous
        } else {
            orders[Int(order.next)].previous = order.previous
        }
        if levels[index].head == none {
            if index == levels.count - 1 { levels.removeLast() } else { levels.remove(at: index) }
        }
        return true
    }

    private static func link(
        _ handle: Int32,
        into levels: inout [PriceLevel],
        descending: Bool,
        orders: inout [Order]
    ) {
        let price = orders[Int(handle)].price
        let quantity = orders[Int(handle)].leaves
        let index = place(of: price, in: levels, descending: descending)
        if index < levels.count, levels[index].price == price {
            let tail = levels[index].tail
            orders[Int(tail)].next = handle
            orders[Int(handle)].previous = tail
            levels[index].tail = handle
            levels[index].total += quantity
        } else {
            let level = PriceLevel(price: price, total: quantity, head: handle, tail: handle)
            // Most levels come and go at the touch: the end of the array.
            if index == levels.count {
                levels.append(level)
            } else {
                levels.insert(level, at: index)
            }
        }
    }

    private static func level(
        at price: Int64,
        in levels: [PriceLevel],
        descending: Bool
    ) -> PriceLevel? {
        let index = place(of: price, in: levels, descending: descending)
        guard index < levels.count, levels[index].price == price else { return nil }
        return levels[index]
    }

    /// Where the price stands or would stand; `descending` is a side whose highest price is the
    /// best (bids).
    private static func place(of price: Int64, in levels: [PriceLevel], descending: Bool) -> Int {
        levels.withUnsafeBufferPointer { levels in
            // Backwards over the levels at the touch, then halving.
            var index = levels.count
            let near = max(0, levels.count - 8)
            while index > near {
                let other = levels[index - 1].price
                if other == price { return index - 1 }
                if descending ? other < price : other > price { return index }
                index -= 1
            }
            var low = 0
            var high = near
            while low < high {
                let middle = (low + high) / 2
                let other = levels[middle].price
                if descending ? other < price : other > price {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }
}
