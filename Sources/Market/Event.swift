/// What one record means: the engine's input, written by decoding into a buffer that is used again.
///
/// A record is of one kind; only the fields of its kind are filled, the others are empty. A field that could not
/// be read is a finding in ``findings`` and the rest of the record stands.
public struct Event: Sendable {
    public enum Kind: UInt8, Sendable {
        /// Nothing for the engine: evidence, our own outputs.
        case none
        /// A topic or frame that this version does not know; recorded and counted.
        case unknown
        /// Bytes that are not what their stream promises; ``Event/findings`` says why.
        case malformed
        case book
        case publicTrades
        case ticker
        case candles
        case orders
        case executions
        case positions
        case wallets
        /// A push of `orderbook.rpi.{symbol}`: in ``Event/book`` as others, but of a book of its own.
        case improvementBook
        // What follows up to `strategyOrders` stands in ``Event/details``.
        case liquidations
        case priceLimits
        case insurance
        case deleveragingAlerts
        case systemStatus
        case fastExecutions
        case greeks
        case spreadOrders
        case spreadExecutions
        case strategyOrders
        /// A message on a `dcp.…` topic, of which no content is documented.
        case disconnectProtection
        /// Answer to subscribe, unsubscribe or auth.
        case acknowledgement
        case pong
        /// A REST exchange that ended.
        case reply
        /// A socket connected or disconnected, or public data was shed.
        case link
        /// A strategy's timer fired.
        case timer
        case tick
        case clock
        case sessionStart
        case sessionEnd
        case operatorRequest
    }

    public var kind: Kind = .none
    public var category: Category = .linear
    /// The instrument of public events; ``Symbol/none`` otherwise (private rows carry their own).
    public var symbol: Symbol = .none
    /// `ts` or `creationTime`: when the exchange built the message, Unix milliseconds; 0 when absent.
    public var exchangeMilliseconds: Int64 = 0
    public var findings: [DecodeFinding] = []

    public var book = BookUpdate()
    public var trades: [PublicTrade] = []
    public var ticker = TickerUpdate()
    public var candles: [Candle] = []
    public var orders: [OrderUpdate] = []
    public var executions: [ExecutionReport] = []
    public var positions: [PositionUpdate] = []
    public var wallets: [WalletUpdate] = []
    public var instruments: [Instrument] = []
    public var acknowledgement = Acknowledgement()
    public var reply = Reply()
    public var link = LinkEvent()
    public var timer = TimerEvent()
    public var transactions: [TransactionRow] = []
    /// Rows of risk feeds, combinations, market history and the account's surroundings.
    public var details: [Detail] = []
    public var operatorRequest = OperatorRequest()

    public init() {}

    /// Empties the buffer and keeps its memory.
    public mutating func reset() {
        kind = .none
        symbol = .none
        exchangeMilliseconds = 0
        Event.empty(&findings)
        // A reply that lacks them leaves them as they are: what it means must not depend on the buffer it is decoded into.
        book.isSnapshot = false
        book.depth = 0
        book.updateID = 0
        book.crossSequence = 0
        book.matchTimeMilliseconds = 0
        Event.empty(&book.bids)
        Event.empty(&book.asks)
        Event.empty(&book.bidImprovements)
        Event.empty(&book.askImprovements)
        Event.empty(&trades)
        Event.empty(&candles)
        Event.empty(&orders)
        Event.empty(&executions)
        Event.empty(&positions)
        Event.empty(&wallets)
        Event.empty(&instruments)
        Event.empty(&transactions)
        Event.empty(&details)
    }

    /// Most arrays are empty most of the time: looking first saves the call.
    @inline(__always)
    private static func empty<Element>(_ array: inout [Element]) {
        if !array.isEmpty { array.removeAll(keepingCapacity: true) }
    }
}

