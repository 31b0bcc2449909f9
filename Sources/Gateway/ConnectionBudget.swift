import Bybit

/// New connections to each WebSocket host: the exchange takes so many of one address within five minutes, and answers
/// 403 to more.
///
/// Times are monotonic nanoseconds.
///
/// - Source: protocol reference §2.4.
struct ConnectionBudget: Sendable {
    private static let window: Int64 = 300_000_000_000

    /// Within five minutes; `nil`: as many as wanted.
    let most: Int?
    /// When each was begun, in order.
    private var begun: [String: [Int64]] = [:]

    init(most: Int?) { self.most = most }

    /// Begins a connection; `nil`, or the moment from which on there is room for it.
    mutating func take(_ host: String, now: Int64) -> Int64? {
        guard let most else { return nil }
        var times = current(host, now)
        if times.count >= most {
            begun[host] = times
            return times[times.count - most] + ConnectionBudget.window
        }
        times.append(now)
        begun[host] = times
        return nil
    }

    /// Counts one of somebody who asks nobody.
    mutating func note(_ host: String, now: Int64) {
        if most != nil { begun[host] = current(host, now) + [now] }
    }

    /// One that was begun at that moment has not come as far as the host, which does not count it.
    mutating func giveBack(_ host: String, begun time: Int64) {
        guard let place = begun[host]?.firstIndex(of: time) else { return }
        begun[host]?.remove(at: place)
    }

    private func current(_ host: String, _ now: Int64) -> [Int64] {
        (begun[host] ?? []).filter { now - $0 < ConnectionBudget.window }
    }
}
