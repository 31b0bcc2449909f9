import Market

/// Accounts of the exchange's own that bet with the largest leverage, through the same orders, matching and margin as
/// everybody: they are who gets liquidated.
extension SimulatedExchange {
    /// Nanoseconds between bets.
    static let betInterval: Int64 = 1_000_000_000
    /// What each has of a settle coin when it begins, worth in US dollars.
    private static let stake: Int64 = 1_000

    /// Alias of the account with this number, from 0; no key of a server has such a name.
    static func speculatorAlias(_ number: Int) -> String { "~speculator-\(number)" }

    mutating func openSpeculators() throws(SimulationError) {
        for number in 0..<configuration.speculators {
            let account = try openAccount(
                AccountConfiguration(
                    alias: SimulatedExchange.speculatorAlias(number),
                    deposits: [],
                    leverage: 100
                )
            )
            if number == 0 { firstSpeculator = account.index }
        }
    }

    /// One of them opens a position where it has none, or now and then closes one.
    mutating func bet(into output: inout ExchangeOutput) {
        var chance = Chance(
            seed: configuration.seed ^ 0x62_6574,
            number: UInt64(bitPattern: now.nanoseconds / SimulatedExchange.betInterval)
        )
        let account = firstSpeculator + Int(chance.below(Int64(configuration.speculators)))
        let index = Int(chance.below(Int64(states.count)))
        let state = facts[index]
        guard quotes[state.index].isLive, !quotes[index].isHalted, state.hasFunding else { return }
        let size = accountStates[account].positions[2 * index].size
        if size != 0 {
            guard chance.happens(1, in: 10) else { return }
            order(size > 0 ? .sell : .buy, abs(size), account, index, closes: true, into: &output)
            return
        }
        let side: Side = chance.happens(1, in: 2) ? .buy : .sell
        guard let quantity = stakeOut(account, index) else { return }
        let leverage = listingLeverage(index)
        if accountStates[account].leverages[index] != leverage {
            accountStates[account].leverages[index] = leverage
        }
        order(side, quantity, account, index, closes: false, into: &output)
    }

    /// The most that the contract allows, in hundredths.
    private func listingLeverage(_ index: Int) -> Int64 {
        let most = facts[index].terms.leverageMax
        return min(max(100, (try? most.units(decimals: 2)) ?? 1_000), 10_000)
    }

    /// Pays in what is missing of the stake, and answers the quantity that nine tenths of it carry.
    private mutating func stakeOut(_ account: Int, _ index: Int) -> Int64? {
        let state = facts[index]
        let coin = state.settleCoin
        let mark = quotes[state.index].mark
        let scale = state.scale
        // Worth of the stake in quantity units: dollars for inverse, coins otherwise.
        let dollars = Int128(SimulatedExchange.stake) * PowerOfTen.int128(scale.quantityDecimals)
        let whole =
            state.valuation.isInverse
            ? dollars : dollars * PowerOfTen.int128(scale.priceDecimals) / Int128(max(1, mark))
        guard let base = Int64(exactly: whole), base > 0 else { return nil }
        let stake = state.valuation.worth(price: mark, quantity: base)
        let missing = stake.minus(available(account, coin))
        if missing > .zero {
            pay(
                in: AccountConfiguration.Deposit(coin: books.coins[coin], amount: missing),
                to: accountStates[account].id
            )
        }
        let step = state.instrument.quantityStep.units
        let wanted = Int128(base) * Int128(listingLeverage(index)) * 9 / 1_000
        let most = min(
            state.instrument.marketQuantityMax?.units ?? .max,
            state.instrument.quantityMax?.units ?? .max
        )
        let quantity = min(Int64(clamping: wanted), most) / step * step
        return quantity > 0 ? quantity : nil
    }

    private mutating func order(
        _ side: Side,
        _ quantity: Int64,
        _ account: Int,
        _ index: Int,
        closes: Bool,
        into output: inout ExchangeOutput
    ) {
        // What the exchange refuses does not happen: there is nobody to tell.
        _ = place(
            OrderRequest(
                instrument: facts[index].id,
                orderLinkID: "",
                side: side,
                type: .market,
                timeInForce: .immediateOrCancel,
                quantity: facts[index].scale.numeral(Quantity(units: quantity)),
                price: nil,
                reduceOnly: closes
            ),
            for: accountStates[account].id,
            into: &output
        )
    }
}
