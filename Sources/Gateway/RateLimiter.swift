public import Bybit
import Glibc
import Market

/// When the next REST request may leave, as a pure state machine: quotas by endpoint and category, the IP's quota, and
/// the quiet time after a 403.
///
/// Times are monotonic nanoseconds. A session has a share of each quota, so that others with the same key or address
/// have theirs; what an endpoint's quota is, the exchange's own headers say, and before the first answer a table.
///
/// The exchange counts a request at some moment between its departure and its answer. Who has a share keeps to it
/// whenever that is: a request counts from its departure until a window after its answer. Who has all counts from the
/// departure alone: the worst is a refusal of its own, and a cancel need not wait for answers that do not come.
///
/// - Source: protocol reference §6.1.
public struct RateLimiter: Sendable {
    public struct Settings: Sendable, Equatable {
        /// Percent of each quota that this process may use, from 1 to 100.
        public var share = 100 {
            didSet { if connections != nil { connections = Settings.connections(share: share) } }
        }
        /// Percent of its share that new orders leave for cancels and look-ups, from 0 to 90.
        public var reserve = 20
        /// Percent of its share of the address's quota that questions leave for orders, beside ``reserve``; from 0 to 90.
        ///
        /// Where orders are entered: else a reconciliation uses the quota up, and the next order waits for seconds.
        public var orderReserve = 0
        /// Nanoseconds without any request after a 403.
        public var quiet: Int64 = 600_000_000_000
        /// Whether quotas are believed before an answer names them; the exchange in a box has none but those it names.
        ///
        /// Who has a share of them always believes them: others count on the rest.
        public var assumesQuotas = true
        /// New connections to one WebSocket host within five minutes; `nil`: as many as wanted.
        ///
        /// Set with ``share``. A fifth of what the exchange takes is left: for bots, for a session with a share, and for the next
        /// start, which knows nothing of these. Whoever has a share has at least that fifth: a recorder has many sockets.
        public var connections: Int? = Settings.connections(share: 100)

        public init() {}

        /// Of a process that has all; on loopback stands the exchange in a box, whose limits are what it says of them.
        public init(_ destination: Destination) {
            guard destination.isLoopback else { return }
            assumesQuotas = false
            connections = nil
        }

        public init(share: Int, reserve: Int = 20) {
            self.share = min(100, max(1, share))
            self.reserve = min(90, max(0, reserve))
            connections = Settings.connections(share: self.share)
        }

        private static func connections(share: Int) -> Int? {
            let all = BybitLimits.connectionsPerFiveMinutes
            return min(all * 4 / 5, max(all / 5, all * share / 100))
        }
    }

    public enum Verdict: Sendable, Equatable {
        case go
        /// Not before this moment.
        case wait(until: Int64)
        /// The exchange has shut out this address until then: nothing may leave.
        case quiet(until: Int64)
        /// Not at any moment: a batch of more orders than a share has in a second.
        case never(Excess)
    }

    /// Who asks, the most urgent first.
    public enum Urgency: Int, Sendable, Comparable {
        /// Cancels, and look-ups of an order that is not known.
        case urgent
        case order
        case question

        public static func < (left: Urgency, right: Urgency) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    private struct Use: Sendable {
        /// Its departure; of a share, once it has ended, its end.
        var time: Int64
        var units: Int
        /// The exchange may count it at any moment from now on.
        var isOpen = false
    }

    private struct Group: Sendable {
        /// Units a second for the whole key, by category: they share one count.
        var quotas: [String: Int] = [:]
        var uses: [Use] = []
        /// Of who has all: departures whose answers are awaited.
        var awaited: [Use] = []
        /// What others of the key had used within a second when an answer came last; ours are not in it.
        var others = Use(time: .min, units: 0)
        /// Not before this moment: the exchange said that the quota is used up.
        var blockedUntil: Int64 = 0
    }

    public let settings: Settings
    public private(set) var quietUntil: Int64 = 0
    private var groups: [String: Group] = [:]
    private var addressUses: [Use] = []

    static let second: Int64 = 1_000_000_000
    private static let addressWindow: Int64 = 5 * second
    /// Uses are remembered longer than they count: an answer that comes late still speaks of them.
    private static let memory: Int64 = second + second / 4
    /// No answer is awaited for so long.
    private static let patience: Int64 = 60 * second

    public init(settings: Settings = Settings()) { self.settings = settings }

