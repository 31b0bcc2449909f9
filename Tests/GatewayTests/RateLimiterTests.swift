import Bybit
import Market
import Testing

@testable import Gateway

@Suite struct RateLimiterTests {
    static let second: Int64 = 1_000_000_000
    static let millisecond: Int64 = 1_000_000

    static func order(_ category: String = "linear") -> RESTRequest {
        RESTRequest(
            endpoint: .createOrder,
            body: Array(#"{"category":"\#(category)","symbol":"BTCUSDT"}"#.utf8)
        )
    }

    static let cancel = RESTRequest(
        endpoint: .cancelOrder,
        body: Array(#"{"category":"linear","symbol":"BTCUSDT"}"#.utf8)
    )

    /// How many of `request` leave at one moment.
    private func burst(
        _ limiter: inout RateLimiter,
        _ request: RESTRequest,
        _ urgency: RateLimiter.Urgency,
        now: Int64
    ) -> Int {
        var count = 0
        while limiter.verdict(request, urgency, now: now) == .go, count < 10_000 {
            limiter.left(request, now: now)
            limiter.ended(request, now: now)
            count += 1
        }
        return count
    }

    @Test func `new orders leave a fifth of the quota, and a window later they go on`() {
        var limiter = RateLimiter()
        #expect(burst(&limiter, Self.order(), .order, now: 0) == 8)
        #expect(limiter.verdict(Self.order(), .order, now: 1) == .wait(until: Self.second))
        // Another endpoint and another category have quotas of their own.
        #expect(burst(&limiter, Self.cancel, .urgent, now: 1) == 10)
        #expect(burst(&limiter, Self.order("spot"), .order, now: 1) == 16)
        #expect(burst(&limiter, Self.order(), .order, now: Self.second) == 8)
    }

    @Test func `in no window of a second are there more than the quota, whatever the times`() {
        var limiter = RateLimiter()
        var sent: [Int64] = []
        var now: Int64 = 0
        var chance: UInt64 = 1
        while now < 60 * Self.second {
            chance = Mix.spread(chance)
            now += Int64(chance % 40) * Self.millisecond
            if limiter.verdict(Self.order(), .urgent, now: now) == .go {
                limiter.left(Self.order(), now: now)
                sent.append(now)
            }
        }
        for (place, time) in sent.enumerated() where place >= 10 {
            #expect(time - sent[place - 10] >= Self.second)
        }
        #expect(sent.count > 500)
    }

    @Test func `a share of a tenth leaves nine tenths to a bot beside it`() {
        var recorder = RateLimiter(settings: .init(share: 10))
        let question = RESTRequest(.openOrders(.linear))
        #expect(burst(&recorder, question, .urgent, now: 0) == 5)
        // Of a quota of 10 one is left, and of 5 one too.
        #expect(burst(&recorder, Self.order(), .urgent, now: 0) == 1)
        var all = RateLimiter(settings: .init(share: 10))
        let time = RESTRequest(.serverTime)
        #expect(burst(&all, time, .urgent, now: 0) == 60)
        #expect(all.verdict(time, .urgent, now: 0) == .wait(until: 5 * Self.second))
    }

    /// A share is what others count on: it holds whenever, on its way, the exchange counts a request.
    @Test func `of a share no window of a second has more, whatever the ways take`() {
        var limiter = RateLimiter(settings: .init(share: 10, reserve: 0))
        let question = RESTRequest(.openOrders(.linear))
        var open: [(left: Int64, back: Int64)] = []
        var counted: [(early: Int64, late: Int64)] = []
        var now: Int64 = 0
        var chance: UInt64 = 5
        while now < 120 * Self.second {
            chance = Mix.spread(chance)
            now += Int64(chance % 30) * Self.millisecond
            for back in open.filter({ $0.back <= now }) {
                limiter.ended(question, now: back.back)
                counted.append((back.left, back.back))
            }
            open.removeAll { $0.back <= now }
            guard limiter.verdict(question, .urgent, now: now) == .go else { continue }
            limiter.left(question, now: now)
            // At once, or only after seconds.
            open.append((now, now + Int64((chance >> 32) % 2_500) * Self.millisecond))
        }
        counted.sort { $0.early < $1.early }
        #expect(counted.count > 100)
        // The worst: some are counted as late as can be, and those behind them as early as can be.
        for (place, request) in counted.enumerated() {
            let together = counted[..<place].count { request.early < $0.late + Self.second }
            #expect(together < 5, "\(together + 1) within a second")
        }
    }

    @Test func `categories other than spot share one count, each with its own quota`() {
        var limiter = RateLimiter(settings: .init(share: 10, reserve: 0))
        #expect(burst(&limiter, RESTRequest(.openOrders(.linear)), .question, now: 0) == 5)
        #expect(burst(&limiter, RESTRequest(.openOrders(.inverse)), .question, now: 0) == 0)
        #expect(burst(&limiter, RESTRequest(.openOrders(.option)), .question, now: 0) == 0)
        #expect(burst(&limiter, RESTRequest(.openOrders(.spot)), .question, now: 0) == 5)
    }

    @Test func `a share is kept to before any answer, on loopback too`() {
        var settings = RateLimiter.Settings(share: 10, reserve: 0)
        settings.assumesQuotas = false
        var limiter = RateLimiter(settings: settings)
        #expect(burst(&limiter, RESTRequest(.wallet), .question, now: 0) == 5)
        #expect(burst(&limiter, RESTRequest(.serverTime), .question, now: 0) == 55)
    }

    @Test func `what the headers say is the quota, and an empty one is waited for`() {
        var limiter = RateLimiter(settings: .init(share: 100, reserve: 0))
        limiter.left(Self.order(), now: 0)
        limiter.answered(
            Self.order(),
            status: 200,
            code: 0,
            limit: 50,
            remaining: 49,
            resetIn: 0,
            now: 0
        )
        #expect(burst(&limiter, Self.order(), .order, now: 0) == 49)
        limiter.answered(
            Self.cancel,
            status: 200,
            code: 0,
            limit: 10,
            remaining: 0,
            resetIn: 300 * Self.millisecond,
            now: 0
        )
        #expect(
            limiter.verdict(Self.cancel, .urgent, now: 1)
                == .wait(until: 300 * Self.millisecond)
        )
        #expect(limiter.verdict(Self.cancel, .urgent, now: 300 * Self.millisecond) == .go)
    }

    /// A bot with the same key, whose requests this process does not see.
    @Test func `what others of the key use is not sent on top of it, a second long`() {
        for (reserve, room) in [(0, 15), (20, 12)] {
            var limiter = RateLimiter(settings: .init(share: 100, reserve: reserve))
            limiter.left(Self.order(), now: 0)
            limiter.answered(
                Self.order(),
                status: 200,
                code: 0,
                limit: 50,
                remaining: 14,
                resetIn: 0,
                now: 100 * Self.millisecond
            )
            // 35 were others', one was ours.
            #expect(burst(&limiter, Self.order(), .order, now: 100 * Self.millisecond) == room - 1)
            let later = 1_200 * Self.millisecond
            #expect(burst(&limiter, Self.order(), .order, now: later) == (reserve == 0 ? 50 : 40))
        }
        // An answer that says no more than what was sent from here is no sign of others, if it comes late too.
        var limiter = RateLimiter(settings: .init(share: 100, reserve: 0))
        for _ in 0..<30 { limiter.left(Self.order(), now: 0) }
        limiter.answered(
            Self.order(),
            status: 200,
            code: 0,
            limit: 50,
            remaining: 20,
            resetIn: 0,
            now: 1_200 * Self.millisecond
        )
        #expect(burst(&limiter, Self.order(), .order, now: 1_200 * Self.millisecond) == 50)
        // Who has a share keeps to that.
        limiter = RateLimiter(settings: .init(share: 10, reserve: 0))
        limiter.answered(
            Self.order(),
            status: 200,
            code: 0,
            limit: 50,
            remaining: 5,
            resetIn: 0,
            now: 0
        )
        #expect(burst(&limiter, Self.order(), .order, now: 0) == 5)
    }

    /// Ten cancels whose answers take two seconds: each says that nothing is left, of what has long been free again.
    @Test func `an answer that comes late is no sign of others, and holds no cancel back`() {
        func answer(
            _ limiter: inout RateLimiter,
            _ request: RESTRequest,
            remaining: Int,
            now: Int64
        ) {
            limiter.answered(
                request,
                status: 200,
                code: 0,
                limit: 10,
                remaining: remaining,
                resetIn: 0,
                now: now
            )
        }
        for request in [Self.cancel, Self.order()] {
            var limiter = RateLimiter(settings: .init(share: 100, reserve: 0))
            for _ in 0..<10 {
                #expect(limiter.verdict(request, .urgent, now: 0) == .go)
                limiter.left(request, now: 0)
            }
            // Whoever asks meanwhile has what left at first forgotten.
            let asked = 1_500 * Self.millisecond
            #expect(limiter.verdict(request, .order, now: asked) == .go)
            for place in 0..<10 {
                answer(&limiter, request, remaining: 9 - place, now: 2 * Self.second)
            }
            #expect(burst(&limiter, request, .order, now: 2 * Self.second) == 10)
        }
        // What others really use holds new orders back, and no cancel.
        var limiter = RateLimiter(settings: .init(share: 100, reserve: 0))
        limiter.left(Self.cancel, now: 0)
        answer(&limiter, Self.cancel, remaining: 1, now: 1)
        #expect(burst(&limiter, Self.cancel, .order, now: 1) == 1)
        #expect(burst(&limiter, Self.cancel, .urgent, now: 1) == 8)
    }

    @Test(arguments: [(200, Int64(10_006)), (200, 10_429), (429, -1)])
    func `too many visits make the endpoint wait`(status: Int, code: Int64) {
        var limiter = RateLimiter()
        limiter.answered(
            Self.order(),
            status: status,
            code: code,
            limit: nil,
            remaining: nil,
            resetIn: 0,
            now: 0
        )
        #expect(limiter.verdict(Self.order(), .urgent, now: 0) == .wait(until: Self.second))
        #expect(limiter.verdict(Self.cancel, .urgent, now: 0) == .go)
    }

    @Test func `a reconciliation leaves room for orders, and orders for cancels`() {
        var settings = RateLimiter.Settings()
        settings.orderReserve = 20
        var limiter = RateLimiter(settings: settings)
        // Unsigned, so that the address's quota alone counts.
        let request = RESTRequest(.serverTime)
        #expect(burst(&limiter, request, .question, now: 0) == 360)
        #expect(limiter.verdict(request, .question, now: 0) == .wait(until: 5 * Self.second))
        #expect(burst(&limiter, request, .order, now: 0) == 120)
        #expect(burst(&limiter, request, .urgent, now: 0) == 120)
        // Who enters no orders has all of it for questions.
        limiter = RateLimiter()
        #expect(burst(&limiter, request, .question, now: 0) == 480)
    }

    @Test func `after a 403 nothing leaves for ten minutes, not even a cancel`() {
        var limiter = RateLimiter()
        limiter.answered(
            RESTRequest(.serverTime),
            status: 403,
            code: -1,
            limit: nil,
            remaining: nil,
            resetIn: 0,
            now: 7
        )
        let until = 7 + 600 * Self.second
        #expect(limiter.verdict(Self.cancel, .urgent, now: 8) == .quiet(until: until))
        #expect(limiter.verdict(Self.cancel, .urgent, now: until - 1) == .quiet(until: until))
        #expect(limiter.verdict(Self.cancel, .urgent, now: until) == .go)
    }

    private static func batch(
        _ category: String,
        _ count: Int,
        _ what: String = "create"
    ) -> RESTRequest {
        let items = (0..<count).map { #"{"symbol":"S\#($0)","qty":"1"}"# }
        var request = RESTRequest(
            endpoint: .other("/v5/order/\(what)-batch"),
            body: Array(
                #"{"category":"\#(category)","request":[\#(items.joined(separator: ","))]}"#.utf8
            )
        )
        request.method = "POST"
        return request
    }

    @Test func `a batch counts its orders, but not on options`() {
        #expect(RateLimiter.units(Self.batch("linear", 7)) == 7)
        #expect(RateLimiter.units(Self.batch("option", 7)) == 1)
        var limiter = RateLimiter()
        limiter.left(Self.batch("linear", 7), now: 0)
        #expect(
            limiter.verdict(Self.batch("linear", 4), .urgent, now: 1) == .wait(until: Self.second)
        )
        // More than the whole quota goes when nothing else does.
        #expect(limiter.verdict(Self.batch("linear", 20), .urgent, now: Self.second) == .go)
    }

    private static func name(
        _ limit: Int,
        for request: RESTRequest,
        to limiter: inout RateLimiter
    ) {
        limiter.left(request, now: -2 * second)
        limiter.answered(
            request,
            status: 200,
            code: 0,
            limit: limit,
            remaining: limit,
            resetIn: 0,
            now: -2 * second
        )
    }

    @Test func `a batch beyond a share never leaves, and one within it waits its turn`() {
        // Of ten a second it has five, and keeps one for cancels.
        var limiter = RateLimiter(settings: .init(share: 50))
        Self.name(10, for: Self.batch("linear", 1), to: &limiter)
        let excess = RateLimiter.Excess(orders: 5, most: 4)
        for time in [0, Self.second, 600 * Self.second] {
            #expect(
                limiter.verdict(Self.batch("linear", 5), .order, now: time) == .never(excess)
            )
        }
        // Batches on options count as one.
        #expect(limiter.verdict(Self.batch("option", 20), .order, now: 0) == .go)
        let full = Self.batch("linear", 4)
        #expect(limiter.verdict(full, .order, now: 0) == .go)
        limiter.left(full, now: 0)
        limiter.ended(full, now: 0)
        #expect(limiter.verdict(full, .order, now: 1) == .wait(until: Self.second))
        #expect(limiter.verdict(full, .order, now: Self.second) == .go)
    }

