public import Market

/// Which of Bybit's sockets: the path of its URL, and the first half of its streams' names.
public enum SocketName: Hashable, Sendable {
    /// `/v5/public/CATEGORY`; its streams are `public/CATEGORY/…`.
    case publicData(Category)
    /// `/v5/private`; its streams are `private/ACCOUNT/…`.
    case privateData(account: String)
    /// `/v5/trade`; its one stream is `trade/ACCOUNT`.
    case trade(account: String)

    /// Name of the socket in stream names and `link/…` records: `public/linear`, `private/main`, `trade/main`.
    public var text: String {
        switch self {
        case .publicData(let category): "public/\(category.name)"
        case .privateData(let account): "private/\(account)"
        case .trade(let account): "trade/\(account)"
        }
    }

    /// Path of the socket's URL.
    public var path: String {
        switch self {
        case .publicData(let category): "/v5/public/\(category.name)"
        case .privateData: "/v5/private"
        case .trade: "/v5/trade"
        }
    }

    /// The stream that tells of this socket's life.
    public var linkStream: StreamName { StreamName("link/" + text) }

    /// From ``text``; `nil` when it names no socket.
    public init?(text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        switch parts[0] {
        case "public":
            guard let category = Category(name: parts[1]) else { return nil }
            self = .publicData(category)
        case "private": self = .privateData(account: String(parts[1]))
        case "trade": self = .trade(account: String(parts[1]))
        default: return nil
        }
    }

    /// The envelope family of the acknowledgements and pongs on this socket.
    public var family: EnvelopeFamily {
        switch self {
        case .publicData(.option), .publicData(.spread): .commandResponse
        case .publicData(.spot): .spotOperation
        case .publicData: .operation
        case .privateData: .privateOperation
        case .trade: .trade
        }
    }
}

/// How a socket answers subscribe, auth and ping.
///
/// - Source: bybit-v5 §2.1, §2.2, §2.4.
public enum EnvelopeFamily: Hashable, Sendable {
    /// Public linear and inverse: `success`, `ret_msg`, `conn_id`, `req_id` (`""` if none was sent), `op`.
    case operation
    /// Public spot: the same, with `ret_msg` naming the operation.
    case spotOperation
    /// Private: the same, `req_id` only if one was sent; pong with `args`.
    case privateOperation
    /// Public option and spread: `data.successTopics`, `type: COMMAND_RESP`.
    case commandResponse
    /// Trade: `reqId`, `retCode`, `retMsg`.
    case trade
}
