import Bybit
import Market
import Simulation

/// Orders, executions, positions, wallet and log of the account whose key signed.
///
/// - Source: bybit-v5 §6.5 to §6.7.
enum AccountEndpoints {
    static let all: [(path: String, handler: Route.Handler)] =
        [
            ("/v5/order/realtime", openOrders),
            ("/v5/order/history", orderHistory),
            ("/v5/execution/list", executions),
            ("/v5/position/list", positions),
            ("/v5/account/wallet-balance", wallet),
            ("/v5/account/transaction-log", transactionLog),
        ] + PositionEndpoints.all + ProfileEndpoints.all

    // MARK: orders

    /// Open orders, or closed ones on request; with an id the order in whatever state it is.
    static func openOrders(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let query = call.query
        let hasID = !query["orderId"].isEmpty || !query["orderLinkId"].isEmpty
        let hasScope = !query["symbol"].isEmpty || hasCoin(query)
        guard hasScope || hasID || category != .linear else {
            throw RESTCall.missing("symbol, baseCoin or settleCoin")
        }
        let rows = try rowQuery(category, call, usual: 20, most: 50)
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let page: Page<OrderUpdate>
        if hasID {
            let open = exchange.openOrders(call.account, rows, scope(venue, call))
            page =
                open.rows.isEmpty
                ? exchange.orderHistory(call.account, rows, scope(venue, call)) : open
        } else if query["openOnly"] == "1" {
            page = exchange.closedOrders(call.account, rows, most: 500, scope(venue, call))
        } else {
            page = exchange.openOrders(call.account, rows, scope(venue, call))
        }
        return venue.written {
            $0.orders(
                page.rows,
                category: category,
                nextPageCursor: page.nextCursor,
                time: call.time
            )
        }
    }

    static func orderHistory(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let rows = try rowQuery(category, call, usual: 20, most: 50)
        let status = call.query["orderStatus"]
        let scope = scope(venue, call)
        venue.driver.catchUp()
        let page = venue.driver.exchange.orderHistory(call.account, rows) {
            scope($0) && (status.isEmpty || $0.status.name == status)
        }
        return venue.written {
            $0.orderHistory(
                page.rows,
                category: category,
                nextPageCursor: page.nextCursor,
                time: call.time
            )
        }
    }

    /// Coins and filter of an order query; what is not given does not restrict.
    private static func scope(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) -> (OrderUpdate) -> Bool {
        let holdsCoins = coins(venue, call)
        let filter = call.query["orderFilter"]
        return { row in
            guard holdsCoins(row.instrument) else { return false }
            let kind = row.details?.stopOrderType ?? ""
            switch filter {
            case "Order": return kind.isEmpty
            case "StopOrder": return !kind.isEmpty && kind != "tpslOrder"
            case "tpslOrder": return kind == "tpslOrder"
            default: return true
            }
        }
    }

    /// By coins of the instrument.
    private static func coins(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) -> (InstrumentID) -> Bool {
        let base = call.query["baseCoin"]
        let settle = call.query["settleCoin"]
        guard !base.isEmpty || !settle.isEmpty else { return { _ in true } }
        let exchange = venue.driver.exchange
        return { id in
            guard let instrument = exchange.listing(id)?.instrument else { return false }
            return (base.isEmpty || base == instrument.baseCoin)
                && (settle.isEmpty || settle == instrument.settleCoin)
        }
    }

    private static func hasCoin(_ query: QueryItems) -> Bool {
        !query["baseCoin"].isEmpty || !query["settleCoin"].isEmpty
    }

    static func rowQuery(
        _ category: Category?,
        _ call: RESTCall,
        usual: Int,
        most: Int
    ) throws(RequestError) -> RowQuery {
        let times = try call.times()
        var instrument: InstrumentID?
        if let category { instrument = try call.instrument(category) }
        return RowQuery(
            category: category,
            instrument: instrument,
            orderID: call.query["orderId"],
            orderLinkID: call.query["orderLinkId"],
            sinceMilliseconds: times.since,
            untilMilliseconds: times.until,
            limit: try call.query.limit(default: usual, most: most),
            cursor: call.query["cursor"]
        )
    }

    // MARK: flows

    static func executions(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.spot, .linear, .inverse, .option])
        let rows = try rowQuery(category, call, usual: 50, most: 100)
        let type = call.query["execType"]
        let holdsCoins = coins(venue, call)
        venue.driver.catchUp()
        let page = venue.driver.exchange.executions(call.account, rows) {
            (type.isEmpty || $0.type.name == type) && holdsCoins($0.instrument)
        }
        return venue.written {
            $0.executions(
                page.rows,
                category: category,
                nextPageCursor: page.nextCursor,
                time: call.time
            )
        }
    }

    static func transactionLog(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let account = call.query["accountType"]
        guard account.isEmpty || account == "UNIFIED" else { throw RESTCall.invalid("accountType") }
        var category: Category?
        if !call.query["category"].isEmpty { category = try call.category() }
        let rows = try rowQuery(category, call, usual: 20, most: 50)
        let (type, coin, base) = (
            call.query["type"], call.query["currency"], call.query["baseCoin"]
        )
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let page = exchange.transactionLog(call.account, rows) { row in
            guard type.isEmpty || type == row.type, coin.isEmpty || coin == row.coin else {
                return false
            }
            guard !base.isEmpty else { return true }
            guard let category = row.category, let symbol = Symbol(row.symbol) else { return false }
            return exchange.listing(InstrumentID(category, symbol))?.instrument.baseCoin == base
        }
        return venue.written {
            $0.transactionLog(page.rows, nextPageCursor: page.nextCursor, time: call.time)
        }
    }

    // MARK: positions and wallet

    static func positions(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.linear, .inverse, .option])
        let id = try call.instrument(category)
        let settle = call.query["settleCoin"]
        if id == nil, settle.isEmpty, category == .linear {
            throw RESTCall.missing("symbol or settleCoin")
        }
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        var rows: [PositionUpdate]
        if let id {
            rows = exchange.positions(call.account, id)
            guard !rows.isEmpty else { throw RESTCall.unknownSymbol }
        } else {
            let holdsCoins = coins(venue, call)
            rows = exchange.positions(call.account, category, settleCoin: settle)
                .filter { holdsCoins($0.instrument) }
        }
        let page = ListPage(
            rows,
            limit: try call.query.limit(default: 20, most: 200),
            cursor: call.query["cursor"]
        )
        return venue.written {
            $0.positions(
                page.rows,
                category: category,
                nextPageCursor: page.cursor,
                time: call.time
            )
        }
    }

    static func wallet(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        guard call.query["accountType"] == "UNIFIED" else {
            throw RequestError(code: 10_001, message: "accountType only support UNIFIED.")
        }
        let coins = call.query["coin"].split(separator: ",").map(String.init)
        venue.driver.catchUp()
        var report = venue.driver.exchange.wallet(call.account)
        if !coins.isEmpty { report.coins.removeAll { !coins.contains($0.coin) } }
        return venue.written {
            $0.wallet(report.coins, totals: report.totals, time: call.time)
        }
    }
}
