import Market

/// The columns of a command.
struct CommandWords {
    var action = ""
    var category: Category?
    var instrument: InstrumentID?
    var orderLinkID = ""
    var orderID = ""
    var side: Side?
    var type: OrderType?
    var timeInForce: TimeInForce?
    var quantity: Numeral?
    var price: Numeral?
    var reduceOnly = false
    var detail = ""

    init(_ command: Command.Action) {
        switch command {
        case .place(let order):
            action = "place"
            instrument = order.instrument
            orderLinkID = order.orderLinkID
            side = order.side
            type = order.type
            timeInForce = order.timeInForce
            quantity = order.quantity
            price = order.price
            reduceOnly = order.reduceOnly
        case .amend(let order):
            action = "amend"
            instrument = order.instrument
            orderLinkID = order.orderLinkID
            orderID = order.orderID
            quantity = order.quantity
            price = order.price
        case .cancel(let order):
            action = "cancel"
            instrument = order.instrument
            orderLinkID = order.orderLinkID
            orderID = order.orderID
        case .lookUp(let lookUp):
            action = "look-up"
            ask(lookUp)
        case .resubscribe(let subject, let topic):
            action = "resubscribe"
            instrument = subject
            detail = topic
        case .setTimer(let name, let due):
            action = "set-timer"
            detail = "\(name) \(due)"
        }
    }

    private mutating func ask(_ lookUp: LookUp) {
        switch lookUp {
        case .serverTime: detail = "server time"
        case .instruments(let category):
            detail = "instruments"
            self.category = category
        case .openOrders(let category):
            detail = "open orders"
            self.category = category
        case .order(let instrument, let orderLinkID):
            detail = "order"
            self.instrument = instrument
            self.orderLinkID = orderLinkID
        case .orderHistory(let instrument, let orderLinkID):
            detail = "order history"
            self.instrument = instrument
            self.orderLinkID = orderLinkID
        case .orderByID(let instrument, let orderID):
            detail = "order"
            self.instrument = instrument
            self.orderID = orderID
        case .orderHistoryByID(let instrument, let orderID):
            detail = "order history"
            self.instrument = instrument
            self.orderID = orderID
        case .ordersSince(let category, let milliseconds):
            detail = "orders since \(milliseconds)"
            self.category = category
        case .transactionLog(let category, let milliseconds):
            detail = "transaction log since \(milliseconds)"
            self.category = category
        case .executions(let category, let milliseconds):
            detail = "executions since \(milliseconds)"
            self.category = category
        case .positions(let category):
            detail = "positions"
            self.category = category
        case .wallet: detail = "wallet"
        case .recentTrades(let instrument):
            detail = "recent trades"
            self.instrument = instrument
        case .fullBook(let instrument):
            detail = "full book"
            self.instrument = instrument
        case .page(let endpoint, let query, let cursor):
            detail = "page \(endpoint.path)?\(query) from \(cursor)"
        }
    }
}
