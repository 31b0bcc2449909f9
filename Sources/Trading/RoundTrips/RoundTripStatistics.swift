public import Market

/// What a set of closed round trips says, computed from the trips and not from daily returns.
///
/// All of one coin. Money is exact; ratios have six decimals, cut towards zero, Sharpe and Sortino with an error below
/// 3 × 10⁻⁶.
public struct RoundTripStatistics: Hashable, Sendable {
    /// A ratio in millionths; nil where it has no value: nothing to divide by.
    public struct Ratio: Hashable, Sendable, CustomStringConvertible {
        public var millionths: Int64

        public var description: String {
            Amount(units: Int128(millionths) * PowerOfTen.int128(12)).description
        }
    }

    public var trips = 0
    public var wins = 0
    public var losses = 0
    /// Net of all.
    public var net = Amount.zero
    /// Net of those that won.
    public var won = Amount.zero
    /// Net of those that lost; not positive.
    public var lost = Amount.zero
    /// Wins ÷ trips.
    public var winRate: Ratio?
    /// What was won ÷ what was lost.
    public var profitFactor: Ratio?
    /// Net ÷ trips, half to even at 10⁻¹⁸.
    public var expectancy: Amount?
    public var averageWin: Amount?
    public var averageLoss: Amount?
    /// The largest adverse excursion of one trip: the least of ``RoundTrip/worst``.
    public var worst: Amount?
    /// The largest favourable one.
    public var best: Amount?
    /// Σ of what trips were entered and left for, in the coin of their prices.
    public var turnover = Amount.zero
    /// Mean time from the first fill to the last, nanoseconds.
    public var averageHeld: Int64?
    public var longestHeld: Int64?
    /// Time with a trip open ÷ time from the first opening to the last closing.
    public var exposure: Ratio?
    /// Mean ÷ standard deviation (n − 1) of net, one sample a trip, not annualised.
    public var sharpe: Ratio?
    /// Mean ÷ root of the mean square of losses, one sample a trip, not annualised.
    public var sortino: Ratio?
    /// The deepest fall of the sum of nets, in the order in which trips were closed; zero or positive.
    public var drawdown = Amount.zero
    /// Where the sum was highest before it; before the first gain, where the first trip was opened.
    public var drawdownFrom: Timestamp?
    /// Where it was lowest.
    public var drawdownTo: Timestamp?

    /// - Parameters:
    ///   - trips: of one coin and method; those that are not closed are passed over.
    ///   - includingOpening: also those that began before the recording, whose opening fee is not known.
    /// - Throws: for sums that do not fit.
    public init(_ trips: [RoundTrip], includingOpening: Bool = false) throws(NumberError) {
        var counted: [(trip: RoundTrip, net: Amount, closed: TripMoment)] = []
        for trip in trips where trip.state == .closed && trip.fills > 0 {
            guard let closed = trip.closed, includingOpening || !trip.isOpening else { continue }
            counted.append((trip, try trip.net(), closed))
        }
        // In the order of closing; trips that one record closed keep the order in which they come.
        let order = counted.indices.sorted {
            counted[$0].closed.sequence == counted[$1].closed.sequence
                ? $0 < $1 : counted[$0].closed.sequence < counted[$1].closed.sequence
        }
        self.trips = counted.count
        guard !counted.isEmpty else { return }
        var nets: [Amount] = []
        var held: [Int64] = []
        var peak = Amount.zero
        // Nothing was earned yet when the first of them was opened.
        var peakTime = counted[order[0]].trip.opened.time
        for place in order {
            let (trip, net, closed) = counted[place]
            nets.append(net)
            self.net = try self.net.adding(net)
            if net.units > 0 {
                wins += 1
                won = try won.adding(net)
            } else if net.units < 0 {
                losses += 1
                lost = try lost.adding(net)
            }
            turnover = try turnover.adding(trip.entryValue).adding(trip.exitValue)
            if let seen = trip.worst { worst = min(worst ?? seen, seen) }
            if let seen = trip.best { best = max(best ?? seen, seen) }
            if let time = trip.held { held.append(time) }
            if self.net > peak {
                peak = self.net
                peakTime = closed.time
            }
            let fall = try peak.subtracting(self.net)
            if fall > drawdown {
                drawdown = fall
                drawdownFrom = peakTime
                drawdownTo = closed.time
            }
        }
        let count = Int128(counted.count)
        winRate = RoundTripStatistics.ratio(Int128(wins), count)
        profitFactor = RoundTripStatistics.ratio(won.units, lost.negated.units)
        expectancy = try self.net.scaled(by: 1, over: count, rounding: .halfEven)
        if wins > 0 { averageWin = try won.scaled(by: 1, over: Int128(wins), rounding: .halfEven) }
        if losses > 0 {
            averageLoss = try lost.scaled(by: 1, over: Int128(losses), rounding: .halfEven)
        }
        longestHeld = held.max()
        let total = held.reduce(Int128(0)) { $0 + Int128($1) }
        averageHeld = held.isEmpty ? nil : Int64(clamping: total / Int128(held.count))
        exposure = RoundTripStatistics.exposure(
            counted.map { ($0.trip.opened.time, $0.closed.time) }
        )
        (sharpe, sortino) = RoundTripStatistics.quality(nets)
    }

    private static func ratio(_ part: Int128, _ whole: Int128) -> Ratio? {
        guard whole != 0 else { return nil }
        do throws(NumberError) {
            let value = try FullWidth.multiplyDivide(
                part,
                1_000_000,
                by: whole,
                rounding: .towardZero
            )
            return Int64(exactly: value).map { Ratio(millionths: $0) }
        } catch {
            return nil
        }
    }

    /// The union of the times in which a trip was open, of the whole span.
    private static func exposure(_ spans: [(from: Timestamp, to: Timestamp)]) -> Ratio? {
        let spans = spans.sorted {
            $0.from == $1.from ? $0.to < $1.to : $0.from < $1.from
        }
        guard let first = spans.first else { return nil }
        var covered: Int128 = 0
        var from = first.from
        var to = first.to
        for span in spans.dropFirst() {
            if span.from > to {
                covered += Int128(to.nanoseconds - from.nanoseconds)
                from = span.from
                to = span.to
            } else {
                to = max(to, span.to)
            }
        }
        covered += Int128(to.nanoseconds - from.nanoseconds)
        return ratio(covered, Int128(to.nanoseconds - first.from.nanoseconds))
    }
}