    // MARK: - Asking

    /// Whether a request may leave now; when it does, tell ``left(_:isHTTP:now:)``.
    ///
    /// - Parameter isHTTP: false on a socket, whose frames are none of the requests that an address may make.
    public mutating func verdict(
        _ request: RESTRequest,
        _ urgency: Urgency,
        isHTTP: Bool = true,
        now: Int64
    ) -> Verdict {
        if now < quietUntil { return .quiet(until: quietUntil) }
        if let excess = excess(request, urgency) { return .never(excess) }
        var until = isHTTP ? addressWait(urgency, now) : now
        if request.isSigned { until = max(until, groupWait(request, urgency, now)) }
        return until <= now ? .go : .wait(until: until)
    }

    /// A request leaves; ``ended(_:isHTTP:now:)`` or
    /// ``answered(_:isHTTP:status:code:limit:remaining:resetIn:now:)`` follows.
    public mutating func left(_ request: RESTRequest, isHTTP: Bool = true, now: Int64) {
        if isHTTP {
            RateLimiter.forget(&addressUses, before: now - RateLimiter.addressWindow)
            addressUses.append(Use(time: now, units: 1, isOpen: hasShare))
        }
        guard request.isSigned else { return }
        let key = RateLimiter.key(request)
        var group = groups[key] ?? Group()
        RateLimiter.forget(&group.uses, before: now - RateLimiter.memory)
        let units = RateLimiter.units(request)
        group.uses.append(Use(time: now, units: units, isOpen: hasShare))
        if !hasShare {
            RateLimiter.forget(&group.awaited, before: now - RateLimiter.patience)
            group.awaited.append(Use(time: now, units: units))
        }
        groups[key] = group
    }

    /// A request that had left has ended without an answer.
    public mutating func ended(_ request: RESTRequest, isHTTP: Bool = true, now: Int64) {
        _ = departure(ending: request, isHTTP, now)
    }

    /// When a request left that has ended; `nil` where a share is kept to, and where that is not known.
    ///
    /// Of several that are awaited any may be the one that ended: taken for the oldest, it says less of others, not more.
    private mutating func departure(
        ending request: RESTRequest,
        _ isHTTP: Bool,
        _ now: Int64
    ) -> Int64? {
        guard hasShare else {
            guard request.isSigned else { return nil }
            let key = RateLimiter.key(request)
            let units = RateLimiter.units(request)
            guard let place = groups[key]?.awaited.firstIndex(where: { $0.units == units }) else {
                return nil
            }
            return groups[key]?.awaited.remove(at: place).time
        }
        if isHTTP { RateLimiter.end(&addressUses, units: 1, now) }
        guard request.isSigned else { return nil }
        let units = RateLimiter.units(request)
        RateLimiter.end(&groups[RateLimiter.key(request), default: Group()].uses, units: units, now)
        return nil
    }

    /// Of several that are open any may be the one that ended: until the others have, they count all the same.
    private static func end(_ uses: inout [Use], units: Int, _ now: Int64) {
        guard let place = uses.firstIndex(where: { $0.isOpen && $0.units == units }) else { return }
        uses.remove(at: place)
        uses.append(Use(time: now, units: units))
    }

    private var hasShare: Bool { settings.share < 100 }

    private var assumesQuotas: Bool { settings.assumesQuotas || hasShare }

    private func quota(_ request: RESTRequest, _ group: Group) -> Int {
        group.quotas[RateLimiter.category(request)]
            ?? (assumesQuotas ? RateLimiter.quota(request) : 1_000_000)
    }

    /// What of a batch is beyond this process's share, which others count on; `nil`: it may leave, now or later.
    ///
    /// Only by a quota that the exchange has named: before it has, a batch goes alone, since the account's may be many times
    /// the table's. A cancel is never refused. Who has all has no share to keep to: what is beyond the quota the
    /// exchange refuses by itself.
    public func excess(_ request: RESTRequest, _ urgency: Urgency) -> Excess? {
        guard hasShare, urgency != .urgent, request.isSigned else { return nil }
        let units = RateLimiter.units(request)
        guard units > 1,
            let quota = groups[RateLimiter.key(request)]?.quotas[RateLimiter.category(request)]
        else { return nil }
        let most = allowed(quota, urgency)
        return units > most ? Excess(orders: units, most: most) : nil
    }

