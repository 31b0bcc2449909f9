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
        let instrument = markets[place].instrument
        var others: [PublicTrade] = []
        others.reserveCapacity(item.event.trades.count)
        for trade in item.event.trades {
            // Another connection's copy: it happened already, and is told of as the first one was.
            if let isOwn = markets[place].seenTrades.isOwn(trade.id) {
                if !isOwn { others.append(trade) }
                continue
            }
            guard let price = try? instrument.scale.price(trade.price),
                let quantity = try? instrument.scale.quantity(trade.size)
            else {
                others.append(trade)
                continue
            }
            let own = takeFill(trade, price.units, quantity.units, place)
            markets[place].seenTrades.note(trade.id, isOwn: own != nil)
            if let fill = own {
                // What hit the session's order was there without it, and is met by what rests now; what the session took
                // itself was not.
                guard fill.isMaker else { continue }
                if exchange.rests(against: trade.side, to: price, of: instrument.id) {
                    exchange.recordTrade(
                        trade.side,
                        quantity,
                        at: price,
                        of: instrument.id,
                        into: &output
                    )
                }
                continue
            }
            others.append(trade)
            // Agreed elsewhere: it met no book.
            if trade.isBlockTrade { continue }
            exchange.recordTrade(
                trade.side,
                quantity,
                at: price,
                of: instrument.id,
                into: &output
            )
        }
        if others.count < item.event.trades.count {
            item.event.trades = others
            item.isRewritten = true
            if others.isEmpty { item.isWithheld = true }
        }
    }

    /// The own fill that a public trade tells of.
    private mutating func takeFill(
        _ trade: PublicTrade,
        _ price: Int64,
        _ quantity: Int64,
        _ place: Int
    ) -> OwnActivity.Fill? {
        guard !markets[place].fills.isEmpty else { return nil }
        let fills = markets[place].fills
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
                markets[place].fills[index].isTaken = true
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
