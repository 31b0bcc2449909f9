import Market

/// What positions that are held when the counting of a day begins are worth then: their gain or loss of before is not of
/// that day.
extension Desk {
    /// Counts a position that was there before the session from the market's price on, which the total is valued at too.
    ///
    /// - Parameter mark: the exchange's mark price, told with the position: where there is no other yet it counts from there,
    ///   as soon as one comes; without either, from the first that comes.
    mutating func countFromOpening(_ id: PositionID, at mark: Numeral?) {
        guard let position = ledger.accounts[id.instrument]?[id.index], !position.isFlat else {
            return
        }
        if let price = markets.reference(id.instrument) {
            addToDayBase(id, position, at: price)
        } else {
            risk.unpriced[id] = RiskState.Unpriced(position: position, mark: mark)
        }
    }

    /// Positions of the day's beginning that no price is known for count at their entry, as in the total, and from the first
    /// price on from there.
    mutating func noteUnpriced() {
        risk.unpriced.removeAll()
        for place in ledger.accounts.keys.indices {
            let instrument = ledger.accounts.keys[place]
            guard !ledger.accounts.values[place].isFlat, markets.reference(instrument) == nil
            else { continue }
            for index in 0...2 where !ledger.accounts.values[place][index].isFlat {
                risk.unpriced[PositionID(instrument: instrument, index: index)] =
                    RiskState.Unpriced(position: ledger.accounts.values[place][index], mark: nil)
            }
        }
    }

    /// A price may have come for some of them.
    mutating func priceUnpriced() {
        for place in risk.unpriced.keys.indices.reversed() {
            let id = risk.unpriced.keys[place]
            guard let price = markets.reference(id.instrument) else { continue }
            let unpriced = risk.unpriced.values[place]
            addToDayBase(id, unpriced.position, at: unpriced.mark ?? price)
            risk.unpriced.remove(at: place)
        }
    }

    private mutating func addToDayBase(
        _ id: PositionID,
        _ position: Position,
        at price: Numeral
    ) {
        guard let coin = ledger.accounts[id.instrument]?.settleCoin else { return }
        do throws(NumberError) {
            let gained = try position.unrealised(at: price)
            risk.dayBase[coin] = try (risk.dayBase[coin] ?? .zero).adding(gained)
        } catch {
            number("daily_loss \(coin)", error)
        }
    }
}
