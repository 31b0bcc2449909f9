import Market

/// Contracts and pairs that do not expire.
extension SyntheticUniverse {
    private var levels: Int { configuration.levels }

    /// Slots a side that make as many levels as are asked for.
    private func slots(_ texture: BookTexture) -> Int {
        switch texture {
        case .scattered: 12 + levels * 14 / 10
        case .dense: 12 + 4 * levels + 24
        case .sparse: 4 + levels * 12 / 10
        default: min(levels, 60)
        }
    }

    func parameters(
        _ coin: CoinRow,
        _ instrument: Instrument,
        lot: String,
        texture: BookTexture,
        rate eventsPerSecond: Int64,
        takersPerThousand: Int64,
        model: FairModel
    ) throws(NumberError) -> SyntheticParameters {
        SyntheticParameters(
            price: Price(
                units: try Numeral(text: coin.price).trimmed
                    .cut(decimals: instrument.scale.priceDecimals)
            ),
            lot: try instrument.scale.quantity(Numeral(text: lot)),
            driver: coin.name,
            eventsPerSecond: rate(eventsPerSecond),
            takersPerThousand: takersPerThousand,
            slotsPerSide: slots(texture),
            volatility: coin.volatility * configuration.volatilityPercent / 100,
            stirredVolatility: coin.stirredVolatility * configuration.volatilityPercent / 100,
            secondsBetweenJumps: 0,
            fundingRateMax: 20_000,
            commonPerThousand: coin.name == "BTC" ? 900 : 600,
            model: model,
            texture: texture,
            regimes: configuration.regimes
        )
    }

    /// An instrument that trades by a synthetic market of its own.
    func listing(
        _ coin: CoinRow,
        _ instrument: Instrument,
        _ terms: ContractTerms,
        lot: String,
        texture: BookTexture,
        rate eventsPerSecond: Int64,
        takersPerThousand: Int64,
        model: FairModel
    ) throws(NumberError) -> Listing {
        Listing(
            instrument: instrument,
            terms: terms,
            market: .synthetic(
                try parameters(
                    coin,
                    instrument,
                    lot: lot,
                    texture: texture,
                    rate: eventsPerSecond,
                    takersPerThousand: takersPerThousand,
                    model: model
                )
            )
        )
    }

    private func terms(
        _ coin: CoinRow,
        _ instrument: Instrument,
        series: Int,
        ratios: (x: Int64, y: Int64)? = nil
    ) -> ContractTerms {
        let ratios = ratios ?? coin.ratios
        return ContractTerms(
            launchMilliseconds: coin.launch,
            symbolID: coin.symbolID + 10_000 * series,
            priceScale: instrument.scale.priceDecimals,
            leverageMax: Numeral(mantissa: coin.leverageMax * 100, decimals: 2),
            priceLimitRatioX: Numeral(mantissa: ratios.x, decimals: 2),
            priceLimitRatioY: Numeral(mantissa: ratios.y, decimals: 2)
        )
    }

    func contract(
        _ coin: CoinRow,
        _ category: Category,
        _ symbol: String,
        quote: String,
        settle: String,
        type: String,
        most: String? = nil,
        step: String? = nil,
        fundingIntervalMinutes: Int?
    ) throws(NumberError) -> Instrument {
        try Instrument(
            id: InstrumentID(category, Symbol(symbol) ?? .none),
            baseCoin: coin.name,
            quoteCoin: quote,
            settleCoin: settle,
            contractType: type,
            tickSize: Numeral(text: coin.tick),
            quantityStep: Numeral(text: step ?? coin.step),
            quantityMin: Numeral(text: step ?? coin.step),
            quantityMax: Numeral(text: most ?? coin.most),
            marketQuantityMax: Numeral(text: most ?? coin.marketMost),
            valueMin: Amount(text: "5"),
            priceMin: Numeral(text: coin.tick),
            // Twenty million ticks.
            priceMax: Numeral(
                mantissa: Numeral(text: coin.tick).trimmed.mantissa * 19_999_998,
                decimals: Numeral(text: coin.tick).trimmed.decimals
            ),
            fundingIntervalMinutes: fundingIntervalMinutes
        )
    }

    func perpetual(_ coin: CoinRow) throws(NumberError) -> Listing {
        let instrument = try contract(
            coin,
            .linear,
            coin.name + "USDT",
            quote: "USDT",
            settle: "USDT",
            type: "LinearPerpetual",
            fundingIntervalMinutes: 480
        )
        var terms = terms(coin, instrument, series: 0)
        terms.copyTrading = "both"
        // Seen of BTCUSDT, and not of a coin of middling size.
        terms.candleRepeatSeconds = coin.texture == .scattered ? 4 : 0
        return try listing(
            coin,
            instrument,
            terms,
            lot: coin.lot,
            texture: coin.texture,
            rate: coin.eventsPerSecond,
            takersPerThousand: coin.takersPerThousand,
            model: .outright(Carry(basis: -300))
        )
    }

    func dollarPerpetual(_ coin: CoinRow) throws(NumberError) -> Listing {
        let instrument = try contract(
            coin,
            .linear,
            coin.name + "PERP",
            quote: "USDC",
            settle: "USDC",
            type: "LinearPerpetual",
            fundingIntervalMinutes: 480
        )
        var terms = terms(coin, instrument, series: 1)
        terms.displayName = coin.name + "USDC"
        return try listing(
            coin,
            instrument,
            terms,
            lot: coin.lot,
            texture: coin.texture,
            rate: 20,
            takersPerThousand: 20,
            model: .outright(Carry(basis: -250))
        )
    }

    /// Quantities are US dollars.
    func inverse(_ coin: CoinRow) throws(NumberError) -> Listing {
        let instrument = try contract(
            coin,
            .inverse,
            coin.name + "USD",
            quote: "USD",
            settle: coin.name,
            type: "InversePerpetual",
            most: "25000000",
            step: "1",
            fundingIntervalMinutes: 480
        )
        return try listing(
            coin,
            instrument,
            terms(coin, instrument, series: 2),
            lot: "50",
            texture: coin.texture,
            rate: 20,
            takersPerThousand: 20,
            model: .outright(Carry(basis: -280))
        )
    }

    func spot(_ coin: CoinRow) throws(NumberError) -> Listing {
        // Spot sizes are finer than those of contracts.
        let step = coin.name == "BTC" ? "0.000001" : coin.name == "ETH" ? "0.00001" : "0.01"
        let lot = coin.name == "BTC" ? "0.0003" : coin.name == "ETH" ? "0.01" : coin.lot
        let instrument = try Instrument(
            id: InstrumentID(.spot, Symbol(coin.name + "USDT") ?? .none),
            baseCoin: coin.name,
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: Numeral(text: coin.tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: coin.most),
            marketQuantityMax: Numeral(text: coin.marketMost),
            valueMin: Amount(text: "5")
        )
        var terms = terms(coin, instrument, series: 3, ratios: (5, 10))
        terms.marginTrading = "utaOnly"
        return try listing(
            coin,
            instrument,
            terms,
            lot: lot,
            texture: .sparse,
            rate: coin.name == "BTC" || coin.name == "ETH" ? 10 : 6,
            takersPerThousand: 20,
            model: .outright(Carry())
        )
    }
}

extension Numeral {
    /// Its units in a scale that may be coarser: what does not fit is cut off.
    func cut(decimals wanted: Int) throws(NumberError) -> Int64 {
        if Int(decimals) <= wanted { return try units(decimals: wanted) }
        return mantissa / PowerOfTen.int64(Int(decimals) - wanted)
    }
}
