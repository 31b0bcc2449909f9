public import Market

/// What the exchange's rows say beyond what the account itself needs.
extension SimulatedExchange {
    func positionDetails(_ account: Int, _ place: Int) -> PositionDetails {
        let index = place / 2
        let state = facts[index]
        let position = accountStates[account].positions[place]
        var details = PositionDetails()
        let margin = margin(
            AccountID(index: account),
            state.id,
            positionIndex: place % 2 == 1 ? 2 : 0
        )
        details.initialMargin = margin?.initialMargin
        details.maintenanceMargin = margin?.maintenanceMargin
        details.breakEvenPrice = margin?.breakEvenPrice
        details.liquidationPrice = liquidationPrice(account, place)
        details.deleveragingRank = deleveragingRank(account, place)
        details.openMilliseconds = position.size == 0 ? 0 : position.openMilliseconds
        if position.exitOrders > 0 { takeExits(account, place, &details) }
        if state.category == .option { details.greeks = greeks(account, place) }
        return details
    }

    /// Exits of the whole position: partial ones show as orders only.
    private func takeExits(_ account: Int, _ place: Int, _ details: inout PositionDetails) {
        let scale = facts[place / 2].scale
        for order in accountStates[account].orders {
            guard order.isOpen, let stop = order.stop, order.isWaiting,
                order.positionPlace == place
            else { continue }
            let price = scale.numeral(Price(units: stop.price))
            switch stop.kind {
            case .takeProfit: details.takeProfit = price
            case .stopLoss: details.stopLoss = price
            case .trailing: details.trailingStop = scale.numeral(Price(units: stop.distance))
            case .stop, .exits, .partialTakeProfit, .partialStopLoss: break
            }
        }
    }

    /// The mark price at which the margin balance of the settle coin would be all maintenance, were nothing else to move.
    ///
    /// `nil` when flat, of options, and outside the price range.
    private func liquidationPrice(_ account: Int, _ place: Int) -> Numeral? {
        let state = facts[place / 2]
        let size = Int128(accountStates[account].positions[place].size)
        guard size != 0, state.category == .linear || state.category == .inverse,
            let rate = try? state.listing.terms.maintenanceMarginRate.units(decimals: 8)
        else { return nil }
        let coins = accountStates[account].coins[state.settleCoin]
        let spare = marginBalance(account, state.settleCoin)
            .minus(coins.shares.maintenanceMargin)
        let whole = PowerOfTen.int128(8)
        let magnitude = size.magnitude
        // Linear: a move of the price by d takes |size| × d × (1 ∓ rate); inverse: of 1 ÷ price, (1 ± rate).
        let isLong = size > 0
        let sensitivity =
            isLong != state.valuation.isInverse ? whole - Int128(rate) : whole + Int128(rate)
        let value = state.valuation.worth(
            price: quotes[state.index].mark,
            quantity: Int64(clamping: magnitude)
        )
        let loss = spare.times(whole, over: sensitivity)
        let target = isLong != state.valuation.isInverse ? value.minus(loss) : value.plus(loss)
        guard target > .zero,
            let price = state.valuation.price(
                ofValue: target,
                quantity: Int64(clamping: magnitude)
            ),
            price >= state.instrument.priceMin?.units ?? 1,
            price <= state.instrument.priceMax?.units ?? .max
        else { return nil }
        return state.scale.numeral(Price(units: price))
    }

    /// 0 flat, 1 without a gain, 2 to 5 by gain ÷ entry value × leverage: 20 %, 50 % and 100 % are the bounds.
    private func deleveragingRank(_ account: Int, _ place: Int) -> Int {
        let position = accountStates[account].positions[place]
        guard position.size != 0 else { return 0 }
        let state = facts[place / 2]
        let gain = position.unrealised(mark: quotes[state.index].mark, valuation: state.valuation)
        guard gain > .zero, position.entryValue > .zero else { return 1 }
        let ratio = gain.times(
            Int128(accountStates[account].leverages[place / 2]),
            over: 100
        ).times(100, over: 1)
        for (rank, bound) in [(2, 20), (3, 50), (4, 100)]
        where ratio < position.entryValue.times(Int128(bound), over: 1) {
            return rank
        }
        return 5
    }

    /// Greeks of a position: those of one option, as its ticker has them, times the signed size; `nil` without them.
    func greeks(_ account: Int, _ place: Int) -> Greeks? {
        let state = facts[place / 2]
        let size = accountStates[account].positions[place].size
        let ticker = tickerSnapshot(state.id)
        guard let ticker, ticker.value(.delta) != nil else { return nil }
        func total(_ field: TickerField) -> Numeral? {
            guard let one = ticker.value(field) else { return nil }
            let units = try? FullWidth.multiplyDivide(
                Int128(one.mantissa),
                Int128(size) * 100_000_000,
                by: PowerOfTen.int128(Int(one.decimals) + state.scale.quantityDecimals),
                rounding: .halfEven
            )
            return units.map { Numeral(mantissa: Int64(clamping: $0), decimals: 8).trimmed }
        }
        var greeks = Greeks()
        greeks.baseCoin = state.instrument.baseCoin
        greeks.delta = total(.delta)
        greeks.gamma = total(.gamma)
        greeks.vega = total(.vega)
        greeks.theta = total(.theta)
        return greeks
    }

