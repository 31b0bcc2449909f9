import JSON
import Market

extension MessageDecoder {
    /// The usual push of public trades, from bytes to trades without a node between; false when it is not usual.
    func decodeTradesFast(
        _ payload: UnsafeRawBufferPointer,
        _ route: StreamRoute,
        _ event: inout Event
    ) -> Bool {
        guard let push = parser.trades(payload) else { return false }
        event.trades.reserveCapacity(push.trades.count)
        for trade in push.trades {
            guard let symbol = Symbol(bytes: push.bytes(of: trade.symbol)) else {
                event.trades.removeAll(keepingCapacity: true)
                return false
            }
            event.trades.append(
                PublicTrade(
                    symbol: symbol,
                    price: trade.price,
                    size: trade.size,
                    side: trade.isBuy ? .buy : .sell,
                    timeMilliseconds: trade.timeMilliseconds,
                    id: String(decoding: push.bytes(of: trade.id), as: UTF8.self),
                    crossSequence: trade.crossSequence,
                    isBlockTrade: trade.isBlock,
                    tickDirection: String(
                        decoding: push.bytes(of: trade.tickDirection),
                        as: UTF8.self
                    ),
                    isRPI: trade.isImprovement
                )
            )
        }
        event.kind = .publicTrades
        event.symbol = route.symbol
        event.exchangeMilliseconds = push.ts
        return true
    }
}
