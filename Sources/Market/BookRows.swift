/// The levels of one side of a book while several of them change: no check of bounds or ownership for each.
struct BookRows<Order: BookOrder> {
    /// Levels that are looked at one by one from where the last one stood; behind them the search goes by halves.
    private static var near: Int { 32 }

    /// Best first, with room for one level more at each ``set(_:_:)``.
    let base: UnsafeMutablePointer<Level>
    private(set) var count: Int
    /// Where the last level stands, or stood.
    private var at = 0

    init(base: UnsafeMutablePointer<Level>, count: Int) {
        self.base = base
        self.count = count
    }

    /// As ``Book/set(_:price:size:)``.
    @inline(__always)
    mutating func set(_ price: Int64, _ size: Int64) {
        find(price)
        let row = base + at
        if at < count, row.pointee.price.units == price {
            if size == 0 {
                count &-= 1
                row.update(from: row + 1, count: count &- at)
            } else {
                row.pointee.size = Quantity(units: size)
            }
        } else if size != 0 {
            (row + 1).update(from: row, count: count &- at)
            row.pointee = Level(price: Price(units: price), size: Quantity(units: size))
            count &+= 1
        }
    }

    /// Goes to the first level that is not better than `price`.
    @inline(__always)
    private mutating func find(_ price: Int64) {
        if at > 0, !isBetter(at &- 1, than: price) { at = 0 }
        let far = min(count, at &+ BookRows.near)
        // Eight looks and one jump: where among them the place is cannot be guessed, and a wrong guess costs more.
        while at &+ 8 <= far {
            var better = 0
            for place in 0..<8 where isBetter(at &+ place, than: price) { better &+= 1 }
            at &+= better
            if better < 8 { return }
        }
        while at < far {
            guard isBetter(at, than: price) else { return }
            at &+= 1
        }
        var high = count
        while at < high {
            let middle = (at &+ high) / 2
            if isBetter(middle, than: price) { at = middle &+ 1 } else { high = middle }
        }
    }

    @inline(__always)
    private func isBetter(_ place: Int, than price: Int64) -> Bool {
        Order.isBetter(base[place].price.units, than: price)
    }
}