    /// Totals of an account's options, by base coin in the order of listing; a coin without options is left out.
    public func greeks(_ account: AccountID) -> [Greeks] {
        guard accountStates.indices.contains(account.index) else { return [] }
        var totals: [Greeks] = []
        for index in facts.indices where facts[index].category == .option {
            let place = 2 * index
            guard accountStates[account.index].positions[place].size != 0,
                let one = greeks(account.index, place)
            else { continue }
            guard let known = totals.firstIndex(where: { $0.baseCoin == one.baseCoin }) else {
                totals.append(one)
                continue
            }
            totals[known].delta = SimulatedExchange.sum(totals[known].delta, one.delta)
            totals[known].gamma = SimulatedExchange.sum(totals[known].gamma, one.gamma)
            totals[known].vega = SimulatedExchange.sum(totals[known].vega, one.vega)
            totals[known].theta = SimulatedExchange.sum(totals[known].theta, one.theta)
        }
        return totals
    }

    private static func sum(_ left: Numeral?, _ right: Numeral?) -> Numeral? {
        guard let left = try? left?.units(decimals: 8), let right = try? right?.units(decimals: 8)
        else { return left ?? right }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return Numeral(mantissa: overflow ? .max : sum, decimals: 8).trimmed
    }

    /// Where an execution came from; `nil` for a fill of a plain order.
    func executionDetails(_ trade: AccountTrade) -> ExecutionDetails? {
        let state = facts[trade.listing]
        let isOption = state.category == .option
        let isPlain = trade.type == .trade && trade.createType == .user
        guard isOption || trade.stop != nil || !isPlain else { return nil }
        let createType =
            switch trade.type {
            case .trade: trade.createType.rawValue
            case .futureSpread: CreateType.spread.rawValue
            case .adlTrade: "CreateByAdl_PassThrough"
            case .bustTrade: "CreateByTakeOver_PassThrough"
            case .funding, .delivery, .settle, .sessionSettlement: "CreateBySettle"
            }
        let index = state.scale.numeral(Price(units: quotes[state.index].index))
        let ticker = isOption ? tickerSnapshot(state.id) : nil
        return ExecutionDetails(
            createType: createType,
            stopOrderType: trade.stop?.rawValue ?? "",
            indexPrice: isOption ? index : nil,
            underlyingPrice: isOption ? ticker?.value(.underlyingPrice) ?? index : nil,
            volatility: ticker?.value(.markVolatility),
            markVolatility: ticker?.value(.markVolatility)
        )
    }

    /// Side and rest of what was traded; of a coin's own flow (spot) the size is nothing.
    ///
    /// `nil` for flows that belong to no execution.
    func transactionDetails(
        _ record: LogRecord,
        _ execution: Execution?
    ) -> TransactionDetails? {
        guard let execution, record.listing >= 0 else { return nil }
        let state = facts[record.listing]
        // Of a settlement the rate is the stamp's, with the sign of what the position pays.
        let trade = execution.trade
        let isShort = trade.type == .funding && trade.side == .sell
        let rate = execution.feeRate.map {
            isShort ? Numeral(mantissa: -$0.mantissa, decimals: $0.decimals) : $0
        }
        return TransactionDetails(
            side: trade.side,
            size: state.isContract ? state.scale.numeral(Quantity(units: record.size)) : .zero,
            feeRate: record.fee.isZero && record.funding.isZero ? .zero : rate
        )
    }

    /// Initial margin of a coin, parted into what positions need and what orders add, and maintenance margin.
    func margins(_ account: Int, coin: Int) -> CoinMargins {
        let shares = accountStates[account].coins[coin].shares
        var positions = Amount.zero
        for index in facts.indices
        where facts[index].settleCoin == coin && facts[index].isContract {
            for place in [2 * index, 2 * index + 1]
            where accountStates[account].positions[place].size != 0 {
                let margin = margin(
                    AccountID(index: account),
                    facts[index].id,
                    positionIndex: place % 2 == 1 ? 2 : 0
                )
                positions = positions.plus(margin?.initialMargin ?? .zero)
            }
        }
        return CoinMargins(
            orders: max(.zero, shares.initialMargin.minus(positions)),
            positions: positions,
            maintenance: shares.maintenanceMargin
        )
    }
}
