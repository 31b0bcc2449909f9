import Market

extension Ledger {
    mutating func bookFill(
        _ report: ExecutionReport,
        _ strategy: String,
        _ place: Int,
        _ index: Int,
        _ booking: inout Booking
    ) throws(NumberError) {
        let quantity = Amount(exactly: report.quantity)
        let category = report.instrument.category
        let terms = accounts.values[place].terms
        let value = try Ledger.value(report, terms, quantity)
        let sharePlace = share(strategy, report.instrument, index, terms, place)

        // Copies of both; nothing else is changed before all figures fit.
        var position = accounts.values[place][index]
        var own = shares.values[sharePlace]
        let fault = index == 0 ? fault : LedgerFault.none
        booking.isOpening = position.isOpening
        // One strategy alone holds just what the account holds.
        let isAlike = own.holdsAs(position) && fault == .none
        let ours = try position.book(report.side, quantity, report.price, value, fault)
        var realised = ours
        if let theirs = report.realisedPnL, category != .spot {
            realised = self.realised(ours, theirs, report, terms, &booking)
        }
        var shareRealised = ours
        if isAlike {
            own.hold(as: position)
        } else {
            shareRealised = try own.book(report.side, quantity, report.price, value, fault)
        }

        switch category {
        case .linear, .inverse, .spread:
            if !realised.isZero { booking.add(terms.settleCoin, .fill, realised) }
        case .option:
            // The premium is paid when it is agreed on.
            booking.add(terms.settleCoin, .fill, report.side == .buy ? value.negated : value)
        case .spot:
            booking.add(terms.baseCoin, .fill, report.side == .buy ? quantity : quantity.negated)
            booking.add(terms.quoteCoin, .fill, report.side == .buy ? value.negated : value)
        }
        let charge = try self.charge(report, terms, value, &booking)
        // A spot fee in the base coin is taken out of what is held, at the fill's price.
        if !charge.inBase.isZero {
            let side = charge.inBase.units > 0 ? Side.sell : .buy
            let part = Amount(units: Int128(charge.inBase.units.magnitude))
            let worth = try Amount.value(report.price, part)
            realised = try realised.adding(
                try position.book(side, part, report.price, worth, .none)
            )
            shareRealised = try shareRealised.adding(
                try own.book(side, part, report.price, worth, .none)
            )
        }
        if !realised.isZero { position.realised = try position.realised.adding(realised) }
        if !shareRealised.isZero { own.realised = try own.realised.adding(shareRealised) }
        if !charge.inSettle.isZero {
            position.fees = try position.fees.adding(charge.inSettle)
            own.fees = try own.fees.adding(charge.inSettle)
        }
        try post(
            booking.changes,
            at: report.timeMilliseconds,
            isExternal: opened != nil && strategy == Order.external
        )
        if let other = charge.other { try addOther(other, place) }
        if SessionHistory.keeps(terms) {
            remember(
                SessionHistory.Fill(
                    report: report,
                    strategy: strategy,
                    index: index,
                    position: accounts.values[place][index],
                    share: shares.values[sharePlace],
                    booked: realised
                ),
                ours: ours
            )
        }
        accounts.values[place][index] = position
        accounts.values[place].fills += 1
        shares.values[sharePlace] = own
        booking.fee = charge.inSettle
        booking.realised = realised
        booking.shareRealised = shareRealised
    }

    /// Value of the whole fill, in the quote coin or, of inverse contracts, the base coin.
    private static func value(
        _ report: ExecutionReport,
        _ terms: ContractTerms,
        _ quantity: Amount
    ) throws(NumberError) -> Amount {
        if terms.valuation == .linear, let value = Amount.product(report.price, report.quantity) {
            return value
        }
        return try terms.valuation.value(report.price, quantity)
    }

    /// The realised P&L to book.
    private func realised(
        _ ours: Amount,
        _ theirs: Amount,
        _ report: ExecutionReport,
        _ terms: ContractTerms,
        _ booking: inout Booking
    ) -> Amount {
        // A session may have paid out a part of it already, of which the log has not told yet.
        if fault == .none, SessionHistory.keeps(terms), let distance = ours.distance(to: theirs),
            distance > Ledger.rounding
        {
            booking.compared += 1
            return theirs
        }
        return compare("realised", ours, theirs, &booking)
    }

    /// Place of a strategy's share, made on first use.
    private mutating func share(
        _ strategy: String,
        _ instrument: InstrumentID,
        _ index: Int,
        _ terms: ContractTerms,
        _ place: Int
    ) -> Int {
        // As many as strategies mostly are at one instrument.
        let ways = 4
        if recentShares.count != ways * accounts.count {
            recentShares = [Int](repeating: 0, count: ways * accounts.count)
        }
        let first = ways * place
        for way in first..<first + ways {
            let recent = recentShares[way]
            if recent < shares.count, shares.keys[recent].instrument == instrument,
                shares.keys[recent].positionIndex == index, shares.keys[recent].strategy == strategy
            {
                return recent
            }
        }
        let found = shares.index(
            of: Share(strategy: strategy, instrument: instrument, positionIndex: index),
            orInsert: Position(terms.valuation)
        )
        for way in (first + 1..<first + ways).reversed() {
            recentShares[way] = recentShares[way - 1]
        }
        recentShares[first] = found
        return found
    }

