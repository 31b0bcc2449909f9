import Market
import NIOCore

/// The sockets of the one address that loopback is, and the sessions of its accounts.
///
/// - Source: bybit-v5 §2.4 and §5.
struct SocketMeter {
    /// Milliseconds in which new sockets are counted.
    private static let window: Int64 = 5 * 60_000

    private let limits: RateLimits
    /// When the sockets of the last five minutes were opened, oldest first.
    private var opened: CircularBuffer<Int64> = []
    private var open: [Category: Int] = [:]
    private var sessions: [Int: Int] = [:]

    init(_ limits: RateLimits) { self.limits = limits }

    /// Counts a handshake; false is one too many, which does not count.
    mutating func admits(_ path: SocketPath, nowMilliseconds now: Int64) -> Bool {
        guard limits != .unlimited else { return true }
        while let first = opened.first, first <= now - SocketMeter.window { opened.removeFirst() }
        guard opened.count < limits.addressSockets.opened else { return false }
        if case .publicData(let category) = path,
            open[category, default: 0] >= limits.addressSockets.marketData
        {
            return false
        }
        opened.append(now)
        return true
    }

    mutating func opened(_ path: SocketPath) {
        if case .publicData(let category) = path { open[category, default: 0] += 1 }
    }

    mutating func closed(_ path: SocketPath) {
        if case .publicData(let category) = path { open[category, default: 0] -= 1 }
    }

    /// Counts a login on a trade socket; false is one too many, which does not count.
    mutating func begins(_ account: Int) -> Bool {
        guard limits == .unlimited || sessions[account, default: 0] < limits.tradeSessions else {
            return false
        }
        sessions[account, default: 0] += 1
        return true
    }

    mutating func ended(_ account: Int) { sessions[account, default: 0] -= 1 }
}
