public import Market

/// What a change of a wallet is; every change is one of these.
public enum FlowKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Realised P&L of a contract, premium of an option, either coin of a spot fill.
    case fill
    /// Fees and extra fees.
    case fee
    case funding
    /// Session P&L of USDC contracts.
    case sessionSettlement = "settlement"
    /// Delivery of futures and options, exercise.
    case delivery
    case transfer
    case interest
    case conversion
    case bonus
    /// A word of the transaction log that this version does not know: counted, and said as a finding.
    case other

    /// The kind of a transaction-log row whose flow no execution tells of; `nil` for rows that one does.
    public init?(transaction row: TransactionRow) {
        switch row.type {
        case "TRADE", "LIQUIDATION", "ADL", "DELIVERY": return nil
        case "SETTLEMENT":
            // Funding is an execution too; the P&L of a session settlement is told here alone.
            guard !row.cashFlow.isZero else { return nil }
            self = .sessionSettlement
        default: self = FlowKind.named(row.type) ?? .other
        }
    }

    /// Words of the transaction log, and families of words to which the exchange adds.
    private static func named(_ word: String) -> FlowKind? {
        switch word {
        case "TRANSFER_IN", "TRANSFER_OUT", "DEPOSIT", "WITHDRAW", "BORROW", "REPAY":
            return .transfer
        case "INTEREST", "AUTO_DEDUCTION": return .interest
        case "CURRENCY_BUY", "CURRENCY_SELL", "SPOT_REPAYMENT_SELL", "SPOT_REPAYMENT_BUY",
            "AUTO_SOLD_COLLATERAL_INS_LOAN", "AUTO_BUY_LIABILITY_INS_LOAN":
            return .conversion
        case "BONUS", "AIRDROP", "FEE_REFUND", "BONUS_RECOLLECT": return .bonus
        case "CUSTODY_NETWORK_FEE", "CUSTODY_SETTLE_FEE": return .fee
        default: break
        }
        // The interest of a loan is interest, the loan itself comes from another product of the exchange.
        if word.contains("INTEREST") { return .interest }
        if word.hasPrefix("BONUS_") || word.hasSuffix("_BONUS") || word.hasSuffix("_AIRDROP") {
            return .bonus
        }
        let elsewhere = [
            "TRANSFER", "LOAN", "PLEDGE", "STAKING", "SUBSCRIPTION", "REDEMPTION", "REPAYMENT",
            "CUSTODY", "EARN", "PREMARKET", "PEF_", "BORROW",
        ]
        return elsewhere.contains { word.contains($0) } ? .transfer : nil
    }
}

/// One change of one coin's wallet.
public struct WalletChange: Hashable, Sendable, Codable {
    public var coin: String
    public var kind: FlowKind
    /// Positive is received.
    public var amount: Amount

    public init(coin: String, kind: FlowKind, amount: Amount) {
        self.coin = coin
        self.kind = kind
        self.amount = amount
    }
}

/// Sums of a coin's flows by kind; positive is received.
public struct FlowSums: Hashable, Sendable, Codable {
    public internal(set) var fill: Amount = .zero
    public internal(set) var fee: Amount = .zero
    public internal(set) var funding: Amount = .zero
    public internal(set) var sessionSettlement: Amount = .zero
    public internal(set) var delivery: Amount = .zero
    public internal(set) var transfer: Amount = .zero
    public internal(set) var interest: Amount = .zero
    public internal(set) var conversion: Amount = .zero
    public internal(set) var bonus: Amount = .zero
    public internal(set) var other: Amount = .zero
    /// All of them.
    public internal(set) var total: Amount = .zero

    public subscript(kind: FlowKind) -> Amount { self[keyPath: FlowSums.path(kind)] }

    private static func path(_ kind: FlowKind) -> WritableKeyPath<FlowSums, Amount> {
        switch kind {
        case .fill: \.fill
        case .fee: \.fee
        case .funding: \.funding
        case .sessionSettlement: \.sessionSettlement
        case .delivery: \.delivery
        case .transfer: \.transfer
        case .interest: \.interest
        case .conversion: \.conversion
        case .bonus: \.bonus
        case .other: \.other
        }
    }

    @inline(__always)
    mutating func add(_ amount: Amount, as kind: FlowKind) throws(NumberError) {
        let sum = try total.adding(amount)
        switch kind {
        // The kinds of each execution without the detour of a key path.
        case .fill: fill = try fill.adding(amount)
        case .fee: fee = try fee.adding(amount)
        default:
            self[keyPath: FlowSums.path(kind)] = try self[kind].adding(amount)
        }
        total = sum
    }
}

