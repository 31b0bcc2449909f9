import Market

/// What a quantity at a price is worth: price × quantity in the quote coin, or, of an inverse contract, quantity ÷ price
/// in the base coin.
struct Valuation: Sendable {
    var scale: Scale
    var isInverse = false

    /// Inverse values are rounded half to even at 10⁻¹⁸; both sides of a fill have the same one.
    func worth(price: Int64, quantity: Int64) -> Amount {
        guard isInverse else { return scale.worth(price: price, quantity: quantity) }
        guard price > 0 else { return .zero }
        let units = try? FullWidth.multiplyDivide(
            Int128(quantity),
            PowerOfTen.int128(Amount.decimals + scale.priceDecimals - scale.quantityDecimals),
            by: Int128(price),
            rounding: .halfEven
        )
        return Amount(units: units ?? .max)
    }

    /// Average price of `quantity` worth `value`, 8 decimals, half to even; `nil` when there is none.
    func average(of value: Amount, quantity: Int64) -> Numeral? {
        guard isInverse else { return scale.average(of: value, quantity: quantity) }
        guard quantity != 0, value.units > 0 else { return nil }
        let mantissa = try? FullWidth.multiplyDivide(
            Int128(quantity.magnitude),
            PowerOfTen.int128(Amount.decimals + 8 - scale.quantityDecimals),
            by: value.units,
            rounding: .halfEven
        )
        guard let mantissa, let digits = Int64(exactly: mantissa) else { return nil }
        return Numeral(mantissa: digits, decimals: 8).trimmed
    }

    /// The price at which `quantity` > 0 is worth `value`, towards zero; `nil` when there is none.
    func price(ofValue value: Amount, quantity: Int64) -> Int64? {
        let priceUnits: Int128?
        if isInverse {
            guard value.units > 0 else { return nil }
            priceUnits = try? FullWidth.multiplyDivide(
                Int128(quantity),
                PowerOfTen.int128(Amount.decimals + scale.priceDecimals - scale.quantityDecimals),
                by: value.units,
                rounding: .towardZero
            )
        } else {
            let spare = Amount.decimals - scale.priceDecimals - scale.quantityDecimals
            guard spare >= 0, quantity > 0 else { return nil }
            priceUnits = try? FullWidth.multiplyDivide(
                value.units,
                1,
                by: Int128(quantity) * PowerOfTen.int128(spare),
                rounding: .towardZero
            )
        }
        guard let priceUnits else { return nil }
        return Int64(exactly: priceUnits)
    }
}
