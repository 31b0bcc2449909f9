public import Market

/// What the exchange said of an account and its contracts that decides nothing: limits of risk, rates of fees, debts.
///
/// The engine's state has no part of it, so that no command can depend on it; it is folded beside the engine, from the
/// same records, for whoever shows the account.
public struct AccountFacts: Hashable, Sendable, Codable {
    /// What is owed of one coin, in the coin.
    public struct Debt: Hashable, Sendable, Codable {
        public var borrowed: Amount = .zero
        /// The part that was borrowed for spot.
        public var spotBorrowed: Amount = .zero
        /// Interest that has come up and was not taken yet.
        public var accruedInterest: Amount = .zero
        /// When the exchange said so, by its own clock, Unix milliseconds; 0 where it did not say when.
        var milliseconds: Int64 = 0

        public var isZero: Bool {
            borrowed.isZero && spotBorrowed.isZero && accruedInterest.isZero
        }
    }

    /// Lowest first.
    private var tiers = OrderedTable<InstrumentID, [MarginTerms.Tier]>()
    private var takerRates = OrderedTable<InstrumentID, Numeral>()
    /// By coin, the exchange's last word.
    public private(set) var debts = OrderedTable<String, Debt>()
    /// As the exchange names it; empty where it was not asked.
    private var marginModeName = ""
    /// Records before the first one taken said something, and no answer has told all coins since.
    private var isPartial: Bool

    /// - Parameter isPartial: whether the first record is one in the middle of a session.
    public init(isPartial: Bool = false) { self.isPartial = isPartial }

    /// What is owed of a coin; `nil` where that was said before the first record, if at all.
    public func debt(of coin: String) -> Debt? { debts[coin] ?? (isPartial ? nil : Debt()) }

    /// How positions are backed; cross where the exchange did not say, `nil` where margins follow no formula (portfolio
    /// margin).
    public var marginMode: MarginMode? {
        switch marginModeName {
        case "ISOLATED_MARGIN": .isolated
        case "PORTFOLIO_MARGIN": nil
        default: .cross
        }
    }

    /// What a contract's margins are made of; `nil` where tiers or fee rate are not known.
    public func terms(of instrument: InstrumentID) -> MarginTerms? {
        guard let tiers = tiers[instrument], !tiers.isEmpty, let rate = takerRates[instrument]
        else { return nil }
        return MarginTerms(tiers: tiers, takerRate: rate)
    }

    /// Takes in one record; all but wallets and answers are passed over.
    public mutating func take(_ event: Event) {
        switch event.kind {
        case .wallets: take(event.wallets, event.exchangeMilliseconds)
        case .reply: take(event.reply, event)
        default: break
        }
    }

    private mutating func take(_ reply: Reply, _ event: Event) {
        guard reply.isSuccess else { return }
        switch reply.endpoint {
        case .riskLimits:
            if let category = Desk.category(of: reply) { takeLimits(event.details, category) }
        // What a bot asks may be of another account.
        case .wallet where !reply.isCarried:
            isPartial = false
            take(event.wallets, event.exchangeMilliseconds)
        case .feeRates where !reply.isCarried:
            if let category = Desk.category(of: reply) { takeRates(event.details, category) }
        case .accountInfo where !reply.isCarried:
            for case .account(let account) in event.details { marginModeName = account.marginMode }
        default: break
        }
    }

    private mutating func take(_ rows: [WalletUpdate], _ milliseconds: Int64) {
        for row in rows {
            var debt = debts[row.coin] ?? Debt()
            // An answer may come behind a push that is newer.
            guard milliseconds == 0 || milliseconds >= debt.milliseconds else { continue }
            debt.borrowed = row.borrowed ?? .zero
            debt.spotBorrowed = row.spotBorrowed ?? .zero
            debt.accruedInterest = row.accruedInterest ?? .zero
            debt.milliseconds = milliseconds
            debts[row.coin] = debt
        }
    }

    private mutating func takeRates(_ details: [Detail], _ category: Category) {
        for case .feeRate(let row) in details {
            guard let symbol = Symbol(row.symbol), let rate = row.takerRate else { continue }
            takerRates[InstrumentID(category, symbol)] = rate
        }
    }
}

// MARK: Limits of risk

extension AccountFacts {
    private struct Told: Hashable, Sendable, Codable {
        var tiers: [MarginTerms.Tier] = []
        /// Some tier lacks a figure: the others say nothing then.
        var isBroken = false
    }

    /// The tiers of a contract stand in one answer; a newer answer takes the place of an older.
    private mutating func takeLimits(_ details: [Detail], _ category: Category) {
        var told = OrderedTable<InstrumentID, Told>()
        for case .riskLimit(let row) in details {
            let place = told.index(of: InstrumentID(category, row.symbol), orInsert: Told())
            if let tier = AccountFacts.tier(row) {
                told.values[place].tiers.append(tier)
            } else {
                told.values[place].isBroken = true
            }
        }
        for place in told.keys.indices {
            tiers[told.keys[place]] =
                told.values[place].isBroken
                ? nil : told.values[place].tiers.sorted { $0.limit < $1.limit }
        }
    }

    /// One tier, its rate as a fraction: some answers have percent points, which initial margin × leverage tells, 1 of a
    /// fraction and 100 of percent points.
    ///
    /// - Returns: `nil` where a figure is missing or past all bounds.
    private static func tier(_ row: RiskLimit) -> MarginTerms.Tier? {
        guard let limit = row.value, var rate = row.maintenanceMargin,
            let initial = row.initialMargin, let leverage = row.leverageMax, rate.mantissa >= 0,
            initial.mantissa > 0, leverage.mantissa > 0
        else { return nil }
        do throws(NumberError) {
            let unit = try Amount.value(initial, Amount(exactly: leverage))
            if unit > Amount(units: 10 * PowerOfTen.int128(Amount.decimals)) {
                guard rate.decimals <= 16 else { return nil }
                rate.decimals += 2
            }
        } catch {
            return nil
        }
        return MarginTerms.Tier(limit: Amount(exactly: limit), maintenanceRate: rate)
    }
}
