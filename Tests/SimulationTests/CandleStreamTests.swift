import Market
import Simulation
import Testing

@Suite struct CandleStreamTests {
    /// One push of candles, in milliseconds after the whole minute that was there at the beginning.
    private struct Push: Equatable {
        var time: Int64
        /// Of each row: whether it is confirmed.
        var confirmed: [Bool]
    }

    /// Pushes of two minutes in which nobody trades, from five seconds after a whole minute on.
    private func pushes(_ id: InstrumentID) throws -> [Push] {
        let minute = start.nanoseconds / (60 * second) * 60 * second
        var exchange = try SimulatedExchange(
            .universe(
                seed: 1,
                start: Timestamp(nanoseconds: minute),
                UniverseConfiguration(
                    symbols: 3,
                    levels: 25,
                    regimes: .always(.halt),
                    categories: [.linear, .spot]
                ),
                speculators: 0
            )
        )
        var output = ExchangeOutput()
        exchange.advance(to: Timestamp(nanoseconds: minute + 5 * second), into: &output)
        exchange.activate(.candle(id))
        exchange.advance(to: Timestamp(nanoseconds: minute + 125 * second), into: &output)
        return output.events.compactMap { item in
            guard case .candles(id, let rows) = item.event else { return nil }
            for row in rows {
                #expect(row.timeMilliseconds == item.time.milliseconds)
                #expect(row.volume == .zero && row.open == row.close)
            }
            return Push(
                time: item.time.milliseconds - minute / millisecond,
                confirmed: rows.map(\.isConfirmed)
            )
        }
    }

    @Test func `a minute without trades is confirmed with the next, and nothing else is sent`()
        throws
    {
        let found = try pushes(InstrumentID(.linear, #require(Symbol("SOLUSDT"))))
        #expect(found.map(\.confirmed) == [[true, false], [true, false]])
        let first = try #require(found.first).time
        // At the listing's own moment of the second, which is not the whole one.
        #expect((60_001..<61_000).contains(first))
        #expect(found.last?.time == first + 60_000)
    }

    @Test func `a large coin's candle is sent again every fourth second`() throws {
        let found = try pushes(btc)
        let phase = try #require(found.first).time % 1_000
        let times = found.filter { $0.confirmed == [false] }.map(\.time)
        #expect(times.allSatisfy { ($0 - phase) % 4_000 == 0 })
        // Of 30 in two minutes those of two whole minutes come with a confirmed one.
        #expect(times.count == 28)
        #expect(found.count { $0.confirmed == [true, false] } == 2)
    }

    @Test func `a spot pair's rows are messages of their own, the new candle twice`() throws {
        let found = try pushes(InstrumentID(.spot, eth.symbol))
        let minute = found.prefix(3)
        #expect(minute.map(\.confirmed) == [[true], [false], [false]])
        let first = try #require(minute.first).time
        #expect(minute.map(\.time) == [first, first, first + 1_000])
        #expect(found.dropFirst(3).map(\.time) == minute.map { $0.time + 60_000 })
    }
}