    private mutating func addressWait(_ urgency: Urgency, _ now: Int64) -> Int64 {
        RateLimiter.forget(&addressUses, before: now - RateLimiter.addressWindow)
        guard assumesQuotas else { return now }
        let kept = urgency == .question ? settings.orderReserve : 0
        let most = allowed(BybitLimits.requestsPerFiveSeconds, urgency, less: kept)
        return RateLimiter.wait(addressUses, adding: 1, most, RateLimiter.addressWindow, now)
    }

    private mutating func groupWait(
        _ request: RESTRequest,
        _ urgency: Urgency,
        _ now: Int64
    ) -> Int64 {
        let key = RateLimiter.key(request)
        guard var group = groups[key] else { return now }
        RateLimiter.forget(&group.uses, before: now - RateLimiter.memory)
        groups[key] = group
        let units = RateLimiter.units(request)
        // Of others is known what was, not what is: no cancel waits for that.
        let isTold = urgency != .urgent && now - RateLimiter.second < group.others.time
        let left = max(1, quota(request, group) - (isTold ? group.others.units : 0))
        // A batch of more than there is could never leave: it goes alone.
        let most = max(units, allowed(left, urgency))
        return max(
            group.blockedUntil,
            RateLimiter.wait(group.uses, adding: units, most, RateLimiter.second, now)
        )
    }

    /// At least one: a share of a small quota still lets a request through.
    private func allowed(_ quota: Int, _ urgency: Urgency, less kept: Int = 0) -> Int {
        let mine = max(1, quota * settings.share / 100)
        guard urgency != .urgent else { return mine }
        return max(1, mine * (100 - settings.reserve - kept) / 100)
    }

    /// The moment from which `units` more stay within `most` in the window that rolls.
    private static func wait(
        _ uses: [Use],
        adding units: Int,
        _ most: Int,
        _ window: Int64,
        _ now: Int64
    ) -> Int64 {
        let uses = uses.filter { $0.isOpen || $0.time > now - window }
        var total = uses.reduce(0) { $0 + $1.units } + units
        guard total > most else { return now }
        for use in uses where !use.isOpen {
            total -= use.units
            if total <= most { return use.time + window }
        }
        // An answer makes room, and whoever brings it asks again.
        return uses.isEmpty ? now : now + second
    }

    private static func forget(_ uses: inout [Use], before time: Int64) {
        uses.removeAll { !$0.isOpen && $0.time <= time }
    }

    // MARK: - Answers

    /// What an answer says of the quota.
    ///
    /// - Parameters:
    ///   - resetIn: nanoseconds until `X-Bapi-Limit-Reset-Timestamp`, on one clock with it; 0 when it says nothing.
    ///   - code: `retCode`; −1 without one.
    public mutating func answered(
        _ request: RESTRequest,
        isHTTP: Bool = true,
        status: Int,
        code: Int64,
        limit: Int?,
        remaining: Int?,
        resetIn: Int64,
        now: Int64
    ) {
        let departure = departure(ending: request, isHTTP, now)
        guard status != 403 else { return shutOut(now: now) }
        guard request.isSigned else {
            if status == 429 { addressUses.append(Use(time: now, units: 60)) }
            return
        }
        let key = RateLimiter.key(request)
        var group = groups[key] ?? Group()
        // The exchange in a box names quotas too; only who has a share of them keeps to it there.
        let isBound = assumesQuotas
        if isBound, let limit, (1...100_000).contains(limit) {
            group.quotas[RateLimiter.category(request)] = limit
        }
        // What left with it is forgotten: it would be taken for others', and what was used up is free again.
        let isLate = departure.map { $0 <= now - RateLimiter.memory } ?? false
        // Other programs with the same key take of the same quota; a share is counted on whatever they do.
        if isBound, departure != nil, !isLate, let limit, let remaining {
            let ours = group.uses.reduce(0) { $0 + $1.units }
            group.others = Use(time: now, units: max(0, limit - max(0, remaining) - ours))
        }
        // Within a second at the latest the rolling window has room again.
        let pause = min(max(resetIn, 50_000_000), 2 * RateLimiter.second)
        let isOver = code == 10_006 || code == 10_429 || status == 429
        if isOver {
            group.blockedUntil = max(
                group.blockedUntil,
                now + (resetIn > 0 ? pause : RateLimiter.second)
            )
        } else if isBound, !isLate, let remaining, remaining == 0 {
            group.blockedUntil = max(group.blockedUntil, now + (resetIn > 0 ? pause : 200_000_000))
        }
        groups[key] = group
    }

