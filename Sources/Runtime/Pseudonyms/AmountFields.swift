import Market

/// Which values of a stream's JSON are amounts: what is held, ordered, traded, paid or owed.
///
/// All of them are proportional to how large a session is. Prices, rates, ratios, times, counts and ids are not.
struct AmountFields {
    private let names: Set<String>
    /// By the name of an array whose innermost items are rows: the places that are amounts.
    private let columns: [String: Set<Int>]

    /// `nil` for a stream without amounts.
    init?(_ kind: StreamKind) {
        switch kind {
        case .publicTopic(_, let topic):
            guard let fields = AmountFields(topic: topic) else { return nil }
            self = fields
        case .privateTopic, .privateOther, .trade, .sent:
            self.init(names: AmountFields.account)
        case .rest(let account, _, let path):
            self = account == "public" ? AmountFields(market: path) : AmountFields(account: path)
        case .command: self.init(names: ["quantity"])
        case .verdict: self.init(names: ["ceiling", "observed"])
        case .operatorRequest: self.init(names: AmountFields.limits)
        default: return nil
        }
    }

    private init(names: Set<String>, columns: [String: Set<Int>] = [:]) {
        self.names = names
        self.columns = columns
    }

    private init?(topic: String) {
        switch topic.split(separator: ".").first {
        case "orderbook": self.init(names: [], columns: AmountFields.levels)
        case "publicTrade", "allLiquidation", "liquidation": self.init(names: ["v", "size"])
        case "tickers": self.init(names: AmountFields.ticker)
        case "kline": self.init(names: ["volume", "turnover"])
        case "insurance": self.init(names: ["balance", "value"])
        case "adlAlert": self.init(names: ["b", "mb"])
        default: return nil
        }
    }

    private init(market path: String) {
        switch path.split(separator: "/").last {
        case "orderbook", "full-orderbook", "rpi_orderbook":
            self.init(names: [], columns: AmountFields.levels)
        case "kline": self.init(names: [], columns: ["list": [5, 6]])
        case "insurance": self.init(names: ["balance", "value"])
        case "adlAlert": self.init(names: ["balance", "maxBalance"])
        default:
            self.init(
                names: AmountFields.ticker.union(AmountFields.instrument)
                    .union(["size", "v", "qty", "riskLimitValue", "mmDeduction"]),
                columns: AmountFields.levels
            )
        }
    }

    private init(account path: String) {
        self.init(names: AmountFields.account.union(AmountFields.instrument))
    }

    /// - Parameters:
    ///   - name: of the value, or of the array that it is in.
    ///   - parent: the name of the object that it is a member of.
    ///   - column: its place in the innermost array; `nil` of a member.
    func has(_ name: String, in parent: String, column: Int?) -> Bool {
        if let column { return columns[name]?.contains(column) ?? false }
        return names.contains(name) || AmountFields.byCoin.contains(parent)
    }

    // MARK: Names

    private static let levels: [String: Set<Int>] = ["b": [1, 2], "a": [1, 2]]

    /// Objects whose members are coins.
    private static let byCoin: Set<String> = ["cumFeeDetail"]

    static let limits: Set<String> = [
        "order_quantity", "order_value", "position_quantity", "position_value", "daily_loss",
    ]

    private static let ticker: Set<String> = [
        "bid1Size", "ask1Size", "bidSize", "askSize", "volume24h", "turnover24h", "openInterest",
        "openInterestValue", "singleOpenInterest", "singleOpenInterestValue", "totalVolume",
        "totalTurnover", "preQty",
    ]

    private static let instrument: Set<String> = [
        "minOrderQty", "maxOrderQty", "maxMktOrderQty", "qtyStep", "minNotionalValue",
        "postOnlyMaxOrderQty", "maxLimitOrderQty", "maxMarketOrderQty", "basePrecision",
        "quotePrecision", "minOrderAmt", "maxOrderAmt", "minSize", "maxSize", "lotSize",
        "postOnlyMaxLimitOrderSize",
    ]

    private static let account: Set<String> = [
        // Orders and fills.
        "qty", "orderQty", "leavesQty", "leavesValue", "cumExecQty", "cumExecValue", "cumExecFee",
        "execQty", "execValue", "execFee", "execFeeV2", "execPnl", "executedSize", "tpSize",
        "slSize", "closedSize", "rpiMatchedQty", "remainAmount",
        // Positions.
        "size", "positionValue", "positionBalance", "positionIM", "positionMM", "positionIMByMp",
        "positionMMByMp", "unrealisedPnl", "cumRealisedPnl", "curRealisedPnl", "realisedPnl",
        "riskLimitValue", "filledPositionValue", "delta", "gamma", "theta", "vega", "totalDelta",
        "totalGamma",
        "totalTheta", "totalVega",
        // Wallets.
        "equity", "usdValue", "walletBalance", "free", "locked", "spotHedgingQty", "borrowAmount",
        "spotBorrow", "availableToWithdraw", "availableToBorrow", "accruedInterest",
        "totalOrderIM", "totalPositionIM", "totalPositionMM", "bonus", "totalEquity",
        "totalWalletBalance", "totalMarginBalance", "totalAvailableBalance", "totalPerpUPL",
        "totalPerpUpl",
        "totalInitialMargin", "totalMaintenanceMargin", "totalInitialMarginByMp",
        "totalMaintenanceMarginByMp", "initialMargin", "maintenanceMargin", "transferBalance",
        // Money that moved.
        "fee", "funding", "cashFlow", "change", "cashBalance", "bonusChange", "closedPnl",
        "cumEntryValue", "cumExitValue", "openFee", "closeFee", "totalOpenFee", "totalCloseFee",
        "totalPnl", "deliveryFee", "deliveryRpl", "position", "amount", "ab",
    ]

    /// Words that a strategy's parameter has in its name when it is an amount.
    private static let parameterWords = [
        "quantity", "qty", "size", "inventory", "amount", "value", "notional", "balance",
    ]

    static func isAmount(parameter name: String) -> Bool {
        parameterWords.contains { name.contains($0) }
    }
}
