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
    /// After a reversal the rest keeps the old entry price.
    case reversalPrice = "reversal-price"
    /// A funding row moves the position as a fill does.
    case fundingFill = "funding-fill"
    /// The leg of a spread combination is counted twice.
    case doubleLeg = "double-leg"
    /// Extra fees (taxes) are left out.
    case extraFee = "extra-fee"
    /// The fee of a fill that opens is taken twice.
    case openingFee = "opening-fee"
    /// A spot fee is taken from the other coin of the pair.
    case spotFeeCoin = "spot-fee-coin"
}

/// A position in one instrument, and what it has earned: exact sums in the settle coin.
///
/// It keeps the value of the open part and never an average price, so that no rounding gathers. Increasing adds the
/// fill's value (``Valuation``). Reducing by q of a size s releases value × q ÷ s, rounded half to even at 10⁻¹⁸, and
/// realises the difference from the fill's value. Through zero, the rest opens at the price of the fill.
public struct Position: Hashable, Sendable, Codable {
    /// Signed: short is negative.
    ///
    /// Base coin; US dollars for inverse.
    public internal(set) var size: Amount = .zero
    /// Σ value of the open part's fills; ≥ 0 while prices are.
    public internal(set) var entryValue: Amount = .zero
    /// P&L of the open part that session settlements have paid out already.
    public internal(set) var settled: Amount = .zero
    /// Gross P&L of closed parts, and of session settlements: neither fees nor funding are in it.
    public internal(set) var realised: Amount = .zero
    /// Positive is paid.
    ///
    /// Spot fees taken in the base coin count at the price of their fill.
    public internal(set) var fees: Amount = .zero
    /// Positive is paid.
    public internal(set) var funding: Amount = .zero
    /// Realised − fees − funding when what is held now was opened: what came since is its own (``earned()``).
    public internal(set) var earnedBefore: Amount = .zero
    public internal(set) var valuation = Valuation.linear
    /// A part of it was there before the recording began, whose opening fee is not known; false again once it was flat.
    public internal(set) var isOpening = false

    public init() {}

