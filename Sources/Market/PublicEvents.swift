/// A push of an order book topic: a snapshot replaces the book, a delta changes levels of it.
///
/// - Source: `orderbook.{depth}.{symbol}`; `GET /v5/market/orderbook`.
public struct BookUpdate: Sendable, Codable {
    /// ``depth`` of `orderbook.full.{symbol}`, which has deltas alone: its snapshot comes from the full order book reply.
    public static let fullDepth = 10_000

    public var isSnapshot = false
    /// Levels on a side that are subscribed; ``fullDepth`` for the full book, 50 for the RPI book.
    public var depth = 0
    /// `u`: rises by one a message on one depth of one symbol; 1 after a restart of the exchange's service.
    public var updateID: Int64 = 0
    /// `seq`: the matching engine's, comparable between depths.
    public var crossSequence: Int64 = 0
    /// `cts`: matching-engine time, Unix milliseconds; 0 when absent.
    public var matchTimeMilliseconds: Int64 = 0
    public var bids: [LevelNumerals] = []
    public var asks: [LevelNumerals] = []
    /// Sizes of retail price improvement orders beside ``bids`` and ``asks``, level by level; empty but for the RPI book.
    ///
    /// A level goes when both its sizes are zero.
    public var bidImprovements: [Numeral] = []
    public var askImprovements: [Numeral] = []
    /// The RPI book, which may have no level; the exchange's side says it, decoding knows the topic.
    public var isImprovement = false

    public init() {}
}

/// One public trade.
///
/// - Source: one item of `publicTrade.{symbol}`.
public struct PublicTrade: Hashable, Sendable, Codable {
    public var symbol: Symbol
    public var price: Numeral
    public var size: Numeral
    /// The taker's side.
    public var side: Side
    public var timeMilliseconds: Int64
    public var id: String
    public var crossSequence: Int64
    public var isBlockTrade: Bool
    /// `PlusTick`, `ZeroPlusTick`, `MinusTick`, `ZeroMinusTick`; empty on spot and option.
    public var tickDirection: String
    /// A retail price improvement order was hit.
    public var isRPI: Bool
    /// Of options alone.
    public var terms: OptionTradeTerms?

    public init(
        symbol: Symbol,
        price: Numeral,
        size: Numeral,
        side: Side,
        timeMilliseconds: Int64,
        id: String,
        crossSequence: Int64,
        isBlockTrade: Bool = false,
        tickDirection: String = "",
        isRPI: Bool = false,
        terms: OptionTradeTerms? = nil
    ) {
        self.symbol = symbol
        self.price = price
        self.size = size
        self.side = side
        self.timeMilliseconds = timeMilliseconds
        self.id = id
        self.crossSequence = crossSequence
        self.isBlockTrade = isBlockTrade
        self.tickDirection = tickDirection
        self.isRPI = isRPI
        self.terms = terms
    }
}

/// What an option's trade says beside its price.
public struct OptionTradeTerms: Hashable, Sendable, Codable {
    public var markPrice: Numeral?
    public var indexPrice: Numeral?
    public var markVolatility: Numeral?
    public var volatility: Numeral?

    public init() {}
}

/// One candle.
///
/// - Source: one item of `kline.{interval}.{symbol}`.
public struct Candle: Hashable, Sendable, Codable {
    public var startMilliseconds: Int64
    public var endMilliseconds: Int64
    public var interval: String
    public var open: Numeral
    public var high: Numeral
    public var low: Numeral
    public var close: Numeral
    public var volume: Amount
    public var turnover: Amount
    /// True once, when the candle is closed.
    public var isConfirmed: Bool
    /// Of the last match in the candle, says the documentation; of the push, as the exchange sends it.
    public var timeMilliseconds: Int64

    public init(
        startMilliseconds: Int64,
        endMilliseconds: Int64,
        interval: String,
        open: Numeral,
        high: Numeral,
        low: Numeral,
        close: Numeral,
        volume: Amount,
        turnover: Amount,
        isConfirmed: Bool,
        timeMilliseconds: Int64
    ) {
        self.startMilliseconds = startMilliseconds
        self.endMilliseconds = endMilliseconds
        self.interval = interval
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.turnover = turnover
        self.isConfirmed = isConfirmed
        self.timeMilliseconds = timeMilliseconds
    }
}
