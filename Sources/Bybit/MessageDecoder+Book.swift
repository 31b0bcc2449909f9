import JSON
public import Market

extension MessageDecoder {
    /// The usual push of an order book, its levels put behind those of `levels`; `nil`: the record is another one, and
    /// ``decodeLeft(_:_:into:)`` says what it is.
    public func bookPush(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        into levels: inout [LevelNumerals]
    ) -> BookPush? {
        guard case .book(let depth) = route.subject, let book = usualBook(payload, route) else {
            return nil
        }
        levels.append(contentsOf: book.bids)
        levels.append(contentsOf: book.asks)
        return BookPush(
            category: route.category,
            symbol: route.symbol,
            depth: depth,
            isSnapshot: book.isSnapshot,
            updateID: book.updateID,
            crossSequence: book.crossSequence,
            matchTimeMilliseconds: book.cts,
            exchangeMilliseconds: book.ts,
            bidCount: book.bids.count,
            levelCount: book.bids.count + book.asks.count
        )
    }

    /// From bytes to levels without a node between; false when it is not usual.
    func decodeBookFast(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute,
        _ depth: Int,
        _ event: inout Event
    ) -> Bool {
        guard let book = usualBook(payload, route) else { return false }
        event.kind = .book
        event.exchangeMilliseconds = book.ts
        event.book.isSnapshot = book.isSnapshot
        event.book.depth = depth
        event.book.updateID = book.updateID
        event.book.crossSequence = book.crossSequence
        event.book.matchTimeMilliseconds = book.cts
        event.book.bids.append(contentsOf: book.bids)
        event.book.asks.append(contentsOf: book.asks)
        return true
    }

    @inline(__always)
    private func usualBook(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute
    ) -> JSONBookPush? {
        guard !route.isImprovementBook, let book = parser.book(payload),
            let symbol = Symbol(bytes: book.symbol), symbol == route.symbol
        else { return nil }
        return book
    }
}
