import Bybit
import Market
import Testing

@testable import Gateway

/// Order entry on the trade socket, without a socket.
@Suite struct TradeQueueTests {
    static let second: Int64 = 1_000_000_000

    /// A queue whose quotas are those that the answers name, or the exchange's own.
    static func queue(assumesQuotas: Bool = false, isReady: Bool = true) -> TradeQueue {
        var quotas = RateLimiter.Settings()
        quotas.assumesQuotas = assumesQuotas
        var queue = TradeQueue(limiter: SharedLimiter(settings: quotas))
        if isReady { #expect(queue.ready(now: 0).isEmpty) }
        return queue
    }

    static func order(_ key: String) -> RESTCall { call(.createOrder, key) }
    static func cancel(_ key: String) -> RESTCall { call(.cancelOrder, key) }

    /// A new order that only reduces, as the core sends it.
    static func reduction(
        _ key: String,
        _ type: OrderType = .limit,
        _ timeInForce: TimeInForce = .goodTillCancelled,
        reduceOnly: Bool = true
    ) throws -> RESTCall {
        let order = OrderRequest(
            instrument: InstrumentID(.linear, try #require(Symbol("BTCUSDT"))),
            orderLinkID: key,
            side: .sell,
            type: type,
            timeInForce: timeInForce,
            quantity: try Numeral(text: "0.01"),
            price: try type == .market ? nil : Numeral(text: "90000"),
            reduceOnly: reduceOnly
        )
        return RESTCall(try #require(RESTRequest(.place(order))), orderingKey: key)
    }

    private static func call(_ endpoint: Endpoint, _ key: String) -> RESTCall {
        let body = #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"\#(key)"}"#
        return RESTCall(
            RESTRequest(endpoint: endpoint, body: Array(body.utf8)),
            orderingKey: key,
            timeout: 10 * second
        )
    }

    /// What is sent, each as `op reqId`.
    static func sent(_ actions: [TradeQueue.Action]) -> [String] {
        actions.compactMap {
            guard case .send(let request) = $0 else { return nil }
            return "\(request.operation) \(request.requestID)"
        }
    }

    static func answer(_ requestID: String, code: Int = 0, header: String = "{}") -> TradeAnswer {
        let text =
            #"{"reqId":"\#(requestID)","retCode":\#(code),"retMsg":"","op":"order.create","data":{"orderId":"x, \"}"},"#
            + #""retExtInfo":{},"header":\#(header),"connId":"c"}"#
        let answer = Array(text.utf8).withUnsafeBytes { TradeAnswer($0) }
        #expect(answer != nil)
        return answer ?? TradeAnswer()
    }

    @Test func `calls of one order leave one after the other, those of others beside them`() {
        var queue = Self.queue()
        #expect(Self.sent(queue.submit(Self.order("a"), now: 0)) == ["order.create a.1"])
        #expect(queue.submit(Self.cancel("a"), now: 1).isEmpty)
        #expect(Self.sent(queue.submit(Self.order("b"), now: 2)) == ["order.create b.2"])
        #expect(queue.pending == 3)
        #expect(Self.sent(queue.received(Self.answer("b.2"), now: 3)) == [])
        #expect(
            Self.sent(queue.received(Self.answer("a.1"), now: 4)) == ["order.cancel a.3"]
        )
        #expect(queue.received(Self.answer("a.3"), now: 5).isEmpty)
        #expect(queue.pending == 0 && queue.deadline == nil)
    }

    /// A new order that waits behind another must not leave after its own cancel went by REST without a record.
    @Test func `when nothing can be recorded any more only cancels still leave`() {
        var queue = Self.queue()
        #expect(Self.sent(queue.submit(Self.order("a"), now: 0)) == ["order.create a.1"])
        let second = Self.order("a")
        #expect(queue.submit(second, now: 1).isEmpty)
        #expect(queue.submit(Self.cancel("a"), now: 2).isEmpty)
        let given = queue.keepOnlyCancels(reason: "the journal failed")
        #expect(given == [.ended(second, .notSent, reason: "the journal failed")])
        #expect(
            Self.sent(queue.received(Self.answer("a.1"), now: 3)) == ["order.cancel a.2"]
        )
        #expect(queue.keepOnlyCancels(reason: "the journal failed").isEmpty)
    }

    /// The whole account's cancels leave meanwhile: what rests would stay behind its own.
    @Test func `when nothing can be recorded any more a reduction leaves unless it can rest`()
        throws
    {
        var queue = Self.queue(assumesQuotas: true)
        for number in 0..<8 { _ = queue.submit(Self.order("o\(number)"), now: 0) }
        let kept = [
            try Self.reduction("a", .market), try Self.reduction("b", .limit, .immediateOrCancel),
            try Self.reduction("c", .limit, .fillOrKill),
        ]
        let dropped = [
            try Self.reduction("d"), try Self.reduction("e", .limit, .postOnly),
            try Self.reduction("f", .market, reduceOnly: false),
            try Self.reduction("g", .limit, .immediateOrCancel, reduceOnly: false),
        ]
        for call in kept + dropped { #expect(queue.submit(call, now: 1).isEmpty) }
        #expect(
            queue.keepOnlyCancels(reason: "the journal failed")
                == dropped.map { .ended($0, .notSent, reason: "the journal failed") }
        )
        #expect(
            Self.sent(queue.wake(now: Self.second))
                == ["order.create a.9", "order.create b.a", "order.create c.b"]
        )
    }

