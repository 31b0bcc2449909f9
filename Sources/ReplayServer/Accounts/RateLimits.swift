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
        guard let base = RateLimits.base(path: path, isSpot: category == .spot) else { return nil }
        if case .multiplied(let factor) = self { return base * max(1, factor) }
        return base
    }

    private static func base(path: String, isSpot: Bool) -> Int? {
        switch path {
        case "/v5/order/create", "/v5/order/cancel", "/v5/order/cancel-all": isSpot ? 20 : 10
        case "/v5/order/amend": 10
        case "/v5/order/create-batch", "/v5/order/amend-batch", "/v5/order/cancel-batch":
            isSpot ? 20 : 10
        case "/v5/position/set-leverage", "/v5/position/switch-mode", "/v5/position/trading-stop":
            10
        case "/v5/account/set-margin-mode": 5
        case "/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list":
            50
        case "/v5/account/wallet-balance", "/v5/account/info": 50
        case "/v5/account/transaction-log": 25
        case "/v5/account/fee-rate": 5
        case "/v5/user/query-api": 10
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
        var isExceeded: Bool
    }

    let limits: RateLimits
    private var recent: [Key: [Int64]] = [:]

    init(_ limits: RateLimits) { self.limits = limits }

    /// Counts one request; `nil` for an endpoint without a limit of its own.
    mutating func count(
        account: Int,
        path: String,
        category: Category,
        nowMilliseconds now: Int64
    ) -> Reading? {
        guard let limit = limits.quota(path: path, category: category) else { return nil }
        let key = Key(account: account, path: path, isSpot: category == .spot)
        var times = recent[key] ?? []
        times.removeAll { $0 <= now - 1_000 }
        defer { recent[key] = times }
        if times.count >= limit, limits != .unlimited {
            return Reading(
                limit: limit,
                remaining: 0,
                reset: (times.first ?? now) + 1_000,
                isExceeded: true
            )
        }
        if times.count < limit { times.append(now) }
        return Reading(
            limit: limit,
            remaining: limit - times.count,
            reset: now,
            isExceeded: false
        )
    }
}
