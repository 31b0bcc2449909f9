import Market

extension SimulatedExchange {
    /// Books one fill of an account's order: position, realised P&L, fee, execution row, log row.
    mutating func settle(
        _ place: OrderPlace,
        on index: Int,
        price: Int64,
        quantity: Int64,
        isMaker: Bool,
        _ output: inout ExchangeOutput
    ) {
        guard var order = accountStates[place.account].orders[place.slot] else { return }
        let scale = states[index].scale
        let rate =
            isMaker
            ? accountStates[place.account].makerRate : accountStates[place.account].takerRate
        let value = scale.worth(price: price, quantity: quantity)
        let fee = value.times(rate)
        order.filled += quantity
        order.filledValue = order.filledValue.plus(value)
        order.filledFee = order.filledFee.plus(fee)
        order.status = order.leaves == 0 ? .filled : .partiallyFilled
        order.updatedMilliseconds = now.milliseconds
        accountStates[place.account].orders[place.slot] = order
        let change = accountStates[place.account].positions[index].fill(
            order.side,
            price: price,
            quantity: quantity,
            scale: scale,
            averagesOnReduction: configuration.faults.contains(.entryPriceRule)
        )
        stamp(place.account, index)
        let execution = ExecutionReport(
            instrument: states[index].id,
            executionID: nextExecutionID(place.account),
            type: .trade,
            orderID: order.orderID,
            orderLinkID: order.orderLinkID,
            side: order.side,
            price: scale.numeral(Price(units: price)),
            quantity: scale.numeral(Quantity(units: quantity)),
            value: value,
            fee: fee,
            feeRate: rate,
            feeCoin: states[index].instrument.settleCoin,
            realisedPnL: change.realised,
            closedQuantity: scale.numeral(Quantity(units: change.closed)),
            isMaker: isMaker,
            leavesQuantity: scale.numeral(Quantity(units: order.leaves)),
            orderPrice: scale.numeral(Price(units: order.price)),
            orderQuantity: scale.numeral(Quantity(units: order.quantity)),
            orderType: order.type,
            markPrice: scale.numeral(states[index].source.reference.mark),
            timeMilliseconds: now.milliseconds,
            crossSequence: states[index].sequence
        )
        accountStates[place.account].executions.append(execution)
        output.append(.execution(accountStates[place.account].id, execution), at: now)
        book(
            Flow(
                type: "TRADE",
                realised: change.realised,
                fee: configuration.faults.contains(.feeSign) ? fee.negated : fee
            ),
            for: execution,
            account: place.account,
            on: index
        )
        touch(place)
        touchPosition(place.account, index)
        touchWallet(place.account)
    }

    /// Marks a position as traded now.
    private mutating func stamp(_ account: Int, _ index: Int) {
        let time = now.milliseconds
        let sequence = states[index].sequence
        func mark(_ position: inout OpenPosition) {
            if position.createdMilliseconds == 0 { position.createdMilliseconds = time }
            position.updatedMilliseconds = time
            position.crossSequence = sequence
        }
        mark(&accountStates[account].positions[index])
    }

    // MARK: - Funding

    /// The rate of a stamp falls due: each position pays or earns by its value at the mark price.
    mutating func settleFunding(into output: inout ExchangeOutput) {
        let period = now.nanoseconds / configuration.fundingInterval
        for index in states.indices where states[index].hasFunding {
            let rate = states[index].source.fundingRate(period: period)
            var isFirst = true
            for account in accountStates.indices
            where accountStates[account].positions[index].size != 0 {
                if isFirst { states[index].sequence += 1 }
                isFirst = false
                settleFunding(account, on: index, rate: rate, period: period, into: &output)
            }
        }
        report(into: &output)
    }

