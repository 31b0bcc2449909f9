public import Bybit
public import Market

/// Order entry on the trade socket as a state machine without a socket or a clock: what leaves when, and what became of it.
///
/// Its owner tells it what happened and when (monotonic nanoseconds), carries out the actions it answers with in their
/// order, and calls ``wake(now:)`` at ``deadline``. A call ends in one of three ways: an answer comes, which is on
/// record as it came; it ends without one (``Action/ended(_:_:reason:)``); or it goes by REST, of which nothing has left
/// before. Calls of one ordering key go one after the other, whichever way each takes.
public struct TradeQueue: Sendable {
    public enum Action: Sendable, Equatable {
        /// Stamp and send.
        case send(TradeRequest)
        /// No answer will be waited for: not sent, or its fate is unknown.
        case ended(RESTCall, Reply.Outcome, reason: String)
        /// Send it by REST, and tell ``endedElsewhere(_:)`` when that has ended.
        case elsewhere(RESTCall)
        /// Drop the socket, so that another node answers.
        case reconnect(reason: String)
    }

    private struct Sent: Sendable {
        var call: RESTCall
        var requestID: String
        var deadline: Int64
    }

    /// Calls that may wait for their turn; what comes beyond it ends as not sent.
    public var waitingMax = 4_096
    private let limiter: SharedLimiter
    private var waiting: [RESTCall] = []
    /// In the order they left.
    private var sent: [Sent] = []
    /// Calls of each key that are under way by REST.
    private var elsewhere: [String: Int] = [:]
    private var isReady = false
    /// The node takes nothing new; what is under way still ends.
    private var isLeaving = false
    private var number: UInt64 = 0
    private var nextTry: Int64?

    /// - Parameter limiter: of the session: its requests by REST count in the same quotas.
    public init(limiter: SharedLimiter) { self.limiter = limiter }

    /// Calls that wait or are under way on the socket.
    public var pending: Int { waiting.count + sent.count }

    // MARK: - What happens

    /// A call of order entry: a new order, an amendment or a cancel.
    public mutating func submit(_ call: RESTCall, now: Int64) -> [Action] {
        // Calls of its key that are under way by REST may not be overtaken by this one.
        guard isReady, elsewhere[call.orderingKey] == nil else { return [redirected(call)] }
        guard TradeRequest.takes(call.request, linkID: call.orderingKey, number: number + 1) else {
            return [redirected(call)]
        }
        guard waiting.count < waitingMax else {
            return [.ended(call, .notSent, reason: "too many calls wait for the quota")]
        }
        waiting.append(call)
        return proceed(now: now)
    }

    /// The socket is authenticated.
    public mutating func ready(now: Int64) -> [Action] {
        isReady = true
        isLeaving = false
        return proceed(now: now)
    }

    /// The socket is gone: of what had left nobody will tell, and what had not goes by REST.
    public mutating func lost(reason: String, now: Int64) -> [Action] {
        isReady = false
        isLeaving = false
        nextTry = nil
        for item in sent { limiter.ended(item.call.request, isHTTP: false, now: now) }
        let actions: [Action] = sent.map {
            .ended($0.call, .failed, reason: "the trade socket was lost: \(reason)")
        }
        sent.removeAll()
        let rest = waiting
        waiting.removeAll()
        return actions + rest.map { redirected($0) }
    }

    /// An answer came; it has been recorded already.
    public mutating func received(_ answer: TradeAnswer, now: Int64) -> [Action] {
        guard let place = sent.firstIndex(where: { $0.requestID == answer.requestID }) else {
            // Of a call that was given up: its record says what became of it.
            return []
        }
        let call = sent.remove(at: place).call
        limiter.answered(
            call.request,
            isHTTP: false,
            status: 200,
            code: TradeQueue.limitCodes.contains(answer.code) ? 10_006 : answer.code,
            limit: answer.limit,
            remaining: answer.remaining,
            resetIn: answer.resetIn * 1_000_000,
            now: now
        )
        guard answer.code == TradeQueue.restarting || isLeaving else { return proceed(now: now) }
        isLeaving = true
        var actions = proceed(now: now)
        if sent.isEmpty { actions.append(.reconnect(reason: "the exchange's node restarts")) }
        return actions
    }

    /// A call that went by REST has ended.
    public mutating func endedElsewhere(_ call: RESTCall) {
        guard !call.orderingKey.isEmpty, let count = elsewhere[call.orderingKey] else { return }
        elsewhere[call.orderingKey] = count > 1 ? count - 1 : nil
    }

