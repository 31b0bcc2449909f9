/// A decimal number just as the exchange wrote it: digits, and how many of them stand after the point.
///
/// Decoding knows no instrument, so it cannot know a scale; it keeps `64123.50` as `6412350` with two
/// decimals, and the same text comes out again. The engine brings it to the instrument's scale.
///
/// - Range: 18 digits (`Int64`), up to 18 of them after the point.
/// - Source: every price and quantity of Bybit, which are JSON strings.
public struct Numeral: Sendable {
    /// All digits as one whole number, with the sign.
    public var mantissa: Int64
    /// Count of digits after the point, from 0 to 18.
    public var decimals: UInt8
    /// True for `-0`, `-0.00`: the one number whose sign the mantissa cannot hold.
    public var isNegativeZero: Bool

    @inlinable
    public init(mantissa: Int64, decimals: UInt8, isNegativeZero: Bool = false) {
        self.mantissa = mantissa
        self.decimals = decimals
        self.isNegativeZero = isNegativeZero
    }

    /// Zero without decimals.
    public static let zero = Numeral(mantissa: 0, decimals: 0)

    @inlinable
    public var isZero: Bool { mantissa == 0 }

    /// Reads decimal text such as `64123.50`, digit by digit.
    ///
    /// - Parameter text: ASCII digits with at most one point and a leading `-`; no exponent, no space.
    public init(text: UnsafeRawBufferPointer) throws(NumberError) {
        if let short = Numeral(short: text) {
            self = short
            return
        }
        let number = try DecimalText.read(text, digitsMax: 18)
        self.init(
            mantissa: Int64(number.mantissa),
            decimals: UInt8(number.decimals),
            isNegativeZero: number.isNegative && number.mantissa == 0
        )
    }

    /// The usual text, of at most 18 bytes: its digits cannot overflow, so that each needs no check.
    ///
    /// `nil` for any other text, which is then read with all checks.
    private init?(short text: UnsafeRawBufferPointer) {
        let count = text.count
        guard count > 0, count <= 18 else { return nil }
        var offset = text[0] == UInt8(ascii: "-") ? 1 : 0
        let isNegative = offset == 1
        var mantissa: Int64 = 0
        var point = -1
        let first = offset
        while offset < count {
            let digit = text[offset] &- UInt8(ascii: "0")
            if digit <= 9 {
                mantissa = mantissa &* 10 &+ Int64(digit)
            } else {
                guard text[offset] == UInt8(ascii: "."), point < 0, offset > first else {
                    return nil
                }
                point = offset
            }
            offset &+= 1
        }
        guard count > first, point != count - 1 else { return nil }
        self.init(
            mantissa: isNegative ? -mantissa : mantissa,
            decimals: point < 0 ? 0 : UInt8(truncatingIfNeeded: count - 1 - point),
            isNegativeZero: isNegative && mantissa == 0
        )
    }

    public init(text: String) throws(NumberError) {
        self = try DecimalText.withBytes(of: text) { bytes throws(NumberError) in
            try Numeral(text: bytes)
        }
    }

    /// The number in units of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ.
    ///
    /// - Throws: ``NumberError/tooFine(decimals:scale:)`` when digits would be lost (trailing zeros are not digits),
    ///   ``NumberError/overflow`` when it does not fit.
    @inlinable
    public func units(decimals scale: Int) throws(NumberError) -> Int64 {
        let own = Int(decimals)
        if own == scale { return mantissa }
        if own < scale {
            guard scale - own <= 18 else {
                if mantissa == 0 { return 0 }
                throw .overflow
            }
            let (units, overflow) = mantissa.multipliedReportingOverflow(
                by: PowerOfTen.int64(scale - own)
            )
            guard !overflow else { throw .overflow }
            return units
        }
        let (quotient, remainder) = mantissa.quotientAndRemainder(
            dividingBy: PowerOfTen.int64(own - scale)
        )
        guard remainder == 0 else { throw .tooFine(decimals: own, scale: scale) }
        return quotient
    }

    /// The same number without trailing zeros after the point; `-0` becomes `0`.
    public var trimmed: Numeral {
        var mantissa = mantissa
        var decimals = decimals
        while decimals > 0, mantissa % 10 == 0 {
            mantissa /= 10
            decimals -= 1
        }
        return Numeral(mantissa: mantissa, decimals: decimals)
    }
}

extension Numeral: Hashable {
    /// Equal as numbers: `90000`, `90000.0` and `90000.00` are one level of a book.
    @inlinable
    public static func == (left: Numeral, right: Numeral) -> Bool {
        if left.decimals == right.decimals { return left.mantissa == right.mantissa }
        let a = left.trimmed
        let b = right.trimmed
        return a.mantissa == b.mantissa && a.decimals == b.decimals
    }

    public func hash(into hasher: inout Hasher) {
        let trimmed = trimmed
        hasher.combine(trimmed.mantissa)
        hasher.combine(trimmed.decimals)
    }
}

extension Numeral {
    /// An amount with at most 8 decimals, half to even, zeros trimmed; the end of the range where it does not fit.
    public init(rounding amount: Amount) {
        let rest = PowerOfTen.int128(Amount.decimals - 8)
        let units =
            (try? FullWidth.multiplyDivide(amount.units, 1, by: rest, rounding: .halfEven)) ?? 0
        self = Numeral(mantissa: Int64(clamping: units), decimals: 8).trimmed
    }
}

extension Numeral: CustomStringConvertible {
    /// The text as it came: `isNegativeZero` and trailing zeros included.
    public var description: String {
        withText { String(decoding: $0, as: UTF8.self) }
    }

    /// Calls `body` with the text of ``description``, in memory that ends with the call.
    @inlinable
    public func withText<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: DecimalText.bytesMax, alignment: 1) { text in
            body(UnsafeRawBufferPointer(rebasing: text[write(into: text)...]))
        }
    }

    /// Writes the text at the end of `text` and says where it begins.
    @usableFromInline
    func write(into text: UnsafeMutableRawBufferPointer) -> Int {
        let (whole, fraction) = mantissa.magnitude.quotientAndRemainder(
            dividingBy: UInt64(PowerOfTen.int64(Int(decimals)))
        )
        return DecimalText.write(
            isNegative: mantissa < 0 || isNegativeZero,
            whole: UInt128(whole),
            fraction: fraction,
            decimals: Int(decimals),
            into: text
        )
    }
}
