public import Market

/// Money that comes into an account, or leaves it, without a trade.
public enum OutsideFlow: String, Hashable, Sendable, CaseIterable {
    /// From or to the world: positive comes in.
    case deposit
    /// The exchange lends coins.
    case borrow
    /// They go back.
    case repay
    /// What they cost.
    case interest
}

extension SimulatedExchange {
    /// Moves money between an account and the world, with a row of the transaction log, and tells the wallet.
    ///
    /// Borrowing is modelled as far as it is told: what is lent and has not gone back is in the wallet's row and not in its
    /// equity. No limit is looked at and no interest comes up by itself; whoever asks for it says what is lent and paid.
    ///
    /// - Parameter amount: positive comes in, negative goes out; an interest that is paid is negative.
    /// - Returns: false where there is no such account.
    @discardableResult
    public mutating func book(
        _ flow: OutsideFlow,
        _ amount: Amount,
        of name: String,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> Bool {
        guard accountStates.indices.contains(account.index) else { return false }
        let place = coin(name)
        let type: FlowType =
            switch flow {
            case .deposit: amount < .zero ? .transferOut : .transferIn
            case .borrow: .borrow
            case .repay: .repay
            case .interest: .interest
            }
        move(amount, of: name, from: .outside, to: account, type: type, .deposit)
        if flow == .borrow || flow == .repay {
            let owed = accountStates[account.index].coins[place].lent.plus(amount)
            accountStates[account.index].coins[place].lent = owed
        }
        output.append(.wallet(account, wallet(account)), at: now)
        return true
    }
}
