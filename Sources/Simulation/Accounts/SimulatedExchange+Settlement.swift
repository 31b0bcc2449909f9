public import Market

extension SimulatedExchange {
    /// Books one fill of an account's order: order, position, realised P&L, fee, execution row, log row.
    mutating func settle(
        _ place: OrderPlace,
        on index: Int,
        price: Int64,
        quantity: Int64,
        isMaker: Bool,
        _ output: inout ExchangeOutput
    ) {
        let (account, slot) = (place.account, place.slot)
        let value = facts[index].valuation.worth(price: price, quantity: quantity)
        accountStates[account].orders[slot].fill(quantity, worth: value, at: now.milliseconds)
        let trade = accountStates[account].orders[slot]
            .trade(at: price, quantity, isMaker: isMaker)
        // Nothing below looks at the order, which gets what it cost in the end.
        switch facts[index].category {
        case .spot:
            let fee = settleSpot(trade, worth: value, &output)
            accountStates[account].orders[slot].book(fee: fee, closed: .zero)
        case .spread:
            let before = accountStates[account].orders[slot].legs
            let legs = settleCombination(trade, before, &output)
            accountStates[account].orders[slot].legs = legs
        case .linear, .inverse, .option:
            let (fee, closed) = settleContract(trade, worth: value, &output)
            accountStates[account].orders[slot].book(fee: fee, closed: closed)
        }
        touch(place)
    }

    /// Moves a position and its money.
    ///
    /// - Returns: the fee, and the P&L of what was closed, less its fees.
    mutating func settleContract(
        _ trade: AccountTrade,
        worth value: Amount,
        _ output: inout ExchangeOutput
    ) -> (fee: Amount, closed: Amount) {
        let index = trade.listing
        let account = trade.account
        let valuation = facts[index].valuation
        let rate = rate(trade)
        let fee = contractFee(trade, rate: rate, value: value)
        let before = accountStates[account].positions[trade.position].size
        let change = accountStates[account].positions[trade.position].fill(
            trade.side,
            price: trade.price,
            quantity: trade.quantity,
            worth: value,
            fee: fee,
            valuation: valuation,
            averagesOnReduction: configuration.faults.contains(.entryPriceRule)
        )
        let size = accountStates[account].positions[trade.position].size
        stamp(
            account,
            trade.position,
            isOpening: size != 0 && (before == 0 || (before > 0) != (size > 0))
        )
        var execution = execution(trade, value: value, fee: fee, rate: rate)
        execution.realisedPnL = change.realised
        execution.closedQuantity = facts[index].scale.numeral(Quantity(units: change.closed))
        let told = tell(consume execution, &output)
        let shownFee = configuration.faults.contains(.feeSign) ? fee.negated : fee
        if facts[index].category == .option {
            // The premium changes hands; what it realises shows in the position only.
            let premium = trade.side == .buy ? value.negated : value
            book(
                Flow(type: trade.logType, cash: premium, fee: shownFee, reason: .premium),
                for: told,
                realised: change.realised.minus(shownFee)
            )
        } else {
            book(
                Flow(type: trade.logType, cash: change.realised, fee: shownFee),
                for: told,
                realised: change.realised.minus(shownFee)
            )
        }
        accountStates[account].volume.add(value)
        touchPosition(account, trade.position)
        touchWallet(account)
        return (fee, change.closedPnL)
    }

    func rate(_ trade: AccountTrade) -> Numeral {
        let rates = accountStates[trade.account].fees.rates(facts[trade.listing].category)
        guard trade.feeShare == 1 else {
            guard trade.feeShare > 1 else { return .zero }
            // Half a rate has one digit more.
            let rate = trade.isMaker ? rates.maker : rates.taker
            let units = ((try? rate.units(decimals: 9)) ?? 0) / Int64(trade.feeShare)
            return Numeral(mantissa: units, decimals: 9).trimmed
        }
        return trade.isMaker ? rates.maker : rates.taker
    }

    private func contractFee(_ trade: AccountTrade, rate: Numeral, value: Amount) -> Amount {
        let state = facts[trade.listing]
        guard state.category == .option else { return value.times(rate) }
        let byIndex = state.valuation.worth(
            price: quotes[state.index].index,
            quantity: trade.quantity
        )
        .times(rate)
        return min(byIndex, value.times(7, over: 100))
    }

