import Market
import Simulation
import Trading

/// What a client sees of a book: without the recorded session, with what its accounts have resting.
extension RecordedMarket {
    /// Rewrites a push: without the recorded session, with what the account has resting now.
    mutating func show(
        _ touched: [SimulatedExchange.RecordedLevel],
        _ isWhole: Bool,
        _ place: Int,
        _ item: MarketItem,
        _ exchange: inout SimulatedExchange
    ) {
        let instrument = markets[place].instrument
        resting.removeAll(keepingCapacity: true)
        for account in accounts {
            exchange.appendResting(account, on: instrument.id, to: &resting)
        }
        let before = markets[place].shown
        let isPlain =
            resting.isEmpty && before.isEmpty && markets[place].hidden.isEmpty
            && markets[place].changes.isEmpty
        // Nobody of ours was or is there: the push stands as it came.
        if isPlain { return }
        var bestBid = Int64.min
        var bestAsk = Int64.max
        for level in resting {
            if level.side == .buy {
                bestBid = max(bestBid, level.price.units)
            } else {
                bestAsk = min(bestAsk, level.price.units)
            }
        }
        var prices = touched
        func note(_ side: Side, _ price: Price) {
            if !prices.contains(where: { $0.side == side && $0.price == price }) {
                prices.append(SimulatedExchange.RecordedLevel(side, price, .zero))
            }
        }
        for level in before { note(level.side, level.price) }
        for level in resting { note(level.side, level.price) }
        for level in markets[place].hidden { note(level.side, Price(units: level.price)) }
        hideCrossed(bestBid, bestAsk, place, note)
        // A snapshot's levels come best first.
        if isWhole {
            prices.sort {
                guard $0.side == $1.side else { return $0.side == .buy }
                return $0.side == .buy ? $0.price > $1.price : $0.price < $1.price
            }
        }
        item.isRewritten = true
        item.event.book.bids.removeAll(keepingCapacity: true)
        item.event.book.asks.removeAll(keepingCapacity: true)
        markets[place].hidden.removeAll(keepingCapacity: true)
        for level in prices {
            let price = level.price.units
            var quantity = max(
                0,
                markets[place].recorded(level.side, price) - markets[place].own(level.side, price)
            )
            if level.side == .buy ? price >= bestAsk : price <= bestBid {
                if quantity > 0 { markets[place].hidden.append((level.side, price)) }
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
            if level.side == .buy {
                item.event.book.bids.append(row)
            } else {
                item.event.book.asks.append(row)
            }
        }
        markets[place].shown = resting
    }

    /// Recorded levels that a resting order of the account stands in the way of.
    private func hideCrossed(
        _ bestBid: Int64,
        _ bestAsk: Int64,
        _ place: Int,
        _ note: (Side, Price) -> Void
    ) {
        for level in markets[place].feed.book.asks {
            guard level.price.units <= bestBid else { break }
            note(.sell, level.price)
        }
        for level in markets[place].feed.book.bids {
            guard level.price.units >= bestAsk else { break }
            note(.buy, level.price)
        }
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

    func middle(_ id: InstrumentID) -> Price? { place(of: id).flatMap { markets[$0].middle } }
}
