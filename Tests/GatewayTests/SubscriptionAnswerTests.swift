import Bybit
import Market
import Testing

@testable import Gateway

/// A subscription machine and an exchange with fixed views on topics, run against each other.
private struct Exchange {
    var refused: Set<String> = []
    var active: Set<String> = []
    var argumentsMax = Int.max
    var isCommandResponse = false
    var namesTopics = true
    var requests = 0

    mutating func answer(_ change: Subscriptions.Change, id: String) -> ControlFrame.Answer {
        requests += 1
        var answer = ControlFrame.Answer()
        if isCommandResponse {
            answer.succeeded = change.topics.filter { !refused.contains($0) }
            answer.failed = change.topics.filter { refused.contains($0) }
            answer.isSuccess = answer.failed.isEmpty
            active.formUnion(answer.succeeded)
            return answer
        }
        answer.requestID = id
        answer.operation = change.operation == .subscribe ? "subscribe" : "unsubscribe"
        if change.operation == .unsubscribe {
            active.subtract(change.topics)
            answer.isSuccess = true
        } else if change.topics.count > argumentsMax {
            answer.message = "args size >\(argumentsMax)"
        } else if let topic = change.topics.first(where: { active.contains($0) }) {
            answer.message = "error:already subscribed" + (namesTopics ? ",topic:\(topic)" : "")
        } else if let topic = change.topics.first(where: { refused.contains($0) }) {
            answer.message = namesTopics ? "error:handler not found,topic:\(topic)" : "error"
        } else {
            answer.isSuccess = true
            active.formUnion(change.topics)
        }
        return answer
    }

    /// Until there is nothing left to ask; all findings.
    mutating func settle(_ subscriptions: inout Subscriptions) -> [String] {
        var findings: [String] = []
        var open: [(Subscriptions.Change, String)] = []
        for round in 0..<10_000 {
            while let change = subscriptions.nextChange() {
                let id = isCommandResponse ? "" : "r\(round).\(open.count)"
                subscriptions.sent(change, requestID: id, now: 0)
                open.append((change, id))
            }
            guard !open.isEmpty else { return findings }
            let (change, id) = open.removeFirst()
            findings += subscriptions.answered(answer(change, id: id)).findings
        }
        Issue.record("it never settles")
        return findings
    }
}

@Suite struct SubscriptionAnswerTests {
    private func topics(_ range: ClosedRange<Int>) -> [String] { range.map { "tickers.S\($0)" } }

