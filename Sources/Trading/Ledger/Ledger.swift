public import Market

/// The fold of executions into positions, P&L and wallets; exact, and by a rule that is written down.
///
/// Fees are value × rate and funding is value at mark × rate, computed here and compared with what the exchange says;
/// realised P&L likewise. Where the two differ by no more than the exchange's own rounding (10⁻⁸) the exchange's
/// figure is booked, since that is the flow; where they differ by more, ours is, and a finding says so.
///
/// - Scope: one account; linear and inverse contracts, spot and options, one-way and hedge mode. The legs of spread
///   combinations are fills of their own instruments; the combination's own rows move nothing.
public struct Ledger: Sendable, Codable {
    /// What the ledger knows of one instrument of the account.
    public struct Account: Hashable, Sendable, Codable {
        /// In one-way mode; flat in hedge mode.
        public internal(set) var position: Position
        /// Index 1 of hedge mode.
        public internal(set) var long: Position
        /// Index 2 of hedge mode.
        public internal(set) var short: Position
        /// Cross sequence of the newest execution counted; 0 before the first.
        public internal(set) var crossSequence: Int64 = 0
        /// Executions up to here are in the position with which the session began; −1 without one.
        var openingSequence: Int64 = -1
        public internal(set) var terms: ContractTerms
        public internal(set) var fills = 0
        /// The exchange has said that there are two positions, one for each side.
        public internal(set) var isHedged = false
        /// Fees taken in a coin that is none of the instrument's (a discount token); positive is paid.
        public internal(set) var otherFees = OrderedTable<String, Amount>()

        public var settleCoin: String { terms.settleCoin }

        init(_ terms: ContractTerms) {
            self.terms = terms
            position = Position(terms.valuation)
            long = position
            short = position
        }

        /// By the exchange's `positionIdx`: 0 one-way, 1 long, 2 short.
        public internal(set) subscript(index: Int) -> Position {
            // In line: a call would get a copy of the whole account.
            @inline(__always)
            get {
                switch index {
                case 1: long
                case 2: short
                default: position
                }
            }
            @inline(__always)
            set {
                switch index {
                case 1: long = newValue
                case 2: short = newValue
                default: position = newValue
                }
            }
        }

        /// As ``SessionHistory/keeps(_:)``.
        ///
        /// Changes nothing: it is `mutating` so that of an account in a list the terms are read where they lie.
        @inline(__always)
        mutating func keepsHistory() -> Bool { SessionHistory.keeps(terms) }

        /// Takes over a position as a fill left it.
        mutating func filled(_ index: Int, _ position: Position) {
            self[index] = position
            fills += 1
        }

        /// A part of one of its positions was there before the session began.
        public func isOpening(_ index: Int) -> Bool { self[index].isOpening }

        /// Both sides as one: what a price moves from now on, and what was earned.
        ///
        /// What they are worth now it does not say: two sides of one size are flat together, and have locked in a gain or
        /// a loss all the same (``unrealised(at:)``).
        public var net: Position { isHedged ? Position.net([position, long, short]) : position }

        /// Neither side holds anything.
        public var isFlat: Bool { position.isFlat && long.isFlat && short.isFlat }

        /// What closing all of it at this price would realise, each side by itself.
        public func unrealised(at price: Numeral) throws(NumberError) -> Amount {
            guard isHedged else { return try position.unrealised(at: price) }
            return try position.unrealised(at: price).adding(long.unrealised(at: price))
                .adding(short.unrealised(at: price))
        }
    }

    /// A strategy's own share of an instrument.
    public struct Share: Hashable, Comparable, Sendable, Codable {
        public var strategy: String
        public var instrument: InstrumentID
        /// 0 one-way, 1 long, 2 short.
        public var positionIndex: Int

        public init(strategy: String, instrument: InstrumentID, positionIndex: Int = 0) {
            self.strategy = strategy
            self.instrument = instrument
            self.positionIndex = positionIndex
        }

