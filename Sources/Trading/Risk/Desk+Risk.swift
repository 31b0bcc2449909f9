import Market

/// What an intent would add to the market, as the limits look at it.
struct Exposure {
    var instrument: InstrumentID
    var side: Side
    /// The whole quantity of the order after the intent.
    var quantity: Amount
    /// `nil` for a market order.
    var price: Numeral?
    var reduceOnly: Bool
    /// The order that is changed; its present exposure is replaced by the new one.
    var replaces: Order?
}

extension Desk {
    /// All limits that were looked at, in a fixed order.
    ///
    /// The intent passes when each holds.
    func checks(_ exposure: Exposure) -> [Verdict.Check] {
        guard let instrument = markets.instruments[exposure.instrument] else {
            return [check("instrument", "known", "unknown", "", holds: false)]
        }
        var checks: [Verdict.Check] = []
        form(exposure, instrument, &checks)
        if isReduction(exposure) { return checks }
        if ledger.isHedged(exposure.instrument) { checks.append(positionMode(exposure)) }
        let halt = haltReason(exposure.instrument)
        checks.append(check("halted", "no", halt ?? "no", "", holds: halt == nil))
        do throws(NumberError) {
            try order(exposure, instrument, &checks)
            try position(exposure, instrument, &checks)
            openOrders(exposure, &checks)
            try dailyLoss(instrument, &checks)
        } catch {
            checks.append(check("number", "fits", error.description, "", holds: false))
        }
        return checks
    }

    /// Steps of price and quantity: the exchange would refuse what is off them.
    private func form(
        _ exposure: Exposure,
        _ instrument: Instrument,
        _ checks: inout [Verdict.Check]
    ) {
        let step = instrument.scale.numeral(instrument.quantityStep)
        let isStep =
            exposure.quantity > .zero
            && exposure.quantity.units % Amount(exactly: step).units == 0
        if !isStep {
            checks.append(
                check(
                    "quantity_step",
                    step.trimmed.description,
                    exposure.quantity.description,
                    instrument.baseCoin,
                    holds: false
                )
            )
        }
        guard let price = exposure.price else { return }
        let tick = instrument.scale.numeral(instrument.tickSize)
        if Amount(exactly: price).units % Amount(exactly: tick).units != 0 {
            checks.append(
                check(
                    "tick_size",
                    tick.trimmed.description,
                    price.description,
                    instrument.quoteCoin,
                    holds: false
                )
            )
        }
    }

    /// True for what can only bring the account's position nearer to zero.
    private func isReduction(_ exposure: Exposure) -> Bool {
        if let order = exposure.replaces, exposure.price == order.price,
            exposure.quantity <= Amount(exactly: order.quantity)
        {
            return true
        }
        guard exposure.reduceOnly else { return false }
        if ledger.isHedged(exposure.instrument) { return reducesLeg(exposure) }
        let size = ledger.position(exposure.instrument).size
        return exposure.side == .buy ? size.units < 0 : size.units > 0
    }

    /// A purchase can bring the short position of hedge mode nearer to zero, a sale the long one, whatever both are together.
    private func reducesLeg(_ exposure: Exposure) -> Bool {
        guard let account = ledger.accounts[exposure.instrument] else { return false }
        return !(exposure.side == .buy ? account.short : account.long).isFlat
    }

    /// What opens in hedge mode, or has no position to reduce, must not leave: the limits are of net positions, and of an
    /// order that opens the other side's position they would see none grow.
    private func positionMode(_ exposure: Exposure) -> Verdict.Check {
        let leg = exposure.side == .buy ? "short" : "long"
        return check(
            "position_mode",
            exposure.reduceOnly ? "a \(leg) position" : "one-way",
            exposure.reduceOnly ? "none" : "hedge mode: the limits are of net positions",
            "",
            holds: false
        )
    }

    private func order(
        _ exposure: Exposure,
        _ instrument: Instrument,
        _ checks: inout [Verdict.Check]
    ) throws(NumberError) {
        let symbol = exposure.instrument.symbol
        if let ceiling = limits.orderQuantity?[symbol] {
            checks.append(
                check("order_quantity", ceiling, exposure.quantity, instrument.baseCoin)
            )
        }
        if let ceiling = limits.orderValue?[symbol] {
            guard let price = exposure.price ?? marketPrice(exposure) else {
                checks.append(
                    check(
                        "order_value",
                        ceiling.description,
                        "no price",
                        instrument.quoteCoin,
                        holds: false
                    )
                )
                return
            }
            let value = try Amount.value(price, exposure.quantity)
            checks.append(check("order_value", ceiling, value, instrument.quoteCoin))
        }
    }

