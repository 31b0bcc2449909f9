import Market

/// How much one connection and one request may ask for.
///
/// - Source: protocol reference §2.4.
public struct SubscriptionLimits: Sendable, Equatable {
    public var topicsPerRequest: Int
    public var topicsPerConnection: Int
    /// Length of all `args` of a connection as JSON text.
    public var charactersPerConnection: Int

    public init(
        topicsPerRequest: Int = BybitLimits.topicsPerRequest,
        topicsPerConnection: Int = .max,
        charactersPerConnection: Int = BybitLimits.topicCharactersPerConnection
    ) {
        self.topicsPerRequest = topicsPerRequest
        self.topicsPerConnection = topicsPerConnection
        self.charactersPerConnection = charactersPerConnection
    }

    public init(_ socket: SocketName) {
        self.init(topicsPerRequest: BybitLimits.topicsPerRequest(socket))
        if socket == .publicData(.option) {
            topicsPerConnection = BybitLimits.optionTopicsPerConnection
        }
    }

    /// What a topic adds to the length: itself, two quotes and a comma.
    static func characters(_ topic: String) -> Int { topic.utf8.count + 3 }

    /// Topics of one connection: how many, and the length of their `args` as JSON text.
    public struct Load: Sendable, Equatable {
        public private(set) var topics = 0
        public private(set) var characters = 2

        public init() {}

        public mutating func add(_ topic: String) {
            topics += 1
            characters += SubscriptionLimits.characters(topic)
        }
    }

    /// True while a connection may have that much.
    public func hold(_ load: Load) -> Bool {
        load.topics <= topicsPerConnection && load.characters <= charactersPerConnection
    }

    /// How many of the topics, from the first on, fit one connection.
    public func fitting(_ topics: [String]) -> Int {
        var characters = 2
        for (index, topic) in topics.enumerated() {
            characters += SubscriptionLimits.characters(topic)
            if index >= topicsPerConnection || characters > charactersPerConnection { return index }
        }
        return topics.count
    }

    /// The topics in groups, in order, each of which fits one connection.
    ///
    /// A topic longer than the limit stands alone; the connection refuses it.
    public func connections(for topics: [String]) -> [[String]] {
        var groups: [[String]] = []
        var rest = topics[...]
        while !rest.isEmpty {
            let count = max(1, fitting(Array(rest)))
            groups.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return groups
    }
}
