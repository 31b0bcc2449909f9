import Market
import Trading

/// An engine on a test bench: events go in by the shortest way, outputs are kept.
struct Bench {
    static let category = Category.linear
    /// 2026-11-22T20:00:00Z.
    static let start: Int64 = 1_795_377_600_000_000_000

    var engine: Engine
    var outputs: [Output] = []
    var sequence: UInt64 = 0
    var time = Timestamp(nanoseconds: Bench.start)
    /// All that went in, so that it can go into another engine.
    var inputs: [(event: Event, header: RecordHeader)] = []

    init(
        strategies: [StrategyConfiguration] = [],
        limits: [Setting] = [],
        session: String = "2026-11-22T20-00-00Z-1a2b",
        fault: LedgerFault = .none,
        registry: StrategyRegistry = Bench.registry
    ) throws {
        engine = try Engine(
            configuration: EngineConfiguration(
                session: session,
                strategies: strategies,
                limits: limits,
                ledgerFault: fault
            ),
            registry: registry
        )
    }

    static var registry: StrategyRegistry {
        var registry = StrategyRegistry.standard
        registry.register(Puppet.self)
        return registry
    }

    static func id(_ symbol: String) -> InstrumentID {
        InstrumentID(category, Symbol(symbol) ?? .none)
    }

    static let btc = id("BTCUSDT")
    static let eth = id("ETHUSDT")

    // MARK: Feeding

    /// Feeds one record and returns what it led to.
    @discardableResult
    mutating func feed(
        _ stream: String,
        after milliseconds: Int64 = 1,
        _ fill: (inout Event) throws -> Void
    ) rethrows -> [Output] {
        sequence += 1
        time = time.advanced(nanoseconds: milliseconds * 1_000_000)
        var event = Event()
        try fill(&event)
        let header = RecordHeader(
            sequence: SequenceNumber(sequence),
            time: time,
            stream: StreamName(stream)
        )
        inputs.append((event, header))
        var answer = Outputs()
        engine.apply(event, at: header, outputs: &answer)
        outputs.append(contentsOf: answer.elements)
        return answer.elements
    }

    /// Feeds a record of another bench.
    mutating func apply(_ input: (event: Event, header: RecordHeader)) {
        var answer = Outputs()
        engine.apply(input.event, at: input.header, outputs: &answer)
        outputs.append(contentsOf: answer.elements)
    }

    @discardableResult
    mutating func begin() -> [Output] {
        feed("session/start") { $0.kind = .sessionStart }
    }

    @discardableResult
    mutating func instruments() throws -> [Output] {
        try feed("rest/public/GET/v5/market/instruments-info") { event in
            event.kind = .reply
            event.reply.endpoint = .instruments
            event.reply.httpStatus = 200
            event.reply.query = "category=linear"
            event.instruments = [
                try Bench.instrument("BTCUSDT", tick: "0.10", step: "0.001"),
                try Bench.instrument("ETHUSDT", tick: "0.01", step: "0.01"),
            ]
        }
    }

    static func instrument(_ symbol: String, tick: String, step: String) throws -> Instrument {
        try Instrument(
            id: id(symbol),
            baseCoin: String(symbol.dropLast(4)),
            quoteCoin: "USDT",
            settleCoin: "USDT",
            contractType: "LinearPerpetual",
            tickSize: try Numeral(text: tick),
            quantityStep: try Numeral(text: step),
            quantityMin: try Numeral(text: step)
        )
    }

    @discardableResult
    mutating func link(_ change: LinkEvent.Change, _ socket: String, count: Int64 = 0) -> [Output] {
        feed("link/" + socket) {
            $0.kind = .link
            $0.link.change = change
            $0.link.socket = socket
            $0.link.count = count
        }
    }

    @discardableResult
    mutating func tick(after milliseconds: Int64 = 1_000) -> [Output] {
        feed("session/tick", after: milliseconds) { $0.kind = .tick }
    }

    /// A push of `orderbook.50`; levels are `price size` pairs.
    @discardableResult
    mutating func book(
        _ symbol: String,
        u: Int64,
        seq: Int64? = nil,
        snapshot: Bool = false,
        depth: Int = 50,
        slot: String = "",
        bids: [(String, String)] = [],
        asks: [(String, String)] = []
    ) throws -> [Output] {
        try feed("public/linear/orderbook.\(depth).\(symbol)\(slot)") { event in
            event.kind = .book
            event.symbol = Symbol(symbol) ?? .none
            event.book.isSnapshot = snapshot
            event.book.depth = depth
            event.book.updateID = u
            event.book.crossSequence = seq ?? u * 10
            event.book.bids = try bids.map {
                LevelNumerals(price: try Numeral(text: $0.0), size: try Numeral(text: $0.1))
            }
            event.book.asks = try asks.map {
                LevelNumerals(price: try Numeral(text: $0.0), size: try Numeral(text: $0.1))
            }
        }
    }

    @discardableResult
    mutating func mark(_ symbol: String, _ price: String) throws -> [Output] {
        try feed("public/linear/tickers.\(symbol)") { event in
            event.kind = .ticker
            event.symbol = Symbol(symbol) ?? .none
            event.ticker.isSnapshot = true
            event.ticker.markPrice = try Numeral(text: price)
        }
    }

