public import Market

/// One REST request, ready to be signed and sent: the bytes that are signed are the bytes that go.
public struct RESTRequest: Hashable, Sendable {
    public var endpoint: Endpoint
    public var method: String
    public var path: String
    /// What stands after `?`, percent-encoded; empty for POST.
    public var query: String
    /// Body of a POST; empty for GET.
    public var body: [UInt8]
    /// False for market data, which needs no key.
    public var isSigned: Bool

    public init(endpoint: Endpoint, query: String = "", body: [UInt8] = []) {
        self.endpoint = endpoint
        self.method = endpoint.method
        self.path = endpoint.path
        self.query = query
        self.body = body
        self.isSigned = !RESTRequest.isPublic(endpoint.path)
        // An endpoint that the core does not ask itself has its method in the table of those that are spoken.
        if case .other(let path) = endpoint {
            method = Endpoints.all.first { $0.path == path }?.method ?? method
        }
    }

    /// Market data needs no key.
    private static func isPublic(_ path: String) -> Bool {
        let spread = [
            "/v5/spread/instrument", "/v5/spread/orderbook", "/v5/spread/tickers",
            "/v5/spread/recent-trade",
        ]
        return path.hasPrefix("/v5/market/") || spread.contains(path)
    }

    /// The request that carries out a command; `nil` for those that are none (timers, subscriptions).
    public init?(_ action: Command.Action) {
        switch action {
        case .place(let order):
            self.init(endpoint: .createOrder, body: WireWriter.object { order.write(to: &$0) })
        case .amend(let change):
            self.init(endpoint: .amendOrder, body: WireWriter.object { change.write(to: &$0) })
        case .cancel(let cancel):
            self.init(endpoint: .cancelOrder, body: WireWriter.object { cancel.write(to: &$0) })
        case .lookUp(let question): self.init(question)
        case .resubscribe, .setTimer: return nil
        }
    }

    /// The same question for the page at `cursor`, as the reply before gave it.
    public func page(cursor: String) -> RESTRequest {
        RESTRequest(endpoint: endpoint, query: Query.page(query, cursor: cursor))
    }

    /// What is signed: timestamp, key, receive window, then the query or the body, nothing between.
    ///
    /// - Parameters:
    ///   - timestamp: Unix milliseconds, as in `X-BAPI-TIMESTAMP`.
    ///   - receiveWindow: milliseconds, as in `X-BAPI-RECV-WINDOW`.
    public func textToSign(timestamp: Int64, key: String, receiveWindow: Int) -> [UInt8] {
        RESTRequest.textToSign(
            timestamp: String(timestamp),
            key: key,
            receiveWindow: String(receiveWindow),
            payload: method == "GET" ? Array(query.utf8) : body
        )
    }

    /// The same from the texts of the headers: what a server checks.
    public static func textToSign(
        timestamp: String,
        key: String,
        receiveWindow: String,
        payload: [UInt8]
    ) -> [UInt8] {
        var text = Array(timestamp.utf8)
        text.reserveCapacity(text.count + key.utf8.count + receiveWindow.utf8.count + payload.count)
        text.append(contentsOf: key.utf8)
        text.append(contentsOf: receiveWindow.utf8)
        text.append(contentsOf: payload)
        return text
    }
}

