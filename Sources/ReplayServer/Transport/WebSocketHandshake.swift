import CCrypto
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The WebSocket handshake (RFC 6455 §4.2), without extensions, on any request of a connection.
///
/// NIO's own upgrade handler looks at the first request alone, and clients such as aiohttp upgrade a connection that
/// has carried REST before.
struct WebSocketHandshake {
    let path: SocketPath
    /// How long the socket may be silent.
    let idleMax: TimeAmount
    private let key: String

    /// `nil` for what is no handshake, or on a path that has no WebSocket.
    init?(_ head: HTTPRequestHead) {
        let target = RequestTarget(head.uri)
        guard head.method == .GET,
            head.headers[canonicalForm: "upgrade"].contains(where: {
                $0.lowercased() == "websocket"
            }),
            let key = head.headers.first(name: "sec-websocket-key"),
            head.headers.first(name: "sec-websocket-version") == "13",
            let path = SocketPath(path: target.path)
        else { return nil }
        self.path = path
        idleMax = ActiveTime.of(path, query: target.query)
        self.key = key
    }

    var response: HTTPResponseHead {
        let headers: HTTPHeaders = [
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": WebSocketHandshake.acceptance(of: key),
        ]
        return HTTPResponseHead(
            version: .http1_1,
            status: .switchingProtocols,
            headers: headers
        )
    }

    /// Puts the WebSocket in the place of HTTP; what came meanwhile is handed on by the request decoder, which is
    /// therefore removed last.
    static func take(
        over pipeline: ChannelPipeline.SynchronousOperations,
        with client: Client,
        limits: ServerLimits
    ) throws {
        let decoder = WebSocketFrameDecoder(maxFrameSize: limits.messageBytesMax)
        try pipeline.addHandlers([ByteToMessageHandler(decoder), client])
        pipeline.removeHandler(try pipeline.handler(type: RESTHandler.self), promise: nil)
        pipeline.removeHandler(
            try pipeline.handler(type: HTTPServerProtocolErrorHandler.self),
            promise: nil
        )
        pipeline.removeHandler(
            try pipeline.handler(type: NIOHTTPResponseHeadersValidator.self),
            promise: nil
        )
        pipeline.removeHandler(
            try pipeline.handler(type: HTTPServerPipelineHandler.self),
            promise: nil
        )
        pipeline.removeHandler(try pipeline.handler(type: HTTPResponseEncoder.self), promise: nil)
        pipeline.removeHandler(
            try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
            promise: nil
        )
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
