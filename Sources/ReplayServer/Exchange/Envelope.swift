import Bybit
import Market

/// Bodies of REST answers that the Bybit module has no writer for: the envelope, and lists in it.
///
/// - Source: bybit-v5 §6.1.
enum Envelope {
    static func object(
        message: String = "OK",
        time: Int64,
        _ result: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", 0)
            json.field("retMsg", message)
            json.field("result", object: result)
            json.field("retExtInfo", object: { _ in })
            json.field("time", time)
        }
        return json.bytes
    }

    static func answer(_ answer: OrderAnswer, time: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", answer.code)
            json.field("retMsg", answer.message)
            json.key("result")
            json.raw(answer.result)
            json.key("retExtInfo")
            json.raw(answer.extra)
            json.field("time", time)
        }
        return json.bytes
    }

    /// - Parameters:
    ///   - category: `nil` where the endpoint does not name one.
    ///   - cursor: `nil` where the endpoint has no pages.
    static func list(
        _ category: Category?,
        symbol: Symbol? = nil,
        cursor: String? = "",
        time: Int64,
        _ rows: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        object(time: time) { json in
            if let category { json.field("category", category.name) }
            if let symbol { json.field("symbol", symbol.description) }
            json.field("list", array: rows)
            if let cursor { json.field("nextPageCursor", cursor) }
        }
    }

    /// Rows that the Bybit module writes.
    static func list(
        _ category: Category?,
        symbol: Symbol? = nil,
        cursor: String? = "",
        time: Int64,
        rows: [Detail]
    ) -> [UInt8] {
        list(category, symbol: symbol, cursor: cursor, time: time) { json in
            for row in rows { json.row(row) }
        }
    }

    /// One row as the whole result.
    static func row(_ detail: Detail, time: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", 0)
            json.field("retMsg", "OK")
            json.key("result")
            json.row(detail)
            json.field("retExtInfo", object: { _ in })
            json.field("time", time)
        }
        return json.bytes
    }

    /// The answer of endpoints that say no more than that it is done.
    ///
    /// - Parameter isBare: without result and time, as those of cancel-on-disconnect.
    static func done(message: String = "OK", isBare: Bool = false, time: Int64) -> [UInt8] {
        guard isBare else { return object(message: message, time: time) { _ in } }
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", 0)
            json.field("retMsg", message)
        }
        return json.bytes
    }
}

extension JSONWriter {
    /// A row of a reply's list.
    mutating func row(_ detail: Detail) { raw(MessageWriter.message { $0.listRow(detail) }) }

    mutating func field(_ name: String, texts: [String]) {
        field(name, array: { json in for text in texts { json.value(text) } })
    }

    /// `""` for none.
    mutating func field(_ name: String, _ number: Numeral?) {
        field(name, number?.description ?? "")
    }
}

/// One page of rows that are all at hand: the cursor is the number of rows given before it.
struct ListPage<Row> {
    var rows: [Row]
    var cursor: String

    init(_ all: [Row], limit: Int, cursor given: String) {
        let first = min(all.count, max(0, Int(given) ?? 0))
        let last = min(all.count, first + max(1, limit))
        rows = Array(all[first..<last])
        cursor = last < all.count ? String(last) : ""
    }
}
