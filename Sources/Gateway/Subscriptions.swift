import Bybit

/// What a connection is to have, has, and has asked for; the difference is what to send.
///
/// A request with one topic that is already subscribed is rejected as a whole (protocol reference §2.4), so a topic
/// is never asked for twice, and a rejected request is taken apart: a topic that the answer names is set aside, the
/// rest is asked for again, in halves where it names none.
struct Subscriptions: Sendable {
    enum Operation: Sendable, Equatable {
        case subscribe
        case unsubscribe
    }

    struct Change: Sendable, Equatable {
        var operation: Operation
        var topics: [String]
    }

    struct Outcome: Sendable, Equatable {
        /// What a person should know, one sentence each.
        var findings: [String] = []
        /// The exchange does not take this connection as authenticated.
        var mustReconnect = false
    }

    private enum Standing: Sendable, Equatable {
        case absent
        /// In a request that is not answered yet.
        case asked
        case active
        /// Rejected on this connection; not asked for again on it.
        case refused
    }

    private struct Pending: Sendable {
        var requestID: String
        var change: Change
        var since: Int64
    }

    let limits: SubscriptionLimits
    /// In the order the owner gave.
    private(set) var wanted: [String] = []
    private var wantedSet: Set<String> = []
    private var standing: [String: Standing] = [:]
    /// Topics that were active when last seen and are wanted no more, or to be renewed; in order.
    private var leaving: [String] = []
    private var pending: [Pending] = []
    /// Parts of rejected requests, to be asked for as they stand.
    private var parts: [[String]] = []
    /// What the exchange said of topics that it refused on this connection.
    private(set) var refusals: [String: String] = [:]

    init(limits: SubscriptionLimits) { self.limits = limits }

    var active: [String] { wanted.filter { standing[$0] == .active } }
    var oldestRequest: Int64? { pending.map(\.since).min() }

    /// Nothing on its way, nothing left to ask for.
    var isComplete: Bool {
        pending.isEmpty && parts.isEmpty && leaving.isEmpty
            && wanted.allSatisfy { standing[$0] == .active || standing[$0] == .refused }
    }

    /// - Returns: topics beyond the limits of one connection, which are not wanted.
    mutating func want(_ topics: [String]) -> [String] {
        var seen: Set<String> = []
        let unique = topics.filter { seen.insert($0).inserted }
        let count = limits.fitting(unique)
        let now = Array(unique.prefix(count))
        let nowSet = Set(now)
        for topic in wanted where !nowSet.contains(topic) && standing[topic] == .active {
            if !leaving.contains(topic) { leaving.append(topic) }
        }
        leaving.removeAll { nowSet.contains($0) && !renewing.contains($0) }
        for topic in wanted where !nowSet.contains(topic) && standing[topic] == .refused {
            standing[topic] = nil
            refusals[topic] = nil
        }
        wanted = now
        wantedSet = nowSet
        return Array(unique.dropFirst(count))
    }

    private var renewing: Set<String> = []

    /// Has a topic unsubscribed, and subscribed again since it is still wanted.
    mutating func renew(_ topic: String) {
        guard wantedSet.contains(topic) else { return }
        switch standing[topic] ?? .absent {
        case .active:
            if renewing.insert(topic).inserted { leaving.append(topic) }
        case .refused:
            standing[topic] = nil
            refusals[topic] = nil
        case .absent, .asked: break
        }
    }

    /// Subscriptions do not survive a connection.
    mutating func forgetConnection() {
        standing.removeAll(keepingCapacity: true)
        leaving.removeAll()
        renewing.removeAll()
        pending.removeAll()
        parts.removeAll()
        refusals.removeAll()
    }

    mutating func postponeRequests(now: Int64) {
        for index in pending.indices { pending[index].since = now }
    }

    /// The next request to send; unsubscribing goes first, since it makes room.
    func nextChange() -> Change? {
        if !leaving.isEmpty {
            return Change(
                operation: .unsubscribe,
                topics: Array(leaving.prefix(limits.topicsPerRequest))
            )
        }
        if let part = parts.first { return Change(operation: .subscribe, topics: part) }
        var topics: [String] = []
        var load: SubscriptionLimits.Load?
        for topic in wanted where standing[topic] == nil || standing[topic] == .absent {
            // Of private topics, all-in-one ones and those of a category each have requests of their own.
            if let first = topics.first,
                SocketRequest.isByCategory(first) != SocketRequest.isByCategory(topic)
            {
                continue
            }
            var next = load ?? self.load
            next.add(topic)
            // What is wanted no more and was asked for a moment ago still takes its room.
            guard limits.hold(next) else { break }
            load = next
            topics.append(topic)
            if topics.count == limits.topicsPerRequest { break }
        }
        return topics.isEmpty ? nil : Change(operation: .subscribe, topics: topics)
    }

