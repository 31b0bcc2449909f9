public import Market

/// Questions about an account and its key, beside orders, executions, positions, wallet and log; all are signed.
///
/// Moments are Unix milliseconds; a `limit` that is not given is the exchange's own. A list of several pages is gone on
/// with by ``page(cursor:)``. Rows are ``Market/Event/details``, but for ``personalInstruments(in:)``.
///
/// - Source: bybit-v5 §6.6, §6.7, §7.2.
extension RESTRequest {
    // MARK: - Positions that are over

    /// `position/closed-pnl` of linear or inverse contracts: a row for each order that closed some of a position.
    ///
    /// - Parameters:
    ///   - since: at most seven days before `until`.
    ///   - limit: 1 to 100, else 50.
    public static func closedPnL(
        in category: Category,
        symbol: Symbol? = nil,
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/position/closed-pnl",
            Query(category).with("symbol", ifAny: symbol).times(since, until)
                .with("limit", ifAny: limit)
        )
    }

    /// `position/get-closed-positions` of options, of the last six months.
    public static func closedOptions(
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/position/get-closed-positions",
            Query(Category.option).times(since, until).with("limit", ifAny: limit)
        )
    }

    /// `asset/delivery-record` of contracts and options that were delivered.
    ///
    /// - Parameters:
    ///   - since: at most thirty days before `until`.
    ///   - expiryDate: as in symbols of options, `25DEC26`.
    ///   - limit: 1 to 50.
    public static func deliveries(
        in category: Category,
        symbol: Symbol? = nil,
        since: Int64? = nil,
        until: Int64? = nil,
        expiryDate: String? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/asset/delivery-record",
            Query(category).with("symbol", ifAny: symbol).times(since, until)
                .with("expDate", ifAny: expiryDate).with("limit", ifAny: limit)
        )
    }

    /// `asset/settlement-record`: sessions of linear contracts that are settled in USDC.
    ///
    /// - Parameter limit: 1 to 50.
    public static func settlements(
        symbol: Symbol? = nil,
        since: Int64? = nil,
        until: Int64? = nil,
        limit: Int? = nil
    ) -> RESTRequest {
        asking(
            "/v5/asset/settlement-record",
            Query(Category.linear).with("symbol", ifAny: symbol).times(since, until)
                .with("limit", ifAny: limit)
        )
    }

    // MARK: - The account

    /// `position/symbol-info`: leverage and margin mode of contracts, with a position or without.
    public static func symbolLeverages(
        in category: Category,
        symbol: Symbol? = nil
    ) -> RESTRequest {
        asking("/v5/position/symbol-info", Query(category).with("symbol", ifAny: symbol))
    }

    /// `account/fee-rate`: fractions of a fill's value, of options one row a base coin.
    public static func feeRates(
        in category: Category,
        symbol: Symbol? = nil,
        baseCoin: String? = nil
    ) -> RESTRequest {
        asking(
            "/v5/account/fee-rate",
            Query(category).with("symbol", ifAny: symbol).with("baseCoin", ifAny: baseCoin)
        )
    }

    /// `account/info`: the account's modes.
    public static var accountInfo: RESTRequest { asking("/v5/account/info") }

    /// `account/query-dcp-info`: what cancel-on-disconnect is set to, product by product.
    public static var disconnectProtection: RESTRequest { asking("/v5/account/query-dcp-info") }

    /// `account/instruments-info`: the instruments as this account may trade them, as ``Market/Event/instruments``.
    public static func personalInstruments(in category: Category) -> RESTRequest {
        asking("/v5/account/instruments-info", Query(category))
    }

    /// `user/query-api`: what the key that signs may do, and until when.
    public static var keyDescription: RESTRequest { asking("/v5/user/query-api") }

    /// `asset/coin/query-info`: coins and their chains, of one coin or all.
    public static func coins(_ coin: String? = nil) -> RESTRequest {
        asking("/v5/asset/coin/query-info", Query().with("coin", ifAny: coin))
    }

    /// `spread/max-qty`: the most of a combination that the account may order at a price, which may be negative.
    public static func spreadQuantityMax(
        of symbol: Symbol,
        side: Side,
        price: Numeral
    ) -> RESTRequest {
        asking(
            "/v5/spread/max-qty",
            Query("symbol", symbol.description).with("side", side == .buy ? 1 : 2)
                .with("orderPrice", price.description)
        )
    }
}
