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
        func keep<Value: Equatable>(_ field: WritableKeyPath<TickerUpdate, Value?>) {
            guard full[keyPath: field] != sent[keyPath: field] else { return }
            delta[keyPath: field] = full[keyPath: field]
            count += 1
        }
        keep(\.lastPrice)
        keep(\.markPrice)
        keep(\.indexPrice)
        keep(\.fundingRate)
        keep(\.nextFundingTime)
        keep(\.openInterest)
        keep(\.highPrice24h)
        keep(\.lowPrice24h)
        keep(\.previousPrice24h)
        keep(\.change24h)
        keep(\.volume24h)
        keep(\.turnover24h)
        keep(\.tickDirection)
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
