/// Something the core wants done; an output, recorded before it is carried out.
public struct Command: Hashable, Sendable {
    /// Who asked: a strategy's name, or `desk` for continuity and reconciliation.
    public var strategy: String
    /// The record that this answers.
    public var cause: SequenceNumber
    /// Counts the intents and commands of one cause, from 0.
    public var ordinal: Int
    public var action: Action

    public init(strategy: String, cause: SequenceNumber, ordinal: Int, action: Action) {
        self.strategy = strategy
        self.cause = cause
        self.ordinal = ordinal
        self.action = action
    }

    public enum Action: Hashable, Sendable {
        case place(OrderRequest)
        case amend(AmendRequest)
        case cancel(CancelRequest)
        /// Ask the exchange and record what it says.
        case lookUp(LookUp)
        /// Unsubscribe and subscribe again, to force a snapshot.
        case resubscribe(InstrumentID, topic: String)
        /// Fire `desk/timer` at `due` (the core's clock); a new setting replaces one of the same name.
        case setTimer(name: String, due: Timestamp)
    }
}

/// A new order.
///
/// Numbers are in the instrument's scale; their text goes to the wire as it is.
public struct OrderRequest: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    public var orderLinkID: String
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var quantity: Numeral
    /// `nil` for a market order.
    public var price: Numeral?
    public var reduceOnly: Bool

    public init(
        instrument: InstrumentID,
        orderLinkID: String,
        side: Side,
        type: OrderType = .limit,
        timeInForce: TimeInForce = .goodTillCancelled,
        quantity: Numeral,
        price: Numeral?,
        reduceOnly: Bool = false
    ) {
        self.instrument = instrument
        self.orderLinkID = orderLinkID
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.reduceOnly = reduceOnly
    }
}

/// A change of an open order; `nil` keeps.
public struct AmendRequest: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    public var orderLinkID: String
    public var orderID: String
    /// The new total quantity, filled part included.
    public var quantity: Numeral?
    public var price: Numeral?

    public init(
        instrument: InstrumentID,
        orderLinkID: String,
        orderID: String = "",
        quantity: Numeral? = nil,
        price: Numeral? = nil
    ) {
        self.instrument = instrument
        self.orderLinkID = orderLinkID
        self.orderID = orderID
        self.quantity = quantity
        self.price = price
    }
}

/// The end of an open order, by our id or theirs.
public struct CancelRequest: Hashable, Sendable, Codable {
    public var instrument: InstrumentID
    public var orderLinkID: String
    public var orderID: String

    public init(instrument: InstrumentID, orderLinkID: String, orderID: String = "") {
        self.instrument = instrument
        self.orderLinkID = orderLinkID
        self.orderID = orderID
    }
}

/// A question to the exchange, asked by the core to reconcile.
public enum LookUp: Hashable, Sendable, Codable {
    case serverTime
    case instruments(Category)
    /// All open orders of the category; of linear those settled in USDT first, behind whose last page those in USDC come.
    case openOrders(Category)
    case order(InstrumentID, orderLinkID: String)
    case orderHistory(InstrumentID, orderLinkID: String)
    /// The same by the exchange's id: of an order that has none of the client's.
    ///
    /// Cases of their own, since a question that waits is part of the state, and is encoded by its case.
    case orderByID(InstrumentID, orderID: String)
    case orderHistoryByID(InstrumentID, orderID: String)
    /// All orders of the category, closed ones included, from this moment on, Unix milliseconds.
    case ordersSince(Category, sinceMilliseconds: Int64)
    /// The account's flows of the category from this moment on, Unix milliseconds.
    case transactionLog(Category, sinceMilliseconds: Int64)
    /// Executions from this moment on, Unix milliseconds.
    case executions(Category, sinceMilliseconds: Int64)
    case positions(Category)
    case wallet
    /// The last public trades of an instrument, as many as the exchange gives.
    case recentTrades(InstrumentID)
    /// The whole book of an instrument: where `orderbook.full` begins.
    case fullBook(InstrumentID)
    /// The next page of a reply, as its cursor says.
    case page(Endpoint, query: String, cursor: String)
}
