public import Bybit
import Synchronization

/// One ``RateLimiter`` for all ways to the exchange: REST, on libcurl's thread, and sockets and bots, on the loop.
///
/// The exchange counts an order once, whichever way it came; so must who has a share of the quota.
///
/// - Source: protocol reference §5, "rate quota is shared between WS and HTTP of the same op type".
public final class SharedLimiter: Sendable {
    private let limiter: Mutex<RateLimiter>
    private let budget: Mutex<ConnectionBudget>

    public init(settings: RateLimiter.Settings) {
        limiter = Mutex(RateLimiter(settings: settings))
        budget = Mutex(ConnectionBudget(most: settings.connections))
    }

    /// Whether a request may leave now; when it may it has left, as far as the quotas go: ``ended(_:now:)`` or
    /// ``answered(_:status:code:limit:remaining:resetIn:now:)`` follows.
    ///
    /// - Parameter isHTTP: false on a socket, whose frames are none of the requests that an address may make.
    public func take(
        _ request: RESTRequest,
        _ urgency: RateLimiter.Urgency,
        isHTTP: Bool = true,
        now: Int64
    ) -> RateLimiter.Verdict {
        limiter.withLock { limiter in
            let verdict = limiter.verdict(request, urgency, isHTTP: isHTTP, now: now)
            if verdict == .go { limiter.left(request, isHTTP: isHTTP, now: now) }
            return verdict
        }
    }

    /// What of a batch is beyond the share, so that it would never leave; `nil`: it may, now or later.
    public func excess(of call: RESTCall) -> RateLimiter.Excess? {
        limiter.withLock { $0.excess(call.request, call.urgency) }
    }

    /// A request that had left has ended without an answer.
    public func ended(_ request: RESTRequest, isHTTP: Bool = true, now: Int64) {
        limiter.withLock { $0.ended(request, isHTTP: isHTTP, now: now) }
    }

    /// What an answer says of the quota: see ``RateLimiter/answered(_:isHTTP:status:code:limit:remaining:resetIn:now:)``.
    public func answered(
        _ request: RESTRequest,
        isHTTP: Bool = true,
        status: Int,
        code: Int64,
        limit: Int?,
        remaining: Int?,
        resetIn: Int64,
        now: Int64
    ) {
        limiter.withLock {
            $0.answered(
                request,
                isHTTP: isHTTP,
                status: status,
                code: code,
                limit: limit,
                remaining: remaining,
                resetIn: resetIn,
                now: now
            )
        }
    }

    /// The exchange has shut out this address.
    public func shutOut(now: Int64) { limiter.withLock { $0.shutOut(now: now) } }

    /// It did so before, and takes nothing before this moment.
    public func beQuiet(until time: Int64) { limiter.withLock { $0.beQuiet(until: time) } }

    /// Until when nothing may leave; in the past when nothing has to wait for it.
    public var quietUntil: Int64 { limiter.withLock { $0.quietUntil } }

    // MARK: - WebSockets

    /// Whether a connection to a WebSocket host may be begun now; when it may, it counts from now on.
    ///
    /// - Parameter isPrivate: of the account, which room is kept for.
    public func connect(
        to host: Address,
        isPrivate: Bool = false,
        now: Int64
    ) -> RateLimiter.Verdict {
        let until = quietUntil
        if now < until { return .quiet(until: until) }
        let free = budget.withLock { $0.take(host.authority, isPrivate: isPrivate, now: now) }
        return free.map { .wait(until: $0) } ?? .go
    }

    /// One of a bot is begun, which nobody holds back for its count.
    public func connects(to host: Address, now: Int64) {
        budget.withLock { $0.note(host.authority, now: now) }
    }

    /// One that was begun at that moment never came as far as the host.
    public func missed(_ host: Address, isPrivate: Bool = false, begun time: Int64) {
        budget.withLock { $0.giveBack(host.authority, isPrivate: isPrivate, begun: time) }
    }
}
