import Market

/// Contracts that expire, and what is listed after them.
extension SyntheticUniverse {
    /// What a year of carry costs, in 10⁻⁶.
    private static let yearly: Int64 = 45_000

    // MARK: - Futures

    /// The series of a coin's futures; its date is not real.
    func future(_ coin: CoinRow) throws(NumberError) -> Listing {
        let instrument = try contract(
            coin,
            .linear,
            coin.name + "USDT-",
            quote: "USDT",
            settle: "USDT",
            type: "LinearFutures",
            fundingIntervalMinutes: nil
        )
        var terms = ContractTerms(
            launchMilliseconds: coin.launch,
            symbolID: coin.symbolID + 40_000,
            priceScale: instrument.scale.priceDecimals,
            leverageMax: Numeral(mantissa: 50_00, decimals: 2),
            upperFundingRate: .zero,
            lowerFundingRate: .zero,
            priceLimitRatioX: Numeral(mantissa: 5, decimals: 2),
            priceLimitRatioY: Numeral(mantissa: 1, decimals: 1)
        )
        terms.deliveryFeeRate = Numeral(mantissa: 5, decimals: 4)
        return try listing(
            coin,
            instrument,
            terms,
            lot: coin.lot,
            texture: .quoted(widthPerThousand: 0),
            rate: 10,
            takersPerThousand: 40,
            model: .outright(Carry())
        )
    }

    func future(_ series: Listing, _ date: Timestamp, from time: Timestamp) -> Listing {
        var listing = series
        listing.instrument.id = futureID(series, date)
        listing.instrument.deliveryTime = date
        listing.terms.launchMilliseconds = time.milliseconds
        listing.terms.symbolID += Int(date.nanoseconds / ExpiryDates.day % 1_000)
        listing.parameters?.model = .outright(carry(date))
        return listing
    }

    func futureID(_ series: Listing, _ date: Timestamp) -> InstrumentID {
        let text = base(series) + "USDT-" + ExpiryDates.text(date)
        return InstrumentID(.linear, Symbol(text) ?? .none)
    }

    func carry(_ date: Timestamp) -> Carry {
        Carry(yearly: SyntheticUniverse.yearly, delivery: date)
    }

    // MARK: - Options

    /// The series of a coin's options; strike and date are not real.
    func option(_ coin: CoinRow) throws(NumberError) -> Listing {
        let isLarge = coin.name == "BTC"
        let tick = isLarge ? "5" : "0.1"
        let step = isLarge ? "0.01" : "0.1"
        let instrument = try Instrument(
            id: InstrumentID(.option, Symbol(coin.name + "-") ?? .none),
            baseCoin: coin.name,
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: isLarge ? "500" : "1500"),
            marketQuantityMax: Numeral(text: isLarge ? "500" : "1500"),
            priceMin: Numeral(text: tick),
            priceMax: Numeral(text: isLarge ? "1110000" : "100000")
        )
        var parameters = try parameters(
            coin,
            instrument,
            lot: step,
            texture: .quoted(widthPerThousand: 15, spacing: 4),
            rate: 1,
            takersPerThousand: 60,
            model: .outright(Carry())
        )
        parameters.slotsPerSide = 16
        var terms = ContractTerms(
            launchMilliseconds: coin.launch,
            symbolID: coin.symbolID + 50_000,
            priceScale: instrument.scale.priceDecimals,
            priceLimitRatioX: .zero,
            priceLimitRatioY: .zero
        )
        terms.deliveryFeeRate = Numeral(mantissa: 15, decimals: 5)
        return Listing(instrument: instrument, terms: terms, market: .synthetic(parameters))
    }

    /// The next three days, the next two Fridays and the next quarter, each with strikes around the price.
    func chain(
        _ place: Int,
        at time: Timestamp,
        index: (InstrumentID) -> Price?
    ) -> [Listing] {
        let series = options[place]
        let step = strikeSteps[place]
        let perpetual = InstrumentID(.linear, Symbol(base(series) + "USDT") ?? .none)
        guard let start = series.startPrice else { return [] }
        var price = start.units
        if let now = index(perpetual), let scale = instruments[perpetual]?.scale {
            let more = scale.priceDecimals - series.instrument.scale.priceDecimals
            price = now.units / PowerOfTen.int64(max(0, more))
        }
        let middle = (price + step / 2) / step
        var dates = ExpiryDates.days(after: time, count: 3)
        dates += ExpiryDates.fridays(after: time, count: 2)
        dates += ExpiryDates.quarters(after: time, count: 1)
        var listings: [Listing] = []
        let reach = Int64(configuration.strikesPerSide)
        for date in dates {
            for number in max(1, middle - reach)...max(1, middle + reach) {
                for isCall in [true, false] {
                    let terms = OptionTerms(isCall: isCall, strike: Price(units: number * step))
                    listings.append(option(series, date, terms, from: time))
                }
            }
        }
        return listings
    }

    private func option(
        _ series: Listing,
        _ date: Timestamp,
        _ option: OptionTerms,
        from time: Timestamp
    ) -> Listing {
        var listing = series
        let strike = series.instrument.scale.numeral(option.strike).trimmed
        let kind = option.isCall ? "C" : "P"
        let date8 = ExpiryDates.text(date)
        listing.instrument.id.symbol =
            Symbol("\(base(series))-\(date8)-\(strike)-\(kind)-USDT") ?? .none
        listing.instrument.deliveryTime = date
        listing.terms.option = option
        // Daily options are exercised for nothing.
        if !ExpiryDates.isFriday(date) { listing.terms.deliveryFeeRate = .zero }
        listing.terms.displayName = "\(base(series))USDT-\(date8)-\(strike)-\(kind)"
        listing.terms.launchMilliseconds = time.milliseconds
        let volatility: Int64 = base(series) == "BTC" ? 420_000 : 610_000
        listing.parameters?.model = .option(
            option,
            delivery: date,
            VolatilitySurface(atTheMoney: volatility, carry: carry(date))
        )
        return listing
    }
}