    /// What the exchange has of this connection, or will have when it has read what was sent.
    private var load: SubscriptionLimits.Load {
        var going: Set<String> = []
        for request in pending where request.change.operation == .unsubscribe {
            going.formUnion(request.change.topics)
        }
        var load = SubscriptionLimits.Load()
        for (topic, standing) in standing where standing == .active || standing == .asked {
            if !going.contains(topic) { load.add(topic) }
        }
        return load
    }

    mutating func sent(_ change: Change, requestID: String, now: Int64) {
        for topic in change.topics { standing[topic] = .asked }
        switch change.operation {
        case .unsubscribe: leaving.removeFirst(change.topics.count)
        case .subscribe: if parts.first == change.topics { parts.removeFirst() }
        }
        pending.append(Pending(requestID: requestID, change: change, since: now))
    }

    /// Takes an answer in; what does not belong to a request of ours changes nothing.
    mutating func answered(_ answer: ControlFrame.Answer) -> Outcome {
        guard let index = match(answer) else { return Outcome() }
        let request = pending.remove(at: index)
        switch request.change.operation {
        case .unsubscribe: return unsubscribed(request.change.topics, answer)
        case .subscribe: return subscribed(request.change.topics, answer)
        }
    }

    /// By request id where there is one; else by its topics; else the first of that operation, since answers come
    /// in order.
    private func match(_ answer: ControlFrame.Answer) -> Int? {
        if !answer.requestID.isEmpty {
            return pending.firstIndex { $0.requestID == answer.requestID }
        }
        if let topic = answer.succeeded.first ?? answer.failed.first {
            return pending.firstIndex { $0.change.topics.contains(topic) }
        }
        return pending.firstIndex { pending in
            switch answer.operation {
            case "unsubscribe": pending.change.operation == .unsubscribe
            case "subscribe": pending.change.operation == .subscribe
            default: true
            }
        }
    }

    private mutating func unsubscribed(
        _ topics: [String],
        _ answer: ControlFrame.Answer
    ) -> Outcome {
        var outcome = Outcome()
        for topic in topics {
            // Also after a refusal: asking again finds out whether the topic is still there.
            standing[topic] = nil
            renewing.remove(topic)
        }
        if !answer.isSuccess {
            outcome.findings.append(
                "unsubscribe of \(topics.joined(separator: ",")) refused: \(answer.message)"
            )
        }
        return outcome
    }

    private mutating func subscribed(_ topics: [String], _ answer: ControlFrame.Answer) -> Outcome {
        var outcome = Outcome()
        if answer.isSuccess {
            for topic in topics { settle(topic, .active) }
            return outcome
        }
        if answer.message.contains("not authorized") {
            outcome.mustReconnect = true
            return outcome
        }
        // COMMAND_RESP says it topic by topic.
        if !answer.failed.isEmpty || !answer.succeeded.isEmpty {
            for topic in topics {
                if answer.failed.contains(topic) {
                    refuse(topic, answer.message, &outcome)
                } else if answer.succeeded.contains(topic) {
                    settle(topic, .active)
                } else {
                    standing[topic] = nil
                }
            }
            return outcome
        }
        let named = topics.filter { Subscriptions.names(answer.message, $0) }
        let isActive = answer.message.contains("already subscribed")
        if named.isEmpty, topics.count > 1 {
            for topic in topics { standing[topic] = .asked }
            let half = topics.count / 2
            parts.append(Array(topics[..<half]))
            parts.append(Array(topics[half...]))
            return outcome
        }
        for topic in topics {
            if !named.isEmpty, !named.contains(topic) {
                standing[topic] = nil
            } else if isActive {
                settle(topic, .active)
            } else {
                refuse(topic, answer.message, &outcome)
            }
        }
        return outcome
    }

    private mutating func refuse(_ topic: String, _ message: String, _ outcome: inout Outcome) {
        settle(topic, .refused)
        if standing[topic] == .refused { refusals[topic] = message }
        outcome.findings.append("subscribe of \(topic) refused: \(message)")
    }

    /// A topic that was dropped while its request was on its way is unsubscribed again.
    private mutating func settle(_ topic: String, _ new: Standing) {
        if wantedSet.contains(topic) {
            standing[topic] = new
        } else if new == .active {
            standing[topic] = .active
            leaving.append(topic)
        } else {
            standing[topic] = nil
        }
    }

    /// True when the message names this topic and not merely a longer one that begins with it.
    static func names(_ message: String, _ topic: String) -> Bool {
        let text = Array(message.utf8)
        let name = Array(topic.utf8)
        guard !name.isEmpty, name.count <= text.count else { return false }
        for start in 0...(text.count - name.count)
        where text[start..<(start + name.count)].elementsEqual(name) {
            let before = start == 0 ? UInt8(ascii: " ") : text[start - 1]
            let end = start + name.count
            let after = end == text.count ? UInt8(ascii: " ") : text[end]
            if !isTopicSign(before), !isTopicSign(after) { return true }
        }
        return false
    }

    private static func isTopicSign(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