    /// The exchange has shut out this address.
    public mutating func shutOut(now: Int64) { beQuiet(until: now + settings.quiet) }

    /// It did so before, and takes nothing before this moment.
    public mutating func beQuiet(until time: Int64) { quietUntil = max(quietUntil, time) }

    // MARK: - What counts where

    /// Quotas are counted by endpoint, for spot apart from all else.
    ///
    /// Linear and inverse share one count. Whether options have their own is not documented: counted with them, the
    /// quota holds either way.
    static func key(_ request: RESTRequest) -> String {
        category(request) == "spot" ? request.path + " spot" : request.path
    }

    private static func category(_ request: RESTRequest) -> String {
        if let range = RateLimiter.value("category=", in: Array(request.query.utf8), end: "&") {
            return range
        }
        return RateLimiter.value("\"category\":\"", in: request.body, end: "\"") ?? ""
    }

    private static func value(_ name: String, in text: [UInt8], end: Unicode.Scalar) -> String? {
        let name = Array(name.utf8)
        guard text.count > name.count else { return nil }
        for start in 0...(text.count - name.count)
        where text[start..<start + name.count].elementsEqual(name) {
            let rest = text[(start + name.count)...].prefix { $0 != UInt8(ascii: end) }
            return String(decoding: rest, as: UTF8.self)
        }
        return nil
    }

    /// Orders of a batch count one by one, but on options, where the batch does.
    static func units(_ request: RESTRequest) -> Int {
        guard request.path.hasSuffix("-batch"), category(request) != "option" else { return 1 }
        let marker = Array(#""symbol":"#.utf8)
        guard request.body.count > marker.count else { return 1 }
        var count = 0
        for start in 0...(request.body.count - marker.count)
        where request.body[start..<start + marker.count].elementsEqual(marker) {
            count += 1
        }
        return max(1, count)
    }

    /// Requests a second of a plain account, until the exchange says what they are.
    static func quota(_ request: RESTRequest) -> Int {
        let category = category(request)
        switch request.path {
        case "/v5/order/create", "/v5/order/cancel", "/v5/order/create-batch",
            "/v5/order/amend-batch", "/v5/order/cancel-batch", "/v5/order/pre-check":
            return category == "spot" ? 20 : 10
        case "/v5/order/amend": return 10
        case "/v5/order/cancel-all":
            return category == "spot" ? 20 : category == "option" ? 1 : 10
        case "/v5/order/disconnected-cancel-all", "/v5/account/fee-rate",
            "/v5/account/query-dcp-info", "/v5/account/set-margin-mode",
            "/v5/asset/coin/query-info", "/v5/spread/order/cancel-all":
            return 5
        case "/v5/account/transaction-log": return 25
        case "/v5/account/instruments-info", "/v5/user/query-api", "/v5/position/set-leverage",
            "/v5/position/trading-stop", "/v5/position/switch-mode":
            return 10
        case "/v5/spread/order/create", "/v5/spread/order/amend", "/v5/spread/order/cancel":
            return 20
        case "/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list",
            "/v5/position/closed-pnl", "/v5/position/get-closed-positions",
            "/v5/account/wallet-balance", "/v5/account/info", "/v5/asset/delivery-record",
            "/v5/asset/settlement-record", "/v5/spread/order/realtime",
            "/v5/spread/order/history", "/v5/spread/execution/list", "/v5/spread/max-qty":
            return 50
        default: return 5
        }
    }
}

extension RESTCall {
    /// Cancels, and questions about one order, go before everything else.
    var urgency: RateLimiter.Urgency {
        if request.path.holds("/cancel") { return .urgent }
        if request.query.holds("orderLinkId=") || request.query.holds("orderId=") {
            return .urgent
        }
        return lane == .orders ? .order : .question
    }
}

extension String {
    /// As `contains`, byte for byte: that one takes longer than all else on an order's way to its socket.
    fileprivate func holds(_ word: StaticString) -> Bool {
        var text = self
        let size = word.utf8CodeUnitCount
        return text.withUTF8 { bytes in
            guard let start = bytes.baseAddress, bytes.count >= size else { return false }
            return (0...bytes.count - size).contains {
                memcmp(start + $0, word.utf8Start, size) == 0
            }
        }
    }
}
