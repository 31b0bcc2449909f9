import Market

/// A listing's ticker as its subscribers hold it.
struct TickerStream: Sendable {
    /// 100 ms on derivatives, 50 ms on spot.
    static func interval(_ category: Category) -> Int64 {
        category == .spot ? 50_000_000 : 100_000_000
    }

    var isActive = false
    var isScheduled = false
    private var sent = TickerUpdate()

    init() {}

    mutating func begin(with full: TickerUpdate) { sent = full }

    /// What has changed since the last message; `nil` when nothing has.
    ///
    /// Price and size of a side go together. Spot, option and combination tickers are sent whole.
    mutating func difference(to full: TickerUpdate, category: Category) -> TickerUpdate? {
        var delta = TickerUpdate()
        var count = 0
        func keep<Value: Equatable>(_ new: Value?, _ old: Value?, _ field: inout Value?) {
            guard new != old else { return }
            field = new
            count += 1
        }
        keep(full.lastPrice, sent.lastPrice, &delta.lastPrice)
        keep(full.markPrice, sent.markPrice, &delta.markPrice)
        keep(full.indexPrice, sent.indexPrice, &delta.indexPrice)
        keep(full.fundingRate, sent.fundingRate, &delta.fundingRate)
        keep(full.nextFundingTime, sent.nextFundingTime, &delta.nextFundingTime)
        keep(full.openInterest, sent.openInterest, &delta.openInterest)
        keep(full.highPrice24h, sent.highPrice24h, &delta.highPrice24h)
        keep(full.lowPrice24h, sent.lowPrice24h, &delta.lowPrice24h)
        keep(full.previousPrice24h, sent.previousPrice24h, &delta.previousPrice24h)
        keep(full.change24h, sent.change24h, &delta.change24h)
        keep(full.volume24h, sent.volume24h, &delta.volume24h)
        keep(full.turnover24h, sent.turnover24h, &delta.turnover24h)
        keep(full.tickDirection, sent.tickDirection, &delta.tickDirection)
        if full.bidPrice != sent.bidPrice || full.bidSize != sent.bidSize {
            delta.bidPrice = full.bidPrice
            delta.bidSize = full.bidSize
            count += 1
        }
        if full.askPrice != sent.askPrice || full.askSize != sent.askSize {
            delta.askPrice = full.askPrice
            delta.askSize = full.askSize
            count += 1
        }
        for item in full.others where sent.value(item.field) != item.value {
            delta.others.append(item)
            count += 1
        }
        // What was there and is not any more: an empty side of the book.
        delta.cleared = full.cleared.subtracting(sent.cleared)
        if !delta.cleared.isEmpty { count += 1 }
        guard count > 0 else { return nil }
        sent = full
        if category == .spot || category == .option || category == .spread { return full }
        delta.crossSequence = full.crossSequence
        return delta
    }
}
