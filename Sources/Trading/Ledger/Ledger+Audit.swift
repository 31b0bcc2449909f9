import Market

/// Since when a figure of ours and the exchange's word on it have disagreed.
///
/// Topics have no order among them: a wallet or position may be pushed before the execution that explains it. A
/// difference is a finding only when it stays.
struct Agreement: Hashable, Sendable, Codable {
    /// How long a difference may stay unexplained: 5 s.
    static let patience: Int64 = 5_000_000_000

    private(set) var differsSince: Timestamp?
    private(set) var isReported = false

    /// True once, when the difference has stayed too long.
    mutating func note(isEqual: Bool, at time: Timestamp) -> Bool {
        if isEqual {
            differsSince = nil
            isReported = false
            return false
        }
        guard let since = differsSince else {
            differsSince = time
            return false
        }
        guard !isReported, time.nanoseconds - since.nanoseconds >= Agreement.patience else {
            return false
        }
        isReported = true
        return true
    }
}

/// The exchange's last word on a position, until ours agrees with it or it is clear that it does not.
struct PendingPosition: Hashable, Sendable, Codable {
    var update: PositionUpdate
    var agreement = Agreement()
}

extension Ledger {
    /// Begins with a position that was there before; its executions are not counted again.
    mutating func open(_ update: PositionUpdate, terms: ContractTerms) throws(NumberError) {
        let size = Amount(exactly: update.size)
        let value: Amount
        if let price = update.entryPrice, !size.isZero, !price.isZero {
            value = try terms.valuation.value(price, size)
        } else {
            value = .zero
        }
        let position = Position(
            size: update.side == .sell ? size.negated : size,
            entryValue: value,
            valuation: terms.valuation
        )
        let place = accounts.index(of: update.instrument, orInsert: Account(terms))
        accounts.values[place][update.positionIndex] = position
        if update.positionIndex > 0 { accounts.values[place].isHedged = true }
        accounts.values[place].openingSequence = max(
            accounts.values[place].openingSequence,
            update.crossSequence
        )
        accounts.values[place].crossSequence = max(
            accounts.values[place].crossSequence,
            update.crossSequence
        )
        let share = Share(
            strategy: Order.external,
            instrument: update.instrument,
            positionIndex: update.positionIndex
        )
        shares[share] = size.isZero ? nil : position
    }

    /// Keeps the exchange's newest word on a position for comparison.
    mutating func told(_ update: PositionUpdate) {
        // Spot and combinations have no positions.
        switch update.instrument.category {
        case .linear, .inverse, .option: break
        case .spot, .spread: return
        }
        if update.positionIndex > 0, let place = accounts.index(of: update.instrument) {
            accounts.values[place].isHedged = true
        }
        let id = PositionID(instrument: update.instrument, index: update.positionIndex)
        if let pending = pendingPositions[id],
            pending.update.crossSequence > update.crossSequence
        {
            return
        }
        var pending = pendingPositions[id] ?? PendingPosition(update: update)
        pending.update = update
        pendingPositions[id] = pending
    }

    mutating func told(_ update: WalletUpdate) {
        var wallet = wallets[update.coin] ?? Wallet()
        wallet.told = update.walletBalance
        // Coins that were not listed when the session began were zero.
        if isOpen, wallet.opening == nil { wallet.opening = .zero }
        wallets[update.coin] = wallet
    }

    /// Fixes the opening balance of each coin: what was told less what has been counted of it already.
    mutating func openWallets() throws(NumberError) {
        isOpen = true
        for place in wallets.keys.indices where wallets.values[place].opening == nil {
            let wallet = wallets.values[place]
            // The list of coins names all that are not zero.
            let told = wallet.told ?? .zero
            wallets.values[place].opening = try told.subtracting(wallet.sums.total)
        }
    }

