/// One position that was liquidated.
///
/// - Source: an item of `allLiquidation.{symbol}`.
public struct Liquidation: Hashable, Sendable {
    public var symbol = Symbol.none
    /// Side of the liquidated position: `Buy` is a long.
    public var side = Side.buy
    public var size: Numeral?
    /// Bankruptcy price.
    public var price: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// The highest bid and the lowest offer that an order may name.
///
/// - Source: `priceLimit.{symbol}`; `GET /v5/market/price-limit`.
public struct PriceLimit: Hashable, Sendable {
    public var symbol = Symbol.none
    public var highestBid: Numeral?
    public var lowestAsk: Numeral?
    /// 0 on the stream, where the message has the time.
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// The balance of one insurance pool.
///
/// - Source: an item of `insurance.{coin}`; `GET /v5/market/insurance`.
public struct InsuranceBalance: Hashable, Sendable {
    public var coin = ""
    /// Comma list of the symbols that the pool stands for.
    public var symbols = ""
    public var balance: Numeral?
    /// In dollars; only in the reply.
    public var value: Numeral?
    /// 0 in a reply's rows.
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// How near one symbol is to automatic deleveraging.
///
/// - Source: an item of `adlAlert.{coin}`; `GET /v5/market/adlAlert`.
public struct DeleveragingAlert: Hashable, Sendable {
    public var coin = ""
    public var symbol = ""
    public var balance: Numeral?
    public var balanceMax: Numeral?
    public var insuranceRatio: Numeral?
    public var ratio: Numeral?
    public var triggerThreshold: Numeral?
    public var stopRatio: Numeral?

    public init() {}
}

/// A maintenance or an incident.
///
/// - Source: an item of `system.status`.
public struct SystemStatus: Hashable, Sendable {
    public var id = ""
    public var title = ""
    /// `scheduled`, `ongoing`, `completed`, `canceled`.
    public var state = ""
    public var beginMilliseconds: Int64 = 0
    public var endMilliseconds: Int64 = 0
    public var link = ""
    /// 1 trading, 2 trading over HTTP, 3 trading over WebSocket, 4 private WebSocket, 5 market data.
    public var services: [Int64] = []
    /// 1 futures, 2 spot, 3 option, 4 spread.
    public var products: [Int64] = []
    public var uidSuffixes: [Int64] = []
    /// 1 planned, 2 temporary, 3 incident.
    public var maintenanceType: Int64 = 0
    /// 1 production, 2 demo.
    public var environment: Int64 = 0

    public init() {}
}

/// The ticker of one symbol in a list.
///
/// - Source: a row of `GET /v5/market/tickers` and `/v5/spread/tickers`.
public struct TickerRow: Hashable, Sendable {
    public var symbol = Symbol.none
    public var ticker = TickerUpdate()

    public init() {}
}
