public import Market

/// The highest bid and the lowest ask that the exchange takes; the topic `priceLimit` and `market/price-limit`.
public struct PriceLimits: Hashable, Sendable {
    public var highestBuy: Price
    public var lowestSell: Price
}

extension SimulatedExchange {
    /// Half of (best ask + best bid), less the mark price (spot: the index price).
    mutating func samplePremium(_ index: Int) {
        guard let bid = states[index].book.bestBid, let ask = states[index].book.bestAsk else {
            return
        }
        let isSpot = facts[index].category == .spot
        let reference = isSpot ? quotes[index].index : quotes[index].mark
        states[index].premiums.add((bid + ask) / 2 - reference)
    }

    /// Limits by bybit-v5 §6.9 with α = 1; `nil` on options and combinations, and where no ratio is set.
    func priceLimits(on place: Int) -> PriceLimits? {
        let facts = facts[place]
        guard facts.limitRatios.x != 0 || facts.limitRatios.y != 0, facts.category != .option,
            facts.category != .spread
        else { return nil }
        let (x, y) = facts.limitRatios
        func share(_ price: Int64, _ rate: Int64) -> Int64 {
            let (product, overflow) = price.multipliedReportingOverflow(by: rate)
            if !overflow { return product / 100_000_000 }
            return Int64(clamping: Int128(price) * Int128(rate) / 100_000_000)
        }
        let premium = states[place].premiums.mean
        let index = quotes[place].index
        let mark = quotes[place].mark
        let buy: Int64
        let sell: Int64
        if facts.category == .spot {
            buy = min(max(index, index + share(index, x) + premium), index + share(index, y))
            sell = max(min(index, index - share(index, x) + premium), index - share(index, y))
        } else {
            buy = min(
                mark + share(mark, y),
                max(index, mark + share(mark, x) + max(0, premium))
            )
            sell = max(
                mark - share(mark, y),
                min(index, mark - share(mark, x) + min(0, premium))
            )
        }
        // On a tick, inside.
        let tick = facts.instrument.tickSize.units
        return PriceLimits(
            highestBuy: Price(units: max(tick, buy / tick * tick)),
            lowestSell: Price(units: max(tick, (sell + tick - 1) / tick * tick))
        )
    }
}

extension SimulatedExchange {
    /// Prices beyond which a limit order is clamped (contracts) or refused (spot).
    public func priceLimits(_ id: InstrumentID) -> PriceLimits? {
        index(of: id).flatMap { priceLimits(on: $0) }
    }
}
