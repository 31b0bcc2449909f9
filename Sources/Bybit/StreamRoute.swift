public import Market

/// What the records of a stream are, worked out once from its name, so that decoding asks no text.
public struct StreamRoute: Sendable {
    enum Subject: Sendable {
        case none
        case unknown
        case book(depth: Int)
        case trades
        case ticker
        case candles
        case orders
        case executions
        case positions
        case wallet
        /// Acks, pongs, and all else without a topic on a socket.
        case operation
        case rest
        case link
        case timer
        case operatorRequest
        case tick
        case clock
        case sessionStart
        case sessionEnd
    }

    let subject: Subject
    let category: Category
    /// The symbol at the end of a public topic; none where it names something else (an option's base coin).
    let symbol: Symbol
    /// Of a REST stream; apart from the subject, which then is a plain value that is copied for nothing.
    let endpoint: Endpoint

    public init(_ stream: StreamName) {
        var subject = Subject.unknown
        var category = Category.linear
        var symbol = Symbol.none
        var endpoint = Endpoint.serverTime
        switch stream.kind {
        case .publicTopic(let itsCategory, let topic):
            category = itsCategory
            (subject, symbol) = StreamRoute.publicTopic(topic, itsCategory)
        case .publicOther(let itsCategory):
            category = itsCategory
            subject = .operation
        case .privateTopic(_, let topic):
            (subject, category) = StreamRoute.privateTopic(topic)
        case .privateOther, .trade: subject = .operation
        case .rest(_, _, let path):
            subject = .rest
            endpoint = Endpoint(path: path)
        case .link: subject = .link
        case .timer: subject = .timer
        case .operatorRequest: subject = .operatorRequest
        case .sessionStart: subject = .sessionStart
        case .sessionTick: subject = .tick
        case .sessionClock: subject = .clock
        case .sessionEnd: subject = .sessionEnd
        case .sent, .command, .verdict, .finding, .state, .sessionChannel, .sessionCommit:
            subject = .none
        case .unknown: subject = .unknown
        }
        self.subject = subject
        self.category = category
        self.symbol = symbol
        self.endpoint = endpoint
    }

    /// `orderbook.50.BTCUSDT`, `publicTrade.BTCUSDT`, `tickers.BTCUSDT`, `kline.1.BTCUSDT`.
    private static func publicTopic(_ topic: String, _ category: Category) -> (Subject, Symbol) {
        let parts = topic.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let last = parts.last.map(String.init) ?? ""
        let symbol = Symbol(last) ?? .none
        switch (parts.first ?? "", parts.count) {
        case ("orderbook", 3):
            // `orderbook.rpi` has triples and `orderbook.full` no snapshot: not spoken.
            guard let depth = Int(parts[1]), depth > 0 else { return (.unknown, symbol) }
            return (.book(depth: depth), symbol)
        case ("publicTrade", 2): return (.trades, category == .option ? .none : symbol)
        case ("tickers", 2):
            // Options and combinations name their fields otherwise.
            return (category == .option || category == .spread ? .unknown : .ticker, symbol)
        case ("kline", 3): return (.candles, symbol)
        default: return (.unknown, .none)
        }
    }

    /// `order`, or by category `order.linear`.
    private static func privateTopic(_ topic: String) -> (Subject, Category) {
        let parts = topic.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var category = Category.linear
        if parts.count == 2 {
            // `execution.fast` has no fees and `spread.execution` is a topic of its own: not spoken.
            guard let itsCategory = Category(name: parts[1]) else { return (.unknown, category) }
            category = itsCategory
        }
        switch parts[0] {
        case "order": return (.orders, category)
        case "execution": return (.executions, category)
        case "position": return (.positions, category)
        case "wallet": return (.wallet, category)
        default: return (.unknown, category)
        }
    }
}
