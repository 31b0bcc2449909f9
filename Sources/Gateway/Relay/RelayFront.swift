import Market
import NIOCore
import NIOHTTP1

/// One connection of a bot while it speaks HTTP: a request at a time goes to the exchange and its answer comes back.
final class RelayFront: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let relay: Relay
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Its body is longer than is taken; the answer has been given.
    private var isRefused = false
    private var isBusy = false
    private var upstream: RelayUpstream?

    init(relay: Relay) { self.relay = relay }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isRefused = false
            if head.headers[canonicalForm: "expect"].contains(where: {
                $0.lowercased() == "100-continue"
            }) {
                let go = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
            }
        case .body(let bytes):
            guard !isRefused else { return }
            guard body.count + bytes.readableBytes <= relay.settings.requestBodyMax else {
                isRefused = true
                body = []
                return
            }
            body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let head else { return }
            self.head = nil
            let body = body
            self.body = []
            isBusy = true
            if isRefused {
                let words = "the body is longer than \(relay.settings.requestBodyMax) bytes"
                answer(.payloadTooLarge, 10_001, words, head, keepAlive: false)
            } else if RelayHeaders.isUpgrade(head) {
                open(head)
            } else {
                ask(head, body)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // An exchange under way goes on to its end, which is recorded.
        if !isBusy { upstream?.close() }
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: REST

    private func ask(_ head: HTTPRequestHead, _ body: [UInt8]) {
        let (path, query) = RelayFront.split(head.uri)
        guard RelayFront.methods.contains(head.method) else {
            return answer(.methodNotAllowed, 10_001, "the method is not passed on", head)
        }
        var exchange = RelayExchange(
            method: head.method.rawValue,
            path: path,
            query: query,
            body: body,
            at: relay.clock.now()
        )
        relay.secrets.identify(&exchange, headers: head.headers.lazy.map { ($0.name, $0.value) })
        if let refusal = relay.owner?.relay(asked: &exchange) {
            exchange.reason = "refused: the journal cannot record it"
            relay.owner?.relay(ended: exchange) {
                write(.ok, RelayFront.headers(refusal), refusal, head, keepAlive: true)
            }
            return
        }
        send(head, exchange, mayRepeat: head.method == .GET)
    }

    private func send(_ head: HTTPRequestHead, _ exchange: RelayExchange, mayRepeat: Bool) {
        let address = relay.settings.destination.rest
        if let upstream, !upstream.isClosed {
            return send(head, exchange, on: upstream, mayRepeat: mayRepeat)
        }
        RelayUpstream.open(to: address, settings: relay.settings, on: relay.loop) {
            [self] upstream, failure in
            if let failure {
                return ended(exchange, head, .notSent, "no connection to the exchange: " + failure)
            }
            self.upstream = upstream
            upstream.closedIdle = { [weak self] in self?.upstreamClosed() }
            send(head, exchange, on: upstream, mayRepeat: mayRepeat)
        }
    }

    private func send(
        _ head: HTTPRequestHead,
        _ exchange: RelayExchange,
        on upstream: RelayUpstream,
        mayRepeat: Bool
    ) {
        let request = RelayHeaders.request(
            head,
            to: relay.settings.destination.rest,
            body: exchange.body.count
        )
        let wasUsed = upstream.answered > 0
        upstream.send(request, exchange.body) { [self] ending in
            switch ending {
            case .answered(let reply, let body): answered(exchange, head, reply, body)
            case .timedOut:
                ended(exchange, head, .timedOut, "no answer of the exchange within the time")
            case .failed(_, isFresh: true) where wasUsed && mayRepeat:
                // The exchange closed it while the question was on its way; a question may be asked twice.
                self.upstream = nil
                send(head, exchange, mayRepeat: false)
            case .failed(let reason, _): ended(exchange, head, .failed, reason)
            }
        }
    }

    private func answered(
        _ asked: RelayExchange,
        _ head: HTTPRequestHead,
        _ reply: HTTPResponseHead,
        _ body: [UInt8]
    ) {
        var exchange = asked
        exchange.received = relay.clock.now()
        exchange.status = Int(reply.status.code)
        exchange.outcome = .answered
        exchange.reply = body
        exchange.limit = reply.headers.first(name: "X-Bapi-Limit") ?? ""
        exchange.limitStatus = reply.headers.first(name: "X-Bapi-Limit-Status") ?? ""
        exchange.limitReset = reply.headers.first(name: "X-Bapi-Limit-Reset-Timestamp") ?? ""
        relay.secrets.hide(headers: reply.headers.lazy.map { ($0.name, $0.value) }, of: &exchange)
        if let coding = reply.headers.first(name: "content-encoding"),
            coding.lowercased() != "identity"
        {
            // It cannot be read here, so nothing in it can be blanked.
            exchange.outcome = .failed
            exchange.reason = "the answer came compressed, unasked; it was passed on and not kept"
            exchange.reply = []
        }
        if !reply.isKeepAlive {
            upstream?.close()
            upstream = nil
        }
        relay.owner?.relay(ended: exchange) {
            let headers = RelayHeaders.reply(reply, body: body.count, of: head.method)
            write(reply.status, headers, body, head, keepAlive: head.isKeepAlive)
        }
    }

    /// The exchange gave no answer: the bot gets one in the exchange's own form.
    private func ended(
        _ asked: RelayExchange,
        _ head: HTTPRequestHead,
        _ outcome: Reply.Outcome,
        _ reason: String
    ) {
        var exchange = asked
        exchange.received = relay.clock.now()
        exchange.outcome = outcome
        exchange.reason = reason
        upstream?.close()
        upstream = nil
        relay.owner?.relay(ended: exchange) {
            let isLate = outcome == .timedOut
            answer(isLate ? .gatewayTimeout : .badGateway, isLate ? 10_000 : 10_016, reason, head)
        }
    }

    /// The exchange has closed the connection: so is the bot's, which knows what to do with one that is closed.
    private func upstreamClosed() {
        upstream = nil
        if !isBusy { context?.close(promise: nil) }
    }

    // MARK: WebSocket

    private func open(_ head: HTTPRequestHead) {
        guard let path = RelayPath(path: RelayFront.split(head.uri).path) else {
            return answer(.notFound, 10_017, "no WebSocket has this path", head, keepAlive: false)
        }
        let socket = RelaySocket(
            path: path,
            holdsMessages: relay.settings.mayRefuse && path == .trade
        )
        let address = path.address(at: relay.settings.destination)
        RelayUpstream.open(to: address, settings: relay.settings, on: relay.loop) {
            [self] upstream, failure in
            if let failure {
                return refused(socket, head, "no connection to the exchange: " + failure)
            }
            upstream.send(RelayHeaders.handshake(head, to: address), []) { [self] ending in
                switch ending {
                case .answered(let reply, let body):
                    shake(socket, head, reply, body, upstream)
                case .timedOut: refused(socket, head, "no answer to the handshake")
                case .failed(let reason, _): refused(socket, head, reason)
                }
            }
        }
    }

    private func shake(
        _ socket: RelaySocket,
        _ head: HTTPRequestHead,
        _ reply: HTTPResponseHead,
        _ body: [UInt8],
        _ upstream: RelayUpstream
    ) {
        guard reply.status == .switchingProtocols else {
            upstream.close()
            relay.owner?.relay(
                closed: socket,
                reason: "handshake refused: HTTP \(reply.status.code)"
            )
            let headers = RelayHeaders.reply(reply, body: body.count, of: .GET)
            return write(reply.status, headers, body, head, keepAlive: false)
        }
        guard !reply.headers.contains(name: "Sec-WebSocket-Extensions") else {
            upstream.close()
            return refused(socket, head, "the exchange chose an extension that was not offered")
        }
        guard let context, let exchange = upstream.channel, context.channel.isActive else {
            upstream.close()
            relay.owner?.relay(closed: socket, reason: "the bot left during the handshake")
            return
        }
        var headers = RelayHeaders.reply(reply, body: 0, of: .GET)
        headers.remove(name: "Content-Length")
        headers.add(name: "Upgrade", value: "websocket")
        headers.add(name: "Connection", value: "Upgrade")
        let opened = HTTPResponseHead(
            version: .http1_1,
            status: .switchingProtocols,
            headers: headers
        )
        let tunnel = RelayTunnel(
            socket: socket,
            relay: relay,
            bot: context.channel,
            exchange: exchange
        )
        relay.opened(tunnel)
        context.write(wrapOutboundOut(.head(opened)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Not while the handlers that go are still at work on this request.
        let bound = NIOLoopBound((self, tunnel, upstream), eventLoop: relay.loop)
        relay.loop.execute {
            let (front, tunnel, upstream) = bound.value
            front.take(over: tunnel, upstream)
        }
    }

    /// Puts the tunnel in the place of HTTP on both sides; what came meanwhile is handed on by the decoders, which are
    /// therefore removed last.
    private func take(over tunnel: RelayTunnel, _ upstream: RelayUpstream) {
        guard let context, let exchange = upstream.channel, exchange.isActive,
            context.channel.isActive
        else {
            upstream.close()
            return tunnel.ended(.bot, "connection lost during the handshake")
        }
        do {
            let far = exchange.pipeline.syncOperations
            try far.addHandler(TunnelEnd(tunnel, .exchange))
            far.removeHandler(upstream, promise: nil)
            far.removeHandler(try far.handler(type: HTTPRequestEncoder.self), promise: nil)
            let near = context.pipeline.syncOperations
            try near.addHandler(TunnelEnd(tunnel, .bot))
            near.removeHandler(self, promise: nil)
            near.removeHandler(
                try near.handler(type: HTTPServerProtocolErrorHandler.self),
                promise: nil
            )
            near.removeHandler(try near.handler(type: HTTPServerPipelineHandler.self), promise: nil)
            near.removeHandler(try near.handler(type: HTTPResponseEncoder.self), promise: nil)
            near.removeHandler(
                try near.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
                promise: nil
            )
            far.removeHandler(
                try far.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self),
                promise: nil
            )
        } catch {
            tunnel.ended(.bot, Words.why(error))
        }
    }

    private func refused(_ socket: RelaySocket, _ head: HTTPRequestHead, _ reason: String) {
        relay.owner?.relay(closed: socket, reason: reason)
        answer(.badGateway, 10_016, reason, head, keepAlive: false)
    }

    // MARK: Out

    private func answer(
        _ status: HTTPResponseStatus,
        _ code: Int,
        _ reason: String,
        _ head: HTTPRequestHead,
        keepAlive: Bool? = nil
    ) {
        let body = RelayExchange.envelope(
            code: code,
            message: "tapedeck proxy: " + reason,
            at: SessionClock.wall()
        )
        write(
            status,
            RelayFront.headers(body),
            body,
            head,
            keepAlive: keepAlive ?? head.isKeepAlive
        )
    }

    private static func headers(_ body: [UInt8]) -> HTTPHeaders {
        [
            "Content-Type": "application/json; charset=utf-8", "Content-Length": "\(body.count)",
            "Server": "tapedeck proxy",
        ]
    }

    private func write(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ body: [UInt8],
        _ head: HTTPRequestHead,
        keepAlive: Bool
    ) {
        isBusy = false
        guard let context, context.channel.isActive else {
            upstream?.close()
            return
        }
        var headers = headers
        // The parser stops at an `Upgrade`, also at one that is not taken up.
        let goesOn = keepAlive && !head.headers.contains(name: "Upgrade")
        if !goesOn {
            headers.add(name: "Connection", value: "close")
        } else if head.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let reply = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(reply)), promise: nil)
        if !body.isEmpty, head.method != .HEAD {
            let bytes = ByteBuffer(bytes: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !goesOn else { return }
        upstream?.close()
        written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private static let methods: [HTTPMethod] = [
        .GET, .POST, .PUT, .PATCH, .DELETE, .HEAD, .OPTIONS,
    ]

    private static func split(_ uri: String) -> (path: String, query: String) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts.first.map(String.init) ?? "", parts.count > 1 ? String(parts[1]) : "")
    }
}