extension RESTRequest {
    /// The request that asks a question of the core.
    public init(_ question: LookUp) {
        if let spread = RESTRequest.ofCombinations(question) {
            self = spread
            return
        }
        switch question {
        case .serverTime:
            self.init(endpoint: .serverTime)
        case .instruments(let category):
            self.init(
                endpoint: .instruments,
                query: Query(category).with("limit", BybitLimits.instrumentsPerPage).text
            )
        case .openOrders(let category):
            self.init(
                endpoint: .openOrders,
                query: Query(category).settled(category)
                    .with("openOnly", 0).with("limit", BybitLimits.ordersPerPage).text
            )
        case .order(let instrument, let orderLinkID):
            self.init(
                endpoint: .openOrders,
                query: Query(instrument).with("orderLinkId", orderLinkID).text
            )
        case .orderHistory(let instrument, let orderLinkID):
            self.init(
                endpoint: .orderHistory,
                query: Query(instrument).with("orderLinkId", orderLinkID).text
            )
        case .orderByID(let instrument, let orderID):
            self.init(
                endpoint: .openOrders,
                query: Query(instrument).with("orderId", orderID).text
            )
        case .orderHistoryByID(let instrument, let orderID):
            self.init(
                endpoint: .orderHistory,
                query: Query(instrument).with("orderId", orderID).text
            )
        case .ordersSince(let category, let milliseconds):
            self.init(
                endpoint: .orderHistory,
                query: Query(category).settled(category)
                    .with("startTime", milliseconds).with("limit", BybitLimits.ordersPerPage).text
            )
        case .transactionLog(let category, let milliseconds):
            self.init(
                endpoint: .transactionLog,
                query: Query("accountType", "UNIFIED").with("category", category.name)
                    .with("startTime", milliseconds)
                    .with("limit", BybitLimits.transactionsPerPage).text
            )
        case .executions(let category, let milliseconds):
            self.init(
                endpoint: .executions,
                query: Query(category).with("startTime", milliseconds)
                    .with("limit", BybitLimits.executionsPerPage).text
            )
        case .positions(let category):
            self.init(
                endpoint: .positions,
                query: Query(category).settled(category)
                    .with("limit", BybitLimits.positionsPerPage).text
            )
        case .wallet:
            self.init(endpoint: .wallet, query: Query("accountType", "UNIFIED").text)
        case .recentTrades(let instrument):
            let most =
                instrument.category == .spot
                ? BybitLimits.spotRecentTrades : BybitLimits.recentTrades
            self.init(
                endpoint: .recentTrades,
                query: Query(instrument).with("limit", most).text
            )
        case .fullBook(let instrument):
            self.init(endpoint: .fullOrderBook, query: Query(instrument).text)
        case .page(let endpoint, let query, let cursor):
            self.init(endpoint: endpoint, query: Query.page(query, cursor: cursor))
        }
    }

    /// The same question of combinations, whose endpoints name no category; `nil` for all others.
    private static func ofCombinations(_ question: LookUp) -> RESTRequest? {
        func request(_ endpoint: Endpoint, _ name: String, _ value: String) -> RESTRequest {
            RESTRequest(endpoint: endpoint, query: Query(name, value).text)
        }
        let limit = BybitLimits.spreadRowsPerPage
        switch question {
        case .openOrders(.spread):
            return request(.spreadOpenOrders, "limit", String(limit))
        case .order(let instrument, let linkID) where instrument.category == .spread:
            return request(.spreadOpenOrders, "orderLinkId", linkID)
        case .orderHistory(let instrument, let linkID) where instrument.category == .spread:
            return request(.spreadOrderHistory, "orderLinkId", linkID)
        case .orderByID(let instrument, let orderID) where instrument.category == .spread:
            return request(.spreadOpenOrders, "orderId", orderID)
        case .orderHistoryByID(let instrument, let orderID) where instrument.category == .spread:
            return request(.spreadOrderHistory, "orderId", orderID)
        case .ordersSince(.spread, let milliseconds):
            let query = Query("startTime", String(milliseconds)).with("limit", limit)
            return RESTRequest(endpoint: .spreadOrderHistory, query: query.text)
        case .recentTrades(let instrument) where instrument.category == .spread:
            let query = Query("symbol", instrument.symbol.description)
                .with("limit", BybitLimits.recentTrades)
            return RESTRequest(endpoint: .spreadRecentTrades, query: query.text)
        case .executions(.spread, let milliseconds):
            let query = Query("startTime", String(milliseconds)).with("limit", limit)
            return RESTRequest(endpoint: .spreadExecutions, query: query.text)
        default: return nil
        }
    }
}
