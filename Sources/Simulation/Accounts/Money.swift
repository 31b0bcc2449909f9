import Market

extension Amount {
    /// The largest amount that is told apart.
    static let greatest = Amount(units: .max)

    /// `units` × 10⁻ᵈᵉᶜⁱᵐᵃˡˢ as an amount, the nearest end of the range where it does not fit.
    static func scaledClamping(_ units: Int128, decimals: Int) -> Amount {
        if decimals <= Amount.decimals {
            let (result, overflow) = units.multipliedReportingOverflow(
                by: PowerOfTen.int128(Amount.decimals - decimals)
            )
            if overflow { return units < 0 ? Amount(units: -.max) : greatest }
            return Amount(units: result)
        }
        return Amount(units: units / PowerOfTen.int128(decimals - Amount.decimals))
    }

    /// The sum, held at the end of the range.
    ///
    /// Deposits are at most 10¹⁵ and an order's value at most 10¹² of a coin, so that the range of 10²⁰ is out of
    /// reach of every account; a fill that has happened cannot be refused for its sum.
    func plus(_ other: Amount) -> Amount {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        if overflow { return other.units < 0 ? Amount(units: -.max) : Amount.greatest }
        return Amount(units: sum)
    }

    func minus(_ other: Amount) -> Amount { plus(other.negated) }

    /// This amount × `numerator` ÷ `denominator`, half to even, held at the end of the range.
    func times(_ numerator: Int128, over denominator: Int128) -> Amount {
        guard denominator != 0 else { return .zero }
        if let exact = try? scaled(by: numerator, over: denominator, rounding: .halfEven) {
            return exact
        }
        return (units < 0) != (numerator < 0) ? Amount(units: -.max) : Amount.greatest
    }

    /// This amount × a rate such as 0.00055.
    func times(_ rate: Numeral) -> Amount {
        times(Int128(rate.mantissa), over: PowerOfTen.int128(Int(rate.decimals)))
    }
}

extension Scale {
    /// Price × quantity in the quote coin, held at the end of the range.
    func worth(price: Int64, quantity: Int64) -> Amount {
        let exact = try? value(Price(units: price), Quantity(units: quantity))
        return exact
            ?? ((price < 0) != (quantity < 0) ? Amount(units: -.max) : Amount.greatest)
    }

    /// `value` ÷ `quantity` with 8 decimals, half to even, trailing zeros trimmed; `nil` when the
    /// quantity is zero.
    func average(of value: Amount, quantity: Int64) -> Numeral? {
        guard quantity != 0 else { return nil }
        let divisor = Int128(quantity.magnitude) * PowerOfTen.int128(Amount.decimals - 8)
        let mantissa = try? FullWidth.multiplyDivide(
            value.units,
            PowerOfTen.int128(quantityDecimals),
            by: divisor,
            rounding: .halfEven
        )
        guard let mantissa, let digits = Int64(exactly: mantissa) else { return nil }
        return Numeral(mantissa: digits, decimals: 8).trimmed
    }
}
