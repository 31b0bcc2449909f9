import Bybit

/// New connections to each WebSocket host: the exchange takes so many of one address within five minutes, and answers
/// 403 to more.
///
/// Times are monotonic nanoseconds.
///
/// - Source: protocol reference §2.4.
struct ConnectionBudget: Sendable {
    private static let window: Int64 = 300_000_000_000

    private struct Begun {
        var time: Int64
        var isOurs: Bool
    }

    /// Within five minutes, of all who are counted; `nil`: as many as wanted.
    let most: Int?
    /// In order.
    private var begun: [String: [Begun]] = [:]

    init(most: Int?) { self.most = most }

    /// Begins a connection; `nil`, or the moment from which on there is room for it.
    ///
    /// - Parameter isPrivate: of the account, which an eighth more is kept for: orders must not wait for market data.
    mutating func take(_ host: String, isPrivate: Bool = false, now: Int64) -> Int64? {
        guard let most else { return nil }
        var times = current(host, now)
        let room = isPrivate ? most + most / 8 : most
        // Bots are held back by nobody: however many they make, a quarter of it stays ours, up to what the exchange takes.
        let ours = times.reduce(0) { $0 + ($1.isOurs ? 1 : 0) }
        let last = isPrivate ? most + most / 5 : most + most / 16
        let isKept = ours < most / 4 && times.count < last
        guard times.count < room || isKept else {
            begun[host] = times
            return times[times.count - room].time + ConnectionBudget.window
        }
        times.append(Begun(time: now, isOurs: true))
        begun[host] = times
        return nil
    }

    /// Counts one of somebody who asks nobody.
    mutating func note(_ host: String, now: Int64) {
        if most != nil { begun[host] = current(host, now) + [Begun(time: now, isOurs: false)] }
    }

    /// One that was begun at that moment has not come as far as the host, which does not count it.
    mutating func giveBack(_ host: String, begun time: Int64) {
        guard let place = begun[host]?.firstIndex(where: { $0.time == time && $0.isOurs })
        else { return }
        begun[host]?.remove(at: place)
    }

    private func current(_ host: String, _ now: Int64) -> [Begun] {
        (begun[host] ?? []).filter { now - $0.time < ConnectionBudget.window }
    }
}
