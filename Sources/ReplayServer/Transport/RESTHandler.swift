import NIOCore
import NIOHTTP1

/// Gathers one HTTP request at a time and writes its answer; pipelining is put in order before it.
final class RESTHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let venue: any Venue
    private let limits: ServerLimits
    private let makeClient: (WebSocketHandshake) -> Client?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// The body went past its limit; the rest is read and dropped.
    private var isRefused = false

    /// - Parameter makeClient: the last handler of a WebSocket on the handshake's path, or `nil` where there is none.
    init(
        venue: any Venue,
        limits: ServerLimits,
        makeClient: @escaping (WebSocketHandshake) -> Client?
    ) {
        self.venue = venue
        self.limits = limits
        self.makeClient = makeClient
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.removeAll(keepingCapacity: true)
            isRefused = false
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                let proceed = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
            }
        case .body(let part):
            guard !isRefused else { return }
            guard body.count + part.readableBytes <= limits.bodyBytesMax else {
                isRefused = true
                body.removeAll()
                return refuse(.payloadTooLarge, context)
            }
            body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head, !isRefused else { return }
            self.head = nil
            if !open(head, context) { answer(head, context) }
        }
    }

    /// True when the request was a handshake, and the connection is a WebSocket from here on.
    private func open(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        guard let handshake = WebSocketHandshake(head) else { return false }
        if let status = venue.refusal(handshake.path) {
            refuse(status, context)
            return true
        }
        guard let client = makeClient(handshake) else { return false }
        context.write(wrapOutboundOut(.head(handshake.response)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Not while the handlers that go are still at work on this request.
        context.eventLoop.assumeIsolated().execute { [limits] in
            guard context.channel.isActive else { return }
            do {
                let pipeline = context.pipeline.syncOperations
                try WebSocketHandshake.take(over: pipeline, with: client, limits: limits)
            } catch {
                context.close(promise: nil)
            }
        }
        return true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let target = RequestTarget(head.uri)
        let request = HTTPRequest(
            method: head.method,
            path: target.path,
            query: target.query,
            headers: head.headers,
            body: body
        )
        venue.answer(request) { [self] reply in
            guard context.channel.isActive else { return }
            guard !reply.isCutOff else { return context.close(promise: nil) }
            // The parser stops at an `Upgrade`, also one that is not taken up.
            let keepAlive = head.isKeepAlive && !head.headers.contains(name: "Upgrade")
            write(reply, keepAlive: keepAlive, version: head.version, context)
        }
    }

    private func refuse(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        write(
            HTTPReply(status: status, body: []),
            keepAlive: false,
            version: .http1_1,
            context
        )
    }

    private func write(
        _ reply: HTTPReply,
        keepAlive: Bool,
        version: HTTPVersion,
        _ context: ChannelHandlerContext
    ) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        headers.add(name: "Content-Length", value: String(reply.body.count))
        for header in reply.headers { headers.add(name: header.name, value: header.value) }
        if !keepAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: version, status: reply.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !reply.body.isEmpty {
            let bytes = ByteBuffer(bytes: reply.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
    }
}
