import JSON
import Market

/// A push of `tickers.{symbol}`: the fields of a snapshot, or those that changed.
///
/// - Source: bybit-v5 §3.3.
struct TickerMessage: WireRow {
    var symbol = Symbol.none
    var category: Category
    var update = TickerUpdate()

    static func blank(category: Category) -> TickerMessage { TickerMessage(category: category) }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.symbol("symbol", &symbol)
        coder.tag("tickDirection", &update.tickDirection)
        coder.numeral("price24hPcnt", &update.change24h, .omitted)
        coder.numeral("lastPrice", &update.lastPrice, .omitted)
        coder.numeral("prevPrice24h", &update.previousPrice24h, .omitted)
        coder.numeral("highPrice24h", &update.highPrice24h, .omitted)
        coder.numeral("lowPrice24h", &update.lowPrice24h, .omitted)
        coder.numeral("markPrice", &update.markPrice, .omitted)
        coder.numeral("indexPrice", &update.indexPrice, .omitted)
        coder.numeral("openInterest", &update.openInterest, .omitted)
        coder.amount("turnover24h", &update.turnover24h, .omitted)
        coder.amount("volume24h", &update.volume24h, .omitted)
        coder.time("nextFundingTime", &update.nextFundingTime)
        coder.numeral("fundingRate", &update.fundingRate, .omitted)
        coder.numeral("bid1Price", &update.bidPrice, .omitted)
        coder.numeral("bid1Size", &update.bidSize, .omitted)
        coder.numeral("ask1Price", &update.askPrice, .omitted)
        coder.numeral("ask1Size", &update.askSize, .omitted)
        guard update.isSnapshot else { return }
        // Clients tell a spot ticker from a contract's by these keys.
        if category == .spot {
            coder.constant("usdIndexPrice", #""""#)
        } else {
            coder.constant("prevPrice1h", #""""#)
            coder.constant("openInterestValue", #""""#)
            coder.constant("fundingIntervalHour", #""""#)
            coder.constant("fundingCap", #""""#)
            coder.constant("deliveryTime", #""""#)
            coder.constant("basisRate", #""""#)
            coder.constant("deliveryFeeRate", #""""#)
            coder.constant("predictedDeliveryPrice", #""""#)
        }
    }

    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.kind = .ticker
        event.symbol = route.symbol
        event.exchangeMilliseconds = Fields.integer("ts", in: root, .required, &findings) ?? 0
        let sequence = Fields.integer("cs", in: root, .optional, &findings) ?? 0
        let type = Fields.text("type", in: root, &findings)
        guard let type, let data = Fields.object("data", in: root, &findings) else {
            event.kind = .malformed
            return
        }
        guard type == "snapshot" || type == "delta" else {
            findings.add("type", .unexpected(type))
            event.kind = .malformed
            return
        }
        let row = TickerMessage.read(
            data,
            category: route.category,
            form: .push,
            findings: &findings
        )
        guard let row else {
            event.kind = .malformed
            return
        }
        if !route.symbol.isNone, row.symbol != route.symbol {
            findings.add("data.symbol", .unexpected(row.symbol.description))
            event.kind = .malformed
            return
        }
        event.ticker = row.update
        event.ticker.isSnapshot = type == "snapshot"
        event.ticker.crossSequence = sequence
    }
}
