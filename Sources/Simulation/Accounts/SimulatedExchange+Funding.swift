import Market

extension SimulatedExchange {
    /// The rate of a stamp falls due: each position pays or earns by its value at the mark price.
    mutating func settleFunding(into output: inout ExchangeOutput) {
        let period = now.nanoseconds / configuration.fundingInterval
        for index in states.indices where facts[index].hasFunding {
            let rate = sources[index].fundingRate(period: period)
            var isFirst = true
            for account in accountStates.indices {
                for place in [2 * index, 2 * index + 1]
                where accountStates[account].positions[place].size != 0 {
                    if isFirst { states[index].sequence += 1 }
                    isFirst = false
                    settleFunding(account, place, rate: rate, period: period, into: &output)
                }
            }
        }
        report(into: &output)
        checkEveryone(into: &output)
    }

    private mutating func settleFunding(
        _ account: Int,
        _ place: Int,
        rate: Int64,
        period: Int64,
        into output: inout ExchangeOutput
    ) {
        let index = place / 2
        let size = accountStates[account].positions[place].size
        let mark = quotes[index].mark
        let value = facts[index].valuation.worth(price: mark, quantity: abs(size))
        let numeral = Numeral(mantissa: rate, decimals: 8).trimmed
        // A long pays a positive rate, a short earns it.
        let owed = size > 0 ? value.times(numeral) : value.times(numeral).negated
        accountStates[account].positions[place].updatedMilliseconds = now.milliseconds
        let trade = event(
            .funding,
            "SETTLEMENT",
            account,
            place,
            orderID: "\(now.milliseconds / 1_000)-\(account)-\(place)-\(period)"
        )
        var row = execution(trade, value: value, fee: owed, rate: numeral)
        row.realisedPnL = .zero
        row.closedQuantity = Numeral.zero
        row.leavesQuantity = Numeral.zero
        let told = tell(&row, account, &output)
        let flow = Flow(
            type: "SETTLEMENT",
            funding: configuration.faults.contains(.fundingSign) ? owed : owed.negated
        )
        book(flow, for: told, trade, realised: flow.change)
        touchPosition(account, place)
        touchWallet(account)
    }

    /// What happens to a whole position without an order, at the mark price.
    func event(
        _ type: ExecutionType,
        _ logType: String,
        _ account: Int,
        _ place: Int,
        orderID: String
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
            orderID: orderID,
            orderType: .other("UNKNOWN"),
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
            .other("SessionSettlePnL"),
            "SETTLEMENT",
            account,
            place,
            orderID: "\(now.milliseconds / 1_000)-\(account)-\(place)-session"
        )
        // No execution row: sessions show in the log and in the settlement record.
        let told = ExchangeEvent.execution(
            accountStates[account].id,
            execution(trade, value: value, fee: .zero, rate: .zero)
        )
        book(
            Flow(type: "SETTLEMENT", cash: gained, reason: .session),
            for: told,
            trade,
            realised: gained
        )
        touchPosition(account, place)
        touchWallet(account)
    }
}
