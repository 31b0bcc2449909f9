import Market

extension Ledger {
    /// Counts one execution row, once.
    ///
    /// What does not fit changes nothing and is said.
    mutating func book(
        _ report: ExecutionReport,
        strategy: String,
        settleCoin: String
    ) -> Booking {
        guard !window.contains(report) else { return Booking(outcome: .repeated) }
        guard report.instrument.category == .linear else {
            _ = window.insert(report)
            return Booking(outcome: .outside)
        }
        let place = accounts.index(of: report.instrument, orInsert: Account(settleCoin: settleCoin))
        // An order of this session was placed after the opening, so its fills cannot be in it, whatever the
        // clocks of matching engine and REST say.
        if strategy == Order.external, isInOpening(report, accounts.values[place]) {
            _ = window.insert(report)
            return Booking(outcome: .repeated)
        }
        do throws(NumberError) {
            let booking: Booking? =
                if report.type.isFill {
                    try bookFill(report, strategy, place)
                } else if report.type == .funding {
                    try bookFunding(report, place)
                } else {
                    nil
                }
            _ = window.insert(report)
            guard let booking else { return Booking(outcome: .outside) }
            if report.type.isFill {
                accounts.values[place].crossSequence = max(
                    accounts.values[place].crossSequence,
                    report.crossSequence
                )
            }
            return booking
        } catch {
            _ = window.insert(report)
            return Booking(outcome: .number(error))
        }
    }

    /// True for what the position and balance with which the session began have in them already.
    private func isInOpening(_ report: ExecutionReport, _ account: Account) -> Bool {
        if report.type.isFill, account.openingSequence >= 0 {
            return report.crossSequence <= account.openingSequence
        }
        guard let opened else { return false }
        return report.timeMilliseconds < opened.milliseconds
    }

    private mutating func bookFill(
        _ report: ExecutionReport,
        _ strategy: String,
        _ place: Int
    ) throws(NumberError) -> Booking {
        var booking = Booking(outcome: .booked)
        let quantity = Amount(exactly: report.quantity)
        var fee = report.fee
        if let rate = report.feeRate {
            let value = try Amount.value(report.price, quantity)
            var computed = try Amount.value(rate, value)
            if fault == .feeSign { computed = computed.negated }
            fee = compare("fee", computed, report.fee, &booking)
        }
        var account = accounts.values[place]
        let before = account.position.realised
        var realised = try account.position.fill(
            report.side,
            quantity,
            at: report.price,
            fault: fault
        )
        if let theirs = report.realisedPnL {
            realised = compare("realised", realised, theirs, &booking)
            account.position.realised = try before.adding(realised)
        }
        account.position.fees = try account.position.fees.adding(fee)
        account.fills += 1

        let share = Share(strategy: strategy, instrument: report.instrument)
        var own = shares[share] ?? Position()
        booking.shareRealised = try own.fill(
            report.side,
            quantity,
            at: report.price,
            fault: fault
        )
        own.fees = try own.fees.adding(fee)

        let coin = report.feeCoin.isEmpty ? account.settleCoin : report.feeCoin
        let (feeWallet, settleWallet) = try flows(coin, account.settleCoin, fee, realised)
        // Nothing has been changed so far: a number that does not fit leaves all as it was.
        accounts.values[place] = account
        shares[share] = own
        wallets[coin] = feeWallet
        if let settleWallet { wallets[account.settleCoin] = settleWallet }
        booking.fee = fee
        booking.realised = realised
        return booking
    }

    private func flows(
        _ feeCoin: String,
        _ settleCoin: String,
        _ fee: Amount,
        _ realised: Amount
    ) throws(NumberError) -> (fee: Wallet, settle: Wallet?) {
        var wallet = wallets[feeCoin] ?? Wallet()
        wallet.fees = try wallet.fees.adding(fee)
        wallet.flows += 1
        if feeCoin == settleCoin {
            wallet.realised = try wallet.realised.adding(realised)
            return (wallet, nil)
        }
        var settle = wallets[settleCoin] ?? Wallet()
        settle.realised = try settle.realised.adding(realised)
        settle.flows += 1
        return (wallet, settle)
    }

    /// Funding: signed size × mark × rate; the long side pays when the rate is positive.
    private mutating func bookFunding(
        _ report: ExecutionReport,
        _ place: Int
    ) throws(NumberError) -> Booking {
        var booking = Booking(outcome: .booked)
        var account = accounts.values[place]
        let told = Amount(exactly: report.quantity)
        let size = account.position.size
        let isShort = size.isZero ? report.side == .sell : size.units < 0
        if size.units.magnitude != told.units.magnitude {
            booking.discrepancies.append(
                Discrepancy(
                    field: "funding size",
                    ours: Amount(units: Int128(size.units.magnitude)).description,
                    theirs: told.description
                )
            )
        }
        var paid = report.fee
        if let rate = report.feeRate {
            let value = try Amount.value(report.price, told)
            var computed = try Amount.value(rate, isShort ? value.negated : value)
            if fault == .fundingSign { computed = computed.negated }
            paid = compare("funding", computed, report.fee, &booking)
        }
        account.position.funding = try account.position.funding.adding(paid)
        let coin = report.feeCoin.isEmpty ? account.settleCoin : report.feeCoin
        var wallet = wallets[coin] ?? Wallet()
        wallet.funding = try wallet.funding.adding(paid)
        wallet.flows += 1
        let parts = try apportioned(paid, report.instrument, of: size)
        accounts.values[place] = account
        wallets[coin] = wallet
        for part in parts { shares.values[part.place].funding = part.total }
        booking.fee = paid
        return booking
    }

    /// Funding of the account by the sizes of the shares that held it; the last one takes what rounding leaves.
    private func apportioned(
        _ paid: Amount,
        _ instrument: InstrumentID,
        of size: Amount
    ) throws(NumberError) -> [(place: Int, total: Amount)] {
        guard !size.isZero else { return [] }
        var parts: [(place: Int, total: Amount)] = []
        var left = paid
        var last: Int?
        for place in shares.keys.indices
        where shares.keys[place].instrument == instrument && !shares.values[place].isFlat {
            let part = try paid.scaled(
                by: shares.values[place].size.units,
                over: size.units,
                rounding: .halfEven
            )
            left = try left.subtracting(part)
            parts.append((place, try shares.values[place].funding.adding(part)))
            last = parts.count - 1
        }
        if let last { parts[last].total = try parts[last].total.adding(left) }
        return parts
    }

    /// The figure to book: theirs while rounding explains the difference, otherwise ours with a discrepancy.
    private func compare(
        _ field: String,
        _ ours: Amount,
        _ theirs: Amount,
        _ booking: inout Booking
    ) -> Amount {
        if let distance = ours.distance(to: theirs), distance <= Ledger.rounding { return theirs }
        booking.discrepancies.append(
            Discrepancy(field: field, ours: ours.description, theirs: theirs.description)
        )
        return ours
    }
}
