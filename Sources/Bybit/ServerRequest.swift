public import Market

/// A REST request as the exchange sees it.
public enum ServerRequest: Hashable, Sendable {
    case serverTime
    case instruments(ListQuery)
    case orderBook(ListQuery)
    case create(OrderRequest)
    case amend(AmendRequest)
    case cancel(CancelRequest)
    case cancelAll(ListQuery)
    case openOrders(ListQuery)
    case orderHistory(ListQuery)
    case executions(ListQuery)
    case positions(ListQuery)
    /// Coins asked for; none means all.
    case wallet(coins: [String])
    case transactionLog(ListQuery)
    /// A path that is not spoken: answer with HTTP 404.
    case unknown(path: String)
    /// Answer with this code and text.
    case invalid(RequestError)

    init(_ endpoint: Endpoint, _ query: ListQuery) {
        self =
            switch endpoint {
            case .instruments: .instruments(query)
            case .orderBook: .orderBook(query)
            case .openOrders: .openOrders(query)
            case .orderHistory: .orderHistory(query)
            case .executions: .executions(query)
            case .positions: .positions(query)
            case .transactionLog: .transactionLog(query)
            default: .unknown(path: endpoint.path)
            }
    }
}

/// The parameters of a list request; texts are empty where the client gave none.
public struct ListQuery: Hashable, Sendable {
    /// Linear where the endpoint does not ask for one.
    public var category: Category = .linear
    public var symbol: Symbol?
    public var baseCoin = ""
    public var settleCoin = ""
    public var orderID = ""
    public var orderLinkID = ""
    public var status = ""
    public var executionType = ""
    public var currency = ""
    public var type = ""
    /// `openOnly`: 0 (default) open orders, 1 and 2 closed ones too.
    public var openOnly = 0
    public var limit: Int?
    /// As the reply before gave it.
    public var cursor = ""
    /// Unix milliseconds.
    public var startTime: Int64?
    public var endTime: Int64?

    public init() {}

    /// From names and values; names that are not known are ignored, as the exchange does.
    init(_ pairs: [(name: String, value: String)]) throws(RequestError) {
        for (name, value) in pairs where !value.isEmpty {
            switch name {
            case "category":
                guard let known = Category(name: value) else {
                    throw RequestError(code: 10_001, message: "Illegal category")
                }
                category = known
            case "symbol":
                guard let known = Symbol(value) else {
                    throw RequestError(code: 10_001, message: "params error: symbol invalid")
                }
                symbol = known
            case "baseCoin": baseCoin = value
            case "settleCoin": settleCoin = value
            case "orderId": orderID = value
            case "orderLinkId": orderLinkID = value
            case "status", "orderStatus": status = value
            case "execType": executionType = value
            case "currency": currency = value
            case "type": type = value
            case "cursor": cursor = value
            case "openOnly": openOnly = try ListQuery.number(name, value)
            case "limit": limit = try ListQuery.number(name, value)
            case "startTime": startTime = Int64(try ListQuery.number(name, value))
            case "endTime": endTime = Int64(try ListQuery.number(name, value))
            default: break
            }
        }
    }

    private static func number(_ name: String, _ value: String) throws(RequestError) -> Int {
        guard let number = Int(value), number >= 0 else {
            throw RequestError(code: 10_001, message: "params error: \(name) invalid")
        }
        return number
    }
}
