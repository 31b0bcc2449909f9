public import Market

/// A named account of the exchange's own double-entry books.
public enum LedgerAccount: Hashable, Sendable {
    /// What belongs to a customer.
    case wallet(AccountID)
    /// The other side of every realised P&L: the background participants, taken together.
    case house
    case fees
    /// Where a stamp's funding is cleared: nothing is left in it between two of them.
    case funding
    /// What takes positions over from those who cannot pay.
    case insurance
    /// What is left of sums that do not come out even: of funding, whose parts are rounded each on their own.
    ///
    /// Everything else is rounded once, before it is posted to both sides.
    case rounding
    /// The world from which deposits come.
    case outside
}

/// One flow of money: what one account of the books loses and another gains.
public struct Posting: Hashable, Sendable {
    public var time: Timestamp
    public var from: LedgerAccount
    public var to: LedgerAccount
    public var coin: String
    /// Of either sign; a negative amount flows the other way.
    public var amount: Amount
    public var reason: Reason

    public enum Reason: String, Hashable, Sendable {
        case deposit
        case realised
        case fee
        case funding
        /// The premium of an option.
        case premium
        /// One coin of a spot fill.
        case spot
        case exercise
        case delivery
        /// P&L of a USDC session.
        case session
        case transfer
        /// What a stamp's funding does not come out even by.
        case rounding
        /// What insurance gains or pays when it takes a position over, or writes off a debt.
        case liquidation
    }

    public init(
        time: Timestamp,
        from: LedgerAccount,
        to: LedgerAccount,
        coin: String,
        amount: Amount,
        reason: Reason
    ) {
        self.time = time
        self.from = from
        self.to = to
        self.coin = coin
        self.amount = amount
        self.reason = reason
    }
}

/// A ``Posting`` as it is kept: its coin is a place in ``Books``.
struct PostingRecord: Sendable {
    var time: Timestamp
    var from: LedgerAccount
    var to: LedgerAccount
    var coin: Int
    var amount: Amount
    var reason: Posting.Reason
}

/// The exchange's books: balances that change by postings only, so that their sum per coin stays
/// zero.
struct Books: Sendable {
    /// Place of the first wallet; before it stand house, fees, funding, outside, insurance, rounding.
    private static let walletsFrom = 6

    private(set) var coins: [String] = []
    /// By coin, then by account.
    private var balances: [[Amount]] = []
    private var accounts = Books.walletsFrom
    private(set) var journal: History<PostingRecord>

    init(historyMax: Int) { journal = History(limit: historyMax) }

    mutating func addWallet() {
        accounts += 1
        for coin in balances.indices { balances[coin].append(.zero) }
    }

    /// Place of a coin, made on first use.
    ///
    /// Few coins: a scan is faster than hashing.
    mutating func index(of coin: String) -> Int {
        if let index = coins.firstIndex(of: coin) { return index }
        coins.append(coin)
        balances.append(Array(repeating: .zero, count: accounts))
        return coins.count - 1
    }

    mutating func post(_ posting: Posting) {
        post(
            posting.amount,
            from: posting.from,
            to: posting.to,
            coin: index(of: posting.coin),
            posting.reason,
            at: posting.time
        )
    }

    mutating func post(
        _ amount: Amount,
        from: LedgerAccount,
        to: LedgerAccount,
        coin: Int,
        _ reason: Posting.Reason,
        at time: Timestamp
    ) {
        guard !amount.isZero else { return }
        let giver = Books.place(from)
        let taker = Books.place(to)
        balances[coin][giver] = balances[coin][giver].minus(amount)
        balances[coin][taker] = balances[coin][taker].plus(amount)
        journal.append(
            PostingRecord(
                time: time,
                from: from,
                to: to,
                coin: coin,
                amount: amount,
                reason: reason
            )
        )
    }

    func posting(_ record: PostingRecord) -> Posting {
        Posting(
            time: record.time,
            from: record.from,
            to: record.to,
            coin: coins[record.coin],
            amount: record.amount,
            reason: record.reason
        )
    }

    func balance(_ account: LedgerAccount, coin index: Int) -> Amount {
        balances[index][Books.place(account)]
    }

    func balance(_ account: LedgerAccount, coin: String) -> Amount {
        guard let index = coins.firstIndex(of: coin) else { return .zero }
        return balances[index][Books.place(account)]
    }

    /// Σ of all accounts; zero at every moment.
    func sum(coin: String) -> Amount {
        guard let index = coins.firstIndex(of: coin) else { return .zero }
        return balances[index].reduce(.zero) { $0.plus($1) }
    }

    private static func place(_ account: LedgerAccount) -> Int {
        switch account {
        case .house: 0
        case .fees: 1
        case .funding: 2
        case .outside: 3
        case .insurance: 4
        case .rounding: 5
        case .wallet(let id): walletsFrom + id.index
        }
    }
}
