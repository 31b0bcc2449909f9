import CCrypto
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Answers the WebSocket handshake (RFC 6455 §4.2) on the venue's paths, without extensions.
///
/// NIO's own upgrader adds an encoder that splits each frame into two writes; ours sends frames ready made.
final class WebSocketUpgrader: HTTPServerProtocolUpgrader {
    /// The path has no WebSocket here; the request goes on as plain HTTP and gets its 404.
    struct Refused: Error {}

    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []
    private let makeClient: (SocketPath, String) -> Client?
    private let limits: ServerLimits

    /// - Parameter makeClient: gives the handler for a path and query, or `nil` to refuse.
    init(limits: ServerLimits, makeClient: @escaping (SocketPath, String) -> Client?) {
        self.limits = limits
        self.makeClient = makeClient
    }

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let headers = upgradeRequest.headers
        guard upgradeRequest.method == .GET,
            let key = headers.first(name: "sec-websocket-key"),
            headers.first(name: "sec-websocket-version") == "13",
            SocketPath(path: RequestTarget(upgradeRequest.uri).path) != nil
        else { return channel.eventLoop.makeFailedFuture(Refused()) }
        var response = initialResponseHeaders
        response.replaceOrAdd(
            name: "Sec-WebSocket-Accept",
            value: WebSocketUpgrader.acceptance(of: key)
        )
        return channel.eventLoop.makeSucceededFuture(response)
    }

    func upgrade(
        context: ChannelHandlerContext,
        upgradeRequest: HTTPRequestHead
    ) -> EventLoopFuture<Void> {
        let target = RequestTarget(upgradeRequest.uri)
        guard let path = SocketPath(path: target.path), let client = makeClient(path, target.query)
        else {
            context.close(promise: nil)
            return context.eventLoop.makeFailedFuture(Refused())
        }
        return context.eventLoop.makeCompletedFuture {
            let decoder = WebSocketFrameDecoder(maxFrameSize: limits.messageBytesMax)
            try context.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(decoder),
                client,
            ])
        }
    }

    /// Base64 of SHA-1 of the key and the protocol's fixed text.
    static func acceptance(of key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(text, text.count, &digest)
        var base64 = [UInt8](repeating: 0, count: 32)
        let count = EVP_EncodeBlock(&base64, digest, 20)
        return String(decoding: base64.prefix(Int(count)), as: UTF8.self)
    }
}

/// A request target split at its first `?`, both parts as they stood on the wire.
struct RequestTarget {
    var path: String
    var query: String

    init(_ uri: String) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        query = parts.count > 1 ? String(parts[1]) : ""
    }
}
