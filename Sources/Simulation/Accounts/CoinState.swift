import Market

/// What an account has of one coin beside the balance in ``Books``: sums over its positions and orders.
struct CoinState: Sendable {
    /// Σ of ``OpenPosition/share``.
    var shares = PositionShare()
    /// Held by spot orders.
    var locked = Amount.zero
    /// Realised P&L, fees and funding of all time.
    var realised = Amount.zero
    /// What was lent by flows from outside less what went back; below zero where more went back than was lent.
    var lent = Amount.zero
    /// True once the wallet has moved: such coins are shown.
    var isKnown = false

    /// What is owed.
    var borrowed: Amount { lent < .zero ? .zero : lent }

    mutating func replace(_ old: PositionShare, with new: PositionShare) {
        shares.unrealised = shares.unrealised.plus(new.unrealised).minus(old.unrealised)
        shares.optionValue = shares.optionValue.plus(new.optionValue).minus(old.optionValue)
        shares.initialMargin = shares.initialMargin.plus(new.initialMargin)
            .minus(old.initialMargin)
        shares.maintenanceMargin = shares.maintenanceMargin.plus(new.maintenanceMargin)
            .minus(old.maintenanceMargin)
    }
}
