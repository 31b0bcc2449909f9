public import Market

/// The usual push of an order book without memory of its own: its levels stand in a list that many pushes share.
///
/// For who decodes on one core what another one takes in: what lies between the two is small, and in one row.
public struct BookPush: Sendable {
    let category: Category
    let symbol: Symbol
    let depth: Int
    let isSnapshot: Bool
    let updateID: Int64
    let crossSequence: Int64
    let matchTimeMilliseconds: Int64
    let exchangeMilliseconds: Int64
    let bidCount: Int
    /// Of both sides, the bids first.
    public let levelCount: Int

    /// Makes `event` what ``MessageDecoder/decode(_:_:into:)-(StreamRoute,_,_)`` makes of the push.
    ///
    /// - Parameters:
    ///   - event: of an order book, or new; its memory is used again.
    ///   - levels: those of this push alone.
    public func write(into event: inout Event, levels: UnsafeBufferPointer<LevelNumerals>) {
        event.kind = .book
        event.category = category
        event.symbol = symbol
        event.exchangeMilliseconds = exchangeMilliseconds
        event.book.isSnapshot = isSnapshot
        event.book.depth = depth
        event.book.updateID = updateID
        event.book.crossSequence = crossSequence
        event.book.matchTimeMilliseconds = matchTimeMilliseconds
        event.book.bids.removeAll(keepingCapacity: true)
        event.book.asks.removeAll(keepingCapacity: true)
        event.book.bids.append(contentsOf: UnsafeBufferPointer(rebasing: levels[..<bidCount]))
        event.book.asks.append(contentsOf: UnsafeBufferPointer(rebasing: levels[bidCount...]))
    }
}
