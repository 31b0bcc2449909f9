import Market

/// Pairs of legs that are traded as one: leg 1 less leg 2.
extension SyntheticUniverse {
    /// A perpetual's place among dated contracts: it has no date.
    private static let perpetualCarry = Carry(basis: -300)

    /// The series of a coin's combinations; legs are not real.
    func combination(_ coin: CoinRow) throws(NumberError) -> Listing {
        let price = try Numeral(text: coin.price).trimmed
        let tick = try Numeral(text: coin.tick).trimmed
        // A tenth of the coin's price either way, on a tick.
        let reach = try price.cut(decimals: Int(tick.decimals)) / 10
        let most = reach / tick.mantissa * tick.mantissa
        let instrument = try Instrument(
            id: InstrumentID(.spread, Symbol(coin.name + "USDT_") ?? .none),
            baseCoin: coin.name,
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: tick,
            quantityStep: Numeral(text: coin.step),
            quantityMin: Numeral(text: coin.step),
            quantityMax: Numeral(text: coin.marketMost),
            marketQuantityMax: Numeral(text: coin.marketMost),
            priceMin: Numeral(mantissa: -most, decimals: tick.decimals),
            priceMax: Numeral(mantissa: most, decimals: tick.decimals)
        )
        let parameters = try parameters(
            coin,
            instrument,
            lot: coin.lot,
            texture: .quoted(widthPerThousand: 0),
            rate: 5,
            takersPerThousand: 40,
            model: .combination(Carry(), Carry())
        )
        let terms = ContractTerms(
            launchMilliseconds: coin.launch,
            symbolID: coin.symbolID + 60_000,
            priceScale: instrument.scale.priceDecimals,
            priceLimitRatioX: .zero,
            priceLimitRatioY: .zero
        )
        return Listing(instrument: instrument, terms: terms, market: .synthetic(parameters))
    }

    /// Perpetual and spot; the next Friday's and the next quarter's future with spot, with the perpetual, and with each
    /// other.
    func pairs(_ series: Listing, at time: Timestamp) -> [Listing] {
        let name = base(series)
        let spot = InstrumentID(.spot, Symbol(name + "USDT") ?? .none)
        let perpetual = InstrumentID(.linear, Symbol(name + "USDT") ?? .none)
        let week = ExpiryDates.fridays(after: time, count: 1)[0]
        let quarter = ExpiryDates.quarters(after: time, count: 1)[0]
        let spotLeg = Leg(id: spot, text: name + "/USDT", carry: Carry())
        let perpetualLeg = Leg(
            id: perpetual,
            text: name + "USDT",
            carry: SyntheticUniverse.perpetualCarry
        )
        let dated = [week, quarter].map { date in
            let id = futureID(series, date)
            return Leg(id: id, text: id.symbol.description, carry: carry(date))
        }
        var pairs = [pair(series, "FundingRateArb", perpetualLeg, spotLeg, time)]
        for leg in dated {
            pairs.append(pair(series, "CarryTrade", leg, spotLeg, time))
            pairs.append(pair(series, "PerpBasis", leg, perpetualLeg, time))
        }
        if week != quarter { pairs.append(pair(series, "FutureSpread", dated[1], dated[0], time)) }
        return pairs
    }

    private struct Leg {
        var id: InstrumentID
        var text: String
        var carry: Carry
    }

    private func pair(
        _ series: Listing,
        _ type: String,
        _ first: Leg,
        _ second: Leg,
        _ time: Timestamp
    ) -> Listing {
        var listing = series
        listing.instrument.id.symbol = Symbol(first.text + "_" + second.text) ?? .none
        listing.instrument.contractType = type
        listing.instrument.deliveryTime =
            [first.carry.delivery, second.carry.delivery].filter { $0 > .zero }.min() ?? .zero
        listing.terms.legs = SpreadLegs(first: first.id, second: second.id)
        listing.terms.launchMilliseconds = time.milliseconds
        listing.parameters?.model = .combination(first.carry, second.carry)
        return listing
    }
}