    private mutating func addOther(_ fee: ExtraFee, _ place: Int) throws(NumberError) {
        let sum = accounts.values[place].otherFees[fee.coin] ?? .zero
        accounts.values[place].otherFees[fee.coin] = try sum.adding(fee.amount)
    }

    /// What the fees of a fill do to the position.
    struct Charge {
        /// What counts in the settle coin, fees in the base coin of spot at the fill's price.
        var inSettle: Amount = .zero
        /// What a spot fee takes from the base coin.
        var inBase: Amount = .zero
        /// A fee in a coin that is none of the instrument's.
        var other: ExtraFee?

        mutating func add(
            _ coin: String,
            _ amount: Amount,
            _ terms: ContractTerms,
            at price: Numeral,
            _ booking: inout Booking
        ) throws(NumberError) {
            if amount.isZero { return }
            booking.add(coin, .fee, amount.negated)
            if coin == terms.settleCoin {
                inSettle = try inSettle.adding(amount)
            } else if terms.category == .spot, coin == terms.baseCoin {
                inBase = try inBase.adding(amount)
                inSettle = try inSettle.adding(try Amount.value(price, amount))
            } else if var other, other.coin == coin {
                other.amount = try other.amount.adding(amount)
                self.other = other
            } else {
                other = ExtraFee(coin: coin, type: "", amount: amount)
            }
        }
    }

    /// The fee by rule and as the exchange took it, and the extra fees.
    private func charge(
        _ report: ExecutionReport,
        _ terms: ContractTerms,
        _ value: Amount,
        _ booking: inout Booking
    ) throws(NumberError) -> Charge {
        // Mostly a contract's fee in its own coin, and nothing beside: no coin is asked for then.
        if fault == .none, report.feeCoin.isEmpty, report.extraFees.isEmpty,
            terms.category == .linear || terms.category == .inverse
        {
            var fee = report.fee
            if let rate = report.feeRate {
                fee = compare("fee", try Ledger.fee(report, rate, value), report.fee, &booking)
            }
            if !fee.isZero { booking.add(terms.settleCoin, .fee, fee.negated) }
            return Charge(inSettle: fee)
        }
        let rule = try Ledger.feeRule(report, terms, value)
        var coin = report.feeCoin.isEmpty ? rule.coin : report.feeCoin
        var fee = report.fee
        // A fee in another coin (a discount token) follows no rate that is told.
        if var computed = rule.amount, coin == rule.coin {
            if fault == .feeSign { computed = computed.negated }
            fee = compare("fee", computed, report.fee, &booking)
        }
        if fault == .spotFeeCoin, terms.category == .spot {
            coin = coin == terms.baseCoin ? terms.quoteCoin : terms.baseCoin
        }
        var charge = Charge()
        try charge.add(coin, fee, terms, at: report.price, &booking)
        if fault == .openingFee, report.closedQuantity?.isZero ?? true {
            try charge.add(coin, fee, terms, at: report.price, &booking)
        }
        guard !report.extraFees.isEmpty, fault != .extraFee else { return charge }
        for extra in report.extraFees {
            try charge.add(extra.coin, extra.amount, terms, at: report.price, &booking)
        }
        return charge
    }

    /// The coin in which an execution's fee is due and, where the row says the rate, the fee.
    private static func feeRule(
        _ report: ExecutionReport,
        _ terms: ContractTerms,
        _ value: Amount
    ) throws(NumberError) -> (coin: String, amount: Amount?) {
        guard let rate = report.feeRate else { return (feeCoin(report, terms), nil) }
        switch terms.category {
        case .linear, .spread, .inverse:
            return (terms.settleCoin, try fee(report, rate, value))
        case .option:
            // The lesser of rate × index and a share of the price; rows do not say the index.
            return (terms.settleCoin, nil)
        case .spot:
            let coin = feeCoin(report, terms)
            guard coin == terms.baseCoin else { return (coin, try Amount.value(rate, value)) }
            return (coin, try Amount.value(rate, Amount(exactly: report.quantity)))
        }
    }

    /// Of contracts: rate × value.
    private static func fee(
        _ report: ExecutionReport,
        _ rate: Numeral,
        _ value: Amount
    ) throws(NumberError) -> Amount {
        if report.instrument.category != .inverse,
            let fee = Amount.product(report.price, report.quantity, rate)
        {
            return fee
        }
        return try Amount.value(rate, value)
    }

    /// Of spot the coin received, or the other one for a rebate.
    private static func feeCoin(_ report: ExecutionReport, _ terms: ContractTerms) -> String {
        guard terms.category == .spot else { return terms.settleCoin }
        let isRebate = report.isMaker && (report.feeRate?.mantissa ?? 0) < 0
        return (report.side == .buy) != isRebate ? terms.baseCoin : terms.quoteCoin
    }
}
