public import Market

/// Exits of a position: what `position/trading-stop` asks; a price of zero removes.
public struct TradingStop: Hashable, Sendable {
    public var instrument: InstrumentID
    public var positionIndex = 0
    public var mode = ExitMode.full
    public var takeProfit: ExitTerms?
    public var stopLoss: ExitTerms?
    /// Distance of a trailing stop in price.
    public var trailingStop: Numeral?
    /// Price from which on it follows; `nil` at once.
    public var activePrice: Numeral?
    /// Of partial exits; `nil` the whole position.
    public var quantity: Numeral?

    public init(instrument: InstrumentID) { self.instrument = instrument }
}

/// Settings of accounts; a reply of code 0 has taken effect.
extension SimulatedExchange {
    private static var done: OrderReply { OrderReply(code: 0, message: "OK") }

    private func exists(_ account: AccountID) -> Bool {
        accountStates.indices.contains(account.index)
    }

    /// Sets the leverage of one instrument: 110043 unchanged, 110013 beyond its limits, 110007 when positions and orders
    /// would need more than there is.
    public mutating func setLeverage(
        _ leverage: Numeral,
        _ instrument: InstrumentID,
        for account: AccountID
    ) -> OrderReply {
        let category = instrument.category
        guard exists(account), let index = index(of: instrument),
            category == .linear || category == .inverse
        else { return Refusal.unknownSymbol.reply(category) }
        let terms = facts[index].terms
        guard let units = try? leverage.units(decimals: 2), units >= 100,
            let least = try? terms.leverageMin.units(decimals: 2),
            let most = try? terms.leverageMax.units(decimals: 2),
            (least...max(least, most)).contains(units)
        else { return Refusal.leverageTooHigh.reply(category) }
        let old = accountStates[account.index].leverages[index]
        guard units != old else { return Refusal.leverageUnchanged.reply(category) }
        setLeverage(units, index, account.index)
        if units < old, available(account.index, facts[index].settleCoin) < .zero {
            setLeverage(old, index, account.index)
            return Refusal.balance.reply(category)
        }
        return SimulatedExchange.done
    }

    private mutating func setLeverage(_ units: Int64, _ index: Int, _ account: Int) {
        accountStates[account].leverages[index] = units
        refresh(account, 2 * index)
        refresh(account, 2 * index + 1)
    }

    /// Switches between one-way and hedge mode, of one instrument or of all that settle in `coin`.
    ///
    /// Hedge mode is for USDT perpetuals; it needs neither position nor orders.
    public mutating func switchMode(
        hedged: Bool,
        _ instrument: InstrumentID?,
        coin: String = "",
        for account: AccountID
    ) -> OrderReply {
        guard exists(account) else {
            return Refusal.parameter("no such account").reply(.linear)
        }
        let chosen = facts.indices.filter { index in
            let state = facts[index]
            if let instrument { return state.id == instrument }
            return state.category == .linear && state.hasFunding
                && state.instrument.settleCoin == coin
        }
        guard !chosen.isEmpty else { return Refusal.unknownSymbol.reply(.linear) }
        for index in chosen {
            if let refusal = refusal(toSwitch: index, hedged: hedged, account.index) {
                return refusal.reply(.linear)
            }
        }
        guard chosen.contains(where: { accountStates[account.index].hedged[$0] != hedged }) else {
            return Refusal.modeUnchanged.reply(.linear)
        }
        for index in chosen { accountStates[account.index].hedged[index] = hedged }
        return SimulatedExchange.done
    }

    private func refusal(toSwitch index: Int, hedged: Bool, _ account: Int) -> Refusal? {
        let state = facts[index]
        guard
            !hedged
                || (state.category == .linear && state.hasFunding
                    && state.instrument.settleCoin == "USDT")
        else { return .modeUnsupported }
        guard accountStates[account].hedged[index] != hedged else { return nil }
        for place in [2 * index, 2 * index + 1]
        where accountStates[account].positions[place].size != 0 {
            return .modeBlockedByPosition
        }
        let orders =
            accountStates[account].activeCount[index] + accountStates[account].waitingCount[index]
        return orders > 0 ? .modeBlockedByOrders : nil
    }

