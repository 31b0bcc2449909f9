import Trading

/// Questions about the account; need a key.
///
/// Lists come page by page, newest first, at most `pages` of them; ``more(after:pages:)`` goes on where they ended.
///
/// A list with `since` or `until` (Unix milliseconds) is asked for in windows of a week, since the exchange gives no more
/// at once, and of two years, which is what it keeps: an earlier `since` begins there, by the exchange's clock. Each window
/// takes a page at least, and only where ``Rows/next`` is `nil` the last one was read. Where a page behind the first
/// fails, what was read comes with ``Rows/failure``; all other lists throw. Without either moment it is what the exchange
/// gives by itself: of the transaction log a day, of executions and closed orders a week.
///
/// Of combinations the order, not its money, is told: a leg's price, fee and position are the leg's own rows.
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
        let isSpread = category == .spread
        let query =
            isSpread
            ? combinations(symbol)
            : about(category, symbol, settleCoin).with("openOnly", 0)
                .with("limit", BybitLimits.ordersPerPage)
        return try await list(
            RESTRequest(
                endpoint: isSpread ? .spreadOpenOrders : .openOrders,
                query: query.text
            ),
            pages: pages
        ) { BybitClient.orders($0) }
    }

    /// Orders of a category from a moment on, to a moment; closed ones included.
    public func orderHistory(
        in category: Category,
        symbol: String? = nil,
        settleCoin: String = "USDT",
        since: Int64? = nil,
        until: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<OrderUpdate> {
        let isSpread = category == .spread
        let query =
            isSpread
            ? combinations(symbol)
            : about(category, symbol, settleCoin).with("limit", BybitLimits.ordersPerPage)
        return try await list(
            isSpread ? .spreadOrderHistory : .orderHistory,
            query,
            since: since,
            until: until,
            pages: pages
        ) { BybitClient.orders($0) }
    }

    /// One order by the client's id: among those that are open or closed a moment ago, then in the history.
    ///
    /// What an order that is ``OrderOutcome/unknown(orderLinkID:reason:)`` is looked up with, also one on a combination.
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
            if let row = BybitClient.orders(event).first(where: { $0.orderLinkID == orderLinkID }) {
                return row
            }
            guard event.findings.isEmpty else {
                throw .unreadable(path: event.reply.endpoint.path, findings: event.findings)
            }
        }
        return nil
    }

    /// Executions from a moment on, to a moment: fills, funding and the like.
    ///
    /// Of combinations value and fee are zero: the money is in the legs' own executions.
    public func executions(
        in category: Category,
        symbol: String? = nil,
        since: Int64? = nil,
        until: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<ExecutionReport> {
        let isSpread = category == .spread
        let query =
            isSpread
            ? combinations(symbol)
            : about(category, symbol, nil).with("limit", BybitLimits.executionsPerPage)
        return try await list(
            isSpread ? .spreadExecutions : .executions,
            query,
            since: since,
            until: until,
            pages: pages
        ) { $0.executions + ExecutionReport.combinations(of: $0.details) }
    }

    /// Positions of a category, or of one symbol.
    ///
    /// - Throws: ``ClientError/notOffered(_:)`` for combinations, whose legs have the positions.
    public func positions(
        in category: Category,
        symbol: String? = nil,
        settleCoin: String = "USDT",
        pages: Int = 20
    ) async throws(ClientError) -> Rows<PositionUpdate> {
        guard category != .spread else {
            throw .notOffered("positions of combinations are those of their legs")
        }
        let query = about(category, symbol, settleCoin).with("limit", BybitLimits.positionsPerPage)
        return try await list(RESTRequest(endpoint: .positions, query: query.text), pages: pages) {
            $0.positions
        }
    }

    /// The unified account's wallet, coin by coin.
    public func wallet() async throws(ClientError) -> Rows<WalletUpdate> {
        try await list(RESTRequest(.wallet), pages: 1) { $0.wallets }
    }

    /// The account's flows of a category from a moment on, to a moment.
    ///
    /// - Throws: ``ClientError/notOffered(_:)`` for combinations, whose legs have the flows.
    public func transactionLog(
        in category: Category,
        since: Int64? = nil,
        until: Int64? = nil,
        pages: Int = 20
    ) async throws(ClientError) -> Rows<TransactionRow> {
        guard category != .spread else {
            throw .notOffered("flows of combinations are those of their legs")
        }
        let query = Query("accountType", "UNIFIED").with("category", category.name)
            .with("limit", BybitLimits.transactionsPerPage)
        return try await list(
            .transactionLog,
            query,
            since: since,
            until: until,
            pages: pages
        ) { $0.transactions }
    }

    // MARK: - Queries and rows

    private func about(_ category: Category, _ symbol: String?, _ settleCoin: String?) -> Query {
        let query = Query(category)
        if let symbol { return query.with("symbol", symbol) }
        guard category == .linear, let settleCoin else { return query }
        return query.with("settleCoin", settleCoin)
    }

    /// Lists of combinations name no category.
    private func combinations(_ symbol: String?) -> Query {
        let query = Query("limit", String(BybitLimits.spreadRowsPerPage))
        return symbol.map { query.with("symbol", $0) } ?? query
    }

    /// Orders of a list; those on combinations are among the details.
    private static func orders(_ event: Event) -> [OrderUpdate] {
        event.orders + OrderUpdate.combinations(of: event.details)
    }
}