    /// Also as checkpoints of before behaviour version 7 have it: what had been earned before counts as nothing then.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        size = try values.decode(Amount.self, forKey: .size)
        entryValue = try values.decode(Amount.self, forKey: .entryValue)
        settled = try values.decode(Amount.self, forKey: .settled)
        realised = try values.decode(Amount.self, forKey: .realised)
        fees = try values.decode(Amount.self, forKey: .fees)
        funding = try values.decode(Amount.self, forKey: .funding)
        earnedBefore = try values.decodeIfPresent(Amount.self, forKey: .earnedBefore) ?? .zero
        valuation = try values.decode(Valuation.self, forKey: .valuation)
        isOpening = try values.decode(Bool.self, forKey: .isOpening)
    }

    init(_ valuation: Valuation) { self.valuation = valuation }

    /// A position that was there before the recording.
    init(size: Amount, entryValue: Amount, valuation: Valuation = .linear) {
        self.size = size
        self.entryValue = entryValue
        self.valuation = valuation
        isOpening = !size.isZero
    }

    /// The position that the exchange lists when a session begins: at its entry price and, of contracts with session
    /// settlements, with what these have paid out of it.
    init(opening row: PositionUpdate, _ terms: ContractTerms) throws(NumberError) {
        let held = Amount(exactly: row.size)
        var value = Amount.zero
        if let price = row.entryPrice, !held.isZero, !price.isZero {
            value = try terms.valuation.value(price, held)
        }
        self.init(
            size: row.side == .sell ? held.negated : held,
            entryValue: value,
            valuation: terms.valuation
        )
        guard SessionHistory.keeps(terms), !isFlat, let price = row.sessionPrice, !price.isZero
        else { return }
        settled = try gain(from: value, to: try valuation.value(price, held))
        // It has earned that, though not in this ledger's sight.
        earnedBefore = settled.negated
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
        let held = Int128(size.units.magnitude)
        return valuation == .linear
            ? Position.quotient(entryValue.units, held) : Position.quotient(held, entryValue.units)
    }

    /// The entry price as of the last session settlement; the entry price itself where there was none.
    public var sessionPrice: Amount? {
        guard !settled.isZero else { return entryPrice }
        do {
            let isGain = (size.units > 0) == (valuation == .linear)
            let value = try entryValue.adding(isGain ? settled : settled.negated)
            return Position(size: size, entryValue: value, valuation: valuation).entryPrice
        } catch {
            return nil
        }
    }

    private static func quotient(_ value: Int128, _ size: Int128) -> Amount? {
        do {
            let count = try FullWidth.multiplyDivide(
                value,
                PowerOfTen.int128(8),
                by: size,
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
        let value = try valuation.value(price, Amount(units: Int128(size.units.magnitude)))
        return try gain(from: entryValue, to: value).subtracting(settled)
    }

    /// What a part earns whose value was `entry` and is `exit`.
    private func gain(from entry: Amount, to exit: Amount) throws(NumberError) -> Amount {
        // A long inverse position gains when its value in the base coin falls.
        let isRising = (size.units > 0) == (valuation == .linear)
        return isRising ? try exit.subtracting(entry) : try entry.subtracting(exit)
    }

    /// Books a fill and returns the P&L that it realised.
    ///
    /// On an error nothing is changed.
    /// - Parameter value: of the whole quantity at the price, where the caller has it.
    mutating func fill(
        _ side: Side,
        _ quantity: Amount,
        at price: Numeral,
        value: Amount? = nil,
        fault: LedgerFault = .none
    ) throws(NumberError) -> Amount {
        let whole: Amount
        if let value { whole = value } else { whole = try valuation.value(price, quantity) }
        var next = self
        let gained = try next.book(side, quantity, price, whole, fault)
        if !gained.isZero { next.realised = try next.realised.adding(gained) }
        self = next
        return gained
    }

    /// The same of a copy of the caller's own, which an error may leave half changed; ``realised`` stays.
    mutating func book(
        _ side: Side,
        _ quantity: Amount,
        _ price: Numeral,
        _ value: Amount,
        _ fault: LedgerFault
    ) throws(NumberError) -> Amount {
        let signed = side == .buy ? quantity : quantity.negated
        let isIncrease = size.isZero || (size.units > 0) == (side == .buy)
        if isIncrease {
            size = try size.adding(signed)
            entryValue = try entryValue.adding(value)
            return .zero
        }
        let held = Int128(size.units.magnitude)
        let closed = min(held, quantity.units)
        let paid =
            closed == quantity.units
            ? value : try valuation.value(price, Amount(units: closed))
        let released = try Position.part(entryValue, closed, of: held)
        let paidOut = settled.isZero ? .zero : try Position.part(settled, closed, of: held)
        let realised = try gain(from: fault == .entryPrice ? paid : released, to: paid)
            .subtracting(paidOut)
        if closed == held {
            // The rest, which may be nothing, opens at the price of the fill.
            let rest = Amount(units: quantity.units - closed)
            entryValue =
                fault == .reversalPrice
                ? try Position.part(entryValue, rest.units, of: held)
                : rest.isZero ? .zero : try valuation.value(price, rest)
            size = side == .buy ? rest : rest.negated
            settled = .zero
            isOpening = false
        } else {
            size = try size.adding(signed)
            entryValue = try entryValue.subtracting(released)
            settled = try settled.subtracting(paidOut)
        }
        return realised
    }

    /// The open parts of both are the same, so that a fill does the same to both.
    func holdsAs(_ other: Position) -> Bool {
        size == other.size && entryValue == other.entryValue && settled == other.settled
            && isOpening == other.isOpening && valuation == other.valuation
    }

    /// Takes over the open part; what was earned and paid stays.
    mutating func hold(as other: Position) {
        size = other.size
        entryValue = other.entryValue
        settled = other.settled
        isOpening = other.isOpening
    }

    /// Realised − fees − funding of what is held now, from its opening on.
    public func earned() throws(NumberError) -> Amount {
        try realised.subtracting(fees).subtracting(funding).subtracting(earnedBefore)
    }

    /// A fill that met a position of this size has opened what is held now: from flat, or through zero.
    func isOpened(from before: Amount) -> Bool {
        !size.isZero && (before.isZero || (before.units < 0) != (size.units < 0))
    }

    /// Notes that a fill has opened what is held now, if it has.
    ///
    /// To be called when all that the fill did is booked. Of its fee the part that opened belongs to what is held now.
    /// - Parameters:
    ///   - before: the size that the fill met.
    ///   - quantity: of the fill.
    mutating func noteOpening(
        from before: Amount,
        by quantity: Amount,
        fee: Amount
    ) throws(NumberError) {
        guard isOpened(from: before) else { return }
        let opened = quantity.units - Int128(before.units.magnitude)
        let own = before.isZero ? fee : try Position.part(fee, opened, of: quantity.units)
        earnedBefore = try realised.subtracting(fees).adding(own).subtracting(funding)
    }

    /// Pays out what the open part has earned at this price; the entry price stays.
    mutating func settleSession(at price: Numeral) throws(NumberError) -> Amount {
        let earned = try unrealised(at: price)
        let paid = try settled.adding(earned)
        realised = try realised.adding(earned)
        settled = paid
        return earned
    }

    /// The whole × part ÷ of, half to even at 10⁻¹⁸.
    private static func part(
        _ whole: Amount,
        _ part: Int128,
        of size: Int128
    ) throws(NumberError) -> Amount {
        if part == size { return whole }
        // Quantities have far fewer digits than amounts: without the zeros the product mostly fits 128 bits.
        if let short = billions(part), let held = billions(size) {
            return try whole.scaled(by: short, over: held, rounding: .halfEven)
        }
        return try whole.scaled(by: part, over: size, rounding: .halfEven)
    }

    /// A count that is not negative ÷ 10⁹, where that comes out even; `nil` elsewhere.
    ///
    /// Without a division of 128 bits: 10⁹ is 2⁹ × 5⁹, and an exact quotient by an odd number is the product with its inverse
    /// modulo 2¹²⁸. Of what does not come out even that product is past the largest quotient that there can be.
    static func billions(_ count: Int128) -> Int128? {
        guard count >= 0, count & 0x1ff == 0 else { return nil }
        let quotient = (UInt128(count) >> 9) &* 0x9715_7d37_2fb9_787e_8e47_ce42_3a2e_9c6d
        guard quotient <= 174_224_571_863_520_493_293_247_799_005_065 else { return nil }
        return Int128(quotient)
    }
}

extension Amount {
    /// Price × quantity, rounded half to even at 10⁻¹⁸ where it does not come out even.
    public static func value(_ price: Numeral, _ quantity: Amount) throws(NumberError) -> Amount {
        if price.decimals == 0 {
            let (units, overflow) = quantity.units.multipliedReportingOverflow(
                by: Int128(price.mantissa)
            )
            guard !overflow, units != .min else { throw .overflow }
            return Amount(units: units)
        }
        return try quantity.scaled(
            by: Int128(price.mantissa),
            over: PowerOfTen.int128(Int(price.decimals)),
            rounding: .halfEven
        )
    }

    /// Price × quantity: exact, and without a division, while its digits fit; `nil` where they do not.
    static func product(_ price: Numeral, _ quantity: Numeral) -> Amount? {
        let decimals = Int(price.decimals) + Int(quantity.decimals)
        guard decimals <= Amount.decimals else { return nil }
        let (short, isLong) = price.mantissa.multipliedReportingOverflow(by: quantity.mantissa)
        if !isLong { return Amount(short, zeros: Amount.decimals - decimals) }
        // 18 digits each: their product is below 10³⁶.
        let (units, overflow) = (Int128(price.mantissa) * Int128(quantity.mantissa))
            .multipliedReportingOverflow(by: PowerOfTen.int128(Amount.decimals - decimals))
        return overflow || units == .min ? nil : Amount(units: units)
    }

    /// Price × quantity × rate, likewise.
    static func product(_ price: Numeral, _ quantity: Numeral, _ rate: Numeral) -> Amount? {
        let decimals = Int(price.decimals) + Int(quantity.decimals) + Int(rate.decimals)
        guard decimals <= Amount.decimals else { return nil }
        let (pair, isLong) = price.mantissa.multipliedReportingOverflow(by: quantity.mantissa)
        if !isLong {
            let (short, isLonger) = pair.multipliedReportingOverflow(by: rate.mantissa)
            if !isLonger { return Amount(short, zeros: Amount.decimals - decimals) }
        }
        let value = Int128(price.mantissa) * Int128(quantity.mantissa)
        let (digits, isTooLong) = value.multipliedReportingOverflow(by: Int128(rate.mantissa))
        let (units, overflow) = digits.multipliedReportingOverflow(
            by: PowerOfTen.int128(Amount.decimals - decimals)
        )
        return isTooLong || overflow || units == .min ? nil : Amount(units: units)
    }

    /// Digits with so many zeros behind them, from 0 to 18: below 2⁶³ × 10¹⁸, which always fits.
    @inline(__always)
    init(_ digits: Int64, zeros: Int) {
        let wide = digits.multipliedFullWidth(by: PowerOfTen.int64(zeros))
        self.init(units: Int128(wide.high) << 64 | Int128(wide.low))
    }

    /// The distance between two amounts; `nil` when it does not fit.
    func distance(to other: Amount) -> Amount? {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        return overflow || difference == .min ? nil : Amount(units: abs(difference))
    }
}