    /// Hedge mode of an instrument.
    public func isHedged(_ account: AccountID, _ instrument: InstrumentID) -> Bool {
        guard exists(account), let index = index(of: instrument) else { return false }
        return accountStates[account.index].hedged[index]
    }

    /// Cross margin is what there is; isolated and portfolio margin are refused with 3400045.
    public func setMarginMode(_ mode: String) -> OrderReply {
        mode == "REGULAR_MARGIN" ? SimulatedExchange.done : Refusal.portfolioMargin.reply(.linear)
    }

    /// Sets, changes or removes the exits of a position.
    public mutating func setTradingStop(
        _ wanted: TradingStop,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        let category = wanted.instrument.category
        guard exists(account), let index = index(of: wanted.instrument),
            category == .linear || category == .inverse
        else { return Refusal.unknownSymbol.reply(category) }
        do throws(Refusal) {
            try setTradingStop(wanted, index, account.index)
        } catch { return error.reply(category) }
        report(into: &output)
        runTriggers(on: index, into: &output)
        return SimulatedExchange.done
    }

    private mutating func setTradingStop(
        _ wanted: TradingStop,
        _ index: Int,
        _ account: Int
    ) throws(Refusal) {
        let isHedged = accountStates[account].hedged[index]
        guard isHedged ? (1...2).contains(wanted.positionIndex) : wanted.positionIndex == 0 else {
            throw .positionIndex
        }
        let position = 2 * index + (wanted.positionIndex == 2 ? 1 : 0)
        let state = facts[index]
        let size = accountStates[account].positions[position].size
        guard size != 0 else { throw .noPosition }
        let last = states[state.index].statistics.last
        let exits = try checkExits(
            wanted.takeProfit,
            wanted.stopLoss,
            wanted.mode,
            isLong: size > 0,
            entry: last,
            state
        )
        var quantity = abs(size)
        if let part = wanted.quantity, wanted.mode == .partial {
            quantity = min(quantity, try checkQuantity(part, state, isMarket: false))
        }
        let trailing = try checkTrailing(wanted, isLong: size > 0, last, state)
        guard wanted.takeProfit != nil || wanted.stopLoss != nil || wanted.trailingStop != nil
        else { throw .exitUnchanged }
        begin(on: index)
        if wanted.mode == .full {
            if wanted.takeProfit != nil { removeExits(account, position, .takeProfit) }
            if wanted.stopLoss != nil { removeExits(account, position, .stopLoss) }
        }
        let side = Int8(wanted.positionIndex)
        setExits(
            account,
            position,
            side,
            exits,
            quantity: quantity,
            pair: wanted.mode == .partial ? -accountStates[account].nextSerial() : 0
        )
        guard wanted.trailingStop != nil else { return }
        removeExits(account, position, .trailing)
        if let trailing { add(trailing, limit: nil, account, position, side, quantity) }
    }

    /// `nil` where it is to be removed.
    private func checkTrailing(
        _ wanted: TradingStop,
        isLong: Bool,
        _ last: Int64,
        _ state: ListingFacts
    ) throws(Refusal) -> AccountOrder.Stop? {
        guard let text = wanted.trailingStop, !text.isZero else { return nil }
        let distance = try checkPrice(text, state)
        var stop = AccountOrder.Stop(
            kind: .trailing,
            price: last,
            rises: !isLong,
            by: .last,
            distance: distance
        )
        if let active = wanted.activePrice, !active.isZero {
            stop.price = try checkPrice(active, state)
            guard isLong ? stop.price > last : stop.price < last else {
                throw .exitInvalid("activePrice is on the wrong side of the price")
            }
        }
        return stop
    }
}
