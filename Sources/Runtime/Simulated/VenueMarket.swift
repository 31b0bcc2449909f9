import Market
import Simulation
import Trading

/// One instrument's recorded book, and what of it was the recorded session's own.
struct VenueMarket {
    let instrument: Instrument
    /// As recorded, own orders included.
    var feed: BookFeed
    /// Own changes that have not become due yet: place in ``OwnActivity/changes``.
    var nextChange = 0
    var changes: [OwnActivity.Change]
    var fills: [OwnActivity.Fill]
    var seenTrades = SeenTrades()
    /// The connection that gave the book's last change.
    var bookSlot = 1
    /// What rests of the recorded session, by side and price; prices once.
    private(set) var resting: [SimulatedExchange.RecordedLevel] = []
    /// What the engine was shown of simulated orders.
    var shown: [SimulatedExchange.RecordedLevel] = []
    /// Levels that a simulated order stands in the way of: not shown.
    var hidden: [(side: Side, price: Int64)] = []
    /// Its ticker tells no mark price: the middle of the book stands for it.
    let isUnmarked: Bool

    init(
        _ instrument: Instrument,
        depth: Int,
        own: OwnActivity,
        feed: BookFeed?,
        isUnmarked: Bool
    ) {
        self.instrument = instrument
        self.feed = feed ?? BookFeed(depth: depth, topic: "", scale: instrument.scale)
        changes = own.changes[instrument.id] ?? []
        fills = own.fills[instrument.id] ?? []
        self.isUnmarked = isUnmarked
    }

    /// The recorded session's quantity at a price.
    func own(_ side: Side, _ price: Int64) -> Int64 {
        for level in resting where level.side == side && level.price.units == price {
            return level.quantity.units
        }
        return 0
    }

    mutating func apply(_ change: OwnActivity.Change) {
        let place = resting.firstIndex {
            $0.side == change.side && $0.price.units == change.price
        }
        if let place {
            resting[place].quantity.units += change.delta
            if resting[place].quantity.units <= 0 { resting.remove(at: place) }
        } else if change.delta > 0 {
            resting.append(
                SimulatedExchange.RecordedLevel(
                    change.side,
                    Price(units: change.price),
                    Quantity(units: change.delta)
                )
            )
        }
    }

    /// The recorded quantity at a price, own orders included; zero where there is no level.
    func recorded(_ side: Side, _ price: Int64) -> Int64 {
        let levels = side == .buy ? feed.book.bids : feed.book.asks
        for level in levels {
            if level.price.units == price { return level.size.units }
            if side == .buy ? level.price.units < price : level.price.units > price { return 0 }
        }
        return 0
    }

    /// The last price of each side that has as many levels as the depth: beyond it nothing is seen.
    var worst: (bid: Price?, ask: Price?) {
        let depth = feed.depth
        return (
            feed.book.bids.count >= depth ? feed.book.bids.last?.price : nil,
            feed.book.asks.count >= depth ? feed.book.asks.last?.price : nil
        )
    }

    var middle: Price? {
        guard let bid = feed.book.bestBid, let ask = feed.book.bestAsk else { return nil }
        return Price(units: bid.price.units + (ask.price.units - bid.price.units) / 2)
    }
}

/// How much of the recorded session could be taken out of the recorded market, and how much not.
public struct Attribution: Hashable, Sendable {
    /// Levels of which own quantity was taken out.
    public var levels = 0
    /// Levels that showed less than the session had there.
    public var shortLevels = 0
    /// Own maker fills found on the tape, and taken out of what strategies see of it.
    public var makerFills = 0
    public var takerFills = 0
    /// Own fills that no public trade was found for.
    public var fillsNotFound = 0
    /// Rows of the session's own that could not be read or placed.
    public var unreadable = 0

    public init() {}
}
