public import Bybit
public import Market

/// The life of one connection as a pure state machine: no socket, clock, timer or chance of its own.
///
/// Its owner tells it what happened and when (monotonic nanoseconds), carries out the actions it answers with, and
/// calls ``wake(now:chance:)`` at ``deadline``. The order of the actions is the order in which to do them.
public struct ConnectionState: Sendable {
    public struct Settings: Sendable, Equatable {
        public var authenticates: Bool
        public var limits: SubscriptionLimits
        public var backoff = Backoff()
        /// From the attempt to the end of TCP, TLS and WebSocket handshakes; this and all below in nanoseconds.
        public var handshake: Int64 = 10_000_000_000
        /// From a request to its answer.
        public var answer: Int64 = 10_000_000_000
        public var heartbeat: Int64 = 20_000_000_000
        /// Silence after which a ping of its own is sent, before the heartbeat is due.
        public var quiet: Int64 = 4_000_000_000
        /// Silence after which the connection is given up.
        public var stale: Int64 = 9_000_000_000
        /// How long a connection must have been ready for its loss to begin with the shortest wait again.
        public var steady: Int64 = 3_000_000_000

        public init(authenticates: Bool, limits: SubscriptionLimits) {
            self.authenticates = authenticates
            self.limits = limits
        }

        /// The protocol's own numbers for such a socket.
        public init(_ socket: SocketName) {
            self.init(
                authenticates: SocketSlot(socket).isPrivate,
                limits: SubscriptionLimits(socket)
            )
        }
    }

    public enum Action: Sendable, Equatable {
        case connect
        /// Sign and send an authentication.
        case authenticate(requestID: String)
        /// Send `ping`, `subscribe` or `unsubscribe`; no id where it is empty.
        case send(SocketRequest, requestID: String)
        /// End the connection; ``closed(reason:now:chance:)`` is not called for it.
        case close
        case report(LinkEvent.Change, reason: String)
    }

    public enum Phase: Sendable, Equatable {
        /// Not started, or stopped.
        case idle
        /// Between attempts, until this moment.
        case waiting(until: Int64)
        case connecting(since: Int64)
        case authenticating(requestID: String, since: Int64)
        /// Authenticated where needed; subscriptions are on their way or complete.
        case open
    }

    public let settings: Settings
    public private(set) var phase = Phase.idle
    /// True from the moment all subscriptions were answered until the connection ends.
    public private(set) var isReady = false
    /// Attempts since the last connection that was steady; 0 on the first.
    public private(set) var attempt = 0
    /// Connections made.
    public private(set) var connections = 0
    /// What the exchange said when it last refused the key; `nil` since it has taken it.
    public private(set) var authenticationRefusal: String?
    var subscriptions: Subscriptions
    private var readySince: Int64 = 0
    private var lastReceived: Int64 = 0
    private var lastPing: Int64 = 0
    private var isPaused = false
    /// The last attempt was not made.
    private var isPostponed = false
    private var requests = 0

    public init(settings: Settings) {
        self.settings = settings
        subscriptions = Subscriptions(limits: settings.limits)
    }

    /// Topics that the exchange has confirmed on this connection.
    public var subscribed: [String] { subscriptions.active }

    /// Topics that the exchange has refused on this connection, with what it said; not asked for again on it.
    public var refused: [String: String] { subscriptions.refusals }

    /// Topics that are wanted; sorted in the order they were asked for.
    public var wanted: [String] { subscriptions.wanted }

    // MARK: What the owner wants

    public mutating func start(now: Int64) -> [Action] {
        guard case .idle = phase else { return [] }
        attempt = 0
        authenticationRefusal = nil
        phase = .connecting(since: now)
        return [.connect]
    }

    /// Closes for good, until ``start(now:)``.
    public mutating func stop(reason: String = "stopped") -> [Action] {
        defer { phase = .idle }
        switch phase {
        case .idle: return []
        case .waiting: return []
        case .connecting: return [.close]
        case .authenticating, .open:
            isReady = false
            return [.close, .report(.disconnected, reason: reason)]
        }
    }

    /// Sets all topics that this connection is to have; the difference is subscribed and unsubscribed.
    public mutating func want(_ topics: [String], now: Int64) -> [Action] {
        let refused = subscriptions.want(topics)
        var actions: [Action] = refused.map {
            .report(.failed, reason: "\($0) is beyond what one connection may subscribe")
        }
        actions += proceed(now: now)
        return actions
    }

    /// Unsubscribes and subscribes one topic, so that a new snapshot comes.
    public mutating func resubscribe(_ topic: String, now: Int64) -> [Action] {
        subscriptions.renew(topic)
        return proceed(now: now)
    }

    /// While the owner does not read, silence says nothing.
    public mutating func pause() { isPaused = true }

    public mutating func resume(now: Int64) {
        isPaused = false
        lastReceived = now
    }

    // MARK: What happened

    /// The WebSocket is open.
    public mutating func opened(now: Int64) -> [Action] {
        guard case .connecting = phase else { return [] }
        connections += 1
        isReady = false
        isPostponed = false
        lastReceived = now
        lastPing = now
        subscriptions.forgetConnection()
        let report = Action.report(.connected, reason: "")
        guard settings.authenticates else {
            phase = .open
            return [report] + proceed(now: now)
        }
        let id = nextRequestID()
        phase = .authenticating(requestID: id, since: now)
        return [report, .authenticate(requestID: id)]
    }

