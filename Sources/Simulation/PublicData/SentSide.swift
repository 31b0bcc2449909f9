import Market

/// One side of a book, down to some depth, as subscribers hold it.
struct SentSide: Sendable {
    /// Best first.
    private(set) var levels: [Level] = []
    /// Changes of the book's side that ``levels`` know of.
    private var seen = 0
    /// −1 for bids, 1 for asks: `sign × price` rises from level to level.
    private let sign: Int64

    init(sign: Int64) { self.sign = sign }

    /// Takes the top of the book for what was sent last.
    mutating func fill(with book: [MatchingBook.PriceLevel], _ depth: Int, _ log: PriceLog) {
        seen = log.count
        copyTop(of: book, depth)
    }

    /// Makes the side the top of the book again and says what that changes, best level first.
    mutating func follow(
        _ book: [MatchingBook.PriceLevel],
        _ depth: Int,
        _ log: PriceLog,
        _ scale: Scale
    ) -> [LevelNumerals] {
        guard log.count != seen else { return [] }
        var changes = Changes(scale, expected: min(log.count - seen, PriceLog.capacity))
        let isDone: Void? = log.withKeys(since: seen, sign: sign) { keys in
            follow(book, depth, keys, &changes)
        }
        if isDone == nil { walk(book, depth, &changes) }
        seen = log.count
        if changes.moved { copyTop(of: book, depth) }
        return changes.list
    }

    /// What is collected for a message.
    private struct Changes {
        private(set) var list: [LevelNumerals] = []
        /// Levels have come or gone, not only changed their size.
        private(set) var moved = false
        private let priceDecimals: UInt8
        private let sizeDecimals: UInt8
        private let expected: Int

        init(_ scale: Scale, expected: Int) {
            self.expected = expected
            priceDecimals = UInt8(scale.priceDecimals)
            sizeDecimals = UInt8(scale.quantityDecimals)
        }

        mutating func resize(_ price: Int64, _ size: Int64) {
            if list.isEmpty { list.reserveCapacity(expected) }
            list.append(
                LevelNumerals(
                    price: Numeral(mantissa: price, decimals: priceDecimals),
                    size: Numeral(mantissa: size, decimals: sizeDecimals)
                )
            )
        }

        mutating func add(_ level: MatchingBook.PriceLevel) {
            moved = true
            resize(level.price, level.total)
        }

        mutating func delete(_ level: Level) {
            moved = true
            resize(level.price.units, 0)
        }
    }

    /// From the prices that have changed: each is looked up, and where the depth now ends earlier or later than it did,
    /// what lies between follows.
    private mutating func follow(
        _ book: [MatchingBook.PriceLevel],
        _ depth: Int,
        _ keys: UnsafeBufferPointer<Int64>,
        _ changes: inout Changes
    ) {
        let sign = sign
        book.withUnsafeBufferPointer { book in
            levels.withUnsafeMutableBufferPointer { sent in
                let last = book.count - 1
                let count = min(depth, book.count)
                // A side that had fewer levels than the depth held all there were.
                let oldEnd =
                    sent.count >= depth ? sent[sent.count - 1].price.units * sign : Int64.max
                let newEnd =
                    book.count >= depth ? book[last - (count - 1)].price * sign : Int64.max
                let end = min(oldEnd, newEnd)
                var old = 0
                var new = 0
                for key in keys where key <= end {
                    old = SentSide.place(of: key, from: old, sent.count) {
                        sent[$0].price.units * sign
                    }
                    new = SentSide.place(of: key, from: new, count) { book[last - $0].price * sign }
                    let isHeld = old < sent.count && sent[old].price.units * sign == key
                    let isThere = new < count && book[last - new].price * sign == key
                    switch (isHeld, isThere) {
                    case (true, true):
                        let size = book[last - new].total
                        guard sent[old].size.units != size else { continue }
                        changes.resize(book[last - new].price, size)
                        sent[old].size = Quantity(units: size)
                    case (true, false): changes.delete(sent[old])
                    case (false, true): changes.add(book[last - new])
                    case (false, false): break
                    }
                }
                guard oldEnd != newEnd else { return }
                if newEnd < oldEnd {
                    old = SentSide.place(of: end + 1, from: old, sent.count) {
                        sent[$0].price.units * sign
                    }
                    while old < sent.count {
                        changes.delete(sent[old])
                        old += 1
                    }
                } else {
                    new = SentSide.place(of: end + 1, from: new, count) {
                        book[last - $0].price * sign
                    }
                    while new < count {
                        changes.add(book[last - new])
                        new += 1
                    }
                }
            }
        }
    }

    /// The first place whose key is not below `key`: step by step at first, then halving.
    @inline(__always)
    private static func place(
        of key: Int64,
        from start: Int,
        _ count: Int,
        _ keyAt: (Int) -> Int64
    ) -> Int {
        var low = start
        let near = min(count, start + 6)
        while low < near {
            if keyAt(low) >= key { return low }
            low += 1
        }
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if keyAt(middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Level by level, when too much has changed.
    private mutating func walk(
        _ book: [MatchingBook.PriceLevel],
        _ depth: Int,
        _ changes: inout Changes
    ) {
        let sign = sign
        book.withUnsafeBufferPointer { book in
            levels.withUnsafeMutableBufferPointer { sent in
                let last = book.count - 1
                let count = min(depth, book.count)
                var old = 0
                var new = 0
                while old < sent.count || new < count {
                    let held = old < sent.count ? sent[old].price.units * sign : Int64.max
                    let there = new < count ? book[last - new].price * sign : Int64.max
                    if held == there {
                        let size = book[last - new].total
                        if sent[old].size.units != size {
                            changes.resize(book[last - new].price, size)
                            sent[old].size = Quantity(units: size)
                        }
                        old += 1
                        new += 1
                    } else if held < there {
                        changes.delete(sent[old])
                        old += 1
                    } else {
                        changes.add(book[last - new])
                        new += 1
                    }
                }
            }
        }
    }

    private mutating func copyTop(of book: [MatchingBook.PriceLevel], _ depth: Int) {
        let count = min(depth, book.count)
        if levels.count != count {
            if levels.count > count {
                levels.removeLast(levels.count - count)
            } else {
                let filler = Level(price: Price(units: 0), size: .zero)
                levels.append(contentsOf: repeatElement(filler, count: count - levels.count))
            }
        }
        book.withUnsafeBufferPointer { book in
            levels.withUnsafeMutableBufferPointer { levels in
                var from = book.count
                for place in 0..<count {
                    from -= 1
                    levels[place] = DepthStream.level(book[from])
                }
            }
        }
    }
}
