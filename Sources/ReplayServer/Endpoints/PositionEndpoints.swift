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
        var query = RowQuery(category: category, limit: .max)
        query.instrument = try call.instrument(category)
        query.sinceMilliseconds = times.since
        query.untilMilliseconds = times.until
        let date = call.query["expDate"]
        venue.driver.catchUp()
        let exchange = venue.driver.exchange
        let reports = exchange.executions(call.account, query) {
            $0.type == .delivery || $0.type == .settle
        }.rows
        let rows = reports.filter {
            date.isEmpty || $0.instrument.symbol.description.contains("-" + date)
        }.map { report in
            delivery(report, exchange)
        }
        return try page(rows, category, call, usual: 20, most: 50) { .delivery($0) }
    }

    private static func delivery(
        _ report: ExecutionReport,
        _ exchange: SimulatedExchange
    ) -> DeliveryRecord {
        let listing = exchange.listing(report.instrument)
        var row = DeliveryRecord()
        row.timeMilliseconds = report.timeMilliseconds
        row.symbol = report.instrument.symbol
        // The position's: the execution closes it.
        row.side = report.side.opposite.name
        row.position = report.quantity
        row.deliveryPrice = exchange.deliveryPrice(report.instrument) ?? report.price
        row.entryPrice = entry(of: report)
        if let option = listing?.terms.option {
            row.strike = listing?.instrument.scale.numeral(option.strike).trimmed
        }
        row.fee = Numeral(rounded: report.fee)
        row.realisedPnL = Numeral(rounded: report.realisedPnL ?? .zero)
        return row
    }

    /// What was closed at this price with this result went in at: price ∓ result ÷ quantity; of an inverse contract
    /// quantity ÷ (value ± result).
    private static func entry(of report: ExecutionReport) -> Numeral? {
        guard let quantity = try? Amount(report.quantity), !quantity.isZero,
            let price = try? Amount(report.price), let realised = report.realisedPnL
        else { return nil }
        let isLong = report.side == .sell
        if report.instrument.category == .inverse {
            let gain = isLong ? realised : realised.negated
            guard let value = try? report.value.adding(gain), value > .zero else { return nil }
            let units = try? FullWidth.multiplyDivide(
                quantity.units,
                PowerOfTen.int128(Amount.decimals),
                by: value.units,
                rounding: .halfEven
            )
            return units.map { Numeral(rounded: Amount(units: $0)) }
        }
        let each = try? FullWidth.multiplyDivide(
            realised.units,
            PowerOfTen.int128(Amount.decimals),
            by: quantity.units,
            rounding: .halfEven
        )
        guard let each else { return nil }
        let shift = Amount(units: isLong ? -each : each)
        return (try? price.adding(shift)).map { Numeral(rounded: $0) }
    }

    static func settlements(
        _ venue: ExchangeVenue,
        _ call: RESTCall
    ) throws(RequestError) -> [UInt8] {
        let category = try call.category([.linear])
        let times = try call.times(within: 30)
        var query = RowQuery(category: category, limit: .max)
        query.instrument = try call.instrument(category)
        query.sinceMilliseconds = times.since
        query.untilMilliseconds = times.until
        venue.driver.catchUp()
        let log = venue.driver.exchange.transactionLog(call.account, query) {
            $0.type == "SETTLEMENT" && $0.category == .linear && $0.orderID.hasSuffix("-session")
        }.rows
        let rows = log.map { flow -> SettlementRecord in
            var row = SettlementRecord()
            row.symbol = Symbol(flow.symbol) ?? .none
            row.side = flow.details?.side?.name ?? ""
            row.size = flow.quantity
            row.markPrice = flow.tradePrice
            row.sessionAveragePrice = sessionPrice(flow)
            row.realisedPnL = Numeral(rounded: flow.cashFlow)
            row.timeMilliseconds = flow.timeMilliseconds
            return row
        }
        return try page(rows, category, call, usual: 20, most: 50) { .settlement($0) }
    }

    /// The average that the session began with: mark ∓ result ÷ size.
    private static func sessionPrice(_ flow: TransactionRow) -> Numeral? {
        guard let quantity = flow.quantity.flatMap({ try? Amount($0) }), !quantity.isZero,
            let mark = flow.tradePrice.flatMap({ try? Amount($0) }),
            let each = try? FullWidth.multiplyDivide(
                flow.cashFlow.units,
                PowerOfTen.int128(Amount.decimals),
                by: quantity.units,
                rounding: .halfEven
            )
        else { return nil }
        let shift = Amount(units: flow.details?.side == .sell ? each : -each)
        return (try? mark.adding(shift)).map { Numeral(rounded: $0) }
    }
}
