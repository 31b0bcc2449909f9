import JSON
import Market

/// A push of `tickers.{symbol}`: the fields of a snapshot, or those that changed.
///
/// The members are walked once, each looked up by its name: a delta has few of the fifty.
///
/// - Source: bybit-v5 §3.3, §6.4.
enum TickerMessage {
    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.kind = .ticker
        event.symbol = route.symbol
        event.ticker.reset()
        event.exchangeMilliseconds = Fields.integer("ts", in: root, .required, &findings) ?? 0
        event.ticker.crossSequence = Fields.integer("cs", in: root, .optional, &findings) ?? 0
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
        event.ticker.isSnapshot = type == "snapshot"
        guard let symbol = readFields(data, into: &event.ticker, &findings) else {
            event.kind = .malformed
            return
        }
        if !route.symbol.isNone, symbol != route.symbol {
            findings.add("data.symbol", .unexpected(symbol.description))
            event.kind = .malformed
        }
    }

    /// Reads every member that is a field of a ticker; `nil` without a symbol.
    static func readFields(
        _ data: JSONValue,
        into ticker: inout TickerUpdate,
        _ findings: inout Findings
    ) -> Symbol? {
        guard data.isObject else {
            findings.add(data, .wrongType)
            return nil
        }
        var symbol: Symbol?
        var hasSymbol = false
        for member in data.elements {
            guard let field = TickerNames.field(of: member) else {
                if !hasSymbol, member.isNamed("symbol") {
                    hasSymbol = true
                    symbol = Fields.symbol("symbol", in: data, &findings)
                }
                continue
            }
            take(field, member, &ticker, &findings)
        }
        if !hasSymbol { findings.missing("symbol", in: data) }
        return symbol
    }

    private static func take(
        _ field: TickerField,
        _ value: JSONValue,
        _ ticker: inout TickerUpdate,
        _ findings: inout Findings
    ) {
        if value.isNull { return }
        guard value.isString else { return findings.add(value, .wrongType) }
        guard !value.raw.isEmpty else {
            ticker.cleared.insert(TickerFields(field))
            return
        }
        switch field {
        case .volume24h: ticker.volume24h = Fields.amount(value, &findings)
        case .turnover24h: ticker.turnover24h = Fields.amount(value, &findings)
        case .tickDirection: ticker.tickDirection = value.string
        case .preListingPhase: ticker.preListingPhase = value.string
        case .nextFundingTime:
            guard let time = JSONNumber.int64(value.raw) else {
                return findings.add(value, RowReader.whyNotWhole(value.raw))
            }
            ticker.nextFundingTime = time
        case .deliveryTime: takeDelivery(value, &ticker, &findings)
        default:
            guard let number = Fields.numeral(value, &findings) else { return }
            take(field, number, &ticker)
        }
    }

    @inline(__always)
    static func take(_ field: TickerField, _ number: Numeral, _ ticker: inout TickerUpdate) {
        switch field {
        case .lastPrice: ticker.lastPrice = number
        case .markPrice: ticker.markPrice = number
        case .indexPrice: ticker.indexPrice = number
        case .bidPrice: ticker.bidPrice = number
        case .bidSize: ticker.bidSize = number
        case .askPrice: ticker.askPrice = number
        case .askSize: ticker.askSize = number
        case .fundingRate: ticker.fundingRate = number
        case .openInterest: ticker.openInterest = number
        case .highPrice24h: ticker.highPrice24h = number
        case .lowPrice24h: ticker.lowPrice24h = number
        case .previousPrice24h: ticker.previousPrice24h = number
        case .change24h: ticker.change24h = number
        default: ticker.others.append(TickerValue(field, number))
        }
    }

    /// ISO 8601 on the stream, milliseconds in replies, where a perpetual has `0`.
    private static func takeDelivery(
        _ value: JSONValue,
        _ ticker: inout TickerUpdate,
        _ findings: inout Findings
    ) {
        guard let time = JSONNumber.int64(value.raw) ?? UTCText.milliseconds(value.raw) else {
            return findings.add(value, .unexpected(value.string ?? ""))
        }
        if time == 0 {
            ticker.cleared.insert(TickerFields(.deliveryTime))
        } else {
            ticker.deliveryTime = time
        }
    }

    // MARK: - Writing

    /// The members of `data`: of a snapshot all that the category has, of a delta what is not `nil`.
    static func write(
        _ update: TickerUpdate,
        category: Category,
        symbol: Symbol,
        to out: inout WireWriter
    ) {
        out.text("symbol", symbol)
        if let direction = update.tickDirection { out.text("tickDirection", direction) }
        let isPerpetual =
            update.isSnapshot && update.deliveryTime == nil
            && (category == .linear || category == .inverse)
        if let phase = update.preListingPhase ?? (isPerpetual ? "" : nil) {
            out.text("curPreListingPhase", phase)
        }
        let absent = absent(in: update, category)
        for (field, name) in TickerNames.fields(of: category) {
            guard !absent.contains(TickerFields(field)), !isElsewhere(field, update, category)
            else { continue }
            switch field {
            case .volume24h: write(name, update.volume24h, field, update, &out)
            case .turnover24h: write(name, update.turnover24h, field, update, &out)
            case .nextFundingTime:
                if let time = update.nextFundingTime {
                    out.integerText(name, time)
                } else if update.isSnapshot, update.deliveryTime != nil {
                    out.constant(name, #""""#)
                }
            case .deliveryTime: writeDelivery(name, update, category, &out)
            case .tickDirection, .preListingPhase: break
            default:
                if let value = update.number(field) {
                    out.numeral(name, value)
                } else if isBlank(field, update, category) {
                    out.constant(name, #""""#)
                } else if field == .predictedDeliveryPrice, category == .option {
                    // Only known in the last half hour, and nought before.
                    out.constant(name, #""0""#)
                }
            }
        }
    }

    /// Of the fields that are kept in a list, those that a delta certainly has nothing to say of.
    private static func absent(in update: TickerUpdate, _ category: Category) -> TickerFields {
        guard !update.isSnapshot, category != .option else { return TickerFields() }
        var absent = TickerFields.listed.subtracting(update.cleared)
        for item in update.others { absent.remove(TickerFields(item.field)) }
        return absent
    }

    private static func write(
        _ name: StaticString,
        _ amount: Amount?,
        _ field: TickerField,
        _ update: TickerUpdate,
        _ out: inout WireWriter
    ) {
        if let amount {
            out.amount(name, amount)
        } else if update.cleared.contains(TickerFields(field)) {
            out.constant(name, #""""#)
        }
    }

    private static func writeDelivery(
        _ name: StaticString,
        _ update: TickerUpdate,
        _ category: Category,
        _ out: inout WireWriter
    ) {
        if let time = update.deliveryTime {
            out.text(name, UTCText.text(milliseconds: time))
        } else if isBlank(.deliveryTime, update, category) {
            out.constant(name, #""""#)
        }
    }

    /// The exchange knows the figure, and the category's stream says it by another name or not at all.
    private static func isElsewhere(
        _ field: TickerField,
        _ update: TickerUpdate,
        _ category: Category
    ) -> Bool {
        switch (category, field) {
        case (.spot, .indexPrice): update.value(.dollarIndexPrice) != nil
        case (.option, .previousPrice24h): true
        default: false
        }
    }

    /// Cleared, or one of those by which clients tell a spot ticker from a contract's.
    private static func isBlank(
        _ field: TickerField,
        _ update: TickerUpdate,
        _ category: Category
    ) -> Bool {
        if update.cleared.contains(TickerFields(field)) { return true }
        guard update.isSnapshot else { return false }
        switch category {
        case .spot: return field == .dollarIndexPrice
        case .linear, .inverse:
            // A perpetual and a dated contract have some keys each that the other has not.
            switch field {
            case .previousPrice1h, .openInterestValue: return true
            case .fundingIntervalHours, .fundingCap, .preOpenPrice, .preQuantity:
                return update.deliveryTime == nil
            case .basisRate, .deliveryFeeRate, .predictedDeliveryPrice, .fundingRate:
                return update.deliveryTime != nil
            default: return false
            }
        case .option, .spread: return false
        }
    }
}

extension TickerFields {
    /// Those of ``TickerUpdate/others``: the cases from ``TickerField/previousPrice1h`` on.
    fileprivate static let listed = TickerFields(
        rawValue: ~(TickerFields(.previousPrice1h).rawValue - 1)
    )
}

extension TickerUpdate {
    /// A field that is a number, wherever it is kept.
    func number(_ field: TickerField) -> Numeral? {
        switch field {
        case .lastPrice: lastPrice
        case .markPrice: markPrice
        case .indexPrice: indexPrice
        case .bidPrice: bidPrice
        case .bidSize: bidSize
        case .askPrice: askPrice
        case .askSize: askSize
        case .fundingRate: fundingRate
        case .openInterest: openInterest
        case .highPrice24h: highPrice24h
        case .lowPrice24h: lowPrice24h
        case .previousPrice24h: previousPrice24h
        case .change24h: change24h
        default: value(field)
        }
    }
}
