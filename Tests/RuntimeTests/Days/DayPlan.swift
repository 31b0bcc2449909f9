import Foundation
import Market

/// How long a synthetic day lasts, and how thickly things happen in it.
///
/// `TAPEDECK_DAY_HOURS` is its length on the exchange's clock: 24 is the whole one. Without it a day is so short that it fits
/// into a gate, and has all that a whole one has: it begins ten minutes before midnight, when USDC sessions settle.
struct DayPlan: Sendable {
    var hours: Int?
    var seed: UInt64 = 1
    /// Of a day without a number of hours.
    var seconds: Int64 = 900

    static let environment = ProcessInfo.processInfo.environment["TAPEDECK_DAY_HOURS"]
        .flatMap { Int($0) }

    init(hours: Int? = environment, seed: UInt64 = 1, seconds: Int64 = 900) {
        self.hours = hours
        self.seed = seed
        self.seconds = seconds
    }

    private static let midnight = Timestamp(nanoseconds: 1_795_392_000_000_000_000)
    private static let second: Int64 = 1_000_000_000

    /// 2026-11-22T23:50:00Z or, of a whole day, 22:00.
    var start: Timestamp {
        DayPlan.midnight.advanced(nanoseconds: -(hours == nil ? 600 : 7_200) * DayPlan.second)
    }

    /// Nanoseconds from start to end.
    var length: Int64 { (hours.map { Int64($0) * 3_600 } ?? seconds) * DayPlan.second }

    var end: Timestamp { start.advanced(nanoseconds: length) }

    /// Nanoseconds between two steps of a market.
    var marketStep: Int64 { (hours == nil ? 2 : 6) * DayPlan.second }
    /// Between two thoughts of the strategy, of a client beside it, and two flows from outside.
    var strategyStep: Int64 { (hours == nil ? 2 : 20) * DayPlan.second }
    var clientStep: Int64 { (hours == nil ? 5 : 45) * DayPlan.second }
    var flowStep: Int64 { length / 12 }
    /// Between two losses of a connection.
    var lossStep: Int64 { length / 9 }
    /// Between two requests to be audited: the exchange is asked for its transaction log.
    var auditStep: Int64 { length / 6 }
    var fundingInterval: Int64 { (hours == nil ? 240 : 8 * 3_600) * DayPlan.second }

    /// When the dated contract and the option are delivered.
    var futureEnds: Timestamp { start.advanced(nanoseconds: length / 2) }
    var optionEnds: Timestamp { start.advanced(nanoseconds: length / 3 * 2) }
}
