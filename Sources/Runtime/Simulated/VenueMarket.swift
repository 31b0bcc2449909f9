import Market
import Simulation
import Trading

/// One instrument's recorded book, and what of it was the recorded session's own.
///
/// What is done for each push is `mutating`, changed or not, so that it is done where the market lies: a copy of it costs
/// more than the push.
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
    private var worst: (bid: Price?, ask: Price?) {
        let depth = feed.depth
        return (
            feed.book.bids.count >= depth ? feed.book.bids.last?.price : nil,
            feed.book.asks.count >= depth ? feed.book.asks.last?.price : nil
        )
    }

    /// The recorded quantity at a price, and what of it was the session's own.
    mutating func quantities(_ side: Side, _ price: Int64) -> (recorded: Int64, own: Int64) {
        (recorded(side, price), own(side, price))
    }

    /// Gives each level the recorded quantity less the session's own.
    ///
    /// - Returns: the last prices in sight.
    mutating func takeOut(
        of levels: inout [SimulatedExchange.RecordedLevel],
        _ attribution: inout Attribution
    ) -> (bid: Price?, ask: Price?) {
        let worst = worst
        for index in levels.indices {
            let (side, price) = (levels[index].side, levels[index].price)
            let recorded = recorded(side, price.units)
            let own = own(side, price.units)
            levels[index].quantity = Quantity(units: own > 0 ? max(0, recorded - own) : recorded)
            guard own > 0 else { continue }
            if recorded >= own {
                attribution.levels += 1
                continue
            }
            // Out of sight it is no wonder.
            let isOut =
                side == .buy
                ? worst.bid.map { price < $0 } ?? false : worst.ask.map { price > $0 } ?? false
            if !isOut { attribution.shortLevels += 1 }
        }
        return worst
    }

    /// Writes into a push what its prices show now, and notes what was shown and what was hidden.
    ///
    /// - Parameters:
    ///   - resting: orders of the accounts.
    ///   - prices: that were touched, each once; all that are written afterwards.
    mutating func show(
        _ resting: [SimulatedExchange.RecordedLevel],
        at prices: inout [SimulatedExchange.RecordedLevel],
        _ isWhole: Bool,
        in update: inout BookUpdate
    ) {
        var bestBid = Int64.min
        var bestAsk = Int64.max
        for level in resting {
            if level.side == .buy {
                bestBid = max(bestBid, level.price.units)
            } else {
                bestAsk = min(bestAsk, level.price.units)
            }
        }
        func note(_ side: Side, _ price: Price) {
            if !prices.contains(where: { $0.side == side && $0.price == price }) {
                prices.append(SimulatedExchange.RecordedLevel(side, price, .zero))
            }
        }
        for level in shown { note(level.side, level.price) }
        for level in resting { note(level.side, level.price) }
        for level in hidden { note(level.side, Price(units: level.price)) }
        // Recorded levels that a resting order of the account stands in the way of.
        for level in feed.book.asks {
            guard level.price.units <= bestBid else { break }
            note(.sell, level.price)
        }
        for level in feed.book.bids {
            guard level.price.units >= bestAsk else { break }
            note(.buy, level.price)
        }
        // A snapshot's levels come best first.
        if isWhole {
            prices.sort {
                guard $0.side == $1.side else { return $0.side == .buy }
                return $0.side == .buy ? $0.price > $1.price : $0.price < $1.price
            }
        }
        update.bids.removeAll(keepingCapacity: true)
        update.asks.removeAll(keepingCapacity: true)
        hidden.removeAll(keepingCapacity: true)
        for level in prices {
            let price = level.price.units
            var quantity = max(0, recorded(level.side, price) - own(level.side, price))
            if level.side == .buy ? price >= bestAsk : price <= bestBid {
                if quantity > 0 { hidden.append((level.side, price)) }
                quantity = 0
            }
            for own in resting where own.side == level.side && own.price == level.price {
                quantity += own.quantity.units
            }
            if isWhole, quantity == 0 { continue }
            let row = LevelNumerals(
                price: instrument.scale.numeral(level.price),
                size: instrument.scale.numeral(Quantity(units: quantity))
            )
            if level.side == .buy { update.bids.append(row) } else { update.asks.append(row) }
        }
        shown.removeAll(keepingCapacity: true)
        shown.append(contentsOf: resting)
    }
}

extension Book {
    /// Between the best prices, rounded down from the bid; `nil` where a side is empty.
    var middle: Price? {
        guard let bid = bestBid, let ask = bestAsk else { return nil }
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
