public import Market

/// What one execution did to the account, as the ledger computed it.
public struct ExecutionEffect: Hashable, Sendable {
    /// What one strategy bears of an execution that concerns the whole position: funding, delivery.
    public struct Part: Hashable, Sendable {
        public var strategy: String
        public var realised: Amount
        /// Positive is paid.
        public var fee: Amount
        /// Positive is paid.
        public var funding: Amount

        public init(strategy: String, realised: Amount, fee: Amount, funding: Amount) {
            self.strategy = strategy
            self.realised = realised
            self.fee = fee
            self.funding = funding
        }
    }

    /// A fee in a coin that is none of the instrument's: a discount token.
    public struct OtherFee: Hashable, Sendable {
        public var coin: String
        /// Positive is paid.
        public var amount: Amount

        public init(coin: String, amount: Amount) {
            self.coin = coin
            self.amount = amount
        }
    }

    /// The settle coin, of all amounts but ``otherFees``.
    public var coin: String
    /// 0 one-way, 1 long, 2 short.
    public var positionIndex: Int
    /// By the account's position, of the part that closed, before fees; zero for what opened.
    public var realised: Amount
    /// By the strategy's own position.
    public var ownRealised: Amount
    /// Positive is paid.
    public var fee: Amount
    /// Positive is paid.
    public var funding: Amount
    /// Who bears it; empty for fills, which are whose order it was.
    public var parts: [Part]
    /// Fees in other coins, one of each; whose order it was bears them.
    public var otherFees: [OtherFee]

    /// - Parameter ownRealised: nil: as the account's.
    public init(
        coin: String,
        positionIndex: Int = 0,
        realised: Amount = .zero,
        ownRealised: Amount? = nil,
        fee: Amount = .zero,
        funding: Amount = .zero,
        parts: [Part] = [],
        otherFees: [OtherFee] = []
    ) {
        self.coin = coin
        self.positionIndex = positionIndex
        self.realised = realised
        self.ownRealised = ownRealised ?? realised
        self.fee = fee
        self.funding = funding
        self.parts = parts
        self.otherFees = otherFees
    }
}

/// What an instrument earned without an execution: before the first record of a recording that begins later than its
/// session did, or by a settlement.
public struct LedgerSums: Hashable, Sendable {
    public var instrument: InstrumentID
    /// The settle coin, of all amounts.
    public var coin: String
    /// It was before the recording, so that nobody knows on which day.
    public var isBefore: Bool
    /// By the account's position, before fees.
    public var realised: Amount
    /// By the strategy's own position, before fees.
    public var ownRealised: Amount
    /// Positive is paid.
    public var fees: Amount
    /// Positive is paid.
    public var funding: Amount

    /// - Parameter ownRealised: nil: as the account's.
    public init(
        instrument: InstrumentID,
        coin: String,
        isBefore: Bool,
        realised: Amount = .zero,
        ownRealised: Amount? = nil,
        fees: Amount = .zero,
        funding: Amount = .zero
    ) {
        self.instrument = instrument
        self.coin = coin
        self.isBefore = isBefore
        self.realised = realised
        self.ownRealised = ownRealised ?? realised
        self.fees = fees
        self.funding = funding
    }
}

/// A position of the ledger after a record.
public struct LedgerPosition: Hashable, Sendable {
    public var instrument: InstrumentID
    public var positionIndex: Int
    /// Signed: short is negative.
    public var size: Numeral
    /// Price × quantity of the open part, in the quote coin; of inverse contracts size ÷ price, in the base coin.
    public var entryValue: Amount
    /// `nil` when flat.
    public var entryPrice: Numeral?
    /// `nil` when none has come yet.
    public var markPrice: Numeral?
    /// The settle coin, of the four amounts that follow.
    public var coin: String
    /// `nil` without a mark price.
    public var unrealised: Amount?
    /// Since the ledger opened, before fees.
    public var realised: Amount
    /// Since the ledger opened; positive is paid.
    public var fees: Amount
    /// Since the ledger opened; positive is paid.
    public var funding: Amount

    public init(
        instrument: InstrumentID,
        positionIndex: Int = 0,
        size: Numeral,
        entryValue: Amount,
        entryPrice: Numeral? = nil,
        markPrice: Numeral? = nil,
        coin: String,
        unrealised: Amount? = nil,
        realised: Amount,
        fees: Amount,
        funding: Amount
    ) {
        self.instrument = instrument
        self.positionIndex = positionIndex
        self.size = size
        self.entryValue = entryValue
        self.entryPrice = entryPrice
        self.markPrice = markPrice
        self.coin = coin
        self.unrealised = unrealised
        self.realised = realised
        self.fees = fees
        self.funding = funding
    }
}

/// One change of a wallet, with its cause, as the ledger classified it.
public struct WalletFlow: Hashable, Sendable {
    public var coin: String
    /// `opening`, `fill`, `fee`, `funding`, `settlement`, `delivery`, `transfer`, `interest`, `conversion`, `bonus`.
    public var kind: String
    /// Positive is received.
    public var amount: Amount
    /// Balance of the coin after it.
    public var balance: Amount
    /// `nil` for what concerns no instrument.
    public var instrument: InstrumentID?
    /// Execution id, transaction id or the like.
    public var reference: String

    public init(
        coin: String,
        kind: String,
        amount: Amount,
        balance: Amount,
        instrument: InstrumentID? = nil,
        reference: String = ""
    ) {
        self.coin = coin
        self.kind = kind
        self.amount = amount
        self.balance = balance
        self.instrument = instrument
        self.reference = reference
    }
}
