/// How long to wait before the next attempt: doubling, with chance, up to a ceiling.
///
/// Half of the wait is fixed and half is chance, so that sockets that fell together do not return together and
/// none of them returns at once.
public struct Backoff: Sendable, Equatable {
    /// Longest first wait, nanoseconds; the shortest is half of it.
    public var first: Int64 = 500_000_000
    /// Longest wait of all, nanoseconds: at 20 s a socket makes at most 15 to 30 attempts in five minutes.
    public var longest: Int64 = 20_000_000_000

    public init() {}

    public init(first: Int64, longest: Int64) {
        self.first = first
        self.longest = longest
    }

    /// The wait before an attempt (1 is the first), nanoseconds.
    ///
    /// - Parameter chance: any 64 bits; the same bits give the same wait.
    public func wait(attempt: Int, chance: UInt64) -> Int64 {
        let doublings = max(0, min(attempt - 1, 40))
        let (grown, overflow) = first.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let ceiling = UInt64(max(2, overflow ? longest : min(grown, longest)))
        let half = ceiling / 2
        return Int64(half + (ceiling - half).multipliedFullWidth(by: chance).high)
    }
}
