import JSON
import SharedData

/// Which fields messages of one kind have, and of which JSON type: `data[].price string`.
struct FieldShapes {
    private(set) var byKind: [String: Set<String>] = [:]
    private let parser = JSONParser()

    mutating func add(_ kind: String, _ bytes: [UInt8]) {
        var found: Set<String> = []
        try? parser.read(bytes) { FieldShapes.walk($0, "", &found) }
        byKind[kind, default: []].formUnion(found)
    }

    /// Objects whose keys are coins.
    private static let maps: Set<String> = ["cumFeeDetail"]

    private static func walk(_ value: JSONValue, _ path: String, _ found: inout Set<String>) {
        if value.isObject {
            let isMap = maps.contains(path.split(separator: ".").last.map(String.init) ?? "")
            for member in value.elements {
                let name = isMap ? "*" : member.key
                walk(member, path.isEmpty ? name : path + "." + name, &found)
            }
        } else if value.isArray {
            for element in value.elements { walk(element, path + "[]", &found) }
        } else {
            let type =
                value.isString
                ? "string" : value.isNumber ? "number" : value.isNull ? "null" : "bool"
            found.insert(path + " " + type)
        }
    }
}

extension FieldShapes {
    /// The messages of ../shared/data by kind: topics and endpoints with the category that fixes their fields.
    static func ofSharedData() throws -> FieldShapes {
        var shapes = FieldShapes()
        let parser = JSONParser()
        for file in try SharedData.Shared.files("data/bybit") {
            for message in try ConformanceMessage.all(in: file) {
                // Captures of order entry are cut in these sources.
                let kind = try? parser.read(message.bytes) { FieldShapes.kind(message, $0) }
                guard let kind = kind ?? nil else { continue }
                shapes.add(kind, message.bytes)
            }
        }
        return shapes
    }

    private static func kind(_ message: ConformanceMessage, _ root: JSONValue) -> String? {
        switch message.shape {
        case .push(let stream): return push(stream, root)
        case .reply(let path?):
            guard root["retCode"]?.int == 0 else { return nil }
            return reply(path, root, query: message.query)
        case .answer where message.isTrade:
            guard let operation = root["op"]?.string, operation.hasPrefix("order.") else {
                return nil
            }
            return "trade " + operation
        case .request, .reply, .answer, .other: return nil
        }
    }

    /// `push linear orderbook`, `push order spot`.
    static func push(_ stream: String, _ root: JSONValue) -> String? {
        let parts = stream.split(separator: "/", maxSplits: 2).map(String.init)
        guard parts.count == 3, let topic = parts.last else { return nil }
        let words = topic.split(separator: ".").map(String.init)
        if parts[0] == "private" {
            let head =
                words.count > 1 && ["spread", "execution"].contains(words[0])
                    && ["order", "execution", "fast"].contains(words[1])
                ? words[0] + "." + words[1] : words[0]
            guard let row = root["data"]?[0] else { return nil }
            let category = row["category"]?.string ?? ""
            return "push \(head) \(category == "inverse" ? "linear" : category)"
        }
        var category = parts[1] == "inverse" ? "linear" : parts[1]
        if root["data"]?["usdIndexPrice"] != nil { category = "spot" }
        if words[0] == "system" { category = "status" }
        // One row of keys for every category that has the topic.
        if ["kline", "priceLimit", "insurance", "adlAlert"].contains(words[0]) { category = "any" }
        var head = words[0]
        if head == "orderbook" {
            head += words.count > 1 && Int(words[1]) == nil ? "." + words[1] : ""
            category = "any"
        }
        if head == "tickers", category == "linear", root["data"]?["basisRate"] != nil {
            category = "dated"
        }
        return "push \(head) \(category)"
    }

    /// `reply /v5/order/realtime spot`.
    static func reply(_ path: String, _ root: JSONValue, query: String) -> String {
        let alike: Set<String> = [
            "/v5/market/kline", "/v5/market/mark-price-kline", "/v5/market/index-price-kline",
            "/v5/market/premium-index-price-kline", "/v5/market/orderbook",
            "/v5/market/rpi_orderbook", "/v5/market/price-limit", "/v5/market/funding/history",
            "/v5/market/open-interest", "/v5/account/transaction-log", "/v5/market/delivery-price",
        ]
        if alike.contains(path) { return "reply " + path }
        let row = root["result"]?["list"]?[0]
        var category = root["result"]?["category"]?.string ?? root["category"]?.string ?? ""
        if category.isEmpty, query.contains("category=spot") { category = "spot" }
        if category.isEmpty, row?["optionsType"] != nil { category = "option" }
        if category.isEmpty, row?["lotSizeFilter"]?["basePrecision"] != nil { category = "spot" }
        let named: Set<String> = [
            "/v5/market/instruments-info", "/v5/account/instruments-info", "/v5/market/tickers",
            "/v5/market/recent-trade", "/v5/order/realtime", "/v5/order/history",
            "/v5/execution/list", "/v5/position/list",
        ]
        guard named.contains(path) else { return "reply " + path }
        if category.isEmpty || category == "inverse" { category = "linear" }
        return "reply \(path) \(category)"
    }
}
