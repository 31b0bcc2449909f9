/// Where a relay listens, where it leads, and what it takes from one bot before it refuses.
public struct RelaySettings: Sendable {
    /// An address of this machine, or `0.0.0.0` and `::` for all of them.
    public var host: String
    /// 0: any that is free.
    public var port: Int
    public let destination: Destination
    /// `nil` where the destination is plain.
    public var tls: TLSContext?
    /// An HTTP proxy on the way to the exchange, `http://HOST:PORT`.
    public var proxy: Address?
    /// User and password for ``proxy``; `nil`: it asks for none.
    public var proxyCredentials: ProxyCredentials?
    /// Name and value of one request's headers together with its target; bytes.
    public var headerBytesMax = 32 << 10
    /// Body of a request, bytes.
    public var requestBodyMax = 4 << 20
    /// Body of an answer, bytes; all linear instruments in one page are about 2 MB.
    public var replyBodyMax = 32 << 20
    /// One WebSocket message of a bot, bytes.
    public var botMessageMax = 1 << 20
    /// One WebSocket message of the exchange, bytes.
    public var exchangeMessageMax = 10 << 20
    /// Connections of bots at the same time.
    public var connectionsMax = 1_024
    /// Nanoseconds until an answer that does not come counts as timed out.
    public var replyTimeout: Int64 = 30_000_000_000
    /// Nanoseconds for a connection to the exchange to stand.
    public var connectTimeout: Int64 = 10_000_000_000
    /// Says whether anything may leave, and is told when the exchange takes nothing; `nil`: nobody does.
    public var limiter: SharedLimiter?
    /// Messages of a bot on the trade socket leave whole, so that one can be refused.
    public var mayRefuse = false

    public init(host: String, port: Int, destination: Destination) {
        self.host = host
        self.port = port
        self.destination = destination
    }
}
