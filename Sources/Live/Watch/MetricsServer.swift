import NIOCore
import NIOHTTP1
import NIOPosix

/// What a request for a page of a ``MetricsServer`` is answered with.
struct PageAnswer {
    typealias Status = HTTPResponseStatus

    var status: HTTPResponseStatus
    var contentType: String
    var body: [UInt8]
}

/// Serves a few small pages by HTTP on the watcher's event loop.
///
/// One request a connection, which then closes; what is not done within ten seconds is cut, and when there are too many
/// connections the oldest goes: who is slow or sends rubbish costs a descriptor for a while, and nobody waits for him.
final class MetricsServer: Sendable {
    static let connectionsMax = 64
    static let deadline = TimeAmount.seconds(10)

    let port: Int
    private let listening: any Channel
    private let open: NIOLoopBound<OpenConnections>

    private init(
        port: Int,
        listening: any Channel,
        open: NIOLoopBound<OpenConnections>
    ) {
        self.port = port
        self.listening = listening
        self.open = open
    }

    /// - Parameter answer: called on the loop with the path of a GET.
    static func start(
        _ address: WatchSettings.Address,
        loop: any EventLoop,
        answer: NIOLoopBound<(String) -> PageAnswer>
    ) async throws -> MetricsServer {
        let open = try await loop.submit { NIOLoopBound(OpenConnections(), eventLoop: loop) }.get()
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    open.value.add(channel)
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 8 << 10
                    limits.maxHeaderListSize = 8 << 10
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes,
                        limitConfiguration: limits
                    )
                    try channel.pipeline.syncOperations.addHandlers([
                        HTTPResponseEncoder(), ByteToMessageHandler(decoder),
                        PageHandler(answer: answer.value),
                    ])
                }
            }
        let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
        return MetricsServer(
            port: channel.localAddress?.port ?? address.port,
            listening: channel,
            open: open
        )
    }

    func stop() async {
        try? await listening.close().get()
        let open = open
        try? await listening.eventLoop.submit { open.value.closeAll() }.get()
    }
}

/// The connections that are open, the oldest first.
private final class OpenConnections {
    private var channels: [any Channel] = []

    func add(_ channel: any Channel) {
        channels.append(channel)
        if channels.count > MetricsServer.connectionsMax {
            channels[0].close(promise: nil)
            channels.removeFirst()
        }
        let cut = channel.eventLoop.assumeIsolated().scheduleTask(in: MetricsServer.deadline) {
            channel.close(promise: nil)
        }
        channel.closeFuture.assumeIsolated().whenComplete { [unowned self] _ in
            cut.cancel()
            channels.removeAll { $0 === channel }
        }
    }

    func closeAll() {
        for channel in channels { channel.close(promise: nil) }
    }
}

/// Takes the head of one request and answers it; all that follows is read and dropped until the connection closes.
private final class PageHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: (String) -> PageAnswer
    private var isDone = false

    init(answer: @escaping (String) -> PageAnswer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone, case .head(let head) = unwrapInboundIn(data) else { return }
        isDone = true
        switch head.method {
        case .GET, .HEAD:
            let path = head.uri.prefix { $0 != "?" }
            write(answer(String(path)), withBody: head.method == .GET, context)
        default: write(words(.methodNotAllowed, "GET alone is answered\n"), withBody: true, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !isDone else { return context.close(promise: nil) }
        isDone = true
        write(words(.badRequest, "this is no HTTP request\n"), withBody: true, context)
    }

    private func words(_ status: HTTPResponseStatus, _ text: String) -> PageAnswer {
        PageAnswer(
            status: status,
            contentType: "text/plain; charset=utf-8",
            body: Array(text.utf8)
        )
    }

    private func write(_ page: PageAnswer, withBody: Bool, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: page.contentType)
        headers.add(name: "Content-Length", value: String(page.body.count))
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "Connection", value: "close")
        if page.status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        let head = HTTPResponseHead(version: .http1_1, status: page.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if withBody {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: page.body)))),
                promise: nil
            )
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
