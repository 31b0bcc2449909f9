/// The price levels of one instrument, best first on each side.
///
/// Flat sorted arrays: a change touches a few levels near the top, and a book of 200 levels fits the cache.
public struct Book: Sendable {
    public internal(set) var bids: [Level] = []
    public internal(set) var asks: [Level] = []
    public private(set) var scale: Scale

    public init(scale: Scale) { self.scale = scale }

    public var bestBid: Level? { bids.first }
    public var bestAsk: Level? { asks.first }
    public var isEmpty: Bool { bids.isEmpty && asks.isEmpty }

    /// True when a bid is at or above an ask, which no matched market shows.
    public var isCrossed: Bool {
        guard let bid = bids.first, let ask = asks.first else { return false }
        return bid.price >= ask.price
    }

    /// Wrapping sum over levels of a fixed mix of side, price and size: independent of the way there.
    ///
    /// Made of all levels each time: thousands of them change between two looks at it.
    public var contentHash: UInt64 {
        var hash: UInt64 = 0
        for level in bids { hash &+= Book.mix(0, level) }
        for level in asks { hash &+= Book.mix(1, level) }
        return hash
    }

    public mutating func removeAll() {
        bids.removeAll(keepingCapacity: true)
        asks.removeAll(keepingCapacity: true)
    }

    /// Sets a level to `size`; zero deletes it, and a level that is not there is ignored.
    @inlinable
    public mutating func set(_ side: Side, price: Price, size: Quantity) {
        if side == .buy { setBid(price, size) } else { setAsk(price, size) }
    }

    @usableFromInline
    mutating func setBid(_ price: Price, _ size: Quantity) {
        let index = Book.place(of: price, in: bids, descending: true)
        if index < bids.count, bids[index].price == price {
            if size.units == 0 { bids.remove(at: index) } else { bids[index].size = size }
        } else if size.units != 0 {
            bids.insert(Level(price: price, size: size), at: index)
        }
    }

    @usableFromInline
    mutating func setAsk(_ price: Price, _ size: Quantity) {
        let index = Book.place(of: price, in: asks, descending: false)
        if index < asks.count, asks[index].price == price {
            if size.units == 0 { asks.remove(at: index) } else { asks[index].size = size }
        } else if size.units != 0 {
            asks.insert(Level(price: price, size: size), at: index)
        }
    }

    /// Drops levels beyond `depth` on each side.
    public mutating func trim(depth: Int) {
        while bids.count > depth { bids.removeLast() }
        while asks.count > depth { asks.removeLast() }
    }

    /// The same book counted in a finer scale; the content hash is of the new units.
    public mutating func rescale(to finer: Scale) throws(NumberError) {
        let priceFactor = finer.priceDecimals - scale.priceDecimals
        let quantityFactor = finer.quantityDecimals - scale.quantityDecimals
        guard (0...18).contains(priceFactor), (0...18).contains(quantityFactor) else {
            throw .overflow
        }
        let newBids = try Book.rescaled(bids, priceFactor, quantityFactor)
        let newAsks = try Book.rescaled(asks, priceFactor, quantityFactor)
        bids = newBids
        asks = newAsks
        scale = finer
    }

    private static func rescaled(
        _ levels: [Level],
        _ priceFactor: Int,
        _ quantityFactor: Int
    ) throws(NumberError) -> [Level] {
        var result: [Level] = []
        result.reserveCapacity(levels.count)
        for level in levels {
            let (price, priceOverflow) = level.price.units.multipliedReportingOverflow(
                by: PowerOfTen.int64(priceFactor)
            )
            let (size, sizeOverflow) = level.size.units.multipliedReportingOverflow(
                by: PowerOfTen.int64(quantityFactor)
            )
            guard !priceOverflow, !sizeOverflow else { throw .overflow }
            result.append(Level(price: Price(units: price), size: Quantity(units: size)))
        }
        return result
    }

    /// Linear from the touch for the first levels, where most changes are, then halving.
    @inline(__always)
    private static func place(of price: Price, in levels: [Level], descending: Bool) -> Int {
        let count = levels.count
        return levels.withUnsafeBufferPointer { levels in
            var index = 0
            let near = min(count, 8)
            while index < near {
                let other = levels[index].price
                if descending ? other <= price : other >= price { return index }
                index += 1
            }
            var low = near
            var high = count
            while low < high {
                let middle = (low + high) / 2
                let other = levels[middle].price
                if descending ? other > price : other < price {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }

    @inline(__always)
    private static func mix(_ side: UInt64, _ level: Level) -> UInt64 {
        let price = UInt64(bitPattern: level.price.units) &+ side &* 0x51_7cc1_b727_220a
        return Mix.spread(Mix.spread(price) ^ UInt64(bitPattern: level.size.units))
    }
}
