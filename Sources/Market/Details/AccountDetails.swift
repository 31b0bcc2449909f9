/// A fill as it is told first, without fee and type.
///
/// - Source: a row of `execution.fast`; the same `execId` comes in `execution`.
public struct FastExecution: Hashable, Sendable {
    public var category = Category.linear
    public var symbol = Symbol.none
    public var orderID = ""
    /// Empty for every maker fill.
    public var orderLinkID = ""
    public var executionID = ""
    public var side = Side.buy
    public var price: Numeral?
    public var quantity: Numeral?
    public var isMaker = false
    public var timeMilliseconds: Int64 = 0
    public var crossSequence: Int64 = 0

    public init() {}
}

/// The greeks of one base coin.
///
/// - Source: a row of `greeks`.
public struct Greeks: Hashable, Sendable {
    public var baseCoin = ""
    public var delta: Numeral?
    public var gamma: Numeral?
    public var vega: Numeral?
    public var theta: Numeral?

    public init() {}
}

/// The state of an order that the exchange works off by itself (TWAP, iceberg, chase).
///
/// - Source: a row of `strategy`.
public struct StrategyOrder: Hashable, Sendable {
    public var strategyID = ""
    public var type = ""
    /// The account's word, such as `UTA_USDT`.
    public var category = ""
    public var symbol = ""
    public var side = ""
    public var size: Numeral?
    public var status: Int64 = 0
    public var terminateType: Int64 = 0
    public var executedSize: Numeral?
    public var executedAveragePrice: Numeral?
    public var createdMilliseconds: Int64 = 0
    public var updatedMilliseconds: Int64 = 0

    public init() {}
}

/// One order of a batch, or one that a cancel-all took.
///
/// - Source: `result.list` and `retExtInfo.list` of `POST /v5/order/create-batch`, `amend-batch`, `cancel-batch`, `cancel-all`.
public struct AcceptedOrder: Hashable, Sendable {
    public var category = ""
    public var symbol = ""
    /// Empty when the item failed.
    public var orderID = ""
    public var orderLinkID = ""
    public var createdMilliseconds: Int64?
    /// 0 is accepted; of `retExtInfo.list`.
    public var code: Int64 = 0
    public var message = ""

    public init() {}
}

/// Margin rates before and after an order, in units of 10⁻⁴.
///
/// - Source: `POST /v5/order/pre-check`.
public struct PreCheck: Hashable, Sendable {
    public var orderID = ""
    public var orderLinkID = ""
    public var initialBefore: Int64 = 0
    public var maintenanceBefore: Int64 = 0
    public var initialAfter: Int64 = 0
    public var maintenanceAfter: Int64 = 0

    public init() {}
}

/// What one closing order realised.
///
/// - Source: a row of `GET /v5/position/closed-pnl`.
public struct ClosedPnL: Hashable, Sendable {
    public var symbol = Symbol.none
    public var orderID = ""
    /// Side of the closing order: the opposite of the position's.
    public var side = Side.buy
    public var quantity: Numeral?
    public var orderPrice: Numeral?
    public var orderType = ""
    public var executionType = ""
    public var closedSize: Numeral?
    public var entryValue: Numeral?
    public var averageEntryPrice: Numeral?
    public var exitValue: Numeral?
    public var averageExitPrice: Numeral?
    public var closedPnL: Numeral?
    public var fillCount: Int64 = 0
    public var leverage: Numeral?
    public var openFee: Numeral?
    public var closeFee: Numeral?
    public var createdMilliseconds: Int64 = 0
    public var updatedMilliseconds: Int64 = 0

    public init() {}
}

/// An option position that was closed or delivered.
///
/// - Source: a row of `GET /v5/position/get-closed-positions`.
public struct ClosedOption: Hashable, Sendable {
    public var symbol = Symbol.none
    public var side = ""
    public var totalOpenFee: Numeral?
    public var deliveryFee: Numeral?
    public var totalCloseFee: Numeral?
    public var quantity: Numeral?
    public var closeMilliseconds: Int64 = 0
    public var averageExitPrice: Numeral?
    public var deliveryPrice: Numeral?
    public var openMilliseconds: Int64 = 0
    public var averageEntryPrice: Numeral?
    public var totalPnL: Numeral?

    public init() {}
}

