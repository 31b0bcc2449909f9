public import Market

/// What the margin of a contract is made of: the tiers of its risk limit, and the fee of closing.
///
/// - Source: `market/risk-limit`, `account/fee-rate`; the rules are of 2025-09-02.
public struct MarginTerms: Hashable, Sendable {
    /// One tier of the risk limit: positions up to this value need this share of it.
    public struct Tier: Hashable, Sendable, Codable {
        /// Largest value of a position in this tier, in the coin of its value.
        public var limit: Amount
        /// Fraction of the value.
        public var maintenanceRate: Numeral

        public init(limit: Amount, maintenanceRate: Numeral) {
            self.limit = limit
            self.maintenanceRate = maintenanceRate
        }
    }

    /// Lowest first.
    public var tiers: [Tier]
    /// Fraction of the value that a taker pays.
    public var takerRate: Numeral

    public init(tiers: [Tier], takerRate: Numeral) {
        self.tiers = tiers
        self.takerRate = takerRate
    }

    /// The tier of a position's value, and what is taken off so that the margin has no step between tiers.
    ///
    /// Deduction of tier n = limit(n − 1) × (rate(n) − rate(n − 1)) + deduction(n − 1); of the first, nothing.
    /// - Returns: `nil` without tiers; past the last limit the last tier.
    public func tier(
        of value: Amount
    ) throws(NumberError) -> (rate: Numeral, deduction: Amount)? {
        guard var rate = tiers.first?.maintenanceRate else { return nil }
        var deduction = Amount.zero
        for place in tiers.indices.dropFirst() where value > tiers[place - 1].limit {
            let below = try Amount.value(rate, tiers[place - 1].limit)
            rate = tiers[place].maintenanceRate
            let above = try Amount.value(rate, tiers[place - 1].limit)
            deduction = try deduction.adding(above).subtracting(below)
        }
        return (rate, deduction)
    }
}

/// How an account backs its positions.
public enum MarginMode: String, Hashable, Sendable {
    /// The whole account backs each position; margins are taken at the mark price.
    case cross
    /// Each position has its own margin, taken at its entry price; USDT contracts.
    case isolated
}

/// Initial and maintenance margin of one position, in its settle coin.
///
/// - Source: reference §9.6. What stands there as unverified, the fee term of cross margin, makes the figure an estimate.
public struct PositionMargins: Hashable, Sendable {
    public var initial: Amount
    /// `nil` where the tiers of the risk limit are not known.
    public var maintenance: Amount?
    public var isEstimate: Bool

    /// - Parameters:
    ///   - leverage: above zero.
    ///   - terms: `nil` where they are not known: then there is no fee term, and no maintenance margin.
    /// - Returns: `nil` when flat.
    public init?(
        _ position: Position,
        mark: Numeral,
        leverage: Numeral,
        mode: MarginMode = .cross,
        terms: MarginTerms?
    ) throws(NumberError) {
        guard !position.size.isZero, leverage.mantissa > 0 else { return nil }
        let size = Amount(units: Int128(position.size.units.magnitude))
        let atMark = try position.valuation.value(mark, size)
        let atEntry = position.entryValue
        let tier = try terms?.tier(of: atMark)
        switch mode {
        case .cross:
            // The fee of closing at the mark; by which price the exchange takes it is not verified.
            let fee = try terms.map { terms throws(NumberError) in
                try Amount.value(terms.takerRate, atMark)
            }
            initial = try PositionMargins.divided(atMark, by: leverage).adding(fee ?? .zero)
            maintenance = try tier.map { tier throws(NumberError) in
                try Amount.value(tier.rate, atMark).subtracting(tier.deduction)
                    .adding(fee ?? .zero)
            }
            isEstimate = true
        case .isolated:
            // E × (1 ∓ 1 ÷ leverage) is the price of bankruptcy: − for a long position, + for a short one.
            let part = try PositionMargins.divided(atEntry, by: leverage)
            let bankrupt =
                position.size.units > 0
                ? try atEntry.subtracting(part) : try atEntry.adding(part)
            let fee = try terms.map { terms throws(NumberError) in
                try Amount.value(terms.takerRate, bankrupt)
            }
            initial = try part.adding(fee ?? .zero)
            maintenance = try tier.map { tier throws(NumberError) in
                try Amount.value(tier.rate, atMark).subtracting(tier.deduction)
                    .adding(fee ?? .zero)
            }
            // The reference gives the formula for USDT contracts.
            isEstimate = terms == nil || position.valuation == .inverse
        }
    }

    /// Half to even at 10⁻¹⁸.
    private static func divided(
        _ value: Amount,
        by leverage: Numeral
    ) throws(NumberError) -> Amount {
        try value.scaled(
            by: PowerOfTen.int128(Int(leverage.decimals)),
            over: Int128(leverage.mantissa),
            rounding: .halfEven
        )
    }
}

extension Position {
    /// The price at which closing leaves nothing, its own costs so far and the fee of closing included; linear contracts.
    ///
    /// (E × qty − realised) ÷ (qty − |qty| × max(taker rate, 0.00055)), qty signed; half to even at 8 decimals. What is
    /// realised is that of what is held now (``earned()``), less fees and funding; what sessions have paid of the open part
    /// is paid back when it closes at E.
    /// - Returns: `nil` when flat, and for inverse contracts, for which the reference has no formula.
    public func breakEven(takerRate: Numeral) throws(NumberError) -> Amount? {
        guard !size.isZero, valuation == .linear else { return nil }
        let least = Numeral(mantissa: 55, decimals: 5)
        let rate = Amount(exactly: max(takerRate, least, by: Position.isLess))
        let held = Amount(units: Int128(size.units.magnitude))
        let share = try held.scaled(
            by: rate.units,
            over: PowerOfTen.int128(Amount.decimals),
            rounding: .halfEven
        )
        let below = try size.subtracting(share)
        let cost = size.units > 0 ? entryValue : entryValue.negated
        let above = try cost.subtracting(try earned().subtracting(settled))
        let count = try FullWidth.multiplyDivide(
            above.units,
            PowerOfTen.int128(8),
            by: below.units,
            rounding: .halfEven
        )
        return try Amount(units: count).scaled(
            by: PowerOfTen.int128(10),
            over: 1,
            rounding: .halfEven
        )
    }

    private static func isLess(_ left: Numeral, _ right: Numeral) -> Bool {
        Amount(exactly: left) < Amount(exactly: right)
    }
}

private func max(_ a: Numeral, _ b: Numeral, by isLess: (Numeral, Numeral) -> Bool) -> Numeral {
    isLess(a, b) ? b : a
}

extension Optional {
    /// `map` with a typed error.
    fileprivate func map<Result>(
        _ transform: (Wrapped) throws(NumberError) -> Result
    ) throws(NumberError) -> Result? {
        guard let self else { return nil }
        return try transform(self)
    }
}
