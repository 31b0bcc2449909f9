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
        /// Rows that become the event's details.
        case detail(Feed)
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

    /// Topics whose rows are details.
    enum Feed: Sendable {
        case liquidations
        case priceLimits
        case insurance
        case deleveraging
        case systemStatus
        case fastExecutions
        case greeks
        case strategyOrders
        case spreadOrders
        case spreadExecutions
        case disconnectProtection
    }

    let subject: Subject
    let category: Category
    /// The symbol at the end of a public topic; none where it names something else (an option's base coin).
    let symbol: Symbol
    /// Of a REST stream; apart from the subject, which then is a plain value that is copied for nothing.
    let endpoint: Endpoint
    /// Of a REST stream whose endpoint is none of the core's.
    let replyForm: ReplyForm
    /// `orderbook.rpi.…`: levels are triples, and the book is another one than those of the depths.
    let isImprovementBook: Bool

    /// Its records are pushes of an order book.
    public var isBook: Bool {
        if case .book = subject { return true }
        return false
    }

    public init(_ stream: StreamName) {
        var subject = Subject.unknown
        var category = Category.linear
        var symbol = Symbol.none
        var endpoint = Endpoint.serverTime
        var form = ReplyForm.none
        var isImprovementBook = false
        switch stream.kind {
        case .publicTopic(let itsCategory, let topic):
            category = itsCategory
            (subject, symbol) = StreamRoute.publicTopic(topic, itsCategory)
            isImprovementBook = topic.hasPrefix("orderbook.rpi.")
        case .publicOther(let itsCategory):
            category = itsCategory
            subject = .operation
        case .privateTopic(_, let topic):
            (subject, category) = StreamRoute.privateTopic(topic)
        case .privateOther, .trade: subject = .operation
        case .rest(_, _, let path):
            subject = .rest
            endpoint = Endpoint(path: path)
            form = ReplyForm(path: path)
        case .link: subject = .link
        case .timer: subject = .timer
        case .operatorRequest: subject = .operatorRequest
        case .sessionStart: subject = .sessionStart
        case .sessionTick: subject = .tick
        case .sessionClock: subject = .clock
        case .sessionEnd: subject = .sessionEnd
        case .sent, .command, .verdict, .finding, .state, .sessionChannel, .sessionCommit,
            .sessionFigures:
            subject = .none
        case .unknown: subject = .unknown
        }
        self.subject = subject
        self.category = category
        self.symbol = symbol
        self.endpoint = endpoint
        self.replyForm = form
        self.isImprovementBook = isImprovementBook
    }

    /// `orderbook.50.BTCUSDT`, `publicTrade.BTCUSDT`, `tickers.BTCUSDT`, `kline.1.BTCUSDT`.
    private static func publicTopic(_ topic: String, _ category: Category) -> (Subject, Symbol) {
        let parts = topic.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let last = parts.last.map(String.init) ?? ""
        let symbol = Symbol(last) ?? .none
        switch (parts.first ?? "", parts.count) {
        case ("orderbook", 3):
            if parts[1] == "rpi" { return (.book(depth: 50), symbol) }
            if parts[1] == "full" { return (.book(depth: BookUpdate.fullDepth), symbol) }
            guard let depth = Int(parts[1]), depth > 0 else { return (.unknown, symbol) }
            return (.book(depth: depth), symbol)
        case ("publicTrade", 2): return (.trades, category == .option ? .none : symbol)
        case ("tickers", 2):
            return (.ticker, symbol)
        case ("kline", 3): return (.candles, symbol)
        case ("allLiquidation", 2): return (.detail(.liquidations), symbol)
        case ("priceLimit", 2): return (.detail(.priceLimits), symbol)
        case ("insurance", 2): return (.detail(.insurance), .none)
        case ("adlAlert", 2): return (.detail(.deleveraging), .none)
        case ("system", 2) where last == "status": return (.detail(.systemStatus), .none)
        default: return (.unknown, .none)
        }
    }

    /// `order`, or by category `order.linear`.
    private static func privateTopic(_ topic: String) -> (Subject, Category) {
        switch topic {
        case "greeks": return (.detail(.greeks), .option)
        case "strategy": return (.detail(.strategyOrders), .linear)
        case "spread.order": return (.detail(.spreadOrders), .spread)
        case "spread.execution": return (.detail(.spreadExecutions), .spread)
        case "execution.fast": return (.detail(.fastExecutions), .linear)
        default: break
        }
        if topic.hasPrefix("dcp.") { return (.detail(.disconnectProtection), .linear) }
        if topic.hasPrefix("execution.fast."), let category = Category(name: topic.dropFirst(15)) {
            return (.detail(.fastExecutions), category)
        }
        let parts = topic.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var category = Category.linear
        if parts.count == 2 {
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
