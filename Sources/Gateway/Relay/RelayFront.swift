import Market
import NIOCore
import NIOHTTP1

/// One connection of a bot while it speaks HTTP: a request at a time goes to the exchange and its answer comes back.
final class RelayFront: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let relay: Relay
    private(set) var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Its body is longer than is taken; the answer has been given.
    private var isRefused = false
    private var isBusy = false
    /// A whole request that begins when the bot has taken the answers before it.
    private var waiting: HTTPRequestHead?
    /// When the last answer has left.
    private var written: EventLoopFuture<Void>?
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
            isBusy = true
            // Answers that a bot asks for and does not read would pile up here, each of them megabytes.
            guard context.channel.isWritable else {
                waiting = head
                return
            }
            begin(head)
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let body = body
        self.body = []
        if isRefused {
            let words = "the body is longer than \(relay.settings.requestBodyMax) bytes"
            refuse(.payloadTooLarge, 10_001, words, head, keepAlive: false)
        } else if RelayHeaders.isUpgrade(head) {
            open(head)
        } else {
            ask(head, body)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let head = waiting {
            waiting = nil
            begin(head)
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if waiting != nil {
            waiting = nil
            isBusy = false
        }
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
        guard RelayFront.methods.contains(head.method) else {
            let name = Words.printable(head.method.rawValue.utf8.prefix(32))
            return refuse(.methodNotAllowed, 10_001, "the method \(name) is not passed on", head)
        }
        if let reason = relay.refusal {
            return refuse(.forbidden, RelayFront.shutOut, reason, head)
        }
        let asked = exchange(head, body)
        guard let owner = relay.owner else {
            return send(head, asked, mayRepeat: head.method == .GET)
        }
        owner.relay(asked: asked) { exchange, refusal in
            guard let refusal else {
                return send(head, exchange, mayRepeat: head.method == .GET)
            }
            var exchange = exchange
            exchange.reason = "refused: the journal cannot record it"
            owner.relay(ended: exchange) {
                write(.ok, RelayFront.headers(refusal), refusal, head, keepAlive: head.isKeepAlive)
            }
        }
    }

    private func exchange(_ head: HTTPRequestHead, _ body: [UInt8]) -> RelayExchange {
        let (path, query) = RelayFront.split(head.uri)
        let isKnown = RelayFront.methods.contains(head.method)
        var exchange = RelayExchange(
            // A stream is named by it, and nobody can have more of them than there are methods.
            method: isKnown ? head.method.rawValue : "OTHER",
            path: path,
            query: query,
            body: body,
            at: relay.clock.now()
        )
        relay.secrets.identify(&exchange, headers: head.headers.lazy.map { ($0.name, $0.value) })
        return exchange
    }

    /// A request that goes nowhere: answered here, and on record without its body.
    func refuse(
        _ status: HTTPResponseStatus,
        _ code: Int,
        _ reason: String,
        _ head: HTTPRequestHead,
        keepAlive: Bool? = nil
    ) {
        var exchange = self.exchange(head, [])
        exchange.reason = reason
        relay.owner?.relay(ended: exchange) {
            answer(status, code, reason, head, keepAlive: keepAlive)
        }
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
            upstream.closedIdle = { [weak self, weak upstream] in self?.upstreamClosed(upstream) }
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
        if !reply.isKeepAlive { leaveUpstream() }
        relay.owner?.relay(ended: exchange) {
            let headers = RelayHeaders.reply(reply, body: body.count, of: head.method)
            write(reply.status, headers, body, head, keepAlive: head.isKeepAlive)
        }
        // Of a GET with a body it says that it takes none.
        let isOfBody = head.method == .GET && !asked.body.isEmpty
        if reply.status == .forbidden, !isOfBody { relay.wasShutOut() }
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
        leaveUpstream()
        relay.owner?.relay(ended: exchange) {
            let isLate = outcome == .timedOut
            answer(isLate ? .gatewayTimeout : .badGateway, isLate ? 10_000 : 10_016, reason, head)
        }
    }

    /// Closes the connection to the exchange; the next request has another one.
    func leaveUpstream() {
        let left = upstream
        upstream = nil
        left?.close()
    }

    /// The exchange has closed the connection: so is the bot's, which knows what to do with one that is closed.
    private func upstreamClosed(_ closed: RelayUpstream?) {
        guard let closed, upstream === closed else { return }
        upstream = nil
        guard let context else { return }
        let bound = NIOLoopBound((self, context), eventLoop: relay.loop)
        // What the bot has not taken yet of the last answer is not thrown away.
        (written ?? context.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            let (front, context) = bound.value
            // A request that has begun meanwhile goes by a connection of its own.
            guard !front.isBusy, front.head == nil, front.upstream == nil else { return }
            context.close(promise: nil)
        }
    }

    // MARK: Out

    func answer(
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

    func write(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ body: [UInt8],
        _ head: HTTPRequestHead,
        keepAlive: Bool
    ) {
        isBusy = false
        guard let context, context.channel.isActive else { return leaveUpstream() }
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
        self.written = written
        guard !goesOn else { return }
        leaveUpstream()
        written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    /// `retCode` of what does not leave after a 403: the exchange's own word for an address with too many requests.
    ///
    /// - Source: protocol reference §8.1.
    static let shutOut = 10_018

    private static let methods: [HTTPMethod] = [
        .GET, .POST, .PUT, .PATCH, .DELETE, .HEAD, .OPTIONS,
    ]

    static func split(_ uri: String) -> (path: String, query: String) {
        guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (uri, "") }
        return (String(uri[..<mark]), String(uri[uri.utf8.index(after: mark)...]))
    }
}
