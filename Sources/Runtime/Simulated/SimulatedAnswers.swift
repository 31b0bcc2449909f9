import Market
import Simulation

/// The exchange's answers to requests and questions, as decoded records.
struct SimulatedAnswers {
    /// Streams of what the exchange pushes of an account.
    struct Pushes {
        let order: StreamName
        let execution: StreamName
        let position: StreamName
        let wallet: StreamName

        fileprivate init(_ account: String) {
            func stream(_ topic: String) -> StreamName { StreamName("private/\(account)/\(topic)") }
            order = stream("order")
            execution = stream("execution")
            position = stream("position")
            wallet = stream("wallet")
        }
    }

    /// Alias of the account, as in the streams' names.
    let account: String
    let pushes: Pushes
    /// Of the requests that come by the thousand.
    private let create: StreamName
    private let amend: StreamName
    private let cancel: StreamName

    init(account: String) {
        self.account = account
        pushes = Pushes(account)
        create = SimulatedAnswers.stream(.createOrder, account)
        amend = SimulatedAnswers.stream(.amendOrder, account)
        cancel = SimulatedAnswers.stream(.cancelOrder, account)
    }

    func stream(_ endpoint: Endpoint) -> StreamName {
        switch endpoint {
        case .createOrder: create
        case .amendOrder: amend
        case .cancelOrder: cancel
        default: SimulatedAnswers.stream(endpoint, account)
        }
    }

    private static func stream(_ endpoint: Endpoint, _ account: String) -> StreamName {
        StreamName("rest/\(account)/\(endpoint.method)\(endpoint.path)")
    }

    /// The end of a request of order entry.
    func reply(
        _ endpoint: Endpoint,
        _ reply: OrderReply,
        linkID: String,
        sent: Timestamp,
        after: SequenceNumber
    ) -> Event {
        var event = Event()
        event.kind = .reply
        event.reply = header(endpoint, sent: sent, after: after)
        event.reply.code = Int64(reply.code)
        event.reply.message = reply.message
        event.reply.orderID = reply.orderID
        event.reply.orderLinkID = linkID
        return event
    }

    private func header(_ endpoint: Endpoint, sent: Timestamp, after: SequenceNumber) -> Reply {
        var reply = Reply()
        reply.endpoint = endpoint
        reply.outcome = .answered
        reply.httpStatus = 200
        reply.code = 0
        reply.message = "OK"
        reply.sent = sent
        reply.after = after
        return reply
    }

    /// What a question is answered with; `nil` for those that the recording answers itself.
    ///
    /// - Parameter rewrite: brings rows of orders that were there before into the client's words.
    func answer(
        _ question: LookUp,
        _ venue: SimulatedVenue,
        sent: Timestamp,
        after: SequenceNumber,
        rewrite: (inout OrderUpdate) -> Void
    ) -> Event? {
        let exchange = venue.exchange
        let own = venue.account
        var event = Event()
        event.kind = .reply
        event.exchangeMilliseconds = exchange.now.milliseconds
        func ended(_ endpoint: Endpoint, _ query: String) {
            event.reply = header(endpoint, sent: sent, after: after)
            event.reply.query = query
        }
        func take(_ page: Page<OrderUpdate>) {
            event.orders = page.rows
            for place in event.orders.indices { rewrite(&event.orders[place]) }
        }
        let most = 100_000
        switch question {
        case .openOrders(let category):
            ended(
                category == .spread ? .spreadOpenOrders : .openOrders,
                "category=\(category.name)"
            )
            if category != .spread {
                take(exchange.openOrders(own, RowQuery(category: category, limit: most)))
            }
        case .order(let id, let linkID):
            ended(.openOrders, SimulatedAnswers.query(id, linkID))
            take(exchange.openOrders(own, RowQuery(instrument: id, orderLinkID: linkID)))
        case .orderHistory(let id, let linkID):
            ended(.orderHistory, SimulatedAnswers.query(id, linkID))
            take(exchange.orderHistory(own, RowQuery(instrument: id, orderLinkID: linkID)))
        case .orderByID(let id, let orderID):
            ended(.openOrders, SimulatedAnswers.query(id, orderID: orderID))
            take(exchange.openOrders(own, RowQuery(instrument: id, orderID: orderID)))
        case .orderHistoryByID(let id, let orderID):
            ended(.orderHistory, SimulatedAnswers.query(id, orderID: orderID))
            take(exchange.orderHistory(own, RowQuery(instrument: id, orderID: orderID)))
        case .ordersSince(let category, let since):
            ended(.orderHistory, "category=\(category.name)&startTime=\(since)")
            take(
                exchange.orderHistory(
                    own,
                    RowQuery(category: category, sinceMilliseconds: since, limit: most)
                )
            )
        case .executions(let category, let since):
            ended(
                category == .spread ? .spreadExecutions : .executions,
                "category=\(category.name)&startTime=\(since)"
            )
            if category != .spread {
                event.executions =
                    exchange.executions(
                        own,
                        RowQuery(category: category, sinceMilliseconds: since, limit: most)
                    ).rows
            }
        case .positions(let category):
            ended(.positions, "category=\(category.name)")
            event.positions = exchange.positions(own, category, settleCoin: "")
        case .wallet:
            ended(.wallet, "accountType=UNIFIED")
            event.wallets = exchange.wallet(own).coins
        case .transactionLog(let category, let since):
            ended(.transactionLog, "category=\(category.name)&startTime=\(since)")
            event.transactions =
                exchange.transactionLog(
                    own,
                    RowQuery(category: category, sinceMilliseconds: since, limit: most)
                ).rows
        case .serverTime, .instruments, .recentTrades, .fullBook, .page: return nil
        }
        return event
    }

    private static func query(_ id: InstrumentID, _ linkID: String) -> String {
        "category=\(id.category.name)&symbol=\(id.symbol)&orderLinkId=\(linkID)"
    }

    private static func query(_ id: InstrumentID, orderID: String) -> String {
        "category=\(id.category.name)&symbol=\(id.symbol)&orderId=\(orderID)"
    }
}
