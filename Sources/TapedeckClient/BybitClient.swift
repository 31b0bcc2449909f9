import NIOCore
import NIOPosix

/// Bybit for another Swift program: subscriptions as sequences of events, and typed requests.
///
/// Sockets connect when a topic is first asked for, come back by themselves, and keep within the exchange's limits;
/// a book that misses a push is told stale and subscribed anew. Nothing is written to disk.
///
/// It lives on one event loop of its own choosing and may be used from anywhere. It ends with ``close()``, or when it
/// and all its sequences are gone.
public final class BybitClient: Sendable {
    public let configuration: ClientConfiguration
    let lifetime: Lifetime

    /// Checks key and certificate; connects nothing yet.
    ///
    /// - Throws: ``ClientError/gateway(_:)``.
    public init(_ configuration: ClientConfiguration) throws(ClientError) {
        self.configuration = configuration
        let destination = configuration.destination
        let clock = SessionClock()
        let rest: RESTClient
        let tls: TLSContext?
        do throws(GatewayError) {
            var settings = try RESTClient.Settings(
                destination: destination,
                credentials: configuration.credentials,
                account: ClientLoop.account,
                trust: configuration.trust
            )
            settings.proxy = configuration.proxy?.description
            settings.proxyCredentials = configuration.proxyCredentials
            settings.ordersCostMoney = configuration.ordersCostMoney
            settings.quotas.share = min(100, max(1, configuration.quotaShare))
            if settings.takesOrders, configuration.credentials != nil {
                settings.quotas.orderReserve = 20
            }
            settings.limiter = SharedLimiter(settings: settings.quotas)
            let isSecure = destination.publicStream.isSecure || destination.privateStream.isSecure
            tls = isSecure ? try configuration.trust.makeContext() : nil
            rest = try RESTClient(settings: settings, clock: clock)
        } catch {
            throw .gateway(error)
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let hop = Hop(loop) {
            ClientLoop(
                loop: loop,
                clock: clock,
                configuration: configuration,
                rest: rest,
                tls: tls
            )
        }
        lifetime = Lifetime(hop: hop, rest: rest)
    }

    /// Ends every sequence and every socket; requests under way end as failed, or as not sent.
    public func close() async { await lifetime.close() }

    // MARK: - Subscriptions

    /// The events of one public topic, such as `orderbook.50.BTCUSDT`, `publicTrade.BTCUSDT`, `tickers.BTCUSDT` or
    /// `kline.1.BTCUSDT`.
    ///
    /// - Parameter buffer: events that may wait; `nil`: as configured.
    /// - Throws: ``ClientError/unfit(_:)``.
    public func events(
        of topic: String,
        in category: Category,
        buffer: Int? = nil
    ) throws(ClientError) -> ClientEvents {
        try events(of: [topic], in: category, buffer: buffer)
    }

    /// The events of several public topics of one category in one sequence.
    public func events(
        of topics: [String],
        in category: Category,
        buffer: Int? = nil
    ) throws(ClientError) -> ClientEvents {
        var keys: [TopicKey] = []
        for topic in topics {
            let rule: SubscriptionRule
            do throws(SubscriptionRuleError) {
                rule = try SubscriptionRule(category, topic: topic)
            } catch {
                throw .unfit("\(error)")
            }
            guard !rule.isDynamic else {
                throw .unfit("\(topic) is a rule of a session file; name one symbol")
            }
            let key = TopicKey(category: category, name: topic)
            if !keys.contains(key) { keys.append(key) }
        }
        return sequence(keys, buffer)
    }

    /// The events of private topics: `order`, `execution`, `position`, `wallet` and the others of the protocol.
    ///
    /// - Throws: ``ClientError/noCredentials(what:)``, ``ClientError/unfit(_:)``.
    public func privateEvents(
        of topics: [String] = ["order", "execution", "position", "wallet"],
        buffer: Int? = nil
    ) throws(ClientError) -> ClientEvents {
        guard configuration.credentials != nil else {
            throw .noCredentials(what: topics.joined(separator: ", "))
        }
        var keys: [TopicKey] = []
        for topic in topics {
            let isPlain = topic.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || byte == UInt8(ascii: ".")
            }
            guard isPlain, !topic.isEmpty else { throw .unfit("\(topic) is no private topic") }
            let key = TopicKey(category: nil, name: topic)
            if !keys.contains(key) { keys.append(key) }
        }
        return sequence(keys, buffer)
    }

    /// What happens to the connections: ``ClientEvent/Content/connection(_:)`` of every socket.
    public func connectionEvents(buffer: Int? = nil) -> ClientEvents { sequence(nil, buffer) }

    private func sequence(_ topics: [TopicKey]?, _ buffer: Int?) -> ClientEvents {
        ClientEvents(
            registration: Registration(
                lifetime,
                topics: topics,
                limit: buffer ?? configuration.buffer
            )
        )
    }

    // MARK: - What is known now

    /// The book that the topic `orderbook.DEPTH.SYMBOL` has come to; `nil` while nobody reads the topic.
    public func book(of symbol: String, in category: Category, depth: Int) async -> BookState? {
        let key = TopicKey(category: category, name: "orderbook.\(depth).\(symbol)")
        return await lifetime.hop.get { $0.feeds[key]?.bookState }
    }

    /// The ticker that the topic `tickers.SYMBOL` has come to; `nil` while nobody reads the topic, and before its first
    /// push.
    public func ticker(of symbol: String, in category: Category) async -> TickerState? {
        let key = TopicKey(category: category, name: "tickers.\(symbol)")
        return await lifetime.hop.get { $0.feeds[key]?.tickerState }
    }

    /// Every socket that was made, in the order they were.
    public var connections: [ConnectionStatus] {
        get async {
            await lifetime.hop.get { core in
                zip(core.sockets, core.failures).map { ConnectionStatus($0, lastFailure: $1) }
            }
        }
    }
}
