import Bybit
import Live
import Market

/// What a first contact asks for: every topic and every question of the protocol reference, once, of one liquid symbol each.
///
/// - Source: bybit-v5 §3, §4, §6, §7.
struct ProbePlan {
    /// The symbol of each category; those that are not listed have none.
    private(set) var symbols: [Category: Symbol] = [:]
    /// A dated linear contract.
    private(set) var dated: Symbol?

    init(_ survey: MarketSurvey) {
        for category in Category.allCases {
            let rows = (survey.lists[category] ?? []).filter(\.isTrading)
            let listed = Set(rows.map(\.symbol))
            let usual: [Category: String] = [
                .linear: "BTCUSDT", .spot: "BTCUSDT", .inverse: "BTCUSD",
            ]
            if let name = usual[category], let symbol = Symbol(name), listed.contains(symbol) {
                symbols[category] = symbol
            } else {
                let ranked = survey.ranks[category]?.first { listed.contains($0) }
                symbols[category] = ranked ?? rows.map(\.symbol).min()
            }
        }
        dated =
            (survey.lists[.linear] ?? [])
            .filter { $0.isTrading && $0.symbol.description.contains("-") }
            .min { ($0.deliveryMilliseconds, $0.symbol) < ($1.deliveryMilliseconds, $1.symbol) }?
            .symbol
    }

    // MARK: - Topics

    var subscriptions: [SessionConfiguration.Subscription] {
        Category.allCases.flatMap { category in
            topics(category).map { SessionConfiguration.Subscription(category, $0) }
        }
    }

    func topics(_ category: Category) -> [String] {
        guard let symbol = symbols[category]?.description else { return [] }
        let books: [String]
        switch category {
        case .linear, .inverse, .spot: books = ["1", "50", "200", "1000", "rpi"]
        case .option: books = ["25", "100"]
        case .spread: books = ["25"]
        }
        var topics = books.map { "orderbook.\($0).\(symbol)" }
        if category == .spot { topics.append("orderbook.full.\(symbol)") }
        topics.append("publicTrade." + (category == .option ? coin(symbol) : symbol))
        topics.append("tickers.\(symbol)")
        if category == .linear, let dated { topics.append("tickers.\(dated)") }
        switch category {
        case .linear:
            topics += [
                "kline.1.\(symbol)", "allLiquidation.\(symbol)", "priceLimit.\(symbol)",
                "insurance.USDT", "insurance.USDC", "adlAlert.USDT", "adlAlert.USDC",
            ]
        case .inverse:
            topics += [
                "kline.1.\(symbol)", "allLiquidation.\(symbol)", "priceLimit.\(symbol)",
                "insurance.inverse", "adlAlert.inverse",
            ]
        case .spot: topics += ["kline.1.\(symbol)", "priceLimit.\(symbol)"]
        case .option, .spread: break
        }
        return topics
    }

    private func coin(_ symbol: String) -> String { String(symbol.prefix { $0 != "-" }) }

    /// Topics of the private socket beside those that the core needs.
    static let privateTopics = [
        "execution.fast", "greeks", "spread.order", "spread.execution",
    ]

    /// Topics on which something comes within seconds, whatever the market does.
    static func mustSpeak(_ topic: String) -> Bool {
        topic.hasPrefix("orderbook.") && !topic.hasPrefix("orderbook.full.")
            || topic.hasPrefix("tickers.")
    }

    // MARK: - Questions