    /// The connection ended, or could not be made.
    public mutating func closed(reason: String, now: Int64, chance: UInt64) -> [Action] {
        switch phase {
        case .idle, .waiting: return []
        case .connecting:
            retry(now: now, chance: chance)
            return [.report(.failed, reason: reason)]
        case .authenticating, .open:
            retry(now: now, chance: chance)
            return [.report(.disconnected, reason: reason)]
        }
    }

    /// The attempt that was asked for may not be made before this moment; told once, until one is made.
    public mutating func postponed(until: Int64, reason: String, chance: UInt64) -> [Action] {
        guard case .connecting = phase else { return [] }
        // Those that wait for the same moment do not come at the same moment.
        phase = .waiting(until: until + settings.backoff.wait(attempt: 1, chance: chance))
        defer { isPostponed = true }
        return isPostponed ? [] : [.report(.failed, reason: reason)]
    }

    /// A whole message came; `frame` is `nil` for data.
    public mutating func received(_ frame: ControlFrame?, now: Int64, chance: UInt64) -> [Action] {
        lastReceived = now
        guard case .answer(let answer)? = frame else { return [] }
        if answer.operation == "auth" {
            return authenticated(answer, now: now, chance: chance)
        }
        guard case .open = phase else { return [] }
        let outcome = subscriptions.answered(answer)
        var actions: [Action] = outcome.findings.map { .report(.failed, reason: $0) }
        if outcome.mustReconnect {
            return actions + abandon(reason: answer.message, now: now, chance: chance)
        }
        actions += proceed(now: now)
        return actions
    }

    /// A ping or pong of the WebSocket protocol itself.
    public mutating func heard(now: Int64) { lastReceived = now }

    /// When ``wake(now:chance:)`` is next wanted; `nil` when idle.
    public var deadline: Int64? {
        switch phase {
        case .idle: return nil
        case .waiting(let until): return until
        case .connecting(let since): return since + settings.handshake
        case .authenticating(_, let since): return since + settings.answer
        case .open:
            var next = pingDue
            if !isPaused { next = min(next, lastReceived + settings.stale) }
            if let oldest = subscriptions.oldestRequest {
                next = min(next, oldest + settings.answer)
            }
            return next
        }
    }

    private var pingDue: Int64 {
        let beat = lastPing + settings.heartbeat
        return isPaused ? beat : min(beat, max(lastPing, lastReceived) + settings.quiet)
    }

    /// The deadline has come.
    public mutating func wake(now: Int64, chance: UInt64) -> [Action] {
        guard let deadline, now >= deadline else { return [] }
        switch phase {
        case .idle: return []
        case .waiting:
            phase = .connecting(since: now)
            return [.connect]
        case .connecting:
            retry(now: now, chance: chance)
            return [.close, .report(.failed, reason: "no handshake within the time")]
        case .authenticating:
            return abandon(reason: "no answer to auth within the time", now: now, chance: chance)
        case .open: return wakeOpen(now: now, chance: chance)
        }
    }

    private mutating func wakeOpen(now: Int64, chance: UInt64) -> [Action] {
        if !isPaused, now >= lastReceived + settings.stale {
            let seconds = (now - lastReceived) / 1_000_000_000
            return abandon(reason: "nothing received for \(seconds) s", now: now, chance: chance)
        }
        if let oldest = subscriptions.oldestRequest, now >= oldest + settings.answer, !isPaused {
            return abandon(
                reason: "no answer to subscribe within the time",
                now: now,
                chance: chance
            )
        }
        guard now >= pingDue else {
            // Only an unanswered request is due, while nothing is read: ask again later.
            subscriptions.postponeRequests(now: now)
            return []
        }
        lastPing = now
        return [.send(.ping, requestID: "")]
    }

    // MARK: Steps

    private mutating func authenticated(
        _ answer: ControlFrame.Answer,
        now: Int64,
        chance: UInt64
    ) -> [Action] {
        guard case .authenticating(let id, _) = phase,
            answer.requestID.isEmpty || answer.requestID == id
        else { return [] }
        guard answer.isSuccess else {
            let why = "authentication refused: \(answer.message)"
            authenticationRefusal = answer.message
            return [.report(.failed, reason: why)] + abandon(reason: why, now: now, chance: chance)
        }
        authenticationRefusal = nil
        phase = .open
        return proceed(now: now)
    }

    /// Sends what is missing; reports ready when nothing is.
    private mutating func proceed(now: Int64) -> [Action] {
        guard case .open = phase else { return [] }
        var actions: [Action] = []
        while let change = subscriptions.nextChange() {
            let id = nextRequestID()
            subscriptions.sent(change, requestID: id, now: now)
            switch change.operation {
            case .subscribe:
                actions.append(.send(.subscribe(change.topics), requestID: id))
            case .unsubscribe:
                actions.append(.send(.unsubscribe(change.topics), requestID: id))
            }
        }
        if !isReady, subscriptions.isComplete {
            isReady = true
            readySince = now
            actions.append(.report(.ready, reason: ""))
        }
        return actions
    }

    /// Gives up a connection that is still there.
    private mutating func abandon(reason: String, now: Int64, chance: UInt64) -> [Action] {
        retry(now: now, chance: chance)
        return [.close, .report(.disconnected, reason: reason)]
    }

    private mutating func retry(now: Int64, chance: UInt64) {
        if isReady, now - readySince >= settings.steady { attempt = 0 }
        isReady = false
        isPostponed = false
        attempt += 1
        phase = .waiting(until: now + settings.backoff.wait(attempt: attempt, chance: chance))
    }

    /// Counts over the life of the machine, so that an answer never fits an older request.
    private mutating func nextRequestID() -> String {
        requests += 1
        return "r\(requests)"
    }
}
