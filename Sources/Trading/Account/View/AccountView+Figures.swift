public import Market

extension AccountView {
    /// - Parameters:
    ///   - facts: what the exchange said beside what the ledger holds.
    ///   - price: what a position in the instrument is valued at.
    public init(
        _ ledger: Ledger,
        facts: AccountFacts = AccountFacts(),
        price: (InstrumentID) -> Numeral?
    ) {
        let mode = facts.marginMode
        for place in ledger.wallets.keys.indices {
            let coin = ledger.wallets.keys[place]
            coins.append(Coin(coin, ledger.wallets.values[place], facts.debt(of: coin)))
        }
        for place in ledger.accounts.keys.indices {
            let instrument = ledger.accounts.keys[place]
            let account = ledger.accounts.values[place]
            for index in 0...2 where !account[index].isFlat {
                let id = PositionID(instrument: instrument, index: index)
                holdings.append(
                    Holding(
                        id,
                        account,
                        price(instrument),
                        ledger.pendingPositions[id]?.update.leverage,
                        mode,
                        facts.terms(of: instrument)
                    )
                )
            }
        }
        for holding in holdings { add(holding) }
        for place in coins.indices { coins[place].sum() }
        // Isolated positions have margins of their own, for whose end the reference has no formula.
        guard mode == .cross else { return }
        for place in holdings.indices {
            // Of a hedge both sides move with the price: what the formula holds still is not.
            let sides = holdings.count { $0.instrument == holdings[place].instrument }
            guard sides == 1,
                let coin = coins.first(where: { $0.coin == holdings[place].settleCoin })
            else { continue }
            holdings[place].liquidate(coin, facts.terms(of: holdings[place].instrument))
        }
    }

    /// A position's part of its coin's sums.
    private mutating func add(_ holding: Holding) {
        // What is held of spot is the wallet itself.
        guard holding.instrument.category != .spot else { return }
        var place = coins.firstIndex { $0.coin == holding.settleCoin }
        if place == nil {
            coins.append(Coin(holding.settleCoin, Ledger.Wallet(), AccountFacts.Debt()))
            coins.sort { $0.coin < $1.coin }
            place = coins.firstIndex { $0.coin == holding.settleCoin }
        }
        guard let place else { return }
        if holding.instrument.category == .option {
            let value = holding.value.map { holding.size.units < 0 ? $0.negated : $0 }
            coins[place].optionValue = coins[place].added(coins[place].optionValue, value)
            // One that was bought is paid for. What one that was sold needs the reference does not say: then it is not known
            // of the coin either.
            guard holding.size.units < 0 else { return }
            coins[place].initialMargin = coins[place].added(coins[place].initialMargin, nil)
            coins[place].maintenanceMargin = coins[place].added(
                coins[place].maintenanceMargin,
                nil
            )
            return
        }
        coins[place].unrealised = coins[place].added(coins[place].unrealised, holding.unrealised)
        coins[place].initialMargin = coins[place].added(
            coins[place].initialMargin,
            holding.initialMargin
        )
        coins[place].maintenanceMargin = coins[place].added(
            coins[place].maintenanceMargin,
            holding.maintenanceMargin
        )
        if holding.isEstimate { coins[place].isEstimate = true }
    }
}

extension AccountView.Coin {
    init(_ coin: String, _ wallet: Ledger.Wallet, _ debt: AccountFacts.Debt?) {
        self.init(
            coin: coin,
            balance: wallet.balance,
            told: wallet.told,
            opening: wallet.opening,
            flows: wallet.sums,
            debt: debt,
            unrealised: .zero,
            optionValue: .zero,
            initialMargin: .zero,
            maintenanceMargin: .zero,
            isEstimate: debt == nil
        )
    }

    /// The sum; where a part is not known, or it does not fit, what is known, marked as an estimate.
    mutating func added(_ sum: Amount, _ part: Amount?) -> Amount {
        added(Optional(sum), part) ?? sum
    }

    /// `nil` once a part is not known.
    mutating func added(_ sum: Amount?, _ part: Amount?) -> Amount? {
        do throws(NumberError) {
            guard let sum, let part else {
                isEstimate = true
                return nil
            }
            return try sum.adding(part)
        } catch {
            isEstimate = true
            return nil
        }
    }

    mutating func sum() {
        do throws(NumberError) {
            guard let balance else { return }
            let margin = try balance.adding(unrealised)
            equity = try margin.subtracting(debt?.spotBorrowed ?? .zero)
                .adding(optionValue)
            if let maintenanceMargin { distance = try margin.subtracting(maintenanceMargin) }
        } catch {
            equity = nil
            distance = nil
            isEstimate = true
        }
    }
}

