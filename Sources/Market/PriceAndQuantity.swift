/// An exact price, counted in units of 10⁻ᵈ of the quote coin, where d is ``Instrument/priceDecimals``.
///
/// Spread combinations have negative prices.
public struct Price: Hashable, Comparable, Sendable {
    public var units: Int64

    @inlinable
    public init(units: Int64) { self.units = units }

    @inlinable
    public static func < (left: Price, right: Price) -> Bool { left.units < right.units }

    /// The price as text with the scale's decimals.
    public func text(decimals: Int) -> String {
        DecimalText.write(Int128(units), decimals: decimals)
    }
}

/// An exact quantity, counted in units of 10⁻ᵈ, where d is ``Instrument/quantityDecimals``.
///
/// - Unit: base coin; US dollars (contracts) for inverse.
/// - Range: signed where it is a position (short is negative), otherwise ≥ 0.
public struct Quantity: Hashable, Comparable, Sendable {
    public var units: Int64

    @inlinable
    public init(units: Int64) { self.units = units }

    public static let zero = Quantity(units: 0)

    @inlinable
    public static func < (left: Quantity, right: Quantity) -> Bool { left.units < right.units }

    public func text(decimals: Int) -> String {
        DecimalText.write(Int128(units), decimals: decimals)
    }
}

/// The scale in which an instrument counts: decimals of its prices and of its quantities.
public struct Scale: Hashable, Sendable {
    public var priceDecimals: Int
    public var quantityDecimals: Int

    @inlinable
    public init(priceDecimals: Int, quantityDecimals: Int) {
        self.priceDecimals = priceDecimals
        self.quantityDecimals = quantityDecimals
    }

    public func price(_ numeral: Numeral) throws(NumberError) -> Price {
        Price(units: try numeral.units(decimals: priceDecimals))
    }

    public func quantity(_ numeral: Numeral) throws(NumberError) -> Quantity {
        Quantity(units: try numeral.units(decimals: quantityDecimals))
    }

    public func numeral(_ price: Price) -> Numeral {
        Numeral(mantissa: price.units, decimals: UInt8(priceDecimals))
    }

    public func numeral(_ quantity: Quantity) -> Numeral {
        Numeral(mantissa: quantity.units, decimals: UInt8(quantityDecimals))
    }

    /// Price × quantity as an amount of the quote coin: the value of a linear order, fill or position.
    ///
    /// Exact while the two scales together have at most 18 decimals, which is true of every instrument listed;
    /// beyond that the product is rounded half to even at 10⁻¹⁸.
    public func value(_ price: Price, _ quantity: Quantity) throws(NumberError) -> Amount {
        let product = Int128(price.units) * Int128(quantity.units)
        let decimals = priceDecimals + quantityDecimals
        if decimals <= Amount.decimals {
            let (units, overflow) = product.multipliedReportingOverflow(
                by: PowerOfTen.int128(Amount.decimals - decimals)
            )
            guard !overflow else { throw .overflow }
            return Amount(units: units)
        }
        return Amount(
            units: try FullWidth.multiplyDivide(
                product,
                1,
                by: PowerOfTen.int128(decimals - Amount.decimals),
                rounding: .halfEven
            )
        )
    }
}
