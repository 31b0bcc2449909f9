public import Market

/// What a position needs and where it breaks even.
public struct PositionMargin: Hashable, Sendable {
    /// In the settle coin.
    public var initialMargin: Amount
    public var maintenanceMargin: Amount
    /// `nil` when flat.
    public var breakEvenPrice: Numeral?

    public init(initialMargin: Amount, maintenanceMargin: Amount, breakEvenPrice: Numeral?) {
        self.initialMargin = initialMargin
        self.maintenanceMargin = maintenanceMargin
        self.breakEvenPrice = breakEvenPrice
    }
}

/// Cross margin at the mark price: an account's balance of a coin stands for all positions and orders that settle in it.
extension SimulatedExchange {
    /// Refuses an order that the available balance cannot carry.
    ///
    /// One that opens nothing is never refused.
    func checkMargin(
        _ account: Int,
        _ place: Int,
        _ side: Side,
        adding quantity: Int64,
        at price: Int64,
        feeShare: Int128 = 1
    ) throws(Refusal) {
        let index = place / 2
        let state = facts[index]
        let position = accountStates[account].positions[place]
        let needed: Amount
        let fee = state.valuation.worth(price: price, quantity: quantity)
            .times(accountStates[account].fees.rates(state.category).taker)
        if state.category == .option {
            if side == .buy {
                needed = state.valuation.worth(price: price, quantity: quantity)
            } else {
                let more = position.shortExposure(adding: quantity) - position.shortExposure()
                guard more > 0 else { return }
                needed = shortOptionMargin(index, quantity: more, percent: 10)
            }
        } else {
            let before = position.exposure()
            let after = position.exposure(adding: quantity, on: side)
            guard after > before else { return }
            // An inverse contract is worth more base coin the lower its price.
            let dear =
                state.valuation.isInverse
                ? min(quotes[state.index].mark, price) : max(quotes[state.index].mark, price)
            needed = state.valuation.worth(price: dear, quantity: after - before)
                .times(100, over: Int128(accountStates[account].leverages[index]))
        }
        guard available(account, state.settleCoin) >= needed.plus(fee.times(1, over: feeShare))
        else { throw .balance }
    }

    /// A short option needs its mark value and a part of the underlying's.
    private func shortOptionMargin(_ index: Int, quantity: Int64, percent: Int128) -> Amount {
        let state = facts[index]
        return state.valuation.worth(price: quotes[state.index].mark, quantity: quantity)
            .plus(
                state.valuation.worth(price: quotes[state.index].index, quantity: quantity)
                    .times(percent, over: 100)
            )
    }

    /// Balance and unrealised P&L less initial margin and what spot orders hold; may be negative.
    func available(_ account: Int, _ coin: Int) -> Amount {
        let state = accountStates[account].coins[coin]
        return marginBalance(account, coin).minus(state.shares.initialMargin).minus(state.locked)
    }

    /// What positions of the coin can lose.
    func marginBalance(_ account: Int, _ coin: Int) -> Amount {
        books.balance(.wallet(accountStates[account].id), coin: coin)
            .plus(accountStates[account].coins[coin].shares.unrealised)
    }

    // MARK: - Shares of the sums

    /// Values one position anew, and the sums with it.
    mutating func refresh(_ account: Int, _ place: Int) {
        let index = place / 2
        guard facts[index].isContract else { return }
        let share = share(account, place)
        let old = accountStates[account].positions[place].share
        guard share != old else { return }
        accountStates[account].positions[place].share = share
        accountStates[account].coins[facts[index].settleCoin].replace(old, with: share)
    }

    func share(_ account: Int, _ place: Int) -> PositionShare {
        let index = place / 2
        let position = accountStates[account].positions[place]
        var share = PositionShare()
        guard !position.isIdle else { return share }
        let valuation = facts[index].valuation
        let mark = quotes[index].mark
        if facts[index].category == .option {
            let value = valuation.worth(price: mark, quantity: abs(position.size))
            share.optionValue = position.size < 0 ? value.negated : value
            let short = position.shortExposure()
            share.initialMargin = position.openBuyValue
                .plus(shortOptionMargin(index, quantity: short, percent: 10))
            share.maintenanceMargin = shortOptionMargin(
                index,
                quantity: max(0, -position.size),
                percent: 5
            )
            return share
        }
        share.unrealised = position.unrealised(mark: mark, valuation: valuation)
        share.initialMargin = valuation.worth(price: mark, quantity: position.exposure())
            .times(100, over: Int128(accountStates[account].leverages[index]))
        share.maintenanceMargin = maintenance(account, place)
        return share
    }

