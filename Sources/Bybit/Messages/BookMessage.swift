import JSON
import Market

/// A push of `orderbook.{depth}.{symbol}`, and the result of `market/orderbook`.
///
/// - Source: bybit-v5 §3.1.
enum BookMessage {
    /// The general way, for pushes that the fast path left: it names the field at fault.
    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ depth: Int,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.kind = .book
        event.book.depth = depth
        event.exchangeMilliseconds = Fields.integer("ts", in: root, .required, &findings) ?? 0
        event.book.matchTimeMilliseconds =
            Fields.integer("cts", in: root, .optional, &findings) ?? 0
        var isComplete = false
        if let type = Fields.text("type", in: root, &findings) {
            event.book.isSnapshot = type == "snapshot"
            isComplete = type == "snapshot" || type == "delta"
            if !isComplete { findings.add("type", .unexpected(type)) }
        }
        guard let data = Fields.object("data", in: root, &findings), isComplete else {
            return lose(&event)
        }
        if !readData(data, route.symbol, &event, &findings) { lose(&event) }
    }

    /// `s`, `b`, `a`, `u`, `seq`; false when it lacks what it cannot stand without: a book of its own, and a number
    /// that gives it a place among others.
    static func readData(
        _ data: JSONValue,
        _ expected: Symbol,
        _ event: inout Event,
        _ findings: inout Findings
    ) -> Bool {
        let update = Fields.integer("u", in: data, .required, &findings)
        event.book.crossSequence = Fields.integer("seq", in: data, .required, &findings) ?? 0
        let symbol = Fields.symbol("s", in: data, &findings)
        if let symbol, !expected.isNone, symbol != expected, let found = data["s"] {
            findings.add(found, .unexpected(symbol.description))
            return false
        }
        readLevels("b", in: data, into: &event.book.bids, &findings)
        readLevels("a", in: data, into: &event.book.asks, &findings)
        guard let update, let symbol else { return false }
        event.book.updateID = update
        event.symbol = symbol
        return true
    }

    /// A push that cannot be placed: no level of it may reach a book.
    private static func lose(_ event: inout Event) {
        event.kind = .malformed
        event.book.bids.removeAll(keepingCapacity: true)
        event.book.asks.removeAll(keepingCapacity: true)
    }

    private static func readLevels(
        _ key: StaticString,
        in data: JSONValue,
        into levels: inout [LevelNumerals],
        _ findings: inout Findings
    ) {
        guard let list = data[key] else { return findings.missing(key, in: data) }
        guard list.isArray else { return findings.add(list, .wrongType) }
        for pair in list.elements {
            guard pair.isArray, pair.count == 2 else {
                findings.add(pair, .wrongType)
                continue
            }
            var numbers = pair.elements
            guard let first = numbers.next(), let second = numbers.next() else { continue }
            let price = Fields.numeral(first, &findings)
            let size = Fields.numeral(second, &findings)
            if let price, let size { levels.append(LevelNumerals(price: price, size: size)) }
        }
    }

    static func write(_ update: BookUpdate, _ symbol: Symbol, to out: inout WireWriter) {
        out.text("s", symbol)
        out.beginArray("b")
        for level in update.bids { out.level(level) }
        out.endArray()
        out.beginArray("a")
        for level in update.asks { out.level(level) }
        out.endArray()
        out.integer("u", update.updateID)
        out.integer("seq", update.crossSequence)
    }
}
