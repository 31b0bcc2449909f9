import Market

extension SimulatedExchange {
    /// When funding falls due next for any listing, Unix nanoseconds.
    var followingStamp: Int64 { followingStamp(every: configuration.fundingInterval) }

    /// When a listing's funding falls due next, Unix nanoseconds.
    func followingStamp(of index: Int) -> Int64 {
        followingStamp(every: fundingInterval(of: index))
    }

    private func followingStamp(every interval: Int64) -> Int64 {
        let before = now.nanoseconds - fundingPhase
        return before - before % interval + interval + fundingPhase
    }

    var isFundingStamp: Bool { isFundingStamp(every: configuration.fundingInterval) }

    private func isFundingStamp(every interval: Int64) -> Bool {
        (now.nanoseconds - fundingPhase) % interval == 0
    }

    /// Nanoseconds between a listing's own funding stamps: as many of the configuration's intervals as its minutes have
    /// of the minutes that all listings share.
    func fundingInterval(of index: Int) -> Int64 {
        let minutes = max(1, facts[index].instrument.fundingIntervalMinutes ?? 1)
        let (interval, overflow) = configuration.fundingInterval
            .multipliedReportingOverflow(by: Int64(minutes / max(1, fundingMinutes)))
        return overflow ? .max / 2 : min(interval, .max / 2)
    }

    /// The rate of a stamp falls due: each position of a listing whose stamp it is pays or earns by its value at the mark
    /// price.
    mutating func settleFunding(into output: inout ExchangeOutput) {
        let period = now.nanoseconds / configuration.fundingInterval
        for index in states.indices
        where facts[index].hasFunding && isFundingStamp(every: fundingInterval(of: index)) {
            let rate = sources[index].fundingRate(period: period)
            var isFirst = true
            // What accounts have paid, and what they hold together.
            var paid = Amount.zero
            var held: Int64 = 0
            for account in accountStates.indices {
                for place in [2 * index, 2 * index + 1]
                where accountStates[account].positions[place].size != 0 {
                    if isFirst { states[index].sequence += 1 }
                    isFirst = false
                    held += accountStates[account].positions[place].size
                    paid = paid.plus(
                        settleFunding(account, place, rate: rate, period: period, into: &output)
                    )
                }
            }
            if !isFirst { clearFunding(index, rate: rate, paid: paid, held: held) }
        }
        report(into: &output)
        checkEveryone(into: &output)
    }

    /// What a position of `size` owes at a stamp: a long pays a positive rate, a short earns it.
    private func funding(_ index: Int, size: Int64, rate: Int64) -> Amount {
        let value = facts[index].valuation.worth(price: quotes[index].mark, quantity: abs(size))
        let owed = value.times(Numeral(mantissa: rate, decimals: 8).trimmed)
        return size > 0 ? owed : owed.negated
    }

    /// The background pays or earns for what it holds against all accounts; the rest is rounding.
    private mutating func clearFunding(_ index: Int, rate: Int64, paid: Amount, held: Int64) {
        let coin = facts[index].settleCoin
        let owed = shown(funding(index, size: -held, rate: rate))
        post(owed, from: .house, to: .funding, coin, .funding)
        post(paid.plus(owed), from: .funding, to: .rounding, coin, .rounding)
    }

    /// Funding owed, with the sign that is posted.
    private func shown(_ owed: Amount) -> Amount {
        configuration.faults.contains(.fundingSign) ? owed.negated : owed
    }

    /// - Returns: what the position has paid.
    private mutating func settleFunding(
        _ account: Int,
        _ place: Int,
        rate: Int64,
        period: Int64,
        into output: inout ExchangeOutput
    ) -> Amount {
        let index = place / 2
        let size = accountStates[account].positions[place].size
        let mark = quotes[index].mark
        let value = facts[index].valuation.worth(price: mark, quantity: abs(size))
        let owed = funding(index, size: size, rate: rate)
        accountStates[account].positions[place].updatedMilliseconds = now.milliseconds
        let trade = event(
            .funding,
            .settlement,
            account,
            place,
            TradeOrder(name: "\(now.milliseconds / 1_000)-\(account)-\(place)-\(period)")
        )
        var row = execution(
            trade,
            value: value,
            fee: owed,
            rate: Numeral(mantissa: rate, decimals: 8).trimmed
        )
        row.realisedPnL = .zero
        row.closedQuantity = Numeral.zero
        row.leavesQuantity = Numeral.zero
        let told = tell(row, &output)
        let flow = Flow(type: .settlement, funding: shown(owed).negated)
        book(flow, for: told, realised: flow.change)
        touchPosition(account, place)
        touchWallet(account)
        return shown(owed)
    }

    /// What happens to a whole position without an order, at the mark price.
    func event(
        _ type: ExecutionKind,
        _ logType: FlowType,
        _ account: Int,
        _ place: Int,
        _ order: TradeOrder
    ) -> AccountTrade {
        let size = accountStates[account].positions[place].size
        return AccountTrade(
            account: account,
            listing: place / 2,
            position: place,
            side: size > 0 ? .buy : .sell,
            price: quotes[place / 2].mark,
            quantity: abs(size),
            type: type,
            logType: logType,
            order: order,
            orderType: .none,
            feeShare: 0
        )
    }

    /// A session of USDC contracts ends: what a position has gained since the last one is paid, and counts from the
    /// mark price on.
    mutating func settleSessions(into output: inout ExchangeOutput) {
        for index in states.indices where facts[index].hasSessions {
            for account in accountStates.indices {
                for place in [2 * index, 2 * index + 1]
                where accountStates[account].positions[place].size != 0 {
                    settleSession(account, place, into: &output)
                }
            }
        }
        report(into: &output)
    }

    private mutating func settleSession(
        _ account: Int,
        _ place: Int,
        into output: inout ExchangeOutput
    ) {
        let index = place / 2
        let position = accountStates[account].positions[place]
        let mark = quotes[index].mark
        let value = facts[index].valuation.worth(price: mark, quantity: abs(position.size))
        let gained = position.unrealised(mark: mark, valuation: facts[index].valuation)
        accountStates[account].positions[place].entryValue = value
        accountStates[account].positions[place].sessionShift = position.sessionShift
            .plus(value).minus(position.entryValue)
        accountStates[account].positions[place].updatedMilliseconds = now.milliseconds
        let trade = event(
            .sessionSettlement,
            .settlement,
            account,
            place,
            TradeOrder(name: "\(now.milliseconds / 1_000)-\(account)-\(place)-session")
        )
        // No execution row: sessions show in the log and in the settlement record.
        let told = ExecutionRecord(
            execution(trade, value: value, fee: .zero, rate: .zero),
            facts[index],
            identifiers
        )
        book(
            Flow(type: .settlement, cash: gained, reason: .session),
            for: told,
            realised: gained
        )
        touchPosition(account, place)
        touchWallet(account)
    }
}
