import NIOCore
import NIOHTTP1

/// From HTTP to a WebSocket: the handshake is the exchange's own, and a tunnel takes the place of both sides' HTTP.
extension RelayFront {
    func open(_ head: HTTPRequestHead) {
        guard let path = RelayPath(path: RelayFront.split(head.uri).path) else {
            return refuse(.notFound, 10_017, "no WebSocket has this path", head, keepAlive: false)
        }
        // Of the questions before it; a WebSocket has a connection of its own.
        leaveUpstream()
        let socket = RelaySocket(
            path: path,
            holdsMessages: relay.settings.mayRefuse && path == .trade
        )
        if let reason = relay.refusal {
            relay.owner?.relay(closed: socket, reason: reason)
            return answer(.forbidden, RelayFront.shutOut, reason, head, keepAlive: false)
        }
        let address = path.address(at: relay.settings.destination)
        RelayUpstream.open(to: address, settings: relay.settings, on: relay.loop) {
            [self] upstream, failure in
            if let failure {
                return refused(socket, head, "no connection to the exchange: " + failure)
            }
            relay.settings.limiter?.connects(to: address, now: SessionClock.monotonic())
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
            if reply.status == .forbidden { relay.wasShutOut() }
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
}
