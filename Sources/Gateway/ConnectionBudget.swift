import Bybit

/// New connections to each WebSocket host: the exchange takes so many of one address within five minutes, and answers
/// 403 to more.
///
/// Ours, public ones and those of the account together, stay within it. An eighth of it is for the account alone: orders must
/// not wait for market data. Bots ask nobody, and count all the same.
///
/// Times are monotonic nanoseconds.
///
/// - Source: protocol reference §2.4.
struct ConnectionBudget: Sendable {
    private static let window: Int64 = 300_000_000_000

    private enum Owner: Sendable { case publicData, account, bot }

    private struct Begun {
        var time: Int64
        var owner: Owner
    }

    /// Within five minutes, of all who are counted; `nil`: as many as wanted.
    let most: Int?
    /// In order.
    private var begun: [String: [Begun]] = [:]

    init(most: Int?) { self.most = most }

    /// Begins a connection; `nil`, or a moment from which on there is room for it.
    ///
    /// - Parameter isPrivate: of the account.
    mutating func take(_ host: String, isPrivate: Bool = false, now: Int64) -> Int64? {
        guard let most else { return nil }
        var times = current(host, now)
        let kept = most / 8
        let room = isPrivate ? most : most - kept
        let ours = times.count { $0.owner != .bot }
        let account = times.count { $0.owner == .account }
        // Bots are held back by nobody: however many they make, a quarter of it stays ours, and the account its eighth, up to
        // what the exchange takes.
        let last = isPrivate ? most + most / 5 : most + most / 16
        let isOwed = ours < most / 4 || isPrivate && account < kept && ours < most
        guard times.count < room || isOwed && times.count < last else {
            begun[host] = times
            let place = times.count - (isOwed ? last : room)
            return times[place].time + ConnectionBudget.window
        }
        times.append(Begun(time: now, owner: isPrivate ? .account : .publicData))
        begun[host] = times
        return nil
    }

    /// Counts one of somebody who asks nobody.
    mutating func note(_ host: String, now: Int64) {
        if most != nil { begun[host] = current(host, now) + [Begun(time: now, owner: .bot)] }
    }

    /// One that was begun at that moment has not come as far as the host, which does not count it.
    mutating func giveBack(_ host: String, isPrivate: Bool = false, begun time: Int64) {
        let owner: Owner = isPrivate ? .account : .publicData
        guard
            let place = begun[host]?.firstIndex(where: { $0.time == time && $0.owner == owner })
        else { return }
        begun[host]?.remove(at: place)
    }

    private func current(_ host: String, _ now: Int64) -> [Begun] {
        (begun[host] ?? []).filter { now - $0.time < ConnectionBudget.window }
    }
}
