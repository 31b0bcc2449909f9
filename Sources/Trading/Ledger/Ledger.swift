public import Market

/// The fold of executions into positions, P&L and wallets; exact, and by a rule that is written down.
///
/// Fees are quantity × price × rate and funding is size × mark × rate, computed here and compared with what the
/// exchange says; realised P&L likewise. Where the two differ by no more than the exchange's own rounding (10⁻⁸) the
/// exchange's figure is booked, since that is the flow; where they differ by more, ours is, and a finding says so.
///
/// - Scope: linear perpetuals in one-way mode.
public struct Ledger: Sendable, Codable {
    /// What the ledger knows of one instrument of the account.
    public struct Account: Hashable, Sendable, Codable {
        public internal(set) var position = Position()
        /// Cross sequence of the newest execution counted; 0 before the first.
        public internal(set) var crossSequence: Int64 = 0
        /// Executions up to here are in the position with which the session began; −1 without one.
        var openingSequence: Int64 = -1
        public internal(set) var settleCoin: String
        public internal(set) var fills = 0
    }

    /// One coin's wallet: what the flows add up to, beside what the exchange says.
    public struct Wallet: Hashable, Sendable, Codable {
        /// The exchange's balance when the session began; `nil` until it was told.
        public internal(set) var opening: Amount?
        public internal(set) var realised: Amount = .zero
        public internal(set) var fees: Amount = .zero
        public internal(set) var funding: Amount = .zero
        /// Transfers, interest and the like, from the transaction log.
        public internal(set) var deposits: Amount = .zero
        /// The exchange's last word.
        public internal(set) var told: Amount?
        public internal(set) var flows: Int64 = 0
        var agreement = Agreement()

        /// opening + realised − fees − funding + deposits; `nil` before the opening is known or past all bounds.
        public var balance: Amount? {
            guard let opening else { return nil }
            do {
                return try opening.adding(realised).subtracting(fees).subtracting(funding)
                    .adding(deposits)
            } catch {
                return nil
            }
        }
    }

    /// A strategy's own share of an instrument.
    public struct Share: Hashable, Comparable, Sendable, Codable {
        public var strategy: String
        public var instrument: InstrumentID

        public static func < (left: Share, right: Share) -> Bool {
            left.strategy == right.strategy
                ? left.instrument < right.instrument : left.strategy < right.strategy
        }
    }

    public internal(set) var accounts = OrderedTable<InstrumentID, Account>()
    /// Virtual positions by strategy; with ``Order/external`` their sizes add up to the account's.
    public internal(set) var shares = OrderedTable<Share, Position>()
    public internal(set) var wallets = OrderedTable<String, Wallet>()
    public internal(set) var fault: LedgerFault
    var window = ExecutionWindow()
    var pendingPositions = OrderedTable<InstrumentID, PendingPosition>()
    /// When the opening balances were told; `nil` before.
    public internal(set) var opened: Timestamp?
    /// The opening balances are fixed.
    var isOpen = false
    /// Transaction-log rows that were counted as deposits.
    var deposited: [String] = []

    public init(fault: LedgerFault = .none) { self.fault = fault }

    /// The account's position; flat where nothing is known.
    public func position(_ instrument: InstrumentID) -> Position {
        accounts[instrument]?.position ?? Position()
    }

    /// A strategy's own position; flat where it has not traded.
    public func position(_ instrument: InstrumentID, of strategy: String) -> Position {
        shares[Share(strategy: strategy, instrument: instrument)] ?? Position()
    }

    /// The largest difference that the exchange's rounding of one flow explains: 10⁻⁸.
    static let rounding = Amount(units: 10_000_000_000)
    static let coin = "USDT"
}

/// A figure of ours that the exchange told otherwise.
struct Discrepancy: Hashable, Sendable {
    var field: String
    var ours: String
    var theirs: String
}

/// What became of one execution row.
struct Booking: Sendable {
    enum Outcome: Hashable, Sendable {
        case booked
        /// Seen before, or in the opening position already.
        case repeated
        /// Of a type or category that this ledger does not account for.
        case outside
        case number(NumberError)
    }

    var outcome: Outcome
    var fee: Amount = .zero
    /// Realised by the account.
    var realised: Amount = .zero
    /// Realised by the strategy's own share.
    var shareRealised: Amount = .zero
    var discrepancies: [Discrepancy] = []
}
