import Bybit
import JSON
import Market
import Simulation

/// Combinations, whose endpoints name no category.
///
/// - Source: bybit-v5 §7.2.
enum SpreadEndpoints {
    /// Without a key.
    static let open: [(path: String, handler: Route.Handler)] = [
        ("/v5/spread/instrument", instruments),
        ("/v5/spread/orderbook", orderBook),
        ("/v5/spread/tickers", tickers),
        ("/v5/spread/recent-trade", recentTrades),
    ]

    static let signed: [(path: String, handler: Route.Handler)] = [
        ("/v5/spread/order/realtime", openOrders),
        ("/v5/spread/order/history", orderHistory),
        ("/v5/spread/execution/list", executions),
        ("/v5/spread/max-qty", quantityMax),
    ]

    static let entry: [(path: String, handler: Route.Handler)] = [
        ("/v5/spread/order/create", create),
        ("/v5/spread/order/amend", amend),
        ("/v5/spread/order/cancel", cancel),
        ("/v5/spread/order/cancel-all", cancelAll),
    ]

    // MARK: market

    static func instruments(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let id = try call.instrument(.spread)
        let coin = call.query["baseCoin"]
        let exchange = venue.driver.exchange
        let rows = exchange.listings.filter {
            $0.instrument.id.category == .spread && (id == nil || id == $0.instrument.id)
                && (coin.isEmpty || coin == $0.instrument.baseCoin)
        }
        let page = ListPage(
            rows,
            limit: try call.query.limit(default: 200, most: 500),
            cursor: call.query["cursor"]
        )
        return Envelope.list(
            nil,
            cursor: page.cursor,
            time: call.time,
            rows: page.rows.map { .spreadInstrument(instrument($0, exchange)) }
        )
    }

    private static func instrument(
        _ listing: Listing,
        _ exchange: SimulatedExchange
    ) -> SpreadInstrument {
        let instrument = listing.instrument
        func numeral(_ price: Price?) -> Numeral? { price.map { instrument.scale.numeral($0) } }
        func numeral(_ quantity: Quantity?) -> Numeral? {
            quantity.map { instrument.scale.numeral($0) }
        }
        var row = SpreadInstrument()
        row.symbol = instrument.id.symbol
        row.contractType = instrument.contractType
        row.status = instrument.status
        row.baseCoin = instrument.baseCoin
        row.quoteCoin = instrument.quoteCoin
        row.settleCoin = instrument.settleCoin
        row.tickSize = numeral(instrument.tickSize)
        row.priceMin = numeral(instrument.priceMin)
        row.priceMax = numeral(instrument.priceMax)
        row.lotSize = numeral(instrument.quantityStep)
        row.sizeMin = numeral(instrument.quantityMin)
        row.sizeMax = numeral(instrument.quantityMax)
        row.launchMilliseconds = listing.terms.launchMilliseconds
        row.deliveryMilliseconds = instrument.deliveryTime.milliseconds
        if let legs = listing.terms.legs {
            row.legs = [legs.first, legs.second].map { id in
                var leg = SpreadLeg()
                leg.symbol = id.symbol
                leg.contractType =
                    id.category == .spot
                    ? "Spot" : exchange.listing(id)?.instrument.contractType ?? ""
                return leg
            }
        }
        return row
    }

    static func orderBook(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let id = try call.required(.spread)
        let limit = try call.query.limit(default: 1, most: 25)
        venue.driver.catchUp()
        var held = venue.driver.exchange.heldBook(id, depth: 25)
        held?.cut(to: limit)
        return try MarketEndpoints.book(held, id, venue, call)
    }

    static func tickers(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let id = try call.required(.spread)
        venue.driver.catchUp()
        guard let listing = venue.driver.exchange.listing(id),
            let ticker = venue.driver.exchange.tickerSnapshot(id)
        else { throw RESTCall.unknownSymbol }
        return Envelope.list(nil, cursor: nil, time: call.time) {
            TickerBody.write(id, ticker, listing.instrument, &$0)
        }
    }

    static func recentTrades(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let id = try call.required(.spread)
        let limit = try call.query.limit(default: 500, most: 1_000)
        venue.driver.catchUp()
        guard venue.driver.exchange.listing(id) != nil else { throw RESTCall.unknownSymbol }
        return MarketEndpoints.trades(
            venue.driver.exchange.recentTrades(id, limit: limit),
            nil,
            call
        )
    }

    // MARK: orders and executions

    static func openOrders(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let rows = try AccountEndpoints.rowQuery(.spread, call, usual: 20, most: 50)
        let scope = scope(venue, call)
        venue.driver.catchUp()
        let page = venue.driver.exchange.openOrders(call.account, rows, scope)
        let exchange = venue.driver.exchange
        return Envelope.list(nil, cursor: page.nextCursor, time: call.time) { json in
            for row in page.rows { SpreadBody.open(row, exchange, &json) }
        }
    }

