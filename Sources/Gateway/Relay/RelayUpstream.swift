import NIOCore
import NIOHTTP1

/// One HTTP connection to the exchange that belongs to one connection of a bot: one request at a time.
final class RelayUpstream: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    enum Ending {
        case answered(HTTPResponseHead, [UInt8])
        /// No whole answer; `isFresh`: not one byte of it came.
        case failed(String, isFresh: Bool)
        case timedOut
    }

    private let settings: RelaySettings
    private(set) var channel: (any Channel)?
    private var done: ((Ending) -> Void)?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var timer: Scheduled<Void>?
    private var reason = "connection lost"
    /// Requests that were answered on it.
    private(set) var answered = 0
    private(set) var isClosed = false
    /// It was closed while nothing was asked on it.
    var closedIdle: () -> Void = {}

    init(settings: RelaySettings) { self.settings = settings }

    /// Connects; `whenDone` gets why it could not, or `nil`.
    static func open(
        to address: Address,
        settings: RelaySettings,
        on loop: any EventLoop,
        whenDone: @escaping (RelayUpstream, String?) -> Void
    ) {
        let upstream = RelayUpstream(settings: settings)
        let dial = RelayDial(
            to: address,
            settings: settings,
            build: { channel in
                let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)
                try channel.pipeline.syncOperations.addHandlers([
                    HTTPRequestEncoder(),
                    ByteToMessageHandler(decoder),
                    upstream,
                ])
            },
            done: { result in
                switch result {
                case .failure(let failure):
                    upstream.isClosed = true
                    whenDone(upstream, failure.reason)
                case .success(let channel):
                    upstream.channel = channel
                    whenDone(upstream, nil)
                }
            }
        )
        dial.connect(on: loop)
    }

    func send(_ head: HTTPRequestHead, _ body: [UInt8], whenDone: @escaping (Ending) -> Void) {
        guard let channel, !isClosed else { return whenDone(.failed(reason, isFresh: true)) }
        done = whenDone
        self.head = nil
        self.body = []
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        timer = channel.eventLoop.scheduleTask(in: .nanoseconds(settings.replyTimeout)) {
            bound.value.end(.timedOut)
            bound.value.close()
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !body.isEmpty {
            let bytes = IOData.byteBuffer(ByteBuffer(bytes: body))
            channel.write(HTTPClientRequestPart.body(bytes), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        channel?.close(promise: nil)
    }

    private func end(_ ending: Ending) {
        timer?.cancel()
        timer = nil
        guard let done else { return }
        self.done = nil
        if case .answered = ending { answered += 1 }
        done(ending)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= settings.replyBodyMax else {
                end(
                    .failed(
                        "the answer is longer than \(settings.replyBodyMax) bytes",
                        isFresh: false
                    )
                )
                return close()
            }
            body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let head else { return }
            let body = body
            self.head = nil
            self.body = []
            end(.answered(head, body))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        reason = Words.why(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let wasIdle = done == nil
        isClosed = true
        end(.failed(reason, isFresh: head == nil))
        if wasIdle { closedIdle() }
        context.fireChannelInactive()
    }
}
