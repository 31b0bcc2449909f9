/// A push of an order book topic: a snapshot replaces the book, a delta changes levels of it.
///
/// - Source: `orderbook.{depth}.{symbol}`; `GET /v5/market/orderbook`.
public struct BookUpdate: Sendable {
    public var isSnapshot = false
    public var depth = 0
    /// `u`: rises by one a message on one depth of one symbol; 1 after a restart of the exchange's service.
    public var updateID: Int64 = 0
    /// `seq`: the matching engine's, comparable between depths.
    public var crossSequence: Int64 = 0
    /// `cts`: matching-engine time, Unix milliseconds; 0 when absent.
    public var matchTimeMilliseconds: Int64 = 0
    public var bids: [LevelNumerals] = []
    public var asks: [LevelNumerals] = []

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

    public init(
        symbol: Symbol,
        price: Numeral,
        size: Numeral,
        side: Side,
        timeMilliseconds: Int64,
        id: String,
        crossSequence: Int64,
        isBlockTrade: Bool = false,
        tickDirection: String = ""
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
    }
}

/// A push of a ticker.
///
/// A missing field is unchanged in a delta; merging is the engine's.
///
/// - Source: `tickers.{symbol}`.
public struct TickerUpdate: Sendable {
    public var isSnapshot = false
    public var lastPrice: Numeral?
    public var markPrice: Numeral?
    public var indexPrice: Numeral?
    public var bidPrice: Numeral?
    public var bidSize: Numeral?
    public var askPrice: Numeral?
    public var askSize: Numeral?
    public var fundingRate: Numeral?
    /// Unix milliseconds.
    public var nextFundingTime: Int64?
    public var openInterest: Numeral?
    public var highPrice24h: Numeral?
    public var lowPrice24h: Numeral?
    public var previousPrice24h: Numeral?
    public var change24h: Numeral?
    public var volume24h: Amount?
    public var turnover24h: Amount?
    public var tickDirection: String?
    public var crossSequence: Int64 = 0

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
    /// Time of the last match in the candle.
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
