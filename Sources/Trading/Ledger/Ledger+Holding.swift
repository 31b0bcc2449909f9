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
        let parts = try apportioned(paid, PositionID(instrument: report.instrument, index: index))
        var totals: [Amount] = []
        for part in parts {
            totals.append(try shares.values[part.place].funding.adding(part.amount))
        }
        booking.add(coin, .funding, paid.negated)
        try post(booking.changes)
        accounts.values[place][index] = position
        for (part, total) in zip(parts, totals) { shares.values[part.place].funding = total }
        booking.parts = parts.map {
            SharePart(strategy: shares.keys[$0.place].strategy, funding: $0.amount)
        }
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
        let coin = report.feeCoin.isEmpty ? terms.settleCoin : report.feeCoin
        if coin == terms.settleCoin { position.fees = try position.fees.adding(report.fee) }
        booking.add(terms.settleCoin, .delivery, cash)
        if !report.fee.isZero { booking.add(coin, .fee, report.fee.negated) }

        // Each share closes at the same price, and bears the fee by its size.
        let id = PositionID(instrument: report.instrument, index: index)
        let fees = try apportioned(report.fee, id)
        var closed: [Position] = []
        for part in fees {
            var own = shares.values[part.place]
            let size = Amount(units: Int128(own.size.units.magnitude))
            let gained = try own.fill(own.size.units > 0 ? .sell : .buy, size, at: price)
            own.fees = try own.fees.adding(part.amount)
            closed.append(own)
            booking.parts.append(
                SharePart(
                    strategy: shares.keys[part.place].strategy,
                    realised: gained,
                    fee: part.amount
                )
            )
        }
        try post(booking.changes, isBefore: isBefore)
        accounts.values[place][index] = position
        for (part, own) in zip(fees, closed) { shares.values[part.place] = own }
        booking.fee = report.fee
        booking.realised = realised
    }

    /// An amount of the whole position by the sizes of the shares that hold it; the last one takes what rounding
    /// leaves.
    func apportioned(
        _ whole: Amount,
        _ id: PositionID
    ) throws(NumberError) -> [(place: Int, amount: Amount)] {
        let size = accounts[id.instrument]?[id.index].size ?? .zero
        guard !size.isZero else { return [] }
        var parts: [(place: Int, amount: Amount)] = []
        var left = whole
        for place in shares.keys.indices
        where shares.keys[place].instrument == id.instrument
            && shares.keys[place].positionIndex == id.index && !shares.values[place].isFlat
        {
            let part = try whole.scaled(
                by: shares.values[place].size.units,
                over: size.units,
                rounding: .halfEven
            )
            left = try left.subtracting(part)
            parts.append((place, part))
        }
        if !parts.isEmpty {
            parts[parts.count - 1].amount = try parts[parts.count - 1].amount.adding(left)
        }
        return parts
    }
}
