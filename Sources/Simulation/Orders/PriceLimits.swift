public import Market

/// The highest bid and the lowest ask that the exchange takes; the topic `priceLimit` and `market/price-limit`.
public struct PriceLimits: Hashable, Sendable {
    public var highestBuy: Price
    public var lowestSell: Price
}

extension ListingState {
    /// Half of (best ask + best bid), less the mark price (spot: the index price).
    mutating func samplePremium() {
        guard let bid = book.bestBid, let ask = book.bestAsk else { return }
        let reference = category == .spot ? indexPrice : mark
        premiums.add((bid + ask) / 2 - reference)
    }

    /// Limits by bybit-v5 §6.9 with α = 1; `nil` on options and combinations, and where no ratio is set.
    var priceLimits: PriceLimits? {
        let x = units(listing.terms.priceLimitRatioX)
        let y = units(listing.terms.priceLimitRatioY)
        guard x != 0 || y != 0, category != .option, category != .spread else { return nil }
        func share(_ price: Int64, _ rate: Int64) -> Int64 {
            Int64(clamping: Int128(price) * Int128(rate) / 100_000_000)
        }
        let premium = premiums.mean
        let index = indexPrice
        let buy: Int64
        let sell: Int64
        if category == .spot {
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
        let tick = instrument.tickSize.units
        return PriceLimits(
            highestBuy: Price(units: max(tick, buy / tick * tick)),
            lowestSell: Price(units: max(tick, (sell + tick - 1) / tick * tick))
        )
    }

    private func units(_ rate: Numeral) -> Int64 { (try? rate.units(decimals: 8)) ?? 0 }
}

extension SimulatedExchange {
    /// Prices beyond which a limit order is clamped (contracts) or refused (spot).
    public func priceLimits(_ id: InstrumentID) -> PriceLimits? {
        index(of: id).flatMap { states[$0].priceLimits }
    }
}