/// Why a record, or one field of it, could not be read.
public struct DecodeFinding: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// Not a JSON text, or cut short; the parser's word.
        case notJSON(String)
        case notUTF8
        case missing
        case empty
        /// Of another JSON type than the field's.
        case wrongType
        case number(NumberError)
        /// A word that the field cannot have.
        case unexpected(String)
    }

    /// Path of the field, such as `data.b[3][0]`; empty for the whole record.
    public var field: String
    public var reason: Reason

    public init(field: String, reason: Reason) {
        self.field = field
        self.reason = reason
    }
}

extension DecodeFinding: CustomStringConvertible {
    public var description: String {
        let what =
            switch reason {
            case .notJSON(let why): "is not JSON (\(why))"
            case .notUTF8: "is not UTF-8"
            case .missing: "is missing"
            case .empty: "is empty"
            case .wrongType: "is of another type"
            case .number(let error): error.description
            case .unexpected(let text): "has the unexpected value \(text)"
            }
        return (field.isEmpty ? "record" : field) + " " + what
    }
}

/// Answer to `subscribe`, `unsubscribe`, `auth`.
public struct Acknowledgement: Hashable, Sendable {
    public var operation = ""
    public var isSuccess = false
    public var message = ""
    public var requestID = ""

    public init() {}
}

/// A socket's life, and what was not kept of it: a record of `link/…`.
public struct LinkEvent: Hashable, Sendable {
    public enum Change: String, Hashable, Sendable {
        case connected
        case disconnected
        /// Authenticated (private) and subscribed: pushes from here on are complete.
        case ready
        /// Public data was not kept; `count` messages. Books of the stream are stale until a snapshot.
        case shed
        case failed
        /// The rules of a session's file pick other topics now; the record names them.
        case rules
        /// Between two runs nothing was recorded; the record says from when to when, and of which streams.
        case absent
    }

    public var change: Change = .connected
    /// Which socket: `public/linear`, `private/main`.
    public var socket = ""
    public var reason = ""
    public var count: Int64 = 0
    /// Books and tickers that the rules pick now, or pick no more.
    public var feeds: [FeedChange] = []
    /// A bot's own socket that passes the proxy: it is the bot's to subscribe and to come back.
    public var isCarried = false

    public init() {}
}

/// A book or ticker that a change of rules subscribes, or unsubscribes: what is not subscribed stands still and may not
/// be believed.
public struct FeedChange: Hashable, Sendable {
    public enum Feed: Hashable, Sendable {
        case book(depth: Int)
        /// `orderbook.rpi.{symbol}`.
        case improvementBook
        case ticker
    }

    public var instrument: InstrumentID
    public var feed: Feed
    public var isAdded: Bool

    public init(instrument: InstrumentID, feed: Feed, isAdded: Bool) {
        self.instrument = instrument
        self.feed = feed
        self.isAdded = isAdded
    }
}

/// A strategy's timer: set by a command, fired by a record of `desk/timer`.
public struct TimerEvent: Hashable, Sendable {
    public var strategy = ""
    public var name = ""
    public var due: Timestamp = .zero

    public init() {}
}

/// A request of the operator, a record of `desk/operator` before it is carried out, so that it replays.
///
/// - Source: payload `{"verb":"mark","reason":"…","uid":1000,"arguments":{"text":"…"}}`; the last two may be absent.
public struct OperatorRequest: Hashable, Sendable {
    /// What a request says beside its reason.
    public struct Argument: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The argument of `mark`: the note.
    public static let text = "text"
    /// The argument of `reload` that names all categories to reconcile, with spaces between.
    public static let categories = "account.categories"

    /// `stop`: strategies end and their open orders are cancelled.
    ///
    /// `audit`: orders, executions, positions, wallet and flows are looked up. `halt`, `resume`:
    /// new orders. `mark`: a note. `reload`: the session file was read anew. Unknown verbs are findings.
    public var verb = ""
    public var reason = ""
    /// The user who asked through the operator's door; `nil`: the session itself, or a signal.
    public var uid: Int64?
    /// In the order of the record.
    public var arguments: [Argument] = []

    public init() {}

    /// The first argument of that name.
    public subscript(name: String) -> String? {
        arguments.first { $0.name == name }?.value
    }
}
