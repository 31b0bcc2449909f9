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
    mutating func open(_ update: PositionUpdate, settleCoin: String) throws(NumberError) {
        let size = Amount(exactly: update.size)
        let value: Amount
        if let price = update.entryPrice, !size.isZero {
            value = try Amount.value(price, size)
        } else {
            value = .zero
        }
        var account = Account(settleCoin: settleCoin)
        account.position = Position(
            size: update.side == .sell ? size.negated : size,
            entryValue: value
        )
        account.openingSequence = update.crossSequence
        account.crossSequence = max(0, update.crossSequence)
        accounts[update.instrument] = account
        let share = Share(strategy: Order.external, instrument: update.instrument)
        shares[share] = size.isZero ? nil : account.position
    }

    /// Keeps the exchange's newest word on a position for comparison.
    mutating func told(_ update: PositionUpdate) {
        guard update.instrument.category == .linear, update.positionIndex == 0 else { return }
        if let pending = pendingPositions[update.instrument],
            pending.update.crossSequence > update.crossSequence
        {
            return
        }
        var pending = pendingPositions[update.instrument] ?? PendingPosition(update: update)
        pending.update = update
        pendingPositions[update.instrument] = pending
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
            guard let told = wallet.told else { continue }
            wallets.values[place].opening = try told.subtracting(wallet.realised)
                .adding(wallet.fees).adding(wallet.funding)
        }
    }

    /// Compares with what the exchange last told; returns differences that have stayed, each once.
    mutating func audit(at time: Timestamp) -> [(subject: String, Discrepancy)] {
        var result: [(subject: String, Discrepancy)] = []
        for place in pendingPositions.keys.indices {
            let update = pendingPositions.values[place].update
            let account = accounts[update.instrument] ?? Account(settleCoin: Ledger.coin)
            // Ours is ahead: their word is of the past, and a newer one is on its way.
            if account.crossSequence > update.crossSequence, update.crossSequence >= 0 {
                _ = pendingPositions.values[place].agreement.note(isEqual: true, at: time)
                continue
            }
            let difference = Ledger.difference(account.position, update)
            if pendingPositions.values[place].agreement.note(isEqual: difference == nil, at: time),
                let difference
            {
                result.append((update.instrument.description, difference))
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
        guard ours == Amount(exactly: price) else {
            return Discrepancy(
                field: "entryPrice",
                ours: ours.description,
                theirs: price.description
            )
        }
        return nil
    }

    /// Counts transfers and the like, which no execution tells of; trades, funding and what comes with them are.
    mutating func count(_ row: TransactionRow) throws(NumberError) {
        switch row.type {
        case "TRADE", "SETTLEMENT", "LIQUIDATION", "ADL", "DELIVERY": return
        default: break
        }
        // What flowed before the opening balance was told is in it.
        guard let opened, row.timeMilliseconds >= opened.milliseconds else { return }
        let key = row.id + " " + row.type
        guard !deposited.contains(key) else { return }
        var wallet = wallets[row.coin] ?? Wallet()
        wallet.deposits = try wallet.deposits.adding(row.change)
        wallet.flows += 1
        wallets[row.coin] = wallet
        deposited.append(key)
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
            let position = accounts.values[place].position
            sum = try sum.adding(position.realised).subtracting(position.fees)
                .subtracting(position.funding)
            if !position.isFlat, let price = mark(accounts.keys[place]) {
                sum = try sum.adding(try position.unrealised(at: price))
            }
        }
        return sum
    }
}