extension AccountView.Holding {
    init(
        _ id: PositionID,
        _ account: Ledger.Account,
        _ price: Numeral?,
        _ leverage: Numeral?,
        _ mode: MarginMode?,
        _ terms: MarginTerms?
    ) {
        let position = account[id.index]
        self.init(
            instrument: id.instrument,
            positionIndex: id.index,
            settleCoin: account.settleCoin,
            size: position.size,
            entryPrice: position.entryPrice,
            sessionPrice: position.sessionPrice,
            price: price,
            realised: position.realised,
            fees: position.fees,
            funding: position.funding,
            leverage: leverage,
            isOpening: account.isOpening(id.index),
            isEstimate: false
        )
        do throws(NumberError) {
            if let price {
                let held = Amount(units: Int128(size.units.magnitude))
                value = try position.valuation.value(price, held)
                unrealised = try position.unrealised(at: price)
            }
            switch id.instrument.category {
            case .linear, .inverse: break
            case .option, .spot, .spread: return
            }
            if let price, let leverage, let mode {
                let margins = try PositionMargins(
                    position,
                    mark: price,
                    leverage: leverage,
                    mode: mode,
                    terms: terms
                )
                initialMargin = margins?.initial
                maintenanceMargin = margins?.maintenance
                isEstimate = margins?.isEstimate ?? false
            }
            breakEvenPrice = try position.breakEven(takerRate: terms?.takerRate ?? .zero)
            // Which of its costs the exchange counts is not verified.
            if breakEvenPrice != nil { isEstimate = true }
        } catch {
            isEstimate = true
        }
    }

    /// Where margin balance and maintenance margin meet when nothing but this price moves.
    ///
    /// With q the size, B the rest of the margin balance less the rest of the maintenance margin, r the maintenance rate
    /// and the fee of closing, D the deduction. Linear, long: q × (P − E) + B = q × P × r − D, so P = (q × E − B − D) ÷
    /// (q × (1 − r)); short with the signs of q turned. Inverse, long: v − q ÷ P + B = q ÷ P × r − D, v the entry value.
    mutating func liquidate(_ coin: AccountView.Coin, _ terms: MarginTerms?) {
        guard let terms, let value, let unrealised, let maintenanceMargin,
            let distance = coin.distance
        else { return }
        do throws(NumberError) {
            guard let tier = try terms.tier(of: value) else { return }
            let rest = try distance.subtracting(unrealised).adding(maintenanceMargin)
            let rate = try Amount(exactly: tier.rate).adding(Amount(exactly: terms.takerRate))
            let one = Amount(units: PowerOfTen.int128(Amount.decimals))
            let held = Amount(units: Int128(size.units.magnitude))
            let isLong = size.units > 0
            let spare = try rest.adding(tier.deduction)
            let entry = try self.entryValue(value, unrealised)
            liquidationPrice =
                try instrument.category == .inverse
                ? AccountView.Holding.price(
                    // q × (1 ± r) ÷ (v ± spare)
                    of: held.scaled(
                        by: (isLong ? one.adding(rate) : one.subtracting(rate)).units,
                        over: one.units,
                        rounding: .halfEven
                    ),
                    by: isLong ? entry.adding(spare) : entry.subtracting(spare)
                )
                : AccountView.Holding.price(
                    // (v ∓ spare) ÷ (q × (1 ∓ r))
                    of: isLong ? entry.subtracting(spare) : entry.adding(spare),
                    by: held.scaled(
                        by: (isLong ? one.subtracting(rate) : one.adding(rate)).units,
                        over: one.units,
                        rounding: .halfEven
                    )
                )
            isEstimate = true
        } catch {
            liquidationPrice = nil
        }
    }

    /// The value at entry, what sessions have paid out taken off, from what it is worth and has gained.
    private func entryValue(_ value: Amount, _ gained: Amount) throws(NumberError) -> Amount {
        let isRising = (size.units > 0) == (instrument.category != .inverse)
        return isRising ? try value.subtracting(gained) : try value.adding(gained)
    }

    /// Half to even at 8 decimals; `nil` where it is not above zero.
    private static func price(
        of above: Amount,
        by below: Amount
    ) throws(NumberError) -> Amount? {
        guard above.units > 0, below.units > 0 else { return nil }
        let count = try FullWidth.multiplyDivide(
            above.units,
            PowerOfTen.int128(8),
            by: below.units,
            rounding: .halfEven
        )
        return try Amount(units: count).scaled(
            by: PowerOfTen.int128(10),
            over: 1,
            rounding: .halfEven
        )
    }
}
