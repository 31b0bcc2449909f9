public import Market

/// Questions about the market, beside books, tickers, trades and instruments; none needs a key.
///
/// Moments are Unix milliseconds; a `limit` that is not given is the exchange's own. A list of several pages is gone on
/// with by ``page(cursor:)``. Rows are ``Market/Event/details``, but for ``fullBook(of:)`` and ``improvementBook(of:limit:)``.
///
/// - Source: bybit-v5 §6.2.
extension RESTRequest {
    /// A price that candles are made of beside that of the trades.
    public enum ReferencePrice: String, Hashable, Sendable, CaseIterable {
        case mark
        case index
        /// Of perpetuals over their index, as a fraction.
        case premium = "premium-index"
    }

    /// `market/mark-price-kline`, `index-price-kline`, `premium-index-price-kline`: candles without volume, newest first.
    ///
    /// - Parameters:
    ///   - instrument: linear or inverse.
    ///   - interval: minutes, `1` to `720`; `D`, `W`, `M`.
    ///   - start: only candles that begin at or after it.
    ///   - end: only candles that begin at or before it.
    ///   - limit: 1 to 1,000, else 200.
    public static func candles(
        _ price: ReferencePrice,
        of instrument: InstrumentID,
        interval: String,
        start: Int64? = nil,
        end: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/\(price.rawValue)-price-kline",
            Query(instrument).with("interval", interval)
                .with("start", ifAny: start.map { String($0) })
                .with("end", ifAny: end.map { String($0) })
                .with("limit", ifAny: limit)
        )
    }

    /// `market/funding/history` of a perpetual, newest first; of predictions there are none.
    ///
    /// - Parameters:
    ///   - since: with `until` alone: by itself the exchange refuses it.
    ///   - limit: 1 to 200, else 200.
    public static func fundingRates(
        of instrument: InstrumentID,
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/funding/history",
            Query(instrument).times(since, until).with("limit", ifAny: limit)
        )
    }

    /// How far apart points of the open interest are.
    public enum OpenInterestInterval: String, Hashable, Sendable, CaseIterable {
        case fiveMinutes = "5min"
        case quarterHour = "15min"
        case halfHour = "30min"
        case hour = "1h"
        case fourHours = "4h"
        case day = "1d"
    }

    /// `market/open-interest` of a linear or inverse contract, newest first.
    ///
    /// - Parameter limit: 1 to 200, else 50.
    public static func openInterest(
        of instrument: InstrumentID,
        every interval: OpenInterestInterval,
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/open-interest",
            Query(instrument).with("intervalTime", interval.rawValue)
                .times(since, until).with("limit", ifAny: limit)
        )
    }

    /// `market/risk-limit`: tiers of linear or inverse contracts, of one or in pages of fifteen symbols.
    public static func riskLimits(in category: Category, symbol: Symbol? = nil) -> RESTRequest {
        asking("/v5/market/risk-limit", Query(category).with("symbol", ifAny: symbol))
    }

    /// `market/insurance`: the insurance pools, of one coin or all.
    public static func insurance(coin: String? = nil) -> RESTRequest {
        asking("/v5/market/insurance", Query().with("coin", ifAny: coin))
    }

    /// `market/price-limit`: the highest buy and the lowest sell that a limit order may have.
    public static func priceLimit(of instrument: InstrumentID) -> RESTRequest {
        asking("/v5/market/price-limit", Query(instrument))
    }

    /// `market/delivery-price` of contracts and options that are over.
    ///
    /// - Parameter limit: 1 to 200.
    public static func deliveryPrices(
        in category: Category,
        symbol: Symbol? = nil,
        baseCoin: String? = nil,
        settleCoin: String? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/delivery-price",
            Query(category).with("symbol", ifAny: symbol).with("baseCoin", ifAny: baseCoin)
                .with("settleCoin", ifAny: settleCoin).with("limit", ifAny: limit)
        )
    }

    /// `market/account-ratio`: shares of the holders that are long and short in a contract, as fractions.
    ///
    /// - Parameters:
    ///   - period: the exchange's word, such as `1h`.
    ///   - limit: 1 to 500.
    public static func accountRatios(
        of instrument: InstrumentID,
        period: String,
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/account-ratio",
            Query(instrument).with("period", period).times(since, until).with("limit", ifAny: limit)
        )
    }

    /// `market/historical-volatility` of options, as a fraction.
    ///
    /// - Parameter period: days.
    public static func volatility(
        baseCoin: String? = nil,
        quoteCoin: String? = nil,
        period: Int? = nil,
        since: Int64? = nil,
        until: Int64? = nil
    ) -> RESTRequest {
        asking(
            "/v5/market/historical-volatility",
            Query(Category.option).with("baseCoin", ifAny: baseCoin)
                .with("quoteCoin", ifAny: quoteCoin).with("period", ifAny: period)
                .times(since, until)
        )
    }

    /// `market/adlAlert`: how near the insurance pools are to deleveraging.
    public static func deleveraging(symbol: Symbol? = nil) -> RESTRequest {
        asking("/v5/market/adlAlert", Query().with("symbol", ifAny: symbol))
    }

    /// `market/full_orderbook` of spot: up to 10,000 levels a side, as ``Market/Event/book``.
    public static func fullBook(of instrument: InstrumentID) -> RESTRequest {
        RESTRequest(.fullBook(instrument))
    }

    /// `market/rpi_orderbook`, with the sizes of retail price improvement, as ``Market/Event/book``.
    ///
    /// - Parameter limit: levels a side, 1 to 50.
    public static func improvementBook(of instrument: InstrumentID, limit: Int) -> RESTRequest {
        asking("/v5/market/rpi_orderbook", Query(instrument).with("limit", limit))
    }

    /// A question by its path and what it asks for.
    static func asking(_ path: String, _ query: Query = Query()) -> RESTRequest {
        RESTRequest(endpoint: Endpoint(path: path), query: query.text)
    }
}
