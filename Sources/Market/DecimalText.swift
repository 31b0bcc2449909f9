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
        // The first eighteen digits, which are all of most numbers, without 128-bit arithmetic.
        var small: UInt64 = 0
        var mantissa: Int128 = 0
        var digits = 0
        var decimals = 0
        var sawPoint = false
        var sawDigit = false
        while offset < text.count {
            let byte = text[offset]
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                sawDigit = true
                if digits > 0 || byte != UInt8(ascii: "0") { digits += 1 }
                if sawPoint { decimals += 1 }
                guard digits <= digitsMax, decimals <= digitsMax else { throw .tooLong }
                let digit = byte - UInt8(ascii: "0")
                if digits <= 18 {
                    small = small * 10 + UInt64(digit)
                } else {
                    if digits == 19 { mantissa = Int128(small) }
                    // The 39th digit is the first that an Int128 may not hold.
                    let (tens, over) = mantissa.multipliedReportingOverflow(by: 10)
                    let (sum, carry) = tens.addingReportingOverflow(Int128(digit))
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
        if digits <= 18 { mantissa = Int128(small) }
        return Number(
            mantissa: isNegative ? -mantissa : mantissa,
            decimals: decimals,
            isNegative: isNegative
        )
    }

    /// Bytes that the text of a number takes at most: 39 digits, a point and a sign.
    @inlinable public static var bytesMax: Int { 64 }

    /// `mantissa` × 10⁻ᵈᵉᶜⁱᵐᵃˡˢ with exactly that many decimals.
    public static func write(_ mantissa: Int128, decimals: Int) -> String {
        let capacity = bytesMax + (decimals <= 18 ? 0 : decimals)
        return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { text in
            let start = write(mantissa, decimals: decimals, into: text)
            return String(decoding: text[start...], as: UTF8.self)
        }
    }

    private static func write(
        _ mantissa: Int128,
        decimals: Int,
        into text: UnsafeMutableRawBufferPointer
    ) -> Int {
        let magnitude = mantissa.magnitude
        let isNegative = mantissa < 0
        guard decimals <= 18 else {
            return write(
                isNegative: isNegative,
                whole: magnitude,
                fraction: 0,
                decimals: 0,
                shiftedBy: decimals,
                into: text
            )
        }
        let scale = UInt64(PowerOfTen.int64(decimals))
        if let small = UInt64(exactly: magnitude) {
            let (whole, fraction) = small.quotientAndRemainder(dividingBy: scale)
            return write(
                isNegative: isNegative,
                whole: UInt128(whole),
                fraction: fraction,
                decimals: decimals,
                into: text
            )
        }
        let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: UInt128(scale))
        return write(
            isNegative: isNegative,
            whole: whole,
            fraction: UInt64(fraction),
            decimals: decimals,
            into: text
        )
    }

    /// Writes `whole`, a point and `fraction` with `decimals` digits, at most 18; no point without decimals.
    ///
    /// - Parameters:
    ///   - shift: digits of `whole` that stand after the point, for more decimals than a fraction holds.
    ///   - text: of ``bytesMax`` bytes, and `shift` more.
    /// - Returns: where in `text` it begins; it ends where that does.
    static func write(
        isNegative: Bool,
        whole: UInt128,
        fraction: UInt64,
        decimals: Int,
        shiftedBy shift: Int = 0,
        into text: UnsafeMutableRawBufferPointer
    ) -> Int {
        var at = text.count
        var rest = fraction
        for _ in 0..<decimals {
            at -= 1
            text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        if decimals > 0 {
            at -= 1
            text[at] = UInt8(ascii: ".")
        }
        // Nineteen digits at a time, since 128-bit division is slow.
        var high = whole
        var written = 0
        repeat {
            let part: UInt64
            if let small = UInt64(exactly: high) {
                part = small
                high = 0
            } else {
                let split = high.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
                part = UInt64(split.remainder)
                high = split.quotient
            }
            var digits = part
            var count = 0
            repeat {
                if shift > 0, written == shift {
                    at -= 1
                    text[at] = UInt8(ascii: ".")
                }
                at -= 1
                text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits % 10)
                digits /= 10
                count += 1
                written += 1
            } while digits != 0 || (high != 0 && count < 19) || (high == 0 && written <= shift)
        } while high != 0
        if isNegative {
            at -= 1
            text[at] = UInt8(ascii: "-")
        }
        return at
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
