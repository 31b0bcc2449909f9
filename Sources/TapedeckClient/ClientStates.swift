import Trading

/// An order book as merged from its topic, and whether it can be believed.
public struct BookState: Sendable {
    public enum Freshness: Sendable {
        /// No snapshot yet.
        case empty
        case live
        /// Something was missed: the book is as it was before, and waits for a snapshot.
        case stale
    }

    public var instrument: InstrumentID
    /// Levels on a side, as subscribed.
    public var depth: Int
    public var freshness: Freshness
    public var book: Book
    /// `u` and `seq` of the last push that was applied.
    public var updateID: Int64
    public var crossSequence: Int64
    /// Matching-engine time of that push, Unix milliseconds.
    public var matchTimeMilliseconds: Int64
    /// Pushes that were not applied since the last snapshot.
    public var ignored: Int64

    init(_ feed: BookFeed, of instrument: InstrumentID) {
        self.instrument = instrument
        depth = feed.depth
        freshness =
            switch feed.freshness {
            case .empty: .empty
            case .live: .live
            case .stale: .stale
            }
        book = feed.book
        updateID = feed.updateID
        crossSequence = feed.crossSequence
        matchTimeMilliseconds = feed.matchTimeMilliseconds
        ignored = feed.ignored
    }

    /// Best first.
    public var bids: [LevelNumerals] { book.bids.map(numerals) }
    public var asks: [LevelNumerals] { book.asks.map(numerals) }
    public var bestBid: LevelNumerals? { book.bestBid.map(numerals) }
    public var bestAsk: LevelNumerals? { book.bestAsk.map(numerals) }

    private func numerals(_ level: Level) -> LevelNumerals {
        LevelNumerals(price: book.scale.numeral(level.price), size: book.scale.numeral(level.size))
    }
}

/// A ticker as merged from its topic.
public struct TickerState: Sendable {
    public var ticker: TickerUpdate
    /// False from the loss of its connection to the next snapshot.
    public var isLive: Bool
}

/// One socket of a client.
public struct ConnectionStatus: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        /// Not needed now.
        case idle
        /// Between two attempts.
        case waiting
        case connecting
        case authenticating
        /// Open, with answers to subscriptions still to come.
        case subscribing
        /// Every topic was answered.
        case ready
    }

    /// `public/linear`, `public/linear@2`, `private/main`.
    public var socket: String
    public var phase: Phase
    /// Attempts since the last connection that was steady; 0 on the first.
    public var attempt: Int
    /// Connections made.
    public var connections: Int
    /// Topics that the exchange has confirmed on this connection.
    public var topics: [String]
    /// Why it was last lost, or could not be made; empty if neither ever happened.
    public var lastFailure: String
    /// Whole messages received, and their bytes.
    public var messages: Int
    public var bytes: Int

    init(_ socket: Socket, lastFailure: String) {
        self.socket = socket.settings.slot.description
        phase =
            switch socket.state.phase {
            case .idle: .idle
            case .waiting: .waiting
            case .connecting: .connecting
            case .authenticating: .authenticating
            case .open: socket.state.isReady ? .ready : .subscribing
            }
        attempt = socket.state.attempt
        connections = socket.state.connections
        topics = socket.state.subscribed
        messages = socket.received.messages
        bytes = socket.received.bytes
        self.lastFailure = lastFailure
    }
}
