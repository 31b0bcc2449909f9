import Bybit
import JSON
import Market
import Simulation

/// Requests that change an account other than by one order.
///
/// - Source: bybit-v5 §6.5, §6.6, §6.7.
enum SettingEndpoints {
    static let all: [(path: String, handler: Route.Handler)] = [
        ("/v5/order/cancel-all", cancelAll),
        ("/v5/order/pre-check", preCheck),
        ("/v5/order/disconnected-cancel-all", disconnectWindow),
        ("/v5/position/set-leverage", leverage),
        ("/v5/position/switch-mode", positionMode),
        ("/v5/position/trading-stop", tradingStop),
        ("/v5/position/add-margin", isolatedOnly),
        ("/v5/position/set-auto-add-margin", isolatedOnly),
        ("/v5/account/set-margin-mode", marginMode),
        ("/v5/account/set-limit-px-action", limitPriceAction),
    ]

    private static func read<Value>(
        _ call: RESTCall,
        _ take: (JSONValue) throws(RequestError) -> Value
    ) throws(RequestError) -> Value {
        try OrderBody.read(call.body, take).get()
    }

    private static func done(
        _ reply: OrderReply,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        guard reply.isAccepted else {
            throw RequestError(code: Int64(reply.code), message: reply.message)
        }
        return Envelope.done(time: call.time)
    }

    // MARK: orders

    static func cancelAll(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8]
    {
        let wish = try read(call) { root throws(RequestError) in
            let category = try OrderBody.category(root)
            return (
                category, try OrderBody.symbolIfAny(root, category),
                try OrderBody.cancelAllFilter(root, category)
            )
        }
        let (category, instrument, wanted) = wish
        guard let filter = wanted else {
            return venue.written { $0.acceptedAll([], time: call.time) }
        }
        guard category != .spread else {
            throw RequestError(code: 10_001, message: "Illegal category")
        }
        let hasScope = instrument != nil || !filter.baseCoin.isEmpty || !filter.settleCoin.isEmpty
        guard hasScope || category != .linear && category != .inverse else {
            throw RESTCall.missing("symbol, baseCoin or settleCoin")
        }
        let outcome = venue.driver.act {
            $0.cancelAll(category, instrument: instrument, filter, for: call.account, into: &$1)
        }
        guard outcome.code == 0 else {
            throw RequestError(code: Int64(outcome.code), message: outcome.message)
        }
        venue.counters.cancels += outcome.cancelled.count
        let ended = outcome.cancelled.map { (orderID: $0.orderID, orderLinkID: $0.orderLinkID) }
        return venue.written { $0.acceptedAll(ended, time: call.time) }
    }

    /// The order is placed on a copy of the exchange, and nobody hears of it.
    static func preCheck(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let order = try read(call) { root throws(RequestError) in
            try OrderBody.order(root, try OrderBody.category(root))
        }
        venue.driver.catchUp()
        var trial = venue.driver.exchange
        var nobody = ExchangeOutput()
        let before = trial.wallet(call.account).totals.rates
        let reply = trial.place(order.0, order.1, for: call.account, into: &nobody)
        guard reply.isAccepted else {
            throw RequestError(code: Int64(reply.code), message: reply.message)
        }
        let after = trial.wallet(call.account).totals.rates
        func share(_ rate: Numeral) -> Int64 { (try? rate.units(decimals: 4)) ?? .max }
        var row = PreCheck()
        row.orderID = ""
        row.orderLinkID = order.0.orderLinkID
        row.initialBefore = share(before.initial)
        row.maintenanceBefore = share(before.maintenance)
        row.initialAfter = share(after.initial)
        row.maintenanceAfter = share(after.maintenance)
        return Envelope.row(.preCheck(row), time: call.time)
    }

    static func disconnectWindow(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let wish = try read(call) { root throws(RequestError) -> (Int64, ProtectedProduct) in
            let window = root["timeWindow"].flatMap { JSONNumber.int64($0.raw) } ?? -1
            guard DisconnectGuards.secondsRange.contains(window) else {
                throw RESTCall.invalid("timeWindow")
            }
            let name = root["product"]?.string ?? ""
            guard
                let product = name.isEmpty ? .options : ProtectedProduct(rawValue: name)
            else { throw RESTCall.invalid("product") }
            return (window, product)
        }
        venue.guards.setWindow(wish.0, wish.1, call.account)
        return Envelope.done(message: "success", isBare: true, time: call.time)
    }

    // MARK: positions

    static func leverage(_ venue: ExchangeVenue, _ call: RESTCall) throws(RequestError) -> [UInt8] {
        let wish = try read(call, OrderBody.leverage)
        return try done(
            venue.driver.act { exchange, _ in
                exchange.setLeverage(wish.leverage, wish.instrument, for: call.account)
            },
            call
        )
    }

    static func positionMode(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let wish = try read(call, OrderBody.mode)
        return try done(
            venue.driver.act { exchange, _ in
                exchange.switchMode(
                    hedged: wish.hedged,
                    wish.instrument,
                    coin: wish.coin,
                    for: call.account
                )
            },
            call
        )
    }

    static func tradingStop(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let wish = try read(call, OrderBody.tradingStop)
        return try done(
            venue.driver.act { $0.setTradingStop(wish, for: call.account, into: &$1) },
            call
        )
    }

    /// There is no isolated margin here.
    static func isolatedOnly(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        _ = try read(call) { root throws(RequestError) in
            try OrderBody.symbol(root, try OrderBody.category(root))
        }
        throw RequestError(code: 110_015, message: "Position is in cross margin mode")
    }

    // MARK: account

    static func marginMode(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let mode = try read(call, OrderBody.marginMode)
        let reply = venue.driver.act { exchange, _ in exchange.setMarginMode(mode) }
        guard !reply.isAccepted else {
            return Envelope.object(time: call.time) { $0.field("reasons", array: { _ in }) }
        }
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", reply.code)
            json.field("retMsg", "Set margin mode failed")
            json.field(
                "result",
                object: { json in
                    var row = MarginModeChange()
                    row.code = String(reply.code)
                    row.message = reply.message
                    json.field("reasons", array: { $0.row(.marginMode(row)) })
                }
            )
        }
        venue.counters.rejected += 1
        return json.bytes
    }

    /// Contracts move a price into its limits and spot refuses it: another rule is refused.
    static func limitPriceAction(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let wish = try read(call) { root throws(RequestError) in
            (try OrderBody.category(root), root["modifyEnable"]?.bool)
        }
        guard let moves = wish.1 else { throw RESTCall.missing("modifyEnable") }
        guard moves == (wish.0 != .spot) else {
            throw RequestError(
                code: 10_001,
                message:
                    "params error: contracts move a price into its limits here, spot refuses it"
            )
        }
        return Envelope.done(message: "success", time: call.time)
    }
}