        public static func < (left: Share, right: Share) -> Bool {
            if left.strategy != right.strategy { return left.strategy < right.strategy }
            return left.instrument == right.instrument
                ? left.positionIndex < right.positionIndex : left.instrument < right.instrument
        }
    }

    public internal(set) var accounts = OrderedTable<InstrumentID, Account>()
    /// Virtual positions by strategy; with ``Order/external`` their sizes add up to the account's.
    public internal(set) var shares = OrderedTable<Share, Position>()
    public internal(set) var wallets = OrderedTable<String, Wallet>()
    public internal(set) var fault: LedgerFault
    var window = ExecutionWindow()
    var pendingPositions = OrderedTable<PositionID, PendingPosition>()
    /// When the opening balances were told, by the exchange's clock; `nil` before.
    public internal(set) var opened: Timestamp?
    /// When the opening positions were told, by what they settle in: the list of one coin may come before another's.
    var openedPositions = OrderedTable<OpenedList, Timestamp>()
    /// The opening balances are fixed.
    var isOpen = false
    /// What is remembered of the answers that opened the ledger; `nil` before.
    var opening: Opening?
    /// Transaction-log rows that were counted: thousands, and all of a day.
    var deposited = SeenWindow(kept: 2_048, span: 86_400_000)
    /// When the newest whole answer of the transaction log was asked for; `nil` before the first.
    var logAsked: Timestamp?
    /// Of contracts with session settlements.
    var sessions = OrderedTable<InstrumentID, SessionHistory>()

    /// Executions that are later than this, Unix milliseconds, are behind every answer that opened the ledger; the least
    /// time before there was one.
    ///
    /// Follows from the times of the answers; not part of the state.
    var openingEnd = Int64.min

    // Where the last look-ups ended; not part of the state.
    /// By what stands for an instrument in the window.
    var recentAccounts = [Int](repeating: 0, count: 64)
    // As many strategies and coins as mostly are at one instrument.
    var recentShares = RecentPlaces(ways: 4)
    var recentWallets = RecentPlaces(ways: 2)

    private enum CodingKeys: String, CodingKey {
        case accounts, shares, wallets, fault, window, pendingPositions, opened, openedPositions
        case isOpen, opening, deposited, logAsked, sessions
    }

    public init(fault: LedgerFault = .none) { self.fault = fault }

    /// The account's position, both sides of hedge mode as one; flat where nothing is known.
    public func position(_ instrument: InstrumentID) -> Position {
        accounts[instrument]?.net ?? Position()
    }

    /// A strategy's own position; flat where it has not traded.
    public func position(_ instrument: InstrumentID, of strategy: String) -> Position {
        let one = shares[Share(strategy: strategy, instrument: instrument)]
        guard accounts[instrument]?.isHedged == true else { return one ?? Position() }
        let sides = (1...2).compactMap {
            shares[Share(strategy: strategy, instrument: instrument, positionIndex: $0)]
        }
        return Position.net([one].compactMap { $0 } + sides)
    }

    /// The exchange has told of two positions, one for each side: an order has to say of which it is.
    ///
    /// A contract that was never traded has no account, and what was told of it waits to be compared.
    public func isHedged(_ instrument: InstrumentID) -> Bool {
        if let place = accounts.index(of: instrument), accounts.values[place].isHedged {
            return true
        }
        return [1, 2].contains {
            pendingPositions.index(of: PositionID(instrument: instrument, index: $0)) != nil
        }
    }

    /// The largest difference that the exchange's rounding of one flow explains: 10⁻⁸.
    public static var rounding: Amount { Amount(units: 10_000_000_000) }
    static let coin = "USDT"
}

/// A list of positions as the exchange gives it: by category and, of linear contracts, by what they settle in.
struct OpenedList: Hashable, Comparable, Sendable, Codable {
    var category: Category
    /// Empty for categories that have one list.
    var coin: String

    init(_ category: Category, coin: String) {
        self.category = category
        self.coin = category == .linear ? coin : ""
    }

