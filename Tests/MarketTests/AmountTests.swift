import Market
import Testing

@Suite struct AmountTests {
    @Test(
        arguments: [
            ("0", "0"), ("-0.0", "0"), ("1", "1"), ("-1.50", "-1.5"),
            ("12.000000000000000001", "12.000000000000000001"),
            (
                "170141183460469231731.687303715884105727",
                "170141183460469231731.687303715884105727"
            ),
            ("0.1000000000000000000000", "0.1"),
        ]
    )
    func `an amount prints exactly and without trailing zeros`(text: String, printed: String) throws
    {
        #expect(try Amount(text: text).description == printed)
    }

    @Test(
        arguments: [
            ("0.0000000000000000001", NumberError.tooFine(decimals: 19, scale: 18)),
            ("170141183460469231731.687303715884105728", .tooLong),
            ("170141183460469231732", .overflow),
            ("1234567890123456789012345678901234567890", .tooLong),
            ("", .empty),
            ("1.", .unexpectedByte(offset: 1)),
        ]
    )
    func `text that fits no amount is refused with its reason`(text: String, reason: NumberError) {
        #expect(throws: reason) { try Amount(text: text) }
    }

    @Test func `sums that do not fit are errors and never wrap`() throws {
        let most = Amount(units: .max)
        let one = Amount(units: 1)
        #expect(throws: NumberError.overflow) { try most.adding(one) }
        #expect(throws: NumberError.overflow) { try most.negated.subtracting(one) }
        #expect(try most.subtracting(one).adding(one) == most)
        #expect(most.negated.negated == most)
    }

    @Test func `any numeral becomes an amount exactly`() throws {
        for text in ["999999999999999999", "0.000000000000000001", "-64123.50"] {
            let numeral = try Numeral(text: text)
            #expect(try Amount(numeral) == Amount(text: text))
        }
    }

    @Test(
        arguments: [
            ("1", 1, 3, "0.333333333333333333"), ("2", 1, 3, "0.666666666666666667"),
            ("-2", 1, 3, "-0.666666666666666667"), ("1", 7, 1, "7"), ("0.5", -2, 4, "-0.25"),
        ]
    )
    func `scaling rounds once at the last decimal`(
        text: String,
        numerator: Int,
        denominator: Int,
        result: String
    ) throws {
        let scaled = try Amount(text: text).scaled(
            by: Int128(numerator),
            over: Int128(denominator),
            rounding: .halfEven
        )
        #expect(scaled.description == result)
    }

    @Test(
        arguments: [
            ("0.125", 2, Rounding.halfEven, "0.12"), ("0.135", 2, .halfEven, "0.14"),
            ("0.125", 2, .halfUp, "0.13"), ("-0.125", 2, .halfUp, "-0.13"),
            ("0.129", 2, .towardZero, "0.12"), ("-0.129", 2, .towardZero, "-0.12"),
            ("90330.8823529411", 6, .halfEven, "90330.882353"), ("5", 0, .halfEven, "5"),
        ]
    )
    func `rounding to decimals follows its rule`(
        text: String,
        decimals: Int,
        rounding: Rounding,
        result: String
    ) throws {
        let rounded = try Amount(text: text).rounded(toDecimals: decimals, rounding)
        #expect(rounded.description == result)
    }
}

@Suite struct FullWidthTests {
    @Test func `a product of 256 bits is divided without loss`() throws {
        let wide = Int128.max - 6
        #expect(try FullWidth.multiplyDivide(wide, wide, by: wide, rounding: .halfEven) == wide)
        #expect(
            try FullWidth.multiplyDivide(wide, -wide, by: wide, rounding: .halfEven) == -wide
        )
    }

    @Test(
        arguments: [
            (5, 1, 2, Rounding.halfEven, 2), (7, 1, 2, .halfEven, 4), (5, 1, 2, .halfUp, 3),
            (-5, 1, 2, .halfEven, -2), (-7, 1, 2, .halfEven, -4), (-5, 1, 2, .halfUp, -3),
            (9, 1, 10, .towardZero, 0), (-9, 1, 10, .towardZero, 0), (1, 1, -2, .halfUp, -1),
            (3, 5, 4, .halfEven, 4), (0, 5, 4, .halfUp, 0),
        ]
    )
    func `quotients round by their rule`(
        a: Int,
        b: Int,
        divisor: Int,
        rounding: Rounding,
        result: Int
    ) throws {
        let quotient = try FullWidth.multiplyDivide(
            Int128(a),
            Int128(b),
            by: Int128(divisor),
            rounding: rounding
        )
        #expect(quotient == Int128(result))
    }

    @Test func `a quotient that does not fit and a division by zero are errors`() {
        #expect(throws: NumberError.overflow) {
            try FullWidth.multiplyDivide(.max, 2, by: 1, rounding: .halfEven)
        }
        #expect(throws: NumberError.overflow) {
            try FullWidth.multiplyDivide(.max, .max, by: 1, rounding: .halfEven)
        }
        #expect(throws: NumberError.divisionByZero) {
            try FullWidth.multiplyDivide(1, 1, by: 0, rounding: .halfEven)
        }
    }
}
