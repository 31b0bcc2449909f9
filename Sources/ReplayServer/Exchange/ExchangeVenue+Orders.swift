import Bybit
import Market
import Simulation

/// The endpoints of one account: orders, executions, positions, wallet, log.
extension ExchangeVenue {
    func personal(
        _ request: ServerRequest,
        _ body: [UInt8],
        _ account: AccountID,
        _ time: Int64
    ) -> [UInt8] {
        switch request {
        case .create(let order):
            switch OrderBody.read(body, OrderBody.options) {
            case .failure(let error): return refused(error, time)
            case .success(let options):
                let outcome = driver.act { $0.place(order, options, for: account, into: &$1) }
                count(outcome, \.orders)
                return written(outcome, time)
            }
        case .amend(let change):
            switch OrderBody.read(body, OrderBody.amendOptions) {
            case .failure(let error): return refused(error, time)
            case .success(let options):
                let outcome = driver.act { $0.amend(change, options, for: account, into: &$1) }
                count(outcome, \.amends)
                return written(outcome, time)
            }
        case .cancel(let cancellation):
            let outcome = driver.act { $0.cancel(cancellation, for: account, into: &$1) }
            count(outcome, \.cancels)
            return written(outcome, time)
        case .cancelAll(let query):
            return cancelAll(query, body, account, time)
        case .openOrders(let query):
            return openOrders(query, account, time)
        case .orderHistory(let query):
            return list(query, time, usual: 20, most: 50) { exchange, rows in
                var page = exchange.orderHistory(account, rows)
                if !query.status.isEmpty { page.rows.removeAll { $0.status.name != query.status } }
                return page
            } write: {
                $0.orders(
                    $1.rows,
                    category: query.category,
                    nextPageCursor: $1.nextCursor,
                    time: time
                )
            }
        case .executions(let query):
            return list(query, time, usual: 50, most: 100) { exchange, rows in
                var page = exchange.executions(account, rows)
                if !query.executionType.isEmpty {
                    page.rows.removeAll { $0.type.name != query.executionType }
                }
                return page
            } write: {
                $0.executions(
                    $1.rows,
                    category: query.category,
                    nextPageCursor: $1.nextCursor,
                    time: time
                )
            }
        case .positions(let query):
            return positions(query, account, time)
        case .wallet(let coins):
            driver.catchUp()
            var report = driver.exchange.wallet(account)
            if !coins.isEmpty { report.coins.removeAll { !coins.contains($0.coin) } }
            return written { $0.wallet(report.coins, time: time) }
        case .transactionLog(let query):
            return list(query, time, usual: 20, most: 50) { exchange, rows in
                var page = exchange.transactionLog(account, rows)
                page.rows.removeAll {
                    !query.type.isEmpty && $0.type != query.type
                        || !query.currency.isEmpty && $0.coin != query.currency
                }
                return page
            } write: {
                $0.transactionLog($1.rows, nextPageCursor: $1.nextCursor, time: time)
            }
        case .invalid(let error):
            return written { $0.failure(code: error.code, message: error.message, time: time) }
        case .serverTime, .instruments, .orderBook, .unknown:
            return written { $0.failure(code: 10_017, message: "Route not found.", time: time) }
        }
    }

    private func count(_ outcome: OrderReply, _ kind: WritableKeyPath<ServerCounters, Int>) {
        counters[keyPath: outcome.isAccepted ? kind : \.rejected] += 1
    }

    private func written(_ outcome: OrderReply, _ time: Int64) -> [UInt8] {
        written {
            if outcome.isAccepted {
                $0.accepted(
                    orderID: outcome.orderID,
                    orderLinkID: outcome.orderLinkID,
                    time: time
                )
            } else {
                $0.failure(code: Int64(outcome.code), message: outcome.message, time: time)
            }
        }
    }

    private func refused(_ error: RequestError, _ time: Int64) -> [UInt8] {
        counters.rejected += 1
        return written { $0.failure(code: error.code, message: error.message, time: time) }
    }

