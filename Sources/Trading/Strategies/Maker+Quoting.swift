import Market

extension Maker {
    /// Brings the quotes of one symbol to where they belong.
    mutating func requote(_ symbol: Symbol, _ desk: inout Desk) {
        let id = InstrumentID(.linear, symbol)
        guard let instrument = desk.instrument(id), let book = desk.book(id),
            book.scale == instrument.scale, let bid = book.bestBid, let ask = book.bestAsk,
            let quantity = units(parameters.quantity[symbol], instrument),
            let limit = units(parameters.inventoryMax[symbol], instrument)
        else {
            cancelAll(symbol, &desk)
            return
        }
        let inventory = inventory(of: id, instrument, desk)
        if abs(inventory.units) >= limit.units, limit.units > 0 {
            tradeOut(inventory, quantity, id, &desk)
            return
        }
        let tick = instrument.tickSize.units
        let lean =
            limit.units == 0 ? 0 : inventory.units * Int64(parameters.skewTicks) / limit.units
        let middle = bid.price.units + (ask.price.units - bid.price.units) / 2
        for place in quotes.indices where quotes[place].symbol == symbol {
            let side = quotes[place].side
            let away =
                Int64(parameters.offsetTicks + quotes[place].level * parameters.stepTicks)
            // The middle is brought to a tick on the quote's own side, so that both sides are as far from it.
            let base =
                side == .buy
                ? Maker.floor(middle, tick) - away * tick
                : Maker.ceiling(middle, tick) + away * tick
            let target = Price(units: base - lean * tick)
            if target.units > 0 { bring(place, to: target, quantity, id, instrument, &desk) }
        }
    }

    private mutating func bring(
        _ place: Int,
        to target: Price,
        _ quantity: Quantity,
        _ id: InstrumentID,
        _ instrument: Instrument,
        _ desk: inout Desk
    ) {
        let quote = quotes[place]
        guard let order = desk.order(quote.orderLinkID), !order.isClosed else {
            quotes[place].orderLinkID = ""
            guard !desk.isHalted, desk.time >= quote.restsUntil else { return }
            if let placed = desk.place(quote.side, quantity, of: id, at: target, .postOnly) {
                quotes[place].orderLinkID = placed
            } else {
                quotes[place].restsUntil = desk.time.advanced(nanoseconds: Maker.rest)
            }
            return
        }
        guard order.phase == .open, !order.isBusy, let price = order.price,
            let stands = Maker.units(price, instrument.scale.priceDecimals)
        else { return }
        let ticks = abs(stands - target.units) / instrument.tickSize.units
        let age = desk.time.milliseconds - order.since.milliseconds
        let isOld = parameters.lifetimeMilliseconds > 0 && age >= parameters.lifetimeMilliseconds
        if isOld || ticks > Int64(parameters.amendTicks) {
            desk.cancel(quote.orderLinkID)
        } else if ticks > 0 {
            desk.amend(quote.orderLinkID, price: target)
        }
    }

    /// Trades the whole inventory and one quantity more at market, and quotes nothing meanwhile.
    private mutating func tradeOut(
        _ inventory: Quantity,
        _ quantity: Quantity,
        _ id: InstrumentID,
        _ desk: inout Desk
    ) {
        cancelAll(id.symbol, &desk)
        if let exit = exits[id.symbol], let order = desk.order(exit), !order.isClosed { return }
        guard !desk.isHalted else { return }
        let size = Quantity(units: abs(inventory.units) + quantity.units)
        let side = inventory.units > 0 ? Side.sell : Side.buy
        exits[id.symbol] = desk.place(side, size, of: id, at: nil)
    }

    mutating func cancelAll(_ symbol: Symbol, _ desk: inout Desk) {
        for quote in quotes where quote.symbol == symbol && !quote.orderLinkID.isEmpty {
            guard let order = desk.order(quote.orderLinkID), order.phase == .open else { continue }
            desk.cancel(quote.orderLinkID)
        }
    }

    private func inventory(
        of id: InstrumentID,
        _ instrument: Instrument,
        _ desk: Desk
    ) -> Quantity {
        desk.position(id).size(in: instrument.scale) ?? .zero
    }

    private func units(_ numeral: Numeral?, _ instrument: Instrument) -> Quantity? {
        guard let numeral,
            let units = Maker.units(numeral, instrument.scale.quantityDecimals)
        else { return nil }
        return Quantity(units: units)
    }

    private static func units(_ numeral: Numeral, _ decimals: Int) -> Int64? {
        do {
            return try numeral.units(decimals: decimals)
        } catch {
            return nil
        }
    }

    private static func floor(_ price: Int64, _ tick: Int64) -> Int64 { price / tick * tick }

    private static func ceiling(_ price: Int64, _ tick: Int64) -> Int64 {
        (price + tick - 1) / tick * tick
    }
}