    /// What a market order is valued at: the touch it would meet, else the mark.
    private func marketPrice(_ exposure: Exposure) -> Numeral? {
        if let book = book(exposure.instrument) {
            let touch = exposure.side == .buy ? book.bestAsk : book.bestBid
            if let touch { return book.scale.numeral(touch.price) }
        }
        return markets.reference(exposure.instrument)
    }

    /// The position if this intent and all open orders of its side fill, and none of the other side.
    private func position(
        _ exposure: Exposure,
        _ instrument: Instrument,
        _ checks: inout [Verdict.Check]
    ) throws(NumberError) {
        let symbol = exposure.instrument.symbol
        let quantityCeiling = limits.positionQuantity?[symbol]
        let valueCeiling = limits.positionValue?[symbol]
        guard quantityCeiling != nil || valueCeiling != nil else { return }
        var open = try orderStore.exposure(exposure.instrument, exposure.side)
        if let replaced = exposure.replaces { open = try open.subtracting(replaced.exposure) }
        var own = exposure.quantity
        if let replaced = exposure.replaces {
            own = own > replaced.executed ? try own.subtracting(replaced.executed) : .zero
            // Until the exchange says otherwise the old quantity may fill instead.
            if replaced.exposure > own { own = replaced.exposure }
        }
        let size = ledger.position(exposure.instrument).size
        let signed = try (exposure.side == .buy ? size : size.negated).adding(open).adding(own)
        let worst = signed > .zero ? signed : .zero
        if let quantityCeiling {
            checks.append(check("position_quantity", quantityCeiling, worst, instrument.baseCoin))
        }
        if let valueCeiling {
            guard let price = markets.reference(exposure.instrument) ?? exposure.price else {
                checks.append(
                    check(
                        "position_value",
                        valueCeiling.description,
                        "no price",
                        instrument.quoteCoin,
                        holds: false
                    )
                )
                return
            }
            let value = try Amount.value(price, worst)
            checks.append(check("position_value", valueCeiling, value, instrument.quoteCoin))
        }
    }

    private func openOrders(_ exposure: Exposure, _ checks: inout [Verdict.Check]) {
        guard let ceiling = limits.openOrders, exposure.replaces == nil else { return }
        let count = orderStore.openCount + 1
        checks.append(
            check(
                "open_orders",
                String(ceiling),
                String(count),
                "orders",
                holds: count <= ceiling
            )
        )
    }

    private func dailyLoss(
        _ instrument: Instrument,
        _ checks: inout [Verdict.Check]
    ) throws(NumberError) {
        guard let ceiling = limits.dailyLoss else { return }
        let coin = instrument.settleCoin
        let total = try ledger.total(coin) { markets.reference($0) }
        let earned = try total.subtracting(risk.dayBase[coin] ?? .zero)
        let loss = earned < .zero ? earned.negated : .zero
        checks.append(check("daily_loss", ceiling, loss, coin))
    }

    /// Begins a new day of the loss limit, at the first record past midnight UTC.
    mutating func beginDay() {
        let day = time.milliseconds / 86_400_000
        guard day != risk.day else { return }
        let isFirst = risk.day == .min
        risk.day = day
        // What is there before the first day is counted from the opening on.
        guard !isFirst else { return }
        noteUnpriced()
        for place in ledger.accounts.keys.indices {
            noteBase(ledger.accounts.values[place].settleCoin)
            // Fees are taken in coins that nothing settles in, too.
            for coin in ledger.accounts.values[place].otherFees.keys { noteBase(coin) }
        }
    }

    private mutating func noteBase(_ coin: String) {
        do throws(NumberError) {
            risk.dayBase[coin] = try ledger.total(coin) { markets.reference($0) }
        } catch {
            number("daily_loss \(coin)", error)
        }
    }

    private func check(
        _ limit: String,
        _ ceiling: Amount,
        _ observed: Amount,
        _ unit: String
    ) -> Verdict.Check {
        check(limit, ceiling.description, observed.description, unit, holds: observed <= ceiling)
    }

    private func check(
        _ limit: String,
        _ ceiling: String,
        _ observed: String,
        _ unit: String,
        holds: Bool
    ) -> Verdict.Check {
        Verdict.Check(limit: limit, ceiling: ceiling, observed: observed, unit: unit, holds: holds)
    }
}