    func execution(
        _ trade: AccountTrade,
        value: Amount,
        fee: Amount,
        rate: Numeral
    ) -> Execution {
        let scale = facts[trade.listing].scale
        return Execution(
            trade: trade,
            value: value,
            fee: fee,
            feeRate: rate,
            leavesQuantity: scale.numeral(Quantity(units: trade.leaves)),
            markPrice: scale.numeral(Price(units: quotes[trade.listing].mark)),
            timeMilliseconds: now.milliseconds,
            crossSequence: states[trade.listing].sequence,
            details: executionDetails(trade)
        )
    }

    /// Numbers, keeps and sends an execution.
    ///
    /// - Returns: what history and log share.
    @discardableResult
    mutating func tell(
        _ execution: consuming Execution,
        _ output: inout ExchangeOutput
    ) -> ExecutionRecord {
        let account = execution.trade.account
        accountStates[account].nextExecution += 1
        execution.number = accountStates[account].nextExecution
        let listing = execution.trade.listing
        let record = ExecutionRecord(execution, facts[listing], identifiers)
        accountStates[account].executions.append(record)
        output.append(.execution(accountStates[account].id, record), at: now)
        return record
    }

    /// Marks a position as traded now.
    ///
    /// - Parameter isOpening: it was flat before, or has gone through zero.
    private mutating func stamp(_ account: Int, _ place: Int, isOpening: Bool) {
        let time = now.milliseconds
        let sequence = states[place / 2].sequence
        func mark(_ position: inout OpenPosition) {
            if position.createdMilliseconds == 0 { position.createdMilliseconds = time }
            if isOpening { position.openMilliseconds = time }
            position.updatedMilliseconds = time
            position.crossSequence = sequence
        }
        mark(&accountStates[account].positions[place])
    }

    // MARK: - Spot

    /// Swaps two coins; the fee is taken from what is received, a rebate is paid in what is given.
    ///
    /// - Returns: the fee in its coin.
    mutating func settleSpot(
        _ trade: AccountTrade,
        worth value: Amount,
        _ output: inout ExchangeOutput
    ) -> Amount {
        let index = trade.listing
        let state = facts[index]
        let isBuy = trade.side == .buy
        let base = Amount.scaledClamping(
            Int128(trade.quantity),
            decimals: state.scale.quantityDecimals
        )
        let rate = rate(trade)
        let feeIsBase = isBuy != (rate.mantissa < 0)
        let fee = (feeIsBase ? base : value).times(rate)
        var row = execution(trade, value: value, fee: fee, rate: rate)
        row.feeCoin = feeIsBase ? .base : .quote
        row.markPrice = nil
        let told = tell(row, &output)
        for isBase in [true, false] {
            let received = isBase == isBuy
            let moved = isBase ? base : value
            book(
                Flow(
                    type: trade.logType,
                    cash: received ? moved : moved.negated,
                    fee: isBase == feeIsBase ? fee : .zero,
                    reason: .spot,
                    coin: isBase ? state.baseCoin : state.settleCoin
                ),
                for: told,
                realised: nil
            )
        }
        accountStates[trade.account].volume.add(value)
        touchWallet(trade.account)
        return fee
    }

    // MARK: - Money

    /// What one event moves on a wallet.
    ///
    /// `funding` positive is received, `fee` positive is paid.
    struct Flow: Sendable {
        var type: FlowType
        var cash: Amount = .zero
        var funding: Amount = .zero
        var fee: Amount = .zero
        var reason = Posting.Reason.realised
        /// Place of the coin; `nil`: the settle coin.
        var coin: Int?

        var change: Amount { cash.plus(funding).minus(fee) }
    }

