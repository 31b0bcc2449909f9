import Market
import Testing

@Suite struct NumeralTests {
    @Test(
        arguments: [
            "0", "-0", "0.0", "-0.00", "1", "-1", "64123.50", "0.000000000000000001",
            "999999999999999999", "-999999999999999999", "0.10", "00012.5", "26000000000000",
            "0.0000000000001",
        ]
    )
    func `a numeral prints the text it was read from`(text: String) throws {
        // Leading zeros are the one thing that is not kept.
        let expected = text == "00012.5" ? "12.5" : text
        #expect(try Numeral(text: text).description == expected)
    }

    @Test(
        arguments: [
            ("", NumberError.empty),
            ("-", .unexpectedByte(offset: 0)),
            (".5", .unexpectedByte(offset: 0)),
            ("5.", .unexpectedByte(offset: 1)),
            ("+5", .unexpectedByte(offset: 0)),
            ("1e5", .unexpectedByte(offset: 1)),
            ("1.2.3", .unexpectedByte(offset: 3)),
            (" 1", .unexpectedByte(offset: 0)),
            ("1 ", .unexpectedByte(offset: 1)),
            ("--1", .unexpectedByte(offset: 1)),
            ("NaN", .unexpectedByte(offset: 0)),
            ("1,5", .unexpectedByte(offset: 1)),
            ("٣", .unexpectedByte(offset: 0)),
            ("1234567890123456789", .tooLong),
            ("1234567890123456789012345678901234567890", .tooLong),
            ("0.0000000000000000001", .tooLong),
        ]
    )
    func `text that is no numeral is refused with its reason`(text: String, reason: NumberError) {
        #expect(throws: reason) { try Numeral(text: text) }
    }

    @Test(
        arguments: [
            ("90000", "90000.00", true), ("90000.0", "90000.00", true), ("0", "-0", true),
            ("0.10", "0.1", true), ("0.1", "0.01", false), ("1", "-1", false),
        ]
    )
    func `numerals are equal as numbers`(left: String, right: String, isEqual: Bool) throws {
        let left = try Numeral(text: left)
        let right = try Numeral(text: right)
        #expect((left == right) == isEqual)
        #expect((Set([left, right]).count == 1) == isEqual)
    }

    @Test(
        arguments: [
            ("64123.50", 1, Int64(641_235)), ("64123.50", 2, 6_412_350),
            ("64123.50", 5, 6_412_350_000),
            ("-0.5", 1, -5), ("0", 18, 0), ("7", 0, 7), ("0.0000000000001", 13, 1),
        ]
    )
    func `a numeral counts exactly in a scale that holds it`(
        text: String,
        decimals: Int,
        units: Int64
    ) throws {
        #expect(try Numeral(text: text).units(decimals: decimals) == units)
    }

    @Test func `digits that the scale would lose are an error, trailing zeros are not`() throws {
        let numeral = try Numeral(text: "0.125")
        #expect(throws: NumberError.tooFine(decimals: 3, scale: 2)) {
            try numeral.units(decimals: 2)
        }
        #expect(try Numeral(text: "0.1200").units(decimals: 2) == 12)
    }

    @Test func `units that do not fit are an error`() throws {
        let large = try Numeral(text: "26000000000000")
        #expect(try large.units(decimals: 5) == 2_600_000_000_000_000_000)
        #expect(throws: NumberError.overflow) { try large.units(decimals: 6) }
        #expect(throws: NumberError.overflow) { try large.units(decimals: 40) }
    }

    @Test func `trimming drops zeros after the point only`() throws {
        let numeral = try Numeral(text: "1200.500")
        #expect(numeral.trimmed.description == "1200.5")
        #expect(try Numeral(text: "-0.00").trimmed.description == "0")
    }
}