    /// Nothing can be recorded any more: of what has not left only cancels may, and reductions that cannot rest.
    ///
    /// Whatever rests would stay behind its own cancel, which goes by REST meanwhile: reductions that rest are given up.
    public mutating func keepOnlyCancels(reason: String) -> [Action] {
        let given = waiting.filter { !$0.mayLeaveUnrecorded }
        waiting.removeAll { !$0.mayLeaveUnrecorded }
        return given.map { .ended($0, .notSent, reason: reason) }
    }

    /// The exchange has shut out this address (HTTP 403): nothing leaves for ten minutes.
    public mutating func shutOut(now: Int64) -> [Action] {
        limiter.shutOut(now: now)
        return proceed(now: now)
    }

    /// When ``wake(now:)`` is next wanted; `nil` when nothing waits.
    public var deadline: Int64? {
        let answers = sent.map(\.deadline).min()
        guard let nextTry else { return answers }
        return min(nextTry, answers ?? nextTry)
    }

    /// The deadline has come.
    public mutating func wake(now: Int64) -> [Action] {
        var actions: [Action] = []
        for late in sent where late.deadline <= now {
            let reason = "no answer on the trade socket in \(late.call.timeout / 1_000_000) ms"
            actions.append(.ended(late.call, .timedOut, reason: reason))
            limiter.ended(late.call.request, isHTTP: false, now: now)
        }
        sent.removeAll { $0.deadline <= now }
        if isLeaving, sent.isEmpty, !actions.isEmpty {
            actions.append(.reconnect(reason: "the exchange's node restarts"))
        }
        return actions + proceed(now: now)
    }

    // MARK: - Steps

    /// Answers that say that a quota is used up.
    ///
    /// - Source: protocol reference §5, §8.1.
    private static let limitCodes: Set<Int64> = [10_006, 10_403, 10_429, 20_003]
    private static let restarting: Int64 = 10_019

    private mutating func redirected(_ call: RESTCall) -> Action {
        if !call.orderingKey.isEmpty { elsewhere[call.orderingKey, default: 0] += 1 }
        return .elsewhere(call)
    }

    /// Sends what may leave, cancels first; of each key the oldest, when nothing of it is under way.
    private mutating func proceed(now: Int64) -> [Action] {
        nextTry = nil
        guard isReady else { return [] }
        guard !isLeaving else { return redirectFree() }
        var actions: [Action] = []
        var busy = Set(sent.map(\.call.orderingKey))
        var left: Set<Int> = []
        for place in order() {
            let call = waiting[place]
            guard busy.insert(call.orderingKey).inserted else { continue }
            switch limiter.take(call.request, call.urgency, isHTTP: false, now: now) {
            case .go:
                left.insert(place)
                actions.append(send(call, now: now))
            case .wait(let until): nextTry = min(nextTry ?? until, until)
            case .quiet:
                left.insert(place)
                let reason = "the exchange has shut out this address"
                actions.append(.ended(call, .notSent, reason: reason))
            case .never(let excess):
                left.insert(place)
                actions.append(.ended(call, .notSent, reason: excess.words))
            }
        }
        if !left.isEmpty {
            waiting = waiting.enumerated().filter { !left.contains($0.offset) }.map(\.element)
        }
        return actions
    }

    /// By REST, but for calls of a key of which one is still under way on the socket.
    private mutating func redirectFree() -> [Action] {
        let busy = Set(sent.map(\.call.orderingKey))
        let free = waiting.filter { !busy.contains($0.orderingKey) }
        waiting.removeAll { !busy.contains($0.orderingKey) }
        return free.map { redirected($0) }
    }

    /// Places in ``waiting``: of each key in the order they came, and keys whose first call is urgent before others.
    private func order() -> [Int] {
        guard waiting.count > 1 else { return Array(waiting.indices) }
        var urgency: [String: RateLimiter.Urgency] = [:]
        for item in waiting where urgency[item.orderingKey] == nil {
            urgency[item.orderingKey] = item.urgency
        }
        let ranks = waiting.map { urgency[$0.orderingKey]?.rawValue ?? 0 }
        return waiting.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    }

    private func request(_ call: RESTCall, number: UInt64) -> TradeRequest? {
        TradeRequest(
            call.request,
            linkID: call.orderingKey,
            number: number,
            after: call.after
        )
    }

    private mutating func send(_ call: RESTCall, now: Int64) -> Action {
        number += 1
        guard let request = request(call, number: number) else {
            limiter.ended(call.request, isHTTP: false, now: now)
            return redirected(call)
        }
        sent.append(
            Sent(call: call, requestID: request.requestID, deadline: now + call.timeout)
        )
        return .send(request)
    }
}
