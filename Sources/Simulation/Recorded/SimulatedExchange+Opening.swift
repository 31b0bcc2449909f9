public import Market

extension SimulatedExchange {
    /// Gives an account a position that it has brought along; no money moves.
    ///
    /// - Parameters:
    ///   - size: signed, in the instrument's quantity scale; short negative.
    ///   - entryValue: of the open part, ≥ 0.
    /// - Returns: false where there is no such account or contract, or the account has traded it.
    @discardableResult
    public mutating func open(
        _ size: Quantity,
        entryValue: Amount,
        of id: InstrumentID,
        for account: AccountID
    ) -> Bool {
        guard let index = index(of: id), facts[index].isContract,
            accountStates.indices.contains(account.index)
        else { return false }
        let place = 2 * index
        guard accountStates[account.index].positions[place].size == 0 else { return false }
        accountStates[account.index].positions[place].size = size.units
        accountStates[account.index].positions[place].entryValue = entryValue
        accountStates[account.index].positions[place].createdMilliseconds = now.milliseconds
        accountStates[account.index].positions[place].openMilliseconds = now.milliseconds
        accountStates[account.index].positions[place].updatedMilliseconds = now.milliseconds
        refresh(account.index, place)
        return true
    }

    /// Has funding fall due so long after each multiple of its interval: in a recorded market whose times were moved, when
    /// it fell due there.
    ///
    /// - Parameter shift: what this clock is ahead of the one whose multiples count, nanoseconds.
    public mutating func moveFunding(by shift: Int64) {
        let before = followingStamp
        fundingPhase = shift
        // A second timer of the same moment would have funding paid twice.
        if followingStamp != before { timers.add(.funding, at: followingStamp) }
    }

    /// Pays a coin in or, negative, out.
    public mutating func deposit(_ amount: Amount, of coin: String, to account: AccountID) {
        guard accountStates.indices.contains(account.index) else { return }
        pay(in: AccountConfiguration.Deposit(coin: coin, amount: amount), to: account)
    }
}
