import Market

extension Ledger {
    /// - Parameter isBefore: the opening balance has its flow already, and the opening position has not its size.
    mutating func bookFill(
        _ report: ExecutionReport,
        _ strategy: String,
        _ place: Int,
        _ index: Int,
        _ isBefore: Bool,
        _ booking: inout Booking
    ) throws(NumberError) {
        let quantity = Amount(exactly: report.quantity)
        let category = report.instrument.category
        let valuation = accounts.values[place].terms.valuation
        let value = try Ledger.value(report, valuation, quantity)
        let sharePlace = share(strategy, report.instrument, index, valuation, place)

        // Copies of both; nothing else is changed before all figures fit.
        var position = accounts.values[place][index]
        var own = shares.values[sharePlace]
        let fault = index == 0 ? fault : LedgerFault.none
        booking.isOpening = position.isOpening
        // One strategy alone holds just what the account holds: what a fill does to the one it does to the other.
        let isAlike = own.holdsAs(position) && fault == .none
        let ours = try position.book(report.side, quantity, report.price, value, fault)
        var realised = ours
        if let theirs = report.realisedPnL, category != .spot {
            let keepsHistory = accounts.values[place].keepsHistory()
            realised = self.realised(ours, theirs, keepsHistory, &booking)
        }
        var shareRealised = ours
        if !isAlike {
            shareRealised = try own.book(report.side, quantity, report.price, value, fault)
        }

        switch category {
        case .linear, .inverse, .spread:
            if !realised.isZero {
                booking.add(accounts.values[place].settleCoin, .fill, realised)
            }
        case .option:
            // The premium is paid when it is agreed on.
            let premium = report.side == .buy ? value.negated : value
            booking.add(accounts.values[place].settleCoin, .fill, premium)
        case .spot:
            let isBuy = report.side == .buy
            let received = isBuy ? quantity : quantity.negated
            booking.add(accounts.values[place].terms.baseCoin, .fill, received)
            let paid = isBuy ? value.negated : value
            booking.add(accounts.values[place].terms.quoteCoin, .fill, paid)
        }
        var charge = FillCharge()
        try charge.take(
            report,
            &accounts.values[place].terms,
            value,
            self.fault,
            &booking
        )
        // A spot fee in the base coin is taken out of what is held, at the fill's price.
        if !charge.inBase.isZero {
            let side = charge.inBase.units > 0 ? Side.sell : .buy
            let part = Amount(units: Int128(charge.inBase.units.magnitude))
            let worth = try Amount.value(report.price, part)
            let gained = try position.book(side, part, report.price, worth, .none)
            realised = try realised.adding(gained)
            shareRealised = try shareRealised.adding(
                isAlike ? gained : try own.book(side, part, report.price, worth, .none)
            )
        }
        if isAlike { own.hold(as: position) }
        if !realised.isZero { position.realised = try position.realised.adding(realised) }
        if !shareRealised.isZero { own.realised = try own.realised.adding(shareRealised) }
        if !charge.inSettle.isZero {
            position.fees = try position.fees.adding(charge.inSettle)
            own.fees = try own.fees.adding(charge.inSettle)
        }
        try position.noteOpening(
            from: accounts.values[place][index].size,
            by: quantity,
            fee: charge.inSettle
        )
        try own.noteOpening(
            from: shares.values[sharePlace].size,
            by: quantity,
            fee: charge.inSettle
        )
        let others = try charge.others.isEmpty ? [] : otherFees(with: charge.others, place)
        // The last thing that may not fit, and by itself all or nothing: what follows is sure.
        try post(booking.changes, isBefore: isBefore, of: place)
        for other in others { accounts.values[place].otherFees[other.coin] = other.amount }
        if accounts.values[place].keepsHistory() {
            remember(
                report,
                strategy,
                index,
                account: place,
                share: sharePlace,
                booked: realised,
                ours: ours
            )
        }
        accounts.values[place].filled(index, position)
        shares.values[sharePlace] = own
        booking.fee = charge.inSettle
        if !charge.others.isEmpty { booking.otherFees = charge.others }
        booking.realised = realised
        booking.shareRealised = shareRealised
    }

    /// Value of the whole fill, in the quote coin or, of inverse contracts, the base coin.
    private static func value(
        _ report: ExecutionReport,
        _ valuation: Valuation,
        _ quantity: Amount
    ) throws(NumberError) -> Amount {
        if valuation == .linear, let value = Amount.product(report.price, report.quantity) {
            return value
        }
        return try valuation.value(report.price, quantity)
    }

    /// The realised P&L to book.
    private func realised(
        _ ours: Amount,
        _ theirs: Amount,
        _ keepsHistory: Bool,
        _ booking: inout Booking
    ) -> Amount {
        // A session may have paid out a part of it already, of which the log has not told yet.
        if fault == .none, keepsHistory, let distance = ours.distance(to: theirs),
            distance > Ledger.rounding
        {
            booking.compared += 1
            return theirs
        }
        return booking.compare("realised", ours, theirs)
    }

    /// Place of a strategy's share, made on first use.
    mutating func share(
        _ strategy: String,
        _ instrument: InstrumentID,
        _ index: Int,
        _ valuation: Valuation,
        _ place: Int
    ) -> Int {
        let recent = recentShares.place(of: place) { recent in
            recent < shares.count && shares.keys[recent].instrument == instrument
                && shares.keys[recent].positionIndex == index
                && shares.keys[recent].strategy == strategy
        }
        if let recent { return recent }
        let found = shares.index(
            of: Share(strategy: strategy, instrument: instrument, positionIndex: index),
            orInsert: Position(valuation)
        )
        recentShares.add(found, of: place, accounts: accounts.count)
        return found
    }

    /// The sums of an account's fees in other coins with those of one more fill.
    func otherFees(
        with fees: [ExtraFee],
        _ place: Int
    ) throws(NumberError) -> [ExtraFee] {
        var sums = fees
        for number in sums.indices {
            let sum = accounts.values[place].otherFees[sums[number].coin] ?? .zero
            sums[number].amount = try sum.adding(sums[number].amount)
        }
        return sums
    }
}