extension Ledger {
    /// One coin's wallet: what the flows add up to, beside what the exchange says.
    public struct Wallet: Hashable, Sendable, Codable {
        /// The exchange's balance when the session began; `nil` until it was told.
        public internal(set) var opening: Amount?
        public internal(set) var sums = FlowSums()
        /// The exchange's last word.
        public internal(set) var told: Amount?
        /// When it said so, by its own clock, Unix milliseconds; 0 where it did not say when.
        var toldMilliseconds: Int64 = 0
        public internal(set) var flows: Int64 = 0
        var agreement = Agreement()
        /// That a flow is owed has been told.
        var isPendingTold = false

        /// - Parameter isBefore: it flowed before the opening balance was told, which is then the lower by as much.
        @inline(__always)
        mutating func add(
            _ amount: Amount,
            as kind: FlowKind,
            isBefore: Bool
        ) throws(NumberError) {
            let told = isBefore ? try opening?.subtracting(amount) : opening
            try sums.add(amount, as: kind)
            if isBefore { opening = told }
            flows += 1
        }

        /// Opening and all flows; `nil` before the opening is known or past all bounds.
        public var balance: Amount? {
            guard let opening else { return nil }
            do {
                return try opening.adding(sums.total)
            } catch {
                return nil
            }
        }

        /// Cash of fills, in the words of the ledger's positions.
        public var realised: Amount { sums.fill }
        /// Positive is paid.
        public var fees: Amount { sums.fee.negated }
        /// Positive is paid.
        public var funding: Amount { sums.funding.negated }
        /// What came from outside of trading: transfers, interest, conversions, bonus.
        public var deposits: Amount? {
            do {
                return try sums.transfer.adding(sums.interest).adding(sums.conversion)
                    .adding(sums.bonus).adding(sums.other)
            } catch {
                return nil
            }
        }
    }

    /// Changes wallets by the flows of one event: by all of them, or by none when one does not fit.
    ///
    /// - Parameters:
    ///   - isBefore: they flowed before the opening balance was told, which is then the lower by as much.
    ///   - account: the place of the account that they are of.
    mutating func post(
        _ changes: borrowing WalletChanges,
        isBefore: Bool = false,
        of account: Int? = nil
    ) throws(NumberError) {
        var done = 0
        do throws(NumberError) {
            // One by one, since a flow that is taken out of them is a copy of its text.
            if let change = changes.first {
                try post(change.coin, change.kind, change.amount, isBefore, account)
                done = 1
            }
            if let change = changes.second {
                try post(change.coin, change.kind, change.amount, isBefore, account)
                done = 2
            }
            if let change = changes.third {
                try post(change.coin, change.kind, change.amount, isBefore, account)
                done = 3
            }
            for change in changes.rest {
                try post(change.coin, change.kind, change.amount, isBefore, account)
                done += 1
            }
        } catch {
            // The last one first: each step back comes to sums that were there, which fit. In another order they need not.
            for place in (0..<done).reversed() {
                let change = changes[place]
                try post(change.coin, change.kind, change.amount.negated, isBefore, account)
                wallets.values[wallet(change.coin, account)].flows -= 2
            }
            throw error
        }
    }

    @inline(never)
    private mutating func post(
        _ coin: String,
        _ kind: FlowKind,
        _ amount: Amount,
        _ isBefore: Bool,
        _ account: Int?
    ) throws(NumberError) {
        let place = wallet(coin, account)
        try wallets.values[place].add(amount, as: kind, isBefore: isBefore)
    }

    /// The place of a coin's wallet, made on first use.
    @inline(__always)
    private mutating func wallet(_ coin: String, _ account: Int?) -> Int {
        guard let account else { return sought(coin) }
        let recent = recentWallets.place(of: account) { recent in
            recent < wallets.count && wallets.keys[recent] == coin
        }
        if let recent { return recent }
        let found = sought(coin)
        recentWallets.add(found, of: account, accounts: accounts.count)
        return found
    }

    private mutating func sought(_ coin: String) -> Int {
        let new = newWallet
        return wallets.index(of: coin, orInsert: new)
    }

    /// Coins that were not listed when the session began were zero.
    private var newWallet: Wallet {
        var wallet = Wallet()
        if isOpen { wallet.opening = .zero }
        return wallet
    }
}