    private func cancelAll(
        _ query: ListQuery,
        _ body: [UInt8],
        _ account: AccountID,
        _ time: Int64
    ) -> [UInt8] {
        let filter: CancelAllFilter
        switch OrderBody.read(body, OrderBody.cancelAllFilter) {
        case .failure(let error): return refused(error, time)
        case .success(let found): filter = found
        }
        let hasScope = query.symbol != nil || !query.baseCoin.isEmpty || !query.settleCoin.isEmpty
        guard hasScope || query.category != .linear && query.category != .inverse else {
            return missing("symbol, baseCoin or settleCoin", time)
        }
        let instrument = query.symbol.map { InstrumentID(query.category, $0) }
        let outcome = driver.act {
            $0.cancelAll(query.category, instrument: instrument, filter, for: account, into: &$1)
        }
        guard outcome.code == 0 else {
            counters.rejected += 1
            return written {
                $0.failure(code: Int64(outcome.code), message: outcome.message, time: time)
            }
        }
        counters.cancels += outcome.cancelled.count
        let ended = outcome.cancelled.map { (orderID: $0.orderID, orderLinkID: $0.orderLinkID) }
        return written { $0.acceptedAll(ended, time: time) }
    }

    /// Open orders, or closed ones on request; with an id the order in whatever state it is.
    private func openOrders(_ query: ListQuery, _ account: AccountID, _ time: Int64) -> [UInt8] {
        let hasScope =
            query.symbol != nil || !query.baseCoin.isEmpty || !query.settleCoin.isEmpty
            || !query.orderID.isEmpty || !query.orderLinkID.isEmpty
        guard hasScope || query.category != .linear else {
            return missing("symbol, baseCoin or settleCoin", time)
        }
        let hasID = !query.orderID.isEmpty || !query.orderLinkID.isEmpty
        return list(query, time, usual: 20, most: 50) { exchange, rows in
            if hasID {
                let open = exchange.openOrders(account, rows)
                return open.rows.isEmpty ? exchange.orderHistory(account, rows) : open
            }
            guard query.openOnly == 1 else { return exchange.openOrders(account, rows) }
            var page = exchange.orderHistory(account, rows)
            page.rows.removeAll { !$0.status.isClosed }
            return page
        } write: {
            $0.orders($1.rows, category: query.category, nextPageCursor: $1.nextCursor, time: time)
        }
    }

    private func positions(_ query: ListQuery, _ account: AccountID, _ time: Int64) -> [UInt8] {
        driver.catchUp()
        let exchange = driver.exchange
        var rows: [PositionUpdate]
        if let symbol = query.symbol {
            rows = exchange.positions(account, InstrumentID(query.category, symbol))
            guard !rows.isEmpty else { return unknownSymbol(time) }
        } else if query.settleCoin.isEmpty, query.category == .linear {
            return missing("symbol or settleCoin", time)
        } else {
            rows = exchange.positions(account, query.category, settleCoin: query.settleCoin)
        }
        return written {
            $0.positions(rows, category: query.category, nextPageCursor: "", time: time)
        }
    }

    /// One page of an account's rows, at the present.
    private func list<Row>(
        _ query: ListQuery,
        _ time: Int64,
        usual: Int,
        most: Int,
        read: (SimulatedExchange, RowQuery) -> Page<Row>,
        write: (inout MessageWriter, Page<Row>) -> Void
    ) -> [UInt8] {
        let week: Int64 = 7 * 86_400_000
        if let start = query.startTime, let end = query.endTime, end - start > week {
            return written {
                $0.failure(
                    code: 181_010,
                    message: "The time range cannot exceed 7 days",
                    time: time
                )
            }
        }
        driver.catchUp()
        let rows = RowQuery(
            category: query.category,
            instrument: query.symbol.map { InstrumentID(query.category, $0) },
            orderID: query.orderID,
            orderLinkID: query.orderLinkID,
            sinceMilliseconds: query.startTime,
            untilMilliseconds: query.endTime,
            limit: min(max(1, query.limit ?? usual), most),
            cursor: query.cursor
        )
        let page = read(driver.exchange, rows)
        return written { write(&$0, page) }
    }
}
