import NIOCore
import NIOHTTP1

/// Gathers one HTTP request at a time and writes its answer; pipelining is put in order before it.
final class RESTHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let venue: any Venue
    private let limits: ServerLimits
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// The body went past its limit; the rest is read and dropped.
    private var isRefused = false

    init(venue: any Venue, limits: ServerLimits) {
        self.venue = venue
        self.limits = limits
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
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused WebSocket path goes on as a plain request and is answered as one.
        if error is WebSocketUpgrader.Refused { return }
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
            write(reply, keepAlive: head.isKeepAlive, version: head.version, context)
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