    /// Compares with what the exchange last told; returns differences that have stayed, each once.
    mutating func audit(at time: Timestamp) -> [(subject: String, Discrepancy)] {
        var result: [(subject: String, Discrepancy)] = []
        for place in pendingPositions.keys.indices {
            let id = pendingPositions.keys[place]
            let update = pendingPositions.values[place].update
            let account = accounts.index(of: id.instrument)
            let crossSequence = account.map { accounts.values[$0].crossSequence } ?? 0
            // Ours is ahead: their word is of the past, and a newer one is on its way.
            if crossSequence > update.crossSequence, update.crossSequence >= 0 {
                _ = pendingPositions.values[place].agreement.note(isEqual: true, at: time)
                continue
            }
            let position = account.map { accounts.values[$0][id.index] } ?? Position()
            let difference = Ledger.difference(position, update)
            if pendingPositions.values[place].agreement.note(isEqual: difference == nil, at: time),
                let difference
            {
                result.append((id.description, difference))
            }
        }
        for place in wallets.keys.indices {
            let wallet = wallets.values[place]
            guard let told = wallet.told, let balance = wallet.balance else { continue }
            let tolerance = Ledger.rounding.units.multipliedReportingOverflow(
                by: Int128(wallet.flows)
            )
            let isEqual = (balance.distance(to: told)?.units ?? .max) <= tolerance.partialValue
            if wallets.values[place].agreement.note(isEqual: isEqual, at: time) {
                result.append(
                    (
                        "wallet \(wallets.keys[place])",
                        Discrepancy(
                            field: "walletBalance",
                            ours: balance.description,
                            theirs: told.description
                        )
                    )
                )
            }
        }
        return result
    }

    static func difference(_ position: Position, _ update: PositionUpdate) -> Discrepancy? {
        let told = Amount(exactly: update.size)
        let theirs = update.side == .sell ? told.negated : told
        guard position.size == theirs else {
            return Discrepancy(
                field: "size",
                ours: position.size.description,
                theirs: theirs.description
            )
        }
        guard let ours = position.entryPrice, let price = update.entryPrice else { return nil }
        // Both are rounded to 8 decimals; by what rule the exchange does it is not documented.
        guard let distance = ours.distance(to: Amount(exactly: price)), distance <= rounding else {
            return Discrepancy(
                field: "entryPrice",
                ours: ours.description,
                theirs: price.description
            )
        }
        return nil
    }

    /// Counts what no execution tells of: transfers, interest, session settlements.
    ///
    /// - Returns: what the row is when it was counted now; `nil` for rows of executions, of before, or seen already.
    mutating func count(
        _ row: TransactionRow
    ) throws(NumberError) -> (kind: FlowKind, discrepancy: Discrepancy?)? {
        guard let kind = FlowKind(transaction: row) else { return nil }
        // What flowed before the opening balance was told is in it.
        guard let opened, row.timeMilliseconds >= opened.milliseconds else { return nil }
        let key = row.id + " " + row.tradeID + " " + row.type + " " + row.coin
        guard !deposited.contains(key) else { return nil }
        var discrepancy: Discrepancy?
        if kind == .sessionSettlement {
            let instrument = row.category.flatMap { category in
                Symbol(row.symbol).map { InstrumentID(category, $0) }
            }
            // Funding and fee of the same moment are of an execution.
            if let instrument, accounts.index(of: instrument) != nil, let price = row.tradePrice {
                let (ours, _) = try settleSession(instrument, at: price, told: row.cashFlow)
                if let distance = ours.distance(to: row.cashFlow), distance > Ledger.rounding {
                    discrepancy = Discrepancy(
                        field: "session settlement",
                        ours: ours.description,
                        theirs: row.cashFlow.description
                    )
                }
            } else {
                try post([WalletChange(coin: row.coin, kind: kind, amount: row.cashFlow)])
            }
        } else {
            try post([WalletChange(coin: row.coin, kind: kind, amount: row.change)])
        }
        deposited.append(key)
        return (kind, discrepancy)
    }

    /// Realised + unrealised − fees − funding over all instruments that settle in `coin`.
    ///
    /// - Parameter mark: the price that each open position is valued at; without one it counts at entry.
    func total(
        _ coin: String,
        mark: (InstrumentID) -> Numeral?
    ) throws(NumberError) -> Amount {
        var sum = Amount.zero
        for place in accounts.keys.indices where accounts.values[place].settleCoin == coin {
            let position = accounts.values[place].net
            sum = try sum.adding(position.realised).subtracting(position.fees)
                .subtracting(position.funding)
            if !position.isFlat, let price = mark(accounts.keys[place]) {
                sum = try sum.adding(try position.unrealised(at: price))
            }
        }
        return sum
    }
}
