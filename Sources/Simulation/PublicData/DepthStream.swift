import Market

/// One depth of one listing as its subscribers hold it.
///
/// At each multiple of its interval the top of the order-by-order book is compared with what was sent last, and the
/// difference goes out: a level that was held and is gone or out of range is deleted, one that moved into range is
/// added. So a subscriber holds exactly the top levels after each message, and is never told to delete what it
/// does not hold.
struct DepthStream: Sendable {
    /// One topic of a category's books: its depth, and the nanoseconds between its pushes.
    struct Plan {
        var depth: Int
        var interval: Int64
        /// Levels with the sizes of retail price improvement orders, of which there are none here.
        var isImprovement = false
    }

    /// What can be subscribed to.
    static func plans(of category: Category) -> [Plan] {
        switch category {
        case .option:
            [Plan(depth: 25, interval: 20_000_000), Plan(depth: 100, interval: 100_000_000)]
        case .spread: [Plan(depth: 25, interval: 20_000_000)]
        case .linear, .inverse, .spot:
            [
                Plan(depth: 1, interval: 10_000_000), Plan(depth: 50, interval: 20_000_000),
                Plan(depth: 200, interval: 100_000_000), Plan(depth: 500, interval: 100_000_000),
                Plan(depth: 1_000, interval: 200_000_000),
                Plan(depth: 50, interval: 100_000_000, isImprovement: true),
                Plan(depth: BookUpdate.fullDepth, interval: 200_000_000),
            ]
        }
    }

    /// An unchanged best level is sent again after this long.
    static let repeatAfter: Int64 = 3_000_000_000

    let depth: Int
    let interval: Int64
    let isImprovement: Bool
    var isActive = false
    /// True while it is among those that are looked at.
    var isScheduled = false
    private(set) var updateID: Int64
    private var crossSequence: Int64 = 0
    private var matchTime: Int64 = 0
    private var bids = SentSide(sign: -1)
    private var asks = SentSide(sign: 1)
    private var changes: UInt64 = 0
    private var sentAt: Int64 = 0

    init(_ plan: Plan, updateID: Int64) {
        depth = plan.depth
        interval = plan.interval
        isImprovement = plan.isImprovement
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
        fill(with: book, at: moment)
    }

    /// Takes the book as it is for what was sent last.
    mutating func fill(with book: MatchingBook, at moment: Moment) {
        keep(book, at: moment)
        bids.fill(with: book.bids, depth, book.bidLog)
        asks.fill(with: book.asks, depth, book.askLog)
    }

    /// Counts anew, as after a restart of the exchange's push service: the next snapshot has `u` 1, of the full book,
    /// which has none, the next delta.
    mutating func restart() { updateID = depth == BookUpdate.fullDepth ? 0 : 1 }

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
        update.bids = bids.levels.map { DepthStream.numerals($0, scale) }
        update.asks = asks.levels.map { DepthStream.numerals($0, scale) }
        return improved(update)
    }

    /// With a size of nothing beside each level, where the topic has a third column.
    private func improved(_ update: BookUpdate) -> BookUpdate {
        guard isImprovement else { return update }
        var improved = update
        improved.isImprovement = true
        improved.bidImprovements = update.bids.map { _ in .zero }
        improved.askImprovements = update.asks.map { _ in .zero }
        return improved
    }

    private func empty() -> BookUpdate {
        var update = BookUpdate()
        update.depth = depth
        update.updateID = updateID
        update.crossSequence = crossSequence
        update.matchTimeMilliseconds = matchTime
        return update
    }

    /// False when ``flush(_:at:)`` would certainly find nothing to send.
    func hasNews(_ bookChanges: UInt64, at now: Int64) -> Bool {
        bookChanges != changes || (depth == 1 && now - sentAt >= DepthStream.repeatAfter)
    }

    /// The message that is due now; `nil` when nothing within the depth has changed.
    mutating func flush(_ book: MatchingBook, at moment: Moment) -> BookUpdate? {
        if book.changes == changes { return repeated(at: moment) }
        if depth == 1 { return flushBest(book, at: moment) }
        let bidChanges = bids.follow(book.bids, depth, book.bidLog, moment.scale)
        let askChanges = asks.follow(book.asks, depth, book.askLog, moment.scale)
        guard !bidChanges.isEmpty || !askChanges.isEmpty else {
            changes = book.changes
            return nil
        }
        updateID += 1
        keep(book, at: moment)
        var update = empty()
        update.bids = bidChanges
        update.asks = askChanges
        return improved(update)
    }

    private mutating func flushBest(_ book: MatchingBook, at moment: Moment) -> BookUpdate? {
        let bid = book.bids.last.map(DepthStream.level)
        let ask = book.asks.last.map(DepthStream.level)
        guard bid != bids.levels.first || ask != asks.levels.first else {
            changes = book.changes
            return repeated(at: moment)
        }
        bids.fill(with: book.bids, 1, book.bidLog)
        asks.fill(with: book.asks, 1, book.askLog)
        updateID += 1
        keep(book, at: moment)
        return snapshot(scale: moment.scale)
    }

    private mutating func repeated(at moment: Moment) -> BookUpdate? {
        guard depth == 1, moment.now - sentAt >= DepthStream.repeatAfter else { return nil }
        sentAt = moment.now
        return snapshot(scale: moment.scale)
    }

    static func level(_ level: MatchingBook.PriceLevel) -> Level {
        Level(price: Price(units: level.price), size: Quantity(units: level.total))
    }

    static func numerals(_ level: Level, _ scale: Scale) -> LevelNumerals {
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
}