    static func orderHistory(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let rows = try AccountEndpoints.rowQuery(.spread, call, usual: 20, most: 50)
        let scope = scope(venue, call)
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let page = exchange.closedOrders(call.account, rows, most: .max, scope)
        return Envelope.list(nil, cursor: page.nextCursor, time: call.time) { json in
            for row in page.rows { SpreadBody.closed(row, exchange, &json) }
        }
    }

    private static func scope(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) -> (OrderUpdate) -> Bool {
        let coin = call.query["baseCoin"]
        guard !coin.isEmpty else { return { _ in true } }
        let exchange = venue.driver.exchange
        return { exchange.listing($0.instrument)?.instrument.baseCoin == coin }
    }

    static func executions(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let rows = try AccountEndpoints.rowQuery(.spread, call, usual: 20, most: 50)
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let page = exchange.executions(call.account, rows)
        return Envelope.list(nil, cursor: page.nextCursor, time: call.time) { json in
            for row in page.rows {
                SpreadBody.execution(row, exchange.legs(of: row, call.account), &json)
            }
        }
    }

    static func quantityMax(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let id = try call.required(.spread)
        let side: Side
        switch call.query["side"] {
        case "1": side = .buy
        case "2": side = .sell
        default: throw RESTCall.invalid("side")
        }
        guard let price = try? Numeral(text: call.query["orderPrice"]) else {
            throw RESTCall.invalid("orderPrice")
        }
        venue.driver.catchUp()
        let most = venue.driver.exchange.combinationQuantityMax(
            call.account,
            id,
            side,
            price: price
        )
        guard let most else { throw RESTCall.unknownSymbol }
        var row = SpreadQuantityMax()
        row.quantity = most
        return Envelope.row(.spreadQuantityMax(row), time: call.time)
    }

    // MARK: entry

    private static func reply(
        _ reply: OrderReply,
        _ counter: WritableKeyPath<ServerCounters, Int>,
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        guard reply.isAccepted else {
            throw RequestError(code: Int64(reply.code), message: reply.message)
        }
        venue.counters[keyPath: counter] += 1
        return venue.written {
            $0.accepted(orderID: reply.orderID, orderLinkID: reply.orderLinkID, time: call.time)
        }
    }

    static func create(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let order = try OrderBody.read(call.body) { root throws(RequestError) in
            try OrderBody.order(root, .spread)
        }.get()
        guard order.0.orderLinkID.utf8.count <= 45 else { throw RESTCall.invalid("orderLinkId") }
        return try reply(
            venue.driver.act { $0.place(order.0, order.1, for: call.account, into: &$1) },
            \.orders,
            venue,
            call
        )
    }

    static func amend(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let change = try OrderBody.read(call.body) { root throws(RequestError) in
            try OrderBody.amend(root, .spread)
        }.get()
        return try reply(
            venue.driver.act { $0.amend(change.0, change.1, for: call.account, into: &$1) },
            \.amends,
            venue,
            call
        )
    }

    /// By its id alone.
    static func cancel(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let ids = try OrderBody.read(call.body) { root throws(RequestError) in
            (root["orderId"]?.string ?? "", root["orderLinkId"]?.string ?? "")
        }.get()
        guard !ids.0.isEmpty || !ids.1.isEmpty else {
            throw RESTCall.missing("orderId or orderLinkId")
        }
        venue.driver.catchUp()
        let query = RowQuery(category: .spread, orderID: ids.0, orderLinkID: ids.1, limit: 1)
        guard
            let open = venue.driver.exchange.openOrders(call.account, query).rows.first
        else {
            throw RequestError(code: 110_001, message: "order not exists or too late to cancel")
        }
        let wish = CancelRequest(
            instrument: open.instrument,
            orderLinkID: open.orderLinkID,
            orderID: open.orderID
        )
        return try reply(
            venue.driver.act { $0.cancel(wish, for: call.account, into: &$1) },
            \.cancels,
            venue,
            call
        )
    }

    /// Of one symbol, or of all when that is asked for in so many words.
    static func cancelAll(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let instrument = try OrderBody.read(call.body) { root throws(RequestError) in
            let found = try OrderBody.symbolIfAny(root, .spread)
            guard found != nil || root["cancelAll"]?.bool == true else {
                throw RESTCall.missing("symbol or cancelAll")
            }
            return found
        }.get()
        let outcome = venue.driver.act {
            $0.cancelAll(.spread, instrument: instrument, for: call.account, into: &$1)
        }
        guard outcome.code == 0 else {
            throw RequestError(code: Int64(outcome.code), message: outcome.message)
        }
        venue.counters.cancels += outcome.cancelled.count
        let ended = outcome.cancelled.map { (orderID: $0.orderID, orderLinkID: $0.orderLinkID) }
        return venue.written { $0.acceptedAll(ended, time: call.time) }
    }
}
