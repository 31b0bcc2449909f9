import Market
import Simulation
import Testing

/// Tables computed with 70 decimal digits and rounded to 18.
@Suite struct FixedPointTests {
    struct Row: Sendable {
        var argument: String
        var units: Int128

        init(_ argument: String, _ units: Int128) {
            self.argument = argument
            self.units = units
        }

        var x: FixedPoint { get throws { FixedPoint(units: try Amount(text: argument).units) } }
    }

    static let expTable: [Row] = [
        Row("0", 1_000_000_000_000_000_000),
        Row("1", 2_718_281_828_459_045_235),
        Row("-1", 367_879_441_171_442_322),
        Row("0.5", 1_648_721_270_700_128_147),
        Row("-0.5", 606_530_659_712_633_424),
        Row("0.000000000000000001", 1_000_000_000_000_000_001),
        Row("0.346573590279972655", 1_414_213_562_373_095_049),
        Row("0.346573590279972654", 1_414_213_562_373_095_048),
        Row("2.302585092994045684", 10_000_000_000_000_000_000),
        Row("10", 22_026_465_794_806_716_516_958),
        Row("-10", 45_399_929_762_485),
        Row("20.25", 622_964_442_198_445_483_653_938_291),
        Row("-20.25", 1_605_228_055),
        Row("30", 10_686_474_581_524_462_146_990_468_650_741),
        Row("40", 235_385_266_837_019_985_407_899_910_749_034_805),
        Row("45.9", 85_924_441_778_990_522_451_732_792_607_119_564_019),
        Row("-30", 93_576),
        Row("-41", 2),
        Row("3.141592653589793238", 23_140_692_632_779_268_995),
        Row("-0.123456789012345678", 883_859_832_875_249_948),
    ]

    static let lnTable: [Row] = [
        Row("1", 0),
        Row("2", 693_147_180_559_945_309),
        Row("0.5", -693_147_180_559_945_309),
        Row("0.000001", -13_815_510_557_964_274_104),
        Row("1.000000000000000001", 1),
        Row("0.999999999999999999", -1),
        Row("1.414213562373095049", 346_573_590_279_972_655),
        Row("1.41421356237309505", 346_573_590_279_972_656),
        Row("0.707106781186547524", -346_573_590_279_972_655),
        Row("2.718281828459045235", 1_000_000_000_000_000_000),
        Row("10", 2_302_585_092_994_045_684),
        Row("1000000", 13_815_510_557_964_274_104),
        Row("90000.123", 11_407_566_315_978_134_897),
        Row("123456789012345678.9", 39_354_667_603_214_429_189),
        Row("0.000000000000001", -34_538_776_394_910_685_260),
        Row("3.333333333333333333", 1_203_972_804_325_935_993),
    ]

    static let sqrtTable: [Row] = [
        Row("0", 0),
        Row("1", 1_000_000_000_000_000_000),
        Row("2", 1_414_213_562_373_095_049),
        Row("0.25", 500_000_000_000_000_000),
        Row("0.000000000000000001", 1_000_000_000),
        Row("10", 3_162_277_660_168_379_332),
        Row("90000", 300_000_000_000_000_000_000),
        Row("123456789.987654321", 11_111_111_104_999_999_998_875),
        Row("100000000000000000000", 10_000_000_000_000_000_000_000_000_000),
        Row("0.5", 707_106_781_186_547_524),
        Row("3", 1_732_050_807_568_877_294),
        Row("0.000000000001", 1_000_000_000_000),
    ]

    static let erfTable: [Row] = [
        Row("0", 0),
        Row("0.000000000000001", 1_128),
        Row("0.1", 112_462_916_018_284_892),
        Row("0.25", 276_326_390_168_236_933),
        Row("0.5", 520_499_877_813_046_538),
        Row("0.7071067811865475", 682_689_492_137_085_880),
        Row("1", 842_700_792_949_714_869),
        Row("1.5", 966_105_146_475_310_727),
        Row("2", 995_322_265_018_952_734),
        Row("2.5", 999_593_047_982_555_041),
        Row("3", 999_977_909_503_001_415),
        Row("3.5", 999_999_256_901_627_659),
        Row("4", 999_999_984_582_742_100),
        Row("5", 999_999_999_998_462_540),
        Row("5.9", 999_999_999_999_999_928),
        Row("6", 999_999_999_999_999_978),
        Row("-0.5", -520_499_877_813_046_538),
        Row("-1.25", -922_900_128_256_458_230),
        Row("-3", -999_977_909_503_001_415),
    ]
    /// Distance from the table in units of 10⁻¹⁸.
    private func distance(_ value: FixedPoint, _ row: Row) -> Int128 {
        abs(value.units - row.units)
    }

    @Test(arguments: expTable)
    func `exp stays within its error`(_ row: Row) throws {
        let bound = max(10, row.units / 10_000_000_000_000_000)
        #expect(distance(FixedPoint.exp(try row.x), row) <= bound)
    }

    @Test(arguments: lnTable)
    func `ln stays within its error`(_ row: Row) throws {
        #expect(distance(FixedPoint.ln(try row.x), row) <= 20)
    }

    @Test(arguments: sqrtTable)
    func `sqrt stays within its error`(_ row: Row) throws {
        #expect(distance(FixedPoint.sqrt(try row.x), row) <= 1)
    }

    @Test(arguments: erfTable)
    func `erf stays within its error`(_ row: Row) throws {
        #expect(distance(FixedPoint.erf(try row.x), row) <= 100)
    }

    @Test func `functions hold at the ends of their ranges`() {
        #expect(FixedPoint.exp(FixedPoint(46)) == .greatest)
        #expect(FixedPoint.exp(FixedPoint(-42)) == .zero)
        #expect(FixedPoint.exp(.greatest) == .greatest)
        #expect(FixedPoint.exp(-.greatest) == .zero)
        #expect(FixedPoint.ln(.zero) == -.greatest)
        #expect(FixedPoint.sqrt(-.one) == .zero)
        #expect(FixedPoint.sqrt(.greatest) > FixedPoint(13_000_000_000))
        #expect(FixedPoint.erf(FixedPoint(6)) == .one)
        #expect(FixedPoint.erf(-.greatest) == -.one)
        #expect(FixedPoint.greatest + .one == .greatest)
        #expect(FixedPoint.greatest * FixedPoint(-2) == -.greatest)
        #expect(FixedPoint.one / .zero == .zero)
    }

    @Test func `exp and ln undo each other, and roots square back`() {
        var chance = TestChance(seed: 5)
        for _ in 0..<2_000 {
            let x = FixedPoint(Int128(chance.below(40_000_000)) - 20_000_000, over: 1_000_000)
            let back = FixedPoint.ln(FixedPoint.exp(x))
            // Below zero the 18 decimals of exp x are what limits.
            let slack = x.units < 0 ? 2 * (FixedPoint.one / FixedPoint.exp(x)).units : 0
            #expect(abs(back.units - x.units) <= 200 + slack)
            let square = FixedPoint(Int128(chance.below(1_000_000_000)), over: 1_000)
            let root = FixedPoint.sqrt(square)
            #expect((root * root).units <= square.units)
            #expect(abs((root * root).units - square.units) <= 2_100)
        }
    }

    @Test func `the normal distribution is symmetric and rises`() {
        var last = FixedPoint.zero
        for step in -80...80 {
            let x = FixedPoint(Int128(step), over: 10)
            let value = FixedPoint.normal(x)
            #expect(value >= last)
            #expect(abs((value + FixedPoint.normal(-x)).units - FixedPoint.unit) <= 1)
            last = value
        }
    }
}
