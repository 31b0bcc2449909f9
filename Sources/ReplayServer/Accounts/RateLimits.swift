import Market

/// How many requests of one kind an account may send in a rolling second.
///
/// - Source: Bybit's default limits per account and endpoint.
public enum RateLimits: Hashable, Sendable {
    /// As the exchange has them: ten orders a second on linear.
    case enforced
    /// So many times the exchange's.
    case multiplied(Int)
    /// Headers as ever, and no request is refused.
    case unlimited

    /// Requests a second for an endpoint; the IP's limit alone holds where this is `nil`.
    func quota(path: String, category: Category) -> Int? {
        RateLimits.base(path: path, category: category).map { $0 * factor }
    }

    private var factor: Int {
        if case .multiplied(let factor) = self { return max(1, factor) }
        return 1
    }

    /// HTTP requests of one address within five seconds, and those of its trade sockets within one.
    var addressRequests: (http: Int, trade: Int) { (600 * factor, 3_000 * factor) }

    /// Requests of one trade socket within a second; the reference has the code and no figure.
    var sessionRequests: Int { 1_000 * factor }

    /// WebSockets opened from one address within five minutes, and those of market data that are open, by category.
    ///
    /// - Source: bybit-v5 §2.4.
    var addressSockets: (opened: Int, marketData: Int) { (500 * factor, 1_000 * factor) }

    /// Trade sockets that one account is logged in on; the reference has the code and no figure.
    var tradeSessions: Int { 100 * factor }

    private static func base(path: String, category: Category) -> Int? {
        let isSpot = category == .spot
        return switch path {
        case "/v5/order/create", "/v5/order/cancel", "/v5/order/create-batch",
            "/v5/order/amend-batch", "/v5/order/cancel-batch", "/v5/order/pre-check":
            isSpot ? 20 : 10
        case "/v5/order/cancel-all": isSpot ? 20 : category == .option ? 1 : 10
        case "/v5/order/amend": 10
        case "/v5/order/disconnected-cancel-all": 5
        case "/v5/position/set-leverage", "/v5/position/switch-mode", "/v5/position/trading-stop":
            10
        case "/v5/account/set-margin-mode": 5
        case "/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list",
            "/v5/position/closed-pnl", "/v5/position/get-closed-positions":
            50
        case "/v5/account/wallet-balance", "/v5/account/info": 50
        case "/v5/account/transaction-log": 25
        case "/v5/account/instruments-info": 10
        case "/v5/account/fee-rate", "/v5/account/query-dcp-info": 5
        case "/v5/user/query-api": 10
        case "/v5/asset/coin/query-info": 5
        case "/v5/asset/delivery-record", "/v5/asset/settlement-record": 50
        case "/v5/spread/order/create", "/v5/spread/order/amend", "/v5/spread/order/cancel": 20
        case "/v5/spread/order/cancel-all": 5
        case "/v5/spread/order/realtime", "/v5/spread/order/history", "/v5/spread/execution/list",
            "/v5/spread/max-qty":
            50
        default: nil
        }
    }
}

/// The requests of the last second, by account and endpoint.
struct RateMeter {
    struct Key: Hashable {
        var account: Int
        var path: String
        var isSpot: Bool
    }

    /// What the headers of the answer say.
    struct Reading {
        var limit: Int
        var remaining: Int
        /// Unix milliseconds: when the quota is free again if exceeded, otherwise now.
        var reset: Int64
        /// How many of the units asked for are granted: all, of a batch perhaps the first ones, or none.
        var granted: Int
        var isExceeded: Bool { granted == 0 }
    }

    let limits: RateLimits
    private var recent: [Key: [Int64]] = [:]
    private var addressTimes: [Int64] = []
    private var tradeTimes: [Int64] = []
    private var sessionTimes: [UInt64: [Int64]] = [:]

    init(_ limits: RateLimits) { self.limits = limits }

    /// Counts one request; `nil` for an endpoint without a limit of its own.
    ///
    /// - Parameter units: orders of a batch, each of which counts.
    mutating func count(
        account: Int,
        path: String,
        category: Category,
        units: Int = 1,
        nowMilliseconds now: Int64
    ) -> Reading? {
        guard let limit = limits.quota(path: path, category: category) else { return nil }
        let key = Key(account: account, path: path, isSpot: category == .spot)
        var times = recent[key] ?? []
        times.removeAll { $0 <= now - 1_000 }
        defer { recent[key] = times }
        let wanted = max(1, units)
        let room = max(0, limit - times.count)
        let granted = limits == .unlimited ? wanted : min(wanted, room)
        for _ in 0..<min(granted, room) { times.append(now) }
        return Reading(
            limit: limit,
            remaining: limit - times.count,
            reset: granted < wanted ? (times.first ?? now) + 1_000 : now,
            granted: granted
        )
    }

    /// Counts one HTTP request of the address, which on loopback is everybody's; false is one too many.
    mutating func countAddress(nowMilliseconds now: Int64) -> Bool {
        guard limits != .unlimited else { return true }
        addressTimes.removeAll { $0 <= now - 5_000 }
        guard addressTimes.count < limits.addressRequests.http else { return false }
        addressTimes.append(now)
        return true
    }

    /// The same of requests on trade sockets.
    mutating func countTrade(nowMilliseconds now: Int64) -> Bool {
        guard limits != .unlimited else { return true }
        tradeTimes.removeAll { $0 <= now - 1_000 }
        guard tradeTimes.count < limits.addressRequests.trade else { return false }
        tradeTimes.append(now)
        return true
    }

    /// The same of requests on one trade socket.
    mutating func countSession(_ client: UInt64, nowMilliseconds now: Int64) -> Bool {
        guard limits != .unlimited else { return true }
        sessionTimes[client, default: []].removeAll { $0 <= now - 1_000 }
        guard sessionTimes[client, default: []].count < limits.sessionRequests else { return false }
        sessionTimes[client, default: []].append(now)
        return true
    }

    /// The socket is closed.
    mutating func forgetSession(_ client: UInt64) { sessionTimes[client] = nil }
}
