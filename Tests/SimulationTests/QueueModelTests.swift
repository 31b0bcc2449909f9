import Market
import Testing

@testable import Simulation

@Suite struct QueueModelTests {
    @Test(
        arguments: [
            // Front, back, what left, and how much of it was ahead.
            (QueueModel.riskAverse, 100 as Int64, 50 as Int64, 40 as Int64, 0 as Int64),
            (.riskAverse, 100, 50, 70, 20),
            (.riskAverse, 100, 0, 30, 30),
            (.riskAverse, 0, 50, 30, 0),
            // b² ÷ (b² + f²) = 2,500 ÷ 12,500 = 1/5 behind.
            (.power(hundredths: 200), 100, 50, 40, 32),
            // b ÷ (b + f) = 1/3 behind of 30.
            (.power(hundredths: 100), 100, 50, 30, 20),
            // No more can have been behind than was there: 1/2 of 90 is 45.
            (.power(hundredths: 200), 100, 100, 90, 45),
            // 100² ÷ (100² + 10²) of 60 is 59.4; 1 ahead.
            (.power(hundredths: 200), 10, 100, 60, 1),
            // ln 101 ÷ (ln 101 + ln 101).
            (.logarithmic, 100, 100, 50, 25),
            // All of it.
            (.logarithmic, 30, 20, 50, 30),
        ] as [(QueueModel, Int64, Int64, Int64, Int64)]
    )
    func `a decrease is shared as worked out by hand`(
        model: QueueModel,
        front: Int64,
        back: Int64,
        decrease: Int64,
        ahead: Int64
    ) {
        #expect(model.ahead(of: decrease, front: front, back: back) == ahead)
    }

    @Test func `what is taken fits what is there, for every model and size`() {
        var chance = Chance(seed: 3)
        let models: [QueueModel] = [
            .riskAverse, .logarithmic, .power(hundredths: 1), .power(hundredths: 250),
            .power(hundredths: 1_000),
        ]
        for _ in 0..<2_000 {
            let front = chance.below(1 << chance.below(50))
            let back = chance.below(1 << chance.below(50))
            let decrease = chance.below(front + back + 1)
            for model in models {
                let ahead = model.ahead(of: decrease, front: front, back: back, step: 10)
                #expect((0...front).contains(ahead), "\(model) \(front) \(back) \(decrease)")
                #expect((0...back).contains(decrease - ahead), "\(model) \(front) \(back)")
            }
        }
    }

    @Test(
        arguments: [
            // f, b, n in hundredths, and bⁿ ÷ (bⁿ + fⁿ) in 10⁻¹⁵, worked out with 40 digits.
            (3 as Int64, 7 as Int64, 200, 844_827_586_206_897 as Int128),
            (7, 3, 150, 219_095_220_234_407),
            (1_000_000, 1, 100, 999_999_000),
        ] as [(Int64, Int64, Int, Int128)]
    )
    func `the power function keeps its stated error`(
        front: Int64,
        back: Int64,
        hundredths: Int,
        expected: Int128
    ) {
        let share = QueueModel.power(hundredths: hundredths).behind(front: front, back: back)
        #expect(abs(share.units / 1_000 - expected) <= 1)
    }

    @Test func `the words of a model are read back`() {
        for text in ["risk-averse", "log", "power=2", "power=2.50", "power=0.05"] {
            #expect(QueueModel(text: text)?.description == text)
        }
        for text in ["", "power=", "power=0", "power=10.01", "power=-1", "power=1.234", "fifo"] {
            #expect(QueueModel(text: text) == nil, "\(text)")
        }
    }

    @Test func `latency is interpolated between acknowledgements`() {
        let model = LatencyModel.recorded([
            .init(time: 100, entry: 10, response: 20), .init(time: 200, entry: 30, response: 10),
        ])
        #expect(model.at(0) == (10, 20))
        #expect(model.at(150) == (20, 15))
        #expect(model.at(175) == (25, 13))
        #expect(model.at(500) == (30, 10))
        #expect(model.multiplied(by: 5).at(150) == (100, 75))
        #expect(model.median == .constant(entry: 30, response: 20))
    }
}
