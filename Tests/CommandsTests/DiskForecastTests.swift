import Market
import Testing

@testable import Live

/// Arithmetic of the disk and of the calendar, without either.
@Suite struct DiskForecastTests {
    private static let day: UInt64 = 86_400_000_000_000

    @Test func `days left are those to the nearer of budget and reserve`() {
        var forecast = DiskForecast(used: 40, budget: 100, free: 1_000, reserve: 100)
        #expect(forecast.daysLeft == nil, "nothing is measured yet")
        forecast.bytesPerDay = 20
        #expect(forecast.room == 60 && forecast.daysLeft == 3 && forecast.missing == 0)
        forecast.free = 130
        #expect(forecast.room == 30 && forecast.daysLeft == 1.5)
        forecast.free = 90
        #expect(forecast.room == 0 && forecast.daysLeft == 0 && forecast.missing == 10)
        forecast.used = 150
        #expect(forecast.missing == 50)
        forecast.bytesPerDay = 0
        #expect(forecast.daysLeft == nil, "nothing grows")
        #expect(DiskForecast(used: 1, free: 10, bytesPerDay: 5).daysLeft == 2)
        #expect(DiskForecast(used: .max, budget: 1, free: 0, reserve: .max).missing == .max)
    }

    @Test func `what prunes is never full while the disk has its budget's room`() {
        var forecast = DiskForecast(
            used: 100,
            budget: 100,
            free: 1_000,
            prunes: true,
            bytesPerDay: 10
        )
        #expect(forecast.daysLeft == nil && forecast.daysKept == 10)
        // Others have taken what the budget counts on.
        forecast.used = 40
        forecast.free = 20
        #expect(forecast.daysLeft == 2 && forecast.daysKept == 6)
    }

    @Test func `the rate is that of the last hours`() {
        var rate = DiskRate()
        #expect(rate.bytesPerDay == nil)
        rate.add(1_000, at: 0)
        #expect(rate.bytesPerDay == nil)
        rate.add(1_500, at: 30_000_000_000)
        #expect(rate.bytesPerDay == nil, "half a minute says nothing")
        rate.add(2_000, at: 60_000_000_000)
        #expect(rate.bytesPerDay == 1_440_000)
        // A day at 10 bytes a minute: what was before is forgotten.
        var bytes: UInt64 = 2_000
        for minute in 2...1_440 {
            bytes += 10
            rate.add(bytes, at: Int64(minute) * 60_000_000_000)
        }
        #expect(rate.bytesPerDay == 14_400)
    }

    @Test func `the calendar asks for the next recording before midnight, once, and rolls at it`() {
        let noon = Timestamp(nanoseconds: Int64(Self.day) * 20_000 + Int64(Self.day) / 2)
        let midnight = Timestamp(nanoseconds: Int64(Self.day) * 20_001)
        var roll = DayRoll(began: noon)
        #expect(roll.border == midnight)
        #expect(roll.look(now: noon, monotonic: 0) == .nothing)
        let before = midnight.advanced(nanoseconds: -20_000_000_000)
        #expect(roll.look(now: before, monotonic: 0) == .prepare(midnight))
        #expect(roll.look(now: before, monotonic: 1) == .nothing, "it is being made")
        roll.prepared()
        #expect(roll.look(now: before, monotonic: 2) == .wait(20_000_000_000))
        #expect(roll.look(now: midnight, monotonic: 3) == .roll)
        roll.rolled(now: midnight)
        #expect(roll.border == midnight.advanced(nanoseconds: Int64(Self.day)))
        #expect(roll.look(now: midnight, monotonic: 4) == .nothing)
    }

    @Test func `what failed is tried again after a pause, and named by the time of then`() {
        let midnight = Timestamp(nanoseconds: Int64(Self.day) * 20_001)
        var roll = DayRoll(began: midnight.advanced(nanoseconds: -1))
        let late = midnight.advanced(nanoseconds: 5)
        #expect(roll.look(now: late, monotonic: 100) == .prepare(late))
        roll.failed(monotonic: 100)
        #expect(roll.look(now: late, monotonic: 100 + DayRoll.pause - 1) == .nothing)
        #expect(roll.look(now: late, monotonic: 100 + DayRoll.pause) == .prepare(late))
        // Begun on the border itself, a recording has a whole day.
        let next = midnight.advanced(nanoseconds: Int64(Self.day))
        #expect(DayRoll.midnight(after: midnight) == next)
        #expect(DayRoll.midnight(after: midnight.advanced(nanoseconds: -1)) == midnight)
    }
}
