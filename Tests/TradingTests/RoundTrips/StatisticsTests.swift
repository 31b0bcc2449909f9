import Market
import Testing

@testable import Trading

/// What a set of round trips says, against sums done by hand and by a slow square root.
@Suite struct StatisticsTests {
    private func trips(_ nets: [String]) throws -> [RoundTrip] {
        try nets.enumerated().map { place, net in
            let second = Int64(place) * 10_000_000_000
            var trip = RoundTrip(
                TripKey(instrument: Bench.id("BTCUSDT")),
                .flat,
                number: Int64(place) + 1,
                isLong: true,
                at: TripMoment(
                    sequence: SequenceNumber(UInt64(place) * 2 + 1),
                    time: Timestamp(nanoseconds: second)
                )
            )
            trip.state = .closed
            trip.closed = TripMoment(
                sequence: SequenceNumber(UInt64(place) * 2 + 2),
                time: Timestamp(nanoseconds: second + 4_000_000_000)
            )
            trip.realised = try Amount(text: net)
            trip.entryValue = try Amount(text: "100")
            trip.exitValue = try Amount(text: "101")
            trip.fills = 2
            return trip
        }
    }

    @Test func `five trades come out as by hand`() throws {
        let all = try RoundTripStatistics(trips(["10", "-5", "20", "-10", "5"]))
        #expect(all.trips == 5)
        #expect(all.net.description == "20")
        #expect(all.winRate?.description == "0.6")
        #expect(all.profitFactor?.description == "2.333333")
        #expect(all.expectancy?.description == "4")
        #expect(all.averageWin?.description == "11.666666666666666667")
        #expect(all.averageLoss?.description == "-7.5")
        #expect(all.turnover.description == "1005")
        #expect(all.averageHeld == 4_000_000_000)
        // Open 20 of 44 seconds.
        #expect(all.exposure?.description == "0.454545")
        // 4 ÷ √142.5, and 4 ÷ 5.
        #expect(abs(try #require(all.sharpe).millionths - 335_083) <= 3)
        #expect(abs(try #require(all.sortino).millionths - 800_000) <= 3)
        #expect(all.drawdown.description == "10")
        #expect(all.drawdownFrom == Timestamp(nanoseconds: 24_000_000_000))
        #expect(all.drawdownTo == Timestamp(nanoseconds: 34_000_000_000))
    }

    @Test func `a fall that no gain came before began with the first trip`() throws {
        let all = try RoundTripStatistics(trips(["-5", "-5"]))
        #expect(all.drawdown.description == "10")
        #expect(all.drawdownFrom == Timestamp(nanoseconds: 0))
        #expect(all.drawdownTo == Timestamp(nanoseconds: 14_000_000_000))
    }

    @Test func `without losses, spread or trips there is no ratio rather than a wrong one`() throws
    {
        let wins = try RoundTripStatistics(trips(["1", "1"]))
        #expect(wins.profitFactor == nil)
        #expect(wins.sortino == nil)
        #expect(wins.sharpe == nil)
        let none = try RoundTripStatistics([])
        #expect(none.winRate == nil)
        #expect(none.expectancy == nil)
        #expect(none.exposure == nil)
    }

    @Test func `trips that are open, cut or of a fee alone are left out`() throws {
        var all = try trips(["1", "2", "3", "4"])
        all[0].state = .open
        all[1].state = .cut
        all[2].fills = 0
        #expect(try RoundTripStatistics(all).net.description == "4")
    }

    @Test func `ratios are within their stated error of floating point's`() throws {
        var random = Random(seed: 3)
        for count in [2, 7, 300] {
            var nets: [Amount] = []
            for _ in 0..<count {
                let size = Int128(random.next(1 << 40)) * 1_000_003
                nets.append(Amount(units: random.next(5) < 2 ? -size : size))
            }
            let values = nets.map { Double($0.units) }
            let mean = values.reduce(0, +) / Double(count)
            let spread = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count - 1)
            let below = values.map { min($0, 0) * min($0, 0) }.reduce(0, +) / Double(count)
            let (sharpe, sortino) = RoundTripStatistics.quality(nets)
            let ours = try #require(sharpe)
            #expect(abs(Double(ours.millionths) / 1e6 - mean / spread.squareRoot()) < 3e-6)
            if below > 0 {
                let ours = try #require(sortino)
                #expect(abs(Double(ours.millionths) / 1e6 - mean / below.squareRoot()) < 3e-6)
            }
        }
    }

    @Test func `the square root of whole numbers is the largest that fits`() {
        let values: [UInt128] = [0, 1, 2, 3, 4, 8, 9, 15, 16, 1 << 80, (1 << 100) - 1]
        for value in values {
            let root = RoundTripStatistics.squareRoot(value)
            #expect(root * root <= value && (root + 1) * (root + 1) > value)
        }
    }
}
