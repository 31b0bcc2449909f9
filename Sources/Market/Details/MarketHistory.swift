/// One candle of a list, newest first.
///
/// - Source: a row of `GET /v5/market/kline` and of the mark, index and premium price klines.
public struct HistoricalCandle: Hashable, Sendable {
    public var startMilliseconds: Int64 = 0
    public var open: Numeral?
    public var high: Numeral?
    public var low: Numeral?
    public var close: Numeral?
    /// `nil` in price klines, which have none.
    public var volume: Numeral?
    public var turnover: Numeral?

    public init() {}
}

/// A funding rate that was applied.
///
/// - Source: a row of `GET /v5/market/funding/history`.
public struct FundingRate: Hashable, Sendable {
    public var symbol = Symbol.none
    public var rate: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// The open interest of one interval.
///
/// - Source: a row of `GET /v5/market/open-interest`.
public struct OpenInterest: Hashable, Sendable {
    /// Both sides.
    public var openInterest: Numeral?
    public var singleOpenInterest: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// One tier of a symbol's risk limits.
///
/// - Source: a row of `GET /v5/market/risk-limit`; the unit of the margins differs between categories.
public struct RiskLimit: Hashable, Sendable {
    public var id: Int64 = 0
    public var symbol = Symbol.none
    public var value: Numeral?
    public var maintenanceMargin: Numeral?
    public var initialMargin: Numeral?
    /// 1 on the lowest tier.
    public var isLowest: Int64 = 0
    public var leverageMax: Numeral?
    public var maintenanceDeduction: Numeral?

    public init() {}
}

/// The price that a contract was delivered at.
///
/// - Source: a row of `GET /v5/market/delivery-price`.
public struct DeliveryPrice: Hashable, Sendable {
    public var symbol = Symbol.none
    public var price: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// Shares of accounts that are long and short.
///
/// - Source: a row of `GET /v5/market/account-ratio`.
public struct AccountRatio: Hashable, Sendable {
    public var symbol = ""
    public var buyRatio: Numeral?
    public var sellRatio: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// The volatility of an option's underlying.
///
/// - Source: an item of `GET /v5/market/historical-volatility`.
public struct HistoricalVolatility: Hashable, Sendable {
    /// Days.
    public var period: Int64 = 0
    public var value: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}
