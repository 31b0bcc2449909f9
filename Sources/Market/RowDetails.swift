/// What a position row says beyond the position itself; the exchange writes it, the ledger does not need it.
///
/// - Source: the remaining fields of a row of the `position` topic and of `GET /v5/position/list`.
public struct PositionDetails: Hashable, Sendable {
    /// In the settle coin.
    public var initialMargin: Amount?
    public var maintenanceMargin: Amount?
    /// Estimate under cross margin; `nil` outside the price range.
    public var liquidationPrice: Numeral?
    public var breakEvenPrice: Numeral?
    /// Exits of the whole position.
    public var takeProfit: Numeral?
    public var stopLoss: Numeral?
    /// Distance.
    public var trailingStop: Numeral?
    /// 0 flat, 1 to 5.
    public var deleveragingRank = 0
    /// When the position now held was opened; Unix milliseconds, 0 when flat.
    public var openMilliseconds: Int64 = 0
    /// Options.
    public var greeks: Greeks?

    public init() {}
}

/// Margins of one coin of a wallet, in that coin.
///
/// - Source: `totalOrderIM`, `totalPositionIM`, `totalPositionMM` of a `wallet` row.
public struct CoinMargins: Hashable, Sendable {
    public var orders: Amount
    public var positions: Amount
    public var maintenance: Amount

    public init(orders: Amount, positions: Amount, maintenance: Amount) {
        self.orders = orders
        self.positions = positions
        self.maintenance = maintenance
    }
}

/// The sums of an account, in US dollars.
///
/// - Source: the fields of a `wallet` row beside its coins.
public struct AccountTotals: Hashable, Sendable {
    public var equity: Amount
    public var walletBalance: Amount
    public var marginBalance: Amount
    public var available: Amount
    public var unrealisedPnL: Amount
    public var initialMargin: Amount
    public var maintenanceMargin: Amount

    public init(
        equity: Amount,
        walletBalance: Amount,
        marginBalance: Amount,
        available: Amount,
        unrealisedPnL: Amount,
        initialMargin: Amount,
        maintenanceMargin: Amount
    ) {
        self.equity = equity
        self.walletBalance = walletBalance
        self.marginBalance = marginBalance
        self.available = available
        self.unrealisedPnL = unrealisedPnL
        self.initialMargin = initialMargin
        self.maintenanceMargin = maintenanceMargin
    }

    /// Initial and maintenance margin as a share of the margin balance, cut to four decimals; zero without one.
    public var rates: (initial: Numeral, maintenance: Numeral) {
        (share(initialMargin), share(maintenanceMargin))
    }

    private func share(_ margin: Amount) -> Numeral {
        guard marginBalance > .zero else { return .zero }
        let units = try? FullWidth.multiplyDivide(
            margin.units,
            10_000,
            by: marginBalance.units,
            rounding: .towardZero
        )
        return Numeral(mantissa: Int64(clamping: units ?? .max), decimals: 4).trimmed
    }
}

/// Where an execution came from, and an option's prices at it; an object apart, since most rows have none.
///
/// - Source: the remaining fields of a row of the `execution` topic and of `GET /v5/execution/list`.
public final class ExecutionDetails: Hashable, Sendable {
    public let createType: String
    /// Empty for a plain order.
    public let stopOrderType: String
    public let indexPrice: Numeral?
    public let underlyingPrice: Numeral?
    public let volatility: Numeral?
    public let markVolatility: Numeral?

    public init(
        createType: String = "CreateByUser",
        stopOrderType: String = "",
        indexPrice: Numeral? = nil,
        underlyingPrice: Numeral? = nil,
        volatility: Numeral? = nil,
        markVolatility: Numeral? = nil
    ) {
        self.createType = createType
        self.stopOrderType = stopOrderType
        self.indexPrice = indexPrice
        self.underlyingPrice = underlyingPrice
        self.volatility = volatility
        self.markVolatility = markVolatility
    }

    public static func == (left: ExecutionDetails, right: ExecutionDetails) -> Bool {
        left.createType == right.createType && left.stopOrderType == right.stopOrderType
            && left.indexPrice == right.indexPrice
            && left.underlyingPrice == right.underlyingPrice
            && left.volatility == right.volatility && left.markVolatility == right.markVolatility
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(createType)
        hasher.combine(stopOrderType)
        hasher.combine(indexPrice)
        hasher.combine(underlyingPrice)
        hasher.combine(volatility)
        hasher.combine(markVolatility)
    }
}

/// What a log row says beyond its flow.
///
/// - Source: `side`, `size`, `feeRate` of a row of `GET /v5/account/transaction-log`.
public struct TransactionDetails: Hashable, Sendable {
    /// `nil` for flows without a trade.
    public var side: Side?
    /// Position left after the event, short negative.
    public var size: Numeral?
    public var feeRate: Numeral?

    public init(side: Side?, size: Numeral?, feeRate: Numeral?) {
        self.side = side
        self.size = size
        self.feeRate = feeRate
    }
}
