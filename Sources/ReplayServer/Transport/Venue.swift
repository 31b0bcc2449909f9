public import Market
import NIOCore
import NIOHTTP1

/// What stands behind the sockets: a simulated exchange, or a file of messages.
///
/// Every call comes on the listener's event loop, so a venue needs no lock.
protocol Venue: AnyObject, SendableMetatype {
    /// Answers one REST request by calling `reply` once, now or later, on the loop.
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void)
    /// True when a WebSocket may be opened there; a refused path answers 404.
    func accepts(_ path: SocketPath) -> Bool
    /// The status that a handshake is refused with at this moment; `nil` lets it through.
    func refusal(_ path: SocketPath) -> HTTPResponseStatus?
    func opened(_ client: Client)
    /// One whole text message of a client; messages of one client come in the order sent.
    func received(_ message: [UInt8], from client: Client)
    /// The client's socket takes bytes again after it had not.
    func drained(_ client: Client)
    func closed(_ client: Client)
    /// The answer to a PING of the venue's own: the client has read all that was sent before it.
    func ponged(_ payload: [UInt8], from client: Client)
}

extension Venue {
    func ponged(_ payload: [UInt8], from client: Client) {}
    func refusal(_ path: SocketPath) -> HTTPResponseStatus? { nil }
}

/// Where a WebSocket is open: the path fixes what is spoken on it.
///
/// - Source: the table of WebSocket paths of Bybit's v5 protocol.
public enum SocketPath: Hashable, Sendable {
    /// `/v5/public/{spot,linear,inverse,option,spread}`.
    case publicData(Category)
    /// `/v5/public/misc/status`: the topic `system.status`.
    case systemStatus
    /// `/v5/private`.
    case privateData
    /// `/v5/trade`: order entry.
    case trade

    /// From the path alone, without its query; `nil` for a path that has no WebSocket.
    init?(path: some StringProtocol) {
        switch path {
        case "/v5/private": self = .privateData
        case "/v5/trade": self = .trade
        case "/v5/public/misc/status": self = .systemStatus
        default:
            let prefix = "/v5/public/"
            guard path.hasPrefix(prefix),
                let category = Category(name: path.dropFirst(prefix.count))
            else { return nil }
            self = .publicData(category)
        }
    }
}

/// One REST request, its bytes as they stood on the wire.
struct HTTPRequest {
    var method: HTTPMethod
    var path: String
    /// Exactly what stood after the first `?`, percent-encoding included; the signature covers these bytes.
    var query: String
    var headers: HTTPHeaders
    var body: [UInt8]
}

/// The answer to one REST request.
struct HTTPReply {
    var status: HTTPResponseStatus
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// The connection breaks instead of an answer.
    var isCutOff = false

    /// A broken line in the place of an answer.
    static var cutOff: HTTPReply {
        var reply = HTTPReply(body: [])
        reply.isCutOff = true
        return reply
    }

    init(
        status: HTTPResponseStatus = .ok,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
