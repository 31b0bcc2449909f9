public import Market

/// How much of one limit is used now.
public struct RiskUse: Hashable, Sendable {
    /// `nil` for a limit of the whole account.
    public var instrument: InstrumentID?
    /// Empty where the limit has no side.
    public var side: String
    /// Ceiling and what is held against it, as a verdict would say it of an order of nothing.
    public var check: Verdict.Check

    public init(instrument: InstrumentID? = nil, side: String = "", check: Verdict.Check) {
        self.instrument = instrument
        self.side = side
        self.check = check
    }
}

extension Engine {
    /// What is held against each limit that is set: for the account, and for each instrument with an order or position.
    ///
    /// Positions count with all open orders of a side, as new orders are judged. A number that cannot be said is its
    /// reason, and does not hold.
    public var riskUse: [RiskUse] {
        var uses: [RiskUse] = []
        if let ceiling = limits.openOrders {
            let count = desk.orderStore.openCount
            uses.append(
                RiskUse(
                    check: Verdict.Check(
                        limit: "open_orders",
                        ceiling: String(ceiling),
                        observed: String(count),
                        unit: "orders",
                        holds: count <= ceiling
                    )
                )
            )
        }
        if let ceiling = limits.dailyLoss {
            for coin in settleCoins {
                uses.append(
                    RiskUse(
                        check: Engine.check("daily_loss", ceiling, coin) { () throws(NumberError) in
                            try lossToday(coin)
                        }
                    )
                )
            }
        }
        for id in exposedInstruments { addPositions(id, to: &uses) }
        return uses
    }

    /// Coins in which an instrument of the account settles, sorted.
    private var settleCoins: [String] {
        var coins: [String] = []
        for account in desk.ledger.accounts.values where !coins.contains(account.settleCoin) {
            coins.append(account.settleCoin)
        }
        return coins.sorted()
    }

    private func lossToday(_ coin: String) throws(NumberError) -> Amount {
        let total = try desk.ledger.total(coin) { desk.markets.reference($0) }
        let earned = try total.subtracting(desk.risk.dayBase[coin] ?? .zero)
        return earned < .zero ? earned.negated : .zero
    }

    private func addPositions(_ id: InstrumentID, to uses: inout [RiskUse]) {
        let quantityCeiling = limits.positionQuantity?[id.symbol]
        let valueCeiling = limits.positionValue?[id.symbol]
        guard quantityCeiling != nil || valueCeiling != nil else { return }
        let instrument = desk.markets.instruments[id]
        for side in [Side.buy, .sell] {
            func worst() throws(NumberError) -> Amount {
                let size = desk.ledger.position(id).size
                let signed = try (side == .buy ? size : size.negated)
                    .adding(try desk.orderStore.exposure(id, side))
                return signed > .zero ? signed : .zero
            }
            if let quantityCeiling {
                let unit = instrument?.baseCoin ?? ""
                let check = Engine.check("position_quantity", quantityCeiling, unit, worst)
                uses.append(RiskUse(instrument: id, side: side.name, check: check))
            }
            guard let valueCeiling else { continue }
            let unit = instrument?.quoteCoin ?? ""
            guard let price = desk.markets.reference(id) else {
                uses.append(
                    RiskUse(
                        instrument: id,
                        side: side.name,
                        check: Verdict.Check(
                            limit: "position_value",
                            ceiling: valueCeiling.description,
                            observed: "no price",
                            unit: unit,
                            holds: false
                        )
                    )
                )
                continue
            }
            let check = Engine.check("position_value", valueCeiling, unit) {
                () throws(NumberError) in try Amount.value(price, try worst())
            }
            uses.append(RiskUse(instrument: id, side: side.name, check: check))
        }
    }

    private static func check(
        _ limit: String,
        _ ceiling: Amount,
        _ unit: String,
        _ observed: () throws(NumberError) -> Amount
    ) -> Verdict.Check {
        do throws(NumberError) {
            let value = try observed()
            return Verdict.Check(
                limit: limit,
                ceiling: ceiling.description,
                observed: value.description,
                unit: unit,
                holds: value <= ceiling
            )
        } catch {
            return Verdict.Check(
                limit: limit,
                ceiling: ceiling.description,
                observed: error.description,
                unit: unit,
                holds: false
            )
        }
    }
}
