/// An exact sum of money in one coin, counted in units of 10⁻¹⁸.
///
/// Fees, funding, P&L and balances. Prices and quantities are not amounts: they count in their instrument's
/// own scale (``Price``, ``Quantity``).
///
/// - Unit: `units == 1` is 10⁻¹⁸ of the coin.
/// - Range: ±1.7 × 10²⁰ of the coin; what goes beyond throws ``NumberError/overflow``.
public struct Amount: Hashable, Comparable, Sendable {
    // Two words, so that what holds amounts is aligned to 8 bytes: smaller, and its memory comes from plain `malloc`.
    @usableFromInline var low: UInt64
    @usableFromInline var high: Int64

    @inlinable
    public var units: Int128 {
        get { Int128(high) << 64 | Int128(low) }
        set { self = Amount(units: newValue) }
    }

    /// Decimals of an amount: 18.
    @inlinable public static var decimals: Int { 18 }
    @inlinable public static var zero: Amount { Amount(units: 0) }

    @inlinable
    public init(units: Int128) {
        low = UInt64(truncatingIfNeeded: units)
        high = Int64(truncatingIfNeeded: units >> 64)
    }

    /// Reads decimal text such as `-12.000000000000000001`.
    public init(text: UnsafeRawBufferPointer) throws(NumberError) {
        let number = try DecimalText.read(text, digitsMax: 39)
        if number.decimals <= Amount.decimals {
            let (units, overflow) = number.mantissa.multipliedReportingOverflow(
                by: PowerOfTen.int128(Amount.decimals - number.decimals)
            )
            guard !overflow else { throw .overflow }
            self.init(units: units)
        } else {
            let (units, rest) = number.mantissa.quotientAndRemainder(
                dividingBy: PowerOfTen.int128(number.decimals - Amount.decimals)
            )
            guard rest == 0 else {
                throw .tooFine(decimals: number.decimals, scale: Amount.decimals)
            }
            self.init(units: units)
        }
    }

    public init(text: String) throws(NumberError) {
        self = try DecimalText.withBytes(of: text) { bytes throws(NumberError) in
            try Amount(text: bytes)
        }
    }

    /// The number as an amount; always exact.
    public init(_ numeral: Numeral) throws(NumberError) {
        let (units, overflow) = Int128(numeral.mantissa).multipliedReportingOverflow(
            by: PowerOfTen.int128(Amount.decimals - Int(numeral.decimals))
        )
        guard !overflow else { throw .overflow }
        self.init(units: units)
    }

    @inlinable
    public static func == (left: Amount, right: Amount) -> Bool {
        (left.low ^ right.low) | UInt64(bitPattern: left.high ^ right.high) == 0
    }

    @inlinable
    public static func < (left: Amount, right: Amount) -> Bool { left.units < right.units }

    // In line: the sum is a few instructions, and a call of it several times as many.
    @inlinable @inline(__always)
    public func adding(_ other: Amount) throws(NumberError) -> Amount {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        // The lowest value has no opposite, so that it is out of range too.
        guard !overflow, sum != .min else { throw .overflow }
        return Amount(units: sum)
    }

    @inlinable @inline(__always)
    public func subtracting(_ other: Amount) throws(NumberError) -> Amount {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        guard !overflow, difference != .min else { throw .overflow }
        return Amount(units: difference)
    }

    @inlinable @inline(__always)
    public var negated: Amount { Amount(units: -units) }
    @inlinable @inline(__always)
    public var isZero: Bool { low | UInt64(bitPattern: high) == 0 }

    /// This amount × `numerator` ÷ `denominator`, rounded once.
    @inlinable
    public func scaled(
        by numerator: Int128,
        over denominator: Int128,
        rounding: Rounding
    ) throws(NumberError) -> Amount {
        Amount(
            units: try FullWidth.multiplyDivide(
                units,
                numerator,
                by: denominator,
                rounding: rounding
            )
        )
    }

    /// The amount with `decimals` (from 0 to 18) digits after the point.
    public func rounded(
        toDecimals decimals: Int,
        _ rounding: Rounding
    ) throws(NumberError) -> Amount {
        let step = PowerOfTen.int128(Amount.decimals - decimals)
        let count = try FullWidth.multiplyDivide(units, 1, by: step, rounding: rounding)
        let (units, overflow) = count.multipliedReportingOverflow(by: step)
        guard !overflow else { throw .overflow }
        return Amount(units: units)
    }
}

extension Amount: CustomStringConvertible {
    /// The exact number without trailing zeros: `0`, `-1.5`, `12.000000000000000001`.
    public var description: String { withText { String(decoding: $0, as: UTF8.self) } }

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
        let (whole, rest) = units.magnitude.quotientAndRemainder(
            dividingBy: 1_000_000_000_000_000_000
        )
        var fraction = UInt64(rest)
        var decimals = fraction == 0 ? 0 : Amount.decimals
        // Most amounts have few digits: eight zeros at once.
        while decimals > 8, fraction % 100_000_000 == 0 {
            fraction /= 100_000_000
            decimals -= 8
        }
        while decimals > 0, fraction % 10 == 0 {
            fraction /= 10
            decimals -= 1
        }
        return DecimalText.write(
            isNegative: units < 0,
            whole: whole,
            fraction: fraction,
            decimals: decimals,
            into: text
        )
    }
}
