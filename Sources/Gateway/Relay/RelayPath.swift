public import Bybit
public import Market

/// Which of the exchange's sockets a path of the relay's port is.
public enum RelayPath: Hashable, Sendable {
    case publicData(Category)
    /// `/v5/public/misc/status`.
    case systemStatus
    case privateData
    case trade

    /// From the path without its query; `nil` for a path that has no WebSocket.
    init?(path: some StringProtocol) {
        switch path {
        case "/v5/private": self = .privateData
        case "/v5/trade": self = .trade
        case "/v5/public/misc/status": self = .systemStatus
        default:
            let prefix = "/v5/public/"
            guard path.hasPrefix(prefix),
                let category = Category(name: path.dropFirst(prefix.count))
            else { return nil }
            self = .publicData(category)
        }
    }

    public var isPrivate: Bool { self == .privateData || self == .trade }

    func address(at destination: Destination) -> Address {
        isPrivate ? destination.privateStream : destination.publicStream
    }

    /// The socket's name in stream names; topics of `misc/status` stand under `public/linear`, on a slot of their own.
    public func socket(account: String) -> SocketName {
        switch self {
        case .publicData(let category): .publicData(category)
        case .systemStatus: .publicData(.linear)
        case .privateData: .privateData(account: account)
        case .trade: .trade(account: account)
        }
    }
}
