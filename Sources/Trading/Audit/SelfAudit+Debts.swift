import Market

/// What is owed of a coin: the exchange's first word since the ledger opened, and the log's rows of lending and paying
/// back that are later than it.
struct Owed: Hashable, Sendable, Codable {
    /// The first word; `nil` before it.
    var opening: Amount?
    /// When it was said, and the last one, by the exchange's clock, Unix milliseconds.
    var openedAt: Int64 = 0
    var toldAt: Int64 = 0
    /// Σ of `BORROW` and `REPAY` since.
    var flows = Amount.zero
    /// So much of interest was taken, or has come up: whether that is in the amount the reference does not say.
    var interest = Amount.zero
    /// The exchange's last word.
    var told = Amount.zero
    /// No row has changed it by a rule that is not known.
    var isDerivable = true

    /// `nil` before the first word, and past all bounds.
    var ours: Amount? {
        guard let opening else { return nil }
        do throws(NumberError) {
            let sum = try opening.adding(flows)
            return sum < .zero ? .zero : sum
        } catch {
            return nil
        }
    }
}

extension SelfAudit {
    static let borrowed = "borrowAmount"

    /// The exchange's word, before it is known whether there is something to compare it with.
    ///
    /// Coins are told of when something of them changes: each has an opening of its own. A run that begins anew, and a
    /// recording that goes on behind another, begin with the first word again.
    mutating func noteDebts(_ event: Event, _ engine: Engine) {
        guard let opened = engine.ledger.opened, engine.ledger.isOpen else { return }
        if debtsOpened != opened {
            debtsOpened = opened
            debts = OrderedTable()
        }
        let time =
            event.exchangeMilliseconds == 0 ? engine.time.milliseconds : event.exchangeMilliseconds
        for row in event.wallets {
            let place = debts.index(of: row.coin, orInsert: Owed())
            // An answer may come behind a push that is newer.
            guard time >= debts.values[place].toldAt else { continue }
            debts.values[place].told = row.borrowed ?? .zero
            debts.values[place].toldAt = time
            guard debts.values[place].opening == nil else { continue }
            debts.values[place].opening = debts.values[place].told
            debts.values[place].openedAt = time
        }
    }

    /// A row of the log, the first time that it comes.
    mutating func countDebt(_ row: TransactionRow) {
        let isLoan = row.type == "BORROW" || row.type == "REPAY"
        let isInterest = row.type == "INTEREST"
        let isOther = ["BORROW", "REPAY", "LIABILITY"].contains { row.type.contains($0) }
        guard isLoan || isInterest || isOther, let place = debts.index(of: row.coin),
            // What came before the first word is in it.
            row.timeMilliseconds > debts.values[place].openedAt
        else { return }
        do throws(NumberError) {
            if isLoan {
                debts.values[place].flows = try debts.values[place].flows.adding(row.change)
            } else if isInterest {
                let paid = Amount(units: Int128(row.change.units.magnitude))
                debts.values[place].interest = try debts.values[place].interest.adding(paid)
            } else {
                debts.values[place].isDerivable = false
            }
        } catch {
            debts.values[place].isDerivable = false
        }
    }

    /// What is owed against the rows of the log.
    ///
    /// Of a coin of which there is less than nothing the exchange lends by itself, without a row: not compared.
    mutating func compareDebt(_ row: WalletUpdate, _ header: RecordHeader) {
        guard let owed = debts[row.coin], owed.isDerivable, row.walletBalance >= .zero,
            let ours = owed.ours, !ours.isZero || !owed.told.isZero
        else { return }
        counts.compare(.wallet)
        guard !isSame(owed, ours, row.accruedInterest ?? .zero) else {
            return agree(OpenKey(.wallet, row.coin, SelfAudit.borrowed), by: header.sequence)
        }
        begin(
            AuditFinding(
                kind: .wallet,
                subject: row.coin,
                field: SelfAudit.borrowed,
                ours: ours.description,
                theirs: owed.told.description,
                records: [header.sequence],
                time: header.time,
                explanation: .pending,
                note: "a row BORROW or REPAY of the transaction log is owed"
            )
        )
    }

    /// What is open of debts, after rows of the log.
    mutating func compareDebts(_ header: RecordHeader) {
        for place in debts.keys.indices {
            let key = OpenKey(.wallet, debts.keys[place], SelfAudit.borrowed)
            guard open.index(of: key) != nil else { continue }
            let owed = debts.values[place]
            guard let ours = owed.ours, owed.isDerivable, !isSame(owed, ours, .zero) else {
                agree(key, by: header.sequence)
                continue
            }
        }
    }

    /// As far as interest does not stand between them.
    private func isSame(_ owed: Owed, _ ours: Amount, _ accrued: Amount) -> Bool {
        guard let distance = ours.distance(to: owed.told) else { return false }
        if distance.isZero { return true }
        let slack = owed.interest.units.addingReportingOverflow(accrued.units)
        return !slack.overflow && distance.units <= slack.partialValue
    }
}
