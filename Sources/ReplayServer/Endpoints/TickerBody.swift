import Market

/// A row of `market/tickers`, which names and fills its fields otherwise than the stream does.
///
/// - Source: bybit-v5 §6.4: `""` for what a contract does not have, `deliveryTime` in milliseconds, `0` for none.
enum TickerBody {
    static func write(
        _ id: InstrumentID,
        _ ticker: TickerUpdate,
        _ instrument: Instrument,
        _ json: inout JSONWriter
    ) {
        json.object { json in
            json.field("symbol", id.symbol.description)
            switch id.category {
            case .spot: spot(ticker, &json)
            case .option: option(ticker, &json)
            case .linear, .inverse: contract(ticker, instrument, &json)
            case .spread: spread(ticker, &json)
            }
        }
    }

    private static func spot(_ ticker: TickerUpdate, _ json: inout JSONWriter) {
        quotes(ticker, &json)
        json.field("lastPrice", ticker.lastPrice)
        json.field("prevPrice24h", ticker.previousPrice24h)
        json.field("price24hPcnt", ticker.change24h)
        day(ticker, &json)
        json.field("usdIndexPrice", ticker.value(.dollarIndexPrice))
    }

    private static func contract(
        _ ticker: TickerUpdate,
        _ instrument: Instrument,
        _ json: inout JSONWriter
    ) {
        json.field("lastPrice", ticker.lastPrice)
        json.field("indexPrice", ticker.indexPrice)
        json.field("markPrice", ticker.markPrice)
        json.field("prevPrice24h", ticker.previousPrice24h)
        json.field("price24hPcnt", ticker.change24h)
        json.field("prevPrice1h", ticker.value(.previousPrice1h) ?? ticker.previousPrice24h)
        json.field("openInterest", ticker.openInterest)
        json.field(
            "openInterestValue",
            ticker.value(.openInterestValue) ?? value(of: ticker, instrument)
        )
        json.field("singleOpenInterest", single(.singleOpenInterest, ticker, ticker.openInterest))
        json.field(
            "singleOpenInterestValue",
            single(
                .singleOpenInterestValue,
                ticker,
                ticker.value(.openInterestValue) ?? value(of: ticker, instrument)
            )
        )
        day(ticker, &json)
        json.field("fundingRate", ticker.fundingRate)
        json.field("nextFundingTime", ticker.nextFundingTime.map { String($0) } ?? "")
        json.field("predictedDeliveryPrice", ticker.value(.predictedDeliveryPrice))
        json.field("basisRate", ticker.value(.basisRate))
        json.field("deliveryFeeRate", ticker.value(.deliveryFeeRate))
        json.field("deliveryTime", String(instrument.deliveryTime.milliseconds))
        quotes(ticker, &json)
        json.field("basis", ticker.value(.basis))
        json.field("preOpenPrice", ticker.value(.preOpenPrice))
        json.field("preQty", ticker.value(.preQuantity))
        json.field("curPreListingPhase", ticker.preListingPhase ?? "")
        json.field(
            "fundingIntervalHour",
            instrument.fundingIntervalMinutes.map { String($0 / 60) } ?? ""
        )
        json.field("basisRateYear", ticker.value(.basisRateYear))
        json.field("fundingCap", ticker.value(.fundingCap))
    }

    private static func option(_ ticker: TickerUpdate, _ json: inout JSONWriter) {
        json.field("bid1Price", ticker.bidPrice ?? .zero)
        json.field("bid1Size", ticker.bidSize ?? .zero)
        json.field("bid1Iv", ticker.value(.bidVolatility) ?? .zero)
        json.field("ask1Price", ticker.askPrice ?? .zero)
        json.field("ask1Size", ticker.askSize ?? .zero)
        json.field("ask1Iv", ticker.value(.askVolatility) ?? .zero)
        json.field("lastPrice", ticker.lastPrice)
        json.field("highPrice24h", ticker.highPrice24h)
        json.field("lowPrice24h", ticker.lowPrice24h)
        json.field("markPrice", ticker.markPrice)
        json.field("indexPrice", ticker.indexPrice)
        json.field("markIv", ticker.value(.markVolatility) ?? .zero)
        json.field("underlyingPrice", ticker.value(.underlyingPrice) ?? ticker.indexPrice)
        json.field("openInterest", ticker.openInterest)
        json.field("turnover24h", ticker.turnover24h?.description ?? "")
        json.field("volume24h", ticker.volume24h?.description ?? "")
        json.field("totalVolume", ticker.value(.totalVolume) ?? .zero)
        json.field("totalTurnover", ticker.value(.totalTurnover) ?? .zero)
        json.field("delta", ticker.value(.delta) ?? .zero)
        json.field("gamma", ticker.value(.gamma) ?? .zero)
        json.field("vega", ticker.value(.vega) ?? .zero)
        json.field("theta", ticker.value(.theta) ?? .zero)
        json.field("predictedDeliveryPrice", ticker.value(.predictedDeliveryPrice) ?? .zero)
        json.field("change24h", ticker.change24h)
    }

    private static func spread(_ ticker: TickerUpdate, _ json: inout JSONWriter) {
        json.field("bidPrice", ticker.bidPrice)
        json.field("bidSize", ticker.bidSize)
        json.field("askPrice", ticker.askPrice)
        json.field("askSize", ticker.askSize)
        json.field("lastPrice", ticker.lastPrice)
        json.field("highPrice24h", ticker.highPrice24h)
        json.field("lowPrice24h", ticker.lowPrice24h)
        json.field("prevPrice24h", ticker.previousPrice24h)
        json.field("volume24h", ticker.volume24h?.description ?? "")
    }

    private static func quotes(_ ticker: TickerUpdate, _ json: inout JSONWriter) {
        json.field("bid1Price", ticker.bidPrice)
        json.field("bid1Size", ticker.bidSize)
        json.field("ask1Price", ticker.askPrice)
        json.field("ask1Size", ticker.askSize)
    }

    private static func day(_ ticker: TickerUpdate, _ json: inout JSONWriter) {
        json.field("highPrice24h", ticker.highPrice24h)
        json.field("lowPrice24h", ticker.lowPrice24h)
        json.field("turnover24h", ticker.turnover24h?.description ?? "")
        json.field("volume24h", ticker.volume24h?.description ?? "")
    }

    /// One side of an open interest.
    private static func single(
        _ field: TickerField,
        _ ticker: TickerUpdate,
        _ both: Numeral?
    ) -> Numeral? {
        ticker.value(field) ?? both.map { ReferenceHistory.half($0) }
    }

    /// Open interest at the mark price: in the quote coin, of an inverse contract in the base coin.
    private static func value(of ticker: TickerUpdate, _ instrument: Instrument) -> Numeral? {
        guard let size = ticker.openInterest, let mark = ticker.markPrice, mark.mantissa > 0,
            let amount = try? Amount(size)
        else { return nil }
        let unit = PowerOfTen.int128(Int(mark.decimals))
        let isInverse = instrument.id.category == .inverse
        let worth = try? amount.scaled(
            by: isInverse ? unit : Int128(mark.mantissa),
            over: isInverse ? Int128(mark.mantissa) : unit,
            rounding: .halfEven
        )
        return worth.map { Numeral(rounding: $0) }
    }
}
