import JSON

/// Which endpoint a page of the documentation, or a fixture of another project, is about.
enum ConformancePages {
    static func path(_ source: String, _ root: JSONValue) -> (path: String?, query: String) {
        if let path = pages[source] { return (path, query(source, root)) }
        guard source.hasPrefix("docs/") else {
            let name = source.split(separator: "/").last.map(String.init) ?? ""
            return (fixtures[name] ?? guess(root), query(source, root))
        }
        return (nil, "")
    }

    /// Messages in another project's code do not say what was asked; most show it.
    private static func guess(_ root: JSONValue) -> String? {
        guard let result = root["result"] else { return nil }
        if result["timeNano"] != nil { return "/v5/market/time" }
        if result["orderId"] != nil { return "/v5/order/create" }
        if result["b"] != nil, result["a"] != nil { return "/v5/market/orderbook" }
        guard let row = result["list"]?[0] else { return nil }
        if row.isArray { return "/v5/market/kline" }
        if row["orderStatus"] != nil { return "/v5/order/realtime" }
        if row["positionIdx"] != nil { return "/v5/position/list" }
        if row["coin"]?.isArray == true { return "/v5/account/wallet-balance" }
        if row["priceFilter"] != nil { return "/v5/market/instruments-info" }
        if row["execId"] != nil, row["isBlockTrade"] != nil { return "/v5/market/recent-trade" }
        return nil
    }

    /// Some replies do not repeat what was asked.
    private static func query(_ source: String, _ root: JSONValue) -> String {
        let isSpot =
            source.lowercased().contains("spot")
            || root["result"]?["list"]?[0]?["lotSizeFilter"]?["basePrecision"] != nil
        return isSpot && root["result"]?["category"] == nil ? "category=spot" : ""
    }

    private static let pages: [String: String] = [
        "docs/v5/account/account-info.mdx": "/v5/account/info",
        "docs/v5/account/dcp-info.mdx": "/v5/account/query-dcp-info",
        "docs/v5/account/fee-rate.mdx": "/v5/account/fee-rate",
        "docs/v5/account/instrument.mdx": "/v5/account/instruments-info",
        "docs/v5/account/set-margin-mode.mdx": "/v5/account/set-margin-mode",
        "docs/v5/account/set-price-limit.mdx": "/v5/account/set-limit-px-action",
        "docs/v5/account/transaction-log.mdx": "/v5/account/transaction-log",
        "docs/v5/account/wallet-balance.mdx": "/v5/account/wallet-balance",
        "docs/v5/asset/coin-info.mdx": "/v5/asset/coin/query-info",
        "docs/v5/asset/delivery.mdx": "/v5/asset/delivery-record",
        "docs/v5/asset/settlement.mdx": "/v5/asset/settlement-record",
        "docs/v5/market/adl-alert.mdx": "/v5/market/adlAlert",
        "docs/v5/market/delivery-price.mdx": "/v5/market/delivery-price",
        "docs/v5/market/history-fund-rate.mdx": "/v5/market/funding/history",
        "docs/v5/market/index-kline.mdx": "/v5/market/index-price-kline",
        "docs/v5/market/instrument.mdx": "/v5/market/instruments-info",
        "docs/v5/market/insurance.mdx": "/v5/market/insurance",
        "docs/v5/market/iv.mdx": "/v5/market/historical-volatility",
        "docs/v5/market/kline.mdx": "/v5/market/kline",
        "docs/v5/market/long-short-ratio.mdx": "/v5/market/account-ratio",
        "docs/v5/market/mark-kline.mdx": "/v5/market/mark-price-kline",
        "docs/v5/market/open-interest.mdx": "/v5/market/open-interest",
        "docs/v5/market/order-price-limit.mdx": "/v5/market/price-limit",
        "docs/v5/market/orderbook.mdx": "/v5/market/orderbook",
        "docs/v5/market/premium-index-kline.mdx": "/v5/market/premium-index-price-kline",
        "docs/v5/market/recent-trade.mdx": "/v5/market/recent-trade",
        "docs/v5/market/rpi-orderbook.mdx": "/v5/market/rpi_orderbook",
        "docs/v5/market/tickers.mdx": "/v5/market/tickers",
        "docs/v5/market/time.mdx": "/v5/market/time",
        "docs/v5/order/amend-order.mdx": "/v5/order/amend",
        "docs/v5/order/batch-amend.mdx": "/v5/order/amend-batch",
        "docs/v5/order/batch-cancel.mdx": "/v5/order/cancel-batch",
        "docs/v5/order/batch-place.mdx": "/v5/order/create-batch",
        "docs/v5/order/cancel-all.mdx": "/v5/order/cancel-all",
        "docs/v5/order/cancel-order.mdx": "/v5/order/cancel",
        "docs/v5/order/create-order.mdx": "/v5/order/create",
        "docs/v5/order/execution.mdx": "/v5/execution/list",
        "docs/v5/order/open-order.mdx": "/v5/order/realtime",
        "docs/v5/order/order-list.mdx": "/v5/order/history",
        "docs/v5/order/pre-check-order.mdx": "/v5/order/pre-check",
        "docs/v5/position/auto-add-margin.mdx": "/v5/position/set-auto-add-margin",
        "docs/v5/position/close-pnl.mdx": "/v5/position/closed-pnl",
        "docs/v5/position/close-position.mdx": "/v5/position/get-closed-positions",
        "docs/v5/position/leverage.mdx": "/v5/position/set-leverage",
        "docs/v5/position/manual-add-margin.mdx": "/v5/position/add-margin",
        "docs/v5/position/position-mode.mdx": "/v5/position/switch-mode",
        "docs/v5/position/position.mdx": "/v5/position/list",
        "docs/v5/position/trading-stop.mdx": "/v5/position/trading-stop",
        "docs/v5/spread/market/instrument.mdx": "/v5/spread/instrument",
        "docs/v5/spread/market/orderbook.mdx": "/v5/spread/orderbook",
        "docs/v5/spread/market/recent-trade.mdx": "/v5/spread/recent-trade",
        "docs/v5/spread/market/tickers.mdx": "/v5/spread/tickers",
        "docs/v5/spread/trade/amend-order.mdx": "/v5/spread/order/amend",
        "docs/v5/spread/trade/cancel-all.mdx": "/v5/spread/order/cancel-all",
        "docs/v5/spread/trade/cancel-order.mdx": "/v5/spread/order/cancel",
        "docs/v5/spread/trade/create-order.mdx": "/v5/spread/order/create",
        "docs/v5/spread/trade/max-qty.mdx": "/v5/spread/max-qty",
        "docs/v5/spread/trade/open-order.mdx": "/v5/spread/order/realtime",
        "docs/v5/spread/trade/order-history.mdx": "/v5/spread/order/history",
        "docs/v5/spread/trade/trade-history.mdx": "/v5/spread/execution/list",
        "docs/v5/user/apikey-info.mdx": "/v5/user/query-api",
    ]

