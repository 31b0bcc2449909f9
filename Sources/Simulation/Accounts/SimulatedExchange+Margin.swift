public import Market

/// What a position needs and where it breaks even.
public struct PositionMargin: Hashable, Sendable {
    /// In the settle coin.
    public var initialMargin: Amount
    public var maintenanceMargin: Amount
    /// `nil` when flat.
    public var breakEvenPrice: Numeral?

    public init(initialMargin: Amount, maintenanceMargin: Amount, breakEvenPrice: Numeral?) {
        self.initialMargin = initialMargin
        self.maintenanceMargin = maintenanceMargin
        self.breakEvenPrice = breakEvenPrice
    }
}

/// Cross margin at the mark price: an account's equity stands for all its positions and orders.
extension SimulatedExchange {
    /// Refuses an order that the available balance cannot carry.
    ///
    /// One that opens nothing is never refused.
    func checkMargin(
        _ account: Int,
        _ index: Int,
        _ side: Side,
        adding quantity: Int64,
        at price: Int64
    ) throws(Refusal) {
        let position = accountStates[account].positions[index]
        let before = position.exposure()
        let after = position.exposure(adding: quantity, on: side)
        guard after > before else { return }
        let leverage = Int128(accountStates[account].leverage)
        let more = states[index].scale
            .worth(price: max(states[index].mark, price), quantity: after - before)
        let fee = states[index].scale.worth(price: price, quantity: quantity)
            .times(accountStates[account].takerRate)
        let needed = more.times(1, over: leverage).plus(fee)
        let coin = states[index].instrument.settleCoin
        guard available(account, coin: coin) >= needed else { throw .balance }
    }

    /// Equity less initial margin; may be negative.
    func available(_ account: Int, coin: String) -> Amount {
        equity(account, coin: coin).minus(initialMargin(account, coin: coin))
    }

    func equity(_ account: Int, coin: String) -> Amount {
        books.balance(.wallet(accountStates[account].id), coin: coin)
            .plus(unrealised(account, coin: coin))
    }

    func unrealised(_ account: Int, coin: String) -> Amount {
        var sum = Amount.zero
        for index in states.indices where states[index].instrument.settleCoin == coin {
            let position = accountStates[account].positions[index]
            sum = sum.plus(
                position.unrealised(mark: states[index].mark, scale: states[index].scale)
            )
        }
        return sum
    }

    /// Of positions and the orders that may open more.
    func initialMargin(_ account: Int, coin: String) -> Amount {
        var sum = Amount.zero
        for index in states.indices where states[index].instrument.settleCoin == coin {
            let exposure = accountStates[account].positions[index].exposure()
            guard exposure > 0 else { continue }
            sum = sum.plus(margin(account, index, quantity: exposure))
        }
        return sum
    }

    func maintenanceMargin(_ account: Int, coin: String) -> Amount {
        var sum = Amount.zero
        for index in states.indices where states[index].instrument.settleCoin == coin {
            sum = sum.plus(maintenance(account, index))
        }
        return sum
    }

    private func margin(_ account: Int, _ index: Int, quantity: Int64) -> Amount {
        states[index].scale.worth(price: states[index].mark, quantity: quantity)
            .times(1, over: Int128(accountStates[account].leverage))
    }

    private func maintenance(_ account: Int, _ index: Int) -> Amount {
        let size = abs(accountStates[account].positions[index].size)
        guard size > 0 else { return .zero }
        return states[index].scale.worth(price: states[index].mark, quantity: size)
            .times(states[index].listing.terms.maintenanceMarginRate)
    }

    /// Margins of one position, and the price at which closing it would leave no loss.
    ///
    /// - Returns: `nil` when account or instrument do not exist.
    public func margin(_ account: AccountID, _ instrument: InstrumentID) -> PositionMargin? {
        guard accountStates.indices.contains(account.index), let index = index(of: instrument)
        else { return nil }
        let position = accountStates[account.index].positions[index]
        return PositionMargin(
            initialMargin: margin(account.index, index, quantity: abs(position.size)),
            maintenanceMargin: maintenance(account.index, index),
            breakEvenPrice: breakEven(account.index, index)
        )
    }

    /// (signed entry value − realised) ÷ (signed size − |size| × taker rate), two decimals more
    /// than the price.
    private func breakEven(_ account: Int, _ index: Int) -> Numeral? {
        let position = accountStates[account].positions[index]
        guard position.size != 0 else { return nil }
        let scale = states[index].scale
        let rate = max(
            (try? accountStates[account].takerRate.units(decimals: 8)) ?? 0,
            55_000
        )
        // Quantity × 10⁸, less the fee of closing.
        let whole = Int128(position.size) * 100_000_000
        let net = whole - Int128(abs(position.size)) * Int128(rate)
        let signed = position.size > 0 ? position.entryValue : position.entryValue.negated
        let cost = signed.minus(position.currentRealised)
        let decimals = min(18, scale.priceDecimals + 2)
        // cost ÷ (net ÷ 10^(quantityDecimals + 8)), in units of 10^-decimals.
        let shift = scale.quantityDecimals + 8 + decimals - Amount.decimals
        let factor = shift > 0 ? PowerOfTen.int128(shift) : 1
        let (divisor, overflow) = net.multipliedReportingOverflow(
            by: shift < 0 ? PowerOfTen.int128(-shift) : 1
        )
        guard !overflow else { return nil }
        let units = try? FullWidth.multiplyDivide(
            cost.units,
            factor,
            by: divisor,
            rounding: .halfEven
        )
        guard let units, let mantissa = Int64(exactly: units) else { return nil }
        return Numeral(mantissa: mantissa, decimals: UInt8(decimals)).trimmed
    }
}
