public import Market

/// An account as it stands at one record: wallets, positions, what they are worth, what they need.
///
/// Of the ledger and the market alone; the exchange's own figures stand beside ours where it told them. A figure that the
/// protocol reference does not give for certain is marked: ``Coin/isEstimate``, ``Holding/isEstimate``.
public struct AccountView: Sendable {
    /// The price that open positions are valued at.
    public enum Valued: String, Hashable, Sendable, CaseIterable {
        /// The mark price, as the exchange does; the last price where there is no mark.
        case mark
        /// The price of the last trade; the mark where there was none.
        case last
    }

    /// One coin of the account; amounts in the coin.
    public struct Coin: Hashable, Sendable {
        public var coin: String
        /// Opening balance and all flows since; `nil` until the opening is known.
        public var balance: Amount?
        /// The exchange's last word on the same.
        public var told: Amount?
        public var opening: Amount?
        /// Flows since the opening by kind; positive is received.
        public var flows: FlowSums
        /// What the exchange says is owed of the coin; `nil` where it is not known, and then equity is an estimate.
        public var debt: AccountFacts.Debt?
        /// Of contracts that settle in the coin; without options, whose value is in ``optionValue``.
        public var unrealised: Amount
        public var optionValue: Amount
        /// balance − borrowed for spot + unrealised + option value.
        public var equity: Amount?
        /// Of positions; what open orders hold is not in it.
        public var initialMargin: Amount?
        public var maintenanceMargin: Amount?
        /// (balance + unrealised) − maintenance margin: what can be lost before the exchange takes over.
        public var distance: Amount?
        /// Some price was missing, or a figure rests on an unverified rule.
        public var isEstimate: Bool
    }

    /// One position of the account.
    public struct Holding: Hashable, Sendable {
        public var instrument: InstrumentID
        /// 0 one-way, 1 long, 2 short.
        public var positionIndex: Int
        public var settleCoin: String
        /// Signed: short is negative.
        public var size: Amount
        /// Average entry, the average cost of spot; half to even at 8 decimals.
        public var entryPrice: Amount?
        /// As of the last session settlement; the entry price where there was none.
        public var sessionPrice: Amount?
        /// The price it is valued at; `nil` where none is known.
        public var price: Numeral?
        /// |size| at that price, in the coin of its value.
        public var value: Amount?
        public var unrealised: Amount?
        public var realised: Amount
        /// Positive is paid.
        public var fees: Amount
        /// Positive is paid.
        public var funding: Amount
        /// The exchange's last word; `nil` where it gave none (spot, portfolio margin).
        public var leverage: Numeral?
        public var initialMargin: Amount?
        public var maintenanceMargin: Amount?
        public var breakEvenPrice: Amount?
        /// The price at which the coin's maintenance margin is its margin balance, all else equal.
        ///
        /// Cross margin; linear and inverse contracts; `nil` where no such price is above zero.
        public var liquidationPrice: Amount?
        /// It, or a part of it, was there when the session began.
        public var isOpening: Bool
        /// Margins, break-even or liquidation rest on an unverified rule or lack a fee rate.
        public var isEstimate: Bool
    }

    /// Sorted.
    public var coins: [Coin] = []
    /// Sorted by instrument, then index; flat ones are left out.
    public var holdings: [Holding] = []
}

extension Engine {
    /// The account at the record in hand.
    ///
    /// - Parameters:
    ///   - valued: see ``AccountView/Valued``.
    ///   - facts: tiers and fee rates of contracts, debts, margin mode; without tiers and rate of a contract it has no
    ///     maintenance margin and no liquidation price.
    public func account(
        valued: AccountView.Valued = .mark,
        facts: AccountFacts = AccountFacts()
    ) -> AccountView {
        AccountView(desk.ledger, facts: facts) { desk.markets.price($0, valued) }
    }
}

extension MarketStates {
    /// The price that a position is valued at.
    func price(_ instrument: InstrumentID, _ valued: AccountView.Valued) -> Numeral? {
        guard let state = states[instrument] else { return nil }
        let last = state.ticker.lastPrice ?? state.lastTrade
        return switch valued {
        case .mark: state.ticker.markPrice ?? last
        case .last: last ?? state.ticker.markPrice
        }
    }
}
