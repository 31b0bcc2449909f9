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
        quantity
            * PowerOfTen.int64(
                facts[leg].scale.quantityDecimals - facts[index].scale.quantityDecimals
            )
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
    mutating func settleCombination(
        _ trade: AccountTrade,
        _ output: inout ExchangeOutput
    ) {
        let index = trade.listing
        guard let legs = facts[index].legs, let prices = legPrices(index, at: trade.price) else {
            return
        }
        var row = execution(trade, value: .zero, fee: .zero, rate: .zero)
        row.feeRate = nil
        row.markPrice = nil
        tell(&row, trade.account, &output)
        for (leg, price, side) in [
            (legs.first, prices.first, trade.side),
            (legs.second, prices.second, trade.side.opposite),
        ] {
            states[leg].sequence += 1
            let part = AccountTrade(
                account: trade.account,
                listing: leg,
                position: 2 * leg,
                side: side,
                price: price,
                quantity: legQuantity(leg, index, trade.quantity),
                isMaker: trade.isMaker,
                type: .futureSpread,
                orderID: trade.orderID + (leg == legs.first ? "-1" : "-2"),
                orderPrice: price,
                orderQuantity: legQuantity(leg, index, trade.orderQuantity),
                leaves: legQuantity(leg, index, trade.leaves),
                orderType: trade.orderType,
                feeShare: 2
            )
            if facts[leg].category == .spot {
                _ = settleSpot(part, &output)
            } else {
                settleContract(part, &output)
                refresh(trade.account, 2 * leg)
            }
        }
    }
}