    @discardableResult
    mutating func timer(_ strategy: String, _ name: String, due: Timestamp) -> [Output] {
        feed("desk/timer") {
            $0.kind = .timer
            $0.timer.strategy = strategy
            $0.timer.name = name
            $0.timer.due = due
        }
    }

    @discardableResult
    mutating func operate(_ verb: String, _ reason: String = "") -> [Output] {
        feed("desk/operator") {
            $0.kind = .operatorRequest
            $0.operatorRequest.verb = verb
            $0.operatorRequest.reason = reason
        }
    }

    /// Makes a puppet act: see ``Puppet``.
    @discardableResult
    mutating func act(_ deeds: String..., by strategy: String = "p") throws -> [Output] {
        try feed("public/linear/publicTrade.BTCUSDT") { event in
            event.kind = .publicTrades
            event.symbol = Symbol("BTCUSDT") ?? .none
            event.trades = try deeds.map {
                PublicTrade(
                    symbol: event.symbol,
                    price: try Numeral(text: "90000.0"),
                    size: try Numeral(text: "0.001"),
                    side: .buy,
                    timeMilliseconds: 1,
                    id: strategy + ": " + $0,
                    crossSequence: 1
                )
            }
        }
    }

    /// Asks for an order through a puppet and returns the client order id.
    mutating func placed(_ deed: String, by strategy: String = "p") throws -> String {
        guard let request = try act(deed, by: strategy).placed.first else { throw Rejected() }
        return request.orderLinkID
    }

    struct Rejected: Error {}

    // MARK: The account

    @discardableResult
    mutating func order(_ rows: OrderUpdate...) -> [Output] {
        feed("private/main/order") {
            $0.kind = .orders
            $0.orders = rows
        }
    }

    @discardableResult
    mutating func execution(_ rows: ExecutionReport...) -> [Output] {
        feed("private/main/execution") {
            $0.kind = .executions
            $0.executions = rows
        }
    }

    @discardableResult
    mutating func position(_ rows: PositionUpdate...) -> [Output] {
        feed("private/main/position") {
            $0.kind = .positions
            $0.positions = rows
        }
    }

    @discardableResult
    mutating func wallet(_ balance: String) throws -> [Output] {
        try feed("private/main/wallet") {
            $0.kind = .wallets
            $0.wallets = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: balance))]
        }
    }

    @discardableResult
    mutating func reply(
        _ endpoint: Endpoint,
        linkID: String = "",
        orderID: String = "",
        code: Int64 = 0,
        message: String = "",
        outcome: Reply.Outcome = .answered,
        query: String = "category=linear",
        cursor: String = "",
        after milliseconds: Int64 = 1,
        _ fill: (inout Event) throws -> Void
    ) rethrows -> [Output] {
        // Asked in answer to the last record, unless the test says otherwise.
        let last = sequence
        return try feed(
            "rest/main/\(endpoint.method)\(endpoint.path)",
            after: milliseconds
        ) { event in
            event.kind = .reply
            event.reply.after = SequenceNumber(last)
            event.reply.endpoint = endpoint
            event.reply.outcome = outcome
            event.reply.httpStatus = outcome == .answered ? 200 : 0
            event.reply.code = code
            event.reply.message = message
            event.reply.orderLinkID = linkID
            event.reply.orderID = orderID
            event.reply.query = query
            event.reply.nextPageCursor = cursor
            try fill(&event)
        }
    }

    /// A reply without rows.
    @discardableResult
    mutating func reply(
        _ endpoint: Endpoint,
        linkID: String = "",
        orderID: String = "",
        code: Int64 = 0,
        message: String = "",
        outcome: Reply.Outcome = .answered,
        query: String = "category=linear",
        cursor: String = ""
    ) -> [Output] {
        reply(
            endpoint,
            linkID: linkID,
            orderID: orderID,
            code: code,
            message: message,
            outcome: outcome,
            query: query,
            cursor: cursor,
            after: 1
        ) { _ in }
    }

    /// Everything that a session has before it trades: instruments, books, a reconciled account of 10,000 USDT.
    mutating func ready() throws {
        begin()
        try instruments()
        link(.connected, "public/linear")
        link(.ready, "public/linear")
        try book(
            "BTCUSDT",
            u: 100,
            snapshot: true,
            bids: [("90000.0", "1.5"), ("89999.9", "2")],
            asks: [("90000.1", "1.2"), ("90000.2", "3")]
        )
        try book(
            "ETHUSDT",
            u: 100,
            snapshot: true,
            bids: [("3000.00", "10")],
            asks: [("3000.01", "12")]
        )
        try mark("BTCUSDT", "90000.0")
        try mark("ETHUSDT", "3000.00")
        try reconcile()
    }

    mutating func reconcile(
        balance: String = "10000",
        positions: [PositionUpdate] = [],
        executions: [ExecutionReport] = [],
        orders: [OrderUpdate] = []
    ) throws {
        link(.connected, "private/main")
        link(.ready, "private/main")
        reply(.openOrders) { $0.orders = orders }
        reply(.executions) { $0.executions = executions }
        reply(.positions) { $0.positions = positions }
        try reply(.wallet, query: "accountType=UNIFIED") {
            $0.wallets = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: balance))]
        }
    }
}
