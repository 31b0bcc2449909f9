import Market
import Simulation
import Trading

/// Public trades, taken into the exchange's.
extension RecordedMarket {
    mutating func trades(
        _ item: MarketItem,
        _ place: Int,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        let id = markets[place].instrument.id
        let scale = markets[place].instrument.scale
        // All of them, as long as none is left out.
        var others: [PublicTrade]?
        for (number, trade) in item.event.trades.enumerated() {
            let isTold = take(trade, scale, id, place, &exchange, &output)
            if isTold {
                others?.append(trade)
            } else if others == nil {
                others = Array(item.event.trades[..<number])
            }
        }
        if let others {
            item.event.trades = others
            item.isRewritten = true
            if others.isEmpty { item.isWithheld = true }
        }
    }

    /// - Returns: false for a trade that was the recorded session's own.
    private mutating func take(
        _ trade: PublicTrade,
        _ scale: Scale,
        _ id: InstrumentID,
        _ place: Int,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) -> Bool {
        // Another connection's copy: it happened already, and is told of as the first one was.
        if let isOwn = markets[place].seenTrades.isOwn(trade.id) { return !isOwn }
        guard let price = try? scale.price(trade.price),
            let quantity = try? scale.quantity(trade.size)
        else { return true }
        let own = markets[place].takeFill(trade, price.units, quantity.units, &attribution)
        markets[place].seenTrades.note(trade.id, isOwn: own != nil)
        if let fill = own {
            // What hit the session's order was there without it, and is met by what rests now; what the session took
            // itself was not.
            if fill.isMaker, exchange.rests(against: trade.side, to: price, of: id) {
                exchange.recordTrade(trade.side, quantity, at: price, of: id, into: &output)
            }
            return false
        }
        // Agreed elsewhere: it met no book.
        if trade.isBlockTrade { return true }
        exchange.recordTrade(trade.side, quantity, at: price, of: id, into: &output)
        return true
    }
}

extension VenueMarket {
    /// The own fill that a public trade tells of.
    fileprivate mutating func takeFill(
        _ trade: PublicTrade,
        _ price: Int64,
        _ quantity: Int64,
        _ attribution: inout Attribution
    ) -> OwnActivity.Fill? {
        guard !fills.isEmpty else { return nil }
        var low = 0
        var high = fills.count
        while low < high {
            let middle = (low + high) / 2
            if fills[middle].crossSequence < trade.crossSequence {
                low = middle + 1
            } else {
                high = middle
            }
        }
        var index = low
        while index < fills.count, fills[index].crossSequence == trade.crossSequence {
            let fill = fills[index]
            let side = fill.isMaker ? fill.side.opposite : fill.side
            if !fill.isTaken, fill.price == price, fill.quantity == quantity, side == trade.side {
                fills[index].isTaken = true
                if fill.isMaker {
                    attribution.makerFills += 1
                } else {
                    attribution.takerFills += 1
                }
                return fill
            }
            index += 1
        }
        return nil
    }
}
