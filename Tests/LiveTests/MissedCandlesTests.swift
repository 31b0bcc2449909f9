import Bybit
import Market
import Testing

@testable import Live

/// Which lists of candles a session asks for when a stream of them was away.
@Suite struct MissedCandlesTests {
    static let minute: Int64 = 60_000
    static let day = 1_440 * minute
    /// 2026-01-01T00:00:00Z.
    static let start: Int64 = 1_767_225_600_000

    static func stream(_ topic: String) throws -> MissedCandles.Stream {
        try #require(MissedCandles.Stream(.linear, topic: topic))
    }

    /// - Parameter from: one candle before the stream went; asked is from what may have ended just then.
    static func query(_ interval: String, _ from: Int64, _ to: Int64) -> String {
        let from = from - MissedCandles.settling
        return "category=linear&symbol=BTCUSDT&interval=\(interval)"
            + "&start=\(from)&end=\(to)&limit=1000"
    }

    @Test func `topics of candles are known with their length, others are none`() throws {
        #expect(MissedCandles.Stream(.linear, topic: "publicTrade.BTCUSDT") == nil)
        #expect(MissedCandles.Stream(.linear, topic: "kline.BTCUSDT") == nil)
        for (interval, length) in [
            ("1", Self.minute), ("720", 720 * Self.minute), ("D", Self.day), ("W", 7 * Self.day),
            ("M", 31 * Self.day), ("0", 0), ("-5", 0), ("x", 0),
        ] {
            let stream = try Self.stream("kline.\(interval).BTCUSDT")
            #expect(stream.duration == length, "\(interval)")
        }
    }

    @Test func `what was away is asked for once it is back, from the candle on that was open`()
        throws
    {
        let one = try Self.stream("kline.1.BTCUSDT")
        var missed = MissedCandles()
        missed.look(wanted: [one], carried: [one], at: Self.start)
        #expect(missed.take(9) == [])
        missed.look(wanted: [one], carried: [], at: Self.start + 1_000)
        missed.look(wanted: [one], carried: [], at: Self.start + 2_000)
        #expect(missed.take(9) == [])
        missed.look(wanted: [one], carried: [one], at: Self.start + 90_000)
        let request = try #require(missed.take(9).first)
        #expect(request.path == "/v5/market/kline" && request.method == "GET")
        #expect(
            request.query
                == Self.query("1", Self.start + 1_000 - Self.minute, Self.start + 90_000)
        )
        #expect(missed.take(9) == [])
        missed.look(wanted: [one], carried: [one], at: Self.start + 99_000)
        #expect(missed.take(9) == [])
    }

    /// Its last push comes behind its end: gone in between, it is in the list.
    @Test func `a candle that ended just before the stream went is asked for too`() throws {
        let one = try Self.stream("kline.1.BTCUSDT")
        for (gone, isAsked) in [(Int64(700), true), (4_999, true), (5_001, false)] {
            var missed = MissedCandles()
            missed.look(wanted: [one], carried: [one], at: Self.start)
            missed.look(wanted: [one], carried: [], at: Self.start + gone)
            missed.look(wanted: [one], carried: [one], at: Self.start + 9_000)
            let query = try #require(missed.take(1).first).query
            let first = try #require(query.firstMatch(of: #/start=(\d+)/#))
            let from = try #require(Int64(first.output.1))
            #expect((from <= Self.start - Self.minute) == isAsked)
            #expect(from <= Self.start)
        }
    }

    @Test func `what was not kept is asked for, although its stream was never away`() throws {
        let one = try Self.stream("kline.1.BTCUSDT")
        let other = try Self.stream("kline.1.ETHUSDT")
        var missed = MissedCandles()
        missed.look(wanted: [one, other], carried: [one, other], at: Self.start)
        missed.interrupted([one], Self.start + 1_000)
        missed.look(wanted: [one, other], carried: [one, other], at: Self.start + 2_000)
        #expect(
            missed.take(9).map(\.query) == [
                Self.query("1", Self.start + 1_000 - Self.minute, Self.start + 2_000)
            ]
        )
        // Not carried at all: it is away since before.
        missed.look(wanted: [one], carried: [], at: Self.start + 3_000)
        missed.interrupted([one], Self.start + 4_000)
        missed.look(wanted: [one], carried: [one], at: Self.start + 5_000)
        #expect(
            missed.take(9).map(\.query) == [
                Self.query("1", Self.start + 3_000 - Self.minute, Self.start + 5_000)
            ]
        )
    }

    @Test func `another socket that carries it all the while leaves nothing to ask`() throws {
        let one = try Self.stream("kline.1.BTCUSDT")
        var missed = MissedCandles()
        missed.look(wanted: [one], carried: [one, one], at: Self.start)
        missed.look(wanted: [one], carried: [one], at: Self.start + 1_000)
        missed.look(wanted: [one], carried: [one, one], at: Self.start + 2_000)
        #expect(missed.take(9) == [])
    }

    @Test func `lists follow one another without a hole, and the oldest are left out`() throws {
        let one = try Self.stream("kline.1.BTCUSDT")
        for (away, pages) in [(Int64(2_500), 3), (40_000, 10)] {
            var missed = MissedCandles()
            missed.absent([one], since: Self.start)
            let back = Self.start + away * Self.minute
            missed.look(wanted: [one], carried: [one], at: back)
            var ranges: [ClosedRange<Int64>] = []
            while let request = missed.take(1).first {
                let words = request.query.split(separator: "&").map { $0.split(separator: "=") }
                let values = try words.filter { ["start", "end"].contains($0[0]) }
                    .map { try #require(Int64($0[1])) }
                ranges.append(values[0]...values[1])
            }
            #expect(ranges.count == pages)
            #expect(ranges.last?.upperBound == back)
            for (one, next) in zip(ranges, ranges.dropFirst()) {
                #expect(next.lowerBound == one.upperBound + 1)
            }
            for range in ranges { #expect(range.count <= 1_000 * Int(Self.minute)) }
            #expect(
                ranges.first?.lowerBound
                    == max(
                        Self.start - Self.minute - MissedCandles.settling,
                        back - 10_000 * Self.minute + 1
                    )
            )
        }
    }

    @Test func `one that goes again before it was asked for is asked for from its first loss`()
        throws
    {
        let one = try Self.stream("kline.1.BTCUSDT")
        let other = try Self.stream("kline.5.BTCUSDT")
        var missed = MissedCandles()
        missed.look(wanted: [one, other], carried: [one, other], at: Self.start)
        for round in 1...50 {
            let time = Self.start + Int64(round) * 1_000
            missed.look(wanted: [one, other], carried: [], at: time)
            missed.look(wanted: [one, other], carried: [one, other], at: time + 500)
        }
        #expect(
            missed.take(9).map(\.query) == [
                Self.query("1", Self.start + 1_000 - Self.minute, Self.start + 50_500),
                Self.query("5", Self.start + 1_000 - 5 * Self.minute, Self.start + 50_500),
            ]
        )
    }

    @Test func `what is no longer wanted is not asked for, nor what was carried already`()
        throws
    {
        let one = try Self.stream("kline.1.BTCUSDT")
        var missed = MissedCandles()
        missed.look(wanted: [one], carried: [one], at: Self.start)
        missed.absent([one], since: Self.start - Self.day)
        missed.look(wanted: [], carried: [], at: Self.start + 1_000)
        missed.look(wanted: [one], carried: [one], at: Self.start + 2_000)
        #expect(missed.take(9) == [])
    }
}
