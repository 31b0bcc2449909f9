import Market

/// The public trades of one instrument: whether the stream is whole, and where it was not.
///
/// What was missed is looked for in the exchange's list of recent trades once the first trade after the gap has come:
/// before it nothing more can have been missed, and with it the list tells where the gap ends.
struct TradeFeed: Sendable, Codable {
    /// Trades of one millisecond: the exchange's clock does not tell them apart, and their order is not the same
    /// everywhere.
    struct Moment: Hashable, Sendable, Codable {
        /// Ids that are remembered of it.
        private static let most = 256

        private(set) var milliseconds: Int64
        private(set) var ids: [String]

        init(_ trade: PublicTrade) {
            milliseconds = trade.timeMilliseconds
            ids = [trade.id]
        }

        /// Goes on to the moment of a later trade, in the same memory.
        mutating func begin(_ trade: PublicTrade) {
            milliseconds = trade.timeMilliseconds
            ids.removeAll(keepingCapacity: true)
            ids.append(trade.id)
        }

        /// The same trade again, or one of the same moment; false for one of another.
        mutating func take(_ trade: PublicTrade) -> Bool {
            guard trade.timeMilliseconds == milliseconds else { return false }
            if ids.count < Moment.most, !ids.contains(trade.id) { ids.append(trade.id) }
            return true
        }
    }

    /// Between two trades that came, others may have been missed.
    struct Gap: Sendable, Codable {
        var before: Moment
        var after: Moment
        /// The record that showed it: lists that were asked for before it may not reach so far.
        var since: SequenceNumber
        var questions = 0

        /// What a list of recent trades says of the gap.
        func judge(_ list: [PublicTrade]) -> Verdict {
            var missed = 0
            var reachesBack = false
            var reachesEnd = false
            for trade in list {
                if trade.timeMilliseconds >= after.milliseconds { reachesEnd = true }
                if trade.timeMilliseconds < before.milliseconds { reachesBack = true }
                guard trade.timeMilliseconds >= before.milliseconds,
                    trade.timeMilliseconds <= after.milliseconds
                else { continue }
                if before.ids.contains(trade.id) {
                    reachesBack = true
                } else if !after.ids.contains(trade.id) {
                    missed += 1
                }
            }
            // The list may be behind the stream.
            guard reachesEnd else { return .early }
            return reachesBack ? .whole(missed: missed) : .part(missed: missed)
        }
    }

    enum Verdict: Hashable, Sendable {
        case early
        /// All that was missed is in the list.
        case whole(missed: Int)
        /// The list does not reach back to the beginning of the gap.
        case part(missed: Int)
    }

    /// Gaps that are looked for at the same time; with one more the oldest is given up.
    static let gapsMost = 8

    /// The newest trade that came, and those of its moment.
    private var last: Moment?
    /// The moment that the stream was last whole at; `nil` while it is.
    private var lost: Moment?
    private var slots: [Int] = []
    var gaps: [Gap] = []

    /// Takes in the trades of a push, in their order; those of other instruments are none of them.
    ///
    /// - Returns: a gap that had to be given up for a new one.
    mutating func take(_ trades: [PublicTrade], slot: Int, at record: SequenceNumber) -> Gap? {
        var given: Gap?
        if !slots.contains(slot) { slots.append(slot) }
        if let before = lost, let first = trades.first {
            lost = nil
            var after = Moment(first)
            for trade in trades.dropFirst() where !after.take(trade) { break }
            if gaps.count >= TradeFeed.gapsMost { given = gaps.removeFirst() }
            gaps.append(Gap(before: before, after: after, since: record))
        }
        for trade in trades {
            if last?.take(trade) == true { continue }
            // Of connections beside each other one may be behind.
            guard trade.timeMilliseconds > last?.milliseconds ?? .min else { continue }
            if last?.begin(trade) == nil { last = Moment(trade) }
        }
        return given
    }

    /// A connection is lost, or a push of it could not be read (`nil`: of all of them).
    mutating func lose(slot: Int?) {
        if let slot { slots.removeAll { $0 == slot } } else { slots.removeAll() }
        if slots.isEmpty, lost == nil { lost = last }
    }
}