    static func < (left: OpenedList, right: OpenedList) -> Bool {
        left.category == right.category
            ? left.coin < right.coin : left.category.rawValue < right.category.rawValue
    }
}

/// One of the positions that an account can have in an instrument.
struct PositionID: Hashable, Comparable, Sendable, Codable {
    var instrument: InstrumentID
    var index: Int

    static func < (left: PositionID, right: PositionID) -> Bool {
        left.instrument == right.instrument
            ? left.index < right.index : left.instrument < right.instrument
    }
}

extension PositionID: CustomStringConvertible {
    var description: String { index == 0 ? "\(instrument)" : "\(instrument) #\(index)" }
}

/// A figure of ours that the exchange told otherwise, by more than its rounding.
public struct Discrepancy: Hashable, Sendable, Codable {
    /// Such as `fee`, `realised`, `funding`, `size`, `walletBalance`.
    public var field: String
    public var ours: String
    public var theirs: String
}

/// What became of one execution row.
struct Booking: Sendable {
    enum Outcome: Hashable, Sendable {
        case booked
        /// Seen before.
        case repeated
        /// In the opening position already: not counted again, though its order has it.
        case opening
        /// In the opening position, and not in the opening balance: what it realised is not known before the transaction
        /// log tells it.
        case owed
        /// A spread combination's own row: its legs are counted.
        case combination
        /// Of a type or category that this ledger does not account for.
        case outside
        case number(NumberError)
    }

    var outcome: Outcome
    var positionIndex = 0
    /// In the settle coin where it was taken in a coin of the instrument; positive is paid.
    var fee: Amount = .zero
    var funding: Amount = .zero
    /// Realised by the account.
    var realised: Amount = .zero
    /// Realised by the strategy's own share.
    var shareRealised: Amount = .zero
    /// Fees in coins that are none of the instrument's.
    var otherFees: [ExtraFee] = []
    /// Funding, delivery and the like, by the shares that held the position.
    var parts: [SharePart] = []
    var changes = WalletChanges()
    /// A part of what it closed was there before the session began.
    var isOpening = false
    /// Its size is in the opening position: only its flow was counted.
    var isFlowAlone = false
    /// What the opening has of it, where it is of others and not later than ``Ledger/openingEnd``.
    var halves: Opening.Halves?
    var discrepancies: [Discrepancy] = []
    /// Figures of the exchange that were compared with ours, and those of them that its rounding explains.
    var compared = 0
    var roundings = 0

    mutating func add(_ coin: consuming String, _ kind: FlowKind, _ amount: Amount) {
        changes.append(WalletChange(coin: coin, kind: kind, amount: amount))
    }
}

/// What one strategy bears of an event that concerns the whole position.
public struct SharePart: Hashable, Sendable {
    public var strategy: String
    public var realised: Amount = .zero
    /// Positive is paid.
    public var fee: Amount = .zero
    /// Positive is paid.
    public var funding: Amount = .zero
}

extension Position {
    /// Several positions of one instrument as one, for what depends on their sum alone.
    static func net(_ positions: [Position]) -> Position {
        var sum = Position(positions.first?.valuation ?? .linear)
        var cost = Amount.zero
        do throws(NumberError) {
            for one in positions {
                sum.size = try sum.size.adding(one.size)
                cost = try cost.adding(one.size.units < 0 ? one.entryValue.negated : one.entryValue)
                sum.realised = try sum.realised.adding(one.realised)
                sum.fees = try sum.fees.adding(one.fees)
                sum.funding = try sum.funding.adding(one.funding)
                sum.settled = try sum.settled.adding(one.settled)
                sum.earnedBefore = try sum.earnedBefore.adding(
                    one.isFlat
                        ? one.realised.subtracting(one.fees).subtracting(one.funding)
                        : one.earnedBefore
                )
            }
        } catch {
            // Past all bounds: the largest of them stands for all.
            return positions.max { $0.size.units.magnitude < $1.size.units.magnitude } ?? sum
        }
        sum.entryValue = sum.size.units < 0 ? cost.negated : cost
        return sum
    }
}
