import JSON
import Market

extension MessageDecoder {
    /// The usual order book push, from bytes to levels without a node between; false when it is not usual.
    func decodeBookFast(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute,
        _ depth: Int,
        _ event: inout Event
    ) -> Bool {
        guard let book = parser.book(payload) else { return false }
        guard let symbol = Symbol(bytes: book.symbol), symbol == route.symbol else { return false }
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
}
