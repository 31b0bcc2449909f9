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
        event.kind = route.isImprovementBook ? .improvementBook : .book
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
        let isWhole = readData(
            data,
            route.symbol,
            hasImprovements: route.isImprovementBook,
            &event,
            &findings
        )
        if !isWhole { lose(&event) }
    }

    /// `s`, `b`, `a`, `u`, `seq`; false when it lacks what it cannot stand without: a book of its own, and a number
    /// that gives it a place among others.
    ///
    /// - Parameter parser: that of the text, for long lists; `nil`: each level is looked at.
    static func readData(
        _ data: JSONValue,
        _ expected: Symbol,
        hasImprovements: Bool = false,
        sequence: Presence = .required,
        parser: JSONParser? = nil,
        _ event: inout Event,
        _ findings: inout Findings
    ) -> Bool {
        let update = Fields.integer("u", in: data, .required, &findings)
        event.book.crossSequence = Fields.integer("seq", in: data, sequence, &findings) ?? 0
        let symbol = Fields.symbol("s", in: data, &findings)
        if let symbol, !expected.isNone, symbol != expected, let found = data["s"] {
            findings.add(found, .unexpected(symbol.description))
            return false
        }
        if hasImprovements {
            readTriples(
                "b",
                in: data,
                into: &event.book.bids,
                &event.book.bidImprovements,
                &findings
            )
            readTriples(
                "a",
                in: data,
                into: &event.book.asks,
                &event.book.askImprovements,
                &findings
            )
        } else {
            readLevels("b", in: data, parser, into: &event.book.bids, &findings)
            readLevels("a", in: data, parser, into: &event.book.asks, &findings)
        }
        guard let update, let symbol else { return false }
        event.book.updateID = update
        event.symbol = symbol
        return true
    }

    /// A push that cannot be placed: no level of it may reach a book.
    private static func lose(_ event: inout Event) {
        event.kind = .malformed
        empty(&event)
    }

    static func empty(_ event: inout Event) {
        event.book.bids.removeAll(keepingCapacity: true)
        event.book.asks.removeAll(keepingCapacity: true)
        event.book.bidImprovements.removeAll(keepingCapacity: true)
        event.book.askImprovements.removeAll(keepingCapacity: true)
    }

    /// `[price, size without improvements, size of improvements]`.
    private static func readTriples(
        _ key: StaticString,
        in data: JSONValue,
        into levels: inout [LevelNumerals],
        _ improvements: inout [Numeral],
        _ findings: inout Findings
    ) {
        guard let list = data[key] else { return findings.missing(key, in: data) }
        guard list.isArray else { return findings.add(list, .wrongType) }
        for triple in list.elements {
            guard triple.isArray, triple.count == 3 else {
                findings.add(triple, .wrongType)
                continue
            }
            var numbers = triple.elements
            guard let first = numbers.next(), let second = numbers.next(),
                let third = numbers.next()
            else { continue }
            let price = Fields.numeral(first, &findings)
            let size = Fields.numeral(second, &findings)
            let improvement = Fields.numeral(third, &findings)
            guard let price, let size, let improvement else { continue }
            levels.append(LevelNumerals(price: price, size: size))
            improvements.append(improvement)
        }
    }

    private static func readLevels(
        _ key: StaticString,
        in data: JSONValue,
        _ parser: JSONParser?,
        into levels: inout [LevelNumerals],
        _ findings: inout Findings
    ) {
        guard let list = data[key] else { return findings.missing(key, in: data) }
        guard list.isArray else { return findings.add(list, .wrongType) }
        if let usual = parser?.levels(list) { return levels.append(contentsOf: usual) }
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
        write(update.bids, update.bidImprovements, to: &out)
        out.endArray()
        out.beginArray("a")
        write(update.asks, update.askImprovements, to: &out)
        out.endArray()
        out.integer("u", update.updateID)
        out.integer("seq", update.crossSequence)
    }

    private static func write(
        _ levels: [LevelNumerals],
        _ improvements: [Numeral],
        to out: inout WireWriter
    ) {
        guard !improvements.isEmpty else { return out.levels(levels) }
        for (level, improvement) in zip(levels, improvements) {
            out.beginArray()
            out.numeralElement(level.price)
            out.numeralElement(level.size)
            out.numeralElement(improvement)
            out.endArray()
        }
    }
}
