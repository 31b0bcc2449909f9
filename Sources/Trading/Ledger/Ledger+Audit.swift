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

    /// The figures differ; true when they have for too long, whatever that means.
    mutating func hasStayed(at time: Timestamp) -> Bool {
        guard let since = differsSince else {
            differsSince = time
            return false
        }
        return time.nanoseconds - since.nanoseconds >= Agreement.patience
    }

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
        let position = try Position(opening: update, terms)
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
        shares[share] = position.isFlat ? nil : position
    }

    /// Keeps the exchange's newest word on a position for comparison.
    mutating func told(_ update: PositionUpdate) {
        // Spot and combinations have no positions.
        switch update.instrument.category {
        case .linear, .inverse, .option: break
        case .spot, .spread: return
        }
        let id = PositionID(instrument: update.instrument, index: update.positionIndex)
        if update.positionIndex == 0 {
            leaveHedgeMode(update)
        } else {
            // A side of before the contract went back to one position.
            let one = PositionID(instrument: update.instrument, index: 0)
            if let told = pendingPositions[one]?.update, update.isLeft(by: told) { return }
            if let place = accounts.index(of: update.instrument) {
                accounts.values[place].isHedged = true
            }
        }
        if let pending = pendingPositions[id],
            pending.update.crossSequence > update.crossSequence
        {
            return
        }
        var pending = pendingPositions[id] ?? PendingPosition(update: update)
        pending.update = update
        pendingPositions[id] = pending
    }

    /// The exchange tells of one position where it told of two: one-way mode again, which it allows only while nothing is
    /// held.
    ///
    /// Where anything was booked on a side, the contract stays in hedge mode until the next session: what the sides have
    /// earned is theirs.
    private mutating func leaveHedgeMode(_ update: PositionUpdate) {
        let long = PositionID(instrument: update.instrument, index: 1)
        let short = PositionID(instrument: update.instrument, index: 2)
        let toldLong = pendingPositions[long]?.update
        let toldShort = pendingPositions[short]?.update
        guard toldLong != nil || toldShort != nil else { return }
        // An answer may come behind a push that is newer.
        guard toldLong?.isLeft(by: update) ?? true, toldShort?.isLeft(by: update) ?? true else {
            return
        }
        if let place = accounts.index(of: update.instrument) {
            let none = Position(accounts.values[place].terms.valuation)
            guard accounts.values[place].long == none, accounts.values[place].short == none else {
                return
            }
            accounts.values[place].isHedged = false
        }
        pendingPositions[long] = nil
        pendingPositions[short] = nil
    }

    /// Keeps the exchange's newest word on a coin for comparison.
    ///
    /// - Parameter milliseconds: when it said so, by its own clock; 0 where that is not known.
    mutating func told(_ update: WalletUpdate, at milliseconds: Int64 = 0) {
        var wallet = wallets[update.coin] ?? Wallet()
        // Coins that were not listed when the session began were zero.
        if isOpen, wallet.opening == nil { wallet.opening = .zero }
        // An answer may come behind a push that is newer.
        if milliseconds == 0 || milliseconds >= wallet.toldMilliseconds {
            wallet.told = update.walletBalance
            wallet.toldMilliseconds = milliseconds
        }
        wallets[update.coin] = wallet
    }

    /// Fixes the opening balance of each coin: what the exchange listed less what has been counted of it already.
    ///
    /// - Parameter time: when it listed them, by its own clock.
    mutating func openWallets(
        _ listed: [WalletUpdate],
        at time: Timestamp
    ) throws(NumberError) {
        opened = time
        isOpen = true
        noteOpeningEnd()
        var opening = Opening()
        for row in listed { opening.balances[row.coin] = row.walletBalance }
        self.opening = opening
        for row in listed where wallets.index(of: row.coin) == nil {
            wallets[row.coin] = Wallet()
        }
        for place in wallets.keys.indices where wallets.values[place].opening == nil {
            // The list names all coins that are not zero.
            let row = listed.last { $0.coin == wallets.keys[place] }
            let told = row?.walletBalance ?? .zero
            wallets.values[place].opening = try told.subtracting(wallets.values[place].sums.total)
        }
    }

    /// A difference that has stayed.
    struct Standing {
        var subject: String
        var difference: Discrepancy
        /// What would explain it is still owed.
        var isPending = false
    }

    /// Compares with what the exchange last told; returns differences that have stayed, each once.
    ///
    /// A wallet's is pending until the transaction log has been asked since: a transfer is told by nothing else.
    mutating func audit(at time: Timestamp) -> [Standing] {
        var result: [Standing] = []
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
                result.append(Standing(subject: id.description, difference: difference))
            }
        }
        for place in wallets.keys.indices {
            if let standing = auditWallet(place, at: time) { result.append(standing) }
        }
        for (subject, difference) in overdueSettlements(at: time) {
            result.append(Standing(subject: subject, difference: difference))
        }
        return result
    }

    private mutating func auditWallet(_ place: Int, at time: Timestamp) -> Standing? {
        let wallet = wallets.values[place]
        guard let told = wallet.told, let balance = wallet.balance else { return nil }
        let tolerance = Ledger.rounding.units.multipliedReportingOverflow(by: Int128(wallet.flows))
        let isEqual = (balance.distance(to: told)?.units ?? .max) <= tolerance.partialValue
        if isEqual { wallets.values[place].isPendingTold = false }
        let since = wallet.agreement.differsSince
        let isOwed = since.map { since in logAsked.map { $0 < since } ?? true } ?? true
        let difference = Discrepancy(
            field: "walletBalance",
            ours: balance.description,
            theirs: told.description
        )
        let subject = "wallet \(wallets.keys[place])"
        guard isOwed, !isEqual else {
            guard wallets.values[place].agreement.note(isEqual: isEqual, at: time) else {
                return nil
            }
            return Standing(subject: subject, difference: difference)
        }
        guard wallets.values[place].agreement.hasStayed(at: time), !wallet.isPendingTold else {
            return nil
        }
        wallets.values[place].isPendingTold = true
        return Standing(subject: subject, difference: difference, isPending: true)
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
}

extension PositionUpdate {
    /// It holds nothing, and the other row is later.
    fileprivate func isLeft(by other: PositionUpdate) -> Bool {
        guard size.isZero else { return false }
        // A position that was never traded has no sequence.
        guard crossSequence >= 0, other.crossSequence >= 0 else {
            return updatedMilliseconds < other.updatedMilliseconds
        }
        return (crossSequence, updatedMilliseconds)
            < (other.crossSequence, other.updatedMilliseconds)
    }
}
