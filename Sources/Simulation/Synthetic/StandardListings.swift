public import Market

extension Listing {
    /// BTCUSDT and ETHUSDT as perpetuals and as spot pairs, with the filters of the real ones
    /// (summer 2026).
    ///
    /// - Parameter eventsPerSecond: mean rate of each listing's book-changing orders.
    public static func standard(eventsPerSecond: Int64 = 200) throws(NumberError) -> [Listing] {
        [
            try perpetual(
                "BTCUSDT",
                base: "BTC",
                symbolID: 5,
                tick: "0.10",
                step: "0.001",
                most: "1500",
                marketMost: "150",
                priceMin: "0.10",
                priceMax: "1999999.80",
                price: "90000",
                ratios: (1, 2),
                launch: 1_584_230_400_000,
                volatility: 4_400,
                eventsPerSecond
            ),
            try perpetual(
                "ETHUSDT",
                base: "ETH",
                symbolID: 6,
                tick: "0.01",
                step: "0.01",
                most: "10000",
                marketMost: "2000",
                priceMin: "0.01",
                priceMax: "199999.98",
                price: "3000",
                ratios: (2, 4),
                launch: 1_615_766_400_000,
                volatility: 13_000,
                eventsPerSecond
            ),
            try spot(
                "BTCUSDT",
                base: "BTC",
                symbolID: 7,
                tick: "0.1",
                step: "0.000001",
                lot: "0.001",
                most: "83",
                price: "90000",
                volatility: 4_400,
                eventsPerSecond
            ),
            try spot(
                "ETHUSDT",
                base: "ETH",
                symbolID: 8,
                tick: "0.01",
                step: "0.00001",
                lot: "0.01",
                most: "2100",
                price: "3000",
                volatility: 13_000,
                eventsPerSecond
            ),
        ]
    }

    private static func perpetual(
        _ symbol: String,
        base: String,
        symbolID: Int,
        tick: String,
        step: String,
        most: String,
        marketMost: String,
        priceMin: String,
        priceMax: String,
        price: String,
        ratios: (x: Int64, y: Int64),
        launch: Int64,
        volatility: Int64,
        _ eventsPerSecond: Int64
    ) throws(NumberError) -> Listing {
        let instrument = try Instrument(
            id: InstrumentID(.linear, Symbol(symbol) ?? .none),
            baseCoin: base,
            quoteCoin: "USDT",
            settleCoin: "USDT",
            contractType: "LinearPerpetual",
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: most),
            marketQuantityMax: Numeral(text: marketMost),
            valueMin: Amount(text: "5"),
            priceMin: Numeral(text: priceMin),
            priceMax: Numeral(text: priceMax),
            fundingIntervalMinutes: 480
        )
        return Listing(
            instrument: instrument,
            terms: ContractTerms(
                launchMilliseconds: launch,
                symbolID: symbolID,
                priceScale: 2,
                priceLimitRatioX: Numeral(mantissa: ratios.x, decimals: 2),
                priceLimitRatioY: Numeral(mantissa: ratios.y, decimals: 2)
            ),
            market: .synthetic(
                SyntheticParameters(
                    price: try instrument.scale.price(Numeral(text: price)),
                    lot: instrument.quantityStep,
                    driver: base,
                    eventsPerSecond: eventsPerSecond,
                    volatility: volatility
                )
            )
        )
    }

    private static func spot(
        _ symbol: String,
        base: String,
        symbolID: Int,
        tick: String,
        step: String,
        lot: String,
        most: String,
        price: String,
        volatility: Int64,
        _ eventsPerSecond: Int64
    ) throws(NumberError) -> Listing {
        let instrument = try Instrument(
            id: InstrumentID(.spot, Symbol(symbol) ?? .none),
            baseCoin: base,
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: Numeral(text: tick),
            quantityStep: Numeral(text: step),
            quantityMin: Numeral(text: step),
            quantityMax: Numeral(text: most),
            marketQuantityMax: Numeral(text: most),
            valueMin: Amount(text: "5")
        )
        return Listing(
            instrument: instrument,
            terms: ContractTerms(launchMilliseconds: 0, symbolID: symbolID, priceScale: 2),
            market: .synthetic(
                SyntheticParameters(
                    price: try instrument.scale.price(Numeral(text: price)),
                    lot: try instrument.scale.quantity(Numeral(text: lot)),
                    driver: base,
                    eventsPerSecond: eventsPerSecond,
                    volatility: volatility
                )
            )
        )
    }
}
