import Market

extension SimulatedExchange {
    /// Checks every account in every coin that it holds positions of.
    mutating func checkEveryone(into output: inout ExchangeOutput) {
        for account in accountStates.indices {
            for coin in accountStates[account].coins.indices {
                checkSolvency(account, coin: coin, into: &output)
            }
        }
    }

    private func isShort(_ account: Int, _ coin: Int) -> Bool {
        let maintenance = accountStates[account].coins[coin].shares.maintenanceMargin
        return maintenance > .zero && marginBalance(account, coin) <= maintenance
    }

    /// Liquidates an account whose balance of a coin no longer carries its positions.
    ///
    /// First its orders go, then positions, the one that needs most first, until what is left can be carried; each is
    /// taken over at the price that leaves nothing.
    mutating func checkSolvency(_ account: Int, coin: Int, into output: inout ExchangeOutput) {
        guard isShort(account, coin) else { return }
        let isConcerned = facts.map { state in
            state.settleCoin == coin || (state.category == .spot && state.baseCoin == coin)
        }
        cancelOrders(of: account, .liquidation) { isConcerned[$0.listing] }
        report(into: &output)
        while isShort(account, coin), let place = heaviest(account, coin) {
            takeOver(account, place, coin, into: &output)
        }
        writeOff(account, coin)
        report(into: &output)
    }

    private func heaviest(_ account: Int, _ coin: Int) -> Int? {
        var best: (place: Int, margin: Amount)?
        for index in states.indices where facts[index].settleCoin == coin {
            for place in [2 * index, 2 * index + 1] {
                let margin = accountStates[account].positions[place].share.maintenanceMargin
                if margin > best?.margin ?? .zero { best = (place, margin) }
            }
        }
        return best?.place
    }

    /// The price at which the position can be closed so that nothing of the margin balance is left, on a tick that leaves
    /// rather a little than a debt.
    private func bankruptcyPrice(_ account: Int, _ place: Int, _ coin: Int) -> Int64 {
        let state = facts[place / 2]
        let position = accountStates[account].positions[place]
        let size = abs(position.size)
        let isLong = position.size > 0
        let left = marginBalance(account, coin)
        let value = state.valuation.worth(price: quotes[state.index].mark, quantity: size)
        let target: Amount =
            if state.category == .option {
                left
            } else if isLong != state.valuation.isInverse {
                value.minus(left)
            } else {
                value.plus(left)
            }
        let tick = state.instrument.tickSize.units
        let most = state.instrument.priceMax?.units ?? (Int64.max >> 16) / tick * tick
        // No such price: the end of the range that costs least.
        guard target > .zero,
            let price = state.valuation.price(ofValue: target, quantity: size)
        else { return state.valuation.isInverse && isLong == false ? most : tick }
        // A long is sold a little dearer, a short bought back a little cheaper.
        let onTick = isLong ? (price / tick + 1) * tick : price / tick * tick
        return min(max(tick, onTick), most)
    }

    private mutating func takeOver(
        _ account: Int,
        _ place: Int,
        _ coin: Int,
        into output: inout ExchangeOutput
    ) {
        let index = place / 2
        let price = bankruptcyPrice(account, place, coin)
        begin(on: index)
        var trade = event(.bustTrade, .liquidation, account, place, liquidationOrder(account))
        let side = trade.side
        trade.side = side.opposite
        trade.price = price
        let size = trade.quantity
        close(trade, fee: .zero, &output)
        refresh(account, place)
        let liquidation = Liquidation(
            symbol: facts[index].id.symbol,
            side: side,
            quantity: facts[index].scale.numeral(Quantity(units: size)),
            price: facts[index].scale.numeral(Price(units: price)),
            timeMilliseconds: now.milliseconds
        )
        if states[index].sendsLiquidations {
            output.append(.liquidation(facts[index].id, liquidation), at: now)
        }
        insure(index, side, size, price, except: account, into: &output)
        report(into: &output)
    }

