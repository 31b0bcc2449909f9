import Market

/// Where a server listens, as a client needs to know it.
public struct ServerAddress: Hashable, Sendable {
    public var port: Int
    /// Base of REST and of all WebSocket paths: `https://127.0.0.1:PORT`, or `http://…` when plain.
    public var base: String
    /// `wss://127.0.0.1:PORT`, or `ws://…` when plain.
    public var webSocketBase: String
    /// PEM of the authority that the server's certificate is signed by; `nil` when plain.
    public var authority: String?

    init(port: Int, authority: String?) {
        self.port = port
        self.authority = authority
        base = (authority == nil ? "http" : "https") + "://127.0.0.1:\(port)"
        webSocketBase = (authority == nil ? "ws" : "wss") + "://127.0.0.1:\(port)"
    }

    /// The URL of one WebSocket path.
    public func webSocket(_ path: SocketPath) -> String { webSocketBase + path.text }
}

extension SocketPath {
    /// As it stands in a URL: `/v5/public/linear`, `/v5/private`.
    public var text: String {
        switch self {
        case .publicData(let category): "/v5/public/" + category.name
        case .systemStatus: "/v5/public/misc/status"
        case .privateData: "/v5/private"
        case .trade: "/v5/trade"
        }
    }
}

/// What a server has done since its start.
public struct ServerCounters: Hashable, Sendable {
    /// WebSockets open now.
    public var clients = 0
    /// WebSockets opened since the start.
    public var connections = 0
    /// Topics subscribed now, over all clients.
    public var subscriptions = 0
    /// Pushes sent; one to three subscribers counts three.
    public var pushes = 0
    /// Bytes of those pushes, frame headers included.
    public var pushedBytes = 0
    /// REST requests answered or, by order of ``OrderAnswers/never``, swallowed.
    public var requests = 0
    /// Orders, amendments and cancellations that the exchange accepted.
    public var orders = 0
    public var amends = 0
    public var cancels = 0
    /// Those that it refused.
    public var rejected = 0
    /// Sockets that the server dropped: forced, silent for too long, or of a client that did not read.
    public var dropped = 0
    /// Manners carried out: what the exchange did to its clients by order or by seed.
    public var manners = 0
    /// Instruments that the exchange's calendar wanted to list and could not.
    public var listingFaults = 0

    public init() {}
}
