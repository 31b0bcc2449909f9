import NIOHTTP1

/// One REST endpoint of the server.
struct Route {
    enum Kind {
        /// Read by `RequestReader`.
        case typed
        case tickers
        case candles
        case recentTrades
        case feeRate
        case accountInfo
        case apiKey
        case coins
        case createBatch
        case amendBatch
        case cancelBatch
        case leverage
        case positionMode
        case tradingStop
        case marginMode
    }

    var method: HTTPMethod
    var isSigned: Bool
    var kind: Kind

    /// True for requests that change orders: their answers may be held back on demand.
    var isOrderEntry: Bool { method == .POST }

    static let table: [String: Route] = [
        "/v5/market/time": Route(method: .GET, isSigned: false, kind: .typed),
        "/v5/market/instruments-info": Route(method: .GET, isSigned: false, kind: .typed),
        "/v5/market/orderbook": Route(method: .GET, isSigned: false, kind: .typed),
        "/v5/market/tickers": Route(method: .GET, isSigned: false, kind: .tickers),
        "/v5/market/kline": Route(method: .GET, isSigned: false, kind: .candles),
        "/v5/market/recent-trade": Route(method: .GET, isSigned: false, kind: .recentTrades),
        "/v5/order/create": Route(method: .POST, isSigned: true, kind: .typed),
        "/v5/order/amend": Route(method: .POST, isSigned: true, kind: .typed),
        "/v5/order/cancel": Route(method: .POST, isSigned: true, kind: .typed),
        "/v5/order/cancel-all": Route(method: .POST, isSigned: true, kind: .typed),
        "/v5/order/create-batch": Route(method: .POST, isSigned: true, kind: .createBatch),
        "/v5/order/amend-batch": Route(method: .POST, isSigned: true, kind: .amendBatch),
        "/v5/order/cancel-batch": Route(method: .POST, isSigned: true, kind: .cancelBatch),
        "/v5/position/set-leverage": Route(method: .POST, isSigned: true, kind: .leverage),
        "/v5/position/switch-mode": Route(method: .POST, isSigned: true, kind: .positionMode),
        "/v5/position/trading-stop": Route(method: .POST, isSigned: true, kind: .tradingStop),
        "/v5/account/set-margin-mode": Route(method: .POST, isSigned: true, kind: .marginMode),
        "/v5/order/realtime": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/order/history": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/execution/list": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/position/list": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/account/wallet-balance": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/account/transaction-log": Route(method: .GET, isSigned: true, kind: .typed),
        "/v5/account/fee-rate": Route(method: .GET, isSigned: true, kind: .feeRate),
        "/v5/account/info": Route(method: .GET, isSigned: true, kind: .accountInfo),
        "/v5/user/query-api": Route(method: .GET, isSigned: true, kind: .apiKey),
        "/v5/asset/coin/query-info": Route(method: .GET, isSigned: true, kind: .coins),
    ]
}

/// The items of a query, percent-decoded, for the endpoints that `RequestReader` does not read.
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
    func limit(default usual: Int, most: Int) -> Int {
        guard let given = Int(self["limit"]) else { return usual }
        return min(max(1, given), most)
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