    private mutating func settleFunding(
        _ account: Int,
        on index: Int,
        rate: Int64,
        period: Int64,
        into output: inout ExchangeOutput
    ) {
        let scale = states[index].scale
        let size = accountStates[account].positions[index].size
        let mark = states[index].mark
        let value = scale.worth(price: mark, quantity: abs(size))
        let numeral = Numeral(mantissa: rate, decimals: 8).trimmed
        // A long pays a positive rate, a short earns it.
        let owed = size > 0 ? value.times(numeral) : value.times(numeral).negated
        accountStates[account].positions[index].updatedMilliseconds = now.milliseconds
        let execution = ExecutionReport(
            instrument: states[index].id,
            executionID: nextExecutionID(account),
            type: .funding,
            orderID: "\(now.milliseconds / 1_000)-\(account)-\(index)-\(period)",
            orderLinkID: "",
            side: size > 0 ? .buy : .sell,
            price: scale.numeral(Price(units: mark)),
            quantity: scale.numeral(Quantity(units: abs(size))),
            value: value,
            fee: owed,
            feeRate: numeral,
            feeCoin: states[index].instrument.settleCoin,
            realisedPnL: .zero,
            closedQuantity: Numeral.zero,
            isMaker: false,
            leavesQuantity: Numeral.zero,
            orderPrice: Numeral.zero,
            orderQuantity: Numeral.zero,
            orderType: .other("UNKNOWN"),
            markPrice: scale.numeral(Price(units: mark)),
            timeMilliseconds: now.milliseconds,
            crossSequence: states[index].sequence
        )
        accountStates[account].executions.append(execution)
        output.append(.execution(accountStates[account].id, execution), at: now)
        book(
            Flow(
                type: "SETTLEMENT",
                funding: configuration.faults.contains(.fundingSign) ? owed : owed.negated
            ),
            for: execution,
            account: account,
            on: index
        )
        touchPosition(account, index)
        touchWallet(account)
    }

    // MARK: - Money

    /// What one event moves on a wallet.
    ///
    /// `funding` positive is received, `fee` positive is paid.
    struct Flow: Sendable {
        var type: String
        var realised: Amount = .zero
        var funding: Amount = .zero
        var fee: Amount = .zero

        var change: Amount { realised.plus(funding).minus(fee) }
    }

    private mutating func book(
        _ flow: Flow,
        for execution: ExecutionReport,
        account: Int,
        on index: Int
    ) {
        let coin = states[index].instrument.settleCoin
        let wallet = LedgerAccount.wallet(accountStates[account].id)
        post(flow.realised, from: .house, to: wallet, coin, .realised)
        post(flow.fee, from: wallet, to: .fees, coin, .fee)
        post(flow.funding, from: .funding, to: wallet, coin, .funding)
        accountStates[account].positions[index].realise(flow.change)
        realise(flow.change, coin: coin, account: account)
        log(
            TransactionRow(
                id: nextFlowID(account),
                type: flow.type,
                category: states[index].id.category,
                symbol: states[index].id.symbol.description,
                coin: coin,
                orderID: execution.orderID,
                orderLinkID: execution.orderLinkID,
                tradeID: execution.executionID,
                quantity: execution.quantity,
                tradePrice: execution.price,
                cashFlow: flow.realised,
                funding: flow.funding,
                fee: flow.fee,
                change: flow.change,
                balance: books.balance(wallet, coin: coin),
                timeMilliseconds: now.milliseconds
            ),
            account
        )
    }

    /// A deposit from outside.
    mutating func pay(in deposit: AccountConfiguration.Deposit, to id: AccountID) {
        let wallet = LedgerAccount.wallet(id)
        post(deposit.amount, from: .outside, to: wallet, deposit.coin, .deposit)
        log(
            TransactionRow(
                id: nextFlowID(id.index),
                type: "TRANSFER_IN",
                category: nil,
                symbol: "",
                coin: deposit.coin,
                cashFlow: deposit.amount,
                change: deposit.amount,
                balance: books.balance(wallet, coin: deposit.coin),
                timeMilliseconds: now.milliseconds
            ),
            id.index
        )
    }

    private mutating func post(
        _ amount: Amount,
        from: LedgerAccount,
        to: LedgerAccount,
        _ coin: String,
        _ reason: Posting.Reason
    ) {
        books.post(
            Posting(time: now, from: from, to: to, coin: coin, amount: amount, reason: reason)
        )
    }

    private mutating func log(_ row: TransactionRow, _ account: Int) {
        accountStates[account].log.append(row)
    }

    private mutating func realise(_ amount: Amount, coin: String, account: Int) {
        let place = books.index(of: coin)
        while accountStates[account].realised.count <= place {
            accountStates[account].realised.append(.zero)
        }
        let sum = accountStates[account].realised[place].plus(amount)
        accountStates[account].realised[place] = sum
    }

    private mutating func nextExecutionID(_ account: Int) -> String {
        accountStates[account].nextExecution += 1
        let number = accountStates[account].nextExecution
        return identifiers.text(.execution, place: account, number: number)
    }

    private mutating func nextFlowID(_ account: Int) -> String {
        accountStates[account].nextFlow += 1
        return identifiers.text(.flow, place: account, number: accountStates[account].nextFlow)
    }
}