    var publicQuestions: [RESTRequest] {
        var requests = [ProbePlan.request("/v5/market/time")]
        let contracts = [Category.linear, .inverse].compactMap { category in
            symbols[category].map { (category, $0) }
        }
        for category in Category.allCases where category != .spread && symbols[category] != nil {
            let name = "category=\(category.name)"
            let coin = category == .option ? "&baseCoin=BTC" : ""
            requests.append(ProbePlan.request("/v5/market/instruments-info", name + coin))
            requests.append(ProbePlan.request("/v5/market/tickers", name + coin))
        }
        for (category, symbol) in symbols.sorted(by: { $0.key < $1.key }) where category != .spread
        {
            let query = Query(category).with("symbol", symbol.description).text
            requests.append(ProbePlan.request("/v5/market/orderbook", query))
            requests.append(ProbePlan.request("/v5/market/recent-trade", query))
            guard category != .option else { continue }
            requests.append(ProbePlan.request("/v5/market/kline", query + "&interval=5&limit=3"))
            requests.append(ProbePlan.request("/v5/market/price-limit", query))
            requests.append(ProbePlan.request("/v5/market/rpi_orderbook", query + "&limit=5"))
        }
        for (category, symbol) in contracts {
            let query = Query(category).with("symbol", symbol.description).text
            // Premiums are of linear contracts alone.
            let premium = category == .linear ? ["premium-index-price"] : []
            for kind in ["mark-price", "index-price"] + premium {
                requests.append(
                    ProbePlan.request("/v5/market/\(kind)-kline", query + "&interval=5&limit=3")
                )
            }
            requests.append(ProbePlan.request("/v5/market/funding/history", query + "&limit=3"))
            requests.append(
                ProbePlan.request("/v5/market/open-interest", query + "&intervalTime=5min&limit=3")
            )
            requests.append(ProbePlan.request("/v5/market/risk-limit", query))
            requests.append(
                ProbePlan.request("/v5/market/account-ratio", query + "&period=5min&limit=3")
            )
        }
        if let symbol = symbols[.spot] {
            requests.append(
                ProbePlan.request(
                    "/v5/market/full_orderbook",
                    Query(.spot).with("symbol", symbol.description).text
                )
            )
        }
        requests += [
            ProbePlan.request("/v5/market/insurance"), ProbePlan.request("/v5/market/adlAlert"),
            ProbePlan.request("/v5/market/delivery-price", "category=option"),
            ProbePlan.request("/v5/market/historical-volatility", "category=option"),
        ]
        guard let combination = symbols[.spread] else { return requests }
        let query = Query("symbol", combination.description).text
        requests.append(ProbePlan.request("/v5/spread/instrument"))
        for path in ["orderbook", "tickers", "recent-trade"] {
            requests.append(ProbePlan.request("/v5/spread/" + path, query))
        }
        return requests
    }

    /// Beside those that a session with a key asks anyway: account, fees, key, orders, executions, positions, wallet, flows.
    var privateQuestions: [RESTRequest] {
        var requests: [RESTRequest] = []
        for category in ["linear", "inverse", "spot", "option"] {
            let settled = category == "linear" ? "&settleCoin=USDT" : ""
            requests.append(
                ProbePlan.request("/v5/order/realtime", "category=\(category)\(settled)")
            )
            requests.append(
                ProbePlan.request("/v5/order/history", "category=\(category)\(settled)")
            )
            requests.append(ProbePlan.request("/v5/execution/list", "category=\(category)"))
            requests.append(ProbePlan.request("/v5/account/fee-rate", "category=\(category)"))
            guard category != "spot" else { continue }
            requests.append(
                ProbePlan.request("/v5/position/list", "category=\(category)\(settled)")
            )
        }
        requests += [
            ProbePlan.request("/v5/position/closed-pnl", "category=linear"),
            ProbePlan.request("/v5/position/get-closed-positions", "category=option"),
            ProbePlan.request("/v5/position/symbol-info", "category=linear"),
            ProbePlan.request("/v5/account/wallet-balance", "accountType=UNIFIED"),
            ProbePlan.request("/v5/account/info"),
            ProbePlan.request("/v5/account/query-dcp-info"),
            ProbePlan.request("/v5/account/transaction-log", "accountType=UNIFIED"),
            ProbePlan.request("/v5/account/instruments-info", "category=linear"),
            ProbePlan.request("/v5/account/instruments-info", "category=spot"),
            ProbePlan.request("/v5/user/query-api"),
            ProbePlan.request("/v5/asset/coin/query-info", "coin=USDT"),
            ProbePlan.request("/v5/asset/delivery-record", "category=option"),
            ProbePlan.request("/v5/asset/settlement-record", "category=linear"),
        ]
        guard let combination = symbols[.spread] else { return requests }
        requests += [
            ProbePlan.request("/v5/spread/order/realtime"),
            ProbePlan.request("/v5/spread/order/history"),
            ProbePlan.request("/v5/spread/execution/list"),
            ProbePlan.request(
                "/v5/spread/max-qty",
                Query("symbol", combination.description).with("side", 1).with("orderPrice", "1")
                    .text
            ),
        ]
        return requests
    }

    static func request(_ path: String, _ query: String = "") -> RESTRequest {
        RESTRequest(endpoint: Endpoint(path: path), query: query)
    }

    static func post(_ path: String, _ body: String) -> RESTRequest {
        RESTRequest(endpoint: Endpoint(path: path), body: Array(body.utf8))
    }
}
