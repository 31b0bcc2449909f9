import Market

/// What the fees of a fill do to the position: the fee by rule and as the exchange took it, and the extra fees.
struct FillCharge {
    /// What counts in the settle coin, fees in the base coin of spot at the fill's price.
    private(set) var inSettle: Amount = .zero
    /// What a spot fee takes from the base coin.
    private(set) var inBase: Amount = .zero
    /// Fees in coins that are none of the instrument's, one of each coin; mostly none.
    private(set) var others: [ExtraFee] = []

    /// Works out the fees of a fill.
    ///
    /// - Parameters:
    ///   - terms: stay as they are; `inout` so that those of an account in a list are read where they lie.
    ///   - value: of the whole fill.
    mutating func take(
        _ report: ExecutionReport,
        _ terms: inout ContractTerms,
        _ value: Amount,
        _ fault: LedgerFault,
        _ booking: inout Booking
    ) throws(NumberError) {
        // Mostly a contract's fee in its own coin, and nothing beside: no coin is asked for then.
        guard fault == .none, report.feeCoin.isEmpty, report.extraFees.isEmpty,
            terms.category == .linear || terms.category == .inverse
        else { return try takeByRule(report, &terms, value, fault, &booking) }
        var fee = report.fee
        if let rate = report.feeRate {
            fee = booking.compare("fee", try FillCharge.fee(report, rate, value), report.fee)
        }
        if !fee.isZero { booking.add(terms.settleCoin, .fee, fee.negated) }
        inSettle = fee
    }

    /// Takes the fees of a row for which there is no rule, as the exchange says them: of a delivery.
    mutating func takeAsTold(
        _ report: ExecutionReport,
        _ terms: inout ContractTerms,
        _ booking: inout Booking
    ) throws(NumberError) {
        let coin = report.feeCoin.isEmpty ? terms.settleCoin : report.feeCoin
        try add(coin, report.fee, &terms, at: report.price, &booking)
        try takeExtra(report, &terms, &booking)
    }

    /// Takes the extra fees alone: what funding rows call their fee is the funding.
    mutating func takeExtra(
        _ report: ExecutionReport,
        _ terms: inout ContractTerms,
        _ booking: inout Booking
    ) throws(NumberError) {
        for extra in report.extraFees {
            try add(extra.coin, extra.amount, &terms, at: report.price, &booking)
        }
    }

    private mutating func takeByRule(
        _ report: ExecutionReport,
        _ terms: inout ContractTerms,
        _ value: Amount,
        _ fault: LedgerFault,
        _ booking: inout Booking
    ) throws(NumberError) {
        let rule = try FillCharge.rule(report, &terms, value)
        var coin = report.feeCoin.isEmpty ? rule.coin : report.feeCoin
        var fee = report.fee
        // A fee in another coin (a discount token) follows no rate that is told.
        if var computed = rule.amount, coin == rule.coin {
            if fault == .feeSign { computed = computed.negated }
            fee = booking.compare("fee", computed, report.fee)
        }
        if fault == .spotFeeCoin, terms.category == .spot {
            coin = coin == terms.baseCoin ? terms.quoteCoin : terms.baseCoin
        }
        try add(coin, fee, &terms, at: report.price, &booking)
        if fault == .openingFee, report.closedQuantity?.isZero ?? true {
            try add(coin, fee, &terms, at: report.price, &booking)
        }
        guard !report.extraFees.isEmpty, fault != .extraFee else { return }
        try takeExtra(report, &terms, &booking)
    }

    private mutating func add(
        _ coin: String,
        _ amount: Amount,
        _ terms: inout ContractTerms,
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
        } else if let place = others.firstIndex(where: { $0.coin == coin }) {
            others[place].amount = try others[place].amount.adding(amount)
        } else {
            others.append(ExtraFee(coin: coin, type: "", amount: amount))
        }
    }

    /// The coin in which an execution's fee is due and, where the row says the rate, the fee.
    private static func rule(
        _ report: ExecutionReport,
        _ terms: inout ContractTerms,
        _ value: Amount
    ) throws(NumberError) -> (coin: String, amount: Amount?) {
        switch terms.category {
        case .linear, .spread, .inverse:
            let amount = try report.feeRate.map { rate throws(NumberError) in
                try fee(report, rate, value)
            }
            return (terms.settleCoin, amount)
        case .option:
            // The lesser of rate × index and a share of the price; rows do not say the index.
            return (terms.settleCoin, nil)
        case .spot:
            // The coin received, or the other one for a rebate.
            let isRebate = report.isMaker && (report.feeRate?.mantissa ?? 0) < 0
            let isInBase = (report.side == .buy) != isRebate
            let coin = isInBase ? terms.baseCoin : terms.quoteCoin
            guard let rate = report.feeRate else { return (coin, nil) }
            let isBase = isInBase || coin == terms.baseCoin
            return (
                coin,
                try Amount.value(rate, isBase ? Amount(exactly: report.quantity) : value)
            )
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
}
