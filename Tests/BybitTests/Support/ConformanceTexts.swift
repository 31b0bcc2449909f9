import Bybit
import JSON
import Market

/// The texts of numbers in a message, by the names of their fields.
enum ConformanceTexts {
    /// Fields of rows that are written whole; what stands in the others may be a constant of the writer.
    private static let decoded: Set<String> = [
        "b", "a", "p", "v", "mP", "iP", "mIv", "iv", "open", "high", "low", "close", "price", "qty",
        "size", "leavesQty", "cumExecQty", "execPrice", "execQty", "orderPrice", "orderQty",
        "markPrice",
    ]

    /// Every decimal text, by field; array elements are under their array's name.
    static func numbers(_ bytes: [UInt8], _ parser: JSONParser) -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        _ = try? parser.read(bytes) { root in collect(root, "", &found) }
        return found
    }

    private static func collect(
        _ value: JSONValue,
        _ key: String,
        _ found: inout [String: Set<String>]
    ) {
        if value.isObject {
            for member in value.elements { collect(member, member.key, &found) }
        } else if value.isArray {
            for element in value.elements { collect(element, key, &found) }
        } else if value.isString || value.isNumber {
            let text = String(decoding: value.raw, as: UTF8.self)
            if (try? Numeral(text: text)) != nil { found[key, default: []].insert(text) }
        }
    }

    /// The event's rows as the writer writes them, with those fields alone that come from the message.
    static func written(_ event: Event) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        let symbol = event.symbol.isNone ? Symbol("NONE") ?? .none : event.symbol
        func add(_ isWhole: Bool = false, _ write: (inout MessageWriter) -> Void) {
            messages.append(picked(MessageWriter.message(write), isWhole: isWhole))
        }
        if !event.book.bids.isEmpty || !event.book.asks.isEmpty {
            add { $0.book(event.book, symbol: symbol, ts: 0) }
        }
        if event.kind == .publicTrades { add { $0.trades(event.trades, symbol: symbol, ts: 0) } }
        if event.kind == .ticker { messages.append(ticker(event.ticker, event.category)) }
        if !event.candles.isEmpty { add { $0.candles(event.candles, symbol: symbol, ts: 0) } }
        if !event.orders.isEmpty { add { $0.orders(event.orders, id: "", creationTime: 0) } }
        if !event.executions.isEmpty {
            add { $0.executions(event.executions, id: "", creationTime: 0) }
        }
        if !event.positions.isEmpty {
            add { $0.positions(event.positions, id: "", creationTime: 0) }
        }
        for detail in event.details { messages.append(self.detail(detail, event)) }
        return messages
    }

    private static func detail(_ detail: Detail, _ event: Event) -> [UInt8] {
        if case .ticker(let row) = detail { return ticker(row.ticker, event.category) }
        if case .candle = detail {
            let row = MessageWriter.message { $0.listRow(detail) }
            return Array(#"{"list":"#.utf8) + row + Array("}".utf8)
        }
        return MessageWriter.message {
            if event.kind == .reply {
                $0.listRow(detail)
            } else {
                // Zero stands for the message's own times, which are not the row's.
                $0.details([detail], topic: "-", isPrivate: false, time: 0)
            }
        }.replacingTimes()
    }

    /// A ticker's numbers under the names of its fields in every category.
    private static func ticker(_ ticker: TickerUpdate, _ category: Market.Category) -> [UInt8] {
        let push = MessageWriter.message {
            $0.ticker(ticker, category: category, symbol: Symbol("X") ?? .none, ts: 0)
        }
        return picked(push, isWhole: true, without: ["cs", "ts", "volume24h", "turnover24h"])
    }

    private static func picked(
        _ bytes: [UInt8],
        isWhole: Bool,
        without: Set<String> = []
    ) -> [UInt8] {
        let found = numbers(bytes, JSONParser())
        var writer = JSONWriter()
        writer.object { json in
            for (key, texts) in found.sorted(by: { $0.key < $1.key }) {
                guard isWhole ? !without.contains(key) : decoded.contains(key) else { continue }
                for text in texts.sorted() { json.field(key, text) }
            }
        }
        return writer.bytes
    }
}

extension [UInt8] {
    /// Without the zero that the writer was given for the message's time.
    fileprivate func replacingTimes() -> [UInt8] {
        let text = String(decoding: self, as: UTF8.self)
        return Array(text.replacing("\"ts\":0,", with: "").utf8)
    }
}
