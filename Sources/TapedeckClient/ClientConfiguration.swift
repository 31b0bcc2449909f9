/// Where a ``BybitClient`` connects, with which key, and how much it may hold for a slow reader.
public struct ClientConfiguration: Sendable {
    public var destination: Destination
    /// For private topics, account questions and orders; `nil`: public data alone.
    ///
    /// A key goes only where it belongs: its environment must be the destination's.
    public var credentials: Credentials?
    /// Whose certificates are believed.
    public var trust = Trust.system
    /// An HTTP proxy, `http://HOST:PORT`; `nil`: none, whatever the environment variables say.
    public var proxy: Address?
    /// User and password for a ``proxy`` that asks for them: `try ProxyCredentials.read()`; `nil`: it asks for none.
    public var proxyCredentials: ProxyCredentials?
    /// Orders may go where they cost money.
    ///
    /// Without it orders, amendments and cancels go to loopback, testnet and demo, and are refused with
    /// ``ClientError/ordersRefused(destination:)`` anywhere else, before anything is sent.
    public var ordersCostMoney = false
    /// Events that may wait in one sequence, at least 1; beyond it the oldest leave, and their count is told.
    public var buffer = 4_096
    /// Percent of the exchange's request quotas that this client may use, from 1 to 100.
    ///
    /// Below 100 a batch of more orders than the share has in a second is refused with
    /// ``ClientError/batchTooLarge(path:orders:most:)``, before anything is sent, once the exchange has said what the quota
    /// is. A fifth of the share is kept for cancels, which are never refused.
    public var quotaShare = 100
    /// Nanoseconds that a connection without topics stays open, for those who come back.
    public var idle: Int64 = 10_000_000_000
    /// Nanoseconds until a request counts as timed out.
    public var timeout: Int64 = 10_000_000_000

    public init(_ destination: Destination, credentials: Credentials? = nil) {
        self.destination = destination
        self.credentials = credentials
    }

    public init(environment: Environment, credentials: Credentials? = nil) {
        self.init(Destination(environment), credentials: credentials)
    }
}
