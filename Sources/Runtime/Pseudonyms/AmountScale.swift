import Market

/// A factor that amounts are multiplied by, as decimal text.
public struct AmountScale: Hashable, Sendable, CustomStringConvertible {
    private let mantissa: Int128
    private let decimals: Int
    /// As it was written.
    public let description: String

    /// - Parameter text: a decimal from 0.000001 to 1,000,000 with at most six places.
    public init?(_ text: String) {
        guard let read = AmountScale.read(Array(text.utf8)[...]), read.decimals <= 6,
            read.mantissa > 0,
            read.mantissa <= 1_000_000 * PowerOfTen.int128(read.decimals)
        else { return nil }
        mantissa = read.mantissa
        decimals = read.decimals
        description = text
    }

    /// The product, with as many places as the text had, and more where it needs more; past the 18 that an amount has it is
    /// rounded half to even.
    ///
    /// - Parameter text: of a JSON string or number.
    /// - Returns: `nil` where the text is no decimal number of at most 37 digits, or the product is past all amounts.
    func scaled(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let read = AmountScale.read(text) else { return nil }
        var (product, overflow) = read.mantissa.multipliedReportingOverflow(by: mantissa)
        guard !overflow else { return nil }
        var places = read.decimals + decimals
        while places > read.decimals, product % 10 == 0 {
            product /= 10
            places -= 1
        }
        let most = max(Amount.decimals, read.decimals)
        if places > most {
            let unit = PowerOfTen.int128(places - most)
            let (quotient, rest) = product.quotientAndRemainder(dividingBy: unit)
            let twice = 2 * rest.magnitude
            let isUp = twice > unit || twice == unit && quotient % 2 != 0
            product = quotient + (isUp ? product.signum() : 0)
            places = most
        }
        let room = PowerOfTen.int128(max(0, Amount.decimals - places))
        guard !product.multipliedReportingOverflow(by: room).overflow else { return nil }
        var digits = Array(String(product.magnitude).utf8)
        if places > 0 {
            while digits.count <= places { digits.insert(UInt8(ascii: "0"), at: 0) }
            digits.insert(UInt8(ascii: "."), at: digits.count - places)
        }
        if text.first == UInt8(ascii: "-") { digits.insert(UInt8(ascii: "-"), at: 0) }
        return digits
    }

    private static func read(_ text: ArraySlice<UInt8>) -> (mantissa: Int128, decimals: Int)? {
        var rest = text
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        guard !rest.isEmpty, rest.count <= 38 else { return nil }
        var mantissa: Int128 = 0
        var decimals: Int?
        var digits = 0
        for byte in rest {
            if byte == UInt8(ascii: "."), decimals == nil, digits > 0 {
                decimals = 0
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < 37 else {
                return nil
            }
            mantissa = mantissa * 10 + Int128(byte & 15)
            digits += 1
            if let places = decimals { decimals = places + 1 }
        }
        guard decimals != 0 else { return nil }
        return (isNegative ? -mantissa : mantissa, decimals ?? 0)
    }

    /// The same of what an order's parameter or a limit is written as: a number, or one for each symbol.
    func scaled(setting text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part -> String in
            let sides = part.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let value = sides.last, let product = scaled(Array(value.utf8)[...]) else {
                return String(part)
            }
            let new = String(decoding: product, as: UTF8.self)
            return sides.count == 2 ? sides[0] + "=" + new : new
        }.joined(separator: ",")
    }
}