    @Test func `without a socket calls go by REST, and none overtakes one of its order`() {
        var queue = Self.queue(isReady: false)
        let order = Self.order("a")
        #expect(queue.submit(order, now: 0) == [.elsewhere(order)])
        #expect(queue.ready(now: 1).isEmpty)
        // The order is still under way there.
        let cancel = Self.cancel("a")
        #expect(queue.submit(cancel, now: 2) == [.elsewhere(cancel)])
        queue.endedElsewhere(order)
        #expect(queue.submit(cancel, now: 3) == [.elsewhere(cancel)])
        queue.endedElsewhere(cancel)
        queue.endedElsewhere(cancel)
        #expect(Self.sent(queue.submit(cancel, now: 4)) == ["order.cancel a.1"])
    }

    @Test func `a lost socket leaves what had gone unknown, and sends by REST what had not`() {
        var queue = Self.queue()
        let (order, cancel, other) = (Self.order("a"), Self.cancel("a"), Self.order("b"))
        _ = queue.submit(order, now: 0)
        _ = queue.submit(cancel, now: 0)
        #expect(
            queue.lost(reason: "reset", now: 1) == [
                .ended(order, .failed, reason: "the trade socket was lost: reset"),
                .elsewhere(cancel),
            ]
        )
        #expect(queue.submit(other, now: 2) == [.elsewhere(other)])
        #expect(queue.pending == 0 && queue.deadline == nil)
        #expect(queue.lost(reason: "again", now: 3).isEmpty)
    }

    @Test func `a call without an answer is timed out once, and its late answer changes nothing`() {
        var queue = Self.queue()
        let order = Self.order("a")
        _ = queue.submit(order, now: 5)
        #expect(queue.submit(Self.cancel("a"), now: 6).isEmpty)
        #expect(queue.deadline == 10 * Self.second + 5)
        #expect(queue.wake(now: 10 * Self.second + 4).isEmpty)
        let actions = queue.wake(now: 10 * Self.second + 5)
        #expect(
            actions.first
                == .ended(order, .timedOut, reason: "no answer on the trade socket in 10000 ms")
        )
        #expect(Self.sent(actions) == ["order.cancel a.2"])
        #expect(queue.received(Self.answer("a.1"), now: 11 * Self.second).isEmpty)
        #expect(queue.pending == 1)
    }

    @Test func `new orders wait for the quota, cancels go before them, no second has too many`() {
        var queue = Self.queue(assumesQuotas: true)
        var sent = 0
        for number in 0..<20 {
            sent += Self.sent(queue.submit(Self.order("o\(number)"), now: 0)).count
        }
        // Of ten a second a fifth is kept for what is urgent.
        #expect(sent == 8 && queue.pending == 20)
        #expect(Self.sent(queue.submit(Self.cancel("x"), now: 1)) == ["order.cancel x.9"])
        // A cancel of an order that waits itself may not overtake it.
        #expect(queue.submit(Self.cancel("o19"), now: 2).isEmpty)
        #expect(queue.deadline == Self.second)
        #expect(queue.wake(now: Self.second - 1).isEmpty)
        #expect(Self.sent(queue.wake(now: Self.second)).count == 8)
    }

    @Test func `a request names the record it came after`() {
        var queue = Self.queue()
        var call = Self.order("a")
        call.after = SequenceNumber(71)
        #expect(Self.sent(queue.submit(call, now: 0)) == ["order.create a.1_1z"])
    }

    @Test func `what left by REST counts in the same quota, and the other way round`() {
        var quotas = RateLimiter.Settings(share: 50, reserve: 0)
        quotas.assumesQuotas = true
        let limiter = SharedLimiter(settings: quotas)
        var queue = TradeQueue(limiter: limiter)
        _ = queue.ready(now: 0)
        // Of ten a second it has five.
        for number in 0..<3 {
            let call = Self.order("r\(number)")
            #expect(limiter.take(call.request, .order, now: 0) == .go)
        }
        var sent = 0
        for number in 0..<5 {
            sent += Self.sent(queue.submit(Self.order("o\(number)"), now: 0)).count
        }
        #expect(sent == 2 && queue.pending == 5)
        #expect(limiter.take(Self.order("r").request, .order, now: 0) != .go)
        // Their answers make room, a window later.
        for _ in 0..<3 { limiter.ended(Self.order("r").request, now: 0) }
        #expect(Self.sent(queue.wake(now: Self.second)).count == 3)
        #expect(limiter.take(Self.order("r").request, .order, now: Self.second) != .go)
    }

    @Test func `frames are none of the requests that an address may make, but a 403 stops both`() {
        var quotas = RateLimiter.Settings(share: 1, reserve: 0)
        quotas.assumesQuotas = true
        let limiter = SharedLimiter(settings: quotas)
        var queue = TradeQueue(limiter: limiter)
        _ = queue.ready(now: 0)
        // A hundredth of 600 in five seconds.
        let question = RESTRequest(.serverTime)
        for _ in 0..<6 { #expect(limiter.take(question, .question, now: 0) == .go) }
        #expect(limiter.take(question, .question, now: 0) != .go)
        #expect(Self.sent(queue.submit(Self.order("a"), now: 0)).count == 1)
        limiter.answered(
            question,
            status: 403,
            code: -1,
            limit: nil,
            remaining: nil,
            resetIn: 0,
            now: 1
        )
        let other = Self.order("b")
        #expect(
            queue.submit(other, now: 2) == [
                .ended(other, .notSent, reason: "the exchange has shut out this address")
            ]
        )
    }

    @Test func `what an answer says of the quota is kept to`() {
        var quotas = RateLimiter.Settings(share: 50, reserve: 0)
        quotas.assumesQuotas = true
        var queue = TradeQueue(limiter: SharedLimiter(settings: quotas))
        _ = queue.ready(now: 0)
        _ = queue.submit(Self.order("a"), now: 0)
        let header = #"{"X-Bapi-Limit":"100","X-Bapi-Limit-Status":"99","Timenow":"5"}"#
        _ = queue.received(Self.answer("a.1", header: header), now: 0)
        var sent = 0
        for number in 0..<80 {
            sent += Self.sent(queue.submit(Self.order("o\(number)"), now: 1)).count
        }
        #expect(sent == 49)
    }

    @Test(arguments: [10_006, 10_403, 10_429, 20_003])
    func `an answer that says too many holds back until the quota is free`(code: Int) {
        var queue = Self.queue()
        _ = queue.submit(Self.order("a"), now: 0)
        let header =
            #"{"X-Bapi-Limit-Reset-Timestamp":"1700000000400","Timenow":"1700000000100","Traceid":"t"}"#
        _ = queue.received(Self.answer("a.1", code: code, header: header), now: 0)
        #expect(queue.submit(Self.order("b"), now: 1).isEmpty)
        #expect(queue.deadline == 300_000_000)
        #expect(Self.sent(queue.wake(now: 300_000_000)) == ["order.create b.2"])
    }

    @Test func `a node that restarts gets nothing new; what it has ends, then another is asked`() {
        var queue = Self.queue()
        let (first, second, third) = (Self.order("a"), Self.order("b"), Self.order("c"))
        _ = queue.submit(first, now: 0)
        _ = queue.submit(second, now: 0)
        let cancel = Self.cancel("a")
        _ = queue.submit(cancel, now: 0)
        #expect(queue.received(Self.answer("b.2", code: 10_019), now: 1).isEmpty)
        #expect(queue.submit(third, now: 2) == [.elsewhere(third)])
        // The cancel waits for its order, and then does not go to this node.
        #expect(
            queue.received(Self.answer("a.1"), now: 3) == [
                .elsewhere(cancel), .reconnect(reason: "the exchange's node restarts"),
            ]
        )
        _ = queue.lost(reason: "", now: 4)
        #expect(queue.ready(now: 5).isEmpty)
        #expect(Self.sent(queue.submit(Self.order("d"), now: 6)) == ["order.create d.3"])
    }

    @Test func `after a 403 nothing leaves, and what waited is not sent`() {
        var queue = Self.queue()
        let cancel = Self.cancel("a")
        _ = queue.submit(Self.order("a"), now: 0)
        _ = queue.submit(cancel, now: 0)
        #expect(queue.shutOut(now: 1).isEmpty)
        let reason = "the exchange has shut out this address"
        #expect(
            queue.received(Self.answer("a.1"), now: 2)
                == [.ended(cancel, .notSent, reason: reason)]
        )
        let other = Self.order("b")
        #expect(queue.submit(other, now: 3) == [.ended(other, .notSent, reason: reason)])
    }

    @Test func `an id without room for the number, and a call without one, go by REST`() {
        var queue = Self.queue()
        let long = Self.order(String(repeating: "x", count: 35))
        #expect(queue.submit(long, now: 0) == [.elsewhere(long)])
        let nameless = Self.order("")
        #expect(queue.submit(nameless, now: 0) == [.elsewhere(nameless)])
        let fits = Self.order(String(repeating: "x", count: 34))
        #expect(Self.sent(queue.submit(fits, now: 0)).count == 1)
    }

    @Test func `what waits is bounded, and what is too much is told`() {
        var queue = Self.queue()
        queue.waitingMax = 2
        _ = queue.submit(Self.order("a"), now: 0)
        for _ in 0..<2 { #expect(queue.submit(Self.cancel("a"), now: 0).isEmpty) }
        let extra = Self.cancel("a")
        #expect(
            queue.submit(extra, now: 0)
                == [.ended(extra, .notSent, reason: "too many calls wait for the quota")]
        )
    }

    /// Every call ends once, whatever happens in between.
    @Test(arguments: 1...40)
    func `every call is sent, redirected or ended exactly once`(seed: Int) {
        var queue = Self.queue(assumesQuotas: seed % 2 == 0)
        var chance = UInt64(seed)
        var now: Int64 = 0
        var open: [String: Int] = [:]
        var (submitted, finished, byRest) = (0, 0, [RESTCall]())
        func take(_ actions: [TradeQueue.Action]) {
            for action in actions {
                switch action {
                case .send(let request):
                    #expect(open[request.requestID] == nil)
                    open[request.requestID] = 1
                case .elsewhere(let call):
                    finished += 1
                    byRest.append(call)
                case .ended(let call, let outcome, _):
                    finished += 1
                    if outcome != .notSent {
                        // It had left.
                        let id = open.keys.filter { $0.hasPrefix(call.orderingKey + ".") }
                        #expect(!id.isEmpty)
                        for one in id { open[one] = nil }
                    }
                case .reconnect: take(queue.lost(reason: "node", now: now))
                }
            }
        }
        for step in 0..<400 {
            chance = Mix.spread(chance)
            now += Int64(chance % 200) * 1_000_000
            switch chance / 256 % 16 {
            case 0: take(queue.lost(reason: "reset", now: now))
            case 1: take(queue.ready(now: now))
            case 2, 3, 4, 5:
                if let id = open.keys.sorted().first {
                    open[id] = nil
                    finished += 1
                    take(
                        queue.received(
                            Self.answer(id, code: chance % 7 == 0 ? 10_019 : 0),
                            now: now
                        )
                    )
                }
            case 6:
                if !byRest.isEmpty { queue.endedElsewhere(byRest.removeFirst()) }
            case 7: take(queue.wake(now: now))
            default:
                submitted += 1
                let key = "k\(chance / 4_096 % 5)"
                take(
                    queue.submit(
                        step % 3 == 0 ? Self.cancel(key) : Self.order(key),
                        now: now
                    )
                )
            }
        }
        take(queue.lost(reason: "end", now: now))
        #expect(submitted > 100 && finished == submitted)
        #expect(open.isEmpty && queue.pending == 0)
    }
}
