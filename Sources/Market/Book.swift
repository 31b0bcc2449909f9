/// The price levels of one instrument, best first on each side.
///
/// Flat sorted arrays: a change touches a few levels near the top, and a book of 200 levels fits the cache.
/// A hash of the content is kept up at each change, never recomputed.
public struct Book: Sendable {
    public internal(set) var bids: [Level] = []
    public internal(set) var asks: [Level] = []
    public private(set) var scale: Scale
    /// Wrapping sum over levels of a fixed mix of side, price and size: independent of the way there.
    public internal(set) var contentHash: UInt64 = 0

    public init(scale: Scale) { self.scale = scale }

    public var bestBid: Level? { bids.first }
    public var bestAsk: Level? { asks.first }
    public var isEmpty: Bool { bids.isEmpty && asks.isEmpty }

    /// True when a bid is at or above an ask, which no matched market shows.
    public var isCrossed: Bool {
        guard let bid = bids.first, let ask = asks.first else { return false }
        return bid.price >= ask.price
    }

    public mutating func removeAll() {
        bids.removeAll(keepingCapacity: true)
        asks.removeAll(keepingCapacity: true)
        contentHash = 0
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
            contentHash &-= Book.mix(0, bids[index])
            if size.units == 0 {
                bids.remove(at: index)
            } else {
                bids[index].size = size
                contentHash &+= Book.mix(0, bids[index])
            }
        } else if size.units != 0 {
            let level = Level(price: price, size: size)
            bids.insert(level, at: index)
            contentHash &+= Book.mix(0, level)
        }
    }

    @usableFromInline
    mutating func setAsk(_ price: Price, _ size: Quantity) {
        let index = Book.place(of: price, in: asks, descending: false)
        if index < asks.count, asks[index].price == price {
            contentHash &-= Book.mix(1, asks[index])
            if size.units == 0 {
                asks.remove(at: index)
            } else {
                asks[index].size = size
                contentHash &+= Book.mix(1, asks[index])
            }
        } else if size.units != 0 {
            let level = Level(price: price, size: size)
            asks.insert(level, at: index)
            contentHash &+= Book.mix(1, level)
        }
    }

    /// Drops levels beyond `depth` on each side.
    public mutating func trim(depth: Int) {
        while bids.count > depth {
            contentHash &-= Book.mix(0, bids.removeLast())
        }
        while asks.count > depth {
            contentHash &-= Book.mix(1, asks.removeLast())
        }
    }

    /// The same book counted in a finer scale; the content hash follows the new units.
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
        contentHash = 0
        for level in bids { contentHash &+= Book.mix(0, level) }
        for level in asks { contentHash &+= Book.mix(1, level) }
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
        mix(key(side, level.price.units), level.size.units)
    }

    /// What side and price add to a level's hash.
    @inline(__always)
    static func key(_ side: UInt64, _ price: Int64) -> UInt64 {
        Mix.spread(UInt64(bitPattern: price) &+ side &* 0x51_7cc1_b727_220a)
    }

    @inline(__always)
    static func mix(_ key: UInt64, _ size: Int64) -> UInt64 {
        Mix.spread(key ^ UInt64(bitPattern: size))
    }
}
