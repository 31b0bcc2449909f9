/// What the result of a reply holds, for the endpoints whose rows are an event's details.
///
/// The endpoints that the core itself asks are ``Market/Endpoint``'s; all others are spoken by their path alone.
///
/// - Source: bybit-v5 §6, §7.
enum ReplyForm: Sendable {
    /// One of ``Market/Endpoint``, or a path that is not spoken.
    case none
    /// Nothing but a code and a text.
    case accepted
    /// `orderId`, `orderLinkId`.
    case order
    case acceptedOrders
    case improvementBook
    case spreadBook
    case candles
    case tickers
    case spreadTickers
    case trades
    case fundingRates
    case openInterest
    case riskLimits
    case insurance
    case priceLimit
    case deliveryPrices
    case accountRatios
    case volatility
    case deleveraging
    case preCheck
    case closedPnL
    case closedOptions
    case symbolLeverage
    case instruments
    case feeRates
    case account
    case disconnectProtection
    case key
    case coins
    case deliveries
    case settlements
    case marginMode
    case spreadInstruments
    case spreadOrders
    case spreadExecutions
    case spreadQuantityMax

    /// Path, method and form of every endpoint of §6 and §7 beside ``Market/Endpoint/table``.
    static let table: [(path: String, method: String, form: ReplyForm)] = [
        ("/v5/market/kline", "GET", .candles),
        ("/v5/market/mark-price-kline", "GET", .candles),
        ("/v5/market/index-price-kline", "GET", .candles),
        ("/v5/market/premium-index-price-kline", "GET", .candles),
        ("/v5/market/rpi_orderbook", "GET", .improvementBook),
        ("/v5/market/tickers", "GET", .tickers),
        ("/v5/market/funding/history", "GET", .fundingRates),
        ("/v5/market/recent-trade", "GET", .trades),
        ("/v5/market/open-interest", "GET", .openInterest),
        ("/v5/market/risk-limit", "GET", .riskLimits),
        ("/v5/market/insurance", "GET", .insurance),
        ("/v5/market/price-limit", "GET", .priceLimit),
        ("/v5/market/delivery-price", "GET", .deliveryPrices),
        ("/v5/market/account-ratio", "GET", .accountRatios),
        ("/v5/market/historical-volatility", "GET", .volatility),
        ("/v5/market/adlAlert", "GET", .deleveraging),
        ("/v5/order/create-batch", "POST", .acceptedOrders),
        ("/v5/order/amend-batch", "POST", .acceptedOrders),
        ("/v5/order/cancel-batch", "POST", .acceptedOrders),
        ("/v5/order/disconnected-cancel-all", "POST", .accepted),
        ("/v5/order/pre-check", "POST", .preCheck),
        ("/v5/position/set-leverage", "POST", .accepted),
        ("/v5/position/switch-mode", "POST", .accepted),
        ("/v5/position/trading-stop", "POST", .accepted),
        ("/v5/position/closed-pnl", "GET", .closedPnL),
        ("/v5/position/get-closed-positions", "GET", .closedOptions),
        ("/v5/position/add-margin", "POST", .accepted),
        ("/v5/position/set-auto-add-margin", "POST", .accepted),
        ("/v5/position/symbol-info", "GET", .symbolLeverage),
        ("/v5/account/fee-rate", "GET", .feeRates),
        ("/v5/account/info", "GET", .account),
        ("/v5/account/query-dcp-info", "GET", .disconnectProtection),
        ("/v5/account/instruments-info", "GET", .instruments),
        ("/v5/account/set-margin-mode", "POST", .marginMode),
        ("/v5/account/set-limit-px-action", "POST", .accepted),
        ("/v5/user/query-api", "GET", .key),
        ("/v5/asset/coin/query-info", "GET", .coins),
        ("/v5/asset/delivery-record", "GET", .deliveries),
        ("/v5/asset/settlement-record", "GET", .settlements),
        ("/v5/spread/instrument", "GET", .spreadInstruments),
        ("/v5/spread/orderbook", "GET", .spreadBook),
        ("/v5/spread/tickers", "GET", .spreadTickers),
        ("/v5/spread/recent-trade", "GET", .trades),
        ("/v5/spread/order/create", "POST", .order),
        ("/v5/spread/order/amend", "POST", .order),
        ("/v5/spread/order/cancel", "POST", .order),
        ("/v5/spread/order/cancel-all", "POST", .acceptedOrders),
        ("/v5/spread/order/realtime", "GET", .spreadOrders),
        ("/v5/spread/order/history", "GET", .spreadOrders),
        ("/v5/spread/execution/list", "GET", .spreadExecutions),
        ("/v5/spread/max-qty", "GET", .spreadQuantityMax),
    ]

    init(path: String) {
        self = ReplyForm.table.first { $0.path == path }?.form ?? .none
    }
}
