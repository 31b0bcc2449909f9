import Market

/// What a client puts on a socket, as the client writes it and the server reads it.
public enum SocketRequest: Hashable, Sendable {
    case subscribe([String])
    case unsubscribe([String])
    case ping
    /// Key, `expires` (Unix milliseconds), signature over ``textToSign(expires:)``.
    case auth(key: String, expires: Int64, signature: String)
    /// An `op` that is not spoken.
    case other(String)

    public var operation: String {
        switch self {
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .ping: "ping"
        case .auth: "auth"
        case .other(let name): name
        }
    }

    /// The frame: `{"req_id":"r1","op":"subscribe","args":["publicTrade.BTCUSDT"]}`; no `req_id` when it is `none`.
    public func bytes(requestID: RequestID = .none) -> [UInt8] {
        var out = WireWriter()
        out.beginObject()
        if requestID != .none { out.requestID("req_id", requestID) }
        out.text("op", operation)
        switch self {
        case .subscribe(let topics), .unsubscribe(let topics):
            out.beginArray("args")
            for topic in topics { out.textElement(topic) }
            out.endArray()
        case .auth(let key, let expires, let signature):
            out.beginArray("args")
            out.textElement(key)
            out.integerElement(expires)
            out.textElement(signature)
            out.endArray()
        case .ping, .other: break
        }
        out.endObject()
        return out.bytes
    }

    /// What is signed to authenticate a private or trade socket: `GET/realtime` and `expires`, nothing between.
    public static func textToSign(expires: Int64) -> [UInt8] {
        Array("GET/realtime\(expires)".utf8)
    }

    /// The topics cut into requests that the socket takes: at most ten on spot, all-in-one private topics apart
    /// from those by category.
    public static func subscriptions(_ topics: [String], on socket: SocketName) -> [SocketRequest] {
        let groups: [[String]] =
            switch socket {
            case .privateData:
                [topics.filter { !isByCategory($0) }, topics.filter(isByCategory)]
            case .publicData, .trade: [topics]
            }
        let most = BybitLimits.topicsPerRequest(socket)
        return groups.flatMap { group in
            stride(from: 0, to: group.count, by: most).map { start in
                .subscribe(Array(group[start..<min(start + most, group.count)]))
            }
        }
    }

    /// True for a private topic of one category, `order.linear`, which no request may ask for together with an all-in-one
    /// topic.
    ///
    /// - Source: protocol reference §2.4.
    public static func isByCategory(_ topic: String) -> Bool {
        guard let dot = topic.lastIndex(of: ".") else { return false }
        return Category(name: topic[topic.index(after: dot)...]) != nil
    }
}

/// A request's id, echoed with the JSON type it came in: pybit sends strings, ccxt integers.
public enum RequestID: Hashable, Sendable {
    case none
    case text(String)
    /// The digits of a JSON number.
    case number(String)

    public var description: String {
        switch self {
        case .none: ""
        case .text(let text), .number(let text): text
        }
    }
}

/// A client's frame as the server reads it.
public struct ClientFrame: Hashable, Sendable {
    public var requestID: RequestID
    public var request: SocketRequest

    public init(requestID: RequestID, request: SocketRequest) {
        self.requestID = requestID
        self.request = request
    }
}
