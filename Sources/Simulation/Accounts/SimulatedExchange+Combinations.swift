import Market

/// Combinations: a book of their own, settled as two trades of the legs.
extension SimulatedExchange {
    /// Prices of the legs, each in its own scale: the second leg trades at its mark price (spot: its index price), the
    /// first at that plus the combination's price, so that their difference is exact.
    func legPrices(_ index: Int, at price: Int64) -> (first: Int64, second: Int64)? {
        guard let legs = facts[index].legs else { return nil }
        let first = facts[legs.first].scale.priceDecimals
        let second = facts[legs.second].scale.priceDecimals
        let own = facts[index].scale.priceDecimals
        let reference =
            facts[legs.second].category == .spot
            ? quotes[legs.second].index : quotes[legs.second].mark
        // The coarser of both scales, which both can say.
        let coarse = PowerOfTen.int64(max(0, second - first))
        let common = reference / coarse
        let ahead = common * PowerOfTen.int64(max(0, first - second))
        let firstPrice = ahead + price * PowerOfTen.int64(first - own)
        guard firstPrice > 0, common > 0 else { return nil }
        return (firstPrice, common * coarse)
    }

    /// A combination's quantity in a leg's scale.
    func legQuantity(_ leg: Int, _ index: Int, _ quantity: Int64) -> Int64 {
        facts[index].quantity(quantity, ofLeg: facts[leg])
    }

    /// Both legs within the limits of their instruments, and the account able to carry both.
    func checkLegs(
        _ account: Int,
        _ index: Int,
        _ side: Side,
        quantity: Int64,
        price: Int64
    ) throws(Refusal) {
        guard let legs = facts[index].legs, quotes[legs.first].isLive, quotes[legs.second].isLive
        else { throw .noMarketPrice }
        guard let prices = legPrices(index, at: price) else { throw .legBeyondLimit }
        for (leg, legPrice) in [(legs.first, prices.first), (legs.second, prices.second)] {
            guard !accountStates[account].hedged[leg] else { throw .combinationInHedgeMode }
            if let limits = priceLimits(on: leg) {
                // Either leg may be bought: both limits hold for both.
                let bought = (leg == legs.first) == (side == .buy)
                guard
                    bought
                        ? legPrice <= limits.highestBuy.units : legPrice >= limits.lowestSell.units
                else { throw .legBeyondLimit }
            }
        }
        try checkLeg(
            account,
            legs.first,
            side,
            legQuantity(legs.first, index, quantity),
            prices.first
        )
        try checkLeg(
            account,
            legs.second,
            side.opposite,
            legQuantity(legs.second, index, quantity),
            prices.second
        )
    }

    private func checkLeg(
        _ account: Int,
        _ leg: Int,
        _ side: Side,
        _ quantity: Int64,
        _ price: Int64
    ) throws(Refusal) {
        if facts[leg].category == .spot {
            try checkBalance(account, leg, side, quantity: quantity, price: price)
        } else {
            try checkMargin(account, 2 * leg, side, adding: quantity, at: price, feeShare: 2)
        }
    }

    /// The combination's own row, then its legs at half the rates.
    ///
    /// - Parameter before: what the legs of the order had done.
    /// - Returns: what they have done now.
    mutating func settleCombination(
        _ trade: AccountTrade,
        _ before: AccountOrder.Legs?,
        _ output: inout ExchangeOutput
    ) -> AccountOrder.Legs? {
        let index = trade.listing
        guard let legs = facts[index].legs, let prices = legPrices(index, at: trade.price) else {
            return before
        }
        var row = execution(trade, value: .zero, fee: .zero, rate: .zero)
        row.feeRate = nil
        row.markPrice = nil
        tell(row, &output)
        var done =
            before
            ?? AccountOrder.Legs(
                first: AccountOrder.Leg(listing: legs.first, price: prices.first),
                second: AccountOrder.Leg(listing: legs.second, price: prices.second)
            )
        done.first.price = prices.first
        done.second.price = prices.second
        settleLeg(1, of: trade, trade.side, &done.first, &output)
        settleLeg(2, of: trade, trade.side.opposite, &done.second, &output)
        return done
    }

    private mutating func settleLeg(
        _ number: Int,
        of trade: AccountTrade,
        _ side: Side,
        _ leg: inout AccountOrder.Leg,
        _ output: inout ExchangeOutput
    ) {
        let index = trade.listing
        states[leg.listing].sequence += 1
        let part = AccountTrade(
            account: trade.account,
            listing: leg.listing,
            position: 2 * leg.listing,
            side: side,
            price: leg.price,
            quantity: legQuantity(leg.listing, index, trade.quantity),
            isMaker: trade.isMaker,
            type: .futureSpread,
            order: trade.order.leg(number),
            orderPrice: leg.price,
            orderQuantity: legQuantity(leg.listing, index, trade.orderQuantity),
            leaves: legQuantity(leg.listing, index, trade.leaves),
            orderType: trade.orderType,
            feeShare: 2
        )
        let value = facts[leg.listing].valuation.worth(price: leg.price, quantity: part.quantity)
        let fee: Amount
        if facts[leg.listing].category == .spot {
            fee = settleSpot(part, worth: value, &output)
        } else {
            let (paid, closed) = settleContract(part, worth: value, &output)
            refresh(trade.account, 2 * leg.listing)
            fee = paid
            leg.closedPnL = leg.closedPnL.plus(closed)
        }
        leg.filled += part.quantity
        leg.filledValue = leg.filledValue.plus(value)
        leg.filledFee = leg.filledFee.plus(fee)
    }

    /// The orders of a combination's legs, in their order; empty before it has traded.
    func legRecords(_ order: AccountOrder) -> [OrderRecord] {
        guard let legs = order.legs else { return [] }
        return [(1, legs.first.listing), (2, legs.second.listing)].map { number, listing in
            OrderRecord(
                order,
                facts[order.listing],
                identifiers,
                leg: (number, facts[listing])
            )
        }
    }

    /// The open order of a combination whose leg has this id.
    func combination(ofLeg orderID: String, _ account: AccountID) -> AccountOrder? {
        guard accountStates.indices.contains(account.index),
            orderID.hasSuffix("-1") || orderID.hasSuffix("-2"),
            let serial = identifiers.number(
                in: String(orderID.dropLast(2)),
                .order,
                place: account.index
            ),
            let slot = accountStates[account.index].slot(serial: serial)
        else { return nil }
        let order = accountStates[account.index].orders[slot]
        return facts[order.listing].category == .spread ? order : nil
    }
}
