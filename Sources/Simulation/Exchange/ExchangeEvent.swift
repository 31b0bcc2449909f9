public import Market

/// Something the exchange tells, with the moment it did.
public struct TimedEvent: Sendable {
    /// The exchange's clock; never falls from one event to the next.
    public var time: Timestamp
    public var event: ExchangeEvent

    public init(time: Timestamp, event: ExchangeEvent) {
        self.time = time
        self.event = event
    }
}

/// Rows stand behind a reference: they are large, and events are moved more often than they are read.
///
/// Those of orders, executions and positions are made when they are asked for, of what was so when they were told.
///
/// Public events come for active ``PublicStream``s only, private ones always.
///
/// Private events of one match come in this order: order `New` (of an incoming order), executions, order states,
/// positions, wallets. The state of a combination's order is followed by those of its legs.
public enum ExchangeEvent: Sendable {
    /// A snapshot or delta of one depth; ``Market/BookUpdate/depth`` says which.
    indirect case book(InstrumentID, BookUpdate)
    /// The trades of one match, oldest first, all with one `seq`.
    indirect case trades(InstrumentID, [PublicTrade])
    indirect case ticker(InstrumentID, TickerUpdate)
    /// The rows of one message: the open candle, and before it one that has ended since the last message.
    indirect case candles(InstrumentID, [Candle])
    indirect case liquidation(InstrumentID, Liquidation)
    /// Can be traded from now on; told always.
    indirect case listed(InstrumentID)
    /// A fault of the calendar, which goes on without it; told always.
    indirect case notListed(InstrumentID, SimulationError)
    /// Has been delivered and trades no more; told always.
    indirect case delivered(InstrumentID)
    case order(AccountID, OrderRecord)
    case execution(AccountID, ExecutionRecord)
    case position(AccountID, PositionRecord)
    indirect case wallet(AccountID, WalletReport)
}

/// Where the exchange puts its events; owned, read and emptied by whoever drives it.
public struct ExchangeOutput: Sendable {
    public var events: [TimedEvent] = []

    public init() {}

    /// Empties the buffer and keeps its memory.
    public mutating func removeAll() { events.removeAll(keepingCapacity: true) }

    mutating func append(_ event: ExchangeEvent, at time: Timestamp) {
        events.append(TimedEvent(time: time, event: event))
    }
}

/// A public topic of the exchange.
public enum PublicStream: Hashable, Sendable {
    /// Depths: 1, 50, 200, 500, 1,000 and 10,000 (`orderbook.full`); 25 and 100 of options, 25 of combinations.
    case book(InstrumentID, depth: Int)
    /// Depth 50 with the sizes of retail price improvement orders.
    case improvementBook(InstrumentID)
    case trades(InstrumentID)
    case ticker(InstrumentID)
    /// One-minute candles.
    case candle(InstrumentID)
    case liquidations(InstrumentID)

    public var instrument: InstrumentID {
        switch self {
        case .book(let id, _), .improvementBook(let id), .trades(let id), .ticker(let id),
            .candle(let id),
            .liquidations(let id):
            id
        }
    }
}

/// A wallet with its account's totals, in US dollars (one USDT is taken as one dollar).
public struct WalletReport: Hashable, Sendable {
    public var coins: [WalletUpdate]
    public var totalEquity: Amount
    public var totalWalletBalance: Amount
    public var totalMarginBalance: Amount
    public var totalAvailableBalance: Amount
    public var totalUnrealisedPnL: Amount
    public var totalInitialMargin: Amount
    public var totalMaintenanceMargin: Amount

    public init(
        coins: [WalletUpdate],
        totalEquity: Amount,
        totalWalletBalance: Amount,
        totalMarginBalance: Amount,
        totalAvailableBalance: Amount,
        totalUnrealisedPnL: Amount,
        totalInitialMargin: Amount,
        totalMaintenanceMargin: Amount
    ) {
        self.coins = coins
        self.totalEquity = totalEquity
        self.totalWalletBalance = totalWalletBalance
        self.totalMarginBalance = totalMarginBalance
        self.totalAvailableBalance = totalAvailableBalance
        self.totalUnrealisedPnL = totalUnrealisedPnL
        self.totalInitialMargin = totalInitialMargin
        self.totalMaintenanceMargin = totalMaintenanceMargin
    }
}

/// A position that a liquidation took over.
///
/// - Source: one item of `allLiquidation.{symbol}`.
public struct Liquidation: Hashable, Sendable {
    public var symbol: Symbol
    /// Of the position: `Buy` when a long was liquidated.
    public var side: Side
    public var quantity: Numeral
    /// The bankruptcy price.
    public var price: Numeral
    public var timeMilliseconds: Int64
}
