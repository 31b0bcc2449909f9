import Bybit
import Market
import NIOHTTP1
import Simulation

/// One REST endpoint of the server.
struct Route: Sendable {
    /// Answers with the body; what it throws becomes the refusal's.
    typealias Handler = @Sendable (ExchangeVenue, RESTCall) throws(RequestError) -> [UInt8]

    enum Answer: Sendable {
        case body(Handler)
        /// Order entry, which shares its quotas with the trade socket.
        case orders(OrderAction)
    }

    var method: HTTPMethod
    var isSigned: Bool
    var answer: Answer

    /// True for requests that change something: their answers may be held back on demand, and pushes follow.
    var isEntry: Bool { method == .POST }

    static let table: [String: Route] = {
        var table: [String: Route] = [:]
        for (path, handler) in MarketEndpoints.all {
            table[path] = Route(method: .GET, isSigned: false, answer: .body(handler))
        }
        for (path, handler) in AccountEndpoints.all + SpreadEndpoints.signed {
            table[path] = Route(method: .GET, isSigned: true, answer: .body(handler))
        }
        for (path, handler) in SettingEndpoints.all + SpreadEndpoints.entry {
            table[path] = Route(method: .POST, isSigned: true, answer: .body(handler))
        }
        for action in OrderAction.allCases {
            table[action.path] = Route(method: .POST, isSigned: true, answer: .orders(action))
        }
        return table
    }()
}

/// One request as an endpoint sees it.
struct RESTCall {
    var query: QueryItems
    var body: [UInt8]
    /// The key's place in the directory; −1 on endpoints that need no key.
    var place: Int
    /// Of the key; none of the exchange's where no key is needed.
    var account: AccountID
    /// The machine's clock.
    var now: Timestamp

    /// `time` of the envelope, Unix milliseconds.
    var time: Int64 { now.milliseconds }

    func category(default usual: Category? = nil) throws(RequestError) -> Category {
        let given = query["category"]
        if given.isEmpty, let usual { return usual }
        guard let category = Category(name: given) else {
            throw RequestError(code: 10_001, message: "Illegal category")
        }
        return category
    }

    /// One of those that the endpoint has.
    func category(
        _ allowed: [Category],
        default usual: Category? = nil
    ) throws(RequestError) -> Category {
        let category = try category(default: usual)
        guard allowed.contains(category) else {
            throw RequestError(code: 10_001, message: "Illegal category")
        }
        return category
    }

    /// `nil` when none was given.
    func instrument(_ category: Category) throws(RequestError) -> InstrumentID? {
        let text = query["symbol"]
        if text.isEmpty { return nil }
        guard let symbol = Symbol(text) else { throw RESTCall.invalid("symbol") }
        return InstrumentID(category, symbol)
    }

    func required(_ category: Category) throws(RequestError) -> InstrumentID {
        guard let id = try instrument(category) else { throw RESTCall.missing("symbol") }
        return id
    }

    /// Unix milliseconds, both ends included; 181010 for more than a week.
    func times(within days: Int64 = 7) throws(RequestError) -> (since: Int64?, until: Int64?) {
        let since = try query.milliseconds("startTime")
        let until = try query.milliseconds("endTime")
        if let since, let until, until - since > days * 86_400_000 {
            throw RequestError(
                code: 181_010,
                message: "The time range cannot exceed \(days) days"
            )
        }
        return (since, until)
    }

    static func missing(_ parameter: String) -> RequestError {
        RequestError(code: 10_001, message: "params error: \(parameter) missing")
    }

    static func invalid(_ parameter: String) -> RequestError {
        RequestError(code: 10_001, message: "params error: \(parameter) invalid")
    }

    static let unknownSymbol = RequestError(code: 10_001, message: "Not supported symbols")
}

/// The items of a query, percent-decoded.
struct QueryItems {
    private let items: [(name: String, value: String)]

    init(_ query: String) {
        items = query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? QueryItems.decoded(parts[1]) : "")
        }
    }

    /// Empty where there is none.
    subscript(_ name: String) -> String { items.first { $0.name == name }?.value ?? "" }

    /// A limit between 1 and `most`, or the default.
    func limit(default usual: Int, most: Int) throws(RequestError) -> Int {
        let text = self["limit"]
        if text.isEmpty { return min(usual, most) }
        guard let given = Int(text) else { throw RESTCall.invalid("limit") }
        return min(max(1, given), most)
    }

    /// `nil` when none was given.
    func milliseconds(_ name: String) throws(RequestError) -> Int64? {
        let text = self[name]
        if text.isEmpty { return nil }
        guard let value = Int64(text), value >= 0 else { throw RESTCall.invalid(name) }
        return value
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
