public import Market

/// Writes what the exchange says, one message after another into one buffer: the other direction of decoding.
///
/// Each function appends one whole message; take ``bytes`` and ``reset()``. What is not modelled is written with the
/// value that a plain account shows, and keys are there or not as Bybit's own messages have them, since clients tell
/// spot from contracts by it.
public struct MessageWriter: Sendable {
    var out = WireWriter()

    public init() {}

    /// The messages since the last ``reset()``.
    public var bytes: [UInt8] { out.bytes }

    /// The same in place: for whoever copies them at once.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        out.withBytes(body)
    }

    /// Empties the buffer and keeps its memory.
    public mutating func reset() { out.reset() }

    /// One message in a buffer of its own.
    public static func message(_ write: (inout MessageWriter) -> Void) -> [UInt8] {
        var writer = MessageWriter()
        write(&writer)
        return writer.bytes
    }
}

// MARK: - Public pushes

extension MessageWriter {
    /// A push of `orderbook.{depth}.{symbol}`, with `cts` from the update's match time.
    ///
    /// - Parameter ts: when the message is built, Unix milliseconds.
    public mutating func book(_ update: BookUpdate, symbol: Symbol, ts: Int64) {
        out.beginObject()
        let isImprovement =
            update.isImprovement || !update.bidImprovements.isEmpty
            || !update.askImprovements.isEmpty
        if isImprovement {
            out.topic("orderbook.rpi.", symbol)
        } else if update.depth == BookUpdate.fullDepth {
            out.topic("orderbook.full.", symbol)
        } else {
            out.topic("orderbook.", number: update.depth, symbol)
        }
        out.constant("type", update.isSnapshot ? #""snapshot""# : #""delta""#)
        out.integer("ts", ts)
        out.beginObject("data")
        BookMessage.write(update, symbol, to: &out)
        out.endObject()
        out.integer("cts", update.matchTimeMilliseconds)
        out.endObject()
    }

    /// A push of `publicTrade.{symbol}`; at most 1,024 trades a message.
    public mutating func trades(
        _ trades: [PublicTrade],
        category: Category = .linear,
        symbol: Symbol,
        ts: Int64
    ) {
        out.beginObject()
        out.topic("publicTrade.", symbol)
        out.constant("type", #""snapshot""#)
        out.integer("ts", ts)
        rows("data", trades, category)
        out.endObject()
    }

    /// A push of an option's `publicTrade.{baseCoin}`: one topic for all options of a coin.
    ///
    /// - Parameter id: the message's id.
    public mutating func optionTrades(
        _ trades: [PublicTrade],
        baseCoin: String,
        id: String,
        ts: Int64
    ) {
        out.beginObject()
        out.text("id", id)
        out.text("topic", "publicTrade.\(baseCoin)")
        out.constant("type", #""snapshot""#)
        out.integer("ts", ts)
        rows("data", trades, .option)
        out.endObject()
    }

    /// A push of `tickers.{symbol}`: what is `nil` is left out.
    ///
    /// - Parameter id: of option messages; empty leaves it out.
    public mutating func ticker(
        _ update: TickerUpdate,
        category: Category,
        symbol: Symbol,
        id: String = "",
        ts: Int64
    ) {
        out.beginObject()
        if !id.isEmpty { out.text("id", id) }
        out.topic("tickers.", symbol)
        out.constant("type", update.isSnapshot ? #""snapshot""# : #""delta""#)
        out.beginObject("data")
        TickerMessage.write(update, category: category, symbol: symbol, to: &out)
        out.endObject()
        if category != .option, category != .spread { out.integer("cs", update.crossSequence) }
        out.integer("ts", ts)
        out.endObject()
    }

    /// A push of `kline.{interval}.{symbol}`; the topic's interval is the first candle's.
    public mutating func candles(_ candles: [Candle], symbol: Symbol, ts: Int64) {
        out.beginObject()
        out.text("topic", "kline.\(candles.first?.interval ?? "1").\(symbol)")
        rows("data", candles)
        out.integer("ts", ts)
        out.constant("type", #""snapshot""#)
        out.endObject()
    }

    mutating func rows(
        _ key: StaticString,
        _ rows: [some WireRow],
        _ category: Category = .linear
    ) {
        out.category = category
        out.beginArray(key)
        for row in rows {
            out.beginObject()
            row.write(to: &out)
            out.endObject()
        }
        out.endArray()
    }
}

// MARK: - Private pushes

extension MessageWriter {
    /// A push of the `order` topic.
    ///
    /// - Parameters:
    ///   - topic: the text that was subscribed: `order` or `order.linear`.
    ///   - id: the message's id, any unique text.
    ///   - creationTime: Unix milliseconds.
    public mutating func orders(
        _ orders: [OrderUpdate],
        topic: String = "order",
        id: String,
        creationTime: Int64
    ) {
        push(topic, id, creationTime) { $0.rows("data", orders) }
    }

    /// A push of the `execution` topic.
    public mutating func executions(
        _ executions: [ExecutionReport],
        topic: String = "execution",
        id: String,
        creationTime: Int64
    ) {
        push(topic, id, creationTime) { $0.rows("data", executions) }
    }

    /// A push of the `position` topic.
    public mutating func positions(
        _ positions: [PositionUpdate],
        topic: String = "position",
        id: String,
        creationTime: Int64
    ) {
        push(topic, id, creationTime) { $0.rows("data", positions) }
    }

    /// A push of the `wallet` topic: one unified account with these coins.
    ///
    /// - Parameter totals: `nil` sums up the coins that count as a dollar.
    public mutating func wallet(
        _ coins: [WalletUpdate],
        totals: AccountTotals? = nil,
        topic: String = "wallet",
        id: String,
        creationTime: Int64
    ) {
        push(topic, id, creationTime) { writer in
            writer.out.beginArray("data")
            WalletUpdate.writeAccount(coins, totals, to: &writer.out)
            writer.out.endArray()
        }
    }

    private mutating func push(
        _ topic: String,
        _ id: String,
        _ creationTime: Int64,
        _ data: (inout MessageWriter) -> Void
    ) {
        out.form = .push
        out.beginObject()
        out.text("topic", topic)
        out.text("id", id)
        out.integer("creationTime", creationTime)
        data(&self)
        out.endObject()
    }
}
