import Market
import Simulation
import Trading

/// Pushes of a book, taken into the exchange's.
extension RecordedMarket {
    mutating func book(
        _ item: MarketItem,
        _ place: Int,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        // Other depths show the recorded session as it was: they are not fed.
        guard item.event.book.depth == markets[place].feed.depth else {
            item.isWithheld = true
            return
        }
        // Taken out while it is read and written: had its levels a second owner, they would be copied.
        var update = BookUpdate()
        swap(&update, &item.event.book)
        defer { swap(&update, &item.event.book) }
        var errors: [(field: String, error: NumberError)] = []
        let slot = item.stream.slot
        let outcome = markets[place].feed.apply(update, slot: slot, errors: &errors)
        // The best level alone is said again by the connection that gave it, too.
        item.isCopy = outcome == .repeated && (update.depth != 1 || slot != markets[place].bookSlot)
        if outcome == .changed {
            markets[place].bookSlot = slot
            item.isFirst = true
        }
        guard outcome == .changed, errors.isEmpty,
            markets[place].feed.book.scale == markets[place].instrument.scale
        else { return }
        let isWhole = update.isSnapshot || update.updateID == 1
        dueChanges(update, place)
        recordBook(update, isWhole: isWhole, place, &exchange, &output)
        if show(isWhole, place, &update, &exchange) { item.isRewritten = true }
    }

    /// Brings the exchange's levels to what the feed has, without the recorded session.
    ///
    /// ``levels`` has those of own changes before, and all prices that were touched afterwards.
    mutating func recordBook(
        _ update: BookUpdate,
        isWhole: Bool,
        _ place: Int,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        collect(update, isWhole, place)
        let id = markets[place].instrument.id
        let worst = markets[place].takeOut(of: &levels, &attribution)
        exchange.recordLevels(
            levels,
            of: id,
            isWhole: isWhole,
            worst: worst,
            queue,
            into: &output
        )
        if markets[place].isUnmarked, let middle = markets[place].feed.book.middle {
            exchange.recordPrices(
                ReferencePrices(mark: middle, index: middle),
                fundingRate: nil,
                of: id,
                into: &output
            )
        }
    }

    /// Own changes up to the push's moment; of the same millisecond those alone that its levels tell of.
    private mutating func dueChanges(_ update: BookUpdate, _ place: Int) {
        levels.removeAll(keepingCapacity: true)
        let now =
            update.matchTimeMilliseconds > 0 ? update.matchTimeMilliseconds : Int64.max
        var next = markets[place].nextChange
        var later: [OwnActivity.Change] = []
        while next < markets[place].changes.count {
            let change = markets[place].changes[next]
            guard change.milliseconds <= now else { break }
            let side = change.side
            // What follows on a change that waits, waits with it.
            let isDue =
                change.milliseconds < now
                || !later.contains { $0.side == side && $0.price == change.price }
                    && isInside(update, change, place)
            if isDue {
                markets[place].apply(change)
                if !levels.contains(where: { $0.side == side && $0.price.units == change.price }) {
                    levels.append(
                        SimulatedExchange.RecordedLevel(side, Price(units: change.price), .zero)
                    )
                }
            } else {
                later.append(change)
            }
            next += 1
        }
        guard next > markets[place].nextChange else { return }
        // Those of this millisecond that wait stand before what follows.
        let first = next - later.count
        for (index, change) in later.enumerated() { markets[place].changes[first + index] = change }
        markets[place].nextChange = first
    }

    /// Whether a push shows the book after an own change of its own millisecond, as far as its levels can tell.
    ///
    /// No level has less than the session has in it: an order that does not fit has not come yet, and one that would not
    /// fit any more has gone, though it came and went between two pushes and no level was touched.
    private mutating func isInside(
        _ update: BookUpdate,
        _ change: OwnActivity.Change,
        _ place: Int
    ) -> Bool {
        let (recorded, own) = markets[place].quantities(change.side, change.price)
        let isTold =
            update.isSnapshot || touches(update, change, markets[place].instrument.scale)
        return change.delta > 0
            ? isTold && recorded >= own + change.delta : isTold || recorded < own
    }

    private func touches(
        _ update: BookUpdate,
        _ change: OwnActivity.Change,
        _ scale: Scale
    ) -> Bool {
        (change.side == .buy ? update.bids : update.asks).contains {
            (try? scale.price($0.price).units) == change.price
        }
    }

    /// All prices that the push touches, besides those of own changes, each once.
    private mutating func collect(_ update: BookUpdate, _ isWhole: Bool, _ place: Int) {
        let own = levels.count
        func add(_ side: Side, _ price: Price) {
            for level in levels[..<own] where level.side == side && level.price == price { return }
            levels.append(SimulatedExchange.RecordedLevel(side, price, .zero))
        }
        if isWhole {
            for level in markets[place].feed.book.bids { add(.buy, level.price) }
            for level in markets[place].feed.book.asks { add(.sell, level.price) }
            return
        }
        let scale = markets[place].instrument.scale
        for level in update.bids {
            if let price = try? scale.price(level.price) { add(.buy, price) }
        }
        for level in update.asks {
            if let price = try? scale.price(level.price) { add(.sell, price) }
        }
    }
}
