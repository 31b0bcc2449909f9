import Market

/// What concerns a whole position: funding and delivery.
extension Ledger {
    /// Funding: value of the signed size at mark × rate; the long side pays when the rate is positive.
    mutating func bookFunding(
        _ report: ExecutionReport,
        _ place: Int,
        _ index: Int,
        _ booking: inout Booking
    ) throws(NumberError) {
        var position = accounts.values[place][index]
        let told = Amount(exactly: report.quantity)
        let size = position.size
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
            let value = try position.valuation.value(report.price, told)
            let told = try Amount.value(rate, value)
            // The sign of the rate is that of the long side; some rows turn it for a short, and say what they say of
            // every fee: value × rate.
            let isTurned =
                isShort && fault == .none
                && told.distance(to: report.fee).map { $0 <= Ledger.rounding } ?? false
            var computed = isShort && !isTurned ? told.negated : told
            if fault == .fundingSign { computed = computed.negated }
            paid = booking.compare("funding", computed, report.fee)
        }
        position.funding = try position.funding.adding(paid)
        let coin = report.feeCoin.isEmpty ? accounts.values[place].settleCoin : report.feeCoin
        booking.add(coin, .funding, paid.negated)
        var charge = FillCharge()
        if !report.extraFees.isEmpty {
            try charge.takeExtra(report, &accounts.values[place].terms, &booking)
            position.fees = try position.fees.adding(charge.inSettle)
        }
        let id = PositionID(instrument: report.instrument, index: index)
        // A position that is gone by now: who held it at the stamp is not known any more.
        let holders = size.isZero ? [external(id, place)] : holders(of: id, place)
        var parts: [(place: Int, position: Position, part: SharePart)] = []
        let fundings = try apportioned(paid, id, holders)
        let fees = try apportioned(charge.inSettle, id, holders)
        for (holder, amounts) in zip(holders, zip(fundings, fees)) {
            var own = shares.values[holder]
            own.funding = try own.funding.adding(amounts.0)
            own.fees = try own.fees.adding(amounts.1)
            parts.append(
                (
                    holder, own,
                    SharePart(
                        strategy: shares.keys[holder].strategy,
                        fee: amounts.1,
                        funding: amounts.0
                    )
                )
            )
        }
        let others = try otherFees(with: charge.others, place)
        try post(booking.changes)
        for other in others { accounts.values[place].otherFees[other.coin] = other.amount }
        accounts.values[place][index] = position
        for part in parts { shares.values[part.place] = part.position }
        booking.parts = parts.map(\.part)
        booking.fee = charge.inSettle
        if !charge.others.isEmpty { booking.otherFees = charge.others }
        booking.funding = paid
    }

    /// The end of a dated contract: the position closes at the delivery price, an option at what it is worth then.
    ///
    /// - Parameter isBefore: the opening balance has its flow already, and the opening position is still open.
    mutating func bookDelivery(
        _ report: ExecutionReport,
        _ place: Int,
        _ index: Int,
        _ isBefore: Bool,
        _ booking: inout Booking
    ) throws(NumberError) {
        let terms = accounts.values[place].terms
        var position = accounts.values[place][index]
        let told = Amount(exactly: report.quantity)
        let held = Amount(units: Int128(position.size.units.magnitude))
        if held != told {
            booking.discrepancies.append(
                Discrepancy(
                    field: "delivery size",
                    ours: held.description,
                    theirs: told.description
                )
            )
        }
        var price = report.price
        if terms.category == .option {
            guard let option = OptionName(report.instrument.symbol) else {
                booking.outcome = .outside
                return
            }
            price = try option.payoff(at: report.price)
        }
        let value = try position.valuation.value(price, held)
        let isLong = position.size.units > 0
        booking.isOpening = position.isOpening
        let before = position.realised
        var realised = try position.fill(isLong ? .sell : .buy, held, at: price)
        if let theirs = report.realisedPnL, terms.category != .option {
            realised = booking.compare("realised", realised, theirs)
            position.realised = try before.adding(realised)
        }
        let cash = terms.category == .option ? (isLong ? value : value.negated) : realised
        booking.add(terms.settleCoin, .delivery, cash)
        var charge = FillCharge()
        try charge.takeAsTold(report, &accounts.values[place].terms, &booking)
        position.fees = try position.fees.adding(charge.inSettle)

        // Each share closes at the same price, and bears the fee by its size.
        let id = PositionID(instrument: report.instrument, index: index)
        let holders = holders(of: id, place)
        var closed: [Position] = []
        for (holder, fee) in zip(holders, try apportioned(charge.inSettle, id, holders)) {
            var own = shares.values[holder]
            let size = Amount(units: Int128(own.size.units.magnitude))
            let gained = try own.fill(own.size.units > 0 ? .sell : .buy, size, at: price)
            own.fees = try own.fees.adding(fee)
            closed.append(own)
            booking.parts.append(
                SharePart(strategy: shares.keys[holder].strategy, realised: gained, fee: fee)
            )
        }
        let others = try otherFees(with: charge.others, place)
        try post(booking.changes, isBefore: isBefore)
        for other in others { accounts.values[place].otherFees[other.coin] = other.amount }
        accounts.values[place][index] = position
        for (holder, own) in zip(holders, closed) { shares.values[holder] = own }
        booking.fee = charge.inSettle
        if !charge.others.isEmpty { booking.otherFees = charge.others }
        booking.realised = realised
    }

    /// Places of the shares that hold something of a position; where none does, that of what is not ours, so that the shares
    /// bear all that the account does.
    private mutating func holders(of id: PositionID, _ place: Int) -> [Int] {
        let holders = shares.keys.indices.filter {
            shares.keys[$0].instrument == id.instrument
                && shares.keys[$0].positionIndex == id.index && !shares.values[$0].isFlat
        }
        return holders.isEmpty ? [external(id, place)] : holders
    }

    private mutating func external(_ id: PositionID, _ place: Int) -> Int {
        let valuation = accounts.values[place].terms.valuation
        return share(Order.external, id.instrument, id.index, valuation, place)
    }

    /// An amount of the whole position by the sizes of the shares that hold it; the last one takes what rounding leaves, and
    /// all of it where they hold against each other and the account nothing.
    private func apportioned(
        _ whole: Amount,
        _ id: PositionID,
        _ holders: [Int]
    ) throws(NumberError) -> [Amount] {
        let size = accounts[id.instrument]?[id.index].size ?? .zero
        var parts: [Amount] = []
        var left = whole
        for holder in holders.dropLast() {
            let part =
                size.isZero || whole.isZero
                ? .zero
                : try whole.scaled(
                    by: shares.values[holder].size.units,
                    over: size.units,
                    rounding: .halfEven
                )
            left = try left.subtracting(part)
            parts.append(part)
        }
        return parts + [left]
    }
}
