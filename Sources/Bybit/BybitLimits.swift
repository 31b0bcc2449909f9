import Market

/// What Bybit allows.
///
/// - Source: bybit-v5 §2.2, §2.4, §6.1.
public enum BybitLimits {
    /// Topics in one subscribe request on public spot.
    public static let spotTopicsPerRequest = 10
    /// Topics that we put into one request elsewhere, where Bybit names no limit.
    public static let topicsPerRequest = 200
    /// Topics on one option connection.
    public static let optionTopicsPerConnection = 2_000
    /// Characters of all topics on one public connection.
    public static let topicCharactersPerConnection = 21_000
    /// New connections within five minutes, counted per IP and WebSocket domain.
    public static let connectionsPerFiveMinutes = 500
    /// Seconds between pings.
    public static let pingIntervalSeconds = 20
    /// Requests that an IP may make within five seconds.
    public static let requestsPerFiveSeconds = 600
    /// Rows of one page.
    public static let instrumentsPerPage = 1_000
    public static let ordersPerPage = 50
    public static let executionsPerPage = 100
    public static let positionsPerPage = 200
    public static let transactionsPerPage = 50
    /// Public trades in the list of the last ones.
    public static let recentTrades = 1_000
    public static let spotRecentTrades = 60
    /// Of orders and of executions of combinations.
    public static let spreadRowsPerPage = 50
    /// Length of a client order id.
    public static let orderLinkIDBytesMax = 36

    /// Topics in one subscribe request on that socket.
    public static func topicsPerRequest(_ socket: SocketName) -> Int {
        socket == .publicData(.spot) ? spotTopicsPerRequest : topicsPerRequest
    }
}
