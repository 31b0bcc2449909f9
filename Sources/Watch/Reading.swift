public import Market

/// What a session says of itself at one moment; all that figures and alerts are made of.
///
/// Moments are monotonic nanoseconds unless they are a `Timestamp`. What is not known is `nil` and is then not told.
public struct Reading: Sendable {
    /// One socket to the exchange.
    public struct Socket: Sendable {
        /// `public/linear@2`, `private/main`.
        public var name: String
        /// Data comes on it all the time, so that silence says something.
        public var isPublic: Bool
        public var isReady = false
        public var frames: Int64 = 0
        public var bytes: Int64 = 0
        public var reconnects: Int64 = 0
        /// When it last brought data; when it was made, before.
        public var heard: Int64 = 0
        /// When it was last ready; when it was made, before.
        public var ready: Int64 = 0

        public init(name: String, isPublic: Bool) {
            self.name = name
            self.isPublic = isPublic
        }
    }

    /// One topic that brings data again and again as long as its market trades: books and tickers.
    public struct Topic: Sendable {
        /// Topic and socket, such as `orderbook.50.BTCUSDT on public/linear@2`.
        public var name: String
        /// Place of its socket among ``Reading/sockets``.
        public var socket: Int
        /// When it last brought data.
        public var heard: Int64

        public init(name: String, socket: Int, heard: Int64) {
            self.name = name
            self.socket = socket
            self.heard = heard
        }
    }

    /// A count of one kind of thing.
    public struct Count: Hashable, Sendable {
        public var name: String
        public var count: Int64

        public init(_ name: String, _ count: Int64) {
            self.name = name
            self.count = count
        }
    }

    /// A group of endpoints that share one quota.
    public struct Quota: Hashable, Sendable {
        public var group: String
        public var limit: Int
        /// The least that was left within ten seconds.
        public var left: Int

        public init(group: String, limit: Int, left: Int) {
            self.group = group
            self.limit = limit
            self.left = left
        }
    }

    /// How far the journal has come.
    public struct Journal: Sendable {
        public var appended: Int64 = 0
        public var written: Int64 = 0
        public var durable: Int64 = 0
        public var appendedBytes: Int64 = 0
        public var writtenBytes: Int64 = 0
        public var durableBytes: Int64 = 0
        public var segmentBytes: Int64 = 0
        public var queueBytes: Int64 = 0
        public var queueCapacity: Int64 = 1
        public var syncs: Int64 = 0
        public var diskErrors: Int64 = 0
        /// Nanoseconds.
        public var syncTime: Int64 = 0
        public var lastSync: Int64 = 0
        public var longestSync: Int64 = 0
        public var isFailed = false
        /// What passes for bots finds no room, and goes on unrecorded.
        public var isLosing = false

        public init() {}
    }

    /// The process, and the disk that it records to.
    public struct Machine: Sendable {
        public var resident: Int64?
        public var openFiles: Int64?
        /// Nanoseconds.
        public var processor: Int64?
        public var diskFree: Int64?
        public var diskDaily: Int64?
        /// Nanoseconds until it is full.
        public var diskLeft: Int64?

        public init() {}
    }

    public var sockets: [Socket] = []
    /// Those that have brought data and are subscribed; one that never spoke, such as a book before its market opens,
    /// is none of them.
    public var topics: [Topic] = []
    public var findings: [Count] = []
    public var requests: [Count] = []
    public var commands: Int64 = 0
    public var rejected: Int64 = 0
    public var shed: Int64 = 0
    public var stalls: Int64 = 0
    public var blanked: Int64 = 0
    public var booksValid = 0
    public var booksInvalid: [InstrumentID] = []
    public var openOrders = 0
    public var haltReason: String?
    /// Nanoseconds for which nothing is sent, since the exchange has answered 403.
    public var quietLeft: Int64 = 0
    /// Nanoseconds, exchange minus ours.
    public var clockOffset: Int64?
    public var clockUncertainty: Int64 = 0
    public var quotas: [Quota] = []
    public var keyExpires: Timestamp?
    public var journal = Journal()
    public var machine = Machine()
    /// When the session's event loop last turned, and when a record was last appended.
    public var turned: Int64 = 0
    public var lastAppend: Int64 = 0

    public init() {}
}

/// What does not change while a session runs.
public struct Identity: Hashable, Sendable {
    /// The recording's id, which is no path.
    public var recording: String
    public var run: Int
    public var version: String
    public var commit: String

    public init(recording: String, run: Int, version: String, commit: String) {
        self.recording = recording
        self.run = run
        self.version = version
        self.commit = commit
    }
}
