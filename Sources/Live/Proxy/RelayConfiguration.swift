import Trading

/// The port at which bots find the exchange, and what they may do while the journal cannot keep up.
public struct RelayConfiguration: Hashable, Sendable {
    /// What happens to a bot's requests while the journal has failed, is full or is too slow.
    public enum JournalFailure: String, Hashable, Sendable, CaseIterable {
        /// They pass; what is not recorded is counted.
        case pass
        /// Cancels and questions pass; whatever else could change something is answered with an error.
        case refuse
    }

    public var host: String
    /// 0: any that is free.
    public var port: Int
    public var onJournalFailure = JournalFailure.pass

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// What `session/start` says of it.
    var settings: [Setting] {
        [
            Setting("listen", "\(host):\(port)"),
            Setting("on-journal-failure", onJournalFailure.rawValue),
        ]
    }
}

/// What has passed of bots so far.
public struct BotCounts: Hashable, Sendable {
    /// Where they find the exchange; 0 before it listens.
    public var port = 0
    /// Connections and WebSockets open now.
    public var connections = 0
    public var sockets = 0
    /// Sockets that were opened.
    public var opened: Int64 = 0
    public var framesSent: Int64 = 0
    public var framesReceived: Int64 = 0
    /// REST exchanges that ended, whatever their outcome.
    public var requests: Int64 = 0
    /// Of these, without an answer of the exchange.
    public var unanswered: Int64 = 0
    /// Orders and other changes that did not leave, because they could not have been recorded.
    public var refused: Int64 = 0
    /// Messages and exchanges that passed and are not in the recording.
    public var lost: Int64 = 0
    /// Connections that were closed at once, because as many were open as are taken.
    public var turnedAway: Int64 = 0
    /// Different keys.
    public var keys = 0

    public init() {}
}
