import Market

extension Ledger {
    /// What became of a row of the transaction log.
    struct Counted {
        var kind: FlowKind
        var discrepancy: Discrepancy?
        var changes: WalletChanges
        var parts: [SharePart] = []
    }

    /// Counts what no execution tells of: transfers, interest, session settlements.
    ///
    /// - Returns: what the row is when it was counted now; `nil` for rows of executions, of before, or seen already.
    mutating func count(_ row: TransactionRow) throws(NumberError) -> Counted? {
        guard let kind = FlowKind(transaction: row) else { return nil }
        // What flowed before the opening balance was told is in it.
        guard opened != nil, !isInOpening(row) else { return nil }
        let entry = Ledger.entry(of: row)
        guard !deposited.contains(entry) else { return nil }
        var counted = Counted(kind: kind, changes: WalletChanges())
        let instrument = row.category.flatMap { category in
            Symbol(row.symbol).map { InstrumentID(category, $0) }
        }
        if kind == .sessionSettlement, let instrument, accounts.index(of: instrument) != nil,
            let price = row.tradePrice
        {
            // Funding and fee of the same moment are of an execution.
            let (ours, parts, changes) = try settleSession(
                instrument,
                at: price,
                told: row.cashFlow,
                milliseconds: row.timeMilliseconds
            )
            counted.parts = parts
            counted.changes = changes
            if let distance = ours.distance(to: row.cashFlow), distance > Ledger.rounding {
                counted.discrepancy = Discrepancy(
                    field: "session settlement",
                    ours: ours.description,
                    theirs: row.cashFlow.description
                )
            }
        } else {
            let amount = kind == .sessionSettlement ? row.cashFlow : row.change
            counted.changes.append(WalletChange(coin: row.coin, kind: kind, amount: amount))
            try post(counted.changes)
        }
        _ = deposited.insert(entry)
        return counted
    }

    /// By what a row that was counted is known again.
    static func entry(of row: TransactionRow) -> SeenWindow.Entry {
        SeenWindow.Entry(
            [row.id, row.tradeID, row.type, row.coin],
            seed: 0,
            milliseconds: row.timeMilliseconds
        )
    }

    /// Realised + unrealised − fees − funding over all instruments that settle in `coin`, less fees that others have taken in
    /// it.
    ///
    /// - Parameter mark: the price that each open position is valued at; without one it counts at entry.
    func total(
        _ coin: String,
        mark: (InstrumentID) -> Numeral?
    ) throws(NumberError) -> Amount {
        var sum = Amount.zero
        for place in accounts.keys.indices {
            if !accounts.values[place].otherFees.isEmpty,
                let fees = accounts.values[place].otherFees[coin]
            {
                sum = try sum.subtracting(fees)
            }
            guard accounts.values[place].settleCoin == coin else { continue }
            let position = accounts.values[place].net
            sum = try sum.adding(position.realised).subtracting(position.fees)
                .subtracting(position.funding)
            if !accounts.values[place].isFlat, let price = mark(accounts.keys[place]) {
                sum = try sum.adding(try accounts.values[place].unrealised(at: price))
            }
        }
        return sum
    }
}
