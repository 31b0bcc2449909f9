/// The hash of all orders as the sum of each order's own, so that only those that changed are walked again.
struct OrderHashes: Sendable {
    /// By an order's place in the store.
    private var hashes: [UInt64] = []
    /// Whether the hash at the same place is out of date.
    private var isChanged: [Bool] = []
    /// Wrapping, over the orders whose hash is up to date.
    private var settled: UInt64 = 0

    /// A new order, at the next place.
    mutating func append() {
        hashes.append(0)
        isChanged.append(true)
    }

    /// The order at `place` is about to change.
    mutating func change(_ place: Int) {
        guard !isChanged[place] else { return }
        isChanged[place] = true
        settled &-= hashes[place]
    }

    /// Brings all up to date; `orders` in the order of their places.
    mutating func refresh(_ orders: [Order]) {
        let hasher = CanonicalHasher()
        for place in orders.indices where isChanged[place] {
            hashes[place] = OrderHashes.hash(orders[place], hasher)
            isChanged[place] = false
            settled &+= hashes[place]
        }
    }

    /// Forgets the orders at these rising places.
    mutating func remove(_ places: [Int]) {
        var taken = 0
        for place in hashes.indices {
            if taken < places.count, places[taken] == place {
                // One that has changed since is not in the sum.
                if !isChanged[place] { settled &-= hashes[place] }
                taken += 1
            } else {
                hashes[place - taken] = hashes[place]
                isChanged[place - taken] = isChanged[place]
            }
        }
        hashes.removeLast(taken)
        isChanged.removeLast(taken)
    }

    /// Of all orders, whether up to date or not.
    func sum(_ orders: [Order]) -> UInt64 {
        var sum = settled
        let hasher = CanonicalHasher()
        for place in orders.indices where isChanged[place] {
            sum &+= OrderHashes.hash(orders[place], hasher)
        }
        return sum
    }

    private static func hash(_ order: Order, _ hasher: CanonicalHasher) -> UInt64 {
        do {
            return try hasher.hash(order)
        } catch {
            // Nothing in an order is refused.
            return 0
        }
    }
}
