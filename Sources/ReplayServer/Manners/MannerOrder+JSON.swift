import JSON
import Market

/// A manner's order as a test writes it.
extension MannerOrder {
    /// What is wrong with it, for whoever wrote it.
    struct Wrong: Error {
        var text: String
    }

    /// `{"manner": "gap", "client": 3, "account": "main", "path": "/v5/public/*", "topic": "orderbook.*", "after": 10,
    /// "times": 1, "milliseconds": 250, "status": 502, "pushes": 2}`; only `manner` must be there.
    static func read(_ body: [UInt8]) -> Result<MannerOrder, Wrong> {
        let read = try? JSONParser().read(body) { root -> Result<MannerOrder, Wrong> in
            guard root.isObject else { return .failure(Wrong(text: "an order is a JSON object")) }
            return MannerOrder.read(root)
        }
        return read ?? .failure(Wrong(text: "the body is not JSON"))
    }

    private static let names = [
        "manner", "client", "account", "path", "topic", "after", "times", "milliseconds", "status",
        "pushes",
    ]

    private static func read(_ root: JSONValue) -> Result<MannerOrder, Wrong> {
        for member in root.elements where !names.contains(member.key) {
            let known = names.joined(separator: ", ")
            return .failure(Wrong(text: "\(member.key) is not one of \(known)"))
        }
        guard let manner = root["manner"]?.string.flatMap(Manner.init) else {
            let known = Manner.allCases.map(\.rawValue).joined(separator: ", ")
            return .failure(Wrong(text: "manner is not one of \(known)"))
        }
        var order = MannerOrder(manner: manner)
        order.target.account = root["account"]?.string ?? ""
        order.target.path = root["path"]?.string ?? ""
        order.target.topic = root["topic"]?.string ?? ""
        if let client = root["client"] {
            guard let number = client.uint64 else {
                return .failure(Wrong(text: "client is a socket's number"))
            }
            order.target.client = number
        }
        func number(_ name: String, _ range: ClosedRange<Int>) throws(Wrong) -> Int? {
            guard let value = root[name] else { return nil }
            guard let number = value.int, range.contains(number) else {
                throw Wrong(
                    text:
                        "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return number
        }
        do throws(Wrong) {
            order.after = try number("after", 0...1_000_000_000)
            order.times = try number("times", 1...1_000_000_000) ?? 1
            order.milliseconds = try number("milliseconds", -86_400_000...86_400_000) ?? 0
            order.status = try number("status", 500...599) ?? 502
            order.pushes = try number("pushes", 1...1_000_000) ?? 1
        } catch {
            return .failure(error)
        }
        if order.after != nil, !manner.isOfPushes, !manner.isOfRequests {
            let name = manner.rawValue
            return .failure(Wrong(text: "\(name) is done at once and waits for nothing: no after"))
        }
        return .success(order)
    }

    func write(_ json: inout JSONWriter) {
        json.field("order", number)
        json.field("manner", manner.rawValue)
        if let client = target.client { json.field("client", String(client)) }
        if !target.account.isEmpty { json.field("account", target.account) }
        if !target.path.isEmpty { json.field("path", target.path) }
        if !target.topic.isEmpty { json.field("topic", target.topic) }
        if let after { json.field("after", after) }
        json.field("times", times)
        if milliseconds != 0 { json.field("milliseconds", milliseconds) }
        if manner == .serverError { json.field("status", status) }
        if manner == .gap { json.field("pushes", pushes) }
    }
}
