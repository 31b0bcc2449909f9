/// Which topic is subscribed on which socket, within the limits of one connection.
///
/// A topic that has a socket keeps it; one that comes goes to the first socket with room, and to a new one where
/// none has. Sockets are never taken away: an empty one has room for what comes.
public struct SocketPlan: Sendable {
    /// Bybit's limit of market data connections of one category and IP.
    ///
    /// - Source: bybit-v5 §2.4.
    public static let socketsMax = 1_000

    public let limits: SubscriptionLimits
    public let socketsMax: Int
    /// Topics of each socket, in the order they came.
    public private(set) var sockets: [[String]] = []
    private var characters: [Int] = []
    private var home: [String: Int] = [:]

    public init(limits: SubscriptionLimits, socketsMax: Int = SocketPlan.socketsMax) {
        self.limits = limits
        self.socketsMax = socketsMax
    }

    /// What ``assign(_:)`` did.
    public struct Outcome: Hashable, Sendable {
        /// Sockets whose topics changed, in order; those beyond the number before are new.
        public var changed: [Int] = []
        /// Topics that no connection can take.
        public var refused: [String] = []

        public init() {}
    }

    /// Makes these, and no others, the topics of all sockets together.
    public mutating func assign(_ topics: [String]) -> Outcome {
        var outcome = Outcome()
        var changed: Set<Int> = []
        let wanted = Set(topics)
        for socket in sockets.indices {
            let leaving = sockets[socket].filter { !wanted.contains($0) }
            guard !leaving.isEmpty else { continue }
            changed.insert(socket)
            for topic in leaving {
                home[topic] = nil
                characters[socket] -= SubscriptionLimits.characters(topic)
            }
            sockets[socket].removeAll { !wanted.contains($0) }
        }
        // Sockets before it were full for a topic of the same length: no need to look at them again.
        var first = 0
        for topic in topics where home[topic] == nil {
            guard let socket = place(topic, from: &first) else {
                outcome.refused.append(topic)
                continue
            }
            home[topic] = socket
            sockets[socket].append(topic)
            characters[socket] += SubscriptionLimits.characters(topic)
            changed.insert(socket)
        }
        outcome.changed = changed.sorted()
        return outcome
    }

    private mutating func place(_ topic: String, from first: inout Int) -> Int? {
        while first < sockets.count, sockets[first].count >= limits.topicsPerConnection {
            first += 1
        }
        var socket = first
        while socket < sockets.count {
            if hasRoom(socket, topic) { return socket }
            socket += 1
        }
        guard sockets.count < socketsMax,
            2 + SubscriptionLimits.characters(topic) <= limits.charactersPerConnection
        else { return nil }
        sockets.append([])
        characters.append(2)
        return sockets.count - 1
    }

    private func hasRoom(_ socket: Int, _ topic: String) -> Bool {
        sockets[socket].count < limits.topicsPerConnection
            && characters[socket] + SubscriptionLimits.characters(topic)
                <= limits.charactersPerConnection
    }
}
