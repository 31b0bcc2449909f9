import Bybit
public import Market
public import NIOCore
import Synchronization

/// Speaks REST with the exchange by libcurl, on a thread of its own, over connections that are used again.
///
/// A request goes in from anywhere and comes back as one ``RESTExchange``: answered, timed out, failed (it may have
/// arrived) or not sent (it has certainly not). It waits until the exchange's quotas allow it (``RateLimiter``), and is
/// not sent at all for ten minutes after the exchange has answered 403. It is signed at the moment it leaves. Of a lane
/// cancels and look-ups of one order leave first, all else in the order it came. A request that libcurl could send again
/// by itself on a connection that was found dead is only sent again when it is a GET.
public final class RESTClient: Sendable {
    public struct Settings: Sendable {
        public let destination: Destination
        public let credentials: Credentials?
        /// The account's word in stream names: `rest/ACCOUNT/…`.
        public let account: String
        public var trust: Trust
        /// `http://HOST:PORT` of a proxy; `nil`: none, whatever the environment variables say.
        public var proxy: String?
        /// User and password for ``proxy``; `nil`: it asks for none.
        public var proxyCredentials: ProxyCredentials?
        /// `recv_window`, milliseconds: how long a request is good for at the exchange.
        public var window = 5_000
        /// Requests at the same time, and so connections, of each lane.
        public var orderConnections = 4
        public var questionConnections = 4
        /// Beside ``orderConnections``, for cancels alone: orders without an answer may hold all of those.
        public var cancelConnections = 2
        /// Longest answer, bytes; all linear instruments in one page are about 2 MB.
        public var bodyMax = 32 << 20
        /// Share of the exchange's quotas, and what is kept for cancels.
        public var quotas: RateLimiter.Settings
        /// Keeps to ``quotas`` together with others; `nil`: nobody else uses them.
        public var limiter: SharedLimiter?
        /// Orders may go where they cost money; only a program that asks for it by name says so, never a session.
        public var ordersCostMoney = false
        /// Requests that may wait; beyond it they end as not sent.
        public var waitingMax = 4_096

        /// - Throws: ``GatewayError/keyOfOtherEnvironment(key:destination:)``.
        public init(
            destination: Destination,
            credentials: Credentials? = nil,
            account: String = "main",
            trust: Trust = .system
        ) throws(GatewayError) {
            try credentials?.permit(destination)
            self.destination = destination
            self.credentials = credentials
            self.account = account
            self.trust = trust
            quotas = RateLimiter.Settings(destination)
        }

        /// Whether anything may be sent that changes something.
        public var takesOrders: Bool { destination.isOrderEntryAllowed || ordersCostMoney }
    }

    public let settings: Settings
    private let thread: CurlThread

    public init(settings: Settings, clock: SessionClock) throws(GatewayError) {
        self.settings = settings
        thread = try CurlThread(settings: settings, clock: clock)
    }

    /// Sends a request; `completion` is called on `loop`, always once.
    ///
    /// Call it on `loop`: the completion then need not be `Sendable`.
    public func send(
        _ call: RESTCall,
        on loop: any EventLoop,
        completion: @escaping (RESTExchange) -> Void
    ) {
        let bound = NIOLoopBound(completion, eventLoop: loop)
        thread.submit(call) { exchange in loop.execute { bound.value(exchange) } }
    }

    /// What is on record of a call that was given up before it was handed over.
    public func unsent(_ call: RESTCall, at time: Timestamp, reason: String) -> RESTExchange {
        let account = call.request.isSigned ? settings.account : "public"
        var exchange = RESTExchange(call: call, account: account, sent: time)
        exchange.reason = reason
        return exchange
    }

    /// Sends a request and waits for its end.
    public func exchange(_ call: RESTCall) async -> RESTExchange {
        await withCheckedContinuation { continuation in
            thread.submit(call) { continuation.resume(returning: $0) }
        }
    }

    /// Exchange minus session clock, nanoseconds (``ClockOffset``); signed times are given by the exchange's clock.
    public func setClockOffset(_ nanoseconds: Int64) {
        thread.clockOffset.store(nanoseconds, ordering: .relaxed)
    }

    /// Signs with another key of the same account from now on; a client that had none signs nothing.
    ///
    /// - Throws: ``GatewayError/keyOfOtherEnvironment(key:destination:)``.
    public func renew(_ credentials: Credentials) throws(GatewayError) {
        try credentials.permit(settings.destination)
        guard settings.credentials != nil else { return }
        thread.renew(credentials.signer)
    }

    /// What the proxy is told by requests from now on.
    public func renew(proxy credentials: ProxyCredentials?) { thread.renew(proxy: credentials) }

    /// Nothing can be recorded any more: of the orders that wait, what does not take risk away at once ends as not sent.
    ///
    /// Cancels stay, and reductions that cannot rest; what is under way ends as it does.
    public func keepOnlyCancels(reason: String) { thread.keepOnlyCancels(reason: reason) }

    /// Requests that wait or are under way.
    public var pending: Int { thread.pending }

    /// Lets what is under way end within `grace` nanoseconds, ends the rest as failed, and joins the thread.
    ///
    /// What still waits ends as not sent. Safe to call twice; blocks, so never on the event loop of the owner.
    public func stop(grace: Int64 = 0) { thread.stop(grace: grace) }

    deinit { thread.stop(grace: 0) }
}