    private mutating func liquidationOrder(_ account: Int) -> TradeOrder {
        TradeOrder(serial: accountStates[account].nextSerial())
    }

    /// Insurance gets what a takeover gains at the mark price, or pays what it loses; what it cannot pay is taken from
    /// those who stand on the other side.
    private mutating func insure(
        _ index: Int,
        _ side: Side,
        _ size: Int64,
        _ price: Int64,
        except account: Int,
        into output: inout ExchangeOutput
    ) {
        let coin = facts[index].settleCoin
        var left = size
        if gain(index, side, left, price) < .zero {
            let balance = books.balance(.insurance, coin: coin)
            if balance.plus(gain(index, side, left, price)) < .zero {
                left -= deleverage(index, side, left, price, except: account, into: &output)
            }
        }
        let gain = gain(index, side, left, price)
        let balance = books.balance(.insurance, coin: coin)
        // The background bears what nobody else can.
        let paid = gain < .zero ? max(gain, min(.zero, balance.negated)) : gain
        post(paid, from: .house, to: .insurance, coin, .liquidation)
    }

    /// What a position taken over at `price` is worth more at the mark.
    private func gain(_ index: Int, _ side: Side, _ size: Int64, _ price: Int64) -> Amount {
        let state = facts[index]
        let more = state.valuation.worth(price: quotes[state.index].mark, quantity: size)
            .minus(state.valuation.worth(price: price, quantity: size))
        return (side == .buy) != state.valuation.isInverse ? more : more.negated
    }

    /// Closes positions of the other side at the bankruptcy price, the most profitable and leveraged first.
    ///
    /// - Returns: how much was closed.
    private mutating func deleverage(
        _ index: Int,
        _ side: Side,
        _ size: Int64,
        _ price: Int64,
        except bankrupt: Int,
        into output: inout ExchangeOutput
    ) -> Int64 {
        var left = size
        while left > 0, let next = mostLeveraged(index, side.opposite, except: bankrupt) {
            let account = next.account
            cancelOrders(of: account, .deleveraging) { $0.listing == index }
            var trade = event(
                .adlTrade,
                .deleveraging,
                account,
                next.place,
                liquidationOrder(account)
            )
            trade.side = trade.side.opposite
            trade.price = price
            trade.quantity = min(left, trade.quantity)
            left -= trade.quantity
            close(trade, fee: .zero, &output)
            refresh(account, next.place)
        }
        return size - left
    }

    /// By unrealised P&L over entry value, times leverage; only who gains.
    private func mostLeveraged(
        _ index: Int,
        _ side: Side,
        except bankrupt: Int
    ) -> (account: Int, place: Int)? {
        var best: (account: Int, place: Int, rank: Int128)?
        for account in accountStates.indices where account != bankrupt {
            for place in [2 * index, 2 * index + 1] {
                let position = accountStates[account].positions[place]
                guard position.size != 0, (position.size > 0) == (side == .buy),
                    position.entryValue > .zero
                else { continue }
                let gain = position.unrealised(
                    mark: quotes[index].mark,
                    valuation: facts[index].valuation
                )
                guard gain > .zero else { continue }
                let rank = FixedPoint.ratio(
                    gain.units,
                    Int128(accountStates[account].leverages[index]) * 1_000_000,
                    position.entryValue.units
                )
                if rank > best?.rank ?? -1 { best = (account, place, rank) }
            }
        }
        return best.map { ($0.account, $0.place) }
    }

    /// What is still owed when nothing is left to take over is paid by insurance.
    private mutating func writeOff(_ account: Int, _ coin: Int) {
        let id = accountStates[account].id
        let balance = books.balance(.wallet(id), coin: coin)
        let shares = accountStates[account].coins[coin].shares
        guard balance < .zero, shares.maintenanceMargin.isZero, shares.unrealised.isZero else {
            return
        }
        move(
            balance.negated,
            of: books.coins[coin],
            from: .insurance,
            to: id,
            type: .liquidation,
            .liquidation
        )
        touchWallet(account)
    }
}