    private func maintenance(_ account: Int, _ place: Int) -> Amount {
        let index = place / 2
        let size = abs(accountStates[account].positions[place].size)
        guard size > 0 else { return .zero }
        return facts[index].valuation.worth(price: quotes[index].mark, quantity: size)
            .times(facts[index].terms.maintenanceMarginRate)
    }

    /// A market source has moved: positions are worth something else, triggers may be reached, accounts may have too
    /// little.
    mutating func revalue(_ index: Int, into output: inout ExchangeOutput) {
        let reference = ReferencePrices(
            mark: Price(units: quotes[index].mark),
            index: Price(units: quotes[index].index)
        )
        guard reference != states[index].valuedAt else { return }
        states[index].valuedAt = reference
        revaluePositions(on: index)
        for account in accountStates.indices
        where accountStates[account].positions[2 * index].size != 0
            || accountStates[account].positions[2 * index + 1].size != 0
        {
            checkSolvency(account, coin: facts[index].settleCoin, into: &output)
        }
        runTriggers(on: index, into: &output)
    }

    mutating func revaluePositions(on index: Int) {
        guard facts[index].isContract else { return }
        for account in accountStates.indices {
            for place in [2 * index, 2 * index + 1]
            where !accountStates[account].positions[place].isIdle {
                refresh(account, place)
            }
        }
    }

    // MARK: - For rows

    /// Margins of one position, and the price at which closing it would leave no loss.
    ///
    /// - Parameter positionIndex: 2 for the short position of hedge mode.
    /// - Returns: `nil` when account or instrument do not exist.
    public func margin(
        _ account: AccountID,
        _ instrument: InstrumentID,
        positionIndex: Int = 0
    ) -> PositionMargin? {
        guard accountStates.indices.contains(account.index), let index = index(of: instrument)
        else { return nil }
        let place = 2 * index + (positionIndex == 2 ? 1 : 0)
        let position = accountStates[account.index].positions[place]
        if facts[index].category == .option {
            let short = max(0, -position.size)
            return PositionMargin(
                initialMargin: shortOptionMargin(index, quantity: short, percent: 10),
                maintenanceMargin: shortOptionMargin(index, quantity: short, percent: 5),
                breakEvenPrice: nil
            )
        }
        return PositionMargin(
            initialMargin: facts[index].valuation
                .worth(price: quotes[index].mark, quantity: abs(position.size))
                .times(100, over: Int128(accountStates[account.index].leverages[index])),
            maintenanceMargin: maintenance(account.index, place),
            breakEvenPrice: breakEven(account.index, place)
        )
    }

    /// (signed entry value − realised) ÷ (signed size − |size| × taker rate), two decimals more
    /// than the price.
    ///
    /// Linear contracts only: the reference gives no other formula.
    private func breakEven(_ account: Int, _ place: Int) -> Numeral? {
        let index = place / 2
        let position = accountStates[account].positions[place]
        guard position.size != 0, facts[index].category == .linear else { return nil }
        let scale = facts[index].scale
        let rate = max(
            (try? accountStates[account].fees.contract.taker.units(decimals: 8)) ?? 0,
            55_000
        )
        // Quantity × 10⁸, less the fee of closing.
        let whole = Int128(position.size) * 100_000_000
        let net = whole - Int128(abs(position.size)) * Int128(rate)
        let entry = position.entryValue.minus(position.sessionShift)
        let signed = position.size > 0 ? entry : entry.negated
        let cost = signed.minus(position.currentRealised)
        let decimals = min(18, scale.priceDecimals + 2)
        // cost ÷ (net ÷ 10^(quantityDecimals + 8)), in units of 10^-decimals.
        let shift = scale.quantityDecimals + 8 + decimals - Amount.decimals
        let factor = shift > 0 ? PowerOfTen.int128(shift) : 1
        let (divisor, overflow) = net.multipliedReportingOverflow(
            by: shift < 0 ? PowerOfTen.int128(-shift) : 1
        )
        guard !overflow else { return nil }
        let units = try? FullWidth.multiplyDivide(
            cost.units,
            factor,
            by: divisor,
            rounding: .halfEven
        )
        guard let units, let mantissa = Int64(exactly: units) else { return nil }
        return Numeral(mantissa: mantissa, decimals: UInt8(decimals)).trimmed
    }
}