    @Test func `cancels leave however many they are, alone where they are beyond the share`() {
        var limiter = RateLimiter(settings: .init(share: 50))
        let cancels = Self.batch("linear", 6, "cancel")
        Self.name(10, for: Self.batch("linear", 1, "cancel"), to: &limiter)
        #expect(limiter.excess(cancels, .urgent) == nil)
        #expect(limiter.verdict(cancels, .urgent, now: 0) == .go)
        limiter.left(cancels, now: 0)
        limiter.ended(cancels, now: 0)
        #expect(limiter.verdict(cancels, .urgent, now: 1) == .wait(until: Self.second))
    }

    @Test func `what a share has for a batch follows the quota that the exchange names`() {
        let limiter = SharedLimiter(settings: .init(share: 50, reserve: 0))
        let call = RESTCall(Self.batch("linear", 20))
        // What the account has is not known: it may be many times the table's.
        #expect(limiter.excess(of: call) == nil)
        #expect(limiter.take(call.request, .order, now: 0) == .go)
        func answer(limit: Int) {
            limiter.answered(
                call.request,
                status: 200,
                code: 0,
                limit: limit,
                remaining: limit,
                resetIn: 0,
                now: 0
            )
        }
        answer(limit: 40)
        #expect(limiter.excess(of: call) == nil)
        answer(limit: 38)
        #expect(limiter.excess(of: call) == RateLimiter.Excess(orders: 20, most: 19))
        // Another category of the same count has a quota of its own, which was not named.
        #expect(limiter.excess(of: RESTCall(Self.batch("inverse", 20))) == nil)
        // Who has all keeps to no share.
        #expect(SharedLimiter(settings: .init(share: 100)).excess(of: call) == nil)
        // A single order is never beyond it, however small the share.
        let small = SharedLimiter(settings: .init(share: 1))
        #expect(small.excess(of: RESTCall(Self.order())) == nil)
    }
}
