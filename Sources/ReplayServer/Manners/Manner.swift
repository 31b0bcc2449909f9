/// What the exchange does to a client on demand, as exchanges do to theirs unasked.
///
/// The page `Control` of this module says what each means on the wire, and how it is asked for.
public enum Manner: String, CaseIterable, Hashable, Sendable {
    // On a WebSocket.

    /// Frames of a socket, or a request, wait; their order stays.
    case latency
    /// The line breaks: no close frame, no TLS farewell; of a request, before it is looked at.
    case disconnect
    /// The line stays up, and nothing comes any more.
    case halfOpen = "half-open"
    /// Pushes of one topic are left out.
    case gap
    /// A push comes twice.
    case duplicate
    /// A push goes after one of another topic that was made later; within a topic the order stays.
    case reorder
    /// A snapshot of a book that nobody asked for.
    case snapshot
    /// `u` begins again at 1, with a snapshot to every subscriber.
    case restart = "restart-u"

    // On a request.

    /// Carried out, and answered late.
    case lateAnswer = "late-answer"
    /// Carried out, and never answered.
    case unanswered
    /// Refused with 10006.
    case rateLimit = "rate-limit"
    /// Refused with HTTP 403.
    case forbidden
    /// Refused with HTTP 5xx.
    case serverError = "server-error"
    /// Refused with HTTP 429 and 10429.
    case overload

    // On a trade socket.

    /// The node behind it restarts: requests are refused with 10019, those under way are answered; a new socket is
    /// with another node.
    case nodeRestart = "node-restart"

    // On everybody.

    /// Sockets are dropped, handshakes and requests refused with 503, for a time.
    case maintenance
    /// The time that REST tells and judges is off.
    case clockOffset = "clock-offset"

    /// Those that are done to a push on its way, or to the socket at that moment.
    var isOfPushes: Bool {
        switch self {
        case .latency, .disconnect, .halfOpen, .gap, .duplicate, .reorder, .snapshot, .restart: true
        default: false
        }
    }

    /// Those that are done to a request: REST, or a message of the trade WebSocket.
    var isOfRequests: Bool {
        switch self {
        case .latency, .disconnect, .lateAnswer, .unanswered, .rateLimit, .forbidden, .serverError,
            .overload:
            true
        default: false
        }
    }

    /// Those that are done at once, without waiting for a push or request, unless told to wait.
    var isImmediate: Bool {
        switch self {
        case .disconnect, .halfOpen, .snapshot, .restart, .nodeRestart, .maintenance, .clockOffset:
            true
        default: false
        }
    }
}

/// Whom a manner is meant for; what is not named is anybody's.
struct MannerTarget: Hashable {
    /// A socket's number, as the journal and the status tell it.
    var client: UInt64?
    /// The alias of the account that a socket logged in with, or that signed a request.
    var account = ""
    /// Of the socket or the endpoint; `*` stands for any text.
    var path = ""
    /// Of a push; `*` stands for any text.
    var topic = ""

    func takes(client: UInt64?, account: String, path: String, topic: String) -> Bool {
        (self.client == nil || self.client == client)
            && (self.account.isEmpty || self.account == account)
            && (self.path.isEmpty || TextPattern.matches(self.path, path))
            && (self.topic.isEmpty || TextPattern.matches(self.topic, topic))
    }
}

/// One wish of a test: a manner, whom it is for, when it begins and how often it is done.
struct MannerOrder: Hashable {
    /// From 1 on, in the order asked for.
    var number = 0
    var manner: Manner
    var target = MannerTarget()
    /// Pushes or requests of the target that pass before the first that it is done to.
    var after: Int?
    /// How often it is still done.
    var times = 1
    /// A delay, the length of a maintenance, the time until a restarting node drops the socket, or the clock's offset,
    /// which may be negative.
    var milliseconds = 0
    /// HTTP status of a server error.
    var status = 502
    /// Pushes that one gap leaves out.
    var pushes = 1
}

/// Text with `*` for any run of characters.
enum TextPattern {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        var place = 0
        var at = 0
        var star: (place: Int, at: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, at)
                place += 1
            } else if place < pattern.count, pattern[place] == text[at] {
                place += 1
                at += 1
            } else if let last = star {
                place = last.place + 1
                at = last.at + 1
                star = (last.place, at)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
