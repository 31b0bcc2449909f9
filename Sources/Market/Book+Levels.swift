extension Book {
    /// Where a run of levels stopped: at one whose numbers do not fit the book's scale.
    public struct Misfit {
        /// Its place among those given; all before it are in the book.
        public var place: Int
        public var error: NumberError
    }

    /// Sets levels of one side, one behind the other: as ``set(_:price:size:)`` for each of them, at a fraction of its
    /// cost where they come best first, as the exchange sends them.
    ///
    /// - Returns: the first one that does not fit the scale, where it stopped; `nil`: all are set.
    public mutating func set(_ side: Side, _ levels: [LevelNumerals]) -> Misfit? {
        if levels.isEmpty { return nil }
        if side == .buy {
            return Book.set(levels, in: &bids, scale, BestIsHighest.self)
        }
        return Book.set(levels, in: &asks, scale, BestIsLowest.self)
    }

    private static func set<Order: BookOrder>(
        _ levels: [LevelNumerals],
        in side: inout [Level],
        _ scale: Scale,
        _ order: Order.Type
    ) -> Misfit? {
        let count = side.count
        // Room for each of them: whatever is not needed goes again below.
        let none = Level(price: Price(units: 0), size: .zero)
        side.append(contentsOf: repeatElement(none, count: levels.count))
        var misfit: Misfit?
        let left = levels.withUnsafeBufferPointer { levels in
            side.withUnsafeMutableBufferPointer { side in
                guard let base = side.baseAddress else { return count }
                var rows = BookRows<Order>(base: base, count: count)
                for place in levels.indices {
                    do throws(NumberError) {
                        let level = levels[place]
                        let price = try level.price.units(decimals: scale.priceDecimals)
                        let size = try level.size.units(decimals: scale.quantityDecimals)
                        rows.set(price, size)
                    } catch {
                        misfit = Misfit(place: place, error: error)
                        break
                    }
                }
                return rows.count
            }
        }
        side.removeLast(side.count - left)
        return misfit
    }
}

/// Which of two prices of a side stands before the other.
protocol BookOrder {
    static func isBetter(_ price: Int64, than other: Int64) -> Bool
}

enum BestIsHighest: BookOrder {
    @inline(__always)
    static func isBetter(_ price: Int64, than other: Int64) -> Bool { price > other }
}

enum BestIsLowest: BookOrder {
    @inline(__always)
    static func isBetter(_ price: Int64, than other: Int64) -> Bool { price < other }
}
