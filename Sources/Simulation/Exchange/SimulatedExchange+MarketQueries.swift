public import Market

/// What REST asks of a market beyond its book, trades and ticker.
extension SimulatedExchange {
    /// Funding rates that have been paid since the exchange began, newest first.
    ///
    /// - Parameters:
    ///   - since: Unix milliseconds, as `until`, both included.
    /// - Returns: stamps in Unix milliseconds; empty for an instrument without funding.
    public func fundingRates(
        _ id: InstrumentID,
        since: Int64,
        until: Int64,
        limit: Int
    ) -> [(milliseconds: Int64, rate: Numeral)] {
        guard let index = index(of: id), facts[index].hasFunding else { return [] }
        let interval = fundingInterval(of: index)
        let end = max(clamped(until), .min + max(0, fundingPhase))
        var period = (min(now.nanoseconds, end) - fundingPhase) / interval
        var rows: [(milliseconds: Int64, rate: Numeral)] = []
        while rows.count < limit {
            let stamp = period * interval + fundingPhase
            guard stamp >= clamped(since), stamp > configuration.start.nanoseconds else { break }
            let rate = sources[index].fundingRate(period: stamp / configuration.fundingInterval)
            rows.append((stamp / 1_000_000, Numeral(mantissa: rate, decimals: 8).trimmed))
            period -= 1
        }
        return rows
    }

    /// Nanoseconds of a time in milliseconds, held at the ends of the range.
    private func clamped(_ milliseconds: Int64) -> Int64 {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? (milliseconds < 0 ? .min : .max) : product
    }

    /// What a dated contract was delivered at: the index price of that moment; `nil` before it.
    public func deliveryPrice(_ id: InstrumentID) -> Numeral? {
        guard let index = index(of: id), !quotes[index].isLive else { return nil }
        return facts[index].scale.numeral(Price(units: quotes[index].index))
    }

    /// The book as subscribers of that depth hold it, or would if there were any: with the stream's own `u`.
    public func heldBook(_ id: InstrumentID, depth: Int, isImprovement: Bool = false) -> BookUpdate?
    {
        guard let index = index(of: id),
            let place = states[index].place(depth: depth, isImprovement: isImprovement)
        else { return nil }
        var stream = states[index].streams[place]
        if !stream.isActive {
            stream.fill(with: states[index].book, at: states[index].moment(now.nanoseconds))
        }
        return stream.snapshot(scale: facts[index].scale)
    }

    /// When the exchange began; Unix milliseconds.
    public var startMilliseconds: Int64 { configuration.start.milliseconds }

    /// False once it has been delivered.
    public func isLive(_ id: InstrumentID) -> Bool {
        index(of: id).map { quotes[$0].isLive } ?? false
    }

    /// How much of a combination the account can carry on one side at a price; `nil` without the instrument, zero where
    /// the legs cannot be priced.
    public func combinationQuantityMax(
        _ account: AccountID,
        _ id: InstrumentID,
        _ side: Side,
        price: Numeral
    ) -> Numeral? {
        guard accountStates.indices.contains(account.index), let index = index(of: id),
            facts[index].category == .spread,
            let units = try? price.units(decimals: facts[index].scale.priceDecimals)
        else { return nil }
        let instrument = facts[index].instrument
        let step = instrument.quantityStep.units
        var low: Int64 = 0
        var high = (instrument.quantityMax?.units ?? step) / step
        while low < high {
            let middle = low + (high - low + 1) / 2
            if canCarry(account.index, index, side, middle * step, units) {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return instrument.scale.numeral(Quantity(units: low * step))
    }

    private func canCarry(
        _ account: Int,
        _ index: Int,
        _ side: Side,
        _ quantity: Int64,
        _ price: Int64
    ) -> Bool {
        do throws(Refusal) {
            try checkLegs(account, index, side, quantity: quantity, price: price)
            return true
        } catch {
            return false
        }
    }
}
