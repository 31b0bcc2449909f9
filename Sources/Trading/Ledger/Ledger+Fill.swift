import Market

extension Ledger {
    mutating func bookFill(
        _ report: ExecutionReport,
        _ strategy: String,
        _ place: Int,
        _ index: Int
    ) throws(NumberError) -> Booking {
        var booking = Booking(outcome: .booked)
        let quantity = Amount(exactly: report.quantity)
        let category = report.instrument.category
        let terms = accounts.values[place].terms
        let value = try terms.valuation.value(report.price, quantity)
        let charge = try self.charge(report, terms, value, &booking)

        var position = accounts.values[place][index]
        let fault = index == 0 ? fault : LedgerFault.none
        let before = position.realised
        var realised = try position.fill(report.side, quantity, at: report.price, fault: fault)
        if let theirs = report.realisedPnL, category != .spot {
            realised = compare("realised", realised, theirs, &booking)
            position.realised = try before.adding(realised)
        }

        let share = Share(
            strategy: strategy,
            instrument: report.instrument,
            positionIndex: index
        )
        var own = shares[share] ?? Position(terms.valuation)
        booking.shareRealised = try own.fill(
            report.side,
            quantity,
            at: report.price,
            fault: fault
        )

        switch category {
        case .linear, .inverse, .spread:
            changes.append(
                WalletChange(coin: terms.settleCoin, kind: .fill, amount: realised)
            )
        case .option:
            // The premium is paid when it is agreed on.
            changes.append(
                WalletChange(
                    coin: terms.settleCoin,
                    kind: .fill,
                    amount: report.side == .buy ? value.negated : value
                )
            )
        case .spot:
            let base = report.side == .buy ? quantity : quantity.negated
            let quote = report.side == .buy ? value.negated : value
            changes.append(WalletChange(coin: terms.baseCoin, kind: .fill, amount: base))
            changes.append(WalletChange(coin: terms.quoteCoin, kind: .fill, amount: quote))
        }
        for fee in charge.fees {
            changes.append(WalletChange(coin: fee.coin, kind: .fee, amount: fee.amount.negated))
        }
        // A spot fee in the base coin is taken out of what is held, at the fill's price.
        if !charge.inBase.isZero {
            let isPaid = charge.inBase.units > 0
            let part = Amount(units: Int128(charge.inBase.units.magnitude))
            realised = try realised.adding(
                try position.fill(isPaid ? .sell : .buy, part, at: report.price)
            )
            booking.shareRealised = try booking.shareRealised.adding(
                try own.fill(isPaid ? .sell : .buy, part, at: report.price)
            )
        }
        position.fees = try position.fees.adding(charge.inSettle)
        own.fees = try own.fees.adding(charge.inSettle)
        try post(changes)
        // Nothing else has been changed so far: a number that does not fit leaves all as it was.
        accounts.values[place][index] = position
        accounts.values[place].fills += 1
        if let other = charge.other { try addOther(other, place) }
        shares[share] = own
        booking.fee = charge.inSettle
        booking.realised = realised
        return booking
    }

    private mutating func addOther(_ fee: ExtraFee, _ place: Int) throws(NumberError) {
        let sum = accounts.values[place].otherFees[fee.coin] ?? .zero
        accounts.values[place].otherFees[fee.coin] = try sum.adding(fee.amount)
    }

    /// The fees of a fill, by coin and by what they do to the position.
    struct Charge {
        /// All of them, each in its coin; positive is paid.
        var fees: [ExtraFee] = []
        /// What counts in the settle coin, fees in the base coin of spot at the fill's price.
        var inSettle: Amount = .zero
        /// What a spot fee takes from the base coin.
        var inBase: Amount = .zero
        /// A fee in a coin that is none of the instrument's.
        var other: ExtraFee?

        mutating func add(
            _ fee: ExtraFee,
            _ terms: ContractTerms,
            at price: Numeral
        ) throws(NumberError) {
            if fee.amount.isZero { return }
            fees.append(fee)
            if fee.coin == terms.settleCoin {
                inSettle = try inSettle.adding(fee.amount)
            } else if terms.category == .spot, fee.coin == terms.baseCoin {
                inBase = try inBase.adding(fee.amount)
                inSettle = try inSettle.adding(try Amount.value(price, fee.amount))
            } else if var other, other.coin == fee.coin {
                other.amount = try other.amount.adding(fee.amount)
                self.other = other
            } else {
                other = fee
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
        try charge.add(ExtraFee(coin: coin, type: "", amount: fee), terms, at: report.price)
        if fault == .openingFee, report.closedQuantity?.isZero ?? true {
            try charge.add(ExtraFee(coin: coin, type: "", amount: fee), terms, at: report.price)
        }
        guard !report.extraFees.isEmpty, fault != .extraFee else { return charge }
        for extra in report.extraFees { try charge.add(extra, terms, at: report.price) }
        return charge
    }

    /// The coin in which an execution's fee is due and, where the row says the rate, the fee.
    private static func feeRule(
        _ report: ExecutionReport,
        _ terms: ContractTerms,
        _ value: Amount
    ) throws(NumberError) -> (coin: String, amount: Amount?) {
        switch terms.category {
        case .linear, .inverse, .spread:
            return (terms.settleCoin, try report.feeRate.map(value))
        case .option:
            // The lesser of rate × index and a share of the price; rows do not say the index.
            return (terms.settleCoin, nil)
        case .spot:
            // From what is received; a rebate is paid in the other coin.
            let isRebate = report.isMaker && (report.feeRate?.mantissa ?? 0) < 0
            guard (report.side == .buy) != isRebate else {
                return (terms.quoteCoin, try report.feeRate.map(value))
            }
            return (terms.baseCoin, try report.feeRate.map(Amount(exactly: report.quantity)))
        }
    }
}

extension Numeral? {
    /// Rate × value, when there is a rate.
    fileprivate func map(_ value: Amount) throws(NumberError) -> Amount? {
        guard let rate = self else { return nil }
        return try Amount.value(rate, value)
    }
}
