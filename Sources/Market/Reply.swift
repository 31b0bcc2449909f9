/// What a REST exchange was about; the rows of a list reply stand in the event's own arrays.
public enum Endpoint: Hashable, Sendable, Codable {
    case serverTime
    case instruments
    case orderBook
    case fullOrderBook
    case createOrder
    case amendOrder
    case cancelOrder
    case cancelAllOrders
    case openOrders
    case orderHistory
    case executions
    case positions
    case wallet
    case transactionLog
    case other(String)

    /// Method and path of each endpoint spoken.
    public static let table: [(endpoint: Endpoint, method: String, path: String)] = [
        (.serverTime, "GET", "/v5/market/time"),
        (.instruments, "GET", "/v5/market/instruments-info"),
        (.orderBook, "GET", "/v5/market/orderbook"),
        (.fullOrderBook, "GET", "/v5/market/full_orderbook"),
        (.createOrder, "POST", "/v5/order/create"),
        (.amendOrder, "POST", "/v5/order/amend"),
        (.cancelOrder, "POST", "/v5/order/cancel"),
        (.cancelAllOrders, "POST", "/v5/order/cancel-all"),
        (.openOrders, "GET", "/v5/order/realtime"),
        (.orderHistory, "GET", "/v5/order/history"),
        (.executions, "GET", "/v5/execution/list"),
        (.positions, "GET", "/v5/position/list"),
        (.wallet, "GET", "/v5/account/wallet-balance"),
        (.transactionLog, "GET", "/v5/account/transaction-log"),
    ]

    /// Public trades, the newest first.
    public static let recentTrades = Endpoint.other("/v5/market/recent-trade")
    public static let spreadRecentTrades = Endpoint.other("/v5/spread/recent-trade")
    /// Combinations have endpoints of their own, whose rows are details.
    public static let spreadInstruments = Endpoint.other("/v5/spread/instrument")
    public static let spreadOpenOrders = Endpoint.other("/v5/spread/order/realtime")
    public static let spreadOrderHistory = Endpoint.other("/v5/spread/order/history")
    public static let spreadExecutions = Endpoint.other("/v5/spread/execution/list")
    /// Tiers of the risk limit of contracts; public.
    public static let riskLimits = Endpoint.other("/v5/market/risk-limit")
    public static let feeRates = Endpoint.other("/v5/account/fee-rate")
    /// Modes of the account.
    public static let accountInfo = Endpoint.other("/v5/account/info")

    public init(path: String) {
        self = Endpoint.table.first { $0.path == path }?.endpoint ?? .other(path)
    }

    public var path: String {
        if case .other(let path) = self { return path }
        return Endpoint.table.first { $0.endpoint == self }?.path ?? ""
    }

    public var method: String {
        Endpoint.table.first { $0.endpoint == self }?.method ?? "GET"
    }
}

/// The end of a REST exchange.
public struct Reply: Hashable, Sendable {
    public enum Outcome: String, Hashable, Sendable {
        case answered
        /// No answer within the time; an order so asked for is *unknown* until it is looked up.
        case timedOut = "timed-out"
        /// The connection failed before or during the exchange.
        case failed
        /// Not sent: the desk was halted or the connection closed before it could leave.
        case notSent = "not-sent"
    }

    public var endpoint: Endpoint = .other("")
    public var outcome: Outcome = .answered
    public var httpStatus = 0
    /// `retCode`; 0 is success.
    ///
    /// −1 when the body has none.
    public var code: Int64 = 0
    public var message = ""
    public var orderID = ""
    /// Of the request, so that a failed exchange is known by it too.
    public var orderLinkID = ""
    public var nextPageCursor = ""
    /// The query as sent, without `?`; empty for POST.
    public var query = ""
    public var sent: Timestamp = .zero
    /// The record last appended before it was sent: what the exchange said is no older than that.
    public var after = SequenceNumber.none
    public var received: Timestamp = .zero
    /// `/v5/market/time`: the exchange's clock.
    public var serverTime: Timestamp = .zero
    /// A bot's own request that passed the proxy: what it asked is no answer to a question of ours.
    public var isCarried = false

    public init() {}

    public var isSuccess: Bool { outcome == .answered && code == 0 && httpStatus == 200 }

    /// True where a request that changes something may have been carried out all the same: look before asking again.
    public var isUncertain: Bool {
        switch outcome {
        case .timedOut, .failed: return true
        case .notSent: return false
        case .answered: break
        }
        if httpStatus >= 500 { return true }
        switch code {
        // Timeout, network or server error, restarting; a duplicate says that the first one got through.
        case 10000, 10014, 10016, 10019, 110072, 170001, 170007, 170032, 170141, 170146, 170147,
            170310:
            return true
        case -1: return message.isEmpty
        default: return false
        }
    }
}
