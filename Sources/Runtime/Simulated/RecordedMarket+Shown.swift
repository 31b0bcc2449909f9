import Market
import Simulation
import Trading

/// What a client sees of a book: without the recorded session, with what its accounts have resting.
extension RecordedMarket {
    /// Rewrites a push: without the recorded session, with what the account has resting now.
    ///
    /// ``levels`` has the prices that were touched.
    ///
    /// - Returns: false where the push stands as it came.
    mutating func show(
        _ isWhole: Bool,
        _ place: Int,
        _ update: inout BookUpdate,
        _ exchange: inout SimulatedExchange
    ) -> Bool {
        let id = markets[place].instrument.id
        resting.removeAll(keepingCapacity: true)
        for account in accounts { exchange.appendResting(account, on: id, to: &resting) }
        let isPlain =
            resting.isEmpty && markets[place].shown.isEmpty && markets[place].hidden.isEmpty
            && markets[place].changes.isEmpty
        // Nobody of ours was or is there.
        if isPlain { return false }
        markets[place].show(resting, at: &levels, isWhole, in: &update)
        return true
    }

    /// The book as a client is shown it now, whole: what answers a new subscription.
    func snapshot(_ id: InstrumentID) -> BookUpdate? {
        guard let place = place(of: id), markets[place].feed.freshness == .live else { return nil }
        let market = markets[place]
        var update = BookUpdate()
        update.isSnapshot = true
        update.depth = market.feed.depth
        update.updateID = market.feed.updateID
        update.crossSequence = market.feed.crossSequence
        update.matchTimeMilliseconds = market.feed.matchTimeMilliseconds
        func rows(_ side: Side) -> [LevelNumerals] {
            var levels: [Level] = []
            for level in side == .buy ? market.feed.book.bids : market.feed.book.asks {
                if market.hidden.contains(where: {
                    $0.side == side && $0.price == level.price.units
                }) {
                    continue
                }
                let left = level.size.units - market.own(side, level.price.units)
                if left > 0 {
                    levels.append(Level(price: level.price, size: Quantity(units: left)))
                }
            }
            for own in market.shown where own.side == side {
                if let index = levels.firstIndex(where: { $0.price == own.price }) {
                    levels[index].size.units += own.quantity.units
                } else {
                    levels.append(Level(price: own.price, size: own.quantity))
                }
            }
            levels.sort { side == .buy ? $0.price > $1.price : $0.price < $1.price }
            return levels.map {
                LevelNumerals(
                    price: market.instrument.scale.numeral($0.price),
                    size: market.instrument.scale.numeral($0.size)
                )
            }
        }
        update.bids = rows(.buy)
        update.asks = rows(.sell)
        return update
    }

    /// Neither the recorded session nor an account has or will have anything to do with what a book shows.
    func isPlain(_ id: InstrumentID) -> Bool {
        guard let place = place(of: id) else { return true }
        return markets[place].shown.isEmpty && markets[place].hidden.isEmpty
            && markets[place].changes.isEmpty
    }

    func middle(_ id: InstrumentID) -> Price? {
        place(of: id).flatMap { markets[$0].feed.book.middle }
    }
}
