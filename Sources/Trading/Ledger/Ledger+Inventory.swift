import Market

/// Coins of spot that were not bought in the ledger's sight: there when it opened, or paid in since. Nothing says what they
/// cost.
///
/// A spot sale takes what was bought in its pair first, at its average cost; then of these, which realises nothing; and only
/// what is sold beyond is borrowed, a short position. A coin is one wallet, however many pairs sell it.
extension Ledger {
    /// What a sale takes of coins whose cost is not known.
    ///
    /// They are what the wallet holds beyond what is owed and what the positions of the coin's pairs account for.
    ///
    /// - Parameter position: of the pair, before the sale.
    func soldOfUnknownCost(
        _ quantity: Amount,
        _ place: Int,
        _ position: Position
    ) throws(NumberError) -> Amount {
        let bought = position.size > .zero ? position.size : .zero
        guard quantity > bought else { return .zero }
        let coin = accounts.values[place].terms.baseCoin
        // Before the opening balance is told it is not known what there is.
        guard var rest = wallets[coin]?.balance else { return .zero }
        if let owed = borrowed[coin] { rest = try rest.subtracting(owed) }
        for other in accounts.keys.indices
        where accounts.keys[other].category == .spot
            && accounts.values[other].terms.baseCoin == coin
        {
            rest = try rest.subtracting(accounts.values[other].position.size)
        }
        guard rest > .zero else { return .zero }
        return min(rest, try quantity.subtracting(bought))
    }

    /// Remembers what was owed when the balances were told: what is borrowed is in them.
    mutating func noteBorrowed(_ listed: [WalletUpdate]) {
        for row in listed {
            guard let owed = row.spotBorrowed, !owed.isZero else { continue }
            borrowed[row.coin] = owed
        }
    }

    /// What is owed of a row's coin behind it: what is borrowed comes into the wallet, and is none of ours.
    func borrowed(behind row: TransactionRow) throws(NumberError) -> Amount? {
        let owed = borrowed[row.coin]
        guard row.type == "BORROW" || row.type == "REPAY" else { return owed }
        let sum = try (owed ?? .zero).adding(row.change)
        // Interest is repaid too.
        return sum > .zero ? sum : nil
    }
}
