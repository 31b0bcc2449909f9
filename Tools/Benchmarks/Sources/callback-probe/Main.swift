import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The least that SwiftNIO takes from a socket to a callback: the client of the comparison kit's `swift-ws`, which
/// subscribes and notes when each text frame came.
///
/// `callback-probe PORT SECONDS FILE TOPIC...` writes lines of CRC-32 and nanoseconds.
@main
enum CallbackProbe {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count > 4, let port = Int(words[1]), let seconds = Int64(words[2]) else {
            print("usage: callback-probe PORT SECONDS FILE TOPIC...")
            exit(64)
        }
        let topics = words[4...].map { "\"\($0)\"" }.joined(separator: ",")
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let path = words[3]
        let channel = try ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOWebSocketClientUpgrader(
                        maxFrameSize: 1 << 20,
                        automaticErrorHandling: true
                    ) { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(
                                Arrivals("{\"op\":\"subscribe\",\"args\":[\(topics)]}")
                            )
                        }
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(
                        leftOverBytesStrategy: .forwardBytes,
                        withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                    )
                }
            }
            .connect(host: "127.0.0.1", port: port).wait()
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v5/public/linear")
        head.headers.add(name: "Host", value: "127.0.0.1:\(port)")
        head.headers.add(name: "Content-Length", value: "0")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        try channel.writeAndFlush(HTTPClientRequestPart.end(nil)).wait()
        try loop.scheduleTask(in: .seconds(seconds)) { Arrivals.write(path) }.futureResult.wait()
    }
}

/// Notes each text frame.
final class Arrivals: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    // One event loop.
    nonisolated(unsafe) private static var all: [(crc: UInt32, nanoseconds: UInt64)] = []
    private let subscription: String

    init(_ subscription: String) { self.subscription = subscription }

    func handlerAdded(context: ChannelHandlerContext) {
        let frame = WebSocketFrame(
            fin: true,
            opcode: .text,
            maskKey: .random(),
            data: context.channel.allocator.buffer(string: subscription)
        )
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let frame = unwrapInboundIn(data)
        guard frame.opcode == .text else { return }
        let crc = CRC32.of(frame.data.readableBytesView)
        Arrivals.all.append((crc, UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)))
    }

    static func write(_ path: String) {
        guard let file = fopen(path, "w") else { return }
        for one in all { fputs("\(one.crc) \(one.nanoseconds)\n", file) }
        fclose(file)
    }
}
