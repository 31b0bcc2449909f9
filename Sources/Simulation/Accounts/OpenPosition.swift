import Market

/// A position as the exchange's accounts keep it.
///
/// The state is the signed size and the value at which the open part was entered, exact; the average price is only
/// printed. This rule is written here on its own: the desk has another copy, and comparing them proves something.
struct OpenPosition: Sendable {
    /// Long > 0, short < 0, in quantity units.
    var size: Int64 = 0
    /// Σ value of the open part as entered, ≥ 0; of USDC contracts as of the last session.
    var entryValue: Amount = .zero
    /// What sessions have added to ``entryValue`` since the entry: the printed entry is without it.
    var sessionShift: Amount = .zero
    /// Fees paid for what is open.
    var entryFees: Amount = .zero
    /// Realised P&L, fees and funding since the position was last flat.
    var currentRealised: Amount = .zero
    /// The same since ever.
    var cumulativeRealised: Amount = .zero
    /// First trade ever.
    var createdMilliseconds: Int64 = 0
    /// When the position now held was opened.
    var openMilliseconds: Int64 = 0
    var updatedMilliseconds: Int64 = 0
    /// Cross sequence of the last fill; −1 if never traded.
    var crossSequence: Int64 = -1
    /// Open quantity of orders that may open position.
    var openBuys: Int64 = 0
    var openSells: Int64 = 0
    /// Value of the open buys; kept where a buy pays in full (spot, option).
    var openBuyValue: Amount = .zero
    /// Resting reduce-only orders.
    var reduceOnlyOrders = 0
    /// Waiting orders that leave it: take profit, stop loss, trailing stop.
    var exitOrders = 0
    /// What of the account's sums is this position's.
    var share = PositionShare()

    var isIdle: Bool { size == 0 && openBuys == 0 && openSells == 0 }

    /// What one fill did to a position.
    struct Change: Sendable {
        var realised: Amount
        /// The part of the fill that closed position.
        var closed: Int64
        /// `realised` less the fees of what was closed, of its opening and its closing.
        var closedPnL: Amount
    }

    /// Applies a fill of `quantity` > 0, worth `whole` at its price.
    mutating func fill(
        _ side: Side,
        price: Int64,
        quantity: Int64,
        worth whole: Amount,
        fee: Amount,
        valuation: Valuation,
        averagesOnReduction: Bool
    ) -> Change {
        let closes = size != 0 && (size > 0) != (side == .buy)
        let closed = closes ? min(quantity, abs(size)) : 0
        var realised = Amount.zero
        var closedPnL = Amount.zero
        var openingFee = fee
        // One value, parted where a fill goes through zero: nothing of it is lost to rounding.
        var value = whole
        if closed > 0 {
            let held = abs(size)
            let released =
                closed == held
                ? entryValue : entryValue.times(Int128(closed), over: Int128(held))
            let proceeds =
                closed == quantity ? value : valuation.worth(price: price, quantity: closed)
            value = value.minus(proceeds)
            realised =
                (size > 0) != valuation.isInverse
                ? proceeds.minus(released) : released.minus(proceeds)
            entryValue = entryValue.minus(released)
            // The fee is shared out by quantity, and so is what the opening had cost.
            let closingFee =
                closed == quantity ? fee : fee.times(Int128(closed), over: Int128(quantity))
            let entryFee =
                closed == held ? entryFees : entryFees.times(Int128(closed), over: Int128(held))
            openingFee = fee.minus(closingFee)
            entryFees = entryFees.minus(entryFee)
            closedPnL = realised.minus(entryFee).minus(closingFee)
            if !sessionShift.isZero {
                sessionShift = sessionShift.times(Int128(held - closed), over: Int128(held))
            }
            size += side.sign * closed
            if averagesOnReduction {
                entryValue = valuation.worth(price: price, quantity: abs(size))
            }
        }
        let opened = quantity - closed
        if opened > 0 {
            if size == 0 { currentRealised = .zero }
            size += side.sign * opened
            entryValue = entryValue.plus(value)
            entryFees = entryFees.plus(openingFee)
        }
        return Change(realised: realised, closed: closed, closedPnL: closedPnL)
    }

    /// Books P&L, a fee or funding (negative: paid) on the position's own counters.
    mutating func realise(_ amount: Amount) {
        currentRealised = currentRealised.plus(amount)
        cumulativeRealised = cumulativeRealised.plus(amount)
    }

    func unrealised(mark: Int64, valuation: Valuation) -> Amount {
        guard size != 0 else { return .zero }
        let value = valuation.worth(price: mark, quantity: abs(size))
        return (size > 0) != valuation.isInverse
            ? value.minus(entryValue) : entryValue.minus(value)
    }

    /// Quantity that an order of `side` can close.
    func closable(by side: Side) -> Int64 {
        side == .sell ? max(0, size) : max(0, -size)
    }

    /// The larger of what is or could be held long and short, when `extra` more were ordered on
    /// `side`.
    func exposure(adding extra: Int64 = 0, on side: Side = .buy) -> Int64 {
        let buys = openBuys + (side == .buy ? extra : 0)
        let sells = openSells + (side == .sell ? extra : 0)
        return max(max(0, size + buys), max(0, sells - size), abs(size))
    }

    /// What is or could be held short.
    func shortExposure(adding extra: Int64 = 0) -> Int64 { max(0, openSells + extra - size) }
}

/// A position's part of its account's sums in the settle coin.
struct PositionShare: Hashable, Sendable {
    var unrealised = Amount.zero
    var optionValue = Amount.zero
    var initialMargin = Amount.zero
    var maintenanceMargin = Amount.zero
}
