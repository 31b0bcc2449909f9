/// Questions about the account; need a key.
///
/// Lists come page by page, at most `pages` of them; ``more(after:pages:)`` goes on where they ended.
extension BybitClient {
    /// Open orders of a category, or of one symbol.
    ///
    /// - Parameter settleCoin: of linear contracts without a symbol, which the exchange lists by it.
    public func openOrders(
        in category: Category,
        symbol: String? = nil,
        settleCoin: String = "USDT",
        pages: Int = 20
    ) async throws(ClientError) -> Rows<OrderUpdate> {
        let query = about(category, symbol, settleCoin).with("openOnly", 0)
            .with("limit", BybitLimits.ordersPerPage)
        return try await list(RESTRequest(endpoint: .openOrders, query: query.text), pages: pages) {
            $0.orders
        }
    }

    /// Orders of a category from a moment on (Unix milliseconds), closed ones included.
    public func orderHistory(
        in category: Category,
        symbol: String? = nil,
        settleCoin: String = "USDT",
        since: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<OrderUpdate> {
        var query = about(category, symbol, settleCoin)
        if let since { query = query.with("startTime", since) }
        query = query.with("limit", BybitLimits.ordersPerPage)
        return try await list(
            RESTRequest(endpoint: .orderHistory, query: query.text),
            pages: pages
        ) { $0.orders }
    }

    /// One order by the client's id: among those that are open or closed a moment ago, then in the history.
    ///
    /// What an order that is ``OrderOutcome/unknown(orderLinkID:reason:)`` is looked up with.
    ///
    /// - Returns: `nil` when the exchange knows none; one that was asked for a moment ago may still be on its way.
    public func order(
        _ orderLinkID: String,
        of instrument: InstrumentID
    ) async throws(ClientError) -> OrderUpdate? {
        for question in [
            LookUp.order(instrument, orderLinkID: orderLinkID),
            .orderHistory(instrument, orderLinkID: orderLinkID),
        ] {
            let event = try await ask(RESTRequest(question))
            if let row = event.orders.first(where: { $0.orderLinkID == orderLinkID }) {
                return row
            }
            guard event.findings.isEmpty else {
                throw .unreadable(path: event.reply.endpoint.path, findings: event.findings)
            }
        }
        return nil
    }

    /// Executions from a moment on, Unix milliseconds: fills, funding and the like.
    public func executions(
        in category: Category,
        symbol: String? = nil,
        since: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<ExecutionReport> {
        var query = about(category, symbol, nil)
        if let since { query = query.with("startTime", since) }
        query = query.with("limit", BybitLimits.executionsPerPage)
        return try await list(RESTRequest(endpoint: .executions, query: query.text), pages: pages) {
            $0.executions
        }
    }

    /// Positions of a category, or of one symbol.
    public func positions(
        in category: Category,
        symbol: String? = nil,
        settleCoin: String = "USDT",
        pages: Int = 20
    ) async throws(ClientError) -> Rows<PositionUpdate> {
        let query = about(category, symbol, settleCoin).with("limit", BybitLimits.positionsPerPage)
        return try await list(RESTRequest(endpoint: .positions, query: query.text), pages: pages) {
            $0.positions
        }
    }

    /// The unified account's wallet, coin by coin.
    public func wallet() async throws(ClientError) -> Rows<WalletUpdate> {
        try await list(RESTRequest(.wallet), pages: 1) { $0.wallets }
    }

    /// The account's flows of a category from a moment on, Unix milliseconds.
    public func transactionLog(
        in category: Category,
        since: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<TransactionRow> {
        var query = Query("accountType", "UNIFIED").with("category", category.name)
        if let since { query = query.with("startTime", since) }
        query = query.with("limit", BybitLimits.transactionsPerPage)
        return try await list(
            RESTRequest(endpoint: .transactionLog, query: query.text),
            pages: pages
        ) { $0.transactions }
    }

    private func about(_ category: Category, _ symbol: String?, _ settleCoin: String?) -> Query {
        let query = Query(category)
        if let symbol { return query.with("symbol", symbol) }
        guard category == .linear, let settleCoin else { return query }
        return query.with("settleCoin", settleCoin)
    }
}
