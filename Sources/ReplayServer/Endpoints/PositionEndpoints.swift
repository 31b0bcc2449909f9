import Bybit
import Market
import Simulation

/// Closed P&L, leverages, deliveries and settlements.
///
/// - Source: bybit-v5 §6.6, §6.7.
enum PositionEndpoints {
    static let all: [(path: String, handler: Route.Handler)] = [
        ("/v5/position/closed-pnl", closedPnL),
        ("/v5/position/get-closed-positions", closedOptions),
        ("/v5/position/symbol-info", leverages),
        ("/v5/asset/delivery-record", deliveries),
        ("/v5/asset/settlement-record", settlements),
    ]

    static func closedPnL(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.linear, .inverse])
        let id = try call.instrument(category)
        let times = try call.times()
        venue.driver.catchUp()
        let rows = venue.driver.exchange.closedPnL(
            call.account,
            category,
            id,
            since: times.since ?? 0,
            until: times.until ?? .max
        )
        return try page(rows, category, call, usual: 50, most: 100) { .closedPnL($0) }
    }

    static func closedOptions(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.option])
        let id = try call.instrument(category)
        let times = try call.times()
        venue.driver.catchUp()
        let rows = venue.driver.exchange.closedOptions(
            call.account,
            id,
            since: times.since ?? 0,
            until: times.until ?? .max
        )
        return try page(rows, category, call, usual: 50, most: 100) { .closedOption($0) }
    }

    private static func page<Row>(
        _ rows: [Row],
        _ category: Category,
        _ call: RESTCall,
        usual: Int,
        most: Int,
        _ detail: (Row) -> Detail
    ) throws(RequestError) -> [UInt8] {
        let page = ListPage(
            rows,
            limit: try call.query.limit(default: usual, most: most),
            cursor: call.query["cursor"]
        )
        return Envelope.list(
            category,
            cursor: page.cursor,
            time: call.time,
            rows: page.rows.map(detail)
        )
    }

    /// Leverage by symbol, with a position or without.
    static func leverages(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.linear, .inverse])
        let id = try call.instrument(category)
        let exchange = venue.driver.exchange
        let rows = exchange.listings.map(\.instrument.id)
            .filter { $0.category == category && (id == nil || id == $0) }
            .compactMap { id -> SymbolLeverage? in
                guard let position = exchange.position(call.account, id) else { return nil }
                var row = SymbolLeverage()
                row.symbol = id.symbol
                row.marginMode = "REGULAR_MARGIN"
                row.buyLeverage = position.leverage
                row.sellLeverage = position.leverage
                return row
            }
        if id != nil, rows.isEmpty { throw RESTCall.unknownSymbol }
        return Envelope.list(
            category,
            cursor: nil,
            time: call.time,
            rows: rows.map { .symbolLeverage($0) }
        )
    }

    // MARK: deliveries and sessions

    static func deliveries(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let category = try call.category([.linear, .inverse, .option])
        let times = try call.times(within: 30)
        var query = RowQuery(category: category)
        query.instrument = try call.instrument(category)
        query.sinceMilliseconds = times.since
        query.untilMilliseconds = times.until
        let date = call.query["expDate"]
        venue.driver.catchUp()
        let rows = venue.driver.exchange.deliveryRecords(call.account, query).filter {
            date.isEmpty || $0.symbol.description.contains("-" + date)
        }
        return try page(rows, category, call, usual: 20, most: 50) { .delivery($0) }
    }

    static func settlements(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear])
        let times = try call.times(within: 30)
        var query = RowQuery(category: category)
        query.instrument = try call.instrument(category)
        query.sinceMilliseconds = times.since
        query.untilMilliseconds = times.until
        venue.driver.catchUp()
        let rows = venue.driver.exchange.settlementRecords(call.account, query)
        return try page(rows, category, call, usual: 20, most: 50) { .settlement($0) }
    }
}
