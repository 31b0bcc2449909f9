import Market
import Simulation
import Trading

/// A recording that begins in the middle of a session, with the engine's state there.
extension RecordingSurvey {
    /// Takes over what came before: instruments, books, balances, positions, and what the session had resting.
    mutating func begin(from engine: Engine) {
        for instrument in engine.instruments { instruments[instrument.id] = instrument }
        for (id, state) in engine.markets {
            let books = state.feeds.filter { $0.depth != BookUpdate.fullDepth }
            if let deepest = books.last { depths[id] = deepest.depth }
            feeds[id] = books
            notePrices(of: id, state)
        }
        for order in engine.orders where !order.isClosed && !order.orderID.isEmpty {
            rest(order)
        }
        guard engine.ledger.opened != nil else { return }
        for (coin, wallet) in zip(engine.ledger.wallets.keys, engine.ledger.wallets.values) {
            guard let balance = wallet.balance, balance > .zero else { continue }
            balances.append((coin, balance))
        }
        for (id, account) in zip(engine.ledger.accounts.keys, engine.ledger.accounts.values) {
            guard let instrument = instruments[id],
                let size = account.net.size(in: instrument.scale), size.units != 0
            else { continue }
            let value = account.net.entryValue
            holdings.append((id, size, value < .zero ? value.negated : value))
        }
    }

    private mutating func notePrices(of id: InstrumentID, _ state: MarketState) {
        guard let instrument = instruments[id] else { return }
        if let mark = state.ticker.markPrice {
            let price = ReferencePrices.units(mark, instrument)
            let index =
                state.ticker.indexPrice.map { ReferencePrices.units($0, instrument) } ?? price
            guard price > 0 else { return }
            prices[id] = ReferencePrices(mark: Price(units: price), index: Price(units: index))
            marked.insert(id)
        } else if let book = feeds[id]?.last?.book, let bid = book.bestBid, let ask = book.bestAsk {
            let middle = Price(units: bid.price.units + (ask.price.units - bid.price.units) / 2)
            prices[id] = ReferencePrices(mark: middle, index: middle)
        }
    }

    private mutating func rest(_ order: Order) {
        guard let instrument = instruments[order.instrument], order.type == .limit,
            order.status == .new || order.status == .partiallyFilled,
            let price = order.price.flatMap({ try? instrument.scale.price($0) })
        else { return }
        let step = PowerOfTen.int128(Amount.decimals - instrument.scale.quantityDecimals)
        guard let leaves = Int64(exactly: order.remaining.units / step) else { return }
        own.begin(
            orderID: order.orderID,
            order.instrument,
            order.side,
            price: price.units,
            leaves: leaves,
            updated: order.updatedMilliseconds
        )
    }
}
