/// One thing that a subscription tells.
public struct ClientEvent: Sendable {
    public enum Content: Sendable {
        /// The exchange has confirmed the topic: what it sends from here on is complete. Comes again after a reconnect.
        case subscribed
        /// The merged book after a push; it can be believed.
        case book(BookState)
        /// Something of the topic's book or ticker was missed, with the reason; the next ``book(_:)`` or ``ticker(_:)``
        /// is whole again, and is asked for where it does not come by itself.
        case stale(reason: String)
        case trades([PublicTrade])
        /// The merged ticker after a push.
        case ticker(TickerUpdate)
        case candles([Candle])
        case orders([OrderUpdate])
        case executions([ExecutionReport])
        case positions([PositionUpdate])
        case wallets([WalletUpdate])
        /// Rows of liquidations, price limits, greeks and other topics.
        case rows([Detail])
        /// A push of the full book or of the RPI book, which are not merged here.
        case bookChange(BookUpdate)
        /// A frame that is no answer and names no topic, or one that this version does not read, as its bytes came.
        case unknown([UInt8])
        /// A frame that is not what its topic promises; ``ClientEvent/findings`` says why.
        ///
        /// A book or ticker is then asked for anew, and is not to be believed until it comes.
        case unreadable
        /// The topic's connection: what is sent between `disconnected` and the next ``subscribed`` is not told.
        case connection(LinkEvent)
        /// This many events left the buffer unread: the reader was too slow.
        case missed(Int)
    }

    /// `nil` for private topics, and where no topic is meant.
    public var category: Category?
    /// As subscribed; empty for ``Content/connection(_:)``, ``Content/missed(_:)``, and frames that name none.
    public var topic: String
    /// When it came, by the client's clock: wall time at its start plus monotonic time since.
    public var time: Timestamp
    /// When the exchange built the message, Unix milliseconds; 0 where it does not say.
    public var exchangeMilliseconds: Int64
    public var content: Content
    /// Fields of the frame that could not be read; all else stands.
    public var findings: [DecodeFinding]

    init(
        _ content: Content,
        category: Category? = nil,
        topic: String = "",
        time: Timestamp,
        exchangeMilliseconds: Int64 = 0,
        findings: [DecodeFinding] = []
    ) {
        self.content = content
        self.category = category
        self.topic = topic
        self.time = time
        self.exchangeMilliseconds = exchangeMilliseconds
        self.findings = findings
    }
}