/// The leverage set on a symbol, with or without a position.
///
/// - Source: a row of `GET /v5/position/symbol-info`.
public struct SymbolLeverage: Hashable, Sendable {
    public var symbol = Symbol.none
    public var marginMode = ""
    public var buyLeverage: Numeral?
    public var sellLeverage: Numeral?

    public init() {}
}

/// The account's fee rates.
///
/// - Source: a row of `GET /v5/account/fee-rate`.
public struct FeeRate: Hashable, Sendable {
    /// Empty for options, which have a base coin.
    public var symbol = ""
    public var baseCoin = ""
    public var takerRate: Numeral?
    public var makerRate: Numeral?

    public init() {}
}

/// Modes of the account.
///
/// - Source: `GET /v5/account/info`.
public struct AccountDescription: Hashable, Sendable {
    /// `ISOLATED_MARGIN`, `REGULAR_MARGIN`, `PORTFOLIO_MARGIN`.
    public var marginMode = ""
    /// 1 classic, 3 to 6 unified.
    public var unifiedMarginStatus: Int64 = 0
    public var isMasterTrader = false
    public var spotHedgingStatus = ""
    public var updatedMilliseconds: Int64 = 0

    public init() {}
}

/// Whether orders of a product are cancelled when all connections are gone.
///
/// - Source: an item of `GET /v5/account/query-dcp-info`.
public struct DisconnectProtection: Hashable, Sendable {
    public var product = ""
    /// `ON`, `OFF`.
    public var status = ""
    /// Seconds.
    public var timeWindow = ""

    public init() {}
}

/// What an API key may do; the key itself is left out.
///
/// - Source: `GET /v5/user/query-api`.
public struct KeyDescription: Hashable, Sendable {
    public var note = ""
    /// 1 when it may not trade.
    public var isReadOnly: Int64 = 0
    /// `Group.Permission`, in the order of the reply.
    public var permissions: [String] = []
    /// IP addresses that it is bound to; `*` is any.
    public var addresses: [String] = []
    public var deadlineDays: Int64 = 0
    /// ISO 8601; empty for none.
    public var expiresAt = ""
    public var createdAt = ""
    public var unified: Int64 = 0
    /// 1 for a unified account.
    public var uta: Int64 = 0
    public var userID: Int64 = 0
    public var vipLevel = ""
    public var makerLevel = ""
    public var isMaster = false
    public var parentUID = ""

    public init() {}
}

/// A coin and how many of its chains are open.
///
/// - Source: a row of `GET /v5/asset/coin/query-info`.
public struct CoinDescription: Hashable, Sendable {
    public var name = ""
    public var coin = ""
    public var remainAmount: Numeral?
    public var chains: [CoinChain] = []

    public init() {}
}

/// A chain on which a coin is moved.
///
/// - Source: an item of `chains`.
public struct CoinChain: Hashable, Sendable {
    public var chain = ""
    public var chainType = ""
    public var confirmation = ""
    public var withdrawFee: Numeral?
    public var depositMin: Numeral?
    public var withdrawMin: Numeral?
    public var accuracyMin = ""
    /// `1` is open.
    public var deposit = ""
    public var withdraw = ""
    public var withdrawFeeRate: Numeral?
    public var contractAddress = ""

    public init() {}
}

/// A delivery of the account's position.
///
/// - Source: a row of `GET /v5/asset/delivery-record`.
public struct DeliveryRecord: Hashable, Sendable {
    public var timeMilliseconds: Int64 = 0
    public var symbol = Symbol.none
    public var side = ""
    public var position: Numeral?
    public var entryPrice: Numeral?
    public var deliveryPrice: Numeral?
    public var strike: Numeral?
    public var fee: Numeral?
    public var realisedPnL: Numeral?

    public init() {}
}

/// A session settlement of a USDC position.
///
/// - Source: a row of `GET /v5/asset/settlement-record`.
public struct SettlementRecord: Hashable, Sendable {
    public var symbol = Symbol.none
    public var side = ""
    public var size: Numeral?
    public var sessionAveragePrice: Numeral?
    public var markPrice: Numeral?
    public var realisedPnL: Numeral?
    public var timeMilliseconds: Int64 = 0

    public init() {}
}

/// Why a margin mode was not set.
///
/// - Source: an item of `reasons` of `POST /v5/account/set-margin-mode`.
public struct MarginModeChange: Hashable, Sendable {
    public var code = ""
    public var message = ""

    public init() {}
}
