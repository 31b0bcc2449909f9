/// Decimal text to digits and back: the one place where numbers are read and written.
public enum DecimalText {
    public struct Number: Sendable {
        public var mantissa: Int128
        public var decimals: Int
        public var isNegative: Bool
    }

    /// Reads an optional `-`, digits, and at most one point with digits around it.
    ///
    /// Leading zeros do not count towards `digitsMax`, so `0.000000000000000001` has one digit.
    public static func read(
        _ text: UnsafeRawBufferPointer,
        digitsMax: Int
    ) throws(NumberError) -> Number {
        guard !text.isEmpty else { throw .empty }
        var offset = 0
        var isNegative = false
        if text[0] == UInt8(ascii: "-") {
            isNegative = true
            offset = 1
        }
        guard offset < text.count else { throw .unexpectedByte(offset: 0) }
        var mantissa: Int128 = 0
        var digits = 0
        var decimals = 0
        var sawPoint = false
        var sawDigit = false
        while offset < text.count {
            let byte = text[offset]
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                sawDigit = true
                if mantissa != 0 || byte != UInt8(ascii: "0") { digits += 1 }
                if sawPoint { decimals += 1 }
                guard digits <= digitsMax, decimals <= digitsMax else { throw .tooLong }
                if digits < 39 {
                    mantissa = mantissa * 10 + Int128(byte - UInt8(ascii: "0"))
                } else {
                    // The 39th digit is the first that an Int128 may not hold.
                    let (tens, over) = mantissa.multipliedReportingOverflow(by: 10)
                    let (sum, carry) = tens.addingReportingOverflow(
                        Int128(byte - UInt8(ascii: "0"))
                    )
                    guard !over, !carry else { throw .tooLong }
                    mantissa = sum
                }
            } else if byte == UInt8(ascii: "."), !sawPoint, sawDigit, offset + 1 < text.count {
                sawPoint = true
            } else {
                throw .unexpectedByte(offset: offset)
            }
            offset += 1
        }
        return Number(
            mantissa: isNegative ? -mantissa : mantissa,
            decimals: decimals,
            isNegative: isNegative
        )
    }

    /// `mantissa` × 10⁻ᵈᵉᶜⁱᵐᵃˡˢ with exactly that many decimals.
    public static func write(_ mantissa: Int128, decimals: Int) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(42)
        var rest = mantissa.magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            if digits.count == decimals, decimals > 0 {
                digits.append(UInt8(ascii: "."))
                if rest == 0 { digits.append(UInt8(ascii: "0")) }
            }
        } while rest != 0 || digits.count < decimals
        if mantissa < 0 { digits.append(UInt8(ascii: "-")) }
        digits.reverse()
        return String(decoding: digits, as: UTF8.self)
    }

    static func withBytes<Result>(
        of text: String,
        _ body: (UnsafeRawBufferPointer) throws(NumberError) -> Result
    ) throws(NumberError) -> Result {
        let bytes = Array(text.utf8)
        var outcome: Swift.Result<Result, NumberError>?
        bytes.withUnsafeBytes { buffer in
            do throws(NumberError) {
                outcome = .success(try body(buffer))
            } catch {
                outcome = .failure(error)
            }
        }
        guard let outcome else { throw .empty }
        return try outcome.get()
    }
}
