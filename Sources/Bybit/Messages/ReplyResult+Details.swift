import JSON
import Market

/// The `result` of replies whose rows are an event's details.
///
/// - Source: bybit-v5 §6, §7.
extension ReplyResult {
    static func read(
        _ form: ReplyForm,
        _ root: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        // Some POST replies lack it, and the volatility's is an array.
        guard let result = root["result"] else {
            if form != .accepted { findings.missing("result", in: root) }
            return
        }
        if form == .volatility {
            rows(result, &event, &findings) { .volatility($0) }
            return
        }
        guard result.isObject else {
            if form != .accepted { findings.add(result, .wrongType) }
            return
        }
        event.reply.nextPageCursor = Fields.optionalText("nextPageCursor", in: result, &findings)
        if let name = result["category"]?.string, let category = Category(name: name) {
            event.category = category
        }
        readOne(form, result, root, &event, &findings)
    }

    private static func readOne(
        _ form: ReplyForm,
        _ result: JSONValue,
        _ root: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        switch form {
        case .none, .accepted, .volatility: break
        case .order:
            event.reply.orderID = Fields.text("orderId", in: result, &findings) ?? ""
            let link = Fields.optionalText("orderLinkId", in: result, &findings)
            if event.reply.orderLinkID.isEmpty { event.reply.orderLinkID = link }
        case .acceptedOrders: readAccepted(result, root, &event, &findings)
        case .improvementBook, .spreadBook: readBook(form, result, &event, &findings)
        case .candles:
            guard let list = Fields.array("list", in: result, &findings) else { return }
            for row in list.elements {
                guard let candle = HistoricalCandle.read(row, findings: &findings) else { continue }
                event.details.append(.candle(candle))
            }
        case .tickers, .spreadTickers: readTickers(form, result, &event, &findings)
        case .trades: readTrades(result, &event, &findings)
        case .fundingRates: list(result, &event, &findings) { .fundingRate($0) }
        case .openInterest: list(result, &event, &findings) { .openInterest($0) }
        case .riskLimits: list(result, &event, &findings) { .riskLimit($0) }
        case .insurance: list(result, &event, &findings) { .insurance($0) }
        case .deliveryPrices: list(result, &event, &findings) { .deliveryPrice($0) }
        case .accountRatios: list(result, &event, &findings) { .accountRatio($0) }
        case .deleveraging: list(result, &event, &findings) { .deleveraging($0) }
        case .closedPnL: list(result, &event, &findings) { .closedPnL($0) }
        case .closedOptions: list(result, &event, &findings) { .closedOption($0) }
        case .symbolLeverage: list(result, &event, &findings) { .symbolLeverage($0) }
        case .feeRates: list(result, &event, &findings) { .feeRate($0) }
        case .deliveries: list(result, &event, &findings) { .delivery($0) }
        case .settlements: list(result, &event, &findings) { .settlement($0) }
        case .spreadInstruments: list(result, &event, &findings) { .spreadInstrument($0) }
        case .spreadOrders: list(result, &event, &findings) { .spreadOrder($0) }
        case .spreadExecutions: list(result, &event, &findings) { .spreadExecution($0) }
        case .coins: list(result, key: "rows", &event, &findings) { .coin($0) }
        case .disconnectProtection:
            list(result, key: "dcpInfos", &event, &findings) { .disconnectProtection($0) }
        case .marginMode:
            guard result["reasons"] != nil else { return }
            list(result, key: "reasons", &event, &findings) { .marginMode($0) }
        case .priceLimit: row(result, &event, &findings) { .priceLimit($0) }
        case .preCheck: row(result, &event, &findings) { .preCheck($0) }
        case .account: row(result, &event, &findings) { .account($0) }
        case .spreadQuantityMax: row(result, &event, &findings) { .spreadQuantityMax($0) }
        case .key:
            if let key = KeyDescription.read(result, findings: &findings) {
                event.details.append(.key(key))
            }
        case .instruments:
            guard let list = Fields.array("list", in: result, &findings) else { return }
            InstrumentRow.readAll(
                list,
                category: event.category,
                into: &event.instruments,
                findings: &findings
            )
        }
    }

    // MARK: - Rows

    private static func list<Row: WireRow>(
        _ result: JSONValue,
        key: StaticString = "list",
        _ event: inout Event,
        _ findings: inout Findings,
        _ make: (Row) -> Detail
    ) {
        guard let list = Fields.array(key, in: result, &findings) else { return }
        rows(list, &event, &findings, make)
    }

    private static func rows<Row: WireRow>(
        _ list: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings,
        _ make: (Row) -> Detail
    ) {
        guard list.isArray else { return findings.add(list, .wrongType) }
        for element in list.elements { row(element, &event, &findings, make) }
    }

    private static func row<Row: WireRow>(
        _ value: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings,
        _ make: (Row) -> Detail
    ) {
        let row = Row.read(value, category: event.category, form: .list, findings: &findings)
        if let row { event.details.append(make(row)) }
    }

    /// Items of `list`, each with its code and text of `retExtInfo.list`, which stands beside the result.
    ///
    /// - Parameter result: of REST the `result`, on the trade socket the `data`.
    static func readAccepted(
        _ result: JSONValue,
        _ root: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let list = Fields.array("list", in: result, &findings) else { return }
        let codes = root["retExtInfo"]?["list"]
        for (place, element) in list.elements.enumerated() {
            let row = AcceptedOrder.read(
                element,
                category: event.category,
                form: .list,
                findings: &findings
            )
            guard var row else { continue }
            if let item = codes?[place] {
                row.code = Fields.integer("code", in: item, .required, &findings) ?? -1
                row.message = Fields.optionalText("msg", in: item, &findings)
            }
            event.details.append(.acceptedOrder(row))
        }
    }

    private static func readTickers(
        _ form: ReplyForm,
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        if form == .spreadTickers { event.category = .spread }
        guard let list = Fields.array("list", in: result, &findings) else { return }
        for element in list.elements {
            var row = TickerRow()
            row.ticker.isSnapshot = true
            let symbol = TickerMessage.readFields(element, into: &row.ticker, &findings)
            guard let symbol else { continue }
            row.symbol = symbol
            event.details.append(.ticker(row))
        }
    }

    private static func readTrades(
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let list = Fields.array("list", in: result, &findings) else { return }
        PublicTrade.readAll(
            list,
            category: event.category,
            form: .list,
            into: &event.trades,
            findings: &findings
        )
    }

    private static func readBook(
        _ form: ReplyForm,
        _ result: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        if form == .spreadBook { event.category = .spread }
        event.book.isSnapshot = true
        event.book.depth = form == .improvementBook ? 50 : 25
        event.exchangeMilliseconds =
            Fields.integer("ts", in: result, .required, &findings) ?? event.exchangeMilliseconds
        event.book.matchTimeMilliseconds =
            Fields.integer("cts", in: result, .optional, &findings) ?? 0
        let isWhole = BookMessage.readData(
            result,
            event.symbol,
            hasImprovements: form == .improvementBook,
            &event,
            &findings
        )
        if !isWhole { BookMessage.empty(&event) }
    }
}
