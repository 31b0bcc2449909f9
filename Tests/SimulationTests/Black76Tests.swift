import Simulation
import Testing

/// Option prices against figures computed with 50 digits elsewhere (mpmath).
@Suite struct Black76Tests {
    struct Case: CustomTestStringConvertible {
        var isCall: Bool
        var forward: Int64
        var strike: Int64
        /// In 10⁻⁶ of a year and of one.
        var years: Int64
        var volatility: Int64
        /// In 10⁻¹².
        var price: Int64
        var delta: Int64
        var gamma: Int64
        var vega: Int64
        var theta: Int64

        var testDescription: String { "\(isCall ? "call" : "put") \(strike) of \(forward)" }
    }

    static let cases = [
        Case(
            isCall: true,
            forward: 65_000,
            strike: 65_000,
            years: 2_740,
            volatility: 450_000,
            price: 610_803_022_419_078,
            delta: 504_698_484_788,
            gamma: 260_542_630,
            vega: 13_572_772_909_704,
            theta: -305_356_854_782_852
        ),
        Case(
            isCall: false,
            forward: 65_000,
            strike: 60_000,
            years: 19_178,
            volatility: 520_000,
            price: 301_500_765_626_083,
            delta: -125_582_414_728,
            gamma: 44_121_413,
            vega: 18_590_145_200_277,
            theta: -69_049_406_669_915
        ),
        Case(
            isCall: true,
            forward: 65_000,
            strike: 75_000,
            years: 150_000,
            volatility: 480_000,
            price: 1_641_042_682_516_123,
            delta: 249_263_770_963,
            gamma: 26_256_770,
            vega: 79_873_093_758_326,
            theta: -35_012_863_017_348
        ),
        Case(
            isCall: false,
            forward: 1_900,
            strike: 2_500,
            years: 500_000,
            volatility: 700_000,
            price: 792_691_746_121_983,
            delta: -620_562_627_335,
            gamma: 404_681_180,
            vega: 5_113_146_706_746,
            theta: -980_603_478_006
        ),
        Case(
            isCall: true,
            forward: 100,
            strike: 100,
            years: 1_000_000,
            volatility: 200_000,
            price: 7_965_567_455_406,
            delta: 539_827_837_277,
            gamma: 19_847_627_374,
            vega: 396_952_547_477,
            theta: -10_875_412_260
        ),
        Case(
            isCall: true,
            forward: 65_000,
            strike: 90_000,
            years: 2_740,
            volatility: 450_000,
            price: 0,
            delta: 0,
            gamma: 0,
            vega: 0,
            theta: 0
        ),
    ]

    @Test(arguments: cases)
    func `prices and greeks are those of the table`(row: Case) {
        let option = Black76(
            isCall: row.isCall,
            forward: FixedPoint(row.forward),
            strike: FixedPoint(row.strike),
            years: FixedPoint(Int128(row.years), over: 1_000_000),
            volatility: FixedPoint(Int128(row.volatility), over: 1_000_000)
        )
        #expect(abs(option.price.rounded(decimals: 12) - row.price) <= 100)
        #expect(abs(option.delta.rounded(decimals: 12) - row.delta) <= 1)
        #expect(abs(option.gamma.rounded(decimals: 12) - row.gamma) <= 1)
        #expect(abs(option.vega.rounded(decimals: 12) - row.vega) <= 100)
        #expect(abs(option.theta.rounded(decimals: 12) - row.theta) <= 100)
    }

    @Test func `at its expiry an option is worth what exercising it brings`() {
        for (isCall, strike, worth) in [(true, 90, 10), (true, 110, 0), (false, 110, 10)] {
            let option = Black76(
                isCall: isCall,
                forward: FixedPoint(100),
                strike: FixedPoint(Int64(strike)),
                years: .zero,
                volatility: FixedPoint(1, over: 2)
            )
            #expect(option.price == FixedPoint(Int64(worth)))
            #expect(option.vega == .zero)
        }
    }

    @Test func `the price by itself is the one that stands among the greeks, to the last digit`() {
        for isCall in [true, false] {
            for strike: Int64 in [1, 30_000, 64_999, 65_000, 80_000, 900_000] {
                for years: Int128 in [-1, 0, 1, 2_740, 19_178, 1_000_000] {
                    for volatility: Int128 in [0, 10_000, 100_000, 450_000, 2_000_000] {
                        let years = FixedPoint(years, over: 1_000_000)
                        let volatility = FixedPoint(volatility, over: 1_000_000)
                        let all = Black76(
                            isCall: isCall,
                            forward: FixedPoint(65_000),
                            strike: FixedPoint(strike),
                            years: years,
                            volatility: volatility
                        )
                        let price = Black76.price(
                            isCall: isCall,
                            forward: FixedPoint(65_000),
                            strike: FixedPoint(strike),
                            years: years,
                            volatility: volatility
                        )
                        #expect(price == all.price)
                        #expect(price >= .zero)
                    }
                }
            }
        }
    }
}