    private static let fixtures: [String: String] = [
        "http_get_account_info.json": "/v5/account/info",
        "http_get_fee_rate.json": "/v5/account/fee-rate",
        "http_get_instruments_inverse.json": "/v5/market/instruments-info",
        "http_get_instruments_linear.json": "/v5/market/instruments-info",
        "http_get_instruments_option.json": "/v5/market/instruments-info",
        "http_get_instruments_spot.json": "/v5/market/instruments-info",
        "http_get_klines_linear.json": "/v5/market/kline",
        "http_get_orderbook.json": "/v5/market/orderbook",
        "http_get_orders_history_with_duplicate.json": "/v5/order/history",
        "http_get_orders_realtime_tp_sl.json": "/v5/order/realtime",
        "http_get_positions_with_open_time.json": "/v5/position/list",
        "http_get_wallet_balance_spot_short.json": "/v5/account/wallet-balance",
        "cancelAllOrders.json5": "/v5/order/cancel-all",
        "cancelOrder.json5": "/v5/order/cancel",
        "changeOrder.json5": "/v5/order/amend",
        "getFeeRates.json5": "/v5/account/fee-rate",
        "getInstrumentInverse.json5": "/v5/market/instruments-info",
        "getInstrumentLinear.json5": "/v5/market/instruments-info",
        "getInstrumentOption.json5": "/v5/market/instruments-info",
        "getInstrumentSpot.json5": "/v5/market/instruments-info",
        "getOrder.json5": "/v5/order/realtime",
        "getOrderDetailsSpot.json5": "/v5/order/realtime",
        "getOrderError.json5": "/v5/order/realtime",
        "getTickerInverse.json5": "/v5/market/tickers",
        "getTickerOption.json5": "/v5/market/tickers",
        "getTickerSpot.json5": "/v5/market/tickers",
        "getWalletBalance.json5": "/v5/account/wallet-balance",
        "placeMarketOrder.json5": "/v5/order/create",
        "setLeverage.json5": "/v5/position/set-leverage",
        "switchPositionMode.json5": "/v5/position/switch-mode",
    ]
}
