import Market

/// A listing's one-minute candles as its subscribers hold them.
///
/// The open candle goes out when it has changed, once a second at the listing's own moment of the second. One that has
/// ended is confirmed by the first push after its end, together with the one that began.
struct CandleStream: Sendable {
    /// Nanoseconds between pushes.
    static let interval: Int64 = 1_000_000_000

    private(set) var isActive = false
    var isScheduled = false
    private var sent: TradeStatistics.Minute?
    /// Is over and not yet confirmed.
    private var ended: TradeStatistics.Minute?
    /// The last push began a candle.
    private var hasBegun = false

    init() {}

    /// Takes the open candle for what was sent last: a subscriber gets it first.
    mutating func begin(with statistics: TradeStatistics) {
        isActive = true
        sent = statistics.current
        ended = nil
        hasBegun = false
    }

    mutating func stop() { isActive = false }

    mutating func end(_ minute: TradeStatistics.Minute) {
        if isActive { ended = minute }
    }

    /// What is due now, oldest first.
    ///
    /// - Parameters:
    ///   - repeatSeconds: see ``ContractTerms/candleRepeatSeconds``.
    ///   - repeatsFirst: a candle that began is sent again by the next push.
    ///   - isLive: false when it trades no more: nothing follows the last minute.
    mutating func rows(
        of statistics: TradeStatistics,
        at now: Timestamp,
        repeatSeconds: Int64,
        repeatsFirst: Bool,
        isLive: Bool
    ) -> [Candle] {
        guard isActive else { return [] }
        var rows: [Candle] = []
        let isRepeated =
            repeatsFirst && hasBegun
            || repeatSeconds > 0 && now.nanoseconds / CandleStream.interval % repeatSeconds == 0
        hasBegun = ended != nil
        if let ended {
            rows.append(statistics.candle(ended, isConfirmed: true, at: now.milliseconds))
            self.ended = nil
        }
        if isLive, isRepeated || statistics.current != sent {
            sent = statistics.current
            rows.append(
                statistics.candle(statistics.current, isConfirmed: false, at: now.milliseconds)
            )
        }
        return rows
    }
}
