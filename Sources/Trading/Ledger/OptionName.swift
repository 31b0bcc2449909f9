public import Market

/// What the name of an option says: `BTC-26DEC25-90000-C`, with `-USDT` after it where that is the settle coin.
public struct OptionName: Hashable, Sendable {
    public var strike: Numeral
    public var isCall: Bool

    /// `nil` for what is not named as an option.
    public init?(_ symbol: Symbol) {
        let parts = symbol.description.split(separator: "-")
        guard parts.count >= 4, parts[3] == "C" || parts[3] == "P" else { return nil }
        do throws(NumberError) {
            strike = try Numeral(text: String(parts[2]))
        } catch {
            return nil
        }
        isCall = parts[3] == "C"
    }

    /// What one option is worth when its underlying is delivered at `price`: never less than nothing.
    public func payoff(at price: Numeral) throws(NumberError) -> Numeral {
        let decimals = max(price.decimals, strike.decimals)
        let own = try price.units(decimals: Int(decimals))
        let other = try strike.units(decimals: Int(decimals))
        let (gain, overflow) =
            isCall
            ? own.subtractingReportingOverflow(other) : other.subtractingReportingOverflow(own)
        guard !overflow else { throw .overflow }
        return Numeral(mantissa: max(0, gain), decimals: decimals)
    }
}

/// The fees of options, which are the lesser of a rate on the underlying and a share of the price.
public enum OptionFee {
    /// min(rate × index, cap × price) × quantity, rounded half to even at 10⁻¹⁸.
    ///
    /// - Parameter cap: 0.07 now; 0.125 for delivery, and in older text.
    public static func trading(
        rate: Numeral,
        index: Numeral,
        cap: Numeral,
        price: Numeral,
        quantity: Numeral
    ) throws(NumberError) -> Amount {
        let byIndex = try Amount.value(rate, Amount(exactly: index))
        let byPrice = try Amount.value(cap, Amount(exactly: price))
        return try Amount.value(quantity, min(byIndex, byPrice))
    }
}
