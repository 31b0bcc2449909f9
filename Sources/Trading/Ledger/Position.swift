public import Market

/// A fault put into the ledger on purpose, so that tests can show that the comparison with the exchange finds it.
public enum LedgerFault: String, Hashable, Sendable, Codable, CaseIterable {
    case none
    /// Fees are booked with the opposite sign.
    case feeSign = "fee-sign"
    /// Funding is booked with the opposite sign.
    case fundingSign = "funding-sign"
    /// A part that is closed is released at the price of the fill instead of at its entry value.
    case entryPrice = "entry-price"
}

/// A linear position in one instrument, and what it has earned: exact sums in the settle coin.
///
/// It keeps the value paid for the open part and never an average price, so that no rounding gathers. Increasing
/// adds price × quantity. Reducing by q of a size s releases value × q ÷ s, rounded half to even at 10⁻¹⁸, and
/// realises sign × (q × price − released). Through zero, the rest opens at the price of the fill.
public struct Position: Hashable, Sendable, Codable {
    /// Signed: short is negative.
    ///
    /// Base coin.
    public internal(set) var size: Amount = .zero
    /// Σ price × quantity of the open part; ≥ 0 while prices are.
    public internal(set) var entryValue: Amount = .zero
    /// Gross P&L of closed parts: neither fees nor funding are in it.
    public internal(set) var realised: Amount = .zero
    /// Positive is paid.
    public internal(set) var fees: Amount = .zero
    /// Positive is paid.
    public internal(set) var funding: Amount = .zero

    public init() {}

    /// A position that was there before the recording.
    init(size: Amount, entryValue: Amount) {
        self.size = size
        self.entryValue = entryValue
    }

    public var isFlat: Bool { size.isZero }

    /// The signed size in an instrument's quantity scale; `nil` when it has finer digits than that.
    public func size(in scale: Scale) -> Quantity? {
        let step = PowerOfTen.int128(Amount.decimals - scale.quantityDecimals)
        let (units, rest) = size.units.quotientAndRemainder(dividingBy: step)
        guard rest == 0, let exact = Int64(exactly: units) else { return nil }
        return Quantity(units: exact)
    }

    /// Average price of the open part, half to even at 8 decimals as the exchange prints it; `nil` when flat.
    public var entryPrice: Amount? {
        guard !size.isZero else { return nil }
        do {
            let count = try FullWidth.multiplyDivide(
                entryValue.units,
                PowerOfTen.int128(8),
                by: Int128(size.units.magnitude),
                rounding: .halfEven
            )
            let (units, overflow) = count.multipliedReportingOverflow(by: PowerOfTen.int128(10))
            return overflow ? nil : Amount(units: units)
        } catch {
            return nil
        }
    }

    /// What closing at this price would realise.
    public func unrealised(at price: Numeral) throws(NumberError) -> Amount {
        guard !size.isZero else { return .zero }
        let value = try Amount.value(price, Amount(units: Int128(size.units.magnitude)))
        let gain = try value.subtracting(entryValue)
        return size.units > 0 ? gain : gain.negated
    }

    /// Books a fill and returns the P&L that it realised.
    ///
    /// On an error nothing is changed.
    mutating func fill(
        _ side: Side,
        _ quantity: Amount,
        at price: Numeral,
        fault: LedgerFault = .none
    ) throws(NumberError) -> Amount {
        var next = self
        let gained = try next.book(side, quantity, at: price, fault: fault)
        next.realised = try next.realised.adding(gained)
        self = next
        return gained
    }

    private mutating func book(
        _ side: Side,
        _ quantity: Amount,
        at price: Numeral,
        fault: LedgerFault
    ) throws(NumberError) -> Amount {
        let signed = side == .buy ? quantity : quantity.negated
        let isIncrease = size.isZero || (size.units > 0) == (side == .buy)
        if isIncrease {
            size = try size.adding(signed)
            entryValue = try entryValue.adding(try Amount.value(price, quantity))
            return .zero
        }
        let held = Int128(size.units.magnitude)
        let closed = min(held, quantity.units)
        let paid = try Amount.value(price, Amount(units: closed))
        var released = try entryValue.scaled(by: closed, over: held, rounding: .halfEven)
        if fault == .entryPrice { released = paid }
        let gain = try paid.subtracting(released)
        let realised = size.units > 0 ? gain : gain.negated
        if closed == held {
            // The rest, which may be nothing, opens at the price of the fill.
            let rest = Amount(units: quantity.units - closed)
            size = side == .buy ? rest : rest.negated
            entryValue = try Amount.value(price, rest)
        } else {
            size = try size.adding(signed)
            entryValue = try entryValue.subtracting(released)
        }
        return realised
    }
}

extension Amount {
    /// Price × quantity, rounded half to even at 10⁻¹⁸ where it does not come out even.
    public static func value(_ price: Numeral, _ quantity: Amount) throws(NumberError) -> Amount {
        try quantity.scaled(
            by: Int128(price.mantissa),
            over: PowerOfTen.int128(Int(price.decimals)),
            rounding: .halfEven
        )
    }

    /// The distance between two amounts; `nil` when it does not fit.
    func distance(to other: Amount) -> Amount? {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        return overflow || difference == .min ? nil : Amount(units: abs(difference))
    }
}
