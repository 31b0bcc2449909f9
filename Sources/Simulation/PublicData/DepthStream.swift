import Market

/// One depth of one listing as its subscribers hold it.
///
/// At each multiple of its interval the top of the order-by-order book is compared with what was sent last, and the
/// difference goes out: a level that was held and is gone or out of range is deleted, one that moved into range is
/// added. So a subscriber holds exactly the top levels after each message, and is never told to delete what it
/// does not hold.
struct DepthStream: Sendable {
    /// Depths that can be subscribed to, with their push intervals in nanoseconds.
    static func depths(_ category: Category) -> [(depth: Int, interval: Int64)] {
        switch category {
        case .linear, .inverse, .spot:
            [
                (1, 10_000_000), (50, 20_000_000), (200, 100_000_000), (500, 100_000_000),
                (1000, 200_000_000),
            ]
        case .option: [(25, 20_000_000), (100, 100_000_000)]
        case .spread: [(25, 20_000_000)]
        }
    }

    /// An unchanged best level is sent again after this long.
    static let repeatAfter: Int64 = 3_000_000_000

    let depth: Int
    let interval: Int64
    var isActive = false
    /// True while a timer for the next flush stands.
    var isScheduled = false
    private(set) var updateID: Int64
    private var crossSequence: Int64 = 0
    private var matchTime: Int64 = 0
    private var bids: [Level] = []
    private var asks: [Level] = []
    private var changes: UInt64 = 0
    private var sentAt: Int64 = 0

    init(depth: Int, interval: Int64, updateID: Int64) {
        self.depth = depth
        self.interval = interval
        self.updateID = updateID
    }

    /// Where and when the book stands.
    struct Moment {
        var scale: Scale
        var crossSequence: Int64
        var matchMilliseconds: Int64
        var now: Int64
    }

    /// Begins with the book as it is; the snapshot counts as a message.
    mutating func activate(_ book: MatchingBook, at moment: Moment) {
        isActive = true
        updateID += 1
        keep(book, at: moment)
        DepthStream.copyTop(of: book.bids, depth, into: &bids)
        DepthStream.copyTop(of: book.asks, depth, into: &asks)
    }

    private mutating func keep(_ book: MatchingBook, at moment: Moment) {
        crossSequence = moment.crossSequence
        matchTime = moment.matchMilliseconds
        changes = book.changes
        sentAt = moment.now
    }

    /// What subscribers hold now, as a snapshot with the stream's `u`.
    func snapshot(scale: Scale) -> BookUpdate {
        var update = empty()
        update.isSnapshot = true
        update.bids = bids.map { DepthStream.numerals($0, scale) }
        update.asks = asks.map { DepthStream.numerals($0, scale) }
        return update
    }

    private func empty() -> BookUpdate {
        var update = BookUpdate()
        update.depth = depth
        update.updateID = updateID
        update.crossSequence = crossSequence
        update.matchTimeMilliseconds = matchTime
        return update
    }

    /// The message that is due now; `nil` when nothing within the depth has changed.
    mutating func flush(_ book: MatchingBook, at moment: Moment) -> BookUpdate? {
        if book.changes == changes { return repeated(at: moment) }
        if depth == 1 { return flushBest(book, at: moment) }
        var bidChanges: [LevelNumerals] = []
        var askChanges: [LevelNumerals] = []
        DepthStream.difference(
            from: &bids,
            to: book.bids,
            depth,
            ascending: false,
            moment.scale,
            &bidChanges
        )
        DepthStream.difference(
            from: &asks,
            to: book.asks,
            depth,
            ascending: true,
            moment.scale,
            &askChanges
        )
        guard !bidChanges.isEmpty || !askChanges.isEmpty else {
            changes = book.changes
            return nil
        }
        updateID += 1
        keep(book, at: moment)
        var update = empty()
        update.bids = bidChanges
        update.asks = askChanges
        return update
    }

    private mutating func flushBest(_ book: MatchingBook, at moment: Moment) -> BookUpdate? {
        let bid = book.bids.last.map(DepthStream.level)
        let ask = book.asks.last.map(DepthStream.level)
        guard bid != bids.first || ask != asks.first else {
            changes = book.changes
            return repeated(at: moment)
        }
        DepthStream.copyTop(of: book.bids, 1, into: &bids)
        DepthStream.copyTop(of: book.asks, 1, into: &asks)
        updateID += 1
        keep(book, at: moment)
        return snapshot(scale: moment.scale)
    }

    private mutating func repeated(at moment: Moment) -> BookUpdate? {
        guard depth == 1, moment.now - sentAt >= DepthStream.repeatAfter else { return nil }
        sentAt = moment.now
        return snapshot(scale: moment.scale)
    }

    private static func level(_ level: MatchingBook.PriceLevel) -> Level {
        Level(price: Price(units: level.price), size: Quantity(units: level.total))
    }

    private static func numerals(_ level: Level, _ scale: Scale) -> LevelNumerals {
        LevelNumerals(price: scale.numeral(level.price), size: scale.numeral(level.size))
    }

    /// The best `depth` levels, best first.
    static func top(
        of levels: [MatchingBook.PriceLevel],
        _ depth: Int,
        _ scale: Scale
    )
        -> [LevelNumerals]
    {
        levels.suffix(depth).reversed().map { numerals(level($0), scale) }
    }

    private static func copyTop(
        of levels: [MatchingBook.PriceLevel],
        _ depth: Int,
        into sent: inout [Level]
    ) {
        sent.removeAll(keepingCapacity: true)
        for level in levels.suffix(depth).reversed() { sent.append(DepthStream.level(level)) }
    }

    /// Walks both lists from the best level on, notes what differs, and makes `sent` the new top.
    private static func difference(
        from sent: inout [Level],
        to levels: [MatchingBook.PriceLevel],
        _ depth: Int,
        ascending: Bool,
        _ scale: Scale,
        _ changes: inout [LevelNumerals]
    ) {
        let count = min(depth, levels.count)
        var old = 0
        var new = 0
        while old < sent.count || new < count {
            if new == count {
                changes.append(numerals(Level(price: sent[old].price, size: .zero), scale))
                old += 1
                continue
            }
            let level = DepthStream.level(levels[levels.count - 1 - new])
            if old < sent.count, sent[old].price == level.price {
                if sent[old].size != level.size { changes.append(numerals(level, scale)) }
                old += 1
                new += 1
            } else if old < sent.count,
                ascending ? sent[old].price < level.price : sent[old].price > level.price
            {
                changes.append(numerals(Level(price: sent[old].price, size: .zero), scale))
                old += 1
            } else {
                changes.append(numerals(level, scale))
                new += 1
            }
        }
        if !changes.isEmpty { copyTop(of: levels, depth, into: &sent) }
    }
}