    @Test func `no request asks for topics of one category and of all at once`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits())
        let topics = [
            "order", "execution.fast.linear", "execution", "order.spot", "wallet", "dcp.future",
        ]
        _ = subscriptions.want(topics)
        var requests: [[String]] = []
        while let change = subscriptions.nextChange(), requests.count < 10 {
            subscriptions.sent(change, requestID: "r\(requests.count)", now: 0)
            requests.append(change.topics)
        }
        #expect(
            requests == [
                ["order", "execution", "wallet", "dcp.future"],
                ["execution.fast.linear", "order.spot"],
            ]
        )
    }

    @Test(arguments: [true, false])
    func `a topic that the exchange already has does not take the others down`(named: Bool) {
        var subscriptions = Subscriptions(limits: SubscriptionLimits())
        var exchange = Exchange(active: ["tickers.S3"], namesTopics: named)
        _ = subscriptions.want(topics(1...9))
        #expect(exchange.settle(&subscriptions) == [])
        #expect(subscriptions.active == topics(1...9))
        #expect(exchange.active == Set(topics(1...9)))
    }

    @Test(arguments: [true, false])
    func `a topic that does not exist is found, told once and set aside`(named: Bool) {
        var subscriptions = Subscriptions(limits: SubscriptionLimits())
        var exchange = Exchange(refused: ["tickers.S3", "tickers.S8"], namesTopics: named)
        _ = subscriptions.want(topics(1...9))
        let findings = exchange.settle(&subscriptions)
        #expect(findings.count == 2)
        #expect(findings.contains { $0.hasPrefix("subscribe of tickers.S3 refused: error") })
        #expect(subscriptions.isComplete)
        #expect(subscriptions.active == topics(1...9).filter { !exchange.refused.contains($0) })
        // On the next connection it is tried again.
        subscriptions.forgetConnection()
        exchange = Exchange()
        _ = exchange.settle(&subscriptions)
        #expect(subscriptions.active == topics(1...9))
    }

    @Test func `a request that is too long is taken apart until it fits`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits())
        var exchange = Exchange(argumentsMax: 10)
        _ = subscriptions.want(topics(1...150))
        #expect(exchange.settle(&subscriptions) == [])
        #expect(subscriptions.active.count == 150)
    }

    @Test func `COMMAND_RESP is judged topic by topic`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits(topicsPerRequest: 3))
        var exchange = Exchange(refused: ["tickers.S2"], isCommandResponse: true)
        _ = subscriptions.want(topics(1...7))
        #expect(
            exchange.settle(&subscriptions) == ["subscribe of tickers.S2 refused: "]
        )
        #expect(subscriptions.active.count == 6)
        #expect(subscriptions.isComplete)
    }

    @Test func `one connection never asks twice for a topic, whatever is wanted when`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits(topicsPerRequest: 4))
        var exchange = Exchange()
        var seed: UInt64 = 7
        for _ in 0..<500 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let wanted = (0..<12).filter { seed >> UInt64(20 + $0) & 1 == 1 }.map { "t.\($0)" }
            _ = subscriptions.want(wanted)
            if seed >> 40 & 3 == 0, let topic = wanted.first { subscriptions.renew(topic) }
            let active = exchange.active
            #expect(exchange.settle(&subscriptions) == [])
            #expect(exchange.active == Set(wanted), "from \(active)")
            #expect(subscriptions.active == wanted)
        }
    }

    @Test(arguments: [
        ("error:already subscribed,topic:tickers.BTC", "tickers.BTC", true),
        ("error:already subscribed,topic:tickers.BTCUSDT", "tickers.BTC", false),
        ("Invalid topic: [orderbook.1.A]", "orderbook.1.A", true),
        ("Invalid topic", "orderbook.1.A", false),
        ("", "a", false),
    ])
    func `a topic is named by a message only as a whole`(
        message: String,
        topic: String,
        isNamed: Bool
    ) {
        #expect(Subscriptions.names(message, topic) == isNamed)
    }

    @Test func `not being authorised asks for a new connection`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits())
        _ = subscriptions.want(["order"])
        if let change = subscriptions.nextChange() {
            subscriptions.sent(change, requestID: "r1", now: 0)
        }
        var answer = ControlFrame.Answer()
        answer.operation = "subscribe"
        answer.message = "Request not authorized"
        #expect(subscriptions.answered(answer).mustReconnect)
    }

    @Test func `what is wanted no more and was just asked for still takes its room`() {
        var subscriptions = Subscriptions(limits: SubscriptionLimits(topicsPerConnection: 3))
        _ = subscriptions.want(["a", "b", "c"])
        let first = subscriptions.nextChange()
        #expect(first?.topics == ["a", "b", "c"])
        if let first { subscriptions.sent(first, requestID: "r1", now: 0) }
        // Asked for and not answered: the exchange has them, or will have.
        _ = subscriptions.want(["c", "d", "e"])
        #expect(subscriptions.nextChange() == nil)
        var answer = ControlFrame.Answer()
        answer.operation = "subscribe"
        answer.requestID = "r1"
        answer.isSuccess = true
        _ = subscriptions.answered(answer)
        let second = subscriptions.nextChange()
        #expect(second?.operation == .unsubscribe && second?.topics == ["a", "b"])
        if let second { subscriptions.sent(second, requestID: "r2", now: 0) }
        // Requests are read in their order: there is room behind this one.
        #expect(subscriptions.nextChange()?.topics == ["d", "e"])
    }

    @Test func `topics are shared out over as many connections as needed`() {
        let limits = SubscriptionLimits(.publicData(.option))
        let topics = (0..<5_000).map { "t.\($0)" }
        let groups = limits.connections(for: topics)
        #expect(groups.map(\.count) == [2_000, 2_000, 1_000])
        #expect(groups.flatMap { $0 } == topics)
        let long = SubscriptionLimits(.publicData(.linear)).connections(
            for: (0..<3_000).map { "publicTrade.\($0)" }
        )
        #expect(long.allSatisfy { $0.reduce(2) { $0 + $1.utf8.count + 3 } <= 21_000 })
        #expect(long.count == 3)
    }
}