    /// Posts a flow and logs it.
    ///
    /// - Parameter realised: what the position's and the coin's counters get; `nil` on spot.
    mutating func book(
        _ flow: Flow,
        for told: ExecutionRecord,
        realised: Amount?
    ) {
        let account = told.execution.trade.account
        let listing = told.listing
        let position = told.execution.trade.position
        let coin = flow.coin ?? facts[listing].settleCoin
        let wallet = LedgerAccount.wallet(accountStates[account].id)
        post(flow.cash, from: .house, to: wallet, coin, flow.reason)
        post(flow.fee, from: wallet, to: .fees, coin, .fee)
        post(flow.funding, from: .funding, to: wallet, coin, .funding)
        if let realised {
            accountStates[account].positions[position].realise(realised)
            let sum = accountStates[account].coins[coin].realised.plus(realised)
            accountStates[account].coins[coin].realised = sum
        }
        accountStates[account].nextFlow += 1
        accountStates[account].log.append(
            LogRecord(
                number: accountStates[account].nextFlow,
                type: flow.type,
                listing: listing,
                coin: coin,
                execution: told,
                size: facts[listing].isContract
                    ? accountStates[account].positions[position].size : 0,
                cashFlow: flow.cash,
                funding: flow.funding,
                fee: flow.fee,
                change: flow.change,
                balance: books.balance(wallet, coin: coin),
                timeMilliseconds: now.milliseconds
            )
        )
    }

    /// A deposit from outside.
    mutating func pay(in deposit: AccountConfiguration.Deposit, to id: AccountID) {
        _ = coin(deposit.coin)
        move(
            deposit.amount,
            of: deposit.coin,
            from: .outside,
            to: id,
            type: .transferIn,
            .deposit
        )
    }

    /// Moves money between a wallet and another account of the books, with a row of its own.
    mutating func move(
        _ amount: Amount,
        of coin: String,
        from: LedgerAccount,
        to id: AccountID,
        type: FlowType,
        _ reason: Posting.Reason
    ) {
        let wallet = LedgerAccount.wallet(id)
        post(amount, from: from, to: wallet, books.index(of: coin), reason)
        logTransfer(amount, of: coin, id, type: type)
    }

    private mutating func logTransfer(
        _ amount: Amount,
        of coin: String,
        _ id: AccountID,
        type: FlowType
    ) {
        let place = books.index(of: coin)
        accountStates[id.index].nextFlow += 1
        accountStates[id.index].log.append(
            LogRecord(
                number: accountStates[id.index].nextFlow,
                type: type,
                coin: place,
                cashFlow: amount,
                change: amount,
                balance: books.balance(.wallet(id), coin: place),
                timeMilliseconds: now.milliseconds
            )
        )
    }

    /// Moves coins between an account and its sub-account, or between two of them.
    ///
    /// - Returns: false where one does not exist, they are not of one family, or the available balance is too small.
    public mutating func transfer(
        _ amount: Amount,
        of name: String,
        from: AccountID,
        to: AccountID
    ) -> Bool {
        guard accountStates.indices.contains(from.index),
            accountStates.indices.contains(to.index), from != to, amount > .zero,
            root(from) == root(to), books.coins.contains(name)
        else { return false }
        let coin = coin(name)
        // Neither more than what is free nor than what is there: unrealised P&L cannot be moved.
        let free = min(
            available(from.index, coin),
            books.balance(.wallet(from), coin: coin).minus(
                accountStates[from.index].coins[coin].locked
            )
        )
        guard amount <= free else { return false }
        post(amount, from: .wallet(from), to: .wallet(to), coin, .transfer)
        logTransfer(amount.negated, of: name, from, type: .transferOut)
        logTransfer(amount, of: name, to, type: .transferIn)
        return true
    }

    private func root(_ account: AccountID) -> AccountID {
        accountStates[account.index].parent ?? account
    }

    mutating func post(
        _ amount: Amount,
        from: LedgerAccount,
        to: LedgerAccount,
        _ coin: Int,
        _ reason: Posting.Reason
    ) {
        books.post(amount, from: from, to: to, coin: coin, reason, at: now)
        if case .wallet(let id) = from { accountStates[id.index].coins[coin].isKnown = true }
        if case .wallet(let id) = to { accountStates[id.index].coins[coin].isKnown = true }
    }

    /// A day ends: the volumes of 30 days move on and decide the fee tiers.
    mutating func turnDay() {
        for account in accountStates.indices {
            let volume = accountStates[account].volume.total
            for tier in configuration.feeTiers where volume >= tier.volume {
                accountStates[account].fees = tier.fees
            }
            accountStates[account].volume.turn()
        }
    }
}
