public import JSON
public import Market

/// What kind of message a record is, by its stream and by what tells products of one topic apart.
///
/// `push publicTrade linear`, `reply /v5/market/tickers spot`, `answer subscribe private`, `trade order.create`.
public enum MessageKind {
    /// The kind of a push; `nil` for what is none.
    public static func push(_ stream: StreamName, _ root: JSONValue) -> String? {
        switch stream.kind {
        case .publicTopic(let category, let topic): publicPush(topic, category, root)
        case .privateTopic(_, let topic): privatePush(topic)
        default: nil
        }
    }

    private static func publicPush(
        _ topic: String,
        _ category: Category,
        _ root: JSONValue
    ) -> String {
        let words = topic.split(separator: ".").map(String.init)
        let head = words.first ?? ""
        switch head {
        // One row of keys for every category that has the topic.
        case "kline", "priceLimit", "insurance", "adlAlert", "system", "allLiquidation":
            return head == "allLiquidation" ? "push allLiquidation linear" : "push " + head
        case "orderbook":
            let isNamed = words.count > 2 && Int64(words[1]) == nil
            return isNamed ? "push orderbook." + words[1] : "push orderbook"
        case "tickers":
            let isContract = category == .linear || category == .inverse
            // A dated contract has a basis, and its deltas need not name it: the symbol tells.
            let isDated = isContract && MessageKind.isDated(words.last ?? "", category)
            return "push tickers " + (isDated ? "dated" : isContract ? "linear" : category.name)
        case "publicTrade":
            return "push publicTrade " + (category == .inverse ? "linear" : category.name)
        default: return "push " + head
        }
    }

    /// `BTCUSDT-25DEC26`, `BTC-25DEC26`, `BTCUSDZ26`.
    private static func isDated(_ symbol: String, _ category: Category) -> Bool {
        if category == .linear { return symbol.contains("-") }
        guard let last = symbol.utf8.last else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last)
    }

    private static func privatePush(_ topic: String) -> String {
        let words = topic.split(separator: ".").map(String.init)
        guard let head = words.first else { return "push" }
        if words.count > 1, head == "spread" || words[1] == "fast" {
            return "push " + head + "." + words[1]
        }
        return "push " + head
    }

    /// The kind of an answer on a socket; `nil` where it is none.
    public static func answer(_ socket: SocketName, _ root: JSONValue) -> String? {
        let operation = root["op"]?.string ?? ""
        switch socket.family {
        case .trade:
            if operation.hasPrefix("order.") { return "trade " + operation }
            return operation.isEmpty ? nil : "answer \(operation) trade"
        case .commandResponse:
            return operation == "pong" ? "answer pong listed" : "answer subscribe listed"
        case .operation: return operation.isEmpty ? nil : "answer \(operation) linear"
        case .spotOperation: return operation.isEmpty ? nil : "answer \(operation) spot"
        case .privateOperation: return operation.isEmpty ? nil : "answer \(operation) private"
        }
    }

    /// Endpoints of which each category has fields of its own.
    private static let byCategory: [String] = [
        "/v5/market/instruments-info", "/v5/account/instruments-info", "/v5/market/tickers",
    ]

    /// The kind of a reply of that path.
    ///
    /// - Parameter query: as it was sent; the reply need not repeat the category.
    public static func reply(_ path: String, query: String, _ root: JSONValue) -> String {
        guard byCategory.contains(path) else { return "reply " + path }
        var category = root["result"]?["category"]?.string ?? ""
        if category.isEmpty {
            for name in ["spot", "linear", "inverse", "option"]
            where query.split(separator: "&").contains("category=" + name) {
                category = name
            }
        }
        return "reply \(path) \(category == "inverse" || category.isEmpty ? "linear" : category)"
    }
}
